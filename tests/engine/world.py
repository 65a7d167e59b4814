"""A small organisation at work: the toy procedures, five people, a clock that only tests move."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine import bundles, cases, jobs, procedures, tasks
from engine.domain.facts import SYSTEM, Actor, CaseId, Data, Next, TaskId, UserId
from engine.scenarios import FakeClock
from engine.store.database import Session
from engine.store.models import Account, AccountRole, Case, History, Inbox, Job, Notice, Task
from engine.wiring import Engine, Settings, open_engine
from tests.drawing import Drawing
from tests.engine import server

FILES = Path(__file__).parent / "procedures"
ZONE = ZoneInfo("Asia/Shanghai")
SITE = "hq"
DATABASE = "test.sqlite"
#: A Monday morning.
BEGINNING = "2026-11-02 09:30"
#: login → (role, site)
STAFF = {
    "an": ("clerk", "hq"),
    "bo": ("clerk", "hq"),
    "chen": ("chief", "hq"),
    "ding": ("director", "*"),
    "fei": ("auditor", "hq"),
    "guo": ("clerk", "branch"),
}
#: Answers that the forms of ``errand`` accept.
INTAKE = {"topic": "钥匙", "kind": "small", "items": [{"name": "锁", "count": 2}]}


def at(local: str) -> datetime:
    """An instant from the office's clock: ``2026-11-02 09:30``."""
    return datetime.fromisoformat(local).replace(tzinfo=ZONE).astimezone(UTC)


def settings_in(folder: Path) -> Settings:
    """Settings for an engine on a file in a folder, with the toy procedures."""
    return Settings(
        database_url=server.url() if server.is_asked() else f"sqlite:///{folder / DATABASE}",
        bpmn=FILES / "bpmn",
        forms=FILES / "forms",
        files=folder / "files",
    )


@dataclass
class World:
    """An engine with people and published procedures, and short words for what tests do with it."""

    folder: Path
    clock: FakeClock = field(default_factory=lambda: FakeClock(at(BEGINNING)))
    #: The database is one that an earlier version left.
    found: bool = False
    settings: Settings = field(init=False)
    engine: Engine = field(init=False)
    people: dict[str, Actor] = field(init=False)

    def __post_init__(self) -> None:
        """Open the engine; fill an empty database."""
        self.settings = settings_in(self.folder)
        self.engine = open_engine(self.settings, now=self.clock)
        if self.found:
            self.engine.database.upgrade()
        else:
            self.engine.database.create()
        with self.engine.database.look() as session:
            empty = session.scalar(sa.select(sa.func.count(Account.id))) == 0
        if empty:
            self._fill()
        with self.engine.database.look() as session:
            ids = {row.login: row.id for row in session.execute(sa.select(Account.login, Account.id))}
        self.people = {
            login: Actor(UserId(ids[login]), login, frozenset({held})) for login, held in STAFF.items()
        }

    def _fill(self) -> None:
        with self.engine.database.transaction() as session:
            for login, (role, site) in STAFF.items():
                account = Account(login=login, name=login, password="!")
                session.add(account)
                session.flush()
                session.add(AccountRole(account_id=account.id, role=role, site=site))
        for bundle in procedures.in_order(self.bundle(name) for name in self.names()):
            procedures.publish(self.engine, bundle, by=SYSTEM)

    def names(self) -> list[str]:
        """The toy procedures."""
        return bundles.procedures_in(self.settings.bpmn)

    def bundle(self, name: str) -> bundles.Bundle:
        """The files of a toy procedure."""
        return bundles.from_folders(self.settings.bpmn, self.settings.forms, name)

    def draw(self, name: str, text: str, **more: str) -> None:
        """Publish a drawing as a procedure of clerks."""
        drawing = Drawing(text, process=name, starters="clerk", **more).xml().decode()
        procedures.publish(self.engine, bundles.Bundle(name, {bundles.DIAGRAM: drawing}), by=SYSTEM)

    def reopen(self) -> None:
        """What a restart does: everything in memory is gone."""
        self.close()
        self.engine = open_engine(self.settings, now=self.clock)

    def keep(self, name: str) -> None:
        """Keep the database as it is now, under a name."""
        self.close()
        if server.is_asked():
            server.keep(name)
        else:
            # The last connection has written the log back into the file.
            shutil.copyfile(self.folder / DATABASE, self.folder / f"{name}.kept")

    def back_to(self, name: str) -> None:
        """The database as it was kept."""
        self.close()
        if server.is_asked():
            server.back_to(name)
            return
        for file in self.folder.glob(f"{DATABASE}*"):
            file.unlink()
        shutil.copyfile(self.folder / f"{name}.kept", self.folder / DATABASE)

    def again(self, name: str, engine: Engine) -> None:
        """Begin anew with a kept database; the engine keeps what it compiled and parsed."""
        self.close()
        engine.database.bind.dispose()
        self.engine = engine
        engine.book.now = engine.book.files
        self.back_to(name)
        self.clock.at = at(BEGINNING)
        for version in [version for version in engine.published if version > len(self.names())]:
            del engine.published[version]

    def close(self) -> None:
        """Let go of the database."""
        self.engine.database.bind.dispose()

    # Doing ---------------------------------------------------------------------------------------

    def start(self, procedure: str, by: str = "an", **more: Any) -> CaseId:
        """Start a case by hand."""
        return cases.start_case(self.engine, procedure, by=self.people[by], site=SITE, **more).case_id

    def complete(
        self, case: int, node: str, by: str = "an", answers: Data | None = None, **more: Any
    ) -> Next:
        """Complete the open task of a node, taking it first if it is nobody's yet."""
        return tasks.complete_task(
            self.engine, self.task(case, node), by=self.people[by], answers=answers or {}, **more
        )

    def move(self, local: str) -> int:
        """Let the office's clock show something; do what is due once, as after a night without a server."""
        self.clock.at = at(local)
        return jobs.run_due(self.engine)

    def errand(self) -> CaseId:
        """An errand that was registered: both of its works are open."""
        case = self.start("errand")
        self.complete(case, "intake", answers=INTAKE)
        return case

    def round(self, case: int, verdict: str) -> None:
        """Do both works of an errand, and review it."""
        self.complete(case, "work_a")
        self.complete(case, "work_b", by="fei")
        self.complete(case, "review", by="chen", answers={"verdict": verdict})

    # Looking -------------------------------------------------------------------------------------

    def task(self, case: int, node: str) -> TaskId:
        """The open task of a node."""
        with self.engine.database.look() as session:
            return TaskId(
                session.scalars(
                    sa.select(Task.id).where(Task.case_id == case, Task.node == node, Task.status == "open")
                ).one()
            )

    def open(self, case: int) -> list[str]:
        """The nodes of a case's open tasks."""
        return sorted(self.look(sa.select(Task.node).where(Task.case_id == case, Task.status == "open")))

    def case(self, case: int) -> Case:
        """A case's row."""
        with self.engine.database.look() as session:
            return session.get_one(Case, case)

    def look(self, statement: sa.Select[Any]) -> Sequence[Any]:
        """What a query gives: rows of one column as their values."""
        with self.engine.database.look() as session:
            return session.scalars(statement).all()

    def rows(self, statement: sa.Select[Any]) -> list[tuple[Any, ...]]:
        """What a query gives, as tuples."""
        with self.engine.database.look() as session:
            return [tuple(row) for row in session.execute(statement)]

    def told(self, case: int, kind: str) -> list[History]:
        """A case's history of one kind, in order."""
        return list(
            self.look(
                sa.select(History).where(History.case_id == case, History.kind == kind).order_by(History.seq)
            )
        )

    def inbox(self, who: str) -> list[tuple[str, str]]:
        """(node, kind) of what a principal such as ``r:chief@hq`` has before them."""
        return sorted(
            self.rows(
                sa.select(Task.node, Inbox.kind).join(Task, Task.id == Inbox.task_id).where(Inbox.who == who)
            )
        )

    def notices(self, login: str) -> list[tuple[str, str]]:
        """(local time, kind) of what a person was told."""
        found = self.rows(
            sa.select(Notice.at, Notice.kind)
            .where(Notice.account_id == self.people[login].id)
            .order_by(Notice.id)
        )
        return [(f"{moment.astimezone(ZONE):%m-%d %H:%M}", kind) for moment, kind in found]

    def jobs(self, case: int, status: str = "armed") -> list[tuple[str, str, str]]:
        """(kind, node, local due time) of a case's jobs, the earliest first."""
        found = self.rows(
            sa.select(Job.kind, Job.node, Job.due_at)
            .where(Job.case_id == case, Job.status == status)
            .order_by(Job.due_at, Job.id)
        )
        return [(kind, node, f"{due.astimezone(ZONE):%m-%d %H:%M}") for kind, node, due in found]

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table, to say that nothing at all changed."""
        with self.engine.database.look() as session:
            return dump(session)


def dump(session: Session) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    return {
        table.name: sorted(
            tuple(json.dumps(v, default=str, sort_keys=True) for v in row)
            for row in session.execute(table.select())
        )
        for table in Case.metadata.sorted_tables
    }


def changed(bundle: bundles.Bundle, file: str, changes: Mapping[str, str]) -> bundles.Bundle:
    """The same procedure with some words of a file replaced."""
    text = bundle.files[file]
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return bundles.Bundle(bundle.procedure, {**bundle.files, file: text})
