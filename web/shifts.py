"""排班: who is on duty in which role at which site, a week at a time."""

from __future__ import annotations

from datetime import date, time, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import EVERYWHERE, add_shifts, copy_week, import_shifts, remove_shift, roster
from engine.domain.rosters import Problem
from engine.errors import Invalid
from web.access import access, actor, engine, person
from web.display import role_name, words
from web.words import gettext as _

bp = Blueprint("shifts", __name__, url_prefix="/roster")


@bp.get("")
@access("signed-in")
def index() -> ResponseReturnValue:
    """Show a week of a role at a site."""
    return _page()


@bp.post("/add")
@access("signed-in")
def add() -> ResponseReturnValue:
    """Put somebody on duty on some days of the week."""
    role, site, week = _asked()
    since, until = _time("since"), _time("until")
    days = [week + timedelta(days=int(day)) for day in request.form.getlist("day") if day in set("0123456")]
    if since is None or until is None:
        return _page(error=_("请填写起止时间。")), 422
    try:
        added = add_shifts(
            engine(),
            by=actor(),
            role=role,
            site=site,
            account_id=request.form.get("person", 0, type=int),
            days=days,
            since=since,
            until=until,
        )
    except Invalid as refused:
        return _page(error=_refused(refused)), 422
    flash(_("已排 %(n)s 个班次。", n=added), "done")
    return _back()


@bp.post("/<int(max=2147483647):shift_id>/remove")
@access("signed-in")
def remove(shift_id: int) -> ResponseReturnValue:
    """Take a shift out."""
    remove_shift(engine(), shift_id, by=actor())
    flash(_("已删除班次。"), "done")
    return _back()


@bp.post("/copy")
@access("signed-in")
def copy() -> ResponseReturnValue:
    """Repeat last week."""
    role, site, week = _asked()
    done = copy_week(engine(), by=actor(), role=role, site=site, week=week)
    flash(
        _("已复制 %(n)s 个班次，%(left)s 个因重叠或不再担任此岗位而略过。", n=done.added, left=done.left_out),
        "done",
    )
    return _back()


@bp.post("/paste")
@access("signed-in")
def paste() -> ResponseReturnValue:
    """Take a table from a spreadsheet, whole or not at all."""
    role, site, week = _asked()
    text = request.form.get("text", "")
    count, problems = import_shifts(engine(), text, by=actor(), role=role, site=site, week=week)
    if problems:
        return _page(problems=problems, text=text), 422
    flash(_("已排 %(n)s 个班次。", n=count), "done")
    return _back()


def _page(*, error: str = "", problems: tuple[Problem, ...] = (), text: str = "") -> str:
    role, site, week = _asked()
    organisation = engine().organisation
    return render_template(
        "shifts/index.html",
        roster=roster(engine(), actor(), role=role, site=site, week=week),
        roles=[(one.id, role_name(one.id)) for one in organisation.roles.values() if not one.outside],
        sites=_sites(),
        before=week - timedelta(days=7),
        after=week + timedelta(days=7),
        this_week=_monday(_today(site)),
        today=_today(site),
        weekdays=[_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日")],
        error=error,
        problems=[(one.line, words(one.said)) for one in problems],
        text=text,
        typed=request.form,
    )


def _asked() -> tuple[str, str, date]:
    """The role, the site, and the Monday of the week that the address or the form names."""
    organisation, given = engine().organisation, request.values
    sites = _sites()
    site = given.get("site", "")
    site = site if site in sites else next(iter(sites), next(iter(organisation.sites)))
    held = next((role for role, at in person().roles if at in (site, EVERYWHERE)), "")
    below = next((one.id for one in organisation.roles.values() if one.reports_to == held and held), held)
    role = given.get("role", "") or below
    first = next(one.id for one in organisation.roles.values() if not one.outside)
    role = role if role in organisation.roles else first
    try:
        day = date.fromisoformat(given.get("week", ""))
    except ValueError:
        day = _today(site)
    # No calendar goes further than its years.
    day = min(max(day, date(2000, 1, 3)), date(2100, 1, 1))
    return role, site, _monday(day)


def _sites() -> list[str]:
    """The sites at which the reader works."""
    sites = list(engine().organisation.sites)
    reader = person()
    if reader.admin or any(at == EVERYWHERE for _role, at in reader.roles):
        return sites
    return [site for site in sites if any(at == site for _role, at in reader.roles)]


def _today(site: str) -> date:
    return engine().now().astimezone(engine().zone_of(site)).date()


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _time(name: str) -> time | None:
    try:
        return time.fromisoformat(request.form.get(name, ""))
    except ValueError:
        return None


def _refused(refused: Invalid) -> str:
    return {
        "twice": _("此人那时已有班次。"),
        "role": _("此人在此站点没有这个岗位。"),
        "none": _("请至少选择一天。"),
    }.get(str(refused.facts.get("reason")), _("不能这样排班。"))


def _back() -> ResponseReturnValue:
    role, site, week = _asked()
    return redirect(url_for("shifts.index", role=role, site=site, week=week.isoformat()), code=303)
