"""消息: what I was told, and that I read it."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import list_notices, mark_read
from web.access import access, actor, engine
from web.lists import page_number

bp = Blueprint("notices", __name__, url_prefix="/notices")


@bp.get("")
@access("signed-in")
def index() -> ResponseReturnValue:
    """Show my notices, the newest first."""
    page = list_notices(engine(), actor(), page=page_number())
    return render_template("notices/index.html", page=page)


@bp.post("/read")
@access("signed-in")
def read() -> ResponseReturnValue:
    """Mark one notice as read and go to what it is about, or mark all of them."""
    one = request.form.get("id", type=int)
    mark_read(engine(), actor(), None if one is None else [one])
    if task := request.form.get("task"):
        return redirect(url_for("task.show", task_id=task), code=303)
    if case := request.form.get("case", type=int):
        return redirect(url_for("case.show", case_id=case), code=303)
    return redirect(url_for("notices.index"), code=303)
