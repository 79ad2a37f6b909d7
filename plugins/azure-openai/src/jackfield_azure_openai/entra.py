"""Tokens of Microsoft Entra ID for a service principal, by the client credentials flow.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

from __future__ import annotations

import json
from typing import Final

from jackfield_sdk import (
    CallContext,
    CredentialsInvalid,
    ErrorRow,
    ErrorTable,
    RateLimited,
    ServerUnavailable,
    Token,
    TokenCache,
    VendorError,
    VendorHTTP,
    read_error,
)

CLOUDS: Final = {
    "public": ("https://login.microsoftonline.com", "https://cognitiveservices.azure.com/.default"),
    "us_government": ("https://login.microsoftonline.us", "https://cognitiveservices.azure.us/.default"),
    "china": ("https://login.chinacloudapi.cn", "https://cognitiveservices.azure.cn/.default"),
}
"""Where a cloud signs in, and the scope of its services."""


def _read_error(body: bytes) -> VendorError:
    """`{"error": "invalid_client", "error_description": "AADSTS7000215: …"}`; the description's first line tells all."""
    try:
        said = json.loads(body)
    except ValueError:
        return read_error(body)
    if not isinstance(said, dict) or not isinstance(said.get("error"), str):
        return read_error(body)
    description = str(said.get("error_description") or said["error"])
    return VendorError(message=description.splitlines()[0].strip(), code=said["error"])


def _row(param: str, message: str | None = None, code: str | None = None) -> ErrorRow:
    return ErrorRow(error=CredentialsInvalid, message=message, code=code, param=param)


_HTTP: Final = VendorHTTP(
    # https://learn.microsoft.com/entra/identity-platform/reference-error-codes
    table=ErrorTable(
        (
            _row("client_secret", r"AADSTS(7000215|7000216|7000218|7000222)\b"),  # wrong, missing, expired
            _row("client_id", r"AADSTS(700016|7000112|700027|90002\d\d)\b"),  # not in the directory, disabled
            _row("tenant_id", r"AADSTS(90002|900021|900023|900382|90094|500011)\b"),  # no such tenant, or not this cloud
            ErrorRow(error=RateLimited, message=r"AADSTS(50196|90055)\b"),
            ErrorRow(error=ServerUnavailable, code="temporarily_unavailable"),
            _row("client_secret", code="invalid_client"),
            _row("client_id", code="unauthorized_client"),
            ErrorRow(error=CredentialsInvalid, status=400, param="tenant_id"),
            ErrorRow(error=CredentialsInvalid, status=404, param="tenant_id"),
            ErrorRow(error=CredentialsInvalid, status=(401, 403), param="client_secret"),
        )
    ),
    read_error=_read_error,
)
_TOKENS: Final = TokenCache()


async def access_token(context: CallContext, *, fresh: bool = False) -> str:
    """The token with which the form's service principal signs its calls; kept for as long as it is good.

    :param fresh: ask for a new one, to prove the credentials
    :raises CredentialsInvalid: naming the field at fault
    """
    names = ("tenant_id", "client_id", "client_secret")
    missing = {name: "is required" for name in names if not context.credentials.get(name)}
    if missing:
        raise CredentialsInvalid("The sign-in with Microsoft Entra ID lacks something.", problems=missing)
    tenant, client, secret = (str(context.credentials[name]) for name in names)
    cloud = str(context.credentials.get("cloud") or "public")

    async def fetch() -> Token:
        authority, scope = CLOUDS[cloud]
        form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret, "scope": scope}
        answer = await _HTTP.object(context, "POST", f"{authority}/{tenant}/oauth2/v2.0/token", data=form)
        token, lifetime = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(lifetime, int | float):
            raise ServerUnavailable("Microsoft Entra ID answered without a token.")
        return Token(text=token, lifetime=lifetime)

    return await _TOKENS.get(fetch, cloud, tenant, client, secret, fresh=fresh)
