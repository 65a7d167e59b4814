"""The main navigation: what one may use, with true counts."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, g, request, url_for

from engine import actor_of, counts
from engine.domain.views import Counts
from web.access import engine, rule_of, signed_in
from web.words import gettext as _


@dataclass(frozen=True)
class Item:
    """One place of the navigation."""

    key: str
    name: str
    icon: str
    url: str
    current: bool
    count: int | None = None
    #: Whether the count is of something late.
    late: bool = False


#: Pages that belong under a place of the navigation besides its own.
_UNDER = {"task": "inbox", "case": "cases", "deadlines": "timers", "calendars": "timers"}


def navigation(*, phone: bool = False) -> list[Item]:
    """The places of the left column, or the four of a phone's bottom bar."""
    said = my_counts()
    places = [
        ("inbox", "inbox.index", _("待办") if phone else _("工作台"), "inbox", said.mine, said.late > 0),
        ("start", "start.index", _("发起"), "circle-plus", None, False),
        ("cases", "cases.index", _("案件"), "folder-open", None, False),
        ("registers", "registers.index", _("台账"), "book-open", None, False),
        ("timers", "timers.index", _("时限"), "timer", None, False),
        ("shifts", "shifts.index", _("排班"), "calendar", None, False),
        ("procedures", "procedures.index", _("流程"), "workflow", None, False),
        ("people", "people.index", _("人员管理"), "users", None, False),
        ("measures", "measures.index", _("指标"), "gauge", None, False),
        ("incidents", "incidents.index", _("异常"), "triangle-alert", said.incidents, True),
        ("deliveries", "deliveries.index", _("发送"), "send", said.stuck, True),
        ("settings", "settings.index", _("设置"), "settings", None, False),
        ("me", "me.show", _("我的"), "circle-user-round", None, False),
    ]
    wanted = ("inbox", "start", "cases", "me") if phone else tuple(place[0] for place in places)
    return [
        Item(key, name, icon, url_for(endpoint), _is_here(key), count, late)
        for key, endpoint, name, icon, count, late in places
        if key in wanted and _may_use(endpoint) and (key != "people" or _leads_anybody())
    ]


def _may_use(endpoint: str) -> bool:
    rule = rule_of(current_app, endpoint)
    if endpoint not in current_app.view_functions:
        return False
    reader = signed_in()
    return rule != "admin" or (reader is not None and reader.admin)


def _leads_anybody() -> bool:
    """Whether the reader is an administrator, or a role reports to one of theirs."""
    reader = signed_in()
    if reader is None or reader.admin:
        return reader is not None
    held = {role for role, _site in reader.roles}
    return any(one.reports_to in held for one in engine().organisation.roles.values())


def _is_here(key: str) -> bool:
    page = (request.endpoint or "").split(".")[0]
    return _UNDER.get(page, page) == key


def my_counts() -> Counts:
    """The reader's true counts, asked once a request."""
    if "counts" not in g:
        reader = signed_in()
        g.counts = counts(engine(), actor_of(reader)) if reader else Counts(0, 0, 0, 0, 0, 0)
    found: Counts = g.counts
    return found
