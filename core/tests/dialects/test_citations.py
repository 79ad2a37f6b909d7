"""Citations in the forms that clients read."""

from __future__ import annotations

from typing import Any

from jackfield.dialects.citations import for_chat, for_messages, for_responses

COHERE: dict[str, Any] = {
    "start": 5,
    "end": 12,
    "text": "penguin",
    "sources": [
        {"type": "document", "id": "doc:0", "document": {"title": "Tall penguins", "url": "https://birds.example/tall"}},
        {"type": "document", "id": "doc:1", "document": {"snippet": "no address"}},
        {"type": "tool", "id": "search:0", "tool_output": {"url": "https://birds.example/tool"}},
        "nonsense",
    ],
    "type": "TEXT_CONTENT",
}


def test_coheres_documents_with_an_address_are_cited_as_pages() -> None:
    page = {"title": "Tall penguins", "url": "https://birds.example/tall", "start_index": 5, "end_index": 12}
    assert for_chat([COHERE], 0, 100) == [{"type": "url_citation", "url_citation": page}]
    assert for_responses([COHERE], 0, 100) == [{"type": "url_citation", **page}]
    assert for_messages([COHERE]) == []


def test_citations_of_other_dialects_are_told_by_where_they_stand() -> None:
    found = {"type": "web_search_result_location", "url": "https://a.example", "title": None, "cited_text": "x"}
    assert for_chat([found], 3, 9)[0]["url_citation"] == {
        "start_index": 3,
        "end_index": 9,
        "title": "",
        "url": "https://a.example",
    }
    file = {"type": "file_citation", "file_id": "f", "index": 0}
    assert for_responses([file], 0, 1) == [file]
    assert for_chat([file], 0, 1) == []
