"""工作日历: each calendar month by month in words; before a day is changed stands what that moves."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import calendar_lines, calendar_month, preview_day, set_day
from engine.domain.views import Moved
from engine.errors import Invalid, NotFound
from web.access import access, actor, engine
from web.display import reader_zone
from web.words import gettext as _

bp = Blueprint("calendars", __name__, url_prefix="/calendars")


@bp.get("")
@access("signed-in")
def index() -> ResponseReturnValue:
    """Show all calendars."""
    return render_template("calendars/index.html", calendars=calendar_lines(engine()))


@bp.get("/<name>")
@access("signed-in")
def show(name: str) -> ResponseReturnValue:
    """Show a month of a calendar; ``?day=`` also the form of a day."""
    return _page(name, _day(request.args.get("day", "")))


@bp.post("/<name>/<day>")
@access("admin")
def change(name: str, day: str) -> ResponseReturnValue:
    """Show what a change of a day moves; with ``confirm`` save it."""
    found = _day(day)
    if found is None:
        raise NotFound("There is no such day.", day=day)
    what, reason = request.form.get("what", ""), request.form.get("name", "").strip()
    hours = {"closed": (), "usual": None}.get(what, tuple(request.form.get("hours", "").split()))
    try:
        if what == "open" and not hours:
            raise Invalid("There are no hours.")
        if request.form.get("confirm"):
            set_day(engine(), name, found, hours=hours, name=reason, by=actor())
            flash(_("日历已修改，受影响的时刻已经挪动。"), "done")
            return redirect(url_for("calendars.show", name=name, month=f"{found:%Y-%m}"), code=303)
        moved = preview_day(engine(), name, found, hours=hours, by=actor())
    except Invalid:
        return _page(name, found, wrong=[_("时段写成 09:00-12:00 13:30-18:00，从早到晚，不重叠。")]), 422
    return _page(name, found, moved=moved)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _page(name: str, day: date | None, *, moved: Moved | None = None, wrong: list[str] | None = None) -> str:
    today = engine().now().astimezone(reader_zone()).date()
    shown = _day(request.args.get("month", "") + "-01") or day or today
    view = calendar_month(engine(), name, shown.year, shown.month)
    days = [one for week in view.weeks for one in week]
    return render_template(
        "calendars/show.html",
        view=view,
        chosen=next((one for one in days if one.day == day), None),
        moved=moved,
        wrong=wrong or [],
        typed=request.form,
        before=date(shown.year - (shown.month == 1), (shown.month - 2) % 12 + 1, 1),
        after=date(shown.year + (shown.month == 12), shown.month % 12 + 1, 1),
    )
