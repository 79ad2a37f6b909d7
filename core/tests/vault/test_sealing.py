"""Sealed secrets: what was sealed opens for its owner, and for nothing else, whatever is done to the row."""

from __future__ import annotations

import base64

import pytest
from Crypto.Cipher import AES, PKCS1_OAEP
from Crypto.Hash import SHA1, SHA256
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jackfield.contract import HostFault
from jackfield.vault import KeyPair, Owner, SealBroken, key_id_of, open_sealed, seal

OWNER = Owner("red", "openai", "c1")
SECRET = b"sk-canary-of-the-vault"
# The fixtures are read only; one RSA operation takes milliseconds, and the machine may be busy.
PATIENT = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)

owners = st.builds(Owner, *(st.text(max_size=12) for _ in range(3)))


@settings(PATIENT, max_examples=25)
@given(plaintext=st.binary(max_size=3000), owner=owners)
def test_what_was_sealed_opens(pair: KeyPair, plaintext: bytes, owner: Owner) -> None:
    sealed = pair.seal(plaintext, owner)
    assert pair.open(sealed, owner) == plaintext
    assert key_id_of(sealed) == pair.id
    assert sealed.isascii()
    assert len(sealed.split()) == 1


def test_the_same_secret_never_looks_the_same(pair: KeyPair) -> None:
    assert pair.seal(SECRET, OWNER) != pair.seal(SECRET, OWNER)


@settings(PATIENT, max_examples=120)
@given(data=st.data())
def test_any_changed_character_breaks_it(pair: KeyPair, data: st.DataObject) -> None:
    sealed = pair.seal(SECRET, OWNER)
    at = data.draw(st.integers(0, len(sealed) - 1))
    new = data.draw(st.one_of(st.characters(), st.sampled_from("AZaz09-_.=+/ \n")).filter(lambda char: char != sealed[at]))
    with pytest.raises(SealBroken):
        pair.open(sealed[:at] + new + sealed[at + 1 :], OWNER)


@settings(PATIENT, max_examples=60)
@given(data=st.data())
def test_any_flipped_bit_of_any_part_breaks_it(pair: KeyPair, data: st.DataObject) -> None:
    parts = pair.seal(SECRET, OWNER).split(".")
    which = data.draw(st.integers(2, 5))
    raw = bytearray(base64.urlsafe_b64decode(parts[which] + "=="))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    parts[which] = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    with pytest.raises(SealBroken):
        pair.open(".".join(parts), OWNER)


@settings(PATIENT, max_examples=60)
@given(cut=st.integers(0, 10_000), tail=st.text(max_size=4))
def test_truncation_and_extension_break_it(pair: KeyPair, cut: int, tail: str) -> None:
    sealed = pair.seal(SECRET, OWNER)
    changed = sealed[: cut % len(sealed)]
    with pytest.raises(SealBroken):
        pair.open(changed, OWNER)
    if tail:
        with pytest.raises(SealBroken):
            pair.open(sealed + tail, OWNER)


@settings(PATIENT)
@given(text=st.text(max_size=200))
def test_rubbish_is_refused_cleanly(pair: KeyPair, text: str) -> None:
    with pytest.raises(SealBroken):
        pair.open(text, OWNER)
    with pytest.raises(SealBroken):
        key_id_of(text)


@settings(PATIENT, max_examples=60)
@given(one=owners, another=owners)
def test_a_row_copied_to_another_owner_does_not_open(pair: KeyPair, one: Owner, another: Owner) -> None:
    sealed = pair.seal(SECRET, one)
    if one == another:
        assert pair.open(sealed, another) == SECRET
    else:
        with pytest.raises(SealBroken):
            pair.open(sealed, another)


def test_owners_whose_names_run_together_are_not_mixed_up(pair: KeyPair) -> None:
    sealed = pair.seal(SECRET, Owner("a", "bc", "d"))
    for owner in (Owner("ab", "c", "d"), Owner("a", "b", "cd"), Owner("abcd", "", ""), Owner("a", "bcd", "")):
        with pytest.raises(SealBroken):
            pair.open(sealed, owner)


def test_parts_of_two_rows_do_not_make_a_third(pair: KeyPair) -> None:
    one, two = pair.seal(b"one", OWNER).split("."), pair.seal(b"two", OWNER).split(".")
    for at in range(2, 6):
        with pytest.raises(SealBroken):
            pair.open(".".join([*one[:at], two[at], *one[at + 1 :]]), OWNER)


def test_another_key_does_not_open_it(pair: KeyPair, other_pair: KeyPair) -> None:
    sealed = pair.seal(SECRET, OWNER)
    with pytest.raises(SealBroken):
        other_pair.open(sealed, OWNER)
    with pytest.raises(SealBroken):  # nor does the right one, under another's name
        pair.open(sealed.replace(pair.id, other_pair.id), OWNER)
    with pytest.raises(SealBroken):  # a public key opens nothing
        open_sealed(pair.public, sealed, OWNER)


def test_the_form_is_the_published_one(pair: KeyPair) -> None:
    """Opened here with nothing but the primitives that the module's docstring names."""
    version, key_id, *rest = seal(pair.public, pair.id, SECRET, OWNER).split(".")
    wrapped, nonce, tag, ciphertext = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in rest)
    assert (version, key_id, len(wrapped), len(nonce), len(tag)) == ("jf1", pair.id, 256, 12, 16)
    data_key = PKCS1_OAEP.new(pair.private, hashAlgo=SHA256).decrypt(wrapped)
    assert len(data_key) == 32
    cipher = AES.new(data_key, AES.MODE_GCM, nonce=nonce)
    cipher.update(f"jf1.{key_id}.".encode() + b"\0\0\0\x03red\0\0\0\x06openai\0\0\0\x02c1")
    assert cipher.decrypt_and_verify(ciphertext, tag) == SECRET
    with pytest.raises(ValueError):
        PKCS1_OAEP.new(pair.private, hashAlgo=SHA1).decrypt(wrapped)


def test_every_failure_reads_the_same_and_tells_nothing(pair: KeyPair, other_pair: KeyPair) -> None:
    sealed = pair.seal(SECRET, OWNER)
    parts = sealed.split(".")
    broken = [
        "",
        sealed[:-3],
        sealed.replace("jf1", "jf2"),
        ".".join([*parts[:2], "AAAA", *parts[3:]]),  # not RSA's length
        ".".join([*parts[:2], other_pair.seal(SECRET, OWNER).split(".")[2], *parts[3:]]),  # OAEP fails
        ".".join([*parts[:5], "AAAA"]),  # GCM fails
    ]
    errors = []
    for row in broken:
        with pytest.raises(SealBroken) as caught:
            pair.open(row, OWNER)
        errors.append(caught.value)
    with pytest.raises(SealBroken) as caught:
        pair.open(sealed, Owner("blue", "openai", "c1"))
    errors.append(caught.value)
    assert len({str(error.describe()) for error in errors}) == 1
    for error in errors:
        assert isinstance(error, HostFault)
        assert error.__cause__ is None
        assert error.__suppress_context__ or error.__context__ is None
        assert SECRET.decode() not in repr(error.describe())
