"""发起: the catalogue of procedures, and the start of a case."""

from __future__ import annotations

from uuid import uuid4

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import catalogue, start_case, start_quickly
from engine.domain.views import ProcedureCard
from web.access import access, actor, engine
from web.words import gettext as _

bp = Blueprint("start", __name__, url_prefix="/start")


@bp.get("")
@access("signed-in")
def index() -> ResponseReturnValue:
    """Show what I may start, found by name, description or step."""
    text = request.args.get("q", "").strip()
    cards = [card for card in catalogue(engine(), actor()) if card.may_start]
    return render_template(
        "start/index.html",
        text=text,
        cards=[(card, uuid4().hex) for card in cards if _is_about(card, text)],
        total=len(cards),
    )


@bp.post("/<procedure_id>")
@access("procedure")
def create(procedure_id: str) -> ResponseReturnValue:
    """Start a case and show its first task if it is mine, else the case."""
    begun = start_case(
        engine(),
        procedure_id,
        by=actor(),
        site=request.form.get("site", ""),
        request_id=request.form.get("_request") or None,
    )
    if begun.task_id is not None:
        return redirect(url_for("task.show", task_id=begun.task_id), code=303)
    flash(_("已发起，正在等待相应岗位办理。"), "done")
    return redirect(url_for("case.show", case_id=begun.case_id), code=303)


@bp.get("/<procedure_id>/quick")
@access("procedure")
def quick(procedure_id: str) -> ResponseReturnValue:
    """Ask at which site; Enter shows the first form."""
    cards = [card for card in catalogue(engine(), actor()) if card.id == procedure_id and card.quick]
    if not cards or not cards[0].may_start:
        return redirect(url_for("start.index"), code=303)
    return render_template("start/quick.html", card=cards[0])


@bp.post("/<procedure_id>/quick")
@access("procedure")
def begin(procedure_id: str) -> ResponseReturnValue:
    """Show the first form of a case; the next one follows when it is sent."""
    begun = start_quickly(engine(), procedure_id, by=actor(), site=request.form.get("site", ""))
    if begun.task_id is None:
        return redirect(url_for("case.show", case_id=begun.case_id), code=303)
    return redirect(url_for("task.show", task_id=begun.task_id, quick=1), code=303)


def _is_about(card: ProcedureCard, text: str) -> bool:
    said = " ".join(
        [card.id, *(f"{words.zh} {words.en}" for words in (card.name, card.description, *card.steps))]
    )
    return all(part in said.casefold() for part in text.casefold().split())
