"""The token by which the older API knows a caller, got for an API key and its secret key.

https://cloud.baidu.com/doc/WENXINWORKSHOP/s/Dlkm79mnx
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from jackfield_sdk import (
    CallContext,
    Credentials,
    CredentialsInvalid,
    ErrorRow,
    ErrorTable,
    ServerUnavailable,
    Token,
    TokenCache,
    VendorError,
    VendorHTTP,
)

from .errors import EXPIRED

OLDER_HOST: Final = "https://aip.baidubce.com"
_TOKENS: Final = TokenCache()
Answered = TypeVar("Answered")


def _find_refusal(said: dict[str, Any]) -> VendorError | None:
    """`{"error": "invalid_client", "error_description": "unknown client id"}`"""
    code = said.get("error")
    return VendorError(str(said.get("error_description") or code), code) if isinstance(code, str) else None


HTTP = VendorHTTP(
    table=ErrorTable(
        (
            ErrorRow(error=CredentialsInvalid, message="unknown client", param="api_key"),
            ErrorRow(error=CredentialsInvalid, status=(400, 401, 403), param="secret_key"),
        )
    ),
    error_inside=_find_refusal,
)


def is_older(context: CallContext) -> bool:
    """Whether the credential is one of the older API: an API key of today's has no secret key."""
    return bool(context.credentials.get("secret_key"))


def host(context: CallContext) -> str:
    """Where the older API stands."""
    return str(context.credentials.get("base_url") or OLDER_HOST).rstrip("/")


def _parts(context: CallContext) -> tuple[str, str, str]:
    return host(context), str(context.credentials["api_key"]), str(context.credentials["secret_key"])


async def sign(context: CallContext, http: VendorHTTP = HTTP, *, fresh: bool = False) -> CallContext:
    """The surroundings with a token among the credentials.

    :param fresh: ask for a new one, to prove the credentials
    :raises CredentialsInvalid: naming the field at fault
    """
    base, key, secret = _parts(context)

    async def fetch() -> Token:
        asked = {"grant_type": "client_credentials", "client_id": key, "client_secret": secret}
        said = await http.object(context, "POST", f"{base}/oauth/2.0/token", params=asked)
        token, lifetime = said.get("access_token"), said.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(lifetime, int | float):
            raise ServerUnavailable("The vendor answered without a token.", vendor_status=200)
        return Token(text=token, lifetime=lifetime)

    token = await _TOKENS.get(fetch, base, key, secret, fresh=fresh)
    return dataclasses.replace(context, credentials=Credentials({**context.credentials, "access_token": token}))


async def signed(context: CallContext, http: VendorHTTP, call: Callable[[CallContext], Awaitable[Answered]]) -> Answered:
    """What a call answers that needs a token; one that the vendor takes no more is renewed, once."""
    if not is_older(context):
        return await call(context)
    known = await sign(context, http)
    try:
        return await call(known)
    except CredentialsInvalid as error:
        if error.vendor_code not in EXPIRED:
            raise
    _TOKENS.forget(known.credentials["access_token"], *_parts(context))
    return await call(await sign(context, http))
