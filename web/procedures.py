"""流程: every published procedure with its drawing, its limits and its versions."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from engine import catalogue, list_schedules, procedure_view, would_get
from engine.domain.views import Words, WouldGet
from web.access import access, actor, engine
from web.language import reader_language

bp = Blueprint("procedures", __name__, url_prefix="/procedures")


@bp.get("")
@access("signed-in")
def index() -> ResponseReturnValue:
    """Show all procedures."""
    text = request.args.get("q", "").strip().casefold()
    cards = [
        card
        for card in catalogue(engine(), actor())
        if text
        in f"{card.id} {card.name.zh} {card.name.en} {card.description.zh} {card.description.en}".casefold()
    ]
    return render_template("procedures/index.html", cards=cards, text=request.args.get("q", ""))


@bp.get("/<procedure_id>")
@access("procedure")
def show(procedure_id: str) -> ResponseReturnValue:
    """Show one procedure."""
    found = procedure_view(engine(), procedure_id, actor())
    drawing: dict[str, Any] | None = None
    if "BPMNShape" in found.diagram:
        drawing = {
            "xml": found.diagram,
            "done": [],
            "active": [],
            "overlays": [],
            "names": dict(found.words) if reader_language() == "en" else None,
            "links": {},
        }
    return render_template(
        "procedures/show.html",
        procedure=found,
        drawing=drawing,
        today=_by_step(would_get(engine(), procedure_id)),
        sites=list(engine().organisation.sites),
        schedules=list_schedules(engine(), actor(), procedure=procedure_id),
    )


def _by_step(lines: tuple[WouldGet, ...]) -> list[tuple[Words, list[WouldGet]]]:
    """The lines of each step together."""
    found: dict[str, tuple[Words, list[WouldGet]]] = {}
    for line in lines:
        found.setdefault(line.node, (line.step_name, []))[1].append(line)
    return list(found.values())
