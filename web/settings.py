"""What an installation may set of the web, read once from the environment; a production start is strict."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, cast, get_args

from engine.errors import Misconfigured

Environment = Literal["production", "demo", "test"]

#: The password of every demo account; nobody signs in with it outside a demo.
DEMO_PASSWORD = "guanjia-demo"
#: Characters of the shortest secret that a production start accepts.
SECRET_LENGTH = 32
#: Different characters that it must have: "aaaa…" is long, and no secret.
SECRET_VARIETY = 10
_WELL_KNOWN = ("change", "secret", "default", "example", "password", "guanjia", "insecure")
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True)
class WebSettings:
    """What an installation may set; each is an environment variable with the prefix ``GUANJIA_``."""

    #: production, demo (demo accounts are shown at the sign-in) or test.
    env: Environment = "production"
    #: Signs sessions and CSRF tokens; the same for every process of an installation.
    secret_key: str = ""
    #: Whether cookies travel over HTTPS only, with HSTS; off only where there is no HTTPS, as in a demo.
    secure_cookies: bool = True
    #: Bytes of one uploaded file.
    upload_bytes: int = 10 * 1024 * 1024
    #: Bytes of one request, files included.
    request_bytes: int = 25 * 1024 * 1024
    #: Minutes without a click after which one signs in again.
    idle_minutes: int = 120
    #: Hours after which one signs in again in any case.
    session_hours: int = 12
    #: Reverse proxies in front whose X-Forwarded headers are believed.
    proxies: int = 0
    #: Days for which a link to a hall's wallboard is good.
    wallboard_days: int = 90
    #: Another number ends every link to a wallboard that was given out.
    wallboard_epoch: int = 1

    @property
    def is_demo(self) -> bool:
        """Whether demo accounts are offered."""
        return self.env == "demo"

    @property
    def idle(self) -> timedelta:
        """How long a session lives without a click."""
        return timedelta(minutes=self.idle_minutes)

    @property
    def lifetime(self) -> timedelta:
        """How long a session lives at most."""
        return timedelta(hours=self.session_hours)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> WebSettings:
        """Read the settings; raises :class:`Misconfigured` naming the variable that is not right."""
        env = environ.get("GUANJIA_ENV", "production")
        if env not in get_args(Environment):
            raise Misconfigured("GUANJIA_ENV is neither production, demo nor test.")
        secret = environ.get("GUANJIA_SECRET_KEY", "")
        if not secret and env != "production":
            # Sessions then end with the process, which a demo can bear.
            secret = secrets.token_hex(32)
        return cls(
            env=cast("Environment", env),
            secret_key=secret,
            secure_cookies=_switch(environ, "GUANJIA_SECURE_COOKIES", env == "production"),
            upload_bytes=_number(environ, "GUANJIA_UPLOAD_BYTES", cls.upload_bytes),
            request_bytes=_number(environ, "GUANJIA_REQUEST_BYTES", cls.request_bytes),
            idle_minutes=_number(environ, "GUANJIA_IDLE_MINUTES", cls.idle_minutes),
            session_hours=_number(environ, "GUANJIA_SESSION_HOURS", cls.session_hours),
            proxies=_number(environ, "GUANJIA_PROXIES", cls.proxies),
            wallboard_days=_number(environ, "GUANJIA_WALLBOARD_DAYS", cls.wallboard_days),
            wallboard_epoch=_number(environ, "GUANJIA_WALLBOARD_EPOCH", cls.wallboard_epoch),
        )

    def require_safe(self) -> None:
        """Refuse a production start with a secret that others can guess; raises :class:`Misconfigured`."""
        if self.env != "production":
            return
        if not self.secret_key:
            raise Misconfigured(
                "GUANJIA_SECRET_KEY is not set. Make one with "
                "`python -c 'import secrets; print(secrets.token_hex(32))'` and keep it secret; "
                "for a demo set GUANJIA_ENV=demo."
            )
        if len(self.secret_key) < SECRET_LENGTH or len(set(self.secret_key)) < SECRET_VARIETY:
            raise Misconfigured(
                f"GUANJIA_SECRET_KEY is too short or simple; use {SECRET_LENGTH} or more random characters."
            )
        if any(word in self.secret_key.lower() for word in _WELL_KNOWN):
            raise Misconfigured("GUANJIA_SECRET_KEY is a well-known word; use random characters.")


def _switch(environ: Mapping[str, str], variable: str, otherwise: bool) -> bool:
    said = environ.get(variable, "").strip().lower()
    if not said:
        return otherwise
    if said not in _TRUE | _FALSE:
        raise Misconfigured(f"{variable} is neither true nor false.")
    return said in _TRUE


def _number(environ: Mapping[str, str], variable: str, otherwise: int) -> int:
    said = environ.get(variable, "").strip()
    if not said:
        return otherwise
    try:
        number = int(said)
    except ValueError as error:
        raise Misconfigured(f"{variable} is not a whole number.") from error
    if number < 0:
        raise Misconfigured(f"{variable} is negative.")
    return number
