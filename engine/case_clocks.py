"""The clocks of a whole case: its response, its solution, and how often the customer hears of it.

A procedure declares them as properties of its process. They are armed when the case starts, met by what
happens in it, and told in its history; their ladders are jobs like those of tasks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from engine import arming
from engine.domain.facts import Snapshot
from engine.domain.sla import Deadline
from engine.domain.views import Words
from engine.lending import deadline_named
from engine.store import case_rows, rows, saving
from engine.store.models import CaseClock, Job

if TYPE_CHECKING:
    from engine.steps import Step

RESPONSE, SOLUTION, UPDATE = "response", "solution", "update"
#: The clocks that a process may declare: ``clock_response`` and so on name their deadlines.
KINDS = (RESPONSE, SOLUTION, UPDATE)
#: What people call them.
CLOCK_WORDS = {
    "response": Words("首次响应", "First response"),
    "solution": Words("解决", "Solution"),
    "update": Words("进展告知", "Telling the customer of progress"),
}
#: Entries of history by which the customer heard something.
HEARD = frozenset({"customer_told"})


def declared(step: Step) -> dict[str, str]:
    """kind → deadline of the clocks that the procedure of a case declares."""
    properties = step.published.bundle.properties
    return {kind: properties[f"clock_{kind}"] for kind in KINDS if properties.get(f"clock_{kind}")}


def arm(step: Step) -> None:
    """Start the clocks of a case that begins; saved with its first step."""
    for kind, name in declared(step).items():
        _start(step, kind, deadline_named(step, name))


def follow(step: Step, snapshot: Snapshot) -> None:
    """Meet, start again and drop the clocks of a case by what a step did; before the step is saved."""
    running = step.case.clocks
    if not running:
        return
    passed = {seen.node for seen in snapshot.visited if seen.event == "completed"}
    reached = {seen.node for seen in snapshot.visited if seen.event in ("entered", "completed")}
    kinds = {entry["kind"] for entry in step.told}
    if snapshot.ended:
        kept = () if "case_cancelled" in kinds else (RESPONSE, SOLUTION)
        _end(step, running, kept)
        return
    if RESPONSE in running and _responds(step, passed):
        meet(step, RESPONSE)
    if SOLUTION in running and _named(step, SOLUTION) & reached:
        meet(step, SOLUTION)
        # Who has the solution waits for no news.
        _drop(step, [UPDATE])
    elif kinds & HEARD:
        _heard(step)


def customer_heard(step: Step) -> None:
    """Start the update clock again, and save it: the customer was told something beside the workflow."""
    _heard(step)
    rows.add(step.session, Job, step.jobs)
    step.jobs.clear()


def _heard(step: Step) -> None:
    if UPDATE not in (step.case.clocks or {}):
        return
    meet(step, UPDATE)
    _start(step, UPDATE, deadline_named(step, declared(step)[UPDATE]))


def meet(step: Step, kind: str) -> None:
    """Write that a promise was kept, and climb its ladder no further."""
    clock_id = (step.case.clocks or {}).get(kind)
    if clock_id is None:
        return
    clock = step.session.get_one(CaseClock, clock_id)
    clock.met_at = step.now
    _over(step, kind)
    step.tell(
        "clock_met",
        clock=kind,
        deadline=clock.deadline,
        due=clock.due_at.isoformat(),
        # While the clocks stand still nothing becomes late.
        late=(step.case.paused_at or step.now) > clock.due_at,
    )


def _start(step: Step, kind: str, deadline: Deadline) -> None:
    calendar = step.calendar(deadline)
    clock = CaseClock(
        case_id=step.case.id,
        kind=kind,
        deadline=deadline.name,
        started_at=step.now,
        due_at=deadline.due(step.now, calendar),
        limit=deadline.limit.text(),
    )
    step.session.add(clock)
    step.session.flush()
    rows.update(step.session, step.case, clocks={**(step.case.clocks or {}), kind: clock.id})
    step.jobs += arming.clock_ladder(step, clock, deadline)
    step.tell("clock_started", clock=kind, deadline=deadline.name, due=clock.due_at.isoformat())


def _responds(step: Step, passed: set[str]) -> bool:
    """A named node was passed; or somebody other than the starter did a task, or the starter a second one."""
    if named := _named(step, RESPONSE):
        return bool(named & passed)
    if step.completed is None:
        return False
    intake = step.actor.id is not None and step.actor.id == step.case.started_by
    return not intake or case_rows.done_before(step.session, step.case.id, step.completed)


def _named(step: Step, kind: str) -> set[str]:
    said = step.published.bundle.properties.get(f"clock_{kind}_met", "")
    return {node.strip() for node in said.split(",") if node.strip()}


def _end(step: Step, running: dict[str, Any], kept: Iterable[str]) -> None:
    for kind in [kind for kind in kept if kind in running]:
        meet(step, kind)
    _drop(step, list(step.case.clocks or {}))


def _drop(step: Step, kinds: Iterable[str]) -> None:
    """Let clocks fall away that nobody has to keep any more."""
    for kind in kinds:
        clock_id = (step.case.clocks or {}).get(kind)
        if clock_id is not None:
            step.session.get_one(CaseClock, clock_id).dropped_at = step.now
            _over(step, kind)


def _over(step: Step, kind: str) -> None:
    running = dict(step.case.clocks or {})
    key = arming.clock_key(kind, running.pop(kind))
    rows.update(step.session, step.case, clocks=running)
    saving.cancel_ladders(step.session, step.case.id, [key], step.now)
    # Those that this step armed are not in the table yet.
    step.jobs = [job for job in step.jobs if not job.key.startswith(f"{key}:")]
