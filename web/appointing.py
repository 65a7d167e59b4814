"""岗位: change what somebody may do; what it would do to tasks and shifts is shown before it is saved."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import EVERYWHERE, change_roles, review_roles
from engine import person as find_person
from engine.domain.facts import Person
from engine.domain.views import RoleReview
from engine.errors import Invalid, NotFound, ReasonMissing
from web.access import access, actor, engine
from web.display import role_name, site_name
from web.people_field import choices, meant
from web.words import gettext as _

bp = Blueprint("appointing", __name__, url_prefix="/people")

#: Roles that one saving may add.
ADDED = 3


@bp.get("/<int(max=2147483647):person_id>/roles")
@access("admin")
def ask(person_id: int) -> ResponseReturnValue:
    """Show what somebody holds, to be changed."""
    return _page(_found(person_id))


@bp.post("/<int(max=2147483647):person_id>/roles")
@access("admin")
def change(person_id: int) -> ResponseReturnValue:
    """Save it; when tasks or shifts would go with it, show them first."""
    found, reason = _found(person_id), request.form.get("reason", "")
    wanted, admin = _wanted(found), "admin" in request.form
    about: RoleReview | None = None
    try:
        about = review_roles(engine(), person_id, by=actor(), roles=wanted, admin=admin)
        if not reason.strip():
            raise ReasonMissing(field="reason")
        seen = request.form.get("seen", "")
        if not seen and about.needs_a_look:
            return _page(found, about=about)
        receiver, problem = _receiver()
        if problem:
            return _page(found, about=about, wrong={"held": [problem]}), 422
        change_roles(
            engine(),
            person_id,
            by=actor(),
            roles=wanted,
            admin=admin,
            reason=reason,
            seen=seen or about.seen,
            receiver=receiver,
        )
    except ReasonMissing:
        return _page(found, about=about, wrong={"reason": [_("请写明原因。")]}), 422
    except Invalid as refused:
        return _page(found, about=about, wrong=_wrong(refused)), 422
    flash(_("%(who)s 的岗位已保存。", who=found.name), "done")
    return redirect(url_for("people.show", person_id=person_id), code=303)


def _found(person_id: int) -> Person:
    found = find_person(engine(), person_id)
    if found is None:
        raise NotFound("There is no such person.", person=person_id)
    return found


def _wanted(found: Person) -> list[tuple[str, str]]:
    """What is kept of what they hold, and what is added."""
    kept = {one.partition("@")[::2] for one in request.form.getlist("keep")}
    roles = [held for held in found.roles if held in kept]
    for number in range(ADDED):
        role = request.form.get(f"role-{number}", "")
        if role:
            roles.append((role, request.form.get(f"site-{number}", "")))
    return roles


def _receiver() -> tuple[int | None, str]:
    """Who gets the tasks, or what is wrong with that; the roles' queue when nobody is named."""
    text = request.form.get("held", "").strip()
    return meant(text) if text else (0, "")


def _page(
    found: Person, *, about: RoleReview | None = None, wrong: dict[str, list[str]] | None = None
) -> str:
    organisation, is_posted = engine().organisation, request.method == "POST"
    kept = set(request.form.getlist("keep"))
    return render_template(
        "people/roles.html",
        who=found,
        about=about if about is not None and about.needs_a_look else None,
        wrong=wrong or {},
        held=[(f"{role}@{site}", role, site) for role, site in found.roles],
        is_kept=lambda key: not is_posted or key in kept,
        is_admin="admin" in request.form if is_posted else found.admin,
        roles=[("", _("不加")), *((one, role_name(one)) for one in _assignable())],
        sites=[(EVERYWHERE, site_name(EVERYWHERE)), *((one, site_name(one)) for one in organisation.sites)],
        more=range(ADDED),
        typed=request.form,
        colleagues=choices(without=found.id) if about is not None else [],
    )


def _assignable() -> list[str]:
    return [one.id for one in engine().organisation.roles.values() if not one.outside]


def _wrong(refused: Invalid) -> dict[str, list[str]]:
    """What is wrong, by the field beside which it stands."""
    field, reason = str(refused.facts.get("field") or ""), str(refused.facts.get("reason") or "")
    said = {
        "same": _("没有改动：请取消或新增岗位，再保存。"),
        "last": _("这是最后一位管理员，不能取消；请先让别人成为管理员。"),
        "unknown-role": _("没有这个岗位。"),
        "unknown-site": _("没有这个站点。"),
        "changed": _("其间有变化，请再看一遍后确认。"),
        "gone": _("接收人的账号已停用。"),
        "self": _("接收人不能是本人，也不能自己代自己。"),
        "role": _("接收人没有相应岗位。%(number)s", number=str(refused.facts.get("step") or "")),
        "no-role": _(
            "这项任务没有岗位可以退回，请选择接收人。%(number)s", number=str(refused.facts.get("step") or "")
        ),
    }.get(reason, _("提交的内容有误，请检查后再试。"))
    return {field if field in ("roles", "admin", "held") else "whole": [said]}
