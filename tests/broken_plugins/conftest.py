"""Distributions made on the spot, as an installer leaves them: a module and its `.dist-info` on the path."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

METADATA = """\
Metadata-Version: 2.4
Name: {name}
Version: 1.2.3
Summary: A plugin for a test
Author-email: "Ada Lovelace" <ada@example.org>
License-Expression: MIT
Project-URL: Homepage, https://example.org/{name}
"""

GOOD = """
from jackfield.contract import (
    CredentialForm, LLMResult, LocalizedText, Message, ModelDescription, ProviderDescription, StreamEnd,
    TextDelta, hookimpl,
)

@hookimpl
def jackfield_providers():
    return [ProviderDescription(
        id="{provider}", label=LocalizedText(en="{provider}"), model_types=["llm"], provision=["predefined"],
        provider_form=CredentialForm(), models=[ModelDescription(id="m", type="llm")],
    )]

@hookimpl
async def invoke_llm(request, context):
    async def events():
        yield TextDelta("{provider} says hello")
        yield StreamEnd("stop")

    if request.stream:
        return events()
    return LLMResult(message=Message.assistant("{provider} says hello"), finish_reason="stop")
"""


@dataclass(frozen=True)
class Site:
    """A folder of installed distributions, and a way to run Python with it."""

    path: Path

    def install(
        self, name: str, code: str | None, *, entry_point: str | None = None, metadata: str = METADATA, requires: str = ""
    ) -> None:
        """A distribution `name` whose module of the same name holds `code` (None: no module at all)."""
        module = name.replace("-", "_")
        if code is not None:
            (self.path / f"{module}.py").write_text(dedent(code), encoding="utf-8")
        info = self.path / f"{module}-1.2.3.dist-info"
        info.mkdir()
        text = metadata.format(name=name) + (f"Requires-Dist: {requires}\n" if requires else "")
        (info / "METADATA").write_text(text, encoding="utf-8")
        point = entry_point if entry_point is not None else f"{name.removeprefix('acme-')} = {module}"
        (info / "entry_points.txt").write_text(f"[jackfield.plugins]\n{point}\n", encoding="utf-8")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Python with these arguments, in an environment that has these distributions beside the workspace's own."""
        environment = os.environ | {
            "PYTHONPATH": str(self.path),
            # Compiled modules are shared by all these processes, wherever the environment has none.
            "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / f"jackfield-pycache-{os.getuid()}"),
            "JACKFIELD_DATA_DIR": str(self.path / "data"),
            "COLUMNS": "400",
        }
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        return subprocess.run(
            [sys.executable, *arguments],
            env=environment,
            cwd=self.path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def good() -> Callable[[str], str]:
    """The code of a plugin that works, for a provider of this id."""
    return lambda provider: GOOD.replace("{provider}", provider)
