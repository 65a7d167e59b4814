"""A day before National Day, left to its clocks: they ring exactly when the table in the docs says."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine import jobs, pausing, procedures
from engine.bundles import from_folders, procedures_in
from engine.domain.facts import EVERYWHERE, SYSTEM, Actor, CaseId, UserId
from engine.store import stories
from engine.store.models import Case, Job
from engine.telling import FakeClock, Teller, moment
from engine.wiring import Engine, Settings, open_engine

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "clocks.md"
SITE = "tower-a"
ROW = re.compile(r"^\| (\w+) \| (\d\d-\d\d \d\d:\d\d) \| (\w+) \| ([^|]+?) \| ([^|]*?) \|$", re.MULTILINE)
RECEIVE = {
    "channel": "phone",
    "complainant": "王芳",
    "company": "晨星科技",
    "contact": "13800138000",
    "content": "空调漏水。",
    "complaint_time": "2026-09-30T15:00",
    "valid": "valid",
}
#: The last moment that the table tells.
END = "2026-10-12 18:00"


def story(engine: Engine, clock: FakeClock, people: dict[str, Actor], procedure: str) -> Teller:
    return Teller(engine, clock, people, procedure, SITE)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """What became of the three cases by the evening of 12 October."""
    files = tmp_path_factory.mktemp("files")
    settings = Settings(bpmn=ROOT / "bpmn", forms=ROOT / "forms", files=files)
    zone = open_engine(replace(settings, database_url="sqlite:///:memory:")).zone_of(SITE)
    clock = FakeClock(moment("2026-09-30 15:00", zone).astimezone(UTC))
    engine = open_engine(replace(settings, database_url="sqlite:///:memory:"), now=clock)
    engine.database.create()
    names = procedures_in(settings.bpmn)
    for bundle in procedures.in_order(from_folders(settings.bpmn, settings.forms, name) for name in names):
        procedures.publish(engine, bundle, by=SYSTEM)
    people = {}
    with engine.database.transaction() as session:
        for role in engine.organisation.roles.values():
            if not role.outside:
                account = UserId(stories.hire(session, role.id, role.zh))
                people[role.id] = Actor(account, role.zh, frozenset({(role.id, EVERYWHERE)}))
    left, paused, repair = (
        story(engine, clock, people, name)
        for name in ("complaint-handling", "complaint-handling", "repair-work-order")
    )
    for told in (left, paused):
        told.tell({"start": "front_desk"})
        told.tell({"complete": "receive", "by": "front_desk", "answers": RECEIVE})
    repair.tell({"until": "2026-09-30 17:00"})
    repair.tell({"start": "front_desk"})
    left.tell({"until": "2026-10-08 09:30"})
    waiting = CaseId(paused.case_id or 0)
    pausing.pause_case(engine, waiting, by=people["cs_supervisor"], reason="customer")
    left.tell({"until": "2026-10-10 10:00"})
    pausing.resume_clocks(engine, waiting, by=people["cs_supervisor"])
    left.tell({"until": END})
    return engine


def rung(engine: Engine) -> list[tuple[str, str, str, str, str]]:
    """Everything that rang of the three: (case, when, what, of which step or clock, to whom), in order.

    The monthly roster starts by itself meanwhile.
    """
    statement = (
        sa.select(Case.id, Job.kind, Job.node, Job.due_at, Job.done_at, Job.payload)
        .join(Case, Case.id == Job.case_id)
        .where(Job.status == "done", Job.kind.not_in(["message", "signal"]))
        .where(Case.procedure.in_(["complaint-handling", "repair-work-order"]))
        .order_by(Job.due_at, Case.id, Job.id)
    )
    zone = engine.zone_of(SITE)
    with engine.database.look() as session:
        found = session.execute(statement).all()
    assert [row.done_at for row in found] == [row.due_at for row in found]
    return [
        (
            "ABC"[row.id - 1],
            f"{row.due_at.astimezone(zone):%m-%d %H:%M}",
            row.kind,
            row.node or row.payload["clock"],
            str(row.payload.get("to", "")),
        )
        for row in found
    ]


def test_escalations_across_national_day_fire_exactly_when_the_table_says(played: Engine) -> None:
    predicted = ROW.findall(PAGE.read_text(encoding="utf-8"))
    assert len(predicted) > 40
    assert sorted(rung(played)) == sorted(predicted)


def test_nothing_is_left_that_was_due(played: Engine) -> None:
    following = jobs.next_due(played)
    assert following is not None
    assert following > datetime(2026, 10, 12, 10, tzinfo=UTC)
