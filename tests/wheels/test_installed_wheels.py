"""What is published installs, one by one and together, and a host outlives a plugin that goes away."""

from __future__ import annotations

import hashlib
import json
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest
from jackfield_sdk.testing import Answer, OpenAIAnswers, Said, VendorDouble

from .conftest import ROOT, UV, Environment, Wheels

COMMANDS = Path(__file__).with_name("commands.py")
KEY = "sk-canary-5f1d8a27c0b94e36"
Make = Callable[..., Environment]


def jackfield(environment: Environment, *commands: list[str], **variables: str) -> list[dict[str, Any]]:
    """Run commands in an environment."""
    told: list[dict[str, Any]] = json.loads(environment.run(COMMANDS, json.dumps(commands), **variables))
    return told


def test_each_plugin_stands_alone(wheels: Wheels, host: Environment, tmp_path: Path) -> None:
    """Beside the host and the SDK only: `jackfield plugins` shows it and nothing else, and its data is in the wheel."""
    folders = {name: tmp_path / name for name in wheels.plugins}
    for name, folder in folders.items():
        (wheel,) = wheels.ours.glob(f"{name.replace('-', '_')}-[0-9]*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
    assert {path.parent.name for path in (ROOT / "plugins").glob("*/pyproject.toml")} < {
        name.removeprefix("jackfield-") for name in folders
    }
    told = jackfield(host, *(["plugins", "--json", f"path:{folder}"] for folder in folders.values()))
    for name, one in zip(folders, told, strict=True):
        assert one["code"] == 0, one["err"]
        (record,) = json.loads(one["out"])
        assert (record["distribution"], record["state"], record["quarantine"]) == (name, "works", None)
        (package,) = folders[name].glob("jackfield_*[!o]")
        files = {path.name for path in package.iterdir()}
        assert {"py.typed", "icon.svg"} <= files, f"{name} has only {sorted(files)}"


def test_all_plugins_together(wheels: Wheels, tmp_path: Path) -> None:
    """pip's rules find them and what they need from nothing, and they all work."""
    made = Environment.create(tmp_path / "environment", wheels)
    made.install(*wheels.plugins)
    (listed, models) = jackfield(made, ["plugins", "--json"], ["models", "--json"])
    assert {record["distribution"]: record["state"] for record in json.loads(listed["out"])} == dict.fromkeys(
        wheels.plugins, "works"
    )
    assert models["code"] == 0, models["err"]


def test_a_plugin_that_goes_away(beside_host: Make, vendor: VendorDouble, tmp_path: Path) -> None:
    """The host works on, the sealed credential stays, and works again when the plugin is back."""
    data = f"--data-dir={tmp_path / 'data'}"
    answers = OpenAIAnswers()
    vendor.on("GET", "/models", answers.models_answer(["gpt-4o-mini"]) or Answer())
    vendor.answers(answers.llm_answer(Said(pieces=("I am back.",))))
    made = beside_host("jackfield-openai", "jackfield-anthropic")
    address = f"base_url={vendor.url}/v1"
    add = [data, "credentials", "add", "openai", "--name=mine", "--set", address, "--env", "api_key=CANARY", "--json"]
    (added,) = jackfield(made, add, CANARY=KEY)
    assert added["code"] == 0, added["err"]

    made.uninstall("jackfield-openai")
    chat = [data, "chat", "-m", "openai/gpt-4o-mini", "--no-stream", "hello"]
    listed, kept, failed = jackfield(made, ["plugins", "--json"], [data, "credentials", "list", "--json"], chat)
    assert [record["name"] for record in json.loads(listed["out"])] == ["anthropic"]
    (credential,) = json.loads(kept["out"])
    assert (credential["name"], credential["provider"]) == ("mine", "openai")
    assert KEY not in kept["out"]
    assert failed["code"] == 2, failed
    assert "openai" in failed["err"]

    made.install("--no-deps", "jackfield-openai")
    (answered,) = jackfield(made, chat)
    assert answered["out"].strip() == "I am back.", answered["err"]
    assert vendor.last.headers["authorization"] == f"Bearer {KEY}"


def test_the_example_through_the_gateway(beside_host: Make, vendor: VendorDouble, tmp_path: Path) -> None:
    """The guide's plugin, as a wheel in a clean environment beside the host's, called by OpenAI's own client."""
    vendor.on("GET", "/v1/models", Answer.json({"models": [{"name": "magpie-large"}]}))
    vendor.on("POST", "/v1/embed", Answer.json({"vectors": [[0.5, 0.25, 1.0]], "tokens": 3}))
    pieces = [{"text": "A "}, {"text": "silver spoon."}, {"finish": "done", "tokens": {"in": 9, "out": 5}}]
    vendor.on("POST", "/v1/chat", Answer.sse(pieces))
    made = beside_host("jackfield-magpie")
    data = f"--data-dir={tmp_path / 'data'}"
    add = [data, "credentials", "add", "magpie", "--set", f"base_url={vendor.url}", "--env", "api_key=CANARY"]
    added, key = jackfield(made, add, [data, "keys", "create", "tests", "--json"], CANARY=KEY)
    assert added["code"] == 0, added["err"]

    command = [str(made.python), "-m", "jackfield.cli", data, "serve", "--port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=made.variables) as serving:
        try:
            assert serving.stdout is not None
            address = next(line for line in serving.stdout if "serves at" in line).split()[-1]
            with openai.OpenAI(base_url=f"{address}/v1", api_key=json.loads(key["out"])["key"], max_retries=0) as client:
                stream = client.chat.completions.create(
                    model="magpie/magpie-large",
                    messages=[{"role": "user", "content": "Hello?"}],
                    stream=True,
                    stream_options={"include_usage": True},
                )
                chunks = list(stream)
                vectors = client.embeddings.create(model="magpie/magpie-embed", input="Hello?", encoding_format="float")
                with pytest.raises(openai.BadRequestError, match="tools"):
                    client.chat.completions.create(
                        model="magpie/magpie-large",
                        messages=[{"role": "user", "content": "Hello?"}],
                        tools=[{"type": "function", "function": {"name": "fly", "parameters": {}}}],
                    )
        finally:
            serving.terminate()
            serving.wait(30)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "A silver spoon."
    assert chunks[-1].usage is not None
    assert (chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens) == (9, 5)
    assert vectors.data[0].embedding == [0.5, 0.25, 1.0]
    asked = next(request for request in vendor.requests if request.path == "/v1/chat")
    assert asked.headers["x-api-key"] == KEY
    assert asked.json["turns"] == [{"role": "user", "text": "Hello?"}]


def test_the_sdk_as_it_is_installed(host: Environment, tmp_path: Path) -> None:
    """Its commands and templates are in the wheel, and need nothing of the tests' extra."""
    sdk, folder = ["-m", "jackfield_sdk.cli"], str(tmp_path / "plugin")
    assert "test_acme.py" in host.run(*sdk, "new", "acme", "--folder", folder)
    assert host.run(*sdk, "check", folder) == "Nothing is wrong.\n"
    with pytest.raises(AssertionError, match="pytest"):
        host.run("-c", "import jackfield_sdk.testing")


def test_a_bundle_installs_where_there_is_no_index(wheels: Wheels, beside_host: Make, tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    here = beside_host("jackfield-openai", "jackfield-anthropic")
    links = [f"--find-links={wheels.ours}", f"--find-links={wheels.others}"]
    (made,) = jackfield(here, ["plugins", "bundle", str(folder), "openai", "--no-index", *links, "--json"])
    assert made["code"] == 0, made["err"]
    names = {Path(file).name.partition("-")[0] for file in json.loads(made["out"])["wheels"]}
    assert {"jackfield", "jackfield_sdk", "jackfield_openai", "httpx"} <= names
    assert "jackfield_anthropic" not in names

    manifest = json.loads((folder / "bundle.json").read_text("utf-8"))
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.whl")}
    assert {wheel["file"]: wheel["sha256"] for wheel in manifest["wheels"]} == files
    assert manifest["requirements"][0].startswith("jackfield[server]==")
    there = Environment.create(tmp_path / "there", wheels)
    there.install("--require-hashes", "-r", str(folder / "requirements.txt"), links=[folder])
    (listed,) = jackfield(there, ["plugins", "--json"])
    assert [record["name"] for record in json.loads(listed["out"])] == ["openai"]


def test_the_page_of_providers_is_current() -> None:
    """`uv run jackfield plugins table > docs/providers.md` makes it so."""
    command = ["jackfield", "plugins", "table"]
    page = subprocess.run([UV, "run", "--no-sync", *command], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert (ROOT / "docs" / "providers.md").read_text("utf-8") == page, f"run `uv run {' '.join(command)} > docs/providers.md`"
