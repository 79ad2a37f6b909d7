"""What a model takes while it reasons: https://developers.openai.com/api/docs/guides/latest-model"""

from __future__ import annotations

import dataclasses

from jackfield_sdk import LLMRequest, ModelDescription, UnsupportedParameter

_WITHOUT_REASONING = ("temperature", "top_p", "logprobs", "top_logprobs")


def reasons(request: LLMRequest, model: ModelDescription) -> bool:
    """Whether the model reasons before it answers this request."""
    return (request.sampling.reasoning_effort or model.properties.get("default_effort", "medium")) != "none"


def allowed_beside_reasoning(request: LLMRequest, model: ModelDescription) -> LLMRequest:
    """The request without what a model that can do without reasoning takes only when it does.

    :raises UnsupportedParameter: by name, unless `drop_unsupported`
    """
    if "default_effort" not in model.properties or not reasons(request, model):
        return request
    given = [name for name in _WITHOUT_REASONING if getattr(request.sampling, name) is not None]
    if not given:
        return request
    if not request.drop_unsupported:
        raise UnsupportedParameter(
            f"The model does not take the parameter `{given[0]}` while it reasons.",
            param=given[0],
            advice="Leave it out, or set `reasoning_effort` to none.",
        )
    return dataclasses.replace(request, sampling=dataclasses.replace(request.sampling, **dict.fromkeys(given)))
