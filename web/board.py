"""The team board: who has what, who is late, who is away; a task goes from one to another by hand."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import TaskId, UserId, board, reassign_task, task_view, unassign_task
from engine.errors import Conflict, Forbidden, Invalid
from web import finding
from web.access import access, actor, engine
from web.display import is_htmx, words
from web.errors import sentence
from web.undoing import with_undo
from web.words import gettext as _

bp = Blueprint("board", __name__, url_prefix="/board")

#: The column of what nobody holds.
NOBODY = "none"


@bp.get("")
@access("signed-in")
def index() -> ResponseReturnValue:
    """Show a column for what nobody holds and one for each person; a background refresh gets these alone."""
    asked = finding.wanted()
    columns = board(engine(), actor(), procedure=asked.procedure, site=asked.site)
    return render_template(
        "board/_columns.html" if is_htmx() else "board/index.html",
        columns=columns,
        wanted=asked,
        offered=finding.choices(asked),
        most=max((column.total for column in columns if column.member), default=0),
    )


@bp.post("/move")
@access("signed-in")
def move() -> ResponseReturnValue:
    """Give a task to somebody else, or back to its roles; the answer offers to undo it."""
    task_id, to = TaskId(request.form.get("task", "")), request.form.get("to", "")
    back = redirect(
        url_for(
            "board.index",
            procedure=request.form.get("procedure") or None,
            site=request.form.get("site") or None,
        ),
        code=303,
    )
    task = task_view(engine(), task_id, actor())
    before = str(task.assignee_id) if task.assignee_id is not None else NOBODY
    if to == before:
        return back
    reason = request.form.get("reason", "").strip() or _("在团队看板上改派")
    try:
        if to == NOBODY:
            unassign_task(engine(), task_id, by=actor(), reason=reason)
        elif to.isascii() and to.isdigit():
            reassign_task(engine(), task_id, by=actor(), to=UserId(int(to)), reason=reason)
        else:
            flash(_("请选择移给谁。"), "error")
            return back
    except Invalid:
        flash(_("这个人不在案件的站点任职，不能改派给他。"), "error")
        return back
    except (Conflict, Forbidden) as refused:
        flash(sentence(refused), "error")
        return back
    after = task_view(engine(), task_id, actor())
    said = {"number": task.case_number, "step": words(task.step_name)}
    told = (
        _("%(number)s %(step)s 已改派给 %(who)s。", who=after.assignee or "", **said)
        if to != NOBODY
        else _("%(number)s %(step)s 已放回待领。", **said)
    )
    undo = {"task": task_id, "to": before, "reason": _("撤销改派")}
    kept = {name: value for name in ("procedure", "site") if (value := request.form.get(name))}
    flash(with_undo(told, url_for("board.move"), undo | kept), "done")
    return back
