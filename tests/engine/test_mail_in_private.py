"""Mail goes to a server that proves who it is, and to no other: a password least of all."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine import Settings
from engine.channels.mail import Mail, send_mail
from engine.channels.outcome import NotSent
from tests.engine.outside import HOST, post_office

LETTER = Mail("m-1", "lina@example.com", "新任务", "请办理", "zh", datetime(2026, 11, 2, 9, 30, tzinfo=UTC))
#: aiosmtpd sees STARTTLS only; the test looks at the connection itself.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
USER, PASSWORD = "guanjia@example.com", "a-mail-password"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two that sign themselves: one of this host, one of another."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificates")
    for name, alternative in (("here", f"IP:{HOST}"), ("elsewhere", "DNS:mail.example.com")):
        subprocess.run(
            [
                *(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
                *("-subj", "/CN=guanjia-test", "-addext", f"subjectAltName={alternative}"),
                *("-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem"),
            ],
            check=True,
            capture_output=True,
        )
    return folder


def shown_by(certificates: Path, name: str) -> ssl.SSLContext:
    """How a server proves that it is itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / f"{name}.pem", certificates / f"{name}.key")
    return context


@pytest.fixture
def trusted(certificates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As docs/how-to/send-messages.md says for an authority of one's own."""
    both = certificates / "both.pem"
    both.write_text("".join((certificates / f"{name}.pem").read_text() for name in ("here", "elsewhere")))
    monkeypatch.setenv("SSL_CERT_FILE", str(both))


@pytest.mark.parametrize(
    ("security", "from_the_start"), [("starttls", False), ("tls", True)], ids=["STARTTLS", "TLS"]
)
def test_a_letter_arrives_and_the_password_is_shown_in_private(
    certificates: Path, trusted: None, security: str, from_the_start: bool
) -> None:
    tls = shown_by(certificates, "here")
    with post_office(tls=tls, user=USER, password=PASSWORD, from_the_start=from_the_start) as office:
        send_mail(office.server(security=security, user=USER, password=PASSWORD), LETTER)
        assert [letter["To"] for letter in office.letters] == ["lina@example.com"]
        assert office.shown == [(USER.encode(), PASSWORD.encode())]
        assert not office.in_the_clear


@pytest.mark.parametrize(
    ("security", "from_the_start"), [("starttls", False), ("tls", True)], ids=["STARTTLS", "TLS"]
)
def test_nobody_vouches_for_the_server_and_it_gets_nothing(
    certificates: Path, security: str, from_the_start: bool
) -> None:
    tls = shown_by(certificates, "here")
    with post_office(tls=tls, user=USER, password=PASSWORD, from_the_start=from_the_start) as office:
        with pytest.raises(NotSent, match="certificate verify failed"):
            send_mail(office.server(security=security, user=USER, password=PASSWORD), LETTER)
        assert (office.letters, office.shown) == ([], [])


def test_a_certificate_of_another_host_is_none(certificates: Path, trusted: None) -> None:
    with post_office(tls=shown_by(certificates, "elsewhere"), user=USER, password=PASSWORD) as office:
        with pytest.raises(NotSent, match="IP address mismatch"):
            send_mail(office.server(security="starttls", user=USER, password=PASSWORD), LETTER)
        assert (office.letters, office.shown) == ([], [])


def test_a_server_without_starttls_is_shown_no_password() -> None:
    with post_office() as office:
        with pytest.raises(NotSent, match="does not offer"):
            send_mail(office.server(security="starttls", user=USER, password=PASSWORD), LETTER)
        assert (office.letters, office.shown) == ([], [])


def test_a_wrong_password_is_said_as_such(certificates: Path, trusted: None) -> None:
    with post_office(tls=shown_by(certificates, "here"), user=USER, password=PASSWORD) as office:
        with pytest.raises(NotSent, match="refused the user or password: 535"):
            send_mail(office.server(security="starttls", user=USER, password="another"), LETTER)
        assert office.letters == []


def test_privacy_is_what_is_asked_for_when_nothing_is_said() -> None:
    assert Settings().mail_security == "starttls"
