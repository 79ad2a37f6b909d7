"""Headers that a form adds to every request."""

from __future__ import annotations

import json
import re

from jackfield_sdk import CredentialsInvalid

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_RESERVED = frozenset({"accept", "connection", "content-length", "content-type", "host", "transfer-encoding"})
"""Those that the transport or the dialect owns."""


def read_headers(text: object) -> dict[str, str]:
    """The headers by lower-case names; none for an empty field.

    :raises CredentialsInvalid: naming the field, if they are no JSON object of texts, or one of them cannot be sent
    """
    if not text:
        return {}
    try:
        headers = json.loads(str(text))
    except json.JSONDecodeError:
        headers = None
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise CredentialsInvalid('The headers must be a JSON object of texts, as {"x-team": "search"}.', param="headers")
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or not (value.isascii() and value.isprintable()):
            raise CredentialsInvalid("A name or a value among the headers holds what no header can.", param="headers")
        if name.lower() in _RESERVED:
            raise CredentialsInvalid(f"The header `{name}` is not the form's to set.", param="headers")
    return {name.lower(): value for name, value in headers.items()}
