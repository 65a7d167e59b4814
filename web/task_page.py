"""The page of a task: its form as it stands, its answers, what stands beside it, and what went wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from flask import render_template, request

from engine import cards, form_fields, may_withdraw
from engine.domain.views import MasterCard, TaskView
from engine.errors import FileRefused, TaskAlreadyDone, TaskCalledBack, TaskTaken
from forms.parsing import flatten, parse
from web.access import actor, engine
from web.asking import Asked, of_answers
from web.display import is_htmx, moment
from web.giving import to_give
from web.reading import told
from web.typed import Typed, form_of, kept, looked, rows_found
from web.words import gettext as _


def page(
    task: TaskView,
    typed: Typed | None = None,
    *,
    errors: Mapping[str, Sequence[Any]] | None = None,
    refused: str = "",
    lost: Asked | None = None,
    late: str = "",
) -> str:
    asked = asked_of(task, typed, errors) if task.status == "open" else None
    given = None
    if task.form is not None and task.answers is not None:
        given = of_answers(
            engine(),
            task.form,
            task.answers,
            words=task.form_words,
            attachments=task.attachments,
            site=task.site,
        )
    return render_template(
        "task/_panel.html" if is_htmx() and request.method == "GET" else "task/show.html",
        task=task,
        asked=asked,
        given=given,
        lost=lost,
        late=late,
        refused=refused,
        called_back=called_back_words(task.called_back, task.done_at) if task.called_back else "",
        begun=lost_in(task, kept(task.draft)) if task.status == "cancelled" and task.draft else None,
        history=told(task.history),
        may_withdraw=task.status == "done" and bool(may_withdraw(engine(), [task.task_id], actor())),
        known=task.known,
        quick="_quick" in request.form or "quick" in request.args,
        link=to_give(task.asked.address) if task.asked is not None else None,
        masters=masters_beside(task, typed),
        from_draft=typed is None and task.draft is not None,
        request_id=uuid4().hex,
    )


def asked_of(
    task: TaskView, typed: Typed | None, errors: Mapping[str, Sequence[Any]] | None = None
) -> Asked | None:
    """The form as it stands; one that this person may not fill in shows what it would ask."""
    form = form_of(task)
    if form is None or task.form is None:
        return None
    files = {one.id: one for one in task.attachments}
    fixed = {
        leaf.key: task.data[leaf.key] for leaf in form.leaves() if leaf.readonly and leaf.key in task.data
    }
    shown = flatten(form, fixed, zone=engine().zone_of(task.site))
    if not task.may_draft:
        return of_answers(
            engine(),
            task.form,
            task.data,
            words=task.form_words,
            attachments=task.attachments,
            site=task.site,
        )
    state = form_fields(engine(), task.task_id, actor(), typed)
    if state is None:
        return None
    return Asked(
        form=state.form,
        words=task.form_words,
        values={**shown, **state.values},
        hidden=state.examined.hidden,
        choices=state.choices,
        rows_named=state.rows,
        found={} if typed is None else rows_found(form, task, typed),
        looked={}
        if typed is None
        else {leaf.key: looked(typed, leaf) for leaf in form.leaves() if leaf.lookup},
        errors=errors or {},
        attachments=files,
        most_bytes=engine().settings.upload_bytes,
    )


def lost_in(task: TaskView, typed: Typed) -> Asked | None:
    """What was typed for a task that somebody else was quicker to complete."""
    form = form_of(task)
    if form is None or task.form is None:
        return None
    return of_answers(
        engine(),
        task.form,
        parse(form, typed),
        words=task.form_words,
        attachments=task.attachments,
        site=task.site,
    )


def masters_beside(task: TaskView, typed: Typed | None) -> list[MasterCard]:
    """What stands beside the form of the masters' rows that the case and its form name."""
    form = form_of(task)
    values = {**(task.draft or {}), **({} if typed is None else typed.to_dict())}
    chosen = []
    for leaf in form.leaves() if form is not None and task.may_complete else ():
        value = values.get(leaf.key)
        text = value[0] if isinstance(value, list) and value else value
        if leaf.lookup and text:
            chosen.append((leaf.master, str(text)))
    return cards(engine(), task.case_id, actor(), chosen)


# What went wrong --------------------------------------------------------------------------------


def called_back_words(called: Mapping[str, Any], at: datetime | None) -> str:
    who, reason = str(called.get("by") or ""), str(called.get("reason") or "")
    when = moment(at) if at is not None else ""
    if called.get("how") == "withdrawn":
        return _("%(who)s 于%(when)s撤回了上一步的办理，此任务不再需要办理。", who=who, when=when)
    return _(
        "%(who)s 于%(when)s退回了案件，此任务不再需要办理。理由：%(reason)s",
        who=who,
        when=when,
        reason=reason,
    )


#: How a task comes to one person.
_TAKEN = ("task_claimed", "task_taken_over")


def late_words(late: TaskAlreadyDone | TaskTaken | TaskCalledBack, now: TaskView) -> str:
    """Who was quicker with a task, and when; ``now`` is how it stands."""
    who = str(late.facts.get("by") or "")
    if isinstance(late, TaskCalledBack):
        return called_back_words(late.facts, late.facts.get("at"))  # type: ignore[arg-type]
    at = late.facts.get("at")
    if isinstance(late, TaskTaken):
        taken = (
            one.at for one in now.history if one.kind in _TAKEN and one.node == now.node and one.actor == who
        )
        at = max(taken, default=at)
    if isinstance(late, TaskTaken) and at is not None:
        return _("此任务现在由 %(who)s 办理，%(when)s起。", who=who, when=moment(at))  # type: ignore[arg-type]
    if isinstance(late, TaskTaken):
        return _("%(who)s 已领取此任务。", who=who)
    if at is None:
        return _("此任务已由 %(who)s 办理。", who=who)
    return _("此任务已由 %(who)s 于%(when)s办理。", who=who, when=moment(at))  # type: ignore[arg-type]


def file_words(refused: FileRefused) -> str:
    if refused.facts.get("limit"):
        return _("文件太大，不能上传。")
    return _("此文件不能上传：只接受图片、PDF、Office 文档和纯文本等常见类型。")
