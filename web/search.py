"""搜索: cases, tasks, procedures and people, in the palette (Ctrl-K) or on a page of their own."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import search
from web.access import access, actor, engine
from web.display import is_htmx, words
from web.words import gettext as _

bp = Blueprint("search", __name__, url_prefix="/search")

#: Characters of a search; nobody looks for more.
LONGEST = 100


@dataclass(frozen=True)
class Hit:
    """One line of the results."""

    icon_name: str
    kind: str
    title: str
    subtitle: str
    url: str


@bp.get("")
@access("signed-in")
def palette() -> ResponseReturnValue:
    """Show what was found; the palette gets the lines alone."""
    text = request.args.get("q", "").strip()[:LONGEST]
    found = search(engine(), actor(), text) if text else []
    hits = [_hit(kind, key, words(title), words(subtitle)) for kind, key, title, subtitle in found]
    return render_template("search/_hits.html" if is_htmx() else "search/index.html", hits=hits, text=text)


def _hit(kind: str, key: object, title: str, subtitle: str) -> Hit:
    if kind == "case":
        return Hit("folder-open", _("案件"), title, subtitle, url_for("case.show", case_id=key))
    if kind == "task":
        return Hit("list-checks", _("任务"), title, subtitle, url_for("task.show", task_id=key))
    if kind == "procedure":
        return Hit("workflow", _("流程"), title, subtitle, url_for("procedures.show", procedure_id=key))
    return Hit("user", _("人员"), title, subtitle, url_for("cases.index", q=title))
