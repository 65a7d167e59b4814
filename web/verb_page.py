"""What the pages of verbs share: whom they offer, what was asked, the page itself, and what was wrong.

The pages work without a script; with one, the list of people follows what is typed.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template, request

from engine import EVERYWHERE, find_people, may_receive
from engine.domain.facts import UserId
from engine.domain.verbs import VERBS
from engine.domain.views import CaseView, PersonFound, TaskView
from engine.errors import Invalid, ReasonMissing
from web.access import actor, engine
from web.display import is_htmx, moment
from web.words import gettext as _

#: People that one list shows.
SHOWN = 20


@dataclass(frozen=True)
class Asked:
    """What the page of a verb asks: whom, and what beside it."""

    title: str
    #: What it does, in a sentence or two.
    words: str
    button: str
    icon: str
    #: none, one, or many.
    people: str = "none"
    #: The label of the text; empty for none.
    text: str = ""
    needs_text: bool = False


# What was asked ---------------------------------------------------------------------------------


def chosen_person() -> UserId:
    chosen = chosen_people()
    if len(chosen) != 1:
        raise Invalid("Choose one person.", field="people", reason="nobody")
    return chosen[0]


def chosen_people() -> list[UserId]:
    return [UserId(int(one)) for one in request.values.getlist("person") if one.isascii() and one.isdigit()]


def said() -> str:
    return request.form.get("text", "")


# The page ---------------------------------------------------------------------------------------


def page(
    asked: Asked,
    name: str,
    *,
    task: TaskView | None = None,
    case: CaseView | None = None,
    refused: Invalid | None = None,
) -> str:
    """The page of a verb over a task or over a case; htmx gets the people alone."""
    on: TaskView | CaseView | None = task or case
    lawful = bool(on and name in on.verbs)
    return render_template(
        "between/_people.html" if is_htmx() and request.method == "GET" else "between/verb.html",
        asked=asked,
        name=name,
        zh=VERBS[name].zh,
        lawful=lawful,
        why="" if lawful else _why_not(task),
        wrong={} if refused is None else _wrong(refused),
        found=_found(asked, task, case, name),
        chosen=set(chosen_people()),
        text=request.values.get("q", ""),
        said=request.form.get("text", ""),
        task=task,
        case=case,
        signers=[one for one in task.signing.signers if one.answer is None] if task and task.signing else [],
    )


def _found(asked: Asked, task: TaskView | None, case: CaseView | None, name: str) -> list[PersonFound]:
    """The people whom the page offers: those who are chosen first, then those the text means."""
    if asked.people not in ("one", "many"):
        return []
    site = task.site if task else case.site if case else ""
    text = request.values.get("q", "").strip()
    known = find_people(engine(), actor(), "", site=site, most=50)
    chosen = [one for one in known if one.id in chosen_people()]
    meant = find_people(engine(), actor(), text, site=site, most=SHOWN + 1)
    if name == "transfer" and task is not None:
        lawful = may_receive(engine(), task.task_id)
        meant = tuple(
            one for one in find_people(engine(), actor(), text, site=site, most=50) if one.id in lawful
        )
    holder = task.assignee_id if task else None
    not_these = {holder} if name == "reassign" else {holder, actor().id}
    others = [
        one
        for one in meant
        if one not in chosen
        and one.id not in not_these
        and any(at in (site, EVERYWHERE) for _role, at in one.roles)
    ]
    return [*chosen, *others][: SHOWN + len(chosen)]


def _why_not(task: TaskView | None) -> str:
    """Why a verb is not this person's now."""
    if task is None:
        return _("案件现在的状态，或您的岗位，不允许这样做。")
    if task.status == "done":
        return _("此任务已由 %(who)s 于%(when)s办理。", who=task.done_by or "", when=moment(task.done_at))  # type: ignore[arg-type]
    if task.case_status == "suspended":
        return _("案件已挂起，恢复后才能办理。")
    said = {
        "delegated": _("任务已委派给 %(who)s 代拟，收回或交回后才能这样做。", who=task.assignee or ""),
        "awaiting": _("任务正在会签，有结果后才能这样做。"),
        "signing": _("任务已提交会签，有结果后才能这样做。"),
        "offered": _("任务还没有人领取，领取后才能这样做。"),
    }.get(task.state)
    return said or _("此任务由 %(who)s 办理，您不能这样做。", who=task.assignee or _("别人"))


#: Where a page says what is wrong with a field of the engine.
_BESIDE = {
    "people": "people",
    "to": "people",
    "person": "people",
    "text": "text",
    "needed": "needed",
    "weights": "people",
}


def _wrong(refused: Invalid) -> dict[str, str | list[str]]:
    """What is wrong, in sentences by the field beside which they stand; ``whole`` stands above."""
    if isinstance(refused, ReasonMissing):
        return {"text": [_("请写明理由。")]}
    field, reason = str(refused.facts.get("field") or ""), str(refused.facts.get("reason") or "")
    said = {
        ("people", "nobody"): _("请选择在此站点工作的同事。"),
        ("people", "self"): _("办理人自己不能签署。"),
        ("people", "same"): _("此人已在签署名单中。"),
        ("to", "same"): _("任务已在此人手中。"),
        ("to", "role"): _("此人在此站点没有该任务的岗位，不能转办；可请主管改派，或委派代拟。"),
        ("person", "signed"): _("此人已签署，或不在签署名单中。"),
        ("text", ""): _("请写内容，最多 2000 字。"),
        ("needed", ""): _("同意的数量须在 1 和全部之间。"),
        ("weights", ""): _("票数至少为 1。"),
    }
    found = said.get((field, reason))
    if found is None:
        return {"whole": _("提交的内容有误，请检查后再试。")}
    return {_BESIDE[field]: [found]}
