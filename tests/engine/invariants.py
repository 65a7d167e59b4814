"""What must hold after every test of the engine, whatever happened in it.

Each check returns sentences about what is wrong; an empty list is a healthy database.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import undefer

from engine import jobs, procedures, scheduling
from engine.arming import STANDING
from engine.domain import assignment, verbs
from engine.domain.facts import Snapshot
from engine.domain.standing_in import Absence, refusal
from engine.runtime.starting import timer_starts
from engine.runtime.workflow import Run, Tools
from engine.store import between, due, inbox_rows, repository, schedule_rows
from engine.store.database import Session
from engine.store.models import (
    Case,
    CaseAbout,
    CaseClock,
    Delivery,
    History,
    Inbox,
    IssuedNumber,
    Job,
    MasterEntry,
    MasterRow,
    Pause,
    RegisterEntry,
    RegisterRow,
    Schedule,
    ScheduleEntry,
    Subscription,
    Substitution,
    Task,
)
from engine.tasks import signed
from engine.wiring import Engine


def require(engine: Engine) -> None:
    """Assert every invariant, as it stands and again once everything due was done."""
    found = broken(engine)
    jobs.run_due(engine)
    found += [f"once quiet: {said}" for said in [*broken(engine), *_overdue(engine)]]
    assert not found, "\n".join(found)


def broken(engine: Engine) -> list[str]:
    """Everything that is not as it must be."""
    with engine.database.look() as session:
        checks = (
            *(_histories, _inboxes, _signings, _found, _endings, _ladders, _clocks, _reasons),
            *(_numbers, _registers, _masters, _deliveries),
        )
        running = sa.select(Case).where(Case.status.in_(["active", "suspended"]))
        return [
            *(said for check in checks for said in check(session)),
            *_shown(engine, session),
            *_schedules(engine, session),
            *(
                f"case {case.number}: {said}"
                for case in session.scalars(running)
                for said in _restored(engine, session, case)
            ),
        ]


def snapshot_of(engine: Engine, session: Session, case: Case) -> Snapshot:
    """What the saved state of a case says, with nothing done to it."""
    return _run(engine, session, case, case.state).snapshot()


def _run(engine: Engine, session: Session, case: Case, state: str) -> Run:
    specification = procedures.of_version(engine, session, case.version_id).specification
    names = {"case": {"no": case.number, "site": case.site, "starter": case.started_by}}
    return Run.restore(specification, state, case.data, Tools(now=engine.now(), names=names))


def _restored(engine: Engine, session: Session, case: Case) -> Iterator[str]:
    """The projections are what the restored workflow says, and it saves itself as it was saved."""
    snapshot = snapshot_of(engine, session, case)
    if json.loads(snapshot.state)["workflow"] != json.loads(case.state)["workflow"]:
        yield "its state loaded again is another one"
    if snapshot.ended:
        yield "it is over but not ended"
    if not (snapshot.open_tasks or snapshot.timers or snapshot.awaited):
        yield "it waits for nothing: it is stuck"
    tasks = set(session.scalars(sa.select(Task.id).where(Task.case_id == case.id, Task.status == "open")))
    yield from _differ("open tasks", {task.id for task in snapshot.open_tasks}, tasks)
    timers = session.execute(
        sa.select(Job.key, Job.due_at).where(
            Job.case_id == case.id,
            Job.kind == "timer",
            # A timer that failed too often is an incident: its case still waits for it.
            Job.status.in_(["armed", "paused", "incident"]),
        )
    )
    yield from _differ(
        "timers", {(timer.id, timer.due_at) for timer in snapshot.timers}, {(key, due) for key, due in timers}
    )
    waiting = session.execute(
        sa.select(Subscription.key, Subscription.kind, Subscription.name, Subscription.correlation).where(
            Subscription.case_id == case.id
        )
    )
    yield from _differ(
        "subscriptions",
        {(found.id, found.kind, found.name, found.correlation) for found in snapshot.awaited},
        {tuple(row) for row in waiting},
    )


def _differ(what: str, expected: set[object], stored: set[object]) -> Iterator[str]:
    if expected != stored:
        yield f"{what}: only in the state {expected - stored}, only in the table {stored - expected}"


def _histories(session: Session) -> Iterator[str]:
    """One revision a step, entries numbered without a gap, one completion left a done task."""
    for case in session.scalars(sa.select(Case)):
        entries = list(
            session.scalars(sa.select(History).where(History.case_id == case.id).order_by(History.seq))
        )
        if [entry.seq for entry in entries] != list(range(1, len(entries) + 1)):
            yield f"case {case.number}: the history has gaps: {[entry.seq for entry in entries]}"
        revisions = [entry.revision for entry in entries]
        if case.revision != len(set(revisions)) or revisions != sorted(revisions):
            yield f"case {case.number}: revision {case.revision}, in its history {revisions}"
    completed = Counter(session.scalars(sa.select(History.task_id).where(History.kind == "completed")))
    # What was withdrawn was not completed after all.
    completed -= Counter(session.scalars(sa.select(History.task_id).where(History.kind == "withdrawn")))
    done = set(session.scalars(sa.select(Task.id).where(Task.status == "done")))
    if completed != Counter(done):
        yield f"done tasks and completions differ: {Counter(done) ^ set(completed)} {completed}"


def _inboxes(session: Session) -> Iterator[str]:
    """An open task stands in an inbox, to be done or to be signed; nothing else does."""
    shown = set(session.scalars(sa.select(Inbox.task_id).where(Inbox.kind.in_(["work", "sign"]))))
    open_tasks = set(session.scalars(sa.select(Task.id).where(Task.status == "open")))
    yield from _differ("inboxes", open_tasks, shown)
    stale = set(session.scalars(sa.select(Inbox.task_id))) - open_tasks
    if stale:
        yield f"inbox rows of tasks that are not open: {stale}"


def _signings(session: Session) -> Iterator[str]:
    """Those whose turn it is have the task to sign, nobody else does; the table of verbs knows its state."""
    for task, case in session.execute(
        sa.select(Task, Case).join(Case, Case.id == Task.case_id).where(Task.status == "open")
    ):
        state = verbs.state_of(
            status=task.status,
            case_status="active",
            assignee=task.assignee_id,
            given_how=task.given_how,
            signing=task.signing,
        )
        rows = session.execute(sa.select(Inbox.who, Inbox.kind).where(Inbox.task_id == task.id)).all()
        to_sign = {row.who for row in rows if row.kind == "sign"}
        asked = {
            f"u:{one.account_id}"
            for place in signed.places(task)
            for one in between.in_turn(between.signers(session, task.id), place)
        }
        yield from _differ(f"{task.node} of {case.number} to sign", asked, to_sign)
        if (state in ("awaiting", "signing")) != bool(asked):
            yield f"{task.node} of {case.number} is {state}, and to be signed by {asked}"
        work = {row.who for row in rows if row.kind == "work"}
        theirs = (
            set()
            if state == "signing"
            else {f"u:{task.assignee_id}"}
            if task.assignee_id is not None
            else {assignment.role_key(role, case.site) for role in task.candidates}
        )
        yield from _differ(f"{task.node} of {case.number} to do", theirs, work)
        if (task.given_how is None) != (task.given_by is None):
            yield f"{task.node} of {case.number} was given by {task.given_by}, {task.given_how}"


def _shown(engine: Engine, session: Session) -> Iterator[str]:
    """What an inbox sorts, filters and searches by is what its task and its case say."""
    rows = session.execute(
        sa.select(Inbox, Task, Case)
        .join(Task, Task.id == Inbox.task_id)
        .join(Case, Case.id == Task.case_id)
        .options(undefer(Inbox.tokens))
    )
    for row, task, case in rows:
        label = procedures.of_version(engine, session, case.version_id).label(task.process, task.name)
        said = inbox_rows.row(case, task, label, who=row.who, kind=row.kind, reason=row.reason)
        for column in set(Inbox.__table__.columns.keys()) - {"id"}:
            if getattr(row, column) != getattr(said, column):
                yield f"{task.node} of {case.number} in {row.who}: {column} is {getattr(row, column)}"
    for case in session.scalars(sa.select(Case).options(undefer(Case.tokens))):
        if case.tokens != inbox_rows.case_tokens(case.number, case.subject):
            yield f"case {case.number} is not found by its subject {case.subject}"


def _found(session: Session) -> Iterator[str]:
    """The index of texts holds what the rows hold; PostgreSQL sees to that itself."""
    if session.get_bind().dialect.name != "sqlite":
        return
    for model in (Case, Inbox):
        name = f"find_{model.__tablename__}"
        session.execute(
            sa.text(
                f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.in_{name} USING fts5vocab(main, {name}, instance)"
            )
        )
        held: dict[int, set[str]] = {}
        for token, row in session.execute(sa.text(f"SELECT term, doc FROM temp.in_{name}")):
            held.setdefault(row, set()).add(bytes.fromhex(token).decode())
        rows = session.execute(sa.select(model.id, model.tokens))
        yield from _differ(
            name,
            {(row.id, token) for row in rows for token in row.tokens},
            {(row, token) for row, tokens in held.items() for token in tokens},
        )


def _endings(session: Session) -> Iterator[str]:
    """A case that is over has nothing open, armed or awaited (what it threw may still be on its way)."""
    over = sa.select(Case.id).where(Case.status.in_(["ended", "cancelled"]))
    for what, rows in (
        ("open tasks", sa.select(Task.id).where(Task.case_id.in_(over), Task.status == "open")),
        (
            "armed jobs",
            sa.select(Job.id).where(
                Job.case_id.in_(over), Job.status.in_(["armed", "paused"]), Job.kind != "message"
            ),
        ),
        ("subscriptions", sa.select(Subscription.key).where(Subscription.case_id.in_(over))),
    ):
        if left := list(session.scalars(rows)):
            yield f"a case that is over still has {what}: {left}"
    if undated := list(
        session.scalars(sa.select(Case.number).where(Case.id.in_(over), Case.ended_at.is_(None)))
    ):
        yield f"these cases are over without saying since when: {undated}"


def _ladders(session: Session) -> Iterator[str]:
    """A ladder is climbed for an open task or a clock that runs only, and not while it stands still."""
    standing = sa.select(Job, Case).join(Case, Case.id == Job.case_id)
    for job, case in session.execute(standing.where(Job.status.in_(["armed", "paused"]))):
        if job.status == "paused" and case.paused_at is None:
            yield f"{job.kind} {job.node} waits for clocks that do not stand still"
        if job.kind not in STANDING:
            continue
        if job.status == "armed" and case.paused_at is not None:
            yield f"{job.kind} {job.node} is armed though the clocks of {case.number} stand still"
        if "clock_id" in job.payload:
            clock = session.get_one(CaseClock, job.payload["clock_id"])
            if clock.met_at is not None or clock.dropped_at is not None:
                yield f"a ladder still stands for the {clock.kind} of {case.number}"
            continue
        task = session.get_one(Task, job.payload["task"])
        if task.status != "open":
            yield f"a ladder still stands for {task.node}, which is {task.status}"


def _clocks(session: Session) -> Iterator[str]:
    """A case knows the clocks of its own that run; one that is over has none, and stands still no more."""
    for case in session.scalars(sa.select(Case)):
        clocks = session.scalars(sa.select(CaseClock).where(CaseClock.case_id == case.id)).all()
        running = {found.kind: found.id for found in clocks if not (found.met_at or found.dropped_at)}
        yield from _differ(f"clocks of {case.number}", set((case.clocks or {}).items()), set(running.items()))
        pauses = session.scalars(sa.select(Pause).where(Pause.case_id == case.id)).all()
        since = [pause.started_at for pause in pauses if pause.ended_at is None]
        if since != ([case.paused_at] if case.paused_at else []):
            yield f"case {case.number} stands still since {case.paused_at}, its pauses say {since}"
        if case.status in ("ended", "cancelled") and (running or case.paused_at):
            yield f"case {case.number} is over, its clocks are not: {running} {case.paused_at}"
        for kind, clock_id in running.items():
            own = Job.payload["clock_id"].as_integer() == clock_id
            told = session.scalars(
                sa.select(Job.due_at).where(Job.kind == "missed", own, Job.status != "cancelled")
            )
            due = session.get_one(CaseClock, clock_id).due_at
            if due not in list(told):
                yield f"nobody will tell that the {kind} of {case.number} is missed at {due}"


def _numbers(session: Session) -> Iterator[str]:
    """Issued numbers and case numbers have no gaps."""
    given: dict[str, list[int]] = {}
    for series, seq in session.execute(
        sa.select(IssuedNumber.series, IssuedNumber.seq).order_by(IssuedNumber.series, IssuedNumber.seq)
    ):
        given.setdefault(series, []).append(seq)
    for number in session.scalars(sa.select(Case.number).order_by(Case.id)):
        letters, _, seq = number.rpartition("-")
        given.setdefault(f"case {letters}", []).append(int(seq))
    for series, seqs in given.items():
        if sorted(seqs) != list(range(1, len(seqs) + 1)):
            yield f"the series {series} has gaps or repeats: {seqs}"


def _registers(session: Session) -> Iterator[str]:
    """A row counts its entries, and is what its last entry says."""
    for row in session.scalars(sa.select(RegisterRow)):
        entries = list(
            session.scalars(
                sa.select(RegisterEntry).where(RegisterEntry.row_id == row.id).order_by(RegisterEntry.seq)
            )
        )
        if [entry.seq for entry in entries] != list(range(1, row.entries + 1)):
            yield f"register row {row.id} counts {row.entries}, has {[entry.seq for entry in entries]}"
        elif (entries[-1].values, entries[-1].void) != (row.values, row.void):
            yield f"register row {row.id} is not what its last entry says"


def _deliveries(session: Session) -> Iterator[str]:
    """A delivery says when it was sent, and why not; whoever began to send one was counted first."""
    for found in session.scalars(sa.select(Delivery)):
        said = f"delivery {found.id} is {found.status}"
        if (found.status == "sent") != (found.sent_at is not None):
            yield f"{said}, sent at {found.sent_at}"
        if found.status in ("dead", "unsure") and not found.error:
            yield f"{said} and does not say why"
        if found.status in ("sending", "sent", "dead", "unsure") and found.attempts < 1:
            yield f"{said} after {found.attempts} attempts"


def _masters(session: Session) -> Iterator[str]:
    """A row of a master counts its entries, is what its last one says, and knows the cases that made them."""
    concerned = {tuple(row) for row in session.execute(sa.select(CaseAbout.case_id, CaseAbout.row_id))}
    for row in session.scalars(sa.select(MasterRow)):
        entries = list(
            session.scalars(
                sa.select(MasterEntry).where(MasterEntry.row_id == row.id).order_by(MasterEntry.seq)
            )
        )
        if not entries or [entry.seq for entry in entries] != list(range(1, row.entries + 1)):
            yield f"{row.master} {row.key} counts {row.entries}, has {[entry.seq for entry in entries]}"
        elif (entries[-1].values, entries[-1].void) != (row.values, row.void):
            yield f"{row.master} {row.key} is not what its last entry says"
        for entry in entries:
            if entry.case_id is not None and (entry.case_id, row.id) not in concerned:
                yield f"{row.master} {row.key} was changed by case {entry.case_id}, which does not concern it"
    told = Counter(
        (entry.detail["row"], entry.case_id)
        for entry in session.scalars(
            sa.select(History).where(History.kind.in_(["master_changed", "master_ended"]))
        )
    )
    written = Counter(
        tuple(row)
        for row in session.execute(
            sa.select(MasterEntry.row_id, MasterEntry.case_id).where(MasterEntry.case_id.is_not(None))
        )
    )
    if told != written:
        yield f"entries of masters and what cases told of them differ: {told - written} {written - told}"


def _reasons(session: Session) -> Iterator[str]:
    """A task that a rule gave to somebody says why in both languages; nobody stands in for themselves."""
    for task in session.scalars(sa.select(Task).where(Task.assigned_because.like("rule:%"))):
        if not (task.why and task.why.get("zh") and task.why.get("en")):
            yield f"{task.node} was given by {task.assigned_because} and does not say why"
    rows = session.scalars(sa.select(Substitution).where(Substitution.ended_at.is_(None))).all()
    standing = [
        Absence(row.account_id, row.substitute_id, row.starts_at, row.ends_at, frozenset(row.procedures))
        for row in rows
    ]
    for index, one in enumerate(standing):
        others = standing[:index] + standing[index + 1 :]
        if refused := refusal(one, others, now=one.starts_at):
            yield f"an absence of {one.account} stands that would be refused: {refused}"


def _schedules(engine: Engine, session: Session) -> Iterator[str]:
    """Each timer start of a live version is armed at each of its sites, and nothing else is."""
    wanted = {}
    for version in repository.latest_versions(session):
        published = procedures.of_version(engine, session, version.id)
        for start in timer_starts(published.bundle.diagram, published.procedure):
            for site in scheduling.sites_of(engine, published.bundle.properties):
                wanted[published.procedure, start.node, site] = start.expression
    rows = session.scalars(sa.select(Schedule).where(Schedule.status != "gone")).all()
    standing = {(row.procedure, row.node, row.site): row.expression for row in rows}
    yield from _differ("schedules", set(wanted.items()), set(standing.items()))
    for row in rows:
        said = f"the schedule of {row.procedure} at {row.site}"
        if row.run_at < row.due_at:
            yield f"{said} runs before it is due"
        if row.status == "incident" and not row.error:
            yield f"{said} failed and does not say why"
    fired = Counter(
        (entry.detail["case"], entry.detail["due"])
        for entry in session.scalars(sa.select(ScheduleEntry).where(ScheduleEntry.kind == "fired"))
    )
    begun = Counter(
        (entry.case_id, entry.detail["due"])
        for entry in session.scalars(sa.select(History).where(History.kind == "case_started"))
        if "schedule" in entry.detail and not entry.detail.get("by_hand")
    )
    if fired != begun:
        yield f"what schedules began and what cases say differ: {fired - begun} {begun - fired}"
    once = Counter(
        (entry.schedule_id, due)
        for entry in session.scalars(sa.select(ScheduleEntry).where(ScheduleEntry.kind == "fired"))
        for due in [entry.detail["due"], *entry.detail.get("missed", [])]
    )
    if twice := [key for key, times in once.items() if times > 1]:
        yield f"the same moment of a schedule was done twice: {twice}"


def _overdue(engine: Engine) -> list[str]:
    with engine.database.look() as session:
        left = [session.get_one(Job, found) for found, _ in due.listed(session, engine.now(), 100)]
        at = schedule_rows.next_run(session)
        late = [f"a schedule is overdue since {at}"] if at is not None and at <= engine.now() else []
        return [*late, *(f"armed and overdue: {job.kind} {job.node} {job.run_at}" for job in left)]
