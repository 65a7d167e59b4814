"""常用语: texts that are typed often, put into a form with a click or a few letters."""

from __future__ import annotations

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import (
    TaskId,
    keep_reply,
    procedure_names,
    remove_reply,
    replies,
    restore_reply,
    steps_of,
    task_view,
    use_reply,
)
from engine.errors import Invalid
from web import finding
from web.access import access, actor, engine
from web.display import words
from web.undoing import with_undo
from web.words import gettext as _

bp = Blueprint("replies", __name__)


@bp.get("/replies")
@access("signed-in")
def index() -> ResponseReturnValue:
    """Show my texts and those of my roles, the most used first."""
    return _page()


@bp.post("/replies")
@access("signed-in")
def keep() -> ResponseReturnValue:
    """Keep a text, or change one of mine."""
    asked = request.form
    procedure, _slash, node = asked.get("step", "").partition("/")
    if procedure and procedure not in dict(procedure_names(engine())):
        procedure = node = ""
    try:
        keep_reply(
            engine(),
            by=actor(),
            title=asked.get("title", ""),
            text=asked.get("text", ""),
            role=asked.get("role", ""),
            procedure=procedure,
            node=node,
            reply_id=asked.get("id", type=int),
        )
    except Invalid as refused:
        return _page(problem=_problem(refused)), 422
    flash(_("常用语已保存。"), "done")
    return redirect(url_for("replies.index"), code=303)


@bp.post("/replies/<int:reply_id>/remove")
@access("signed-in")
def remove(reply_id: int) -> ResponseReturnValue:
    """Delete a text of mine; the answer offers to bring it back."""
    remove_reply(engine(), reply_id, by=actor())
    flash(with_undo(_("常用语已删除。"), url_for("replies.restore", reply_id=reply_id)), "done")
    return redirect(url_for("replies.index"), code=303)


@bp.post("/replies/<int:reply_id>/restore")
@access("signed-in")
def restore(reply_id: int) -> ResponseReturnValue:
    """Bring a deleted text of mine back."""
    restore_reply(engine(), reply_id, by=actor())
    flash(_("常用语已恢复。"), "done")
    return redirect(url_for("replies.index"), code=303)


@bp.post("/replies/<int:reply_id>/use")
@access("signed-in")
def use(reply_id: int) -> ResponseReturnValue:
    """Note that a text was put into a form; for scripts."""
    use_reply(engine(), reply_id, by=actor())
    return "", 204


@bp.get("/tasks/<task_id>/replies")
@access("task")
def of_task(task_id: str) -> ResponseReturnValue:
    """Give the texts for a task's form; for scripts."""
    task = task_view(engine(), TaskId(task_id), actor())
    found = replies(engine(), actor(), procedure=task.procedure, node=task.node)
    return jsonify([{"id": one.id, "title": one.title, "text": one.text} for one in found])


def _page(problem: str = "") -> str:
    at = engine()
    steps = [(found, words(name)) for found, name in procedure_names(at)]
    places = []
    for procedure, name in steps:
        places.append((procedure, name))
        places += [
            (f"{procedure}/{step.partition('/')[2]}", f"{name} · {words(said)}")
            for step, said in steps_of(at, procedure)
        ]
    known = replies(at, actor())
    changed = next((one for one in known if one.mine and one.id == request.args.get("id", type=int)), None)
    return render_template(
        "replies/index.html",
        replies=known,
        changed=changed,
        places=places,
        place_names=dict(places),
        roles=finding.my_roles(),
        problem=problem,
        typed=request.form,
    )


def _problem(refused: Invalid) -> str:
    most = refused.facts.get("most", 40)
    if refused.facts.get("field") == "text":
        return _("请写内容，最多 %(most)s 个字。", most=most)
    if refused.facts.get("field") == "title":
        return _("请写简称，最多 %(most)s 个字。", most=most)
    return _("常用语已经很多，请先删除一些。")
