"""One try of an event: names, addresses, certificates, and receivers that break the rules of HTTP."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gatewayd.webhooks import signature
from gatewayd.webhooks.engine.post import Poster
from gatewayd.webhooks.signature import Secret
from gatewayd.webhooks.verdict import Fate, Verdict
from tests.peers.receiver import OK, SECRET, Receiver, status

BODY = b'{"id":"msg_1","seq":1,"type":"test","at":"2026-11-23T12:00:00Z","data":{}}'


async def posted(poster: Poster, url: str, *, private: bool = True) -> Verdict:
    import time

    headers = signature.headers("msg_1", int(time.time()), BODY, [Secret(SECRET)])
    return await poster(url, headers, BODY, allow_private=private)


class Names:
    """A resolver that answers as it is told to, and remembers what it was asked."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as made:
        yield made


async def test_a_name_that_leads_somewhere_else_the_second_time_changes_nothing(receiver: Receiver) -> None:
    """DNS rebinding: a public answer for the judge, a private one for the connection. There is no second question."""
    names = Names(["192.0.2.1"], ["127.0.0.1"])
    poster = Poster(resolve=names, timeout_s=0.5)
    found = await posted(poster, f"http://rebind.example:{receiver.port}/hook?key=x%20y", private=False)
    assert found.reason == "address_forbidden"  # 192.0.2.1 is for documentation
    names = Names(["8.8.8.8"], ["127.0.0.1"])
    poster = Poster(resolve=names, timeout_s=0.5)
    found = await posted(poster, f"http://rebind.example:{receiver.port}/hook?key=x%20y", private=False)
    assert found.fate is Fate.AGAIN
    assert names.asked == [("rebind.example", receiver.port)]
    assert receiver.connections == 0
    await poster.close()


@pytest.mark.parametrize(
    "answer", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::1"], ["::ffff:127.0.0.1"], ["fe80::1"]]
)
async def test_a_private_address_is_not_even_connected_to(receiver: Receiver, answer: list[str]) -> None:
    poster = Poster(resolve=Names(answer), timeout_s=2)
    url = f"http://office.example:{receiver.port}/hook?key=x%20y"
    assert (await posted(poster, url, private=False)).reason == "address_forbidden"
    assert receiver.connections == 0
    await poster.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
async def test_however_this_machine_is_written(receiver: Receiver, host: str) -> None:
    poster = Poster(timeout_s=5)
    found = await posted(poster, f"http://{host}:{receiver.port}/hook?key=x%20y", private=False)
    assert found.reason == "address_forbidden"
    assert receiver.connections == 0
    await poster.close()


async def test_a_kept_connection_serves_and_is_not_shared_with_who_may_not(receiver: Receiver) -> None:
    poster = Poster(resolve=Names(["127.0.0.1"]), timeout_s=5)
    url = f"http://office.example:{receiver.port}/hook?key=x%20y"
    for _ in range(3):
        assert (await posted(poster, url)).fate is Fate.ACKNOWLEDGED
    assert receiver.connections == 1
    assert (await posted(poster, url, private=False)).reason == "address_forbidden"
    await poster.close()


async def test_a_kept_connection_that_is_closed_meanwhile_costs_no_try(receiver: Receiver) -> None:
    poster = Poster(timeout_s=5)
    assert (await posted(poster, receiver.url)).fate is Fate.ACKNOWLEDGED
    await receiver.close()
    await receiver.listen()
    assert (await posted(poster, receiver.url)).fate is Fate.ACKNOWLEDGED
    assert receiver.connections == 2
    await poster.close()


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"


@pytest.mark.parametrize(
    ("wire", "fate", "reason", "kept"),
    [
        (OK, Fate.ACKNOWLEDGED, None, True),
        (status(200, body=b"ok"), Fate.ACKNOWLEDGED, None, True),
        (CHUNKED, Fate.ACKNOWLEDGED, None, True),
        (INTERIM, Fate.ACKNOWLEDGED, None, True),
        (status(200, "Connection: close", body=b"ok"), Fate.ACKNOWLEDGED, None, False),
        (b"HTTP/1.0 200 OK\n\nok", Fate.ACKNOWLEDGED, None, False),
        (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok and garbage", Fate.ACKNOWLEDGED, None, True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", Fate.ACKNOWLEDGED, None, False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", Fate.ACKNOWLEDGED, None, False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n", Fate.ACKNOWLEDGED, None, False),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000, Fate.ACKNOWLEDGED, None, False),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Fate.AGAIN, "answer_unreadable", False),
        (b"HTTP/1.1 99 Low\r\n\r\n", Fate.AGAIN, "answer_unreadable", False),
        (b"HTTP/1.1 200 " + b"x" * 20_000 + b"\r\n\r\n", Fate.AGAIN, "answer_unreadable", False),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 20_000 + b"\r\n\r\n", Fate.AGAIN, "answer_unreadable", False),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", Fate.AGAIN, "answer_unreadable", False),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 9, Fate.AGAIN, "answer_unreadable", False),
        (b"", Fate.AGAIN, "connection_lost", False),
    ],
)
async def test_what_counts_is_the_status(wire: bytes, fate: Fate, reason: str | None, kept: bool) -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(wire)
        await writer.drain()
        if not kept:
            await asyncio.sleep(0.05)

    def keeps(event: dict[str, Any]) -> Any:
        return wire if wire.startswith(b"HTTP") and kept else answer

    async with Receiver(answer=keeps) as receiver:
        poster = Poster(timeout_s=5)
        for _ in range(2):
            found = await posted(poster, receiver.url)
            assert (found.fate, found.reason) == (fate, reason)
        await poster.close()
        if wire in (OK, CHUNKED, INTERIM):
            assert receiver.connections == 1
        if not kept:
            assert receiver.connections >= 2


async def test_somebody_silent_has_his_time_and_no_more() -> None:
    async def silent(_writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    async with Receiver(answer=lambda event: silent) as receiver:
        poster = Poster(timeout_s=0.3)
        assert (await posted(poster, receiver.url)).reason == "timeout"
        await poster.close()


async def test_nobody_there_and_no_such_name() -> None:
    poster = Poster(timeout_s=5)
    assert (await posted(poster, "http://127.0.0.1:1/")).reason == "connect_failed"
    assert (await posted(poster, "http://nobody.invalid/")).reason == "host_unknown"
    assert (await posted(Poster(resolve=Names([]), timeout_s=5), "http://a.example/")).reason == "host_unknown"
    await poster.close()


# ------------------------------------------------------------------------------------------------------------------ TLS


class Authority:
    """Issues certificates; `context` trusts it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "trial")])
        self._certificate = self._signed(self._name, self._key, (), authority=True)
        path = folder / "ca.pem"
        path.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))
        self.context = ssl.create_default_context(cafile=str(path))

    def _signed(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        names: Sequence[x509.GeneralName],
        *,
        authority: bool = False,
        days: int = 2,
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=9))
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self._key, hashes.SHA256())

    def server(self, *names: x509.GeneralName, days: int = 2) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
        path = self._folder / "server.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + self._signed(subject, key, names, days=days).public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(path)
        return context


async def test_a_certificate_is_asked_for_the_name_and_not_the_address(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with Receiver(context=authority.server(x509.DNSName("billing.example"))) as receiver:
        poster = Poster(resolve=Names(["127.0.0.1"]), context=authority.context, timeout_s=5)
        path = f":{receiver.port}/hook?key=x%20y"
        for _ in range(2):
            assert (await posted(poster, f"https://billing.example{path}")).fate is Fate.ACKNOWLEDGED
        assert receiver.connections == 1
        assert (await posted(poster, f"https://other.example{path}")).reason == "certificate_invalid"
        strangers = Poster(resolve=Names(["127.0.0.1"]), timeout_s=5)
        assert (await posted(strangers, f"https://billing.example{path}")).reason == "certificate_invalid"
        assert len(receiver.got) == 2
        await poster.close()
        await strangers.close()


async def test_a_certificate_that_is_over_and_one_of_an_address(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    poster = Poster(resolve=Names(["127.0.0.1"]), context=authority.context, timeout_s=5)
    async with Receiver(context=authority.server(x509.DNSName("billing.example"), days=-1)) as receiver:
        url = f"https://billing.example:{receiver.port}/hook?key=x%20y"
        assert (await posted(poster, url)).reason == "certificate_invalid"
    async with Receiver(context=authority.server(x509.IPAddress(ip_address("127.0.0.1")))) as receiver:
        url = f"https://127.0.0.1:{receiver.port}/hook?key=x%20y"
        assert (await posted(poster, url)).fate is Fate.ACKNOWLEDGED

    async def plain(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(plain, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert (await posted(poster, f"https://billing.example:{port}/")).reason == "tls_failed"
    await poster.close()
