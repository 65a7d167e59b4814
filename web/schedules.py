"""自动发起: pause, resume and try again what starts by itself, and start it now."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from engine import pause_schedule, resume_schedule, retry_schedule, start_schedule_now
from web.access import access, actor, engine
from web.words import gettext as _

bp = Blueprint("schedules", __name__, url_prefix="/schedules/<int(max=2147483647):schedule_id>")


@bp.post("/pause")
@access("procedure")
def pause(schedule_id: int) -> ResponseReturnValue:
    """Let it start by itself no more."""
    pause_schedule(engine(), schedule_id, by=actor(), reason=request.form.get("reason", ""))
    flash(_("已暂停自动发起。恢复之前不会再自动发起；错过的不补。"), "done")
    return _back()


@bp.post("/resume")
@access("procedure")
def resume(schedule_id: int) -> ResponseReturnValue:
    """Let it start by itself again."""
    resume_schedule(engine(), schedule_id, by=actor())
    flash(_("已恢复自动发起。"), "done")
    return _back()


@bp.post("/start")
@access("procedure")
def start(schedule_id: int) -> ResponseReturnValue:
    """Start a case now, and show it."""
    request_id = request.form.get("_request") or None
    case_id = start_schedule_now(engine(), schedule_id, by=actor(), request_id=request_id)
    flash(_("已提前发起一单；下次自动发起的时刻不变。"), "done")
    return redirect(url_for("case.show", case_id=case_id), code=303)


@bp.post("/retry")
@access("procedure")
def retry(schedule_id: int) -> ResponseReturnValue:
    """Try again now, and say whether it worked."""
    if retry_schedule(engine(), schedule_id, by=actor()):
        flash(_("重试成功，已发起。"), "done")
    else:
        flash(_("重试仍未成功，原因见列表。"), "error")
    return _back()


def _back() -> ResponseReturnValue:
    procedure = request.form.get("procedure", "")
    if procedure:
        return redirect(url_for("procedures.show", procedure_id=procedure) + "#schedules", code=303)
    return redirect(url_for("timers.index", status="starts"), code=303)
