"""One task: the rule, the clock, the form; complete it, claim it, put it back, keep what is typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urljoin
from uuid import uuid4

import segno
from flask import Blueprint, flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from engine import (
    add_attachment,
    cards,
    choose,
    claim_task,
    complete_task,
    form_fields,
    look_up,
    may_withdraw,
    release_task,
    save_draft,
    start_quickly,
    task_head,
    task_view,
)
from engine.domain.facts import TaskId
from engine.domain.views import MasterCard, MasterFound, TaskHead, TaskView
from engine.errors import AnswersInvalid, FileRefused, TaskAlreadyDone, TaskCalledBack, TaskTaken
from forms.definition import load
from forms.model import Field, Form
from forms.parsing import flatten, parse
from web.access import access, actor, engine
from web.asking import Asked, of_answers
from web.display import is_htmx, moment, words
from web.reading import fact_words, told
from web.undoing import with_undo
from web.words import gettext as _

bp = Blueprint("task", __name__, url_prefix="/tasks")

bp.add_app_template_filter(fact_words, "fact")

Typed = MultiDict[str, str]


@bp.get("/<task_id>")
@access("task")
def show(task_id: str) -> ResponseReturnValue:
    """Show a task: to be done, or as it was done; htmx gets it without the page around it."""
    return _page(task_view(engine(), TaskId(task_id), actor()))


@bp.post("/<task_id>")
@access("task")
def complete(task_id: str) -> ResponseReturnValue:
    """Complete my task and show the next one, or the form again with what is wrong."""
    task = task_head(engine(), TaskId(task_id))
    typed = _typed(task)
    try:
        _take_files(task, typed)
        typed = _looked_up(task, typed)
        if "_lookup" in request.form or "_choose" in request.form:
            return _page(_seen(task), typed)
        if "_add" in request.form or "_remove" in request.form:
            return _page(_seen(task), _with_rows(task, typed))
        after = complete_task(
            engine(), task.task_id, by=actor(), answers=typed, request_id=request.form.get("_request") or None
        )
    except AnswersInvalid as refused:
        return _page(_seen(task), typed, errors=refused.errors), 422
    except FileRefused as refused:
        return _page(_seen(task), typed, refused=_file_words(refused)), 422
    except (TaskAlreadyDone, TaskTaken, TaskCalledBack) as late:
        now = _seen(task)
        return _page(now, lost=_lost(now, typed), late=_late_words(late)), 409
    if "_quick" in request.form:
        return _next_quickly(task)
    if after.task_id is not None:
        _say_done(task, _("已办理。下一步仍由您办理。"))
        return redirect(url_for("task.show", task_id=after.task_id), code=303)
    _say_done(task, _("已办理：%(number)s %(step)s。", number=task.case_number, step=words(task.step_name)))
    return redirect(url_for("inbox.index"), code=303)


def _next_quickly(task: TaskHead) -> ResponseReturnValue:
    """The same form of the next case."""
    done = _seen(task)
    following = start_quickly(engine(), done.procedure, by=actor(), site=done.site)
    flash(_("已登记：%(number)s %(subject)s。", number=done.case_number, subject=done.subject), "done")
    return redirect(url_for("task.show", task_id=following.task_id, quick=1), code=303)


@bp.post("/<task_id>/claim")
@access("task")
def claim(task_id: str) -> ResponseReturnValue:
    """Take a task of my roles for myself."""
    claim_task(engine(), TaskId(task_id), by=actor())
    if request.form.get("from") == "list":
        way = Markup('<a href="{}">{}</a>').format(url_for("task.show", task_id=task_id), _("去办理"))
        flash(Markup("{} {}").format(_("已领取，现在由您办理。"), way), "done")
    else:
        flash(_("已领取，现在由您办理。"), "done")
    return _back(task_id)


@bp.post("/<task_id>/release")
@access("task")
def release(task_id: str) -> ResponseReturnValue:
    """Put a task back for my roles; what was typed stays with it."""
    release_task(engine(), TaskId(task_id), by=actor())
    flash(_("已放回待领，已填写的内容保留为草稿。"), "done")
    return (
        redirect(url_for("inbox.index"), code=303) if request.form.get("from") != "list" else _back(task_id)
    )


@bp.post("/<task_id>/draft")
@access("task")
def draft(task_id: str) -> ResponseReturnValue:
    """Keep what is typed so far."""
    save_draft(engine(), TaskId(task_id), by=actor(), typed=_own(request.form).to_dict(flat=False))
    return jsonify(saved_at=moment(engine().now(), "time"))


@bp.post("/<task_id>/fields")
@access("task")
def fields(task_id: str) -> ResponseReturnValue:
    """Give the fields that are asked now, with what is typed; for htmx."""
    task = task_view(engine(), TaskId(task_id), actor())
    typed = _looked_up(task, _typed(task))
    asked = _asked(task, typed)
    return render_template("task/_fields.html", task=task, asked=asked, masters=_masters(task, typed))


@bp.get("/<task_id>/lookup/<field>")
@access("task")
def lookup(task_id: str, field: str) -> ResponseReturnValue:
    """Give the rows that a field may take, by what is typed; for a script."""
    text = request.args.get("q", "").strip()
    found = look_up(engine(), TaskId(task_id), actor(), field, text) if text else []
    return render_template("task/_found.html", field=field, text=text, found=found)


@bp.post("/<task_id>/files")
@access("task")
def upload(task_id: str) -> ResponseReturnValue:
    """Take one file for a field at once, so that a weak connection loses no more than this."""
    task = task_view(engine(), TaskId(task_id), actor())
    file = request.files.get("file")
    if file is None or not file.filename:
        return jsonify(message=_("请选择文件。")), 422
    try:
        kept = add_attachment(
            engine(),
            task.case_id,
            by=actor(),
            name=file.filename,
            content=file.read(),
            mime=file.mimetype,
            task_id=task.task_id,
            field=request.form.get("field", ""),
        )
    except FileRefused as refused:
        return jsonify(message=_file_words(refused)), 422
    return jsonify(id=kept.id, name=kept.name, size=kept.size, url=url_for("file.show", file_id=kept.id))


def _say_done(task: TaskHead, said: str) -> None:
    """Say on the next page that a task is done, with a button that undoes it as long as it can be."""
    seconds = engine().settings.undo_seconds
    if may_withdraw(engine(), [task.task_id], actor()):
        url = url_for("withdrawing.act", task_id=task.task_id)
        said = with_undo(said, url, {"undo": "1"}, seconds=seconds)
    flash(said, "done")


# What was typed ---------------------------------------------------------------------------------


def _own(posted: Typed) -> Typed:
    """What belongs to the form: without the page's own names."""
    own = ((name, value) for name, value in posted.items(multi=True))
    return MultiDict(
        (name, value) for name, value in own if not name.startswith("_") and name != "csrf_token"
    )


def _typed(task: TaskHead) -> Typed:
    """What was posted; of a field for one file only the latest file counts."""
    typed = _own(request.form)
    for name in list(typed):
        if _takes_one_file(task, name):
            typed.setlist(name, typed.getlist(name)[-1:])
    return typed


def _seen(task: TaskHead) -> TaskView:
    """The task with all that its page shows; nobody gets it who may not see it."""
    return task_view(engine(), task.task_id, actor())


def _take_files(task: TaskHead, typed: Typed) -> None:
    """Keep files that came with the form itself; their ids take their place among the answers."""
    files = [(name, file) for name, file in request.files.items(multi=True) if file.filename]
    if files:
        _seen(task)
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
        if _takes_one_file(task, name):
            typed.setlist(name, [kept.id])
        else:
            typed.add(name, kept.id)


def _takes_one_file(task: TaskHead, name: str) -> bool:
    form = _form(task)
    key = ".".join(part for part in name.split(".") if not part.isdigit())
    asked = form.field(key) if form else None
    return asked is not None and asked.is_file and not asked.multiple


def _with_rows(task: TaskHead, typed: Typed) -> Typed:
    """The same with one row more (``_add``: materials) or one less (``_remove``: materials.0)."""
    form = _form(task)
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


def _looked_up(task: TaskHead, typed: Typed) -> Typed:
    """The same with what a chosen row fills in; a text that only one row fits chooses it."""
    form = _form(task)
    field, _equals, key = request.form.get("_choose", "").partition("=")
    if form is None:
        return typed
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
            for name, value in choose(engine(), task.task_id, actor(), leaf.key, wanted).items():
                told = "true" if value is True else "" if value in (None, False) else str(value)
                typed.setlist(name, [told])
    return typed


def _found(form: Form, task: TaskView, typed: Typed) -> dict[str, Sequence[MasterFound]]:
    """The rows to choose from where somebody looks one up, or typed what no single row fits."""
    found: dict[str, Sequence[MasterFound]] = {}
    for leaf in form.leaves():
        text = _looked(typed, leaf)
        wanted = request.form.get("_lookup") == leaf.key or leaf.must_be_row
        if leaf.lookup and text and wanted and request.method == "POST":
            found[leaf.key] = look_up(engine(), task.task_id, actor(), leaf.key, text)
    return found


def _looked(typed: Typed, leaf: Field) -> str:
    if not leaf.must_be_row:
        return typed.get(leaf.key, "").strip()
    return "" if typed.get(leaf.key) else request.form.get(f"_q.{leaf.key}", "").strip()


def _masters(task: TaskView, typed: Typed | None) -> list[MasterCard]:
    """What stands beside the form of the masters' rows that the case and its form name."""
    form = _form(task)
    values = {**(task.draft or {}), **({} if typed is None else typed.to_dict())}
    chosen = []
    for leaf in form.leaves() if form is not None and task.may_complete else ():
        value = values.get(leaf.key)
        text = value[0] if isinstance(value, list) and value else value
        if leaf.lookup and text:
            chosen.append((leaf.master, str(text)))
    return cards(engine(), task.case_id, actor(), chosen)


# The page ---------------------------------------------------------------------------------------


def _page(
    task: TaskView,
    typed: Typed | None = None,
    *,
    errors: Mapping[str, Sequence[Any]] | None = None,
    refused: str = "",
    lost: Asked | None = None,
    late: str = "",
) -> str:
    asked = _asked(task, typed, errors) if task.status == "open" else None
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
        called_back=_called_back_words(task.called_back, task.done_at) if task.called_back else "",
        begun=_lost(task, _kept(task.draft)) if task.status == "cancelled" and task.draft else None,
        history=told(task.history),
        may_withdraw=task.status == "done" and bool(may_withdraw(engine(), [task.task_id], actor())),
        known=task.known,
        quick="_quick" in request.form or "quick" in request.args,
        **_link_of(task),
        masters=_masters(task, typed),
        from_draft=typed is None and task.draft is not None,
        request_id=uuid4().hex,
    )


def _link_of(task: TaskView) -> dict[str, str]:
    """The whole address of the link by which somebody else may answer, and a picture of it to be scanned."""
    if task.asked is None:
        return {}
    address = urljoin(request.url_root, task.asked.address)
    return {"link": address, "link_qr": segno.make(address, error="m").svg_data_uri(scale=4, border=1)}


def _asked(
    task: TaskView, typed: Typed | None, errors: Mapping[str, Sequence[Any]] | None = None
) -> Asked | None:
    """The form as it stands; one that this person may not fill in shows what it would ask."""
    form = _form(task)
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
        found={} if typed is None else _found(form, task, typed),
        looked={}
        if typed is None
        else {leaf.key: _looked(typed, leaf) for leaf in form.leaves() if leaf.lookup},
        errors=errors or {},
        attachments=files,
        most_bytes=engine().settings.upload_bytes,
    )


def _lost(task: TaskView, typed: Typed) -> Asked | None:
    """What was typed for a task that somebody else was quicker to complete."""
    form = _form(task)
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


def _form(task: TaskHead) -> Form | None:
    if task.form is None:
        return None
    # One page asks for it many times.
    forms: dict[int, Form] = g.setdefault("forms", {})
    if id(task.form) not in forms:
        forms[id(task.form)] = load(task.form)
    return forms[id(task.form)]


def _kept(draft: Mapping[str, Any]) -> Typed:
    """A draft as it was typed."""
    kept: Typed = MultiDict()
    for name, value in draft.items():
        kept.setlist(name, value if isinstance(value, list) else [str(value)])
    return kept


def _called_back_words(called: Mapping[str, Any], at: datetime | None) -> str:
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


def _late_words(late: TaskAlreadyDone | TaskTaken | TaskCalledBack) -> str:
    who = str(late.facts.get("by") or "")
    if isinstance(late, TaskCalledBack):
        return _called_back_words(late.facts, late.facts.get("at"))  # type: ignore[arg-type]
    at = late.facts.get("at")
    if isinstance(late, TaskTaken) and at is not None:
        return _("此任务现在由 %(who)s 办理，%(when)s起。", who=who, when=moment(at))  # type: ignore[arg-type]
    if isinstance(late, TaskTaken):
        return _("%(who)s 已领取此任务。", who=who)
    if at is None:
        return _("此任务已由 %(who)s 办理。", who=who)
    return _("此任务已由 %(who)s 于%(when)s办理。", who=who, when=moment(at))  # type: ignore[arg-type]


def _file_words(refused: FileRefused) -> str:
    if refused.facts.get("limit"):
        return _("文件太大，不能上传。")
    return _("此文件不能上传：只接受图片、PDF、Office 文档和纯文本等常见类型。")


def _back(task_id: str) -> ResponseReturnValue:
    if request.form.get("from") == "list":
        return redirect(url_for("inbox.index", view=request.form.get("view") or None), code=303)
    return redirect(url_for("task.show", task_id=task_id), code=303)
