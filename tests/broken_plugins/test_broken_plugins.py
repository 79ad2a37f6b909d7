"""One distribution for each way of breaking: the host runs, the others work, and the cause is named with a way to mend it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from jackfield.kernel import Kernel


class Site(Protocol):
    def install(
        self, name: str, code: str | None, *, entry_point: str | None = None, metadata: str = ..., requires: str = ""
    ) -> None: ...
    def run(self, *arguments: str) -> Any: ...


PROVIDERS = """
from jackfield.contract import CredentialForm, LocalizedText, ProviderDescription, hookimpl

def describe(provider="spoilt", **more):
    given = {"model_types": ["llm"], "provision": ["predefined"], "provider_form": CredentialForm()} | more
    return ProviderDescription(id=provider, label=LocalizedText(en=provider), **given)

@hookimpl
def jackfield_providers():
    return [describe()]

"""


@dataclass(frozen=True)
class Break:
    """:param says: words of the cause; `mends`: words of the advice"""

    name: str
    kind: str
    says: str
    mends: str
    code: str | None
    fault: str = "plugin"
    entry_point: str | None = None
    traceback: str = ""


BREAKS = [
    Break(
        "raises", "import", "raised when it was imported: ZeroDivisionError", "show its author the traceback",
        "1 / 0", traceback="ZeroDivisionError: division by zero",
    ),
    Break("exits", "import", "SystemExit: 7", "show its author", "import sys\nsys.exit(7)"),
    Break("syntax", "import", "SyntaxError", "show its author", "def broken(:\n    pass"),
    Break(
        "needs", "import", "No module named 'not_installed_anywhere'", "Install what `not_installed_anywhere` belongs to",
        "import not_installed_anywhere", fault="host", traceback="import not_installed_anywhere",
    ),
    Break(
        "newer", "import", "cannot import name 'NotYetInvented'", "fits this version of jackfield",
        "from jackfield.contract import NotYetInvented", fault="host",
    ),
    Break("no-module", "not_found", "there is no module `acme_no_module`", "Reinstall", None),
    Break(
        "no-attribute", "not_found", "`acme_no_attribute` has no `plugin`", "Reinstall", "x = 1",
        entry_point="no-attribute = acme_no_attribute:plugin",
    ),
    Break(
        "wrong-value", "metadata", "cannot be read", "tell its author", "x = 1", entry_point="wrong-value = no no no : ?"
    ),
    Break("no-hooks", "not_a_plugin", "implements no hook", "mark its hooks with `@hookimpl`", "x = 1"),
    Break(
        "class-itself", "not_a_plugin", "the class `Plugin`, not to an instance", "plugin = Plugin()",
        """
        from jackfield.contract import hookimpl
        class Plugin:
            @hookimpl
            def jackfield_providers(self): return []
        """,
        entry_point="class-itself = acme_class_itself:Plugin",
    ),
    Break(
        "none", "providers", "answered a NoneType instead of a list", "return a list of ProviderDescription",
        "from jackfield.contract import hookimpl\n@hookimpl\ndef jackfield_providers(): pass",
    ),
    Break(
        "nonsense", "providers", "answered a list with a dict in it", "return a list of ProviderDescription",
        "from jackfield.contract import hookimpl\n@hookimpl\ndef jackfield_providers(): return [{'id': 'x'}]",
    ),
    Break(
        "wrong-id", "providers", "describes a provider wrongly: id: String should match pattern", "Correct the description",
        PROVIDERS.replace("describe()", "describe('Not An Id')"),
    ),
    Break(
        "describing-raises", "providers", "raised KeyError: 'catalog'", "show its author the traceback",
        "from jackfield.contract import hookimpl\n@hookimpl\ndef jackfield_providers(): return {}['catalog']",
        traceback="KeyError",
    ),
    Break(
        "missing-argument", "hooks", "`invoke_llm` does not take the argument `context`", "invoke_llm(request, context)",
        PROVIDERS + "@hookimpl\nasync def invoke_llm(request): ...",
    ),
    Break(
        "unknown-argument", "hooks", "asks for the argument `deadline`", "invoke_llm(request, context)",
        PROVIDERS + "@hookimpl\nasync def invoke_llm(request, context, deadline): ...",
    ),
    Break(
        "not-async", "hooks", "`invoke_llm` must be a coroutine function", "async def invoke_llm(request, context)",
        PROVIDERS + "@hookimpl\ndef invoke_llm(request, context): ...",
    ),
    Break(
        "generator", "hooks", "`invoke_llm` is an async generator", "Move the `yield`",
        PROVIDERS + "@hookimpl\nasync def invoke_llm(request, context):\n    yield 1",
    ),
    Break(
        "typo", "hooks", "hook that does not exist: `invoke_lmm`", "Did you mean `invoke_llm`?",
        PROVIDERS + "@hookimpl\nasync def invoke_lmm(request, context): ...",
    ),
    Break(
        "old-wrapper", "hooks", "pluggy's old style", "wrapper=True",
        "from jackfield.contract import hookimpl\n@hookimpl(hookwrapper=True)\ndef invoke_llm(request, context): yield",
    ),
    Break(
        "async-wrapper", "hooks", "is not a generator function", "plain `def`",
        "from jackfield.contract import hookimpl\n@hookimpl(wrapper=True)\nasync def invoke_llm(request, context): yield",
    ),
    Break(
        "wraps-describing", "hooks", "around which nothing stands", "Wrap the hooks",
        "from jackfield.contract import hookimpl\n@hookimpl(wrapper=True)\ndef jackfield_providers():\n    return (yield)",
    ),
    Break(
        "taken", "taken", "the provider id `sound`, which the plugin `acme-sound` has", "Uninstall one of the two",
        "{good:sound}", fault="host",
    ),
    Break("incomplete", "incomplete", "does not implement `invoke_llm`", "Implement `invoke_llm`", PROVIDERS),
    Break(
        "unmarked", "incomplete", "a function of that name without `@hookimpl`", "Mark `invoke_llm` with `@hookimpl`",
        PROVIDERS + "async def invoke_llm(request, context): ...",
    ),
    Break(
        "no-relay", "incomplete", "names wire dialects", "Implement `relay`",
        PROVIDERS.replace("describe()", "describe(dialects=['openai.chat'])")
        + "@hookimpl\nasync def invoke_llm(request, context): ...",
    ),
]  # fmt: skip

LOOK = """
import asyncio, json
from jackfield.contract import CallContext, Credentials, LLMRequest, Message
from jackfield.kernel import Kernel
from jackfield.kernel.diagnosis import diagnose

kernel = Kernel.load()
context = CallContext(provider="sound", credentials=Credentials({}), http=None)
answer = asyncio.run(kernel.invoke_llm(LLMRequest(model="m", messages=[Message.user("hello")]), context))
plugins = [
    {
        "name": p.name, "title": p.title, "version": p.version, "author": p.author, "license": p.license,
        "homepage": p.homepage, "providers": p.providers,
        "quarantine": p.quarantined and {
            "kind": p.quarantined.kind, "cause": p.quarantined.cause, "advice": p.quarantined.advice,
            "fault": p.quarantined.fault, "traceback": p.quarantined.traceback,
        },
    }
    for p in kernel.plugins
]
print(json.dumps({"answer": answer.text, "plugins": plugins, "findings": [f.describe() for f in diagnose(kernel)]}))
"""


def install_all(site: Site, good: Callable[[str], str]) -> None:
    site.install("acme-sound", good("sound"))
    for broken in BREAKS:
        code = good("sound") if broken.code == "{good:sound}" else broken.code
        site.install(f"acme-{broken.name}", code, entry_point=broken.entry_point)


def look(site: Site, good: Callable[[str], str]) -> dict[str, Any]:
    install_all(site, good)
    done = site.run("-c", LOOK)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen | {"stderr": done.stderr}


def test_each_way_of_breaking_is_named_and_nothing_else_breaks(site: Site, good: Callable[[str], str]) -> None:
    seen = look(site, good)
    assert seen["answer"] == "sound says hello"
    by_title = {plugin["title"]: plugin for plugin in seen["plugins"]}
    findings = {finding["subject"]: finding for finding in seen["findings"]}

    sound = by_title["acme-sound"]
    assert sound["quarantine"] is None
    assert sound["providers"] == ["sound"]
    about = {name: sound[name] for name in ("version", "author", "license", "homepage")}
    assert about == {
        "version": "1.2.3",
        "author": "Ada Lovelace",
        "license": "MIT",
        "homepage": "https://example.org/acme-sound",
    }

    for broken in BREAKS:
        quarantine = by_title[f"acme-{broken.name}"]["quarantine"]
        assert quarantine is not None, broken.name
        assert quarantine["kind"] == broken.kind, broken.name
        assert broken.says in quarantine["cause"], quarantine["cause"]
        assert broken.mends in quarantine["advice"], quarantine["advice"]
        assert quarantine["fault"] == broken.fault, broken.name
        assert broken.traceback in quarantine["traceback"], broken.name
        assert "jackfield/kernel" not in quarantine["traceback"]
        finding = findings[f"plugin acme-{broken.name} 1.2.3"]
        assert (finding["level"], finding["fault"]) == ("problem", broken.fault)
        assert broken.says in finding["says"]
        assert broken.mends in finding["advice"]
        assert f"https://example.org/acme-{broken.name}" in finding["advice"]
        assert f"plugin acme-{broken.name} is quarantined" in seen["stderr"]  # and in the log
    beside = {plugin["title"] for plugin in seen["plugins"] if plugin["quarantine"] is None} - {"acme-sound"}
    assert beside == {plugin.title for plugin in Kernel.load().plugins if plugin.quarantined is None}


def test_the_command_line_shows_them_all_and_explains_them(site: Site, good: Callable[[str], str]) -> None:
    install_all(site, good)
    listed = site.run("-m", "jackfield.cli", "plugins", "--json")
    assert listed.returncode == 0, listed.stderr
    causes = {plugin["distribution"]: plugin["quarantine"] for plugin in json.loads(listed.stdout)}
    assert causes["acme-sound"] is None
    explained = site.run("-m", "jackfield.cli", "doctor")
    assert explained.returncode == 1
    for broken in BREAKS:
        assert broken.says in causes[f"acme-{broken.name}"]["cause"]
        assert f"✗ plugin acme-{broken.name} 1.2.3: " in explained.stdout
        assert broken.mends in explained.stdout
    asked = site.run("-m", "jackfield.cli", "chat", "-m", "sound/m", "hello")
    assert (asked.returncode, asked.stdout) == (0, "sound says hello\n")


def test_metadata_namesakes_and_needs(site: Site, good: Callable[[str], str]) -> None:
    """Metadata that cannot be read; an id claimed under an earlier name; a dependency that is not there."""
    site.install("acme-nameless", good("nameless"), metadata="Metadata-Version: 2.1\nVersion: 1\n")
    site.install("aaa-thief", good("sound").replace("says hello", "has your key"))
    site.install("jackfield-sound", good("sound"), requires="acme-nowhere>=2")
    seen = json.loads(site.run("-c", LOOK).stdout)
    by_title = {plugin["title"]: plugin for plugin in seen["plugins"]}

    nameless = next(plugin for title, plugin in by_title.items() if "acme_nameless" in title)
    assert nameless["quarantine"]["kind"] == "metadata"
    assert "it has no name" in nameless["quarantine"]["cause"]

    # No plugin comes before `jackfield-sound` for `sound`, and so to the credentials of it, by an earlier name.
    assert seen["answer"] == "sound says hello"
    assert by_title["aaa-thief"]["quarantine"]["kind"] == "taken"

    needs = next(finding for finding in seen["findings"] if finding["subject"] == "jackfield-sound")
    assert (needs["level"], needs["fault"]) == ("problem", "host")
    assert "acme-nowhere>=2" in needs["says"]
    assert "pip install --upgrade jackfield-sound" in needs["advice"]
