"""Files that go along with a message."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from pathlib import Path

from jackfield.contract import AudioPart, BadRequest, Blob, FilePart, ImagePart, Message, TextPart, VideoPart


def attach(message: Message, files: Sequence[Path]) -> Message:
    """The message with the files before its text, each as the part that its media type asks for.

    :raises BadRequest: for a file that cannot be read
    """
    parts = [_part(path) for path in files]
    return Message(message.role, [*parts, *message.parts], message.name)


def _part(path: Path) -> ImagePart | AudioPart | VideoPart | FilePart | TextPart:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadRequest(f"{path} cannot be read: {error.strerror}.", param="attach") from error
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    blob = Blob(data=data, media_type=media_type, name=path.name)
    kind = media_type.partition("/")[0]
    if kind == "image":
        return ImagePart(blob)
    if kind == "audio":
        return AudioPart(blob)
    if kind == "video":
        return VideoPart(blob)
    if kind == "text" or media_type in ("application/json", "application/xml", "application/toml", "application/yaml"):
        try:
            return TextPart(f"{path.name}:\n\n{data.decode()}\n\n")
        except UnicodeDecodeError:
            pass
    return FilePart(blob, title=path.name)
