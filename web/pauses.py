"""停表: let the clocks of a case stand still, with a reason, and go on."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from engine import pause_case, resume_clocks
from engine.domain.facts import CaseId
from engine.errors import Invalid
from web.access import access, actor, engine
from web.words import gettext as _
from web.words import ngettext

bp = Blueprint("pauses", __name__)


@bp.post("/cases/<int(max=2147483647):case_id>/pause")
@access("case")
def pause(case_id: int) -> ResponseReturnValue:
    """Stop the clocks of a case."""
    reason, note = request.form.get("reason", ""), request.form.get("note", "")
    try:
        pause_case(engine(), CaseId(case_id), by=actor(), reason=reason, note=note)
    except Invalid:
        flash(_("请选择停表的原因。"), "error")
        return redirect(url_for("case.show", case_id=case_id, ask="pause"), code=303)
    flash(_("已停表：待办和案件的时限都不再走，恢复计时后顺延。"), "done")
    return redirect(url_for("case.show", case_id=case_id), code=303)


@bp.post("/cases/<int(max=2147483647):case_id>/unpause")
@access("case")
def go_on(case_id: int) -> ResponseReturnValue:
    """Let the clocks of a case go on."""
    moves = resume_clocks(engine(), CaseId(case_id), by=actor(), note=request.form.get("note", ""))
    moved = sum(1 for move in moves if move.kind != "rung")
    flash(
        _("已恢复计时。")
        + (ngettext("%(num)s 个时刻顺延。", "%(num)s 个时刻顺延。", moved) if moved else ""),
        "done",
    )
    return redirect(url_for("case.show", case_id=case_id), code=303)
