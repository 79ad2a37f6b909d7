"""Parts of messages that vendors are told in different ways."""

from __future__ import annotations

import pytest
from jackfield.contract import Blob, FilePart, ImagePart, TextPart, ToolResult

IMAGE = ImagePart(Blob(url="https://example.org/a.png"))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("no such file", "Error: no such file"),
        ("", "Error"),
        ("ERROR: no such file", "ERROR: no such file"),
        ([], [TextPart("Error")]),
        ([IMAGE], [TextPart("Error"), IMAGE]),
        (
            [IMAGE, TextPart("no", cache="5m"), TextPart("sorry")],
            [IMAGE, TextPart("Error: no", cache="5m"), TextPart("sorry")],
        ),
    ],
)
def test_a_failed_tool_says_so_in_its_text(
    content: str | list[TextPart | ImagePart | FilePart], told: str | list[TextPart | ImagePart | FilePart]
) -> None:
    answered = content if isinstance(content, str) else [*content]
    assert ToolResult("c1", answered, is_error=True).told == told
    assert ToolResult("c1", answered).told == content
