"""Bodies with another model in them: equal to the re-encoded one in meaning, to the client's in everything else."""

from __future__ import annotations

import itertools
import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.host.splicing import UsageWithheld, asks_for_usage, with_model, with_usage_asked

_words = st.sampled_from(["model", '"model', 'model"', '\\"model"', "model\\", "mo\u0064el", "x", "é", '{"model":"a"}', ""])
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | _words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words, inner, max_size=3),
    max_leaves=8,
)
_escape = st.sampled_from(["model", "mod\\u0065l", "\\u006dodel", "mo\\u0064el"])


@given(
    members=st.dictionaries(_words.filter(lambda w: w != "model"), _json, max_size=4),
    old=_words,
    new=_words,
    at=st.integers(0, 4),
    spelled=_escape,
    ascii_only=st.booleans(),
    spaced=st.booleans(),
)
def test_a_splice_changes_the_model_and_nothing_else(
    members: dict[str, Any], old: str, new: str, at: int, spelled: str, ascii_only: bool, spaced: bool
) -> None:
    items = list(members.items())
    items.insert(at, ("model", old))
    separators = (" ,\n", " : ") if spaced else (",", ":")
    parts = [
        (f'"{spelled}"' if name == "model" else json.dumps(name, ensure_ascii=ascii_only))
        + separators[1]
        + json.dumps(value, ensure_ascii=ascii_only, separators=separators)
        for name, value in items
    ]
    raw = ("{" + separators[0].join(parts) + "}").encode()
    body = orjson.loads(raw)
    changed = orjson.loads(with_model(raw, body, new))
    assert changed == {**body, "model": new}
    assert list(changed) == list(body)


def test_what_python_cannot_hold_passes_untouched() -> None:
    raw = b'{ "big":123456789012345678901234567890, "messages":[{"content":"a \\"model\\" is"}], "model" : "p/a", "n":1.0e2}'
    assert with_model(raw, orjson.loads(raw), "a") == raw.replace(b'"p/a"', b'"a"')


@pytest.mark.parametrize(
    "raw", [b'{"model":"a"}', b' \n{ "model":"a","stream_options":null}', b'{"stream_options":{"x":1},"model":"a"}']
)
def test_usage_is_asked_for_beside_what_the_client_asked(raw: bytes) -> None:
    body = orjson.loads(raw)
    assert not asks_for_usage(body)
    asked = orjson.loads(with_usage_asked(raw, body))
    assert asks_for_usage(asked)
    assert asked.pop("stream_options") == {**(body.pop("stream_options", None) or {}), "include_usage": True}
    assert asked == body


def test_wrong_stream_options_are_left_to_the_vendor() -> None:
    raw = b'{"model":"a","stream_options":[1]}'
    assert with_usage_asked(raw, orjson.loads(raw)) == raw


CONTENT = b'data: {"id":"1","choices":[{"delta":{"content":"\\"choices\\":[] \\"usage\\""}}],"usage":null}'
FILTER = b'data: {"id":"1","choices":[],"prompt_filter_results":[],"usage":null}'
USAGE = b'data: {"id":"1","choices":[],"usage":{"prompt_tokens":1}}'


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
@given(cuts=st.lists(st.integers(0, 400), max_size=8))
def test_only_the_usage_chunk_is_withheld_however_the_stream_is_cut(newline: bytes, cuts: list[int]) -> None:
    events = [FILTER, CONTENT, b": comment", CONTENT, USAGE, b"data: [DONE]"]
    stream = b"".join(event + 2 * newline for event in events)
    points = [0, *sorted(cuts), len(stream)]
    withheld = UsageWithheld()
    out = b"".join(withheld.feed(stream[a:b]) for a, b in itertools.pairwise(points)) + withheld.end()
    assert out == stream.replace(USAGE + 2 * newline, b"")


def test_a_broken_end_is_passed_on_as_it_is() -> None:
    withheld = UsageWithheld()
    assert withheld.feed(CONTENT + b"\n\n" + b'data: {"cho') == CONTENT + b"\n\n"
    assert withheld.end() == b'data: {"cho'
