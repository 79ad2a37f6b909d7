"""The key `id.secret`, sent as it is or as a token that it signs: https://docs.bigmodel.cn/cn/api/introduction#authentication"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

from jackfield_sdk import CredentialsInvalid

LIFETIME = 210
"""Seconds that a token holds, as the vendor's own client makes it. Each call has its own: signing costs microseconds."""


def sign(key: str, now: float) -> str:
    """A JSON Web Token (RFC 7519) signed with HS256, with the vendor's `sign_type` in its head and times in milliseconds.

    :param now: seconds since the epoch
    :raises CredentialsInvalid: if the key is not `id.secret`
    """
    identity, _, secret = key.partition(".")
    if not identity or not secret:
        raise CredentialsInvalid(
            "A key that signs has two parts, with a dot between them.",
            param="api_key",
            advice="Paste the whole key, or switch signing off.",
        )
    moment = round(now * 1000)
    head = {"alg": "HS256", "sign_type": "SIGN", "typ": "JWT"}
    claims = {"api_key": identity, "exp": moment + LIFETIME * 1000, "timestamp": moment}
    signed = f"{_encode(json.dumps(head).encode())}.{_encode(json.dumps(claims).encode())}"
    return f"{signed}.{_encode(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())}"


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
