"""The header of a GGUF file: enough of it to describe a model without loading it.

The format is that of https://github.com/ggml-org/ggml/blob/master/docs/gguf.md: magic, version, counts, then key-value
pairs; tensors follow. Nothing here trusts the file: every length is compared with the size of the file.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY = 8, 9
_MOST_PAIRS = 65_536

Value = int | float | bool | str


class NotGGUF(ValueError):
    """The file is not a GGUF file that can be read; the message is a sentence's end, for people."""


@dataclass(frozen=True, slots=True)
class Header:
    """:param values: the metadata; arrays are left out"""

    values: dict[str, Value] = field(default_factory=dict)

    @property
    def architecture(self) -> str:
        return str(self.values.get("general.architecture", ""))

    @property
    def name(self) -> str | None:
        name = self.values.get("general.name")
        return name if isinstance(name, str) and name else None

    @property
    def chat_template(self) -> str | None:
        template = self.values.get("tokenizer.chat_template")
        return template if isinstance(template, str) else None

    @property
    def context_length(self) -> int | None:
        """Tokens the model was trained for."""
        return self._number("context_length")

    @property
    def embedding_length(self) -> int | None:
        return self._number("embedding_length")

    @property
    def has_pooling(self) -> bool:
        """Whether the model says how token vectors become one of the text: so do embedding models, and only they."""
        return bool(self._number("pooling_type"))

    def _number(self, name: str) -> int | None:
        value = self.values.get(f"{self.architecture}.{name}")
        return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def read_header(path: Path) -> Header:
    """:raises NotGGUF: it is something else, or broken
    :raises OSError: it cannot be read
    """
    with path.open("rb") as file:
        reader = _Reader(file, path.stat().st_size)
        if reader.take(4) != MAGIC:
            raise NotGGUF("is not a GGUF file")
        version = reader.number("<I")
        if version not in _VERSIONS:
            raise NotGGUF(f"has version {version} of the GGUF format, which is not known here")
        reader.number("<Q")  # how many tensors there are
        count = reader.number("<Q")
        if count > _MOST_PAIRS:
            raise NotGGUF("is broken: its header says that it has more metadata than any model has")
        values: dict[str, Value] = {}
        for _ in range(count):
            key = reader.text()
            value = reader.value(reader.number("<I"))
            if value is not None:
                values[key] = value
    if not values.get("general.architecture"):
        raise NotGGUF("does not say which kind of model it is")
    return Header(values)


class _Reader:
    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._left = size

    def take(self, count: int) -> bytes:
        if count > self._left:
            raise NotGGUF("is cut short or broken")
        self._left -= count
        data = self._file.read(count)
        if len(data) != count:
            raise NotGGUF("is cut short or broken")
        return data

    def skip(self, count: int) -> None:
        if count > self._left:
            raise NotGGUF("is cut short or broken")
        self._left -= count
        self._file.seek(count, 1)

    def number(self, layout: str) -> int:
        value: int = struct.unpack(layout, self.take(struct.calcsize(layout)))[0]
        return value

    def text(self) -> str:
        return self.take(self.number("<Q")).decode(errors="replace")

    def value(self, kind: int) -> Value | None:
        """The value that comes next; None for an array, which is passed over."""
        if kind == _STRING:
            return self.text()
        if kind == _ARRAY:
            self._pass_over_array()
            return None
        if kind not in _SCALARS:
            raise NotGGUF("is broken: its metadata has a type that the format does not know")
        layout = _SCALARS[kind]
        value: Value = struct.unpack(layout, self.take(struct.calcsize(layout)))[0]
        return value

    def _pass_over_array(self) -> None:
        kind, count = self.number("<I"), self.number("<Q")
        if kind in _SCALARS:
            self.skip(count * struct.calcsize(_SCALARS[kind]))
        elif kind == _STRING:
            for _ in range(count):
                self.skip(self.number("<Q"))
        else:
            raise NotGGUF("is broken: its metadata has an array of arrays")
