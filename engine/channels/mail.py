"""Mail, over SMTP: with STARTTLS or TLS, never less than what the settings ask for.

The steps are taken one by one, so that it is known how far a failed one came: before the last dot of the
text nothing can have arrived, after it nobody knows.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, formataddr

from engine.channels.outcome import MayHaveArrived, NotSent

#: Seconds that one answer of a server may take.
TIMEOUT = 10.0
SECURITIES = ("starttls", "tls", "none")
_READY, _ACCEPTED, _PERMANENT = 354, 250, 500


@dataclass(frozen=True)
class MailServer:
    """Who takes our mail."""

    host: str
    port: int
    #: starttls, tls or none.
    security: str
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: float = TIMEOUT

    @property
    def domain(self) -> str:
        """The domain that our messages come from."""
        return self.sender.rpartition("@")[2] or "localhost"


@dataclass(frozen=True)
class Mail:
    """One message; ``id`` makes it the same one however often it is sent."""

    id: str
    to: str
    subject: str
    body: str
    language: str
    at: datetime
    name: str = ""


def written(server: MailServer, mail: Mail) -> EmailMessage:
    """The message as it travels."""
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"] = formataddr(("管家 Guanjia", server.sender))
    message["To"] = formataddr((mail.name, mail.to))
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.at)
    message["Message-ID"] = f"<{mail.id}@{server.domain}>"
    message["Content-Language"] = "en" if mail.language == "en" else "zh-CN"
    # No mailbox answers by itself to what was not written by a person (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body, charset="utf-8", cte="base64")
    return message


def send_mail(server: MailServer, mail: Mail) -> None:
    """Hand a message to the server; raises :class:`NotSent` or :class:`MayHaveArrived`."""
    content = re.sub(rb"(?m)^\.", b"..", written(server, mail).as_bytes())
    try:
        connection = _connected(server)
    except smtplib.SMTPNotSupportedError as error:
        raise NotSent(f"The mail server does not offer what is asked for: {error}") from error
    except smtplib.SMTPAuthenticationError as error:
        raise NotSent(f"The mail server refused the user or password: {error.smtp_code}") from error
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(f"The mail server cannot be reached: {_said(error)}") from error
    try:
        _hand_over(connection, server, mail, content)
    finally:
        connection.close()


def _connected(server: MailServer) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if server.security == "tls":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, timeout=server.timeout, context=context
        )
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
    try:
        connection.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            connection.starttls(context=context)
            connection.ehlo_or_helo_if_needed()
        if server.user:
            connection.login(server.user, server.password)
    except BaseException:
        connection.close()
        raise
    return connection


def _hand_over(connection: smtplib.SMTP, server: MailServer, mail: Mail, content: bytes) -> None:
    try:
        _require(connection.mail(server.sender))
        _require(connection.rcpt(mail.to))
        _require(connection.docmd("DATA"), _READY)
        connection.send(content)
        if not content.endswith(b"\r\n"):
            connection.send(b"\r\n")
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(f"The mail server went away: {_said(error)}") from error
    try:
        connection.send(b".\r\n")
        answer = connection.getreply()
    except (OSError, smtplib.SMTPException) as error:
        raise MayHaveArrived(f"The mail server did not say whether it took it: {_said(error)}") from error
    _require(answer)


def _require(answer: tuple[int, bytes], wanted: int = _ACCEPTED) -> None:
    code, said = answer
    if code == wanted or (wanted == _ACCEPTED and code == _ACCEPTED + 1):
        return
    text = said.decode("utf-8", "replace")[:300]
    raise NotSent(f"The mail server refused it: {code} {text}", again=code < _PERMANENT)


def _said(error: Exception) -> str:
    return str(error)[:300] or error.__class__.__name__
