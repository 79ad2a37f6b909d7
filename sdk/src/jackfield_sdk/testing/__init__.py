"""What a plugin's tests are made of: a vendor on loopback, a host around the plugin, and the conformance kit.

from jackfield_sdk.testing import LLMConformance, OpenAIAnswers, ProviderConformance

class Acme(OpenAIAnswers):
    plugin = plugin

class TestChat(Acme, LLMConformance): ...
class TestProvider(Acme, ProviderConformance): ...
"""

import pytest

pytest.register_assert_rewrite("jackfield_sdk.testing.conformance", "jackfield_sdk.testing.promises")

from .answers import Answer, Framing, Reply, Script  # noqa: E402
from .asking import Asker, asking  # noqa: E402
from .calling import Caller, open_caller  # noqa: E402
from .clock import Clock  # noqa: E402
from .conformance.base import CallConformance, Vendor  # noqa: E402
from .conformance.cassettes import CassetteConformance  # noqa: E402
from .conformance.embedding import EmbeddingConformance  # noqa: E402
from .conformance.faults import GARBAGE, STATUSES  # noqa: E402
from .conformance.llm_features import LLMConformance  # noqa: E402
from .conformance.moderation import ModerationConformance  # noqa: E402
from .conformance.provider import ProviderConformance  # noqa: E402
from .conformance.relay import RelayConformance  # noqa: E402
from .conformance.rerank import RerankConformance  # noqa: E402
from .conformance.speech_to_text import SpeechToTextConformance  # noqa: E402
from .conformance.text_to_speech import TextToSpeechConformance  # noqa: E402
from .double import VendorDouble  # noqa: E402
from .openai_answers import OpenAIAnswers  # noqa: E402
from .promises import error_of, promise, values_in  # noqa: E402
from .recorded import FormFile, Recorded  # noqa: E402
from .replaying import replay  # noqa: E402
from .scripts import Said  # noqa: E402

__all__ = [
    "GARBAGE",
    "STATUSES",
    "Answer",
    "Asker",
    "CallConformance",
    "Caller",
    "CassetteConformance",
    "Clock",
    "EmbeddingConformance",
    "FormFile",
    "Framing",
    "LLMConformance",
    "ModerationConformance",
    "OpenAIAnswers",
    "ProviderConformance",
    "Recorded",
    "RelayConformance",
    "Reply",
    "RerankConformance",
    "Said",
    "Script",
    "SpeechToTextConformance",
    "TextToSpeechConformance",
    "Vendor",
    "VendorDouble",
    "asking",
    "error_of",
    "open_caller",
    "promise",
    "replay",
    "values_in",
]
