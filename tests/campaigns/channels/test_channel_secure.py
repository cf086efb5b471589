"""SMTP over TLS and with a password, against a server that insists on both."""

import datetime as dt
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from campaigns.channels.base import Accepted, Unreachable
from campaigns.channels.email import SmtpChannel
from campaigns.channels.smtp import Server
from tests.campaigns.channels.test_channel import mail, sent
from tests.campaigns.factories import CountingServer, _free_port


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of `localhost`, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = ssl.create_default_context
    monkeypatch.setattr(ssl, "create_default_context", lambda: usual(cafile=str(certificate)))


def check(_server: Any, _session: Any, _envelope: Any, _how: str, given: Any) -> AuthResult:
    right = LoginPassword(b"shop", b"right")
    return AuthResult(success=given == right, handled=False)


@pytest.fixture(params=["PLAIN", "LOGIN"])
def server(certificate: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    controller = Controller(
        CountingServer(),
        hostname="localhost",
        port=_free_port(),
        tls_context=context,
        require_starttls=True,
        authenticator=check,
        auth_required=True,
        auth_exclude_mechanism=[{"PLAIN": "LOGIN", "LOGIN": "PLAIN"}[request.param]],
    )
    controller.start()
    yield Server("localhost", controller.port, "shop", "right", starttls=True, timeout=5)
    controller.stop()


def test_it_is_made_secure_before_the_password_is_said(server: Server, trusted: None) -> None:
    channel = SmtpChannel(server, connections=2)
    assert sent(channel, [mail(1), mail(2), mail(3)]) == [Accepted()] * 3
    channel.close()


def test_a_server_that_nobody_vouches_for_hears_no_password(server: Server) -> None:
    channel = SmtpChannel(server)
    with pytest.raises(Unreachable, match="certificate"):
        channel.connect()
    channel.close()


def test_a_wrong_password_is_said_in_the_servers_words(server: Server, trusted: None) -> None:
    channel = SmtpChannel(Server(server.host, server.port, "shop", "wrong", True, timeout=5))
    with pytest.raises(Unreachable, match="535"):
        channel.connect()
    channel.close()
