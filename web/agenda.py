"""The calendar of what is due: a month or a week, mine or my team's."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import format_date

from engine import agenda, site_of, today_at, view_counts
from web.access import access, actor, engine
from web.display import site_name
from web.words import gettext as _

bp = Blueprint("agenda", __name__, url_prefix="/agenda")

#: Tasks of a day that a month shows; the rest is one click away.
SHOWN = 4
#: No calendar knows other years.
FIRST, LAST = date(2000, 1, 1), date(2099, 12, 31)


@bp.get("")
@access("signed-in")
def index() -> ResponseReturnValue:
    """Show a month, or a week, with what is due on each day."""
    span = "week" if request.args.get("span") == "week" else "month"
    site = request.args.get("site", "")
    site = site if site in engine().organisation.sites else site_of(engine(), actor())
    today = today_at(engine(), site)
    day = _day(request.args.get("day", ""), today)
    counted = view_counts(engine(), actor())
    is_team = request.args.get("of") == "team" and counted.team is not None
    first, last = _week(day) if span == "week" else _month(day)
    days, more = agenda(engine(), actor(), first=first, last=last, team=is_team, site=site)
    step = timedelta(days=7) if span == "week" else None
    return render_template(
        "agenda/index.html",
        span=span,
        day=day,
        days=days,
        weeks=[days[n : n + 7] for n in range(0, len(days), 7)],
        more=more,
        today=today,
        title=_title(span, day, first, last),
        before=max(FIRST, day - step if step else _other_month(day, -1)),
        after=min(LAST, day + step if step else _other_month(day, 1)),
        is_team=is_team,
        leads=counted.team is not None,
        site=site,
        sites=[(one, site_name(one)) for one in engine().organisation.sites],
        shown=SHOWN if span == "month" else 1000,
        month=day.month,
        weekday_names=[format_date(first + timedelta(days=n), "EEE") for n in range(7)],
        day_words=lambda one: format_date(one, "full"),
    )


def _day(said: str, otherwise: date) -> date:
    try:
        found = date.fromisoformat(said)
    except ValueError:
        return otherwise
    return min(max(found, FIRST), LAST)


def _week(day: date) -> tuple[date, date]:
    monday = day - timedelta(days=day.weekday())
    return monday, monday + timedelta(days=6)


def _month(day: date) -> tuple[date, date]:
    """The whole weeks that a month touches."""
    length = monthrange(day.year, day.month)[1]
    return _week(day.replace(day=1))[0], _week(day.replace(day=length))[1]


def _other_month(day: date, ahead: int) -> date:
    month = day.year * 12 + day.month - 1 + ahead
    return date(month // 12, month % 12 + 1, 1)


def _title(span: str, day: date, first: date, last: date) -> str:
    if span == "month":
        return str(format_date(day, _("y年M月")))
    return f"{format_date(first, 'long')} – {format_date(last, 'long')}"
