"""Where an answer that was grounded in a search has its statements from.

https://ai.google.dev/gemini-api/docs/google-search
"""

from __future__ import annotations

from typing import Any


def citations_of(metadata: object, text: str) -> list[dict[str, Any]]:
    """Citations of web pages as OpenAI's clients know them. Gemini counts in bytes, they in letters.

    :param text: all of the answer's text
    """
    if not isinstance(metadata, dict):
        return []
    pages = [one.get("web") if isinstance(one, dict) else None for one in _list(metadata.get("groundingChunks"))]
    encoded = text.encode()
    citations: list[dict[str, Any]] = []
    for support in _list(metadata.get("groundingSupports")):
        segment = support.get("segment") if isinstance(support, dict) else None
        if not isinstance(segment, dict):
            continue
        start, end = (_letters(encoded, segment.get(name)) for name in ("startIndex", "endIndex"))
        for number in _list(support.get("groundingChunkIndices")):
            page = pages[number] if isinstance(number, int) and 0 <= number < len(pages) else None
            if isinstance(page, dict) and isinstance(page.get("uri"), str):
                cited = {"url": page["uri"], "title": str(page.get("title") or ""), "start_index": start, "end_index": end}
                citations.append({"type": "url_citation", **cited})
    return citations


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _letters(encoded: bytes, index: object) -> int:
    return len(encoded[:index].decode(errors="ignore")) if isinstance(index, int) and index > 0 else 0
