"""One running host for a session of tests: the real server on a free port, the real plugins, and a vendor on loopback.

Host and vendor live on a loop of their own in a thread, as far from the tests' clients as another machine would be.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anthropic
import cohere
import openai
import pytest
from hosting import Result, Running, Serving, open_host
from jackfield.contract import ModelType
from jackfield.host import Host, NewCredential, Settings
from jackfield.host.settings import CallSettings, EgressSettings, LimitSettings, LogSettings, ServerSettings
from jackfield.tenancy import Principal
from jackfield.tenancy.workspaces import operator
from jackfield_sdk.testing import Answer, VendorDouble

MAX_BODY = 4 * 1024 * 1024
VENDOR_KEY = "sk-vendor-canary-4242424242424242"


@dataclass(slots=True)
class Site:
    """A host that serves.

    :param key: of the first workspace
    :param log: what the host wrote about requests
    """

    url: str
    key: str
    host: Host
    running: Running
    caller: Principal
    vendor: VendorDouble
    keys: dict[str, str] = field(default_factory=dict)

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Something of the host's or the vendor's, on their loop."""
        return self.running.run(work)

    def new_key(self, name: str, **rest: Any) -> str:
        """A key with other rights."""
        if name not in self.keys:
            self.keys[name], _ = self.run(self.host.tenancy.keys.create(self.caller, name, **rest))
        return self.keys[name]


def settings(folder: Path, **server: Any) -> Settings:
    """A host that gives up soon, so that what fails in a test fails at once."""
    return Settings(
        data_dir=folder,
        server=ServerSettings(port=0, max_body_bytes=MAX_BODY, grace_period=5, **server),
        calls=CallSettings(timeout=20, idle_timeout=20, attempts=1),
        log=LogSettings(format="json"),
        limits=LimitSettings(),
        egress=EgressSettings(environment_proxy=False),
    )


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    found = Running()
    yield found
    found.stop()


@pytest.fixture(scope="session")
def open_another(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Serving]]:
    """Opens hosts with server settings of their own, each on a fresh data folder; closed at the end, if not before."""
    opened: list[Serving] = []

    def open_one(**server: Any) -> Serving:
        opened.append(open_host(running, settings(tmp_path_factory.mktemp("another"), **server)))
        return opened[-1]

    yield open_one
    for serving in opened:
        serving.close()


@pytest.fixture(scope="session")
def site(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JACKFIELD_LOCAL_THREADS", "1")
        vendor = VendorDouble()
        running.run(vendor.__aenter__())
        serving = open_host(running, settings(tmp_path_factory.mktemp("host")))
        host = serving.host
        assert host.first_run is not None
        caller = operator(host.first_run.workspace.id)
        found = Site(serving.url, host.first_run.api_key, host, running, caller, vendor)
        found.run(furnish(found))
        yield found
        serving.close()
        running.run(vendor.stop())


async def furnish(site: Site) -> None:
    """Credentials that lead to the double, defaults, an alias."""
    values = {"api_key": VENDOR_KEY, "base_url": f"{site.vendor.url}/v1"}
    site.vendor.on("GET", "/models", Answer.json({"object": "list", "data": [{"id": "gpt-4o-mini", "object": "model"}]}))
    vendors, choices = site.host.vendors, site.host.tenancy.choices
    await vendors.add(site.caller, "openai", NewCredential(values=values, name="double"))
    for kind, ref in (
        (ModelType.LLM, "local/smollm2"),
        (ModelType.TEXT_EMBEDDING, "local/wordllama"),
        (ModelType.MODERATION, "openai/omni-moderation-latest"),
    ):
        await choices.set_default(site.caller, kind, ref)
    await choices.set_alias(site.caller, "quick", ("openai/gpt-4o-mini",))


@pytest.fixture
def vendor(site: Site) -> Iterator[VendorDouble]:
    """The vendor, with nothing asked yet and nothing to say."""
    double = site.vendor
    double.requests.clear()
    double._routes.clear()
    double._gone = 0
    yield double
    double._routes.clear()


@pytest.fixture
def openai_client(site: Site) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{site.url}/v1", api_key=site.key, max_retries=0, timeout=60) as client:
        yield client


@pytest.fixture
def anthropic_client(site: Site) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=site.url, api_key=site.key, max_retries=0, timeout=60) as client:
        yield client


@pytest.fixture
def cohere_client(site: Site) -> cohere.ClientV2:
    return cohere.ClientV2(api_key=site.key, base_url=site.url, timeout=60)
