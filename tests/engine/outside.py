"""What is outside the house, for real: a mail server that takes letters, and a server that takes requests."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from engine.channels import MailServer

HOST = "127.0.0.1"
SENDER = "guanjia@office.example.com"


@dataclass
class PostOffice:
    """A mail server: what it took, and how it answers."""

    letters: list[EmailMessage] = field(default_factory=list)
    #: What it says to the next letters, before it takes any.
    refusals: list[str] = field(default_factory=list)
    port: int = 0
    #: (user, password) it was shown.
    shown: list[tuple[bytes, bytes]] = field(default_factory=list)
    #: It was shown one where everybody between could read it.
    in_the_clear: bool = False
    #: It hangs up in place of the answer to the next letter, which it took.
    hangs_up: bool = False

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a letter, or refuse it."""
        if self.refusals:
            return self.refusals.pop(0)
        assert isinstance(envelope.content, bytes)
        letter = message_from_bytes(envelope.content, policy=default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        if self.hangs_up:
            assert server.transport is not None
            server.transport.abort()
        return "250 OK"

    def server(self, **more: Any) -> MailServer:
        """How the house reaches it."""
        values = {"host": HOST, "port": self.port, "security": "none", "sender": SENDER, "timeout": 2.0}
        return MailServer(**{**values, **more})


def text_of(letter: EmailMessage) -> str:
    """What a letter says, as somebody reads it."""
    content: str = letter.get_content()
    return content.replace("\r\n", "\n").strip()


@contextmanager
def post_office(
    *,
    tls: ssl.SSLContext | None = None,
    user: str = "",
    password: str = "",
    from_the_start: bool = False,
) -> Iterator[PostOffice]:
    """A mail server on a free port; with ``user``, one that takes letters from nobody else.

    With ``tls`` it wants STARTTLS, or TLS ``from_the_start``.
    """
    office = PostOffice()

    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        office.shown.append((data.login, data.password))
        office.in_the_clear |= server.transport.get_extra_info("ssl_object") is None
        is_right = (data.login, data.password) == (user.encode(), password.encode())
        # Not handled: the server says itself that it refuses.
        return AuthResult(success=is_right, handled=False)

    controller = Controller(
        office,
        hostname=HOST,
        port=closed_port(),
        ssl_context=tls if from_the_start else None,
        tls_context=None if from_the_start else tls,
        require_starttls=tls is not None and not from_the_start,
        authenticator=authenticate if user else None,
        auth_required=bool(user),
        # It does not see that everything is private from the start.
        auth_require_tls=not from_the_start,
    )
    controller.start()
    try:
        office.port = controller.port
        yield office
    finally:
        controller.stop()


@dataclass
class Receiver:
    """A web server of somebody else: what it was sent, and how it answers."""

    port: int = 0
    #: (path, headers, body)
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    #: (status, body) of the next answers; after them, 200 and ``answer``.
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    answer: bytes = b"{}"
    #: It takes the next request and never answers.
    silent: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{HOST}:{self.port}"


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A web server on a free port."""
    found = Receiver()
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.requests.append((self.path, headers, body))
            if found.silent.is_set():
                over.wait(10)
                return
            status, said = found.answers.pop(0) if found.answers else (200, found.answer)
            self.send_response(status)
            if status in (301, 302, 307, 308):
                self.send_header("Location", f"{found.url}/elsewhere")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    found.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        server.shutdown()
        server.server_close()


def closed_port() -> int:
    """A port on which nobody listens."""
    server = ThreadingHTTPServer((HOST, 0), BaseHTTPRequestHandler)
    port: int = server.server_address[1]
    server.server_close()
    return port


@contextmanager
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says anything."""
    with socket.create_server((HOST, 0)) as listener:
        yield listener.getsockname()[1]
