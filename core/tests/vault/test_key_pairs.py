"""Key pairs: at rest under a master key, bound to workspace and key."""

from __future__ import annotations

import base64
import pickle

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jackfield.vault import (
    BITS,
    KeyPair,
    MasterKey,
    MasterKeyRefused,
    MasterKeyring,
    Owner,
    SealBroken,
    master_key_id_of,
    relock,
)

OWNER = Owner("red", "openai", "c1")


def test_a_locked_pair_unlocks_and_opens_what_it_sealed(pair: KeyPair, ring: MasterKeyring) -> None:
    sealed = pair.seal(b"secret", OWNER)
    locked = pair.lock(ring.current)
    again = KeyPair.unlock(locked, pair.id, "red", ring)
    assert again.open(sealed, OWNER) == b"secret"
    assert again.public_pem == pair.public_pem
    assert master_key_id_of(locked) == ring.current.id
    assert locked != pair.lock(ring.current)


def test_the_private_key_is_nowhere_in_the_clear(pair: KeyPair, ring: MasterKeyring) -> None:
    locked = base64.b64decode(pair.lock(ring.current).split(".")[2])
    prime = pair.private.p.to_bytes(128, "big")
    assert prime in pair.private.export_key(format="DER", pkcs=1)
    assert prime not in locked
    assert str(pair.private.d) not in repr(pair)
    assert "n=" not in repr(pair)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_changed_or_missing_character_breaks_it(pair: KeyPair, data: st.DataObject) -> None:
    ring = MasterKeyring(MasterKey(bytes(32)))
    locked = pair.lock(ring.current)
    at = data.draw(st.integers(0, len(locked) - 1))
    new = data.draw(st.one_of(st.just(""), st.characters()).filter(lambda char: char != locked[at]))
    # A changed id of the master key is a key that the host was not given; all else is broken.
    with pytest.raises((SealBroken, MasterKeyRefused)):
        KeyPair.unlock(locked[:at] + new + locked[at + 1 :], pair.id, "red", ring)


@pytest.mark.parametrize("locked", ["", "jk1", "jk1..", "jk1.x.", "jk1.x.AAAA", "jk2.x." + "A" * 80, "é.é.é", "jk1.x.y.z"])
def test_rubbish_is_refused_cleanly(locked: str, ring: MasterKeyring) -> None:
    with pytest.raises(SealBroken):
        KeyPair.unlock(locked, "k", "w", ring)
    with pytest.raises(SealBroken):
        master_key_id_of(locked)


def test_a_pair_moved_to_another_workspace_or_name_does_not_unlock(pair: KeyPair, ring: MasterKeyring) -> None:
    locked = pair.lock(ring.current)
    for key_id, workspace in ((pair.id, "blue"), ("other", "red")):
        with pytest.raises(SealBroken):
            KeyPair.unlock(locked, key_id, workspace, ring)


def test_a_forged_master_key_id_does_not_unlock(pair: KeyPair) -> None:
    current, former = MasterKey.generate(), MasterKey.generate()
    locked = pair.lock(former).replace(former.id, current.id)
    with pytest.raises(SealBroken):
        KeyPair.unlock(locked, pair.id, "red", MasterKeyring(current, [former]))


def test_another_master_key_is_refused_by_its_name(pair: KeyPair, ring: MasterKeyring) -> None:
    other = MasterKey.generate()
    with pytest.raises(MasterKeyRefused) as caught:
        KeyPair.unlock(pair.lock(other), pair.id, "red", ring)
    assert other.id in caught.value.message
    assert ring.current.id in caught.value.message
    assert other.encode() not in str(caught.value.describe())
    with pytest.raises(MasterKeyRefused):
        ring.require([ring.current.id, other.id])
    ring.require([ring.current.id])


def test_relocking_puts_a_pair_under_the_current_key(pair: KeyPair) -> None:
    former, current = MasterKey.generate(), MasterKey.generate()
    ring = MasterKeyring(current, [former])
    moved = relock(pair.lock(former), pair.id, "red", ring)
    assert master_key_id_of(moved) == current.id
    alone = KeyPair.unlock(moved, pair.id, "red", MasterKeyring(current))
    assert alone.private == pair.private


def test_a_fresh_pair_is_as_strong_as_said() -> None:
    assert KeyPair.generate("w").private.size_in_bits() == BITS == 3072
    with pytest.raises(ValueError, match="2048"):
        KeyPair.generate("w", bits=1024)


def test_master_keys_hide_themselves() -> None:
    key = MasterKey.generate()
    for text in (repr(key), str(key), f"{key}", repr(MasterKeyring(key)), repr([key])):
        assert key.encode() not in text
        assert repr(key.material) not in text
        assert key.id in text
    assert pickle.loads(pickle.dumps(key)) == key
    with pytest.raises(MasterKeyRefused):
        MasterKey(b"short")
