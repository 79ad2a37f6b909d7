"""Embeddings of texts and images: https://api.jina.ai/redoc#tag/embeddings

OpenAI's dialect, with objects for images and members of Jina's own: `task`, `late_chunking`, `normalized`, `truncate`.
"""

from __future__ import annotations

from typing import Any

from jackfield_sdk import (
    OPENAI_EMBEDDINGS,
    EmbeddingRequest,
    Feature,
    ImagePart,
    ModelDescription,
    TextPart,
    UnsupportedParameter,
    blobs,
)
from jackfield_sdk.dialects import extras

_FLOATS = ("float", "base64")


def build_request(request: EmbeddingRequest, model: ModelDescription | None) -> dict[str, Any]:
    """The wire body. `user` has no place in it.

    :raises UnsupportedParameter: by name, for what Jina or the model has no form for, unless `drop_unsupported`
    """
    images = model is None or Feature.MULTIMODAL_INPUT in model.features
    body: dict[str, Any] = {"model": request.model, "input": [_build_input(one, images=images) for one in request.inputs]}
    if request.dimensions is not None:
        body["dimensions"] = request.dimensions
    if request.truncate is not None:
        body["truncate"] = request.truncate
    body |= _build_task(request, model)
    return body | _build_extra(request)


def _build_input(one: str | list[int] | list[TextPart | ImagePart], *, images: bool) -> str | dict[str, str]:
    if isinstance(one, str):
        return one
    if len(one) != 1:
        raise UnsupportedParameter("A vector is made of one text or one image here.", param="input")
    match one[0]:
        case TextPart(text=text):
            return text
        case ImagePart(blob=blob) if images:
            return {"image": blob.url if blob.url is not None else blobs.to_base64(blob, "input")}
        case ImagePart():
            raise UnsupportedParameter("This model embeds text only.", param="input")
    raise UnsupportedParameter("Jina's models embed texts, and no token ids.", param="input")


def _build_task(request: EmbeddingRequest, model: ModelDescription | None) -> dict[str, Any]:
    """The task for which the vectors are made, in the words of the model's family; one without tasks makes all alike."""
    tasks = model.properties.get("tasks") if model is not None else None
    if request.purpose is None or not isinstance(tasks, dict):
        return {}
    if request.purpose not in tasks:
        extras.refuse(request, "purpose", f"This model makes no vectors for {request.purpose}.")
        return {}
    return {"task": tasks[request.purpose]} if tasks[request.purpose] else {}


def _build_extra(request: EmbeddingRequest) -> dict[str, Any]:
    """Members of Jina's own, but for those that ask for another answer than one vector of floats for each input."""
    extra = extras.passed_on(request, OPENAI_EMBEDDINGS)
    for name, plain in (("return_multivector", False), ("embedding_type", "float")):
        if extra.get(name, plain) != plain:
            extras.refuse(request, name, f"Here a vector is a list of floats, and `{name}` asks for something else.")
            del extra[name]
    return extra


def size_of_batch(request: EmbeddingRequest, model: ModelDescription | None) -> int | None:
    """How many inputs go into one request: all of them, where they are pieces of one text (`late_chunking`)."""
    if request.extra.get("late_chunking") is True:
        return None
    return model.max_batch if model is not None else None
