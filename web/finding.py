"""What a list of tasks is narrowed to, as its address says, and in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from flask import request
from werkzeug.datastructures import MultiDict

from engine import procedure_names, steps_of
from engine.domain.views import Member, Wanted
from web.access import engine, person
from web.display import role_name, site_name, words
from web.words import gettext as _

#: What of an address a saved view keeps.
KEPT = ("view", "q", "procedure", "step", "site", "when", "priority", "holder", "mark", "sort")
MARKS = ("draft", "escalated", "urged")


def wanted() -> Wanted:
    """What the address asks for; what is no filter is none."""
    asked = request.args
    return Wanted(
        text=asked.get("q", "").strip(),
        procedure=asked.get("procedure", ""),
        step=asked.get("step", "") if asked.get("procedure") else "",
        site=_one_of(asked.get("site", ""), engine().organisation.sites),
        when=_one_of(asked.get("when", ""), whens()),
        priority=_one_of(asked.get("priority", ""), priorities()),
        holder=_one_of(asked.get("holder", ""), ["none"]) or _digits(asked.get("holder", "")),
        marks=tuple(one for one in MARKS if one in asked.getlist("mark")),
    )


def _one_of(said: str, known: Iterable[str]) -> str:
    return said if said in known else ""


def _digits(said: str) -> str:
    return said if said.isascii() and said.isdigit() and len(said) < 10 else ""


def whens() -> dict[str, str]:
    """How late, by key."""
    return {"late": _("已超时"), "today": _("今天到期"), "week": _("本周到期"), "none": _("没有时限")}


def priorities() -> dict[str, str]:
    """How pressing a case is, by key."""
    return {"urgent": _("特急"), "high": _("加急"), "normal": _("普通"), "low": _("不急")}


def marks() -> dict[str, str]:
    """What a line may be marked with, by key."""
    return {"draft": _("有草稿"), "escalated": _("已升级"), "urged": _("被催办")}


@dataclass(frozen=True)
class Choices:
    """What the filters of a list offer, as (value, name)."""

    procedures: list[tuple[str, str]]
    steps: list[tuple[str, str]]
    sites: list[tuple[str, str]]
    holders: list[tuple[str, str]]


def choices(asked: Wanted, team: Iterable[Member] = ()) -> Choices:
    """The procedures, the steps of the chosen one, the sites, and the people of a team."""
    steps = steps_of(engine(), asked.procedure) if asked.procedure else []
    holders = [(str(one.account_id), one.name) for one in team]
    return Choices(
        procedures=[(found, words(name)) for found, name in procedure_names(engine())],
        steps=[(found, words(name)) for found, name in steps],
        sites=[(site, site_name(site)) for site in engine().organisation.sites],
        holders=[("none", _("无人领取")), *holders] if holders else [],
    )


def chips(asked: Wanted, offered: Choices) -> list[tuple[str, str, str]]:
    """(name, value, words) of each filter that is set."""
    known = {
        "q": (asked.text, {asked.text: f"“{asked.text}”"}),
        "procedure": (asked.procedure, dict(offered.procedures)),
        "step": (asked.step, dict(offered.steps)),
        "site": (asked.site, dict(offered.sites)),
        "when": (asked.when, whens()),
        "priority": (asked.priority, priorities()),
        "holder": (asked.holder, dict(offered.holders)),
    }
    set_ = [(name, value, said.get(value, value)) for name, (value, said) in known.items() if value]
    return [*set_, *(("mark", mark, marks()[mark]) for mark in asked.marks)]


def without(name: str, value: str) -> str:
    """This address without one of its filters."""
    kept: MultiDict[str, str] = MultiDict(request.args)
    rest = [one for one in kept.getlist(name) if one != value] if name == "mark" else []
    kept.setlist(name, rest)
    kept.pop("page", None)
    kept.pop("saved", None)
    if name == "procedure":
        kept.pop("step", None)
    return f"{request.path}?{urlencode(list(kept.items(multi=True)))}"


def kept_query(said: str) -> str:
    """Of a query what a saved view keeps."""
    return urlencode([(name, value) for name, value in parse_qsl(said) if name in KEPT])


def my_roles() -> list[tuple[str, str]]:
    """The roles that the reader may share something with, as (id, name)."""
    return [(role, role_name(role)) for role in dict.fromkeys(role for role, _site in person().roles)]
