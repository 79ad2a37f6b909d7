"""What a failed attempt means for the rest of the call."""

from __future__ import annotations

import random
from enum import StrEnum

from jackfield.contract import (
    BadRequest,
    ContextLengthExceeded,
    CredentialsInvalid,
    CredentialsMissing,
    HostFault,
    JackfieldError,
    MissingExtra,
    ModelNotFound,
    PermissionDenied,
    PluginFault,
    QuotaExceeded,
)

from .settings import CallSettings


class Verdict(StrEnum):
    """Where the next attempt may go; each includes those that follow."""

    RETRY = "retry"  # the same credential again, or better another
    CREDENTIAL = "credential"  # this one is no good for the call
    FALLBACK = "fallback"  # nor is any other of this model
    NONE = "none"  # the same answer would come from everywhere


_OTHER_CREDENTIAL = (CredentialsInvalid, CredentialsMissing, PermissionDenied, QuotaExceeded, ModelNotFound)
_OTHER_MODEL = (ContextLengthExceeded, PluginFault, MissingExtra)


def judge(error: JackfieldError) -> Verdict:
    """The widest thing that may still help."""
    if isinstance(error, _OTHER_CREDENTIAL):
        return Verdict.CREDENTIAL
    if isinstance(error, _OTHER_MODEL):
        return Verdict.FALLBACK
    if isinstance(error, BadRequest | HostFault):
        return Verdict.NONE
    if error.retryable:
        return Verdict.RETRY
    return Verdict.CREDENTIAL if error.fault in ("vendor", "workspace") else Verdict.NONE


def pause(attempt: int, error: JackfieldError, settings: CallSettings) -> float | None:
    """Seconds before attempt number `attempt + 1` with the same credential.

    Doubling from `backoff` to `backoff_max`, with up to a quarter more at random so that callers who failed together do not
    return together. What the vendor says with retry-after counts instead, and None means that it asks for more than is waited.
    """
    if error.retry_after is not None:
        return error.retry_after if error.retry_after <= settings.retry_after_max else None
    seconds = min(settings.backoff * 2.0 ** (attempt - 1), settings.backoff_max)
    return float(seconds * random.uniform(1.0, 1.25))  # noqa: S311  # spread, not secrecy
