"""One task: the rule, the clock, the form; complete it, claim it, put it back."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from engine import (
    claim_task,
    complete_task,
    may_withdraw,
    release_task,
    save_draft,
    start_quickly,
    task_head,
    task_view,
)
from engine.domain.facts import TaskId
from engine.domain.views import TaskHead
from engine.errors import AnswersInvalid, FileRefused, TaskAlreadyDone, TaskCalledBack, TaskTaken
from web.access import access, actor, engine
from web.display import words
from web.reading import fact_words
from web.task_page import file_words, late_words, lost_in, page
from web.typed import looked_up, seen, take_files, typed_into, with_rows
from web.undoing import with_undo
from web.words import gettext as _

bp = Blueprint("task", __name__, url_prefix="/tasks")

bp.add_app_template_filter(fact_words, "fact")


@bp.get("/<task_id>")
@access("task")
def show(task_id: str) -> ResponseReturnValue:
    """Show a task: to be done, or as it was done; htmx gets it without the page around it."""
    return page(task_view(engine(), TaskId(task_id), actor()))


@bp.post("/<task_id>")
@access("task")
def complete(task_id: str) -> ResponseReturnValue:
    """Complete my task and show the next one, or the form again with what is wrong."""
    task = task_head(engine(), TaskId(task_id))
    typed = typed_into(task)
    try:
        take_files(task, typed)
        typed = looked_up(task, typed)
        if "_lookup" in request.form or "_choose" in request.form:
            return page(seen(task), typed)
        if "_add" in request.form or "_remove" in request.form:
            return page(seen(task), with_rows(task, typed))
        after = complete_task(
            engine(), task.task_id, by=actor(), answers=typed, request_id=request.form.get("_request") or None
        )
    except AnswersInvalid as refused:
        return page(seen(task), typed, errors=refused.errors), 422
    except FileRefused as refused:
        return page(seen(task), typed, refused=file_words(refused)), 422
    except (TaskAlreadyDone, TaskTaken, TaskCalledBack) as late:
        now = seen(task)
        return page(now, lost=lost_in(now, typed), late=late_words(late, now)), 409
    if "_quick" in request.form:
        return _next_quickly(task)
    if after.task_id is not None:
        _say_done(task, _("已办理。下一步仍由您办理。"))
        return redirect(url_for("task.show", task_id=after.task_id), code=303)
    _say_done(task, _("已办理：%(number)s %(step)s。", number=task.case_number, step=words(task.step_name)))
    return redirect(url_for("inbox.index"), code=303)


def _next_quickly(task: TaskHead) -> ResponseReturnValue:
    """The same form of the next case."""
    done = seen(task)
    following = start_quickly(engine(), done.procedure, by=actor(), site=done.site)
    flash(_("已登记：%(number)s %(subject)s。", number=done.case_number, subject=done.subject), "done")
    return redirect(url_for("task.show", task_id=following.task_id, quick=1), code=303)


@bp.post("/<task_id>/claim")
@access("task")
def claim(task_id: str) -> ResponseReturnValue:
    """Take a task of my roles for myself, with what is typed by now; or read who was quicker."""
    task = task_head(engine(), TaskId(task_id))
    in_list, is_filled = request.form.get("from") == "list", "_request" in request.form
    typed = typed_into(task) if is_filled else None
    try:
        claim_task(engine(), task.task_id, by=actor())
        if typed is not None:
            # What was typed in the last second was not kept yet.
            save_draft(engine(), task.task_id, by=actor(), typed=typed.to_dict(flat=False))
    except (TaskAlreadyDone, TaskTaken, TaskCalledBack) as late:
        now = seen(task)
        if in_list:
            flash(late_words(late, now), "error")
            return _back(task_id)
        return page(
            now, lost=lost_in(now, typed) if typed is not None else None, late=late_words(late, now)
        ), 409
    if in_list:
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


def _say_done(task: TaskHead, said: str) -> None:
    """Say on the next page that a task is done, with a button that undoes it as long as it can be."""
    seconds = engine().settings.undo_seconds
    if may_withdraw(engine(), [task.task_id], actor()):
        url = url_for("withdrawing.act", task_id=task.task_id)
        said = with_undo(said, url, {"undo": "1"}, seconds=seconds)
    flash(said, "done")


def _back(task_id: str) -> ResponseReturnValue:
    if request.form.get("from") == "list":
        return redirect(url_for("inbox.index", view=request.form.get("view") or None), code=303)
    return redirect(url_for("task.show", task_id=task_id), code=303)
