"""Where GLM's chat differs from OpenAI's: https://docs.bigmodel.cn/api-reference/模型-api/对话补全"""

from __future__ import annotations

import hashlib
from typing import Any

from jackfield_sdk import LLMRequest, ModelDescription, refuse


def adapt(body: dict[str, Any], request: LLMRequest, model: ModelDescription | None) -> dict[str, Any]:
    """The body by GLM's names.

    :raises UnsupportedParameter: for what GLM does not do, unless `drop_unsupported`
    """
    if body.get("temperature") == 0:  # older models want more than zero; both know the switch
        del body["temperature"]
        body["do_sample"] = False
    if "user" in body:
        body["user_id"] = user_id(body.pop("user"))
    _adapt_tools(body, request)
    if model is not None:
        _adapt_thinking(body, model)
        if request.stream and body.get("tools") and model.properties.get("tool_stream"):
            body.setdefault("tool_stream", True)  # else a call's arguments come in one piece, at the end
    return body


def user_id(user: str) -> str:
    """The id of a user, which must have 6 to 128 letters: one that has not is hashed, so that users are still told apart."""
    return user if 6 <= len(user) <= 128 else hashlib.sha256(user.encode()).hexdigest()


def _adapt_tools(body: dict[str, Any], request: LLMRequest) -> None:
    """GLM chooses by itself: there is no `tool_choice` but auto, and none is the same as no tools."""
    choice = body.get("tool_choice")
    if choice == "none":
        body.pop("tools", None)
        del body["tool_choice"]
    elif choice not in (None, "auto"):
        refuse(request, "tool_choice", "GLM decides by itself whether it calls a tool (`auto`).")
        body["tool_choice"] = "auto"


def _adapt_thinking(body: dict[str, Any], model: ModelDescription) -> None:
    """`reasoning_effort` as the model understands it: https://docs.bigmodel.cn/cn/guide/capabilities/thinking

    GLM-5.2 and later know the word; before that thinking is on or off. A word that the model does not know comes from a budget
    of another dialect, as its own rule has checked the caller's.
    """
    effort = body.get("reasoning_effort")
    if effort is None:
        return
    rule = next((rule for rule in model.parameters or () if rule.name == "reasoning_effort"), None)
    if rule is not None and rule.options and effort not in rule.options:
        body["reasoning_effort"] = "high"
    if model.properties.get("thinking") == "switch":
        body.setdefault("thinking", {"type": "disabled" if effort in ("none", "minimal") else "enabled"})
