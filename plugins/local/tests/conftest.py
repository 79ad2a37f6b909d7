"""The real plugin behind the real kernel, with the real models."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jackfield.kernel import Kernel
from jackfield_local import plugin
from jackfield_local.settings import Settings
from jackfield_local.weights import SMOLLM2
from jackfield_local.workers import Stop
from jackfield_sdk import CallContext, Credentials, LLMRequest, Message, ModelType

CHAT = "smollm2"


class Local:
    """Calls of the provider as the host makes them."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.kernel = Kernel.of([("local", plugin)])
        self._http = http

    def context(self, model: str, model_type: ModelType = ModelType.LLM, **credentials: Any) -> CallContext:
        """The context of a call of an embedded model, or, with a form's values, of one that was added."""
        description = (
            self.kernel.describe_model("local", model, model_type, credentials)
            if credentials
            else self.kernel.provider("local").model(model, model_type)
        )
        return CallContext(provider="local", credentials=Credentials(credentials), http=self._http, model=description)

    def chat(self, text: str = "Say hello.", **members: Any) -> LLMRequest:
        """A request with one user message."""
        members.setdefault("messages", [Message.user(text)])
        return LLMRequest(model=members.pop("model", CHAT), **members)


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    """The tests run side by side: engines that all want every core would wait for each other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JACKFIELD_LOCAL_THREADS", "1")
        yield


@pytest.fixture
async def local() -> AsyncIterator[Local]:
    async with httpx.AsyncClient() as http:
        yield Local(http)


@pytest.fixture(scope="session")
def gguf() -> Path:
    """A real GGUF file."""
    return SMOLLM2.locate(Settings.from_environment(), Stop()) / SMOLLM2.files[0].name


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose GGUF files a workspace may use."""
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setenv("JACKFIELD_LOCAL_MODEL_DIRS", str(folder))
    return folder
