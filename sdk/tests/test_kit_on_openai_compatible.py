"""The conformance kit on a vendor that speaks OpenAI's dialect and nothing else: all six model types, relay, the provider."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from jackfield_sdk import (
    CredentialForm,
    Feature,
    LocalizedText,
    ModelDescription,
    ModelType,
    OpenAICompatible,
    ParameterRule,
    ProvisionKind,
    forms,
)
from jackfield_sdk.catalog import Catalog
from jackfield_sdk.testing import (
    EmbeddingConformance,
    LLMConformance,
    ModerationConformance,
    OpenAIAnswers,
    ProviderConformance,
    RelayConformance,
    RerankConformance,
    SpeechToTextConformance,
    TextToSpeechConformance,
)

ALL_FEATURES = frozenset(
    {
        Feature.STREAMING,
        Feature.TOOLS,
        Feature.PARALLEL_TOOLS,
        Feature.STRUCTURED_OUTPUT,
        Feature.VISION,
        Feature.REASONING,
    }
)
ICON = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><circle cx="12" cy="12" r="9" fill="#555"/></svg>'


class Acme(OpenAICompatible):
    id = "acme"
    label = LocalizedText.of("Acme", "艾克美")
    description = LocalizedText.of("A vendor that is not there.", "一个不存在的供应商。")
    help_url = "https://acme.example/keys"
    base_url = "https://api.acme.example/v1"
    model_types = tuple(ModelType)
    provision = (ProvisionKind.PREDEFINED, ProvisionKind.CUSTOMIZABLE)
    provider_form = CredentialForm(fields=(forms.api_key(), forms.base_url(placeholder="https://api.acme.example/v1")))
    model_form = CredentialForm(fields=(forms.context_size(), *forms.feature_switches([Feature.VISION])))
    dialects = ("openai.chat", "openai.embeddings")
    icon = ICON
    catalog = Catalog(
        (
            ModelDescription(id="chat", type=ModelType.LLM, context_window=8000, max_output_tokens=800, features=ALL_FEATURES),
            ModelDescription(
                id="strict",
                type=ModelType.LLM,
                context_window=8000,
                features=frozenset({Feature.STREAMING}),
                parameters=(ParameterRule(name="max_tokens", kind="integer", minimum=1, maximum=5000),),
            ),
            ModelDescription(id="embed", type=ModelType.TEXT_EMBEDDING, max_batch=3),
            ModelDescription(id="rerank", type=ModelType.RERANK),
            ModelDescription(id="hear", type=ModelType.SPEECH_TO_TEXT, max_input_bytes=1 << 20),
            ModelDescription(id="speak", type=ModelType.TEXT_TO_SPEECH, voices=("anna", "bert")),
            ModelDescription(id="judge", type=ModelType.MODERATION),
        ),
        checked_on=date(2026, 11, 24),
    )


class Vendor(OpenAIAnswers):
    plugin: ClassVar[object] = Acme()

    def credentials(self) -> dict[str, Any]:
        return {"api_key": self.secret}


class TestChat(Vendor, LLMConformance):
    pass


class TestStrictChat(Vendor, LLMConformance):
    model = "strict"


class TestEmbedding(Vendor, EmbeddingConformance):
    pass


class TestRerank(Vendor, RerankConformance):
    pass


class TestSpeechToText(Vendor, SpeechToTextConformance):
    pass


class TestTextToSpeech(Vendor, TextToSpeechConformance):
    pass


class TestModeration(Vendor, ModerationConformance):
    pass


class TestRelay(Vendor, RelayConformance):
    pass


class TestProvider(Vendor, ProviderConformance):
    pass
