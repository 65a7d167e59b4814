"""A form while it is filled in: kept as a draft, asked anew, looked up, its files taken; for scripts."""

from __future__ import annotations

from flask import Blueprint, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import add_attachment, look_up, save_draft, task_view
from engine.domain.facts import TaskId
from engine.errors import FileRefused
from web.access import access, actor, engine
from web.display import moment
from web.task_page import asked_of, file_words, masters_beside
from web.typed import looked_up, of_row, own, typed_into
from web.words import gettext as _

bp = Blueprint("filling", __name__, url_prefix="/tasks")


@bp.post("/<task_id>/draft")
@access("task")
def draft(task_id: str) -> ResponseReturnValue:
    """Keep what is typed so far."""
    save_draft(engine(), TaskId(task_id), by=actor(), typed=own(request.form).to_dict(flat=False))
    return jsonify(saved_at=moment(engine().now(), "time"))


@bp.post("/<task_id>/fields")
@access("task")
def fields(task_id: str) -> ResponseReturnValue:
    """Give the fields that are asked now, with what is typed; for htmx."""
    task = task_view(engine(), TaskId(task_id), actor())
    typed = looked_up(task, typed_into(task))
    asked = asked_of(task, typed)
    return render_template("task/_fields.html", task=task, asked=asked, masters=masters_beside(task, typed))


@bp.get("/<task_id>/lookup/<field>")
@access("task")
def lookup(task_id: str, field: str) -> ResponseReturnValue:
    """Give the rows that a field may take, by what is typed; for a script."""
    text = request.args.get("q", "").strip()
    found = look_up(engine(), TaskId(task_id), actor(), field, text) if text else []
    # In a row the buttons say which one.
    name = request.args.get("name", field)
    name = name if of_row(name)[0] == field else field
    return render_template("task/_found.html", field=name, text=text, found=found)


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
        return jsonify(message=file_words(refused)), 422
    return jsonify(id=kept.id, name=kept.name, size=kept.size, url=url_for("file.show", file_id=kept.id))
