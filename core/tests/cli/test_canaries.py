"""Secrets planted everywhere, a plugin that lets them slip wherever it can, and all output searched: none is in it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

Jackfield = Callable[..., Any]

# None has the form of a vendor's key: it must not be the log's patterns alone that find them.
OWN = "canaryOWNcredential4711"
UNSAVED = "canaryUNSAVEDcredential4712"
HOSTED = "canaryHOSTEDcredential4713"
PASSWORD = "canaryPASSWORDofada4714"
PROXY = "canaryPROXYpassword4715"
METRICS = "canaryMETRICStoken4716"
MASTER = b"canaryMASTERkey-4717-0123456789a"
PROMPT = "canaryPROMPTsaid4718"

SIEVE = """
import logging
from jackfield.contract import *
from jackfield.contract import hookimpl

KINDS = ("llm", "text_embedding", "rerank", "speech_to_text", "text_to_speech", "moderation")

@hookimpl
def jackfield_providers():
    key = FormField(name="api_key", kind="secret", label="Key", required=True)
    how = FormField(name="how", label="How it fails")
    models = [ModelDescription(id=name, type=kind) for name in ("chat", "lent") for kind in KINDS]
    form = CredentialForm(fields=(key, how))
    return [ProviderDescription(
        id="sieve", label="Sieve", model_types=list(ModelType), provision=["predefined", "customizable"], models=models,
        provider_form=form, model_form=form,
    )]

def leak(how, context):
    key = context.credentials["api_key"]
    if how == "vendor":
        raise ServerUnavailable(f"No answer for {key}.", vendor_message=f"key {key}", vendor_code=key, request_id=key)
    if how == "refused":
        raise CredentialsInvalid(f"{key} is refused.", param="api_key", problems={"api_key": f"{key} is refused"})
    if how == "chain":
        try:
            raise ValueError(key, {"headers": {"authorization": f"Bearer {key}"}})
        except ValueError as error:
            error.add_note(f"it was {key}")
            raise ConnectionFailed(f"broken: {error}") from error
    if how == "crash":
        raise RuntimeError(f"cannot go on with {dict(context.credentials)} {key}")

async def reach(context):
    key = context.credentials["api_key"]
    await context.http.get(f"http://vendor.invalid/v1?key={key}", headers={"authorization": f"Bearer {key}"})

@hookimpl
async def validate_provider_credentials(context):
    leak(context.credentials.get("how"), context)

@hookimpl
async def validate_model_credentials(model, model_type, context):
    leak(context.credentials.get("how"), context)

@hookimpl
def describe_model(model, model_type, credentials):
    if credentials.get("how") == "describe":
        raise KeyError(f"{credentials}")
    return ModelDescription(id=model, type=model_type, properties=dict(credentials))

@hookimpl
async def list_models(context):
    leak(context.credentials.get("how") or "crash", context)

@hookimpl
async def invoke_llm(request, context):
    how = request.messages[-1].text.partition(":")[0]
    if how == "reach":
        await reach(context)
    if how == "midway":
        async def events():
            yield TextDelta("so far")
            leak("crash", context)
        return events()
    leak(how, context)
    return LLMResult(message=Message.assistant("fine"), finish_reason="stop")

async def always(request, context):
    leak("crash", context)

@hookimpl
async def invoke_text_embedding(request, context):
    await always(request, context)

@hookimpl
async def invoke_rerank(request, context):
    await always(request, context)

@hookimpl
async def invoke_speech_to_text(request, context):
    await always(request, context)

@hookimpl
async def invoke_text_to_speech(request, context):
    await always(request, context)

@hookimpl
async def invoke_moderation(request, context):
    await always(request, context)
"""
HOW = ("vendor", "refused", "chain", "crash", "reach", "midway", "fine")
TOML = f"""
[egress]
proxy = "http://someone:{PROXY}@127.0.0.1:1"
[log]
level = "debug"
[calls]
attempts = 1
[[trials]]
provider = "sieve"
models = ["lent"]
quota = 1000
credentials = {{ api_key = {{ env = "HOSTED_KEY" }} }}
"""


class Everything:
    """All that came out, and where it came out."""

    def __init__(self, url: str) -> None:
        self.client = httpx.Client(base_url=url, timeout=30, trust_env=False)
        self.heard: list[tuple[str, str]] = []

    def ask(self, method: str, path: str, token: str | None = None, **rest: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        answer = self.client.request(method, path, headers=headers, **rest)
        self.heard.append((f"{method} {path} {answer.status_code}", f"{answer.headers}\n{answer.text}"))
        return answer

    def run(self, jackfield: Jackfield, *arguments: str, stdin: str = "") -> Any:
        done = jackfield(*arguments, stdin=stdin)
        self.heard.append((f"jackfield {' '.join(arguments[:3])} {done.code}", done.out + done.err))
        return done


@pytest.fixture
def everything(
    serve: Callable[..., Any],
    install_plugin: Callable[[str, str], None],
    child_environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[Everything]:
    install_plugin("jackfield-sieve", SIEVE)
    (tmp_path / "jackfield.toml").write_text(TOML)
    variables = {
        "JACKFIELD_MASTER_KEY": base64.b64encode(MASTER).decode(),
        "JACKFIELD_SERVER__METRICS_TOKEN": METRICS,
        "HOSTED_KEY": HOSTED,
    }
    child_environment.update(variables)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    server = serve()
    found = Everything(server.url)
    yield found
    found.client.close()
    assert server.stop() == 0


def call_models(everything: Everything, key: str) -> None:
    """Every surface, with own and hosted credentials, whole and streamed, in every way in which the plugin fails."""
    for model in ("sieve/chat", "sieve/lent"):
        for how in HOW:
            said = [{"role": "user", "content": f"{how}: {PROMPT}"}]
            for stream in (False, True):
                body = {"model": model, "messages": said, "stream": stream}
                answer = everything.ask("POST", "/v1/chat/completions", key, json=body)
                if how == "fine" and not stream:
                    assert answer.headers["x-jackfield-credential"] == ("own" if model == "sieve/chat" else "hosted")
                everything.ask("POST", "/v1/messages", key, json=body | {"max_tokens": 9})
            everything.ask("POST", "/v1/responses", key, json={"model": model, "input": f"{how}: {PROMPT}"})
            everything.ask("POST", "/v1/completions", key, json={"model": model, "prompt": f"{how}: {PROMPT}"})
            everything.ask("POST", "/v1/assist/title", key, json={"model": model, "messages": said})
        everything.ask("POST", "/v1/embeddings", key, json={"model": model, "input": PROMPT})
        everything.ask("POST", "/v1/rerank", key, json={"model": model, "query": PROMPT, "documents": [PROMPT]})
        everything.ask("POST", "/v1/moderations", key, json={"model": model, "input": PROMPT})
        everything.ask("POST", "/v1/audio/speech", key, json={"model": model, "input": PROMPT, "voice": "x"})
        files = {"file": ("a.wav", PROMPT.encode()), "model": (None, model)}
        everything.ask("POST", "/v1/audio/transcriptions", key, files=files)
    everything.ask("GET", "/v1/models", key)
    everything.ask("POST", "/v1/chat/completions", f"{key}x", json={})
    everything.ask("GET", "/metrics", METRICS)
    everything.ask("GET", f"/nowhere?key={OWN}")


def administer(everything: Everything, key: str, workspace: str) -> None:
    """Every route of the admin API, and those that take secrets in every way in which they fail."""
    here = f"/api/workspaces/{workspace}"
    made = everything.ask(
        "POST", f"{here}/providers/sieve/credentials", key, json={"values": {"api_key": OWN}, "name": "own"}
    ).json()
    for how in ("vendor", "refused", "chain", "crash", "describe", 7):
        values = {"api_key": UNSAVED, "how": how}
        for body in ({"values": values}, {"values": values, "save_anyway": True, "name": "saved anyway"}):
            everything.ask("POST", f"{here}/providers/sieve/credentials", key, json=body)
            everything.ask("PATCH", f"{here}/credentials/{made['id']}", key, json={"values": values})
            everything.ask("POST", f"{here}/providers/sieve/models", key, json={**body, "model": "added", "type": "llm"})
        everything.ask("POST", f"{here}/providers/sieve/live-models", key, json={"values": values})
    everything.ask("PATCH", f"{here}/credentials/{made['id']}", key, json={"values": {"api_key": OWN, "how": ""}})
    everything.ask("POST", f"{here}/providers/sieve/live-models", key, json={})
    for how in HOW:
        everything.ask("POST", f"{here}/try", key, json={"model": "sieve/chat", "type": "llm", "text": how})
    for email, password in ((PASSWORD, [PASSWORD]), ("ada@example.org", f"{PASSWORD}x")):
        everything.ask("POST", "/api/sign-in", json={"email": email, "password": password})
    # Every route there is, with nothing and with a secret where none belongs.
    document = everything.ask("GET", "/api/openapi.json").json()
    names = {"workspace": workspace, "credential": made["id"], "provider": "sieve", "type": "llm", "model": "chat"}
    others = {"key": "0" * 32, "person": "0" * 32, "name": "none", "period": "day", "unit": "USD"}
    for path, methods in document["paths"].items():
        for method in methods:
            if method == "delete" and "credential" in path:
                continue  # which is still to be called with
            for wrong in (None, {"api_key": OWN, "values": {"api_key": {"x": OWN}}, "password": PASSWORD, "role": PASSWORD}):
                everything.ask(method.upper(), path.format(**names, **others), key, json=wrong)
    everything.ask("PUT", f"{here}/providers/sieve/preference", key, json={"hosted_first": True})


def test_no_secret_is_in_any_output(everything: Everything, jackfield: Jackfield, tmp_path: Path) -> None:
    everything.run(jackfield, "members", "add", "ada@example.org", "--role", "owner", stdin=f"{PASSWORD}\n")
    key = jackfield("keys", "create", "canary", "--role", "owner").out.strip()
    session = everything.client.post("/api/sign-in", json={"email": "ada@example.org", "password": PASSWORD}).json()["token"]
    workspace = everything.ask("GET", "/api/me", session).json()["workspaces"][0]["id"]
    administer(everything, key, workspace)
    assert everything.ask("GET", "/v1/models", key).status_code == 200
    call_models(everything, key)
    for arguments in (
        ("models", "try", "sieve/chat", "--text", "crash"),
        ("chat", "-m", "sieve/chat", "chain"),
        ("credentials", "add", "sieve", "--set", f"api_key={UNSAVED}", "--set", "how=crash"),
        ("credentials", "list", "--json"),
        ("credentials", "check", "own"),
        *((name, "--json") for name in ("providers", "models", "plugins", "doctor", "quota", "usage", "audit")),
        ("keys", "list", "--json"),
        ("usage", "--csv"),
    ):
        everything.run(jackfield, *arguments)
    statuses = [where.rsplit(" ", 1)[1] for where, _ in everything.heard]
    assert {"500", "503", "502", "422", "400", "404", "200"} <= set(statuses)  # it was trodden on in every way

    secrets = {name: globals()[name] for name in ("OWN", "UNSAVED", "HOSTED", "PASSWORD", "PROXY", "METRICS")}
    secrets |= {"key": key, "session": session, "master": base64.b64encode(MASTER).decode(), "raw master": MASTER.decode()}
    secrets["proxy header"] = base64.b64encode(f"someone:{PROXY}".encode()).decode()
    found = [(name, where, text) for where, text in everything.heard for name, secret in secrets.items() if secret in text]
    assert found == []
    # What is written down: the log, the database with what is not yet in it, the journal.
    files = [tmp_path / "log", *(path for path in (tmp_path / "data").rglob("*") if path.is_file())]
    assert any(path.name == "jackfield.db" for path in files)
    for path in files:
        content = path.read_bytes()
        assert [name for name, secret in secrets.items() if secret.encode() in content] == [], path.name
    log = (tmp_path / "log").read_text("utf-8")
    assert PROMPT not in log
    assert "Traceback" in log
    assert "cannot go on with" in log
    assert all(json.loads(line) for line in log.splitlines() if line.startswith("{"))
