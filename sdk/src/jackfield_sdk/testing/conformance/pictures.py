"""Whether an icon is a picture that a console can show: well-formed, self-contained, without scripts, and small."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

_FORBIDDEN = frozenset({"script", "foreignObject", "image", "use", "iframe", "a", "animate", "set", "style"})
MAX_BYTES = 16 * 1024


def check_icon(icon: str) -> None:
    """:raises AssertionError: saying what is wrong"""
    assert len(icon.encode()) <= MAX_BYTES, f"the icon is larger than {MAX_BYTES >> 10} KiB"
    assert "<!DOCTYPE" not in icon and "<!ENTITY" not in icon, "the icon declares a document type"  # noqa: PT018
    try:
        root = ET.fromstring(icon)  # noqa: S314 - no document type, so nothing to expand
    except ET.ParseError as error:
        raise AssertionError(f"the icon is no XML: {error}") from None
    assert root.tag == "{http://www.w3.org/2000/svg}svg", f"the icon is a {root.tag}, not an SVG"
    assert root.get("viewBox"), "the icon has no viewBox, so it cannot be drawn in any size"
    for element in root.iter():
        tag = str(element.tag).rpartition("}")[2]
        assert tag not in _FORBIDDEN, f"the icon holds a <{tag}>"
        for name, value in element.attrib.items():
            plain = name.rpartition("}")[2]
            assert not plain.lower().startswith("on"), f"the icon has a handler: {plain}"
            assert plain not in ("href", "style"), f"the icon has the attribute {plain}"
            assert not re.search(r"url\((?!#)|javascript:|https?://", value), f"the icon leads elsewhere: {plain}={value!r}"
