"""What was typed into a task's form: its files kept, its rows added and taken away, what it looked up."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from flask import g, request
from werkzeug.datastructures import MultiDict

from engine import add_attachment, choose, look_up, task_view
from engine.domain.views import MasterFound, TaskHead, TaskView
from forms.definition import load
from forms.model import Field, Form
from forms.parsing import flatten, parse
from web.access import actor, engine

Typed = MultiDict[str, str]


def own(posted: Typed) -> Typed:
    """What belongs to the form: without the page's own names."""
    own = ((name, value) for name, value in posted.items(multi=True))
    return MultiDict(
        (name, value) for name, value in own if not name.startswith("_") and name != "csrf_token"
    )


def typed_into(task: TaskHead) -> Typed:
    """What was posted; of a field for one file only the latest file counts."""
    typed = own(request.form)
    for name in list(typed):
        if takes_one_file(task, name):
            typed.setlist(name, typed.getlist(name)[-1:])
    return typed


def seen(task: TaskHead) -> TaskView:
    """The task with all that its page shows; nobody gets it who may not see it."""
    return task_view(engine(), task.task_id, actor())


def take_files(task: TaskHead, typed: Typed) -> None:
    """Keep files that came with the form itself; their ids take their place among the answers."""
    files = [(name, file) for name, file in request.files.items(multi=True) if file.filename]
    if files:
        seen(task)
    for name, file in files:
        kept = add_attachment(
            engine(),
            task.case_id,
            by=actor(),
            name=file.filename or "",
            content=file.read(),
            mime=file.mimetype,
            task_id=task.task_id,
            field=name,
        )
        if takes_one_file(task, name):
            typed.setlist(name, [kept.id])
        else:
            typed.add(name, kept.id)


def takes_one_file(task: TaskHead, name: str) -> bool:
    form = form_of(task)
    key = ".".join(part for part in name.split(".") if not part.isdigit())
    asked = form.field(key) if form else None
    return asked is not None and asked.is_file and not asked.multiple


def with_rows(task: TaskHead, typed: Typed) -> Typed:
    """The same with one row more (``_add``: materials) or one less (``_remove``: materials.0)."""
    form = form_of(task)
    if form is None:
        return typed
    raw = parse(form, typed)
    key, _dot, row = request.form.get("_remove", "").partition(".")
    rows = raw.get(key)
    if isinstance(rows, list) and row.isdigit() and int(row) < len(rows):
        del rows[int(row)]
    wanted = form.field(request.form.get("_add", ""))
    if wanted is not None and wanted.is_rows:
        blank = {child.key: "" for child in wanted.children if not child.is_many and child.type != "checkbox"}
        raw.setdefault(wanted.key, []).append(blank)
    changed: Typed = MultiDict()
    for name, value in flatten(form, raw).items():
        changed.setlist(name, [value] if isinstance(value, str) else value)
    return changed


def looked_up(task: TaskHead, typed: Typed) -> Typed:
    """The same with what a chosen row fills in; a text that only one row fits chooses it."""
    form = form_of(task)
    field, _equals, key = request.form.get("_choose", "").partition("=")
    if form is None:
        return typed
    row_field, row = of_row(field)
    if row and key and (asked := form.field(row_field)) and asked.lookup:
        _fill(typed, choose(engine(), task.task_id, actor(), row_field, key), before=row)
    for leaf in form.leaves():
        wanted = key if leaf.key == field else ""
        text = request.form.get(f"_q.{leaf.key}", "").strip()
        if leaf.must_be_row and leaf.key == field and not wanted:
            typed.setlist(leaf.key, [""])
        elif leaf.must_be_row and text and not typed.get(leaf.key) and not field:
            found = look_up(engine(), task.task_id, actor(), leaf.key, text)
            exact = [one for one in found if one.key.casefold() == text.casefold()]
            wanted = (exact or found)[0].key if exact or len(found) == 1 else ""
        if wanted:
            _fill(typed, choose(engine(), task.task_id, actor(), leaf.key, wanted))
    return typed


def _fill(typed: Typed, values: Mapping[str, object], *, before: str = "") -> None:
    for name, value in values.items():
        told = "true" if value is True else "" if value in (None, False) else str(value)
        typed.setlist(before + name, [told])


def of_row(name: str) -> tuple[str, str]:
    """``people.3.card_no`` as the field ``people.card_no`` and the row ``people.3.``, which else is empty."""
    found = re.fullmatch(r"([^.]+)\.(\d{1,4})\.([^.]+)", name)
    return (f"{found[1]}.{found[3]}", f"{found[1]}.{found[2]}.") if found else (name, "")


def rows_found(form: Form, task: TaskView, typed: Typed) -> dict[str, Sequence[MasterFound]]:
    """The rows to choose from where somebody looks one up, or typed what no single row fits."""
    found: dict[str, Sequence[MasterFound]] = {}
    for leaf in form.leaves():
        text = looked(typed, leaf)
        wanted = request.form.get("_lookup") == leaf.key or leaf.must_be_row
        if leaf.lookup and text and wanted and request.method == "POST":
            found[leaf.key] = look_up(engine(), task.task_id, actor(), leaf.key, text)
    name = request.form.get("_lookup", "")
    field, row = of_row(name)
    text = typed.get(name, "").strip() if row else ""
    if text and (asked := form.field(field)) and asked.lookup:
        found[name] = look_up(engine(), task.task_id, actor(), field, text)
    return found


def looked(typed: Typed, leaf: Field) -> str:
    if not leaf.must_be_row:
        return typed.get(leaf.key, "").strip()
    return "" if typed.get(leaf.key) else request.form.get(f"_q.{leaf.key}", "").strip()


def form_of(task: TaskHead) -> Form | None:
    if task.form is None:
        return None
    # One page asks for it many times.
    forms: dict[int, Form] = g.setdefault("forms", {})
    if id(task.form) not in forms:
        forms[id(task.form)] = load(task.form)
    return forms[id(task.form)]


def kept(draft: Mapping[str, Any]) -> Typed:
    """A draft as it was typed."""
    kept: Typed = MultiDict()
    for name, value in draft.items():
        kept.setlist(name, value if isinstance(value, list) else [str(value)])
    return kept
