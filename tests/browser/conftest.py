"""A host with its console, a vendor on loopback, and real Chromium: one of each for a test process, a workspace for a test.

`page` is a browser signed in as the owner of a workspace of its own; `visitor` is one that is not signed in. Both fail the test
where a page broke its content-security policy or a script raised.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from chromium import ARGUMENTS, PATH, ChromiumMissing, ensure_chromium
from Crypto.PublicKey import RSA
from hosting import Result, Running, open_host
from jackfield import console
from jackfield.host import Host, Settings
from jackfield.host.settings import CallSettings, CooldownSettings, EgressSettings, LogSettings, ServerSettings
from jackfield.tenancy import Principal, Role, operator
from jackfield_sdk.testing import VendorDouble
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

PASSWORD = "correct horse battery"
VENDOR_KEY = "sk-vendor-canary-4242424242424242"
expect.set_options(timeout=15_000)
WIDE = {"width": 1280, "height": 900}


@dataclass(slots=True)
class Console:
    """A host that serves its console.

    :param vendor: what `values` of a credential lead to
    """

    url: str
    host: Host
    running: Running
    vendor: VendorDouble

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Something of the host's or the vendor's, on their loop."""
        return self.running.run(work)

    @property
    def values(self) -> dict[str, str]:
        """A credential of `openai` that leads to the vendor."""
        return {"api_key": VENDOR_KEY, "base_url": f"{self.vendor.url}/v1"}


@dataclass(slots=True)
class Person:
    """Somebody with an account.

    :param caller: the same person, for the host's services
    """

    email: str
    password: str
    caller: Principal


def settings(folder: Path) -> Settings:
    """A host that gives up soon, so that what fails in a test fails at once."""
    return Settings(
        data_dir=folder,
        server=ServerSettings(port=0, grace_period=5),
        calls=CallSettings(timeout=20, idle_timeout=20, attempts=1, validation_timeout=5),
        cooldown=CooldownSettings(),
        log=LogSettings(format="json"),
        egress=EgressSettings(environment_proxy=False),
    )


def quick_passwords(host: Host) -> None:
    """To hash a password takes a tenth of a second on purpose: not in tests, which make many."""
    host.tenancy.people._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    found = Running()
    yield found
    found.stop()


@pytest.fixture(scope="session")
def site(running: Running, rsa_key: RSA.RsaKey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JACKFIELD_LOCAL_THREADS", "1")
        vendor = VendorDouble()
        running.run(vendor.__aenter__())
        with pytest.MonkeyPatch.context() as briefly:
            briefly.setattr(RSA, "generate", lambda _bits: rsa_key)
            serving = open_host(running, settings(tmp_path_factory.mktemp("console")), console.routes)
        quick_passwords(serving.host)
        yield Console(serving.url, serving.host, running, vendor)
        serving.close()
        running.run(vendor.stop())


@pytest.fixture
def vendor(site: Console) -> Iterator[VendorDouble]:
    """The vendor, with nothing asked yet and nothing to say."""
    site.vendor.requests.clear()
    site.vendor._routes.clear()
    site.vendor._gone = 0
    yield site.vendor
    site.vendor._routes.clear()


@pytest.fixture(scope="session")
def rsa_key() -> RSA.RsaKey:
    return RSA.generate(2048)


@pytest.fixture
def new_person(site: Console, rsa_key: RSA.RsaKey, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Person]:
    """Somebody new: `new_person()` owns a workspace of their own, `new_person(Role.MEMBER, workspace_id)` joins one."""

    async def make(role: Role, workspace_id: str | None) -> Person:
        if workspace_id is None:
            # Workspaces of tests share a key: to make one takes seconds.
            with monkeypatch.context() as patch:
                patch.setattr(RSA, "generate", lambda _bits: rsa_key)
                workspace_id = (await site.host.tenancy.workspaces.create(f"Team {secrets.token_hex(3)}")).id
        email = f"{secrets.token_hex(4)}@team.example"
        info = await site.host.tenancy.people.add_member(operator(workspace_id), email, role, password=PASSWORD)
        return Person(email, PASSWORD, Principal(workspace_id, email, role, person_id=info.person_id))

    return lambda role=Role.OWNER, workspace_id=None: site.run(make(role, workspace_id))


@pytest.fixture
def owner(new_person: Callable[..., Person]) -> Person:
    return new_person()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test waits for Chromium where it must be installed: minutes, on a slow line."""
    if not PATH.exists():
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.timeout(900))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Skipped where Chromium is not and cannot be; but not in CI, where it must be.

    For a module and no longer: while Playwright runs, the thread has a running loop, and no asynchronous test can have its own.
    """
    try:
        path = ensure_chromium()
    except ChromiumMissing as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield found
        found.close()


@pytest.fixture
def new_page(browser: Browser, site: Console) -> Iterator[Callable[..., Page]]:
    """A browser of its own: `new_page()` of somebody unknown, `new_page(person)` of somebody who is signed in."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def make(person: Person | None = None, *, url: str | None = None, **options: Any) -> Page:
        options = {"viewport": WIDE, "locale": "en-GB", "timezone_id": "UTC", "base_url": url or site.url, **options}
        context = browser.new_context(**options)
        context.set_default_timeout(15_000)
        context.add_init_script(
            "addEventListener('securitypolicyviolation',"
            " (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`))"
        )
        contexts.append(context)
        if person is not None:
            token = site.run(site.host.tenancy.people.sign_in(person.email, person.password))
            context.add_cookies([{"name": "jackfield_session", "value": token, "url": site.url, "httpOnly": True}])
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(f"a script raised: {error}"))
        page.on("console", lambda message: faults.append(message.text) if message.text.startswith("policy:") else None)
        return page

    yield make
    for context in contexts:
        context.close()
    assert not faults


@pytest.fixture
def page(new_page: Callable[..., Page], owner: Person) -> Page:
    return new_page(owner)


@pytest.fixture
def visitor(new_page: Callable[..., Page]) -> Page:
    return new_page()
