"""What requests ask for beyond the contract."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import Any, TypeVar

from jackfield_sdk import (
    EmbeddingRequest,
    LLMRequest,
    RerankRequest,
    SpeechRequest,
    TranscriptionRequest,
    refuse_extra,
)

Request = TypeVar("Request", LLMRequest, EmbeddingRequest, RerankRequest, SpeechRequest, TranscriptionRequest)
_NOBODYS = "python"


def further(request: Request, known: Collection[str] = ()) -> dict[str, Any]:
    """The members that the engine knows. What asks nothing of it, as how a vendor is to keep or to bill the call, is left out.

    :raises UnsupportedParameter: by name, for any other, unless `drop_unsupported`
    """
    taken = {name: value for name, value in request.extra.items() if name in known}
    rest = {name: value for name, value in request.extra.items() if name not in known}
    refuse_extra(dataclasses.replace(request, extra=rest, dialect=request.dialect or _NOBODYS))
    return taken
