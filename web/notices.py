"""消息: what I was told, and that I read it."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import list_notices, mark_read, pulse
from engine import news as find_news
from web.access import access, actor, engine
from web.display import is_htmx, words
from web.lists import page_number

bp = Blueprint("notices", __name__, url_prefix="/notices")


@bp.get("")
@access("signed-in")
def index() -> ResponseReturnValue:
    """Show my notices, the newest first."""
    page = list_notices(engine(), actor(), page=page_number())
    return render_template("notices/_list.html" if is_htmx() else "notices/index.html", page=page)


@bp.get("/news")
@access("signed-in")
def news() -> ResponseReturnValue:
    """For the script that asks: how much is unread, and what is urgent since the notice it knows of.

    It asks with the mark of the last answer; while that stands nothing else is asked of the database.
    """
    mark = pulse(engine(), actor())
    if request.if_none_match.contains_weak(mark):
        return _marked(Response(status=304), mark)
    found = find_news(engine(), actor(), request.args.get("after", type=int))
    answer = jsonify(
        unread=found.unread,
        latest=found.latest,
        urgent=[
            {"id": one.id, "text": words(one.text), "url": _about(one.task_id, one.case_id)}
            for one in found.urgent
        ],
    )
    return _marked(answer, mark)


def _marked(answer: Response, mark: str) -> Response:
    # Weak: with it goes what is new since the asker's own last notice.
    answer.set_etag(mark, weak=True)
    return answer


def _about(task: str | None, case: int | None) -> str:
    if task:
        return url_for("task.show", task_id=task)
    return url_for("case.show", case_id=case) if case else url_for("notices.index")


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
