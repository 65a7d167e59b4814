"""人员: everybody with their roles; let somebody in or out; hand over all that names who leaves."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import hand_over, handing_over, people, posts_of, role_changes, set_active
from engine import person as find_person
from engine.domain.assignment import leads
from engine.domain.facts import Person
from engine.domain.spelling import rank
from engine.errors import Forbidden, Invalid, NotFound
from web.access import access, actor, engine, person
from web.people_field import choices, meant
from web.words import gettext as _

bp = Blueprint("people", __name__, url_prefix="/people")


@bp.get("")
@access("signed-in")
def index() -> ResponseReturnValue:
    """Show everybody to administrators, to others those whom they lead."""
    text = request.args.get("q", "").strip()
    organisation, reader = engine().organisation, actor()
    found = [one for one in people(engine()) if leads(organisation, reader, one)]
    meant_ones = [(rank(text, one.name, one.login), one) for one in found]
    shown = sorted(
        ((place, one) for place, one in meant_ones if place is not None),
        key=lambda pair: (not pair[1].active, pair[0] if text else 0, pair[1].name),
    )
    return render_template("people/index.html", lines=[one for _place, one in shown], text=text)


@bp.get("/<int(max=2147483647):person_id>")
@access("signed-in")
def show(person_id: int) -> ResponseReturnValue:
    """Show one person."""
    found = _found(person_id)
    if not leads(engine().organisation, actor(), found):
        raise Forbidden(person=person_id)
    return render_template(
        "people/show.html",
        who=found,
        is_me=found.id == person().id,
        posts=posts_of(engine(), person_id),
        changes=role_changes(engine(), person_id, by=actor()) if person().admin else [],
    )


@bp.post("/<int(max=2147483647):person_id>/active")
@access("admin")
def activate(person_id: int) -> ResponseReturnValue:
    """Let somebody sign in again, or no more."""
    found = _found(person_id)
    if found.id == person().id:
        flash(_("不能停用自己的账号。"), "error")
        return redirect(url_for("people.show", person_id=person_id), code=303)
    active = request.form.get("active") == "1"
    if not active and any(group.count for group in handing_over(engine(), person_id, by=actor()).groups):
        flash(_("还有事项涉及此人，请先交接。"), "error")
        return redirect(url_for("people.leave", person_id=person_id), code=303)
    set_active(engine(), person_id, active=active)
    flash(_("账号已启用。") if active else _("账号已停用。"), "done")
    return redirect(url_for("people.show", person_id=person_id), code=303)


@bp.get("/<int(max=2147483647):person_id>/hand-over")
@access("admin")
def leave(person_id: int) -> ResponseReturnValue:
    """Show all that names somebody, with a receiver to choose for each kind."""
    _found(person_id)
    return _review(person_id)


@bp.post("/<int(max=2147483647):person_id>/hand-over")
@access("admin")
def hand_over_all(person_id: int) -> ResponseReturnValue:
    """Give all of it to others, and let the person in no more."""
    found = _found(person_id)
    receivers: dict[str, int | None] = {}
    for kind in kinds():
        text = request.form.get(kind, "").strip()
        if request.form.get(f"{kind}-queue"):
            receivers[kind] = 0
        elif text:
            receivers[kind], problem = meant(text)
            if problem:
                return _review(person_id, kind, problem), 422
    try:
        done = hand_over(
            engine(), person_id, by=actor(), receivers=receivers, seen=request.form.get("seen", "")
        )
    except Invalid as refused:
        return _review(person_id, str(refused.facts.get("field")), _refused(refused)), 422
    flash(_("%(who)s 的 %(n)s 项已交接，账号已停用。", who=found.name, n=sum(done.done.values())), "done")
    return redirect(url_for("people.show", person_id=person_id), code=303)


def kinds() -> dict[str, str]:
    """Each kind of what names a person, as people read it."""
    return {
        "held": _("手头的任务"),
        "given": _("转办、委派给别人的任务"),
        "signing": _("等待签署的任务"),
        "absences": _("离岗委托"),
        "shifts": _("班次"),
        "started": _("发起的在办案件"),
    }


def _found(person_id: int) -> Person:
    found = find_person(engine(), person_id)
    if found is None:
        raise NotFound("There is no such person.", person=person_id)
    return found


def _review(person_id: int, field: str = "", problem: str = "") -> str:
    names = kinds()
    return render_template(
        "people/hand_over.html",
        about=handing_over(engine(), person_id, by=actor()),
        names=names,
        otherwise={
            "absences": _("不选：到此结束"),
            "shifts": _("不选：删除班次"),
            "started": _("不选：发起人不变"),
        },
        colleagues=choices(without=person_id),
        errors={field: problem} if field in names else {},
        problem=problem if field not in names else "",
        typed=request.form,
    )


def _refused(refused: Invalid) -> str:
    step = str(refused.facts.get("step") or "")
    return {
        "needed": _("请选择接收人。"),
        "self": _("接收人不能是本人，也不能自己代自己。"),
        "gone": _("接收人的账号已停用。"),
        "role": _("接收人没有相应岗位。%(number)s", number=step),
        "no-role": _("这项任务没有岗位可以退回，请选择接收人。%(number)s", number=step),
        "signs": _("接收人已在办理或签署这项任务。%(number)s", number=step),
        "twice": _("接收人那时已有安排。"),
        "circle": _("这样代办会绕成一圈。"),
        "chain": _("代办的链条太长：最多三人依次代办。"),
        "changed": _("其间有变化，请再看一遍后确认。"),
    }.get(str(refused.facts.get("reason")), _("不能这样交接。"))
