"""Key pairs that the tests of one process share: making one takes a second."""

from __future__ import annotations

import pytest
from jackfield.vault import KeyPair, MasterKey, MasterKeyring


@pytest.fixture(scope="session")
def pair() -> KeyPair:
    return KeyPair.generate("red", bits=2048)


@pytest.fixture(scope="session")
def other_pair() -> KeyPair:
    return KeyPair.generate("blue", bits=2048)


@pytest.fixture
def ring() -> MasterKeyring:
    return MasterKeyring(MasterKey.generate())
