"""What is asked for: nothing for the embedded models, a file and how to load it for a model that is added."""

from __future__ import annotations

from jackfield_sdk import CredentialForm, FormField, LocalizedText

PROVIDER_FORM = CredentialForm(
    help=LocalizedText.of(
        "The embedded models need no credentials; they run in the host itself.",
        "内置模型无需凭据，直接在主机内运行。",
    )
)

MODEL_FORM = CredentialForm(
    fields=(
        FormField(
            name="path",
            label=LocalizedText.of("GGUF file", "GGUF 文件"),
            required=True,
            pattern=r"(?i).+\.gguf",
            pattern_hint=LocalizedText.of("must end in .gguf", "必须以 .gguf 结尾"),
            placeholder=LocalizedText.of("/models/qwen3-0.6b-q8_0.gguf"),
            help=LocalizedText.of(
                "The whole path on the host, in a folder that its operator opened with JACKFIELD_LOCAL_MODEL_DIRS.",
                "主机上的完整路径，须位于管理员用 JACKFIELD_LOCAL_MODEL_DIRS 开放的文件夹内。",
            ),
        ),
        FormField(
            name="context_size",
            kind="number",
            label=LocalizedText.of("Context size", "上下文长度"),
            default=4096,
            minimum=256,
            maximum=1_048_576,
            help=LocalizedText.of(
                "Tokens of one conversation, input and output together. More of them take more memory.",
                "一次对话的输入与输出 token 总数；越大占用内存越多。",
            ),
        ),
        FormField(
            name="gpu_layers",
            kind="number",
            label=LocalizedText.of("Layers on the GPU", "GPU 层数"),
            minimum=0,
            maximum=1000,
            help=LocalizedText.of(
                "Only where xllamacpp was built for a GPU. Empty: as many as fit.",
                "仅在 xllamacpp 支持 GPU 时有效；留空则尽量多地放入 GPU。",
            ),
        ),
        FormField(
            name="chat_template",
            label=LocalizedText.of("Chat template", "对话模板"),
            help=LocalizedText.of(
                "A Jinja template instead of the one in the file. Empty: the file's own.",
                "用于替代文件自带模板的 Jinja 模板；留空则使用文件自带的模板。",
            ),
        ),
    ),
)
