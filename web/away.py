"""离岗委托: who does somebody's tasks while they are away; mine, or those of somebody I lead."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import absences, end_substitution, procedure_names, substitute
from engine import person as find_person
from engine.domain.assignment import leads
from engine.domain.facts import Person
from engine.errors import Forbidden, Invalid, NotFound
from web.access import access, actor, engine, person
from web.display import reader_zone, words
from web.people_field import choices, meant
from web.words import gettext as _

bp = Blueprint("away", __name__)


@bp.get("/away")
@access("signed-in")
def mine() -> ResponseReturnValue:
    """Show who stands in for me, and for whom I stand in."""
    return _page(person())


@bp.post("/away")
@access("signed-in")
def arrange_mine() -> ResponseReturnValue:
    """Let somebody do my tasks."""
    return _arrange(person(), url_for("away.mine"))


@bp.get("/people/<int(max=2147483647):person_id>/away")
@access("signed-in")
def theirs(person_id: int) -> ResponseReturnValue:
    """Show the same of somebody I lead."""
    return _page(_led(person_id))


@bp.post("/people/<int(max=2147483647):person_id>/away")
@access("signed-in")
def arrange_theirs(person_id: int) -> ResponseReturnValue:
    """Let somebody do the tasks of somebody I lead."""
    return _arrange(_led(person_id), url_for("away.theirs", person_id=person_id))


@bp.post("/away/<int(max=2147483647):absence_id>/end")
@access("signed-in")
def end(absence_id: int) -> ResponseReturnValue:
    """End a substitution now."""
    end_substitution(engine(), absence_id, by=actor())
    flash(_("离岗委托已结束。"), "done")
    whose = request.form.get("person", type=int)
    if whose and whose != person().id:
        return redirect(url_for("away.theirs", person_id=whose), code=303)
    return redirect(url_for("away.mine"), code=303)


def _led(person_id: int) -> Person:
    found = find_person(engine(), person_id)
    if found is None:
        raise NotFound("There is no such person.", person=person_id)
    if not leads(engine().organisation, actor(), found):
        raise Forbidden(person=person_id)
    return found


def _arrange(whose: Person, back: str) -> ResponseReturnValue:
    starts, ends = _moment("starts"), _moment("ends")
    who, problem = meant(request.form.get("substitute", ""))
    errors = {"substitute": problem} if problem else {}
    if starts is None or ends is None:
        errors["ends"] = _("请填写起止时间。")
    if errors or who is None or starts is None or ends is None:
        return _page(whose, errors), 422
    try:
        substitute(
            engine(),
            whose.id,
            by=actor(),
            substitute_id=who,
            starts_at=starts,
            ends_at=ends,
            procedures=request.form.getlist("procedure"),
            reason=request.form.get("reason", ""),
        )
    except Invalid as refused:
        return _page(whose, {str(refused.facts.get("field")): _refused(refused)}), 422
    flash(_("已委托，代办人已收到通知。"), "done")
    return redirect(back, code=303)


def _refused(refused: Invalid) -> str:
    return {
        "self": _("不能委托给本人。"),
        "period": _("结束时间应晚于开始时间。"),
        "past": _("结束时间已经过去。"),
        "long": _("一次最多 366 天。"),
        "twice": _("此人在这段时间已有代办人。"),
        "circle": _("这样会绕成一圈：对方那时也由此人（或此人的代办人）代办。"),
        "chain": _("代办的链条太长：最多三人依次代办。"),
        "unknown": _("请选择有效的人员或流程。"),
    }.get(str(refused.facts.get("reason")), _("不能这样委托。"))


def _moment(name: str) -> datetime | None:
    try:
        return datetime.fromisoformat(request.form.get(name, "")).replace(tzinfo=reader_zone())
    except ValueError:
        return None


def _page(whose: Person, errors: dict[str, str] | None = None) -> str:
    site = next((site for _role, site in whose.roles if site != "*"), "")
    return render_template(
        "away/show.html",
        whose=whose,
        is_me=whose.id == person().id,
        lines=absences(engine(), actor(), account_id=whose.id),
        colleagues=choices(site=site, without=whose.id),
        procedures=[(found, words(name)) for found, name in procedure_names(engine())],
        errors=errors or {},
        typed=request.form,
    )
