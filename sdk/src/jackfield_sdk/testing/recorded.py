"""A request as the vendor's double got it."""

from __future__ import annotations

import email.parser
import email.policy
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson


@dataclass(frozen=True, slots=True)
class FormFile:
    """A file in a multipart form."""

    name: str
    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """:param url: the whole address that was asked for: the vendor's own, though the double answered
    :param headers: by lower-case names
    """

    method: str
    url: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def host(self) -> str:
        """The host of the address."""
        return urlsplit(self.url).netloc

    @property
    def path(self) -> str:
        """The path of the address, decoded."""
        return unquote(urlsplit(self.url).path)

    @property
    def query(self) -> dict[str, str]:
        """The query of the address."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return orjson.loads(self.body)

    @property
    def form(self) -> dict[str, str | list[str] | FormFile]:
        """The body as a form, multipart or urlencoded; a member that stands there twice is a list."""
        kind = self.headers.get("content-type", "")
        if not kind.startswith("multipart/"):
            return dict(parse_qsl(self.body.decode(), keep_blank_values=True))
        head = f"content-type: {kind}\r\n\r\n".encode()
        message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + self.body)
        members: dict[str, str | list[str] | FormFile] = {}
        for part in message.iter_parts():
            name = str(part.get_param("name", header="content-disposition"))
            data = part.get_payload(decode=True)
            assert isinstance(data, bytes)
            file_name = part.get_filename()
            if file_name is not None:
                members[name] = FormFile(file_name, part.get_content_type(), data)
                continue
            before = members.get(name)
            text = data.decode()
            members[name] = text if before is None else [*(before if isinstance(before, list) else [str(before)]), text]
        return members
