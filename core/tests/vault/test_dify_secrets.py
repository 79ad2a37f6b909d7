"""Secrets made by Dify's published scheme (api/libs/rsa.py), opened."""

from __future__ import annotations

import base64
import json

import pytest
from Crypto.Cipher import AES, PKCS1_OAEP
from Crypto.Hash import SHA256
from Crypto.Protocol.KDF import HKDF
from Crypto.PublicKey import RSA
from Crypto.Random import get_random_bytes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jackfield.vault import SealBroken
from jackfield.vault.dify import DifyKey, looks_sealed

# One tenant's key pair and a secret sealed under it, fixed, so that the format can never drift with this code.
P = int(
    "d5fc93a8c32d58a84201b558eb233c1867d9abbeb39e8f5850d8f6cfe91211b50b3f5676a19a259da46e423259aa1441b373"
    "822faa8aba0c0829bae2b6a68835992dd7310ec77d3d49fc1fbb6f5fe4cae45f29dd28bb06822c6be1833015aa4f727d9f36"
    "6f8136eb6ff01378a760c5aecb6874e1a5ed3a88ed65a46602807d1d",
    16,
)
Q = int(
    "dbc25b6b663b0d09908fac9622ae949bec6e9be94c7f2ac7d89578b639143b7568e37f06e6f1e4005f5ec2f4e13ef7e83ce1"
    "929666300db500955e345e5a1d096c83ca35f24277d8fadd5574d5cb6356ddb552d6c787142f832d1b12fb9619ca5b09ec89"
    "aca979f0c4dafd23c053e476e22c97cde02320e333a1c087c0b908f3",
    16,
)
KEY = RSA.construct((P * Q, 65537, pow(65537, -1, (P - 1) * (Q - 1)), P, Q))
SEALED = (
    "SFlCUklEOpC6QHg1fQisEy6CUtTKCniQbN16/CAXh/dPARJUy3QrzZMgTJP7urythh/evZ2nd3VC6HnDGgtWLKcgTM6YC11RdMI0VsxJ+9y2pt"
    "x9rUVAW95H02ml+HK6N/sCBS5UAtS8jP8lEsSjuUnewPyujdVU2TVTyoLnlXzuluem5g/WAechU4Bj2D4Up49dvGEterjZTYi8qDdkds1n7IGC"
    "keoa00cZTR9ab1kEk5RFE3Qao1I/vO4YHb+pTPwyeLrnR4QSBVfsKC90qNEZXvb0JDLe8e/nTD/5fb10BAZORTQLXAEvh7aEp3AZaNimkyvi24"
    "YoV5e6U85y6xnCYHRELWlIIjkO/hdO3RefiATButIGbsUxq28l1xVsLSDaZKTFhp+/RC1tOvWm+nlDJP+R6mr9uq8raTfAoGET0w=="
)
SECRET = "sk-dify-fixed-vector-日本"


@pytest.fixture(scope="session")
def tenant() -> RSA.RsaKey:
    return RSA.generate(2048)


def seal_hybrid(key: RSA.RsaKey, text: str) -> str:
    data_key = get_random_bytes(16)
    cipher = AES.new(data_key, AES.MODE_EAX)
    ciphertext, tag = cipher.encrypt_and_digest(text.encode())
    wrapped = PKCS1_OAEP.new(key.public_key()).encrypt(data_key)
    return base64.b64encode(b"HYBRID:" + wrapped + cipher.nonce + tag + ciphertext).decode()


def test_the_fixed_vector_opens() -> None:
    key = DifyKey(KEY.export_key())
    assert looks_sealed(SEALED)
    assert key.open(SEALED) == SECRET


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=400))
def test_any_text_opens(tenant: RSA.RsaKey, text: str) -> None:
    assert DifyKey(tenant.export_key()).open(seal_hybrid(tenant, text)) == text


def test_older_rows_open(tenant: RSA.RsaKey) -> None:
    sealed = base64.b64encode(PKCS1_OAEP.new(tenant.public_key()).encrypt(b"sk-old")).decode()
    key = DifyKey(tenant.export_key())
    assert looks_sealed(sealed)
    assert key.open(sealed) == "sk-old"


@pytest.mark.parametrize("value", ["", "sk-plain", "https://api.example.com/v1", "gpt-4", "AAAA", "SFlCUklE", "日本"])
def test_values_in_the_clear_are_told_apart(value: str, tenant: RSA.RsaKey) -> None:
    key = DifyKey(tenant.export_key())
    assert not looks_sealed(value)
    with pytest.raises(SealBroken):
        key.open(value)


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_any_changed_or_missing_byte_breaks_it(data: st.DataObject) -> None:
    raw = bytearray(base64.b64decode(SEALED))
    if data.draw(st.booleans()):
        raw = raw[: data.draw(st.integers(0, len(raw) - 1))]
    else:
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(SealBroken) as caught:
        DifyKey(KEY.export_key()).open(base64.b64encode(raw).decode())
    assert "sk-dify" not in str(caught.value.describe())


def test_another_tenants_key_does_not_open_it(tenant: RSA.RsaKey) -> None:
    with pytest.raises(SealBroken):
        DifyKey(tenant.export_key()).open(SEALED)


@pytest.mark.parametrize("content", [b"", b"rubbish", KEY.export_key()[:400], KEY.export_key().replace(b"A", b"B")])
def test_a_file_that_is_no_key_is_refused(content: bytes) -> None:
    with pytest.raises(SealBroken):
        DifyKey(content)


def test_a_public_key_is_refused(tenant: RSA.RsaKey) -> None:
    with pytest.raises(SealBroken):
        DifyKey(tenant.public_key().export_key())


def test_a_key_file_sealed_under_the_secret_key_opens_with_it(tenant: RSA.RsaKey) -> None:
    key = HKDF(b"difys-secret", 32, b"", SHA256, context=b"dify-tenant-privkey-at-rest-v1")
    assert isinstance(key, bytes)
    cipher = AES.new(key, AES.MODE_GCM)
    ciphertext, tag = cipher.encrypt_and_digest(tenant.export_key())
    content = b"ENCPK1:" + cipher.nonce + tag + ciphertext
    assert DifyKey(content, "difys-secret").open(seal_hybrid(tenant, "sk-1")) == "sk-1"
    for secret_key in (None, "", "another"):
        with pytest.raises(SealBroken) as caught:
            DifyKey(content, secret_key)
        assert "DIFY_SECRET_KEY" in caught.value.advice


def test_a_secret_of_a_key_service_is_named_as_such(tenant: RSA.RsaKey) -> None:
    metadata = json.dumps({"key_version": "1", "wrap_alg": "RSA-OAEP-256"}).encode()
    rest = get_random_bytes(256 + 16 + 16 + 20)
    data = b"HYBRID:\x01" + len(metadata).to_bytes(2, "big") + metadata + (256).to_bytes(2, "big") + rest
    with pytest.raises(SealBroken, match="key service"):
        DifyKey(tenant.export_key()).open(base64.b64encode(data).decode())
