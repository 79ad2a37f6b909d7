"""The fields that most forms have, labelled once in both languages, and the description of a model that was added by them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jackfield.contract import Feature, FormField, LocalizedText, ModelDescription, ModelType

_FEATURES: dict[Feature, LocalizedText] = {
    Feature.TOOLS: LocalizedText.of("Calls tools", "支持工具调用"),
    Feature.PARALLEL_TOOLS: LocalizedText.of("Calls several tools at once", "支持并行工具调用"),
    Feature.STRUCTURED_OUTPUT: LocalizedText.of("Answers by a JSON schema", "支持按 JSON Schema 输出"),
    Feature.REASONING: LocalizedText.of("Reasons before it answers", "支持推理（思考）"),
    Feature.VISION: LocalizedText.of("Sees images", "支持图像输入"),
    Feature.AUDIO_INPUT: LocalizedText.of("Hears sound", "支持音频输入"),
    Feature.AUDIO_OUTPUT: LocalizedText.of("Speaks", "支持音频输出"),
    Feature.VIDEO_INPUT: LocalizedText.of("Sees video", "支持视频输入"),
    Feature.FILE_INPUT: LocalizedText.of("Reads files", "支持文件输入"),
    Feature.COMPLETION: LocalizedText.of("Completes text (older models, no chat)", "文本补全（旧式模型，非对话）"),
}


def api_key(
    *,
    required: bool = True,
    env: str | None = None,
    help_url: str | None = None,
    placeholder: str | None = None,
    label: LocalizedText | None = None,
) -> FormField:
    """`api_key`, a secret.

    :param env: the environment variable that holds it in library use, the vendor's own name for it
    """
    return FormField(
        name="api_key",
        kind="secret",
        label=label or LocalizedText.of("API key", "API 密钥"),
        required=required,
        env=env,
        help_url=help_url,
        placeholder=LocalizedText.of(placeholder) if placeholder else None,
    )


def base_url(
    *, required: bool = False, placeholder: str, env: str | None = None, hint: LocalizedText | None = None
) -> FormField:
    """`base_url`, an http(s) address; `OpenAICompatible` takes it up to and with the version (`…/v1`)."""
    return FormField(
        name="base_url",
        label=LocalizedText.of("Base URL", "接口地址"),
        required=required,
        placeholder=LocalizedText.of(placeholder),
        env=env,
        help=hint,
        pattern=r"https?://[^\s/?#]+[^\s?#]*",
        pattern_hint=LocalizedText.of(
            "must be an address that begins with http:// or https://", "必须是以 http:// 或 https:// 开头的地址"
        ),
    )


def vendor_name(
    name: str,
    label: LocalizedText,
    *,
    placeholder: str | None = None,
    in_address: bool = False,
    shown_if: dict[str, tuple[str | bool | int | float, ...]] | None = None,
) -> FormField:
    """The vendor's own name of a model that is added, as `OpenAICompatible.name_field` takes it.

    :param name: of the field
    :param in_address: whether it becomes a part of an address
    """
    hint = LocalizedText.of("must be a name, without space, slash, ? or #", "必须是名称，不能包含空格、斜杠、? 或 #")
    return FormField(
        name=name,
        label=label,
        help=LocalizedText.of("Where it is not the name under which the model is added.", "与添加时的名称不同时填写。"),
        placeholder=LocalizedText.of(placeholder) if placeholder else None,
        pattern=r"[^\s/?#]+" if in_address else None,
        pattern_hint=hint if in_address else None,
        shown_if=shown_if or {},
    )


def context_size(default: int | None = 4096) -> FormField:
    """`context_size`, in tokens."""
    return FormField(
        name="context_size",
        kind="number",
        label=LocalizedText.of("Context size", "上下文长度"),
        help=LocalizedText.of("Tokens, input and output together.", "输入与输出的 token 总数。"),
        default=default,
        minimum=1,
        maximum=100_000_000,
    )


def max_output_tokens() -> FormField:
    """`max_output_tokens`: how much the model can answer."""
    return FormField(
        name="max_output_tokens",
        kind="number",
        label=LocalizedText.of("Longest answer", "最大输出长度"),
        help=LocalizedText.of("Tokens. Empty: not known.", "单位为 token；留空表示未知。"),
        minimum=1,
        maximum=100_000_000,
    )


def dimensions() -> FormField:
    """`dimensions` of an embedding."""
    return FormField(
        name="dimensions",
        kind="number",
        label=LocalizedText.of("Dimensions", "向量维度"),
        help=LocalizedText.of("Of an embedding model. Empty: not known.", "仅用于向量模型；留空表示未知。"),
        minimum=1,
        maximum=100_000,
    )


def max_batch(default: int | None = None) -> FormField:
    """`max_batch`: texts or documents in one request."""
    return FormField(
        name="max_batch",
        kind="number",
        label=LocalizedText.of("Texts in one request", "单次请求文本数"),
        help=LocalizedText.of(
            "Of an embedding or rerank model: more are sent in several requests. Empty: no limit.",
            "仅用于向量与重排序模型：超出时分多次请求；留空表示不限。",
        ),
        default=default,
        minimum=1,
        maximum=100_000,
    )


def voices() -> FormField:
    """`voices` of a text-to-speech model, as one text."""
    return FormField(
        name="voices",
        label=LocalizedText.of("Voices", "音色"),
        help=LocalizedText.of(
            "Of a text-to-speech model, with commas between them; the first speaks by default.",
            "仅用于文字转语音模型，以逗号分隔；第一个为默认音色。",
        ),
        placeholder=LocalizedText.of("alloy, nova"),
    )


def feature_switches(features: Iterable[Feature], *, on: Iterable[Feature] = ()) -> tuple[FormField, ...]:
    """A switch for each feature, named as the feature. `on`: those that are on by default."""
    on = set(on)
    return tuple(
        FormField(name=feature.value, kind="switch", label=_FEATURES[feature], default=feature in on) for feature in features
    )


def describe_from_form(
    model: str, model_type: ModelType, credentials: Mapping[str, Any], *, always: Iterable[Feature] = (Feature.STREAMING,)
) -> ModelDescription:
    """The description of a model that was added by a form with the fields above; those that do not fit its type are left out.

    :param always: features that every chat model of this provider has
    """
    if model_type is ModelType.LLM:
        return ModelDescription(
            id=model,
            type=model_type,
            features=frozenset(always) | {feature for feature in Feature if credentials.get(feature.value) is True},
            context_window=_whole(credentials.get("context_size")),
            max_output_tokens=_whole(credentials.get("max_output_tokens")),
        )
    if model_type in (ModelType.TEXT_EMBEDDING, ModelType.RERANK):
        return ModelDescription(
            id=model,
            type=model_type,
            context_window=_whole(credentials.get("context_size")),
            dimensions=_whole(credentials.get("dimensions")) if model_type is ModelType.TEXT_EMBEDDING else None,
            max_batch=_whole(credentials.get("max_batch")),
        )
    spoken = _names(credentials.get("voices")) if model_type is ModelType.TEXT_TO_SPEECH else ()
    return ModelDescription(id=model, type=model_type, voices=spoken)


def _names(text: Any) -> tuple[str, ...]:
    """Names with commas between them, a Chinese comma as well; each once."""
    names = str(text or "").replace("，", ",").split(",")
    return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))


def _whole(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and value >= 1 else None
