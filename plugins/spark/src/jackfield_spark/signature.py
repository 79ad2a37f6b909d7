"""The signed address of a websocket: https://www.xfyun.cn/doc/spark/general_url_authentication.html"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import quote, urlencode, urlsplit


def signed(url: str, api_key: str, api_secret: str, now: datetime | None = None) -> str:
    """The address with `authorization`, `date` and `host`; it is good for five minutes.

    :raises ValueError: for an address that is none
    """
    parts = urlsplit(url)
    date = format_datetime((now or datetime.now(UTC)).astimezone(UTC), usegmt=True)
    origin = f"host: {parts.netloc}\ndate: {date}\nGET {parts.path} HTTP/1.1"
    signature = base64.b64encode(hmac.new(api_secret.encode(), origin.encode(), hashlib.sha256).digest()).decode()
    authorization = f'api_key="{api_key}", algorithm="hmac-sha256", headers="host date request-line", signature="{signature}"'
    query = {"authorization": base64.b64encode(authorization.encode()).decode(), "date": date, "host": parts.netloc}
    return f"{url}?{urlencode(query, quote_via=quote)}"
