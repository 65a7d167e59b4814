"""时限规定: every named deadline, the manual's figure and what counts now, and who changed it and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import (
    NewLimit,
    change_deadline,
    deadline_rows,
    deadline_view,
    may_change_deadline,
    preview_deadline,
    procedure_names,
)
from engine.domain.ladders import ACTIONS, CHANNELS, PRIORITIES
from engine.domain.views import Moved
from engine.errors import Invalid, ReasonMissing
from web import history
from web.access import access, actor, engine
from web.display import words
from web.words import gettext as _

#: What a limit may be.
GRAMMAR = "30 minutes, 12 hours, 7 days, 4 working hours, 3 working days, end of working day, 17:30"

bp = Blueprint("deadlines", __name__, url_prefix="/deadlines")


@bp.get("")
@access("signed-in")
def index() -> ResponseReturnValue:
    """Show every deadline; ``?q=`` keeps those whose name or words have a text."""
    text = request.args.get("q", "").strip()
    rows = [
        row
        for row in deadline_rows(engine())
        if text.casefold() in f"{row.name} {row.words.zh} {row.words.en}".casefold()
    ]
    return render_template("deadlines/index.html", rows=rows, text=text)


@bp.get("/<name>")
@access("signed-in")
def show(name: str) -> ResponseReturnValue:
    """Show one deadline with its history, and the form that changes it."""
    return _page(name, _typed(name))


@bp.post("/<name>")
@access("signed-in")
def change(name: str) -> ResponseReturnValue:
    """Show what a change moves; with ``confirm`` save it."""
    typed = _typed(name)
    try:
        new = _new(typed)
        if request.form.get("confirm"):
            change_deadline(engine(), new, by=actor())
            flash(_("时限已修改。"), "done")
            return redirect(url_for("deadlines.show", name=name), code=303)
        if not new.reason.strip():
            raise ReasonMissing
        moved = preview_deadline(engine(), new, by=actor())
    except ReasonMissing:
        return _page(name, typed, wrong={"reason": [_("请写明原因。")]}), 422
    except Invalid as error:
        field = "ladder" if "ladder" in error.facts else "limit"
        said = {
            "limit": _("不是时限。写成 %(grammar)s。", grammar=GRAMMAR),
            "ladder": _(
                "阶梯看不懂：%(line)s。每行写 %(example)s 这样的一级。",
                line=error.facts.get("ladder", ""),
                example="80%: remind holder",
            ),
        }
        return _page(name, typed, wrong={field: [said[field]]}), 422
    return _page(name, typed, moved=moved)


def _typed(name: str) -> dict[str, str]:
    keys = ("limit", "ladder", "procedure", "priority", "site", "reason", "open_too", "back")
    return {"deadline": name, **{key: request.form.get(key, "").strip() for key in keys}}


def _new(typed: dict[str, str]) -> NewLimit:
    """What was typed; raises :class:`Invalid` naming the line of a ladder that cannot be read."""
    new = NewLimit(
        typed["deadline"],
        procedure=typed["procedure"],
        priority=typed["priority"],
        site=typed["site"],
        reason=typed["reason"],
        open_too=bool(typed["open_too"]),
    )
    if typed["back"]:
        return new
    lines = [line for line in typed["ladder"].splitlines() if line.strip()]
    if not typed["limit"] and not lines:
        raise Invalid("There is no limit.", limit="")
    ladder = [_rung(number, line) for number, line in enumerate(lines, 1)] if lines else None
    return replace(new, limit=typed["limit"], ladder=ladder)


def _rung(number: int, line: str) -> dict[str, Any]:
    when, _colon, rest = line.partition(":") if not line.startswith("+") else line.rpartition(":")
    parts = rest.split()
    if len(parts) < 2 or parts[0] not in ACTIONS or not when.strip():
        raise Invalid("A line of the ladder cannot be read.", ladder=number)
    rung: dict[str, Any] = {"when": when.strip(), parts[0]: parts[1]}
    for more in parts[2:]:
        if more == "urgent":
            rung["urgent"] = True
        elif more in CHANNELS:
            rung["channel"] = more
        else:
            raise Invalid("A line of the ladder cannot be read.", ladder=number)
    return rung


def _page(
    name: str, typed: dict[str, str], *, moved: Moved | None = None, wrong: dict[str, list[str]] | None = None
) -> str:
    at, by = engine(), actor()
    procedures = [(found, words(said)) for found, said in procedure_names(at)]
    return render_template(
        "deadlines/show.html",
        deadline=deadline_view(at, name),
        typed=typed,
        moved=moved,
        wrong=wrong or {},
        may_change=by.admin
        or any(may_change_deadline(at, by, procedure=found) for found, _said in procedures),
        procedures=procedures,
        sites=list(at.organisation.sites),
        priorities=[(priority, history.priority_words(priority)) for priority in PRIORITIES],
        priority_words=history.priority_words,
    )
