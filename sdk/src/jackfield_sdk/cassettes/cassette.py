"""The form of a cassette, read and written."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

VERSION: Final = 1


class CassetteError(Exception):
    """A file that is no cassette; the message names file and line."""


@dataclass(slots=True, kw_only=True)
class Exchange:
    """One request and its answer, both scrubbed."""

    method: str
    url: str
    request_headers: dict[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    status: int = 0
    response_headers: dict[str, str] = field(default_factory=dict)
    pieces: list[bytes] = field(default_factory=list, repr=False)


@dataclass(slots=True, kw_only=True)
class Cassette:
    """What was asked of a vendor, what it answered, and what the plugin made of it.

    :param probe: the call, by its name in `jackfield_sdk.probes`
    :param result: as `Probe.describe` told it when it was recorded
    """

    provider: str
    probe: str
    model: str | None
    model_type: str
    recorded_on: str
    exchanges: list[Exchange] = field(default_factory=list)
    result: Any = None

    def dump(self) -> str:
        """The file's text."""
        head = {"cassette": VERSION, "provider": self.provider, "probe": self.probe, "model": self.model}
        lines: list[dict[str, Any]] = [head | {"model_type": self.model_type, "recorded_on": self.recorded_on}]
        for one in self.exchanges:
            request = {"method": one.method, "url": one.url, "headers": one.request_headers}
            lines.append({"request": request | _packed("body", one.body)})
            lines.append({"response": {"status": one.status, "headers": one.response_headers}})
            lines += [_packed("piece", piece) for piece in one.pieces]
        lines.append({"result": self.result})
        return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)

    @classmethod
    def parse(cls, text: str, name: str = "cassette") -> Cassette:
        """:param name: how errors name the file
        :raises CassetteError: naming file and line
        """
        found: Cassette | None = None
        for number, line in enumerate(text.splitlines(), 1):
            try:
                entry = json.loads(line)
                if found is None:
                    found = cls._of_head(entry)
                else:
                    found.add(entry)
            except (ValueError, KeyError, TypeError, IndexError) as error:
                raise CassetteError(f"{name}:{number}: is no line of a cassette ({type(error).__name__}: {error})") from None
        if found is None or found.result is None:
            raise CassetteError(f"{name}: has no end: record it again")
        return found

    @classmethod
    def _of_head(cls, entry: dict[str, Any]) -> Cassette:
        if entry["cassette"] != VERSION:
            raise ValueError(f"version {entry['cassette']} is not known here")
        names = ("provider", "probe", "model", "model_type", "recorded_on")
        return cls(**{name: entry[name] for name in names})

    def add(self, entry: dict[str, Any]) -> None:
        """Take in a line after the head."""
        if "request" in entry:
            request = entry["request"]
            body = _unpacked("body", request)
            exchange = Exchange(method=request["method"], url=request["url"], request_headers=request["headers"], body=body)
            self.exchanges.append(exchange)
        elif "response" in entry:
            self.exchanges[-1].status = int(entry["response"]["status"])
            self.exchanges[-1].response_headers = dict(entry["response"]["headers"])
        elif "result" in entry:
            self.result = entry["result"]
        else:
            self.exchanges[-1].pieces.append(_unpacked("piece", entry))


def _packed(name: str, data: bytes) -> dict[str, str]:
    try:
        return {name: data.decode("utf-8")}
    except UnicodeDecodeError:
        return {f"{name}_base64": base64.b64encode(data).decode()}


def _unpacked(name: str, entry: dict[str, str]) -> bytes:
    return entry[name].encode() if name in entry else base64.b64decode(entry[f"{name}_base64"])


def load_cassettes(folder: Path) -> dict[str, Cassette]:
    """The cassettes of a folder, by their file's name without `.jsonl`.

    :raises CassetteError: for a file that is none
    """
    files = sorted(folder.glob("*.jsonl"))
    return {path.stem: Cassette.parse(path.read_text("utf-8"), path.name) for path in files}
