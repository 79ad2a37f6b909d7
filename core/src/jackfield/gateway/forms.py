"""Multipart forms (RFC 7578), read as they come: one file, and small members beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from jackfield.contract import BadRequest, Blob

_MAX_MEMBERS = 100
_MAX_MEMBER_BYTES = 1024 * 1024


@dataclass(slots=True)
class Form:
    """:param members: by name; those named `…[]` are lists, under the name without the brackets
    :param files: by name
    """

    members: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Blob] = field(default_factory=dict)


class _Reader:
    """The parser's callbacks."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._header = (bytearray(), bytearray())
        self._headers: dict[bytes, bytes] = {}
        self._data = bytearray()
        self._options: dict[bytes, bytes] = {}
        self._parts = 0
        self.ended = False

    def on_part_begin(self) -> None:
        self._parts += 1
        if self._parts > _MAX_MEMBERS:
            raise BadRequest(f"The form has more than {_MAX_MEMBERS} members.")
        self._headers = {}
        self._options = {}
        self._data = bytearray()

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header[0].extend(data[start:end])

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1].extend(data[start:end])

    def on_header_end(self) -> None:
        name, value = self._header
        self._headers[bytes(name).lower()] = bytes(value)
        self._header = (bytearray(), bytearray())

    def on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._options = options
        if not options.get(b"name"):
            raise BadRequest("A member of the form has no name.")

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._data += data[start:end]
        if b"filename" not in self._options and len(self._data) > _MAX_MEMBER_BYTES:
            raise BadRequest(f"`{self._name}` is too long.", param=self._name)

    @property
    def _name(self) -> str:
        return self._options[b"name"].decode("utf-8", "replace")

    def on_part_end(self) -> None:
        name = self._name
        if b"filename" in self._options:
            kind = self._headers.get(b"content-type")
            self._form.files[name] = Blob(
                data=bytes(self._data),
                name=self._options[b"filename"].decode("utf-8", "replace"),
                media_type=kind.decode("latin-1").split(";")[0].strip().lower() if kind else None,
            )
            return
        try:
            value = self._data.decode()
        except UnicodeDecodeError:
            raise BadRequest(f"`{name}` is not UTF-8.", param=name) from None
        if name.endswith("[]"):
            self._form.members.setdefault(name[:-2], []).append(value)
        else:
            self._form.members[name] = value

    def on_end(self) -> None:
        self.ended = True


async def read_form(content_type: bytes | None, pieces: AsyncIterator[bytes]) -> Form:
    """The form in a body.

    :raises BadRequest: if it is no multipart form, or breaks off
    """
    kind, options = parse_options_header(content_type or b"")
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise BadRequest(
            "The request must be a multipart form.", advice="Send `Content-Type: multipart/form-data` with its boundary."
        )
    form = Form()
    reader = _Reader(form)
    names = ("part_begin", "part_data", "part_end", "header_field", "header_value", "header_end", "headers_finished", "end")
    callbacks: Any = {f"on_{name}": getattr(reader, f"on_{name}") for name in names}
    parser = MultipartParser(boundary, callbacks)
    try:
        async for piece in pieces:
            parser.write(piece)
        parser.finalize()
    except MultipartParseError as error:
        raise BadRequest(f"The multipart form is broken: {error}.") from None
    if not reader.ended:
        raise BadRequest("The multipart form breaks off before its end.")
    return form
