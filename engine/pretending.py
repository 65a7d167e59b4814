"""What a dry run has in place of people, calendars and services: answers, instants and numbers made up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from engine.domain.facts import Data, OpenTask
from engine.runtime.scripting import Bounds
from engine.runtime.workflow import Tools
from forms.model import Field, Form

#: Where every dry run begins: a Monday morning.
BEGIN = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)

FormOf = Callable[[str, str], Form | None]


def plausible_answers(task: OpenTask, form: Form | None, data: Data, now: datetime) -> Data:
    """Answers to a task that nobody gave any for: what is there already, else a sample of each field."""
    if form is None:
        return {}
    return {leaf.key: _sample(leaf, data, now) for leaf in form.leaves() if not leaf.readonly}


def _sample(leaf: Field, data: Data, now: datetime) -> Any:
    if data.get(leaf.key) not in (None, ""):
        return data[leaf.key]
    if leaf.options:
        first = leaf.options[0].value
        return [first] if leaf.is_many else first
    moment = now.isoformat()
    samples = {
        "checkbox": True,
        "number": leaf.min or 1,
        "datetime": {"date": moment[:10], "time": moment[11:16]}.get(leaf.subtype, moment),
    }
    return [] if leaf.is_many or leaf.is_rows else samples.get(leaf.type, leaf.label)


class Numbers:
    """Numbers that a dry run issues: ``DRY-0001`` and so on."""

    def __init__(self) -> None:
        self.last = 0

    def issue(self) -> str:
        """The next one."""
        self.last += 1
        return f"DRY-{self.last:04d}"


def pretended_tools(process: str, now: datetime, numbers: Numbers, bounds: Bounds) -> Tools:
    """What the engine lends to a run, without an engine: a deadline is a day, a service answers nothing."""

    def call(operator: str, parameters: Data, data: Data, node: str, process: str) -> Any:
        return numbers.issue() if operator == "number/issue" else None

    def later(**span: float) -> str:
        return (now + timedelta(**span)).isoformat()

    return Tools(
        now=now,
        names={"case": _case(process)},
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
        bounds=bounds,
        call=call,
    )


def _case(process: str) -> Mapping[str, Any]:
    return {
        "no": "DRY-0001",
        "site": "dry-run",
        "starter": 1,
        "started_at": BEGIN.isoformat(),
        "procedure": process,
    }
