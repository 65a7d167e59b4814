"""Run a diagram with no database, on a fake clock, answering its own user tasks: ``guanjia dry-run``.

All processes of the file run together and exchange messages and signals as cases do; one that begins
with a message or a signal waits until it comes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from engine.domain.facts import Data, Finding, OpenTask, Snapshot
from engine.errors import BoundReached, GuanjiaError, Invalid
from engine.pretending import BEGIN, FormOf, Numbers, nothing_yet, plausible_answers, pretended_tools
from engine.runtime.decision_files import decisions_in
from engine.runtime.decisions import names_of as decision_names
from engine.runtime.decisions import reached
from engine.runtime.lint_expressions import names_of
from engine.runtime.linting import lint
from engine.runtime.parsing import Specification, build_all
from engine.runtime.reading import Diagram, Unreadable, processes_of, read
from engine.runtime.scripting import Bounds
from engine.runtime.tracing import TracedRun
from engine.runtime.workflow import Tools

#: Seconds of processor time of one dry run, its check included.
SECONDS = 1.5
#: What the file that is tried is called among those that it calls.
TRIED = "dry-run.bpmn"
#: The DMN files beside each diagram.
Tables = Mapping[str, Mapping[str, bytes]]
#: What a procedure must have before it is published, and a try can do without.
NOT_NEEDED = frozenset({"role-missing", "process-several"})


@dataclass
class Pool:
    """One process of the file with the case that runs in it."""

    specification: Specification
    snapshot: Snapshot | None = None

    @property
    def begun(self) -> bool:
        """Say whether its case was started."""
        return self.snapshot is not None

    @property
    def ended(self) -> bool:
        """Say whether its case is over."""
        return self.snapshot is not None and self.snapshot.ended


@dataclass
class DryRun:
    """One try of a diagram."""

    pools: list[Pool]
    #: What the answers file says: at, start, tasks, events.
    answers: Mapping[str, Any]
    max_steps: int
    form_of: FormOf
    #: What no form of a dry run fills reads as nothing, so that decisions take their default way.
    unknown: Data
    #: The thread's processor time at which it must be over.
    until: float
    now: datetime = BEGIN
    trace: list[dict[str, Any]] = field(default_factory=list)
    visits: dict[str, int] = field(default_factory=dict)
    numbers: Numbers = field(default_factory=Numbers)
    #: Messages and signals that nobody has taken up yet: (kind, name, payload, the pool it comes from).
    post: list[tuple[str, str, Data, Pool | None]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    #: Ids of open tasks that the answers file leaves unanswered.
    left: set[str] = field(default_factory=set)
    #: When the next event of the answers file comes.
    next_event_at: datetime | None = None

    def run(self) -> str:
        """Run to the end, or as far as it goes; say how it ended.

        ``completed``, ``waiting`` (for what the answers file does not give) or ``bounded``.
        """
        self._begin()
        events = list(self.answers.get("events", []))
        for _ in range(self.max_steps):
            if time.thread_time() > self.until:
                break
            if self.post:
                self._deliver(*self.post.pop(0))
            elif events and self._event(events[0]):
                events.pop(0)
            elif not (self._answer() or self._fire(None)):
                begun = [pool for pool in self.pools if pool.begun]
                return "completed" if begun and all(pool.ended for pool in begun) else "waiting"
        return "bounded"

    def live(self) -> list[Pool]:
        """The pools whose case runs."""
        return [pool for pool in self.pools if pool.begun and not pool.ended]

    def _begin(self) -> None:
        data, chosen = self.answers.get("start", {}), self.answers.get("at")
        there = [pool for pool in self.pools if chosen and pool.specification.has_start(chosen)]
        if chosen and not there:
            raise Invalid("No process has this start event.", at=chosen)
        for pool in there:
            self._start(pool, chosen, data)
        by_themselves = [
            pool for pool in self.pools if not pool.begun and pool.specification.begins_by_itself
        ]
        for pool in by_themselves:
            self._start(pool, None, data)
        if not (there or by_themselves or self.answers.get("events")):
            for pool in self.pools:
                if start := pool.specification.start_by_time():
                    self._start(pool, start, data)
        if self.answers.get("events") or any(pool.begun for pool in self.pools):
            return
        # All wait for each other or for somebody outside, whom the first one's message stands for.
        first = self.pools[0]
        start = first.specification.first_start()
        self._start(first, start, self.answers.get("start", {}))

    def _start(self, pool: Pool, start: str | None, data: Data) -> None:
        tools, begins = self._tools(pool), {}
        if start and start == pool.specification.start_by_time():
            begins = {"scheduled_at": self.now.isoformat(timespec="minutes")}
        run = TracedRun.start(pool.specification, {**self.unknown, **begins, **data}, tools, at=start)
        self._keep(pool, run)

    def _answer(self) -> bool:
        """Answer one open task; False when there is none to answer."""
        for pool in self.live():
            for task in self._of(pool).open_tasks:
                if task.id in self.left:
                    continue
                given = self._given(pool, task)
                if given is None:
                    self.left.add(task.id)
                    continue
                self._complete(pool, task, given)
                return True
        return False

    def _complete(self, pool: Pool, task: OpenTask, given: Data) -> None:
        run = self._restore(pool)
        self._keep(pool, run, lambda: run.complete(task.id, given, by=1))

    def _given(self, pool: Pool, task: OpenTask) -> Data | None:
        tasks = self.answers.get("tasks", {})
        visit = self.visits.get(task.node, 0)
        self.visits[task.node] = visit + 1
        if task.node not in tasks and task.properties.get("signers"):
            return {"agreed": True, "votes": []}
        if task.node not in tasks:
            form = self.form_of(task.process, task.properties.get("form", ""))
            return plausible_answers(task, form, self._of(pool).data, self.now)
        given = tasks[task.node]
        if isinstance(given, list):
            given = given[min(visit, len(given) - 1)] if given else {}
        return None if given is None else dict(given)

    def _fire(self, before: datetime | None) -> bool:
        """Fire the timer that is due first, when it is due before that moment."""
        due = [(timer.due_at, timer.id, pool) for pool in self.live() for timer in self._of(pool).timers]
        first = min(due, key=lambda found: found[:2], default=None)
        if first is None or (before is not None and first[0] >= before):
            return False
        self.now = max(self.now, first[0])
        run = self._restore(first[2])
        self._keep(first[2], run, lambda: run.fire(first[1]))
        return True

    def _event(self, event: Mapping[str, Any]) -> bool:
        """Send an event of the answers file when somebody waits for it; False when nobody does."""
        kind = "message" if "message" in event else "signal"
        if not self._takers(kind, event[kind]):
            return False
        if self.next_event_at is None:
            self.next_event_at = self.now + timedelta(seconds=float(event.get("after", 0)))
        while self._fire(self.next_event_at):
            if not self._takers(kind, event[kind]) or time.thread_time() > self.until:
                self.next_event_at = None
                return False
        self.now, self.next_event_at = max(self.now, self.next_event_at), None
        self._deliver(kind, event[kind], dict(event.get("payload", {})), None)
        return True

    def _takers(self, kind: str, name: str) -> list[Pool]:
        waiting = [pool for pool in self.live() if self._waits(pool, kind, name)]
        starting = [pool for pool in self.pools if not pool.begun and pool.specification.starts(kind, name)]
        return (waiting + starting) if kind == "signal" else (waiting[:1] or starting[:1])

    def _waits(self, pool: Pool, kind: str, name: str) -> bool:
        return any((awaited.kind, awaited.name) == (kind, name) for awaited in self._of(pool).awaited)

    def _deliver(self, kind: str, name: str, payload: Data, sender: Pool | None) -> None:
        """Hand a message to the one that waits for it, a signal to all; nobody keeps it for later."""
        # A case hears its own signals in the step that throws them.
        takers = [pool for pool in self._takers(kind, name) if pool is not sender or kind == "message"]
        if not takers and kind == "message":
            self.lost.append(name)
        for pool in takers:
            if not pool.begun:
                self._start(pool, pool.specification.starts(kind, name), payload)
                continue
            run = self._restore(pool)
            if kind == "signal":
                self._keep(pool, run, lambda run=run: run.hear(name))  # type: ignore[misc]
            else:
                awaited = next(found for found in self._of(pool).awaited if found.name == name)
                self._keep(pool, run, lambda run=run, awaited=awaited: run.receive(awaited.id, name, payload))  # type: ignore[misc]

    def _restore(self, pool: Pool) -> TracedRun:
        snapshot = self._of(pool)
        return TracedRun.restore(pool.specification, snapshot.state, snapshot.data, self._tools(pool))

    def _keep(self, pool: Pool, run: TracedRun, act: Callable[[], object] = lambda: None) -> None:
        try:
            act()
            run.advance()
        finally:
            at = self.now.isoformat()
            self.trace += [{"element": node, "event": event, "at": at} for node, event in run.trace]
        pool.snapshot = run.snapshot()
        self.post += [("message", thrown.message, thrown.payload, pool) for thrown in pool.snapshot.thrown]
        self.post += [("signal", name, {}, pool) for name in pool.snapshot.signals]

    @staticmethod
    def _of(pool: Pool) -> Snapshot:
        if pool.snapshot is None:
            raise RuntimeError("the case was not started")
        return pool.snapshot

    def _tools(self, pool: Pool) -> Tools:
        bounds = Bounds(seconds=max(0.0, self.until - time.thread_time()))
        return pretended_tools(pool.specification.process, self.now, self.numbers, bounds)


def dry_run(
    content: bytes,
    answers: Mapping[str, Any],
    max_steps: int,
    library: Callable[[str], bytes | None] = lambda name: None,
    form_of: FormOf = lambda process, form: None,
    decisions_of: Callable[[str], Mapping[str, bytes]] = lambda name: {},
) -> dict[str, Any]:
    """Try a diagram; give what ``guanjia dry-run --json`` prints.

    A timer fires when nothing else can happen; deadlines count as one day, services answer None.
    ``library`` gives the diagram of a procedure that is called, ``form_of`` the form of a process,
    ``decisions_of`` the DMN files beside a called procedure's diagram, and with "" those beside this one.
    Raises :class:`Invalid` when the answers are not of their format.
    """
    until = time.thread_time() + SECONDS
    require_answers(answers)
    files = {TRIED: content, **_called(content, library)}
    tables = {file: decisions_of(file.removesuffix(".bpmn") if file != TRIED else "") for file in files}
    findings = lint(content, called=_callable(content, files), decisions=tables[TRIED])
    if any(finding.severity == "error" and finding.code not in NOT_NEEDED for finding in findings):
        return _told("refused", findings)
    failure: Finding | None = None
    attempt: DryRun | None = None
    try:
        names = sorted(_names(files, tables))
        attempt = DryRun(
            _pools(read(content), files, tables),
            answers,
            max_steps,
            form_of,
            nothing_yet(files.values(), names),
            until,
        )
        end = attempt.run()
        failure = _stopped(attempt) if end == "bounded" else None
    except BoundReached as error:
        end, failure = "bounded", _failure(error)
    except Invalid:
        # The answers name a start event that there is not.
        raise
    except GuanjiaError as error:
        end, failure = "failed", _failure(error)
    except Unreadable as error:
        end, failure = "failed", Finding("error", "step-failed", str(error), str(error), line=error.line)
    return _told(end, (*findings, *([failure] if failure else [])), attempt)


def require_answers(answers: Mapping[str, Any]) -> None:
    """Raise :class:`Invalid` unless answers are of the format of ``--answers``."""
    tasks, events = answers.get("tasks", {}), answers.get("events", [])
    if not isinstance(answers.get("start", {}), dict) or not isinstance(tasks, dict):
        raise Invalid("“start” and “tasks” of the answers must be objects.")
    for node, given in tasks.items():
        for one in given if isinstance(given, list) else [given]:
            if one is not None and not isinstance(one, dict):
                raise Invalid("A task's answers must be an object, a list of objects, or null.", task=node)
    if not isinstance(answers.get("at", ""), str):
        raise Invalid("“at” of the answers must be the id of a start event.")
    if not isinstance(events, list):
        raise Invalid("“events” of the answers must be a list.")
    for event in events:
        named = isinstance(event, dict) and [event[k] for k in ("message", "signal") if k in event]
        if not named or len(named) != 1 or not isinstance(named[0], str):
            raise Invalid("An event needs the name of its message or of its signal.", event=str(event)[:80])
        after = event.get("after", 0)
        if not isinstance(event.get("payload", {}), dict) or isinstance(after, bool):
            raise Invalid("An event's payload must be an object.", event=str(event)[:80])
        if not isinstance(after, int | float) or not 0 <= after <= 10**9:
            raise Invalid("An event comes after a number of seconds.", event=str(event)[:80])


def _names(files: Mapping[str, bytes], tables: Tables) -> set[str]:
    """Every datum that the diagrams and their decisions name."""
    found = {name for content in files.values() for name in names_of(content)}
    for file, content in files.items():
        wanted = {node.decision for node in read(content).nodes.values() if node.decision}
        if wanted:
            found |= decision_names(reached(wanted, decisions_in(tables[file])).values())
    return found - {"case"}


def _pools(diagram: Diagram, files: Mapping[str, bytes], tables: Tables) -> list[Pool]:
    called = {node.called for node in diagram.nodes.values() if node.called}
    runnable = [process.id for process in diagram.processes if process.executable]
    runnable = runnable or [process.id for process in diagram.processes][:1]
    # What is only called is begun by whoever calls it.
    alone = [process for process in runnable if process not in called] or runnable[:1]
    return [Pool(specification) for specification in build_all(alone, files, tables)]


def _callable(content: bytes, files: Mapping[str, bytes]) -> set[str]:
    """The processes that may be called: those of the library, and the file's own."""
    return {name.removesuffix(".bpmn") for name in files if name != TRIED} | processes_of(content)


def _called(content: bytes, library: Callable[[str], bytes | None]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    waiting = [content]
    while waiting:
        try:
            diagram = read(waiting.pop())
        except Unreadable:
            continue
        own = {process.id for process in diagram.processes}
        for name in sorted({node.called for node in diagram.nodes.values() if node.called} - own):
            called = library(name) if f"{name}.bpmn" not in found else None
            if called is not None:
                found[f"{name}.bpmn"] = called
                waiting.append(called)
    return found


def _failure(error: GuanjiaError) -> Finding:
    element = error.facts.get("element")
    at = error.facts.get("name") or element
    return Finding(
        "error",
        "bound-reached" if isinstance(error, BoundReached) else "step-failed",
        f"执行到“{at}”时失败：{error.facts.get('zh') or error}",
        f"It failed at “{at}”: {error.facts.get('en') or error}",
        element=str(element) if element else None,
    )


def _stopped(attempt: DryRun) -> Finding:
    """What to say of a try that went on as long as it may."""
    element = attempt.trace[-1]["element"] if attempt.trace else None
    return Finding(
        "error",
        "bound-reached",
        f"试运行到上限就停了，最后走到“{element or ''}”；{attempt.max_steps} 步或 {SECONDS} 秒还没有结束",
        f"The try stopped at its bound, at “{element or ''}” last: it had not ended after"
        f" {attempt.max_steps} steps or {SECONDS} seconds",
        element=element,
    )


def _lost(name: str) -> Finding:
    return Finding(
        "warning",
        "message-unmatched",
        f"消息“{name}”发出时没有流程在等它，它就丢失了",
        f"Nobody waited for the message “{name}” when it was thrown; it is lost",
    )


def _told(end: str, findings: tuple[Finding, ...], attempt: DryRun | None = None) -> dict[str, Any]:
    pools = [pool.snapshot for pool in attempt.pools if pool.snapshot] if attempt else []
    data: Data = {}
    for snapshot in reversed(pools):
        data |= snapshot.data
    lost = [_lost(name) for name in dict.fromkeys(attempt.lost)] if attempt else []
    return {
        "end": end,
        "trace": attempt.trace if attempt else [],
        "open": [
            node
            for snapshot in pools
            for node in dict.fromkeys(
                [*(task.node for task in snapshot.open_tasks), *(a.node for a in snapshot.awaited)]
            )
        ],
        "data": data,
        "findings": [
            {
                "severity": finding.severity,
                "code": finding.code,
                "element": finding.element,
                "line": finding.line,
                "message": finding.message,
                "message_en": finding.message_en,
            }
            for finding in (*findings, *lost)
        ],
    }
