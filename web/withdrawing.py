"""撤回: take back what I just completed; within seconds from the page that follows, later from the task."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from engine import withdraw
from engine.domain.facts import TaskId
from engine.errors import CannotWithdraw
from web.access import access, actor, engine
from web.errors import sentence
from web.words import gettext as _

bp = Blueprint("withdrawing", __name__, url_prefix="/tasks")


@bp.post("/<task_id>/withdraw")
@access("task")
def act(task_id: str) -> ResponseReturnValue:
    """Open the task again with what was answered; ``undo`` is refused when its seconds are over."""
    within = timedelta(seconds=engine().settings.undo_seconds) if request.form.get("undo") else None
    try:
        withdraw(engine(), TaskId(task_id), by=actor(), within=within)
    except CannotWithdraw as refused:
        flash(sentence(refused), "error")
    else:
        flash(_("已撤回，您填写的内容还在。"), "done")
    return redirect(url_for("task.show", task_id=task_id), code=303)
