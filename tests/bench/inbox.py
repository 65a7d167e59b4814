"""How fast the inbox and its search are at a million cases, and at ten thousand.

``python -m tests.bench.inbox [--cases N] [--database URL]`` fills one database of each size and prints the
figures; on PostgreSQL, ``URL`` names a server on which databases may be made.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from hashlib import blake2b
from itertools import cycle, islice
from math import inf
from pathlib import Path
from time import perf_counter
from typing import Any

import sqlalchemy as sa

from engine import bundles, counts, inbox, list_cases, procedures, search
from engine.domain.facts import EVERYWHERE, SYSTEM, Actor, UserId
from engine.procedures import Published
from engine.runtime.reading import HUMAN
from engine.store import finding
from engine.store.inbox_rows import key_token
from engine.store.models import FOUND, NEVER, Account, Case, Inbox, Model, Task
from engine.wiring import ROOT, Engine, Settings, open_engine

CASES, FEW = 1_000_000, 10_000
#: Of so many cases one has an open task; every case has three tasks.
OPEN, TASKS = 10, 3
PEOPLE, ROLES, SITES = 200, 40, 10
NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
#: The role that has most before it: four tenths of all open tasks.
BUSY = ("cs_rep", "tower-a")
#: What cases are about, by procedure.
THINGS = {
    "complaint-handling": [
        "噪音",
        "漏水",
        "停车",
        "保洁",
        "门禁",
        "绿化",
        "收费",
        "态度",
        "异味",
        "垃圾",
        "电梯",
    ],
    "repair-work-order": ["电梯", "空调", "水管", "照明", "玻璃", "地毯", "消防", "网络", "门锁", "插座"],
    "member-revisit": ["采购合同", "租赁合同", "续租", "装修", "搬迁", "会议室", "发票", "入驻"],
}
WHAT = ["问题", "故障", "申请", "检查", "更换", "反馈", "维修", "咨询"]
RARE = "无人机"
CALLS, ROUNDS = 240, 5

Row = tuple[Any, ...]


@contextmanager
def opened(url: str | None = None) -> Iterator[Engine]:
    """An empty engine with the shipped procedures at many sites: on a file, or on a database of a server."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bpmn = Path(shutil.copytree(ROOT / "bpmn", folder / "bpmn"))
        with (bpmn / "organisation.toml").open("a", encoding="utf-8") as organisation:
            organisation.writelines(
                f'\n[sites.tower-{n}]\nzh = "{n} 座"\nen = "Tower {n}"\ncalendar = "office"\n'
                for n in range(3, SITES + 1)
            )
        with database(url, folder) as address:
            engine = open_engine(
                Settings(database_url=address, bpmn=bpmn, files=folder / "files"), now=lambda: NOW
            )
            engine.database.create()
            yield engine
            engine.database.bind.dispose()


@contextmanager
def database(url: str | None, folder: Path) -> Iterator[str]:
    """The URL of an empty database that lives as long as the block."""
    if url is None:
        yield f"sqlite:///{folder / 'bench.sqlite'}"
        return
    server = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    name = f"guanjia_bench_{folder.name.lower()}"
    with server.connect() as connection:
        connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
    try:
        yield sa.make_url(url).set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(sa.text(f'DROP DATABASE "{name}" WITH (FORCE)'))


# Filling -------------------------------------------------------------------------------------


def fill(engine: Engine, *, cases: int, open_tasks: int) -> None:
    """Publish the shipped procedures and write their cases, with tasks and inbox rows, in bulk."""
    names = bundles.procedures_in(engine.settings.bpmn)
    folders = engine.settings.bpmn, engine.settings.forms
    for bundle in procedures.in_order(bundles.from_folders(*folders, name) for name in names):
        procedures.publish(engine, bundle, by=SYSTEM)
    with engine.database.transaction() as session:
        session.add_all(Account(login=f"p{n}", name=f"职员{n}", password="!") for n in range(PEOPLE))
        versions = session.scalars(sa.select(procedures.Version.id)).all()
        every = [procedures.of_version(engine, session, version) for version in versions]
    published = [one for one in every if one.procedure in THINGS]
    story = _Story(engine, published, cases, open_tasks)
    with engine.database.bind.connect() as connection, connection.begin():
        is_postgresql = finding.is_postgresql(connection.dialect)
        if not is_postgresql:
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            connection.exec_driver_sql("PRAGMA cache_size = -500000")
            # Sorted in memory, as far as it goes, instead of in steps of a megabyte.
            _sort_at_once(connection, 200_000_000)
        indexes = [
            index
            for table in (Case.__table__, Task.__table__, Inbox.__table__)
            for index in Model.metadata.tables[table.name].indexes  # type: ignore[attr-defined]
        ]
        for index in indexes:
            index.drop(connection)
        if is_postgresql:
            for table in FOUND:
                connection.exec_driver_sql(f"DROP INDEX {finding.PREFIX}{table}")
        for table, rows in (
            (Case.__table__, story.cases),
            (Task.__table__, story.tasks),
            (Inbox.__table__, story.inboxes),
        ):
            _write(connection, table, rows())
        for index in indexes:
            index.create(connection)
        finding.prepare(connection, FOUND)
        if not is_postgresql:
            _sort_at_once(connection, 1_048_576)
    # Beside all transactions, which neither of these may be in.
    with engine.database.bind.connect() as connection:
        raw: Any = connection.connection.driver_connection
        if is_postgresql:
            raw.autocommit = True
        raw.execute("VACUUM ANALYZE" if is_postgresql else "PRAGMA wal_checkpoint(TRUNCATE)")
        connection.invalidate()


def _sort_at_once(connection: sa.Connection, size: int) -> None:
    for table in FOUND:
        index = f"{finding.PREFIX}{table}"
        connection.exec_driver_sql(f"INSERT INTO {index} ({index}, rank) VALUES ('hashsize', {size})")


class _Story:
    """The rows of every case, the same in each run: what is random comes from the case's number."""

    def __init__(self, engine: Engine, published: Sequence[Published], cases: int, open_tasks: int) -> None:
        self.published = published
        self.count, self.every = cases, max(1, cases // open_tasks)
        self.dialect = engine.database.bind.dialect
        self.is_postgresql = finding.is_postgresql(self.dialect)
        self.sites = list(engine.organisation.sites)
        self.roles = [role for role in engine.organisation.roles if role != BUSY[0]][:ROLES]
        self.steps = [
            sorted(
                {
                    (node.process, node.id, node.name)
                    for node in one.specification.nodes.values()
                    if node.type in HUMAN
                }
            )
            for one in published
        ]
        stored = finding.Tokens().bind_processor(self.dialect)
        assert stored is not None
        self._stored = stored
        self._of_subject = lru_cache(200_000)(lambda subject: stored(finding.pieces(subject)))

    def cases(self) -> Iterator[Row]:
        """Every case: ended, but one of so many."""
        state = json.dumps({"workflow": {"tasks": "." * 600}})
        for n in range(1, self.count + 1):
            one, number, subject, site, at = self._case(n)
            is_open = n % self.every == 0
            yield (
                n,
                number,
                one.procedure,
                one.version_id,
                "active" if is_open else "ended",
                subject,
                site,
                "",
                "",
                self._moment(at),
                1 + n % PEOPLE,
                "职员",
                None if is_open else self._moment(at + timedelta(days=3)),
                None,
                None,
                4,
                state,
                '{"content": "…"}',
                self._tokens(number, subject),
            )

    def tasks(self) -> Iterator[Row]:
        """The tasks of every case: done, but the last of an open one."""
        for n in range(1, self.count + 1):
            *_, at = self._case(n)
            steps = self.steps[n % len(self.steps)]
            for which in range(TASKS):
                is_open = n % self.every == 0 and which == TASKS - 1
                process, node, name = steps[(n + which) % len(steps)]
                begun = at + timedelta(hours=which)
                person = 1 + (n + which) % PEOPLE
                yield (
                    _task_id(n, which),
                    n,
                    process,
                    node,
                    name,
                    "cs_rep",
                    '["cs_rep"]',
                    "{}",
                    "open" if is_open else "done",
                    1,
                    "{}",
                    self._assignee(n) if is_open else person,
                    "lane",
                    False,
                    self._moment(begun),
                    self._moment(_due(n, begun)),
                    None,
                    None if is_open else self._moment(begun + timedelta(minutes=30)),
                    None if is_open else person,
                    None if is_open else "职员",
                    None,
                    None,
                    None,
                    None,
                    None,
                    None,
                )

    def inboxes(self) -> Iterator[Row]:
        """The rows of the open tasks, in an order of its own."""
        numbers = list(range(self.every, self.count + 1, self.every))
        random.Random(4).shuffle(numbers)
        ids = iter(range(1, 10 * self.count))
        for n in numbers:
            one, number, subject, site, at = self._case(n)
            steps = self.steps[n % len(self.steps)]
            process, _, name = steps[(n + TASKS - 1) % len(steps)]
            label = one.label(process, name)
            begun = at + timedelta(hours=TASKS - 1)
            due = _due(n, begun)
            shown = [("work", who) for who in self._principals(n, site)]
            if due is not None and due < NOW and n % 3 == 0:
                shown.append(("watch", f"r:cs_supervisor@{site}"))
            for kind, who in shown:
                yield (
                    next(ids),
                    who,
                    _task_id(n, TASKS - 1),
                    kind,
                    self._moment(due or NEVER),
                    self._moment(begun),
                    one.procedure,
                    number,
                    '{"zh": "已超时", "en": "late"}' if kind == "watch" else None,
                    f"{number} {subject} {label}".lower(),
                    self._tokens(number, subject, finding.label_token(label), key_token(who, kind)),
                )

    def _case(self, n: int) -> tuple[Published, str, str, str, datetime]:
        which = n % len(self.published)
        one = self.published[which]
        things, draw = THINGS[one.procedure], (n * 7919) % 1_000_003
        subject = f"{things[draw % len(things)]}{WHAT[draw % 8]}（{'ABCDE'[draw % 5]}座{1 + draw % 37}层）"
        if n % (100_000 // 5) == 0:
            subject = f"{RARE}{subject}"
        number = f"{['TS', 'HF', 'BX'][which]}-2026-{n:07d}"
        begun = NOW - timedelta(minutes=(self.count - n) * (500_000 / self.count))
        return one, number, subject, self._site(n), begun

    def _site(self, n: int) -> str:
        return BUSY[1] if self._is_busy(n) else self.sites[n // self.every % len(self.sites)]

    def _is_busy(self, n: int) -> bool:
        return n // self.every % 10 < 4

    def _assignee(self, n: int) -> int | None:
        """Two tenths of what is open is somebody's; the first of all has twenty at most."""
        if n // self.every % 10 not in (4, 5):
            return None
        person = 1 + n // (10 * self.every) % PEOPLE
        return 2 if person == 1 and n > 20 * 10 * self.every * PEOPLE else person

    def _principals(self, n: int, site: str) -> list[str]:
        assignee = self._assignee(n)
        if assignee is not None:
            return [f"u:{assignee}"]
        if self._is_busy(n):
            # Some of it is another role's as well.
            more = ["r:front_desk@" + site] if n // self.every % 40 == 0 else []
            return [f"r:{BUSY[0]}@{site}", *more]
        return [f"r:{self.roles[n // self.every // 10 % len(self.roles)]}@{site}"]

    def _tokens(self, number: str, subject: str, *more: str) -> Any:
        rest = self._stored(finding.pieces(number) | set(more))
        return self._of_subject(subject) + (rest if self.is_postgresql else f" {rest}")

    def _moment(self, at: datetime | None) -> str | None:
        if at is None:
            return None
        said = at.isoformat(" ", "microseconds")
        return said if self.is_postgresql else said.removesuffix("+00:00")


def _due(n: int, begun: datetime) -> datetime | None:
    return None if n % 7 == 0 else begun + timedelta(hours=2 + n % 240)


def _task_id(n: int, which: int) -> str:
    return blake2b(f"{n}:{which}".encode(), digest_size=16).hexdigest()


#: What these rows leave to their tables.
_LEFT = frozenset(
    {"priority", "paused_at", "clocks", "limit", "previous_task", "previous_state", "previous_data"}
    | {"why", "touched_at", "given_by", "given_how", "signing", "urged", "urged_at"}
    | {"sent_back", "called_back"}
)


def _write(connection: sa.Connection, table: Any, rows: Iterable[Row]) -> None:
    names = [column.name for column in table.columns if column.name not in _LEFT]
    columns = ", ".join(f'"{name}"' for name in names)
    raw: Any = connection.connection.driver_connection
    if finding.is_postgresql(connection.dialect):
        with raw.cursor().copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join("?" for _ in names)
    raw.executemany(f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks})', rows)


# Measuring -----------------------------------------------------------------------------------


def readers() -> list[tuple[Actor, str]]:
    """Who looks at which of their lists."""

    def person(number: int, *roles: tuple[str, str], admin: bool = False) -> Actor:
        return Actor(UserId(number), f"职员{number}", frozenset(roles), admin)

    busy, few = person(2, BUSY, ("front_desk", BUSY[1])), person(1, ("trainer", "tower-3"))
    everywhere = person(3, BUSY, ("cs_supervisor", EVERYWHERE), ("eng_dispatcher", EVERYWHERE))
    chief = person(4, ("cs_supervisor", BUSY[1]))
    root = person(5, ("general_manager", EVERYWHERE), ("cs_manager", EVERYWHERE), admin=True)
    return [
        (person(6, BUSY), "claimable"),
        (busy, "claimable"),
        (few, "mine"),
        (chief, "mine"),
        (everywhere, "claimable"),
        (everywhere, "mine"),
        (root, "claimable"),
        (root, "mine"),
    ]


#: Common and rare words, of subjects, numbers and steps; some that nobody has, some that others have.
TEXTS = [
    *("采购", "合同", "电梯", "维修", "梯", RARE, "投诉", "complaint", "没有的词", "采购合同问题"),
    *("电梯 故障", "A座", "12层", "00", "TS-2026-"),
]


def measure(engines: Sequence[Engine]) -> list[dict[str, float]]:
    """Of each engine the milliseconds of the slowest twentieth of the calls, by what is asked.

    They take turns, and the best of their rounds counts: other work on the machine passes, a slow list stays.
    """
    best: list[dict[str, float]] = [{} for _ in engines]
    for _ in range(ROUNDS):
        for engine, found in zip(engines, best, strict=True):
            for name, calls in _asked(engine).items():
                found[name] = min(found.get(name, inf), _p95(calls))
    return best


def _asked(engine: Engine) -> dict[str, list[Callable[[], object]]]:
    everybody = readers()
    texts = [(reader, view, text) for reader, view in everybody for text in TEXTS]
    random.Random(7).shuffle(texts)
    return {
        "page": [partial(inbox, engine, reader, view=view) for reader, view in everybody],
        "text": [partial(inbox, engine, reader, view=view, text=text) for reader, view, text in texts],
        "counts": [partial(counts, engine, reader) for reader, _ in everybody],
        "search": [partial(search, engine, reader, text) for reader, _, text in texts],
        "cases": [partial(list_cases, engine, reader, text=text) for reader, _, text in texts],
    }


def _p95(calls: Sequence[Callable[[], object]]) -> float:
    took = []
    for call in islice(cycle(calls), CALLS):
        begin = perf_counter()
        call()
        took.append(perf_counter() - begin)
    return sorted(took)[int(len(took) * 0.95)] * 1000


def run(cases: int = CASES, url: str | None = None, say: Callable[[str], object] = print) -> dict[str, float]:
    """The figures of ``bench.json``."""
    with ExitStack() as stack:
        sizes = min(FEW, cases // 10), cases
        engines = [stack.enter_context(opened(url)) for _ in sizes]
        for engine, size in zip(engines, sizes, strict=True):
            begin = perf_counter()
            fill(engine, cases=size, open_tasks=size // OPEN)
            say(f"{size:,} cases in {perf_counter() - begin:.0f} s")
        few, many = measure(engines)
    for name in few:
        say(f"{name}: {few[name]:.1f} ms, {many[name]:.1f} ms")
    return {
        "inbox.page_p95_ms": many["page"],
        "inbox.text_p95_ms": many["text"],
        "inbox.growth": max(many[name] / few[name] for name in ("page", "text")),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--database", help="URL of a PostgreSQL server; SQLite otherwise")
    asked = parser.parse_args()
    sys.stdout.write(json.dumps(run(asked.cases, asked.database), indent=2) + "\n")


if __name__ == "__main__":
    main()
