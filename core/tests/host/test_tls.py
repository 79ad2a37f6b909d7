"""Secure connections: to who proves who it is, and to nobody else; on both faces."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from Crypto.Hash import SHA256
from Crypto.PublicKey import RSA
from Crypto.Signature import pkcs1_15
from Crypto.Util.asn1 import DerBitString, DerNull, DerObject, DerObjectId, DerOctetString, DerSequence, DerSetOf
from jackfield.contract import ConnectionFailed, HostFault
from jackfield.host.http import Outbound
from jackfield.host.settings import CallSettings, EgressSettings


def tagged(tag: int, content: bytes) -> DerObject:
    """A DER value of any type."""
    value = DerObject()
    value._tag_octet = tag  # what the library's own subclasses set
    value.payload = content
    return value


def certificate(key: RSA.RsaKey, address: bytes) -> bytes:
    """A certificate that signs itself (RFC 5280), good for an IPv4 address, as PEM."""
    algorithm = DerSequence([DerObjectId("1.2.840.113549.1.1.11"), DerNull()])
    common_name = DerSequence([DerObjectId("2.5.4.3"), tagged(0x0C, b"jackfield test")])
    name = DerSequence([DerSetOf([common_name.encode()])])
    validity = DerSequence([tagged(0x17, b"200101000000Z"), tagged(0x17, b"491231235959Z")])
    names = DerSequence([tagged(0x87, address)])
    authority = DerSequence([tagged(0x01, b"\xff")])
    extensions = DerSequence(
        [
            DerSequence([DerObjectId("2.5.29.17"), DerOctetString(names.encode())]),
            DerSequence([DerObjectId("2.5.29.19"), tagged(0x01, b"\xff"), DerOctetString(authority.encode())]),
        ]
    )
    public = tagged(0x30, DerSequence().decode(key.public_key().export_key("DER")).payload)
    parts: list[int | bytes | DerObject] = [
        tagged(0xA0, b"\x02\x01\x02"),
        1,
        algorithm,
        name,
        validity,
        name,
        public,
        tagged(0xA3, extensions.encode()),
    ]
    body = DerSequence(parts)
    signature = pkcs1_15.new(key).sign(SHA256.new(body.encode()))
    der = DerSequence([body, algorithm, DerBitString(signature)]).encode()
    return ssl.DER_cert_to_PEM_cert(der).encode()


@dataclass
class SecureVendor:
    url: str
    port: int
    certificates: Path


@pytest.fixture
async def secure(tmp_path: Path) -> AsyncIterator[SecureVendor]:
    key = RSA.generate(2048)
    (tmp_path / "key.pem").write_bytes(key.export_key())
    authority = tmp_path / "ca.pem"
    authority.write_bytes(certificate(key, bytes([127, 0, 0, 1])))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority, tmp_path / "key.pem")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = head.partition(b"content-length:")[2].split(b"\r\n")[0]
                body = await reader.readexactly(int(length or 0))
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    yield SecureVendor(f"https://127.0.0.1:{port}", port, authority)
    server.close()


async def test_an_authority_of_ones_own_is_trusted_on_both_faces(secure: SecureVendor) -> None:
    out = Outbound(EgressSettings(environment_proxy=False, ca_file=secure.certificates), CallSettings(connect_timeout=10))
    for _ in range(2):
        answer = await out.wire.send(secure.url, headers={}, body=b"hello", timeout=10)
        assert await answer.read() == b"hello"
    assert (await out.client.post(secure.url, content=b"hello")).content == b"hello"
    with pytest.raises(ConnectionFailed, match="secure connection"):
        await out.wire.send(f"https://localhost:{secure.port}", headers={}, body=b"", timeout=10)
    await out.close()


async def test_nobody_else_is(secure: SecureVendor) -> None:
    out = Outbound(EgressSettings(environment_proxy=False), CallSettings(connect_timeout=10))
    with pytest.raises(ConnectionFailed, match="secure connection") as refused:
        await out.wire.send(secure.url, headers={"authorization": "CANARY"}, body=b"", timeout=10)
    assert not refused.value.retryable
    with pytest.raises(httpx.ConnectError):
        await out.client.post(secure.url)
    plain = secure.url.replace("https", "http")
    with pytest.raises(ConnectionFailed):
        await out.wire.send(plain, headers={}, body=b"", timeout=10)
    await out.close()


async def test_a_file_of_authorities_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    for name in ("empty.pem", "missing.pem"):
        with pytest.raises(HostFault, match=name):
            Outbound(EgressSettings(ca_file=tmp_path / name))
