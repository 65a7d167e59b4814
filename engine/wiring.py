"""Settings and Engine: the collaborators, built once, a frozen dataclass passed first to every verb."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask

from engine.channels import MailServer
from engine.channels.mail import SECURITIES
from engine.dispatch import Dispatcher, dispatcher_for
from engine.domain.facts import Taken
from engine.domain.letters import FILE as LETTERS
from engine.domain.letters import Letters, parse_letters
from engine.domain.masters import Master, parse_masters
from engine.domain.organisation import Organisation, parse_organisation
from engine.domain.robots import FILE as ROBOTS
from engine.domain.robots import Robot, parse_robots
from engine.domain.rules import Rules, Scope
from engine.domain.sla import Deadline, parse_deadlines
from engine.domain.worktime import WorkCalendar, parse_calendars
from engine.errors import Misconfigured
from engine.store.database import Database, attach, standalone

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """What an installation may set; each is an environment variable with the prefix ``GUANJIA_``."""

    #: SQLAlchemy URL of the database.
    database_url: str = f"sqlite:///{ROOT / 'var' / 'guanjia.sqlite'}"
    #: Folder of the diagrams, organisation, deadlines and calendars.
    bpmn: Path = ROOT / "bpmn"
    #: Folder of the forms, registers and documents.
    forms: Path = ROOT / "forms"
    #: Folder of uploaded files.
    files: Path = ROOT / "var" / "files"
    #: Seconds between two looks for due work; a wake-up comes earlier.
    tick_seconds: float = 5.0
    #: local, procrastinate, or nothing: procrastinate where the database is PostgreSQL.
    transport: str = ""
    #: How often a failing job is tried before it becomes an incident.
    job_attempts: int = 5
    #: Seconds for which nobody else takes up a job that somebody took up; longer than any step takes.
    lease_seconds: float = 300.0
    #: Bytes of one uploaded file.
    upload_bytes: int = 10 * 1024 * 1024
    #: Seconds after completing a task for which the next page offers to undo it.
    undo_seconds: float = 30.0
    #: Nodes that the engine passes by itself in one step of a case.
    steps: int = 500
    #: Seconds of processor time of one step of a case.
    step_seconds: float = 10.0
    #: Tasks alive at once in one case.
    live: int = 500
    #: Call activities and sub-processes within each other.
    depth: int = 10
    #: Instances of one multi-instance activity.
    instances: int = 200
    #: Characters of a case's data as JSON.
    data_size: int = 262_144
    #: Parts that one expression looks at.
    expression_steps: int = 10_000
    #: Seconds of processor time of one expression.
    expression_seconds: float = 0.5
    #: Bytes, roughly, that one expression makes on its way.
    expression_size: int = 5_000_000
    #: Nodes of one diagram.
    nodes: int = 250
    #: Sub-processes of one diagram within one another.
    nesting: int = 5
    #: Timers and messages of one case that may be armed and due again within one pass.
    firings: int = 100
    #: Cases that may begin one another by messages.
    chain: int = 50
    #: The address of the pages, for links in messages, such as ``https://guanjia.example.com``.
    public_url: str = ""
    #: Signs the links by which somebody answers without signing in; the web's own secret.
    secret_key: str = field(default="", repr=False)
    #: The host that takes our mail; nothing for no mail at all.
    mail_host: str = ""
    #: Its port: 587 with STARTTLS, 465 with TLS, 25 or 1025 with none.
    mail_port: int = 587
    #: starttls, tls or none.
    mail_security: str = "starttls"
    #: Who signs in there; nothing for a host that asks nobody.
    mail_user: str = ""
    #: Their password.
    mail_password: str = field(default="", repr=False)
    #: The address that messages come from.
    mail_from: str = ""
    #: Minutes before the same person may urge the same task again.
    urge_minutes: int = 30
    #: How often a task is urged until it is put before the supervisor.
    urges: int = 3
    #: Working hours after which a task that somebody took and left alone goes back; 0 for never.
    idle_hours: float = 0.0

    @property
    def lease(self) -> timedelta:
        """For how long a job that was taken up is kept from others."""
        return timedelta(seconds=self.lease_seconds)

    @property
    def mail(self) -> MailServer | None:
        """Who takes our mail; None where nobody was named. Raises :class:`Misconfigured`."""
        if not self.mail_host:
            return None
        if self.mail_security not in SECURITIES:
            raise Misconfigured(f"GUANJIA_MAIL_SECURITY is not one of {', '.join(SECURITIES)}.")
        if "@" not in self.mail_from or not self.mail_from.isascii() or len(self.mail_from.split()) != 1:
            raise Misconfigured("GUANJIA_MAIL_FROM must be the address that mail comes from.")
        return MailServer(
            host=self.mail_host,
            port=self.mail_port,
            security=self.mail_security,
            sender=self.mail_from,
            user=self.mail_user,
            password=self.mail_password,
        )

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings; raises :class:`Misconfigured` naming the variable that is not right."""
        values: dict[str, object] = {}
        for found in fields(cls):
            variable = f"GUANJIA_{found.name.upper()}"
            # A setting is read as what its default is.
            kind: type[Any] = Path if isinstance(found.default, Path) else type(found.default)
            if environ.get(variable):
                try:
                    values[found.name] = kind(environ[variable])
                except ValueError as error:
                    raise Misconfigured(f"{variable} is not a {kind.__name__}.") from error
        for name, value in values.items():
            if isinstance(value, int | float) and value <= 0:
                raise Misconfigured(f"GUANJIA_{name.upper()} must be greater than nothing.")
        return cls(**values)  # type: ignore[arg-type]


@dataclass
class Couriers:
    """What one process remembers of its deliveries."""

    #: Held by whoever sends in this process.
    busy: Lock = field(default_factory=Lock)
    #: On the process's own clock: until then it need not ask whether there are webhooks.
    no_webhooks_until: float = 0.0


@dataclass
class RuleBook:
    """The calendars and deadlines of the files, and the same as they stand now."""

    files: Rules
    #: Replaced as a whole when a screen changed something; see ``engine.rules``.
    now: Rules


@dataclass(frozen=True)
class Engine:
    """Everything a verb needs, and nothing of the web."""

    settings: Settings
    database: Database
    organisation: Organisation
    #: Calendars and deadlines as they stand now.
    book: RuleBook
    #: What the masters that cases share are, by their ids.
    masters: Mapping[str, Master]
    dispatcher: Dispatcher
    #: The clock: gives the present as an aware UTC datetime.
    now: Callable[[], datetime]
    #: The words of messages that leave the house.
    letters: Letters
    #: The robots of chat groups, by name.
    robots: Mapping[str, Robot]
    #: Who takes our mail; None where nobody was named.
    mail: MailServer | None
    #: version id → what was published, parsed once a process.
    published: dict[int, object] = field(default_factory=dict, compare=False, repr=False)
    #: What was under way when the database went away; its rows will say whether it was done.
    unsettled: list[Taken] = field(default_factory=list, compare=False, repr=False)
    #: What this process remembers of its deliveries.
    couriers: Couriers = field(default_factory=Couriers, compare=False, repr=False)

    @property
    def calendars(self) -> Mapping[str, WorkCalendar]:
        """The calendars by id, with the days that screens changed."""
        return self.book.now.calendars

    @property
    def deadlines(self) -> Mapping[str, Deadline]:
        """The deadlines by name, as their file says them; :meth:`deadline` says what counts for a case."""
        return self.book.now.deadlines

    def deadline(
        self, name: str, *, procedure: str = "", priority: str = "", site: str = ""
    ) -> Deadline | None:
        """A deadline as it counts for a case of this procedure, priority and site; None without the name."""
        return self.book.now.deadline(name, Scope(procedure, priority, site))

    def calendar_of(self, site: str, deadline: Deadline | None = None) -> WorkCalendar:
        """The calendar that a deadline counts by at a site."""
        if deadline is not None and deadline.calendar:
            return self.calendars[deadline.calendar]
        return self.calendars[self.organisation.sites[site].calendar]

    @property
    def zone_at_home(self) -> ZoneInfo:
        """The time zone of the first site: for what belongs to none."""
        return self.zone_of(next(iter(self.organisation.sites)))

    def zone_of(self, site: str) -> ZoneInfo:
        """The time zone of a site."""
        return self.calendar_of(site).zone


def _utc_now() -> datetime:
    return datetime.now(UTC)


def open_engine(
    settings: Settings,
    app: Flask | None = None,
    *,
    now: Callable[[], datetime] | None = None,
) -> Engine:
    """Open an engine, on the database of ``app`` or on its own.

    Raises :class:`Misconfigured` when the organisation, a calendar, a deadline, the messages, the channels
    or the transport is not right.
    """
    database = attach(app, settings.database_url) if app else standalone(settings.database_url)
    calendars = parse_calendars(_toml(settings.bpmn / "calendars.toml"))
    organisation = parse_organisation(_toml(settings.bpmn / "organisation.toml"), calendars=calendars)
    deadlines = parse_deadlines(
        _toml(settings.bpmn / "deadlines.toml"), roles=organisation.roles, calendars=calendars
    )
    letters = parse_letters(_toml(settings.bpmn / LETTERS, optional=True))
    robots = parse_robots(
        _toml(settings.bpmn / ROBOTS, optional=True),
        roles=organisation.roles,
        sites=organisation.sites,
        environ=os.environ,
    )
    rules = Rules(calendars, deadlines)
    clock = now or _utc_now
    dispatcher = dispatcher_for(settings.transport, database.bind.url, settings.tick_seconds, clock)
    return Engine(
        settings=settings,
        database=replace(database, transport=dispatcher),
        organisation=organisation,
        book=RuleBook(rules, rules),
        masters=parse_masters(_masters(settings.forms / "masters"), roles=organisation.roles),
        letters=letters,
        robots=robots,
        mail=settings.mail,
        dispatcher=dispatcher,
        now=clock,
    )


def _toml(path: Path, *, optional: bool = False) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if optional:
            return {}
        raise Misconfigured("A file of the installation is missing.", file=path.name) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{path.name} cannot be read: {error}") from error


def _masters(folder: Path) -> dict[str, dict[str, Any]]:
    found = {}
    for path in sorted(folder.glob("*.json")):
        try:
            found[path.name] = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise Misconfigured(f"forms/masters/{path.name} cannot be read: {error}") from error
        if not isinstance(found[path.name], dict):
            raise Misconfigured(f"forms/masters/{path.name} is not a JSON object.")
    return found
