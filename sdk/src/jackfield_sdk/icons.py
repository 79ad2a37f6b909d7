"""Whether an icon is a picture that a console can show: well-formed, self-contained, without scripts, and small."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal
from xml.etree import ElementTree as ET

MAX_BYTES: Final = 16 * 1024
_FORBIDDEN: Final = frozenset({"script", "foreignObject", "image", "use", "iframe", "a", "animate", "set", "style"})
_LEADS_ELSEWHERE: Final = re.compile(r"url\((?!#)|javascript:|https?://")

Fault = Literal["size", "xml", "viewbox", "active", "reference"]


@dataclass(frozen=True, slots=True)
class IconFault:
    """What is wrong with an icon.

    :param near: a piece of the text that stands where the fault is; empty for the whole
    """

    kind: Fault
    says: str
    near: str = ""


def icon_faults(icon: str) -> list[IconFault]:
    """All that is wrong with an SVG document; empty for a good one."""
    if len(icon.encode()) > MAX_BYTES:
        return [IconFault("size", f"the icon is larger than {MAX_BYTES >> 10} KiB")]
    for declaration in ("<!DOCTYPE", "<!ENTITY"):
        if declaration in icon:
            return [IconFault("xml", "the icon declares a document type", declaration)]
    try:
        root = ET.fromstring(icon)  # noqa: S314 - no document type, so nothing to expand
    except ET.ParseError as error:
        return [IconFault("xml", f"the icon is no XML: {error}")]
    if root.tag != "{http://www.w3.org/2000/svg}svg":
        return [IconFault("xml", f"the icon is a {root.tag}, not an SVG")]
    faults = [fault for element in root.iter() for fault in _faults_of(element)]
    if not root.get("viewBox"):
        faults.insert(0, IconFault("viewbox", "the icon has no viewBox, so it cannot be drawn in any size", "<svg"))
    return faults


def _faults_of(element: ET.Element) -> Iterator[IconFault]:
    tag = str(element.tag).rpartition("}")[2]
    if tag in _FORBIDDEN:
        yield IconFault("active", f"the icon holds a <{tag}>", f"<{tag}")
    for name, value in element.attrib.items():
        plain = name.rpartition("}")[2]
        if plain.lower().startswith("on"):
            yield IconFault("active", f"the icon has a handler: {plain}", plain)
        elif plain in ("href", "style"):
            yield IconFault("reference", f"the icon has the attribute {plain}", plain)
        elif _LEADS_ELSEWHERE.search(value):
            yield IconFault("reference", f"the icon leads elsewhere: {plain}={value!r}", value)
