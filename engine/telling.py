"""Tell a story to an engine: who starts, who completes what, how time passes, what must be true.

Scenarios are told on a database in memory; the demo is told on the installation's own.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from engine import cases, jobs, schedules, tasks
from engine.attachments import add_attachment
from engine.domain import assignment
from engine.domain.facts import Actor, CaseId, TaskId
from engine.domain.linking import choice_word, link_word
from engine.domain.sla import parse_limit
from engine.errors import ScenarioInvalid
from engine.store import answer_links, stories
from engine.store.models import Task
from engine.wiring import Engine

#: An answer that stands for a signature drawn by hand.
SIGNATURE = "@signature"

VERBS = (
    "start",
    "complete",
    "claim",
    "wait",
    "until",
    "message",
    "expect",
    "cancel",
    "draft",
    "sign",
    "link",
)


class Unlike(Exception):
    """What came out is not what was told."""


class FakeClock:
    """A clock that stands still until somebody moves it."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        """The present."""
        return self.at


def moment(text: str, zone: ZoneInfo) -> datetime:
    """A local moment such as ``2026-11-02 09:30`` in UTC; raises :class:`ScenarioInvalid`."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
    except ValueError as error:
        raise ScenarioInvalid(f"{text!r} is not a moment such as 2026-11-02 09:30") from error


@dataclass
class Teller:
    """Tells the steps of one story; ``engine.now`` is ``clock``."""

    engine: Engine
    clock: FakeClock
    #: role id → the person who plays it.
    people: Mapping[str, Actor]
    procedure: str
    site: str
    #: The story's own case, once it was started.
    case_id: CaseId | None = field(default=None)

    def tell(self, told: Mapping[str, Any]) -> None:
        """Let one step happen, and everything that is due by then.

        Raises :class:`Unlike` when an expectation does not hold, :class:`ScenarioInvalid` when the step
        makes no sense, and what the verbs raise.
        """
        verb = next((verb for verb in VERBS if verb in told), None)
        match verb:
            case "start":
                started = self._start(told["start"])
                self.case_id = self.case_id or started
            case "complete":
                task_id, by = self._open_task(told, told["complete"])
                tasks.complete_task(self.engine, task_id, by=by, answers=self._answers(task_id, by, told))
            case "claim":
                task_id, by = self._open_task(told, told["claim"])
                tasks.claim_task(self.engine, task_id, by=by)
            case "draft":
                task_id, by = self._open_task(told, told["draft"])
                tasks.save_draft(self.engine, task_id, by=by, typed=dict(told["typed"]))
            case "sign":
                task_id, by = self._open_task(told, told["sign"])
                answer, opinion = told.get("answer", "agree"), told.get("opinion", "")
                tasks.sign(self.engine, task_id, by=by, answer=answer, opinion=opinion)
            case "cancel":
                by = self._person(told.get("by"))
                cases.cancel_case(self.engine, self._case(), by=by, reason=told["cancel"])
            case "message":
                reached = cases.send_message(
                    self.engine,
                    told["message"],
                    payload=dict(told.get("payload", {})),
                    correlation=told.get("correlation"),
                    site=self.site,
                )
                self.case_id = self.case_id or reached[0]
            case "link":
                self._answer_by_link(told["link"], told.get("choose", ""))
            case "wait":
                calendar = self.engine.calendar_of(self.site)
                self.pass_until(parse_limit(told["wait"]).after(self.clock.at, calendar))
            case "until":
                self.pass_until(moment(told["until"], self.engine.zone_of(self.site)))
            case "expect":
                self._compare(told["expect"])
            case _:
                raise ScenarioInvalid(f"a step needs one of {', '.join(VERBS)}; this has {sorted(told)}")
        jobs.run_due(self.engine)
        self._find()

    def pass_until(self, until: datetime) -> None:
        """Let time pass, stopping at every moment at which something is due."""
        while (following := jobs.next_due(self.engine)) is not None and following <= until:
            self.clock.at = max(self.clock.at, following)
            before = following
            jobs.run_due(self.engine)
            self._find()
            if jobs.next_due(self.engine) == before:
                raise Unlike(f"due work failed: {self._job_errors()}")
        self.clock.at = max(self.clock.at, until)

    def _start(self, what: str) -> CaseId:
        """Start a case: by a person of a role, or at a start event as its schedule does."""
        if what in self.people:
            by = self.people[what]
            return cases.start_case(self.engine, self.procedure, by=by, site=self.site).case_id
        found = schedules.start_of_story(self.engine, self.procedure, what, self.site)
        if found is None:
            raise ScenarioInvalid(f"there is neither a role nor a timer start event {what!r}")
        return found

    def _find(self) -> None:
        """A case that started by itself before anybody started one is the story's."""
        if self.case_id is None:
            with self.engine.database.look() as session:
                found = stories.started_by_itself(session, self.procedure, self.site)
            self.case_id = None if found is None else CaseId(found)

    def _compare(self, expected: Mapping[str, Any]) -> None:
        with self.engine.database.look() as session:
            seen = stories.seen(session, self._case())
        for what, value in expected.items():
            if what == "open":
                _same(what, sorted(value), seen.open)
            elif what in ("ended", "status"):
                _same(what, value, seen.ended if what == "ended" else seen.status)
            elif what in ("escalated", "notified", "papers", "started", "voided"):
                missing = [one for one in value if one not in getattr(seen, what)]
                if missing:
                    raise Unlike(f"{what}: expected {missing} among {sorted(getattr(seen, what))}")
            elif what in ("register", "data", "master"):
                actual = {"register": seen.registers, "data": seen.data, "master": seen.masters}
                _subset(what, value, actual[what])
            else:
                raise ScenarioInvalid(f"there is nothing to expect of the name {what!r}")
        if errors := self._job_errors():
            raise Unlike(f"due work failed: {errors}")

    def _open_task(self, told: Mapping[str, Any], node: str) -> tuple[TaskId, Actor]:
        with self.engine.database.look() as session:
            open_tasks = stories.open_tasks(session, self._case(), node)
            if not open_tasks:
                raise Unlike(f"no open task {node!r}; open are {stories.seen(session, self._case()).open}")
        found = open_tasks[0]
        if "by" in told:
            named = self._person(told["by"])
            theirs = (task for task in open_tasks if self._is_theirs(task, named))
            return TaskId(next(theirs, found).id), named
        if found.assignee_id is not None:
            by = next((who for who in self.people.values() if who.id == found.assignee_id), None)
            if by is None:
                raise Unlike(f"{node!r} is with nobody of this story")
            return TaskId(found.id), by
        return TaskId(found.id), self._person(found.candidates[0] if found.candidates else None)

    def _is_theirs(self, task: Task, by: Actor) -> bool:
        candidates, assignee = task.candidates, task.assignee_id
        return assignment.may_work_on(by, assignee=assignee, candidates=candidates, site=self.site)

    def _answers(self, task_id: TaskId, by: Actor, told: Mapping[str, Any]) -> dict[str, Any]:
        answers = {**tasks.first_answers(self.engine, task_id, by), **told.get("answers", {})}
        return {
            key: [self._sign(task_id, by, key)] if value == SIGNATURE else self._named(value)
            for key, value in answers.items()
        }

    def _named(self, value: Any) -> Any:
        """``@cs_rep`` is the person who plays that role."""
        if isinstance(value, str) and value.startswith("@") and value[1:] in self.people:
            return str(self.people[value[1:]].id)
        return value

    def _answer_by_link(self, node: str, choice: str) -> None:
        with self.engine.database.look() as session:
            found = stories.open_tasks(session, self._case(), node)
            link = answer_links.of_task(session, found[0].id) if found else None
        if link is None:
            raise Unlike(f"nobody was asked by a link at {node!r}")
        secret = self.engine.settings.secret_key
        tasks.answer_by_link(
            self.engine,
            link_word(secret, link.key, link.id),
            choice_word(secret, link.key, link.id, choice),
        )

    def _sign(self, task_id: TaskId, by: Actor, key: str) -> str:
        return add_attachment(
            self.engine,
            self._case(),
            by=by,
            name="signature.png",
            content=drawn_signature(),
            mime="image/png",
            task_id=task_id,
            field=key,
        ).id

    def _case(self) -> CaseId:
        if self.case_id is None:
            raise ScenarioInvalid("nothing was started yet")
        return self.case_id

    def _person(self, role: str | None) -> Actor:
        if role is None or role not in self.people:
            raise ScenarioInvalid(f"there is nobody with the role {role!r}")
        return self.people[role]

    def _job_errors(self) -> list[str]:
        with self.engine.database.look() as session:
            return stories.job_errors(session)


def drawn_signature() -> bytes:
    """A picture (PNG, 120 × 40, grey) of a stroke such as a hand draws."""
    width, height = 120, 40
    rows = [bytearray([255] * width) for _ in range(height)]
    for x in range(8, width - 8):
        y = round(height / 2 + 11 * math.sin(x / 6) * (1 - x / (width * 1.4)))
        for thick in (0, 1):
            rows[min(y + thick, height - 1)][x] = 40
    packed = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def _same(what: str, expected: object, actual: object) -> None:
    if expected != actual:
        raise Unlike(f"{what}: expected {expected!r}, was {actual!r}")


def _subset(what: str, expected: Mapping[str, Any], actual: Mapping[str, Any]) -> None:
    for key, value in expected.items():
        if isinstance(value, Mapping):
            if key not in actual:
                raise Unlike(f"{what}: nothing in {key!r}; there is {sorted(actual)}")
            _subset(f"{what}.{key}", value, actual[key])
        else:
            _same(f"{what}.{key}", value, actual.get(key))
