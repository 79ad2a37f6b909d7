"""What is asked for with each model: a token, and where it is served if not by the router."""

from __future__ import annotations

from jackfield_sdk import CredentialForm, Feature, FormField, LocalizedText, Option, forms

TOKENS = "https://huggingface.co/settings/tokens"


def _prompt(name: str, en: str, zh: str) -> FormField:
    return FormField(
        name=name,
        label=LocalizedText.of(en, zh),
        help=LocalizedText.of(
            "Of an embedding model that has such prompts in its sentence-transformers configuration.",
            "仅用于在 sentence-transformers 配置中带有提示词的向量模型。",
        ),
        placeholder=LocalizedText.of(name.partition("_")[0]),
    )


MODEL_FORM = CredentialForm(
    fields=(
        forms.api_key(
            required=False,
            env="HF_TOKEN",
            help_url=TOKENS,
            placeholder="hf_…",
            label=LocalizedText.of("Access token (one's own server may need none)", "访问令牌（自建服务器可不填）"),
        ),
        forms.base_url(
            placeholder="https://….endpoints.huggingface.cloud",
            hint=LocalizedText.of(
                "Of a dedicated endpoint or of your own server. Empty: Hugging Face's router to inference providers.",
                "专用端点或自建服务器的地址；留空则使用 Hugging Face 推理服务商路由。",
            ),
        ),
        FormField(
            name="server",
            kind="select",
            label=LocalizedText.of("Server at that address", "该地址上的服务器"),
            default="hugging_face",
            options=(
                Option(
                    value="hugging_face",
                    label=LocalizedText.of("TGI (chat), TEI (embedding, rerank)", "TGI（对话）、TEI（向量、重排序）"),
                ),
                Option(value="openai", label=LocalizedText.of("vLLM, SGLang, llama.cpp", "vLLM、SGLang、llama.cpp")),
            ),
        ),
        FormField(
            name="endpoint_model",
            label=LocalizedText.of("Name of the model there", "服务端的模型名称"),
            help=LocalizedText.of(
                "The provider's or the server's own name for it, or the adapter that a TGI server shall use.",
                "服务商或服务器上的模型名称，或 TGI 服务器要使用的适配器。",
            ),
        ),
        FormField(
            name="provider",
            label=LocalizedText.of("Inference provider", "推理服务商"),
            help=LocalizedText.of(
                "A provider of the router's, or fastest, cheapest, preferred. Empty: the fastest; of embeddings, hf-inference.",
                "路由的服务商，或 fastest、cheapest、preferred；留空则选最快者，向量模型为 hf-inference。",
            ),
            help_url="https://huggingface.co/docs/inference-providers",
            pattern=r"[a-z0-9][a-z0-9-]*",
            pattern_hint=LocalizedText.of("is written like hf-inference", "写法如 hf-inference"),
        ),
        FormField(
            name="bill_to",
            label=LocalizedText.of("Organization to bill", "付费组织"),
            help=LocalizedText.of("Of the router. Empty: the token's owner.", "仅用于路由；留空则由令牌所有者付费。"),
            pattern=r"[A-Za-z0-9._-]+",
            pattern_hint=LocalizedText.of("must be the organization's name on the Hub", "必须是 Hub 上的组织名"),
        ),
        forms.context_size(),
        forms.max_output_tokens(),
        *forms.feature_switches(
            (Feature.TOOLS, Feature.PARALLEL_TOOLS, Feature.STRUCTURED_OUTPUT, Feature.REASONING, Feature.VISION)
        ),
        forms.dimensions(),
        forms.max_batch(),
        _prompt("query_prompt", "Prompt for queries", "查询提示词名"),
        _prompt("document_prompt", "Prompt for documents", "文档提示词名"),
    ),
    help_url=TOKENS,
)
