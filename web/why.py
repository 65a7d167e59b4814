"""为什么？: why a task is where it is, why I cannot do it, why it was escalated, what will happen when."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from engine import why
from engine.domain.facts import TaskId
from web.access import access, actor, engine
from web.display import is_htmx

bp = Blueprint("why", __name__, url_prefix="/tasks")


@bp.get("/<task_id>/why")
@access("task")
def show(task_id: str) -> ResponseReturnValue:
    """Answer the question; htmx gets it without the page around it."""
    return render_template(
        "why/_panel.html" if is_htmx() else "why/show.html", why=why(engine(), TaskId(task_id), actor())
    )
