"""时限: every clock that runs, was late, fired or failed, with its exact moment and its reason."""

from __future__ import annotations

from typing import Literal, cast

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from engine import list_schedules, procedure_names, timers
from engine.domain.views import Clock, TimerLine
from web.access import access, actor, engine
from web.display import is_htmx, words
from web.lists import page_number
from web.words import gettext as _

bp = Blueprint("timers", __name__, url_prefix="/timers")

Status = Literal["armed", "paused", "late", "done", "incident"]
STATUSES = ("armed", "paused", "late", "done", "incident")
#: Not timers of cases: procedures that start by themselves.
STARTS = "starts"


@bp.get("")
@access("signed-in")
def index() -> ResponseReturnValue:
    """Show the timers of one kind: armed, late, fired, failed."""
    status = request.args.get("status", "armed")
    status = status if status in (*STATUSES, STARTS) else "armed"
    procedure = request.args.get("procedure", "")
    if status == STARTS:
        return render_template(
            "timers/index.html",
            status=status,
            procedure=procedure,
            procedures=_procedures(),
            schedules=list_schedules(engine(), actor(), procedure=procedure),
        )
    page = timers(
        engine(),
        actor(),
        status=cast("Status", status),
        procedure=procedure,
        page=page_number(),
    )
    return render_template(
        "timers/_rows.html" if is_htmx() else "timers/index.html",
        page=page,
        status=status,
        procedure=procedure,
        procedures=_procedures(),
        clock_of=_clock,
        kinds=kinds(),
    )


def _procedures() -> list[tuple[str, str]]:
    return [(found, words(name)) for found, name in procedure_names(engine())]


def kinds() -> dict[str, tuple[str, str]]:
    """What a job does: its icon and its word."""
    return {
        "timer": ("timer", _("定时")),
        "remind": ("bell", _("提醒")),
        "notify": ("bell", _("通知")),
        "escalate": ("triangle-alert", _("升级")),
        "reassign": ("users", _("改派")),
        "raise": ("triangle-alert", _("提高优先级")),
        "missed": ("alarm-clock", _("案件时限到期")),
    }


def _clock(line: TimerLine) -> Clock:
    late = line.due_at < engine().now()
    return Clock(line.due_at, None, "red" if late else "green")
