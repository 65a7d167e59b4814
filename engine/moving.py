"""Move what a case has promised: when its clocks go on after a pause, its calendar or a deadline changed.

What is due was worked out from a beginning, a limit, a calendar and the pauses so far. All of it stands in
the rows, so that it can be worked out again. What has passed stays as it was, and nothing becomes due
before now: nobody is late by a change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from engine import arming, procedures, steps
from engine.domain.calendars import ALWAYS, WorkCalendar
from engine.domain.facts import Actor, Data
from engine.domain.ladders import Rung, parse_when
from engine.domain.rules import Rules, Scope, Still, after_pauses, due_moment, limit_of
from engine.domain.sla import Deadline
from engine.domain.views import Words
from engine.runtime.workflow import Run
from engine.store import case_rows, due, locking, rows, saving
from engine.store.database import Session
from engine.store.models import Case, CaseClock, Job, Task
from engine.wiring import Engine

Kind = Literal["task", "clock", "rung", "timer"]


@dataclass(frozen=True)
class Move:
    """A moment that moves."""

    kind: Kind
    #: The task's id, the clock's, or the job's.
    id: str | int
    case_id: int
    node: str
    process: str
    old: datetime
    new: datetime
    #: For a task or a clock whose limit changes: what it is from now on.
    deadline: Deadline | None = None
    #: What the rung or the clock is: an action, ``response``, the timer's key.
    what: str = ""
    task_id: str | None = None
    #: The clock of the case that a rung belongs to.
    clock: str = ""


@dataclass(frozen=True)
class Moving:
    """What is asked of a case: its rows, the rules that count from now on, its pauses."""

    engine: Engine
    case: Case
    rules: Rules
    tasks: tuple[Task, ...]
    clocks: tuple[CaseClock, ...]
    jobs: tuple[Job, ...]
    stills: tuple[Still, ...]
    #: The pause that ends now.
    resumed: Still | None = None
    #: The deadlines of which limit and ladder are asked anew; None for none, empty for all.
    anew: frozenset[str] | None = None

    @property
    def now(self) -> datetime:
        """The present, or since when the clocks stand still."""
        return self.case.paused_at or self.engine.now()

    def moves(self) -> Iterator[Move]:
        """Everything that moves, tasks and clocks with their rungs, then timers."""
        for task in self.tasks:
            yield from self._task(task)
        for clock in self.clocks:
            yield from self._clock(clock)
        for job in self.jobs:
            if job.kind == "timer":
                yield from self._timer(job)

    def _task(self, task: Task) -> Iterator[Move]:
        if task.due_at is None:
            return
        rungs = [job for job in self.jobs if job.payload.get("task") == task.id and job.kind != "timer"]
        deadline, changed = self._deadline(task.deadline, task.limit, task.created_at, task.due_at, rungs)
        calendar = self._calendar(deadline)
        limit = limit_of(task.limit)
        if deadline is not None and changed:
            due_at = self._settled(
                task.due_at, due_moment(deadline.limit, task.created_at, self._all_stills, calendar)
            )
        elif limit is not None:
            due_at = self._settled(
                task.due_at, due_moment(limit, task.created_at, self._all_stills, calendar)
            )
        else:
            counted = deadline.limit.counted_in(calendar) if deadline else calendar
            due_at = self._settled(task.due_at, self._resumed(task.due_at, task.created_at, counted))
        if due_at != task.due_at or changed:
            yield Move(
                "task",
                task.id,
                self.case.id,
                task.node,
                task.process,
                task.due_at,
                due_at,
                deadline if changed else None,
                task_id=task.id,
            )
        if not changed:
            yield from self._rungs(rungs, task.created_at, due_at, task.limit, calendar, deadline)

    def _clock(self, clock: CaseClock) -> Iterator[Move]:
        rungs = [job for job in self.jobs if job.payload.get("clock_id") == clock.id]
        deadline, changed = self._deadline(clock.deadline, clock.limit, clock.started_at, clock.due_at, rungs)
        calendar = self._calendar(deadline)
        limit = deadline.limit if deadline is not None and changed else limit_of(clock.limit)
        assert limit is not None
        due_at = self._settled(clock.due_at, due_moment(limit, clock.started_at, self._all_stills, calendar))
        if due_at != clock.due_at or changed:
            yield Move(
                "clock",
                clock.id,
                self.case.id,
                "",
                self.case.procedure,
                clock.due_at,
                due_at,
                deadline if changed else None,
                what=clock.kind,
            )
        if not changed:
            yield from self._rungs(rungs, clock.started_at, due_at, clock.limit, calendar, deadline)

    def _rungs(
        self,
        jobs: Iterable[Job],
        start: datetime,
        due_at: datetime,
        limit_text: str,
        calendar: WorkCalendar,
        deadline: Deadline | None,
    ) -> Iterator[Move]:
        limit = limit_of(limit_text)
        unit = limit or (deadline.limit if deadline else None)
        counted = unit.counted_in(calendar) if unit else calendar
        for job in jobs:
            if "rule" not in job.payload:
                # Armed by an earlier version.
                continue
            rung = Rung(parse_when(job.payload["rule"]), "remind", "holder")
            own = rung.counted_in(counted, calendar)
            if limit is not None:
                plain = rung.at(start, limit.after(start, calendar), counted, calendar)
                moment = after_pauses(plain, start, self._all_stills, own)
            elif isinstance(rung.when, float):
                moment = self._resumed(job.due_at, start, own)
            else:
                moment = after_pauses(
                    rung.at(start, due_at, counted, calendar), due_at, self._all_stills, own
                )
            moment = due_at if job.kind == arming.MISSED else self._settled(job.due_at, moment)
            if moment != job.due_at:
                yield Move(
                    "rung",
                    job.id,
                    self.case.id,
                    job.node,
                    job.process,
                    job.due_at,
                    moment,
                    what=job.kind,
                    task_id=job.payload.get("task"),
                    clock=job.payload.get("clock", ""),
                )

    def _timer(self, job: Job) -> Iterator[Move]:
        payload, pausable = job.payload, bool(job.payload.get("pausable"))
        limit = limit_of(payload.get("limit", ""))
        if limit is None or "armed" not in payload:
            moment = self._resumed(job.due_at, job.due_at, ALWAYS) if pausable else job.due_at
        else:
            calendar = self.rules.calendars.get(payload["calendar"]) or self._calendar(None)
            stills = self._all_stills if pausable else ()
            moment = due_moment(limit, datetime.fromisoformat(payload["armed"]), stills, calendar)
        moment = self._settled(job.due_at, moment)
        if moment != job.due_at:
            yield Move("timer", job.id, self.case.id, job.node, job.process, job.due_at, moment, what=job.key)

    @property
    def _all_stills(self) -> tuple[Still, ...]:
        return (*self.stills, self.resumed) if self.resumed else self.stills

    def _resumed(self, moment: datetime, start: datetime, counted: WorkCalendar) -> datetime:
        """A moment that somebody set: only the pause that ends now moves it."""
        if self.resumed is None:
            return moment
        return after_pauses(moment, min(start, self.resumed[0]), [self.resumed], counted)

    def _settled(self, old: datetime, new: datetime) -> datetime:
        """What has passed stays; nothing becomes due before now."""
        since = self.resumed[0] if self.resumed else self.now
        return old if new == old or old <= since else max(new, self.now)

    def _deadline(
        self, name: str | None, promised: str, start: datetime, due_at: datetime, rungs: Sequence[Job]
    ) -> tuple[Deadline | None, bool]:
        """The deadline of something, and whether its limit or ladder is another one from now on."""
        if not name:
            return None, False
        found = self.rules.deadline(name, Scope(self.case.procedure, self.case.priority, self.case.site))
        asked = self.anew is not None and (not self.anew or name in self.anew)
        if found is None or not asked or not promised:
            return found, False
        if found.limit.text() != promised:
            return found, True
        wanted = {
            (rung.when_text(), rung.action, rung.to): moment
            for moment, rung in found.rungs_at(start, due_at, self._calendar(found))
        }
        armed = {
            (job.payload.get("rule"), job.kind, job.payload.get("to"))
            for job in rungs
            if job.kind != arming.MISSED
        }
        missing = [wanted[rung] for rung in wanted.keys() - armed]
        return found, bool(armed - wanted.keys()) or any(moment > self.now for moment in missing)

    def _calendar(self, deadline: Deadline | None) -> WorkCalendar:
        site = self.engine.organisation.sites.get(self.case.site)
        named = deadline.calendar if deadline and deadline.calendar else site.calendar if site else ""
        return self.rules.calendars.get(named, ALWAYS)


def moving(
    engine: Engine,
    session: Session,
    case: Case,
    *,
    rules: Rules,
    resumed: Still | None = None,
    anew: frozenset[str] | None = None,
) -> Moving:
    """Look at a case: what would move by other rules, or by the end of a pause."""
    session.flush()
    stills = tuple(
        (pause.started_at, pause.ended_at)
        for pause in case_rows.pauses(session, case.id)
        if pause.ended_at is not None
    )
    return Moving(
        engine=engine,
        case=case,
        rules=rules,
        tasks=tuple(case_rows.open_tasks(session, case.id)),
        clocks=tuple(case_rows.running_clocks(session, case.id)),
        jobs=tuple(case_rows.standing_jobs(session, case.id)),
        stills=stills,
        resumed=resumed,
        anew=anew,
    )


def move(step: steps.Step, found: Moving, why: str, **detail: object) -> list[Move]:
    """Move everything that moves and tell it; ``why``: pause, calendar, deadline, priority."""
    moves = list(found.moves())
    tasks = {task.id: task for task in found.tasks}
    clocks = {clock.id: clock for clock in found.clocks}
    jobs = {job.id: job for job in found.jobs}
    timers: list[Move] = []
    for one in moves:
        match one.kind:
            case "task":
                _move_task(step, tasks[str(one.id)], one)
            case "clock":
                _move_clock(step, clocks[int(one.id)], one)
            case "rung":
                _move_job(step, jobs[int(one.id)], one.new)
            case "timer":
                timers.append(one)
                _move_job(step, jobs[int(one.id)], one.new)
        if one.kind != "rung":
            step.tell(
                "moment_moved",
                node=one.node or None,
                process=one.process,
                task_id=one.task_id,
                what=one.kind,
                clock=one.what if one.kind == "clock" else None,
                old=one.old.isoformat(),
                new=one.new.isoformat(),
                why=why,
                **_said(step, one, why),
                **detail,
            )
    if timers:
        step.moved = {one.what: one.new for one in timers}
        step.session.flush()
        steps.take(step, lambda run: _rearm(run, timers))
    return moves


#: Why moments move.
_WHY = {
    "pause": Words("停表顺延", "the clocks stood still"),
    "calendar": Words("日历改变", "the calendar changed"),
    "deadline": Words("时限改变", "the deadline changed"),
    "priority": Words("优先级改变", "the priority changed"),
}


def _said(step: steps.Step, one: Move, why: str) -> dict[str, str]:
    zone = step.engine.zone_of(step.case.site)
    old, new = one.old.astimezone(zone), one.new.astimezone(zone)
    said = _WHY.get(why, Words(why, why))
    return {
        "zh": f"{old:%m月%d日 %H:%M} → {new:%m月%d日 %H:%M}（{said.zh}）",
        "en": f"{old:%b %d, %H:%M} → {new:%b %d, %H:%M} ({said.en})",
    }


def reclock(step: steps.Step) -> list[Move]:
    """Ask the deadlines of a case's open tasks and clocks anew: its priority is another one.

    The entries are left in ``step.told``, as whoever calls saves them.
    """
    found = moving(step.engine, step.session, step.case, rules=step.rules, anew=frozenset())
    return move(step, found, "priority", priority=step.case.priority)


def shift_case(engine: Engine, session: Session, case_id: int, by: Actor, why: str, detail: Data) -> int:
    """Move what other calendars move in one case; how many moments that were."""
    case = locking.lock_case(session, case_id)
    if case.status not in case_rows.RUNNING:
        return 0
    published = procedures.of_version(engine, session, case.version_id)
    return shift(steps.step_for(engine, session, case, published, by), why, detail)


def shift(step: steps.Step, why: str, detail: Data) -> int:
    """Move in a locked case what the rules as they stand now move, and save it.

    ``detail`` goes into its history; with ``deadline`` in it, that one's limit and ladder are asked anew.
    """
    anew = frozenset({str(detail["deadline"])}) if "deadline" in detail else None
    found = moving(step.engine, step.session, step.case, rules=step.rules, anew=anew)
    moves = move(step, found, why, **detail)
    saving.append_history(step.session, step.case, step.told)
    step.told.clear()
    return len(moves)


def _rearm(run: Run, timers: Iterable[Move]) -> None:
    for one in timers:
        run.rearm(one.what, one.new)


def _move_task(step: steps.Step, task: Task, one: Move) -> None:
    case_rows.move_task(step.session, task.id, one.new)
    if one.deadline is None:
        return
    limit = one.deadline.limit.text()
    rows.update(step.session, task, limit=limit, due_at=one.new)
    saving.cancel_ladders(step.session, step.case.id, [task.id], step.now)
    again = f"{step.case.revision}."
    armed = arming.ladder(step, task, one.deadline, again=again, since=step.now)
    rows.add(step.session, Job, list(armed))


def _move_clock(step: steps.Step, clock: CaseClock, one: Move) -> None:
    clock.due_at = one.new
    if one.deadline is None:
        return
    clock.limit = one.deadline.limit.text()
    step.session.flush()
    key = arming.clock_key(clock.kind, clock.id)
    saving.cancel_ladders(step.session, step.case.id, [key], step.now)
    again = f"{step.case.revision}."
    armed = arming.clock_ladder(step, clock, one.deadline, again=again, since=step.now)
    rows.add(step.session, Job, list(armed))


def _move_job(step: steps.Step, job: Job, moment: datetime) -> None:
    job.due_at = job.run_at = moment
    if job.status == "armed":
        due.note_armed(step.session, job.case_id, job.key, moment)
