"""Run a diagram with no database, on a fake clock, answering its own user tasks: ``guanjia dry-run``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from engine.domain.facts import Data, Finding, OpenTask, Snapshot
from engine.errors import BoundReached, GuanjiaError
from engine.runtime.lint_expressions import names_of
from engine.runtime.linting import lint
from engine.runtime.parsing import Specification, build
from engine.runtime.reading import Unreadable, read
from engine.runtime.workflow import Run, Tools
from forms.model import Field, Form

#: Where every dry run begins: a Monday morning.
BEGIN = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)


@dataclass
class DryRun:
    """One try of a diagram."""

    #: The diagram first, then those that it calls.
    files: Mapping[str, bytes]
    process: str
    answers: Mapping[str, Any]
    max_steps: int
    form_of: Callable[[str, str], Form | None]
    now: datetime = BEGIN
    trace: list[dict[str, Any]] = field(default_factory=list)
    visits: dict[str, int] = field(default_factory=dict)
    snapshot: Snapshot | None = None

    def run(self) -> str:
        """Run to the end, or as far as it goes; say how it ended.

        ``completed``, ``waiting`` (for a message, or for an answer the file does not give) or
        ``bounded`` (``max_steps`` reached).
        """
        specification = build(self.process, self.files)
        # What no form of a dry run fills reads as nothing, so that decisions take their default.
        unknown = dict.fromkeys(sorted({name for file in self.files.values() for name in names_of(file)}))
        begin = {**unknown, **self.answers.get("start", {})}
        self._keep(Run.start(specification, begin, self._tools()))
        events = list(self.answers.get("events", []))
        for _ in range(self.max_steps):
            snapshot = self._now()
            if snapshot.ended:
                return "completed"
            if events and self._send(specification, events[0]):
                events.pop(0)
            elif snapshot.open_tasks:
                self._answer(specification, snapshot.open_tasks[0])
            elif snapshot.timers:
                self._fire(specification)
            else:
                return "waiting"
        return "bounded"

    def _answer(self, specification: Specification, task: OpenTask) -> None:
        given = self.answers.get("tasks", {}).get(task.node)
        if given is None:
            given = self._plausible(task)
        visit = self.visits.get(task.node, 0)
        self.visits[task.node] = visit + 1
        if isinstance(given, list):
            given = given[min(visit, len(given) - 1)] if given else {}
        run = self._restore(specification)
        run.complete(task.id, dict(given), by=1)
        self._keep(run)

    def _plausible(self, task: OpenTask) -> Data:
        """Answers to a task that the file says nothing about: what its form begins with, else a sample."""
        form = self.form_of(task.process, task.properties.get("form", ""))
        if form is None:
            return {}
        data = self._now().data
        return {leaf.key: self._sample(leaf, data) for leaf in form.leaves() if not leaf.readonly}

    def _sample(self, leaf: Field, data: Data) -> Any:
        if data.get(leaf.key) not in (None, ""):
            return data[leaf.key]
        if leaf.options:
            first = leaf.options[0].value
            return [first] if leaf.is_many else first
        moment = self.now.isoformat()
        samples = {
            "checkbox": True,
            "number": leaf.min or 1,
            "datetime": {"date": moment[:10], "time": moment[11:16]}.get(leaf.subtype, moment),
        }
        return [] if leaf.is_many or leaf.is_rows else samples.get(leaf.type, leaf.label)

    def _fire(self, specification: Specification) -> None:
        timer = min(self._now().timers, key=lambda found: found.due_at)
        self.now = max(self.now, timer.due_at)
        run = self._restore(specification)
        run.fire(timer.id)
        self._keep(run)

    def _send(self, specification: Specification, event: Mapping[str, Any]) -> bool:
        awaited = next((a for a in self._now().awaited if a.message == event.get("message")), None)
        if awaited is None:
            return False
        self.now += timedelta(seconds=float(event.get("after", 0)))
        run = self._restore(specification)
        run.receive(awaited.id, awaited.message, dict(event.get("payload", {})))
        self._keep(run)
        return True

    def _restore(self, specification: Specification) -> Run:
        snapshot = self._now()
        return Run.restore(specification, snapshot.state, snapshot.data, self._tools())

    def _keep(self, run: Run) -> None:
        try:
            run.advance()
        finally:
            self.trace += [
                {"element": seen.node, "event": seen.event, "at": self.now.isoformat()}
                for seen in run.visited
            ]
        self.snapshot = run.snapshot()

    def _now(self) -> Snapshot:
        if self.snapshot is None:
            raise RuntimeError("the run was not started")
        return self.snapshot

    def _tools(self) -> Tools:
        now = self.now
        numbers = iter(range(1, 1_000_000))

        def call(operator: str, parameters: Data, data: Data, node: str, process: str) -> Any:
            return f"DRY-{next(numbers):04d}" if operator == "number/issue" else None

        def later(**span: float) -> str:
            return (now + timedelta(**span)).isoformat()

        return Tools(
            now=now,
            names={
                "case": {
                    "no": "DRY-0001",
                    "site": "dry-run",
                    "starter": 1,
                    "started_at": BEGIN.isoformat(),
                    "procedure": self.process,
                }
            },
            functions={
                "due_in": lambda name: later(days=1),
                "working_hours": lambda n: later(hours=n),
                "working_days": lambda n: later(days=n),
                "at": lambda clock: later(hours=8),
                "now": now.isoformat,
                "today": lambda: now.date().isoformat(),
                "department": lambda name: [name],
            },
            due_again=lambda name, after: after + timedelta(days=1),
            call=call,
        )


def dry_run(
    content: bytes,
    answers: Mapping[str, Any],
    max_steps: int,
    library: Callable[[str], bytes | None] = lambda name: None,
    form_of: Callable[[str, str], Form | None] = lambda process, form: None,
) -> dict[str, Any]:
    """Try a diagram; give what ``guanjia dry-run --json`` prints.

    A timer fires when nothing else can happen; deadlines count as one day, services answer None.
    ``library`` gives the diagram of a procedure that is called, ``form_of`` the form of a process.
    """
    files = {"dry-run.bpmn": content, **_called(content, library)}
    findings = lint(content, called={name.removesuffix(".bpmn") for name in files})
    if any(finding.severity == "error" for finding in findings):
        return _told("refused", findings)
    try:
        diagram = read(content)
    except Unreadable:
        return _told("refused", findings)
    process = next((found.id for found in diagram.processes if found.executable), diagram.processes[0].id)
    attempt = DryRun(files, process, answers, max_steps, form_of)
    failure: Finding | None = None
    try:
        end = attempt.run()
    except BoundReached as error:
        end, failure = "bounded", _failure(error)
    except GuanjiaError as error:
        end, failure = "failed", _failure(error)
    return _told(end, (*findings, *([failure] if failure else [])), attempt)


def _called(content: bytes, library: Callable[[str], bytes | None]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    waiting = [content]
    while waiting:
        try:
            nodes = read(waiting.pop()).nodes.values()
        except Unreadable:
            continue
        for name in {node.called for node in nodes if node.called}:
            called = library(name) if f"{name}.bpmn" not in found else None
            if called is not None:
                found[f"{name}.bpmn"] = called
                waiting.append(called)
    return found


def _failure(error: GuanjiaError) -> Finding:
    element = error.facts.get("element")
    return Finding(
        "error",
        "bound-reached" if isinstance(error, BoundReached) else "step-failed",
        f"执行到“{error.facts.get('name') or element}”时失败：{error}",
        f"It failed at “{error.facts.get('name') or element}”: {error}",
        element=str(element) if element else None,
    )


def _told(end: str, findings: tuple[Finding, ...], attempt: DryRun | None = None) -> dict[str, Any]:
    snapshot = attempt.snapshot if attempt else None
    return {
        "end": end,
        "trace": attempt.trace if attempt else [],
        "open": [task.node for task in snapshot.open_tasks] if snapshot else [],
        "data": snapshot.data if snapshot else {},
        "findings": [
            {
                "severity": finding.severity,
                "code": finding.code,
                "element": finding.element,
                "line": finding.line,
                "message": finding.message,
                "message_en": finding.message_en,
            }
            for finding in findings
        ],
    }
