"""Server-sent events: however the bytes are cut, the same events come out; no bytes break the decoder."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.contract import ServerUnavailable
from jackfield.dialects.sse import ServerSentEvent, ServerSentEventDecoder, encode

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), max_size=20)


def decode(pieces: list[bytes]) -> list[ServerSentEvent]:
    decoder = ServerSentEventDecoder()
    return [event for piece in pieces for event in decoder.feed(piece)] + list(decoder.close())


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


@given(
    st.lists(st.tuples(TEXT, st.lists(TEXT, min_size=1, max_size=3)), max_size=5),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
    st.lists(st.integers(0, 10_000), max_size=12),
)
def test_any_cut_gives_the_same_events(events: list[tuple[str, list[str]]], end: str, bom: bool, places: list[int]) -> None:
    text = "\ufeff" if bom else ""
    for name, lines in events:
        text += f": a comment{end}event: {name}{end}" + "".join(f"data: {line}{end}" for line in lines) + end
    expected = [ServerSentEvent("\n".join(lines), name or "message") for name, lines in events]
    assert decode(cut(text.encode(), places)) == expected


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_garbage_raises_nothing_and_does_not_depend_on_the_cut(data: bytes, places: list[int]) -> None:
    assert decode(cut(data, places)) == decode([data])


def test_an_event_that_never_ends_is_refused() -> None:
    decoder = ServerSentEventDecoder(max_event_bytes=100)
    with pytest.raises(ServerUnavailable):
        for _ in range(20):
            list(decoder.feed(b"data: 0123456789\n"))


def test_an_event_without_its_empty_line_is_dropped() -> None:
    assert decode([b"data: whole\n\ndata: cut"]) == [ServerSentEvent("whole")]


@given(TEXT.filter(bool), TEXT)
def test_what_is_encoded_is_decoded(data: str, name: str) -> None:
    name = name.strip()
    assert decode([encode(data.encode(), name or None)]) == [ServerSentEvent(data, name or "message")]
