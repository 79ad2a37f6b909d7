"""Tokens: their form, their checksum, their hash."""

from __future__ import annotations

import hashlib
import re

from hypothesis import given
from hypothesis import strategies as st
from jackfield.vault import hash_token, matches, new_api_key, new_session_token, shown_part, well_formed


def test_keys_have_their_form_and_no_two_are_alike() -> None:
    keys = {new_api_key() for _ in range(200)}
    assert len(keys) == 200
    assert all(re.fullmatch(r"jf-[0-9A-Za-z]{49}", key) and well_formed(key) for key in keys)
    assert len({new_session_token() for _ in range(200)}) == 200


@given(at=st.integers(0, 51), char=st.characters())
def test_a_mistyped_key_is_known_as_such(at: int, char: str) -> None:
    key = new_api_key()
    typed = key[:at] + char + key[at + 1 :]
    assert well_formed(typed) == (typed == key)


@given(text=st.text(st.characters(codec=None), max_size=80))
def test_anything_can_be_asked_about(text: str) -> None:
    assert not well_formed(text)
    assert not matches(text, hash_token(new_api_key()))
    assert matches(text, hash_token(text))


def test_what_is_stored_and_shown_gives_nothing_away() -> None:
    key = new_api_key()
    assert hash_token(key) == hashlib.sha256(key.encode()).hexdigest()
    assert shown_part(key) == key[:11] + "…"
    assert not matches(key, "")
    assert not matches(key, "é")
