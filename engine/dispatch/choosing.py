"""Which transport wakes the workers, and what every transport can do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

from engine.dispatch.local import Ticker
from engine.dispatch.nudging import Nudger
from engine.dispatch.work import Work
from engine.domain.facts import Armed
from engine.errors import Misconfigured

#: What the setting may say.
TRANSPORTS = ("local", "procrastinate")


class Dispatcher(Protocol):
    """What wakes whoever does due work. It holds nothing that the job table does not say."""

    #: Its name in the settings.
    transport: str

    def prepare(self) -> None:
        """Make the tables that it needs itself; safe to repeat."""

    def defer(self, connection: Any, armed: Sequence[Armed]) -> None:
        """Wake somebody when these are due, if and only if the connection's transaction commits."""

    def wake(self, at: datetime | None = None) -> None:
        """Let due work be looked at, after a commit that may have armed some."""

    def start(self, work: Work) -> None:
        """Do due work beside what this process does otherwise, if that is this transport's way."""

    def stop(self) -> None:
        """Do no more of it; a batch that runs ends first."""

    def serve(self, work: Work, concurrency: int = 1) -> None:
        """Be a worker and nothing else, until a signal says to stop."""


class _Url(Protocol):
    """A database's address, as the store knows it."""

    def get_backend_name(self) -> str:
        """Which database it is."""

    def set(self, *, drivername: str) -> _Url:
        """The same for another driver."""

    def render_as_string(self, *, hide_password: bool) -> str:
        """As text."""


def dispatcher_for(transport: str, url: _Url, tick_seconds: float, now: Callable[[], datetime]) -> Dispatcher:
    """The dispatcher that the settings ask for; raises :class:`Misconfigured`.

    Without a word it is Procrastinate on PostgreSQL, and the tick in this process otherwise.
    """
    is_postgresql = url.get_backend_name() == "postgresql"
    chosen = transport or ("procrastinate" if is_postgresql else "local")
    if chosen not in TRANSPORTS:
        raise Misconfigured(f"GUANJIA_TRANSPORT is neither {' nor '.join(TRANSPORTS)}.", transport=transport)
    if chosen == "local":
        return Ticker(tick_seconds)
    if not is_postgresql:
        raise Misconfigured("GUANJIA_TRANSPORT is procrastinate, which needs a database on PostgreSQL.")
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return Nudger(address, now)
