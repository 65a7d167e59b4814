"""退回: send a task back to a step that was done before, having seen what that calls back."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import lawful_returns, send_back, task_head
from engine.domain.facts import TaskId
from engine.errors import CannotSendBack, ReasonMissing
from web.access import access, actor, engine
from web.errors import sentence
from web.words import gettext as _

bp = Blueprint("returning", __name__, url_prefix="/tasks")


@bp.get("/<task_id>/return")
@access("task")
def ask(task_id: str) -> ResponseReturnValue:
    """Ask where to, and why."""
    return _page(task_id)


@bp.post("/<task_id>/return")
@access("task")
def act(task_id: str) -> ResponseReturnValue:
    """Send the task back."""
    to, reason = request.form.get("to", ""), request.form.get("reason", "")
    if not to:
        return _page(task_id, to_wrong=[_("请选择退回到哪一步。")]), 422
    try:
        send_back(engine(), TaskId(task_id), by=actor(), to=to, reason=reason)
    except ReasonMissing:
        return _page(task_id, reason_wrong=[_("请写明原因。")]), 422
    except CannotSendBack as refused:
        return _page(task_id, to_wrong=[sentence(refused)]), 409
    flash(_("已退回。"), "done")
    return redirect(url_for("inbox.index"), code=303)


def _page(task_id: str, *, to_wrong: list[str] | None = None, reason_wrong: list[str] | None = None) -> str:
    return render_template(
        "returning/ask.html",
        task=task_head(engine(), TaskId(task_id)),
        returns=lawful_returns(engine(), TaskId(task_id), actor()),
        to=request.form.get("to", ""),
        reason=request.form.get("reason", ""),
        to_wrong=to_wrong or [],
        reason_wrong=reason_wrong or [],
    )
