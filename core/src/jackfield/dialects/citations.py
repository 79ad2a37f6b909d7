"""Citations of web pages, which every dialect writes in its own way. The contract keeps them as they came.

- openai.chat: `{type: url_citation, url_citation: {url, title, start_index, end_index}}`
- openai.responses: `{type: url_citation, url, title, start_index, end_index}`
- anthropic.messages: `{type: web_search_result_location, url, title, cited_text, …}`; its other `…_location`s cite documents
- Cohere: `{start, end, text, sources: [{type, id, document: {url, title, …}}]}`, whose documents are the caller's own: one that
  has a `url` is cited by it (https://docs.cohere.com/v2/docs/rag-citations)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .counts import count, dicts, members


def for_chat(citations: Iterable[dict[str, Any]], start: int, end: int) -> list[dict[str, Any]]:
    """Those that chat has a form for. `start` and `end`: what is cited in the answer, where the citation does not say."""
    return [
        {"type": "url_citation", "url_citation": {name: value for name, value in one.items() if name != "type"}}
        for citation in citations
        for one in _flat(citation, start, end)
    ]


def for_responses(citations: Iterable[dict[str, Any]], start: int, end: int) -> list[dict[str, Any]]:
    """Those that responses has a form for: it cites files, too."""
    kept: list[dict[str, Any]] = []
    for citation in citations:
        ours = citation.get("type") in ("file_citation", "container_file_citation", "file_path")
        kept += [citation] if ours else _flat(citation, start, end)
    return kept


def for_messages(citations: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Anthropic's own: it checks the sealed part of each, which others do not have."""
    return [citation for citation in citations if str(citation.get("type", "")).endswith("_location")]


def _flat(citation: dict[str, Any], start: int, end: int) -> list[dict[str, Any]]:
    """As responses has it: one for each page that is cited."""
    if isinstance(citation.get("sources"), list):
        start, end = count(citation.get("start")), count(citation.get("end"))
        return [one for source in dicts(citation["sources"]) for one in _flat(_page(source), start, end)]
    inner = citation.get("url_citation")
    cited = members(inner) if isinstance(inner, dict) else citation
    if not isinstance(cited.get("url"), str):
        return []
    return [
        {
            "type": "url_citation",
            "start_index": count(cited.get("start_index")) if "start_index" in cited else start,
            "end_index": count(cited.get("end_index")) if "end_index" in cited else end,
            "title": str(cited.get("title") or ""),
            "url": cited["url"],
        }
    ]


def _page(source: dict[str, Any]) -> dict[str, Any]:
    document = members(source.get("document"))
    return {"url": document.get("url"), "title": document.get("title")}
