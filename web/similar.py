"""Recent and similar cases beside a case or a task."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from engine import CaseId, similar_cases
from web.access import access, actor, engine
from web.display import is_htmx

bp = Blueprint("similar", __name__)


@bp.get("/cases/<int(max=2147483647):case_id>/similar")
@access("case")
def index(case_id: int) -> ResponseReturnValue:
    """Show the cases nearest to a case, and why; htmx gets the list alone."""
    return render_template(
        "similar/_list.html" if is_htmx() else "similar/index.html",
        found=similar_cases(engine(), CaseId(case_id), actor()),
        case_id=case_id,
    )
