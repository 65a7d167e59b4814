"""The form of a task, met with the case: first values, what is shown, and the check of what was typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.domain.facts import Actor, Data
from engine.domain.views import Words
from engine.errors import AnswersInvalid, ExpressionFailed
from engine.masters import names_of_rows
from engine.procedures import Published
from engine.runtime.expressions import evaluate
from engine.store import master_rows, repository
from engine.store.database import Session
from engine.store.models import Case, MasterRow, Task
from engine.wiring import Engine
from forms.kinds import Surroundings
from forms.messages import Problem
from forms.model import Field, Form
from forms.parsing import MultiMap, flatten, parse
from forms.schema import AnswersRefused, Examined, check, examine


@dataclass(frozen=True)
class FormState:
    """A form as it stands on the page."""

    form: Form
    #: Input name → text or texts, as typed before or as they begin.
    values: Mapping[str, str | list[str]]
    examined: Examined
    #: Path → problems; empty until something was submitted.
    errors: Mapping[str, Sequence[Problem]]
    #: Field key → (value, label) for people and departments.
    choices: Mapping[str, Sequence[tuple[str, Words]]]
    #: Field key → what stands for the master's row that it has.
    rows: Mapping[str, str]


@dataclass(frozen=True)
class Asking:
    """A task's form with everything around it that a check needs."""

    engine: Engine
    session: Session
    case: Case
    task: Task
    published: Published
    actor: Actor

    @property
    def data(self) -> Data:
        """What the task sees: the case's data, and the item of its instance."""
        return {**self.case.data, **self.task.local}

    @property
    def form(self) -> Form | None:
        """The form, or None for a confirmation."""
        name = self.task.properties.get("form")
        return self.published.of(self.task.process).forms.get(name) if name else None

    def check(self, answers: Mapping[str, Any] | MultiMap) -> Data:
        """The clean answers; raises :class:`AnswersInvalid`."""
        form = self.form
        if form is None:
            return {}
        try:
            clean = check(
                form,
                self._raw(form, answers),
                show=self._show,
                data={**self._read_only(form), **self.data},
                choices=self._choices,
                attachment=self._is_attachment,
                zone=self.engine.zone_of(self.case.site),
                row=self._is_row,
            )
        except AnswersRefused as refused:
            raise AnswersInvalid(refused.errors) from refused
        # A field that does not apply this time must not keep what was said another time.
        hidden = {leaf.key: None for leaf in form.leaves() if leaf.key not in clean and not leaf.readonly}
        return {**hidden, **clean}

    def state(self, typed: Mapping[str, Any] | MultiMap | None, *, judge: bool = False) -> FormState | None:
        """The form as it stands: with what was typed, else its first values.

        ``judge`` includes the problems of what was typed.
        """
        form = self.form
        if form is None:
            return None
        raw = self._raw(form, typed) if typed is not None else self.first_values(form)
        zone = self.engine.zone_of(self.case.site)
        examined = examine(
            form,
            raw,
            show=self._show,
            data=self.data,
            surroundings=Surroundings(
                choices=self._choices, attachment=self._is_attachment, zone=zone, row=self._is_row
            ),
        )
        return FormState(
            form=form,
            values=flatten(form, raw, zone=zone),
            examined=examined,
            errors=examined.errors if judge else {},
            choices={
                leaf.key: self._live_options(leaf) for leaf in form.everything() if leaf.has_live_options
            },
            rows=self._rows(form, raw),
        )

    def _raw(self, form: Form, answers: Mapping[str, Any] | MultiMap) -> dict[str, Any]:
        if hasattr(answers, "getlist"):
            return parse(form, answers)
        return dict(answers)

    def _read_only(self, form: Form) -> dict[str, Any]:
        first = self.first_values(form)
        return {leaf.key: first[leaf.key] for leaf in form.leaves() if leaf.readonly and leaf.key in first}

    def first_values(self, form: Form) -> dict[str, Any]:
        """What the form's fields begin with: the case's data, else their defaults."""
        values: dict[str, Any] = {}
        data = self.data
        for leaf in form.leaves():
            if data.get(leaf.key) not in (None, ""):
                values[leaf.key] = data[leaf.key]
            elif leaf.default:
                try:
                    value = self._evaluate(leaf.default, {**data, **values})
                    values[leaf.key] = _fitting(leaf, value)
                except ExpressionFailed:
                    # A first value is a courtesy: a field it is made from may not be filled yet.
                    continue
        return values

    def _show(self, expression: str, values: Mapping[str, Any]) -> bool:
        return bool(self._evaluate(expression, values))

    def _evaluate(self, expression: str, values: Mapping[str, Any]) -> Any:
        case, local = self.case, self.engine.now().astimezone(self.engine.zone_of(self.case.site))
        return evaluate(
            expression,
            {
                **values,
                "case": {
                    "no": case.number,
                    "site": case.site,
                    "starter": case.started_by,
                    "started_at": case.started_at.isoformat(),
                },
                "actor": str(self.actor.id),
            },
            {
                "now": lambda: local.isoformat(timespec="minutes"),
                "today": lambda: local.date().isoformat(),
                "get": lambda name, default=None: default if values.get(name) is None else values[name],
                "has": lambda name: values.get(name) not in (None, "", []),
                "due_in": lambda name: (
                    self._due_in(name, local).astimezone(local.tzinfo).isoformat(timespec="minutes")
                ),
            },
        )

    def _due_in(self, name: str, start: datetime) -> datetime:
        case = self.case
        deadline = self.engine.deadline(
            name, procedure=case.procedure, priority=case.priority, site=case.site
        )
        if deadline is None:
            raise ExpressionFailed("There is no deadline of this name.", deadline=name)
        return deadline.due(start, self.engine.calendar_of(case.site, deadline))

    def _choices(self, field: Field) -> Sequence[tuple[str, str]]:
        return [(value, words.zh) for value, words in self._live_options(field)]

    def _live_options(self, field: Field) -> list[tuple[str, Words]]:
        if field.kind == "department":
            departments = self.engine.organisation.departments.values()
            return [(found.id, Words(found.zh, found.en)) for found in departments]
        people = repository.people_at(self.session, self.case.site, field.role or None)
        return [(str(person.id), Words(person.name, person.name)) for person in people]

    def concerned(self, clean: Mapping[str, Any]) -> list[int]:
        """The ids of the masters' rows that clean answers name."""
        form = self.form
        named = []
        for above, leaf in form.lookups() if form else ():
            lines = clean.get(above[:-1]) or [] if above else [clean]
            named += [(leaf, str(line[leaf.key])) for line in lines if line.get(leaf.key)]
        found = (self._row(leaf, key) for leaf, key in named)
        return [row.id for row in found if row is not None]

    def _rows(self, form: Form, raw: Mapping[str, Any]) -> dict[str, str]:
        pairs = {
            leaf.key: (leaf.master, str(raw[leaf.key]))
            for leaf in form.leaves()
            if leaf.must_be_row and raw.get(leaf.key)
        }
        names = names_of_rows(self.engine, self.session, self.case.site, pairs.values())
        return {key: names[pair] for key, pair in pairs.items() if pair in names}

    def _is_row(self, field: Field, key: str) -> bool:
        row = self._row(field, key)
        # A row that the case has from before may have ended meanwhile: it stays what was said.
        return row is not None and (not row.void or self.data.get(field.key) == key)

    def _row(self, field: Field, key: str) -> MasterRow | None:
        master = self.engine.masters.get(field.master)
        if master is None:
            return None
        return master_rows.find(self.session, master.id, master.place(self.case.site), key)

    def _is_attachment(self, attachment_id: str) -> bool:
        return repository.has_attachment(self.session, self.case.id, attachment_id)


def _fitting(leaf: Field, value: Any) -> Any:
    """A moment as the field asks for it: ``now()`` fills a date, a time, or both."""
    if leaf.type != "datetime" or not isinstance(value, str) or len(value) < len("2026-01-01T00:00"):
        return value
    return {"date": value[:10], "time": value[11:16]}.get(leaf.subtype, value)
