"""What passes between people: a small page for each verb over a task or a case, and the verb itself.

The pages work without a script; with one, the list of people follows what is typed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

import engine as house
from engine import EVERYWHERE
from engine.domain.facts import CaseId, TaskId, UserId
from engine.domain.verbs import VERBS
from engine.domain.views import CaseView, PersonFound, TaskView
from engine.errors import Invalid, NotFound, ReasonMissing
from web.access import access, actor, engine
from web.display import is_htmx, moment
from web.words import gettext as _

bp = Blueprint("between", __name__)

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


@bp.get("/tasks/<task_id>/verbs/<name>")
@access("task")
def ask(task_id: str, name: str) -> ResponseReturnValue:
    """Ask what a verb over a task needs to know."""
    task = house.task_view(engine(), TaskId(task_id), actor())
    return _page(_asked_of_task(task, name), name, task=task)


@bp.post("/tasks/<task_id>/verbs/<name>")
@access("task")
def act(task_id: str, name: str) -> ResponseReturnValue:
    """Do a verb over a task; ask again, with what is wrong, when something is."""
    task = house.task_view(engine(), TaskId(task_id), actor())
    asked = _asked_of_task(task, name)
    if "_find" in request.form:
        return _page(asked, name, task=task)
    try:
        _TASK_VERBS[name](task.task_id)
    except (Invalid, ReasonMissing) as refused:
        return _page(asked, name, task=task, wrong=_wrong(refused)), 422
    flash(_done(name), "done")
    after = house.task_view(engine(), task.task_id, actor())
    if name in ("urge", "add_signers", "remove_signer", "recall") or after.may_draft:
        return redirect(url_for("task.show", task_id=task_id), code=303)
    return redirect(url_for("inbox.index"), code=303)


@bp.get("/tasks/<task_id>/signing")
@access("task")
def signing(task_id: str) -> ResponseReturnValue:
    """Who signs a task and what they have said by now; for htmx."""
    task = house.task_view(engine(), TaskId(task_id), actor())
    return render_template("between/_signers.html", task=task)


@bp.post("/tasks/<task_id>/hand-back")
@access("task")
def hand_back(task_id: str) -> ResponseReturnValue:
    """Give what I prepared back to the task's owner; the form comes as it was typed."""
    house.hand_back_task(
        engine(),
        TaskId(task_id),
        by=actor(),
        answers=MultiDict((key, value) for key, value in request.form.items(multi=True) if key != "_opinion"),
        opinion=request.form.get("_opinion", ""),
    )
    flash(_("已交回，您填写的内容作为草稿交给对方。"), "done")
    return redirect(url_for("inbox.index"), code=303)


@bp.post("/cases/<int(max=2147483647):case_id>/attach")
@access("case")
def attach(case_id: int) -> ResponseReturnValue:
    """Add a file to a case, beside what is said about it."""
    task, file = request.form.get("task", ""), request.files.get("file")
    back = url_for("task.show", task_id=task) if task else url_for("case.show", case_id=case_id)
    if file is None or not file.filename:
        flash(_("请选择文件。"), "error")
        return redirect(back + "#talk", code=303)
    house.add_attachment(
        engine(),
        CaseId(case_id),
        by=actor(),
        name=file.filename,
        content=file.read(),
        mime=file.mimetype,
        task_id=TaskId(task) if task else None,
    )
    flash(_("文件已加入案件。"), "done")
    return redirect(back + "#files", code=303)


@bp.get("/cases/<int(max=2147483647):case_id>/verbs/<name>")
@access("case")
def ask_of_case(case_id: int, name: str) -> ResponseReturnValue:
    """Ask what a verb over a case needs to know."""
    case = house.case_view(engine(), CaseId(case_id), actor())
    return _page(_asked_of_case(case, name), name, case=case)


@bp.post("/cases/<int(max=2147483647):case_id>/verbs/<name>")
@access("case")
def act_on_case(case_id: int, name: str) -> ResponseReturnValue:
    """Do a verb over a case; ask again, with what is wrong, when something is."""
    case = house.case_view(engine(), CaseId(case_id), actor())
    asked = _asked_of_case(case, name)
    if "_find" in request.form:
        return _page(asked, name, case=case)
    try:
        _CASE_VERBS[name](case.case_id)
    except (Invalid, ReasonMissing) as refused:
        return _page(asked, name, case=case, wrong=_wrong(refused)), 422
    flash(_done(name), "done")
    back = request.form.get("task")
    if back:
        return redirect(url_for("task.show", task_id=back) + "#talk", code=303)
    return redirect(url_for("case.show", case_id=case_id) + ("#talk" if name == "comment" else ""), code=303)


# What was asked ---------------------------------------------------------------------------------


def _person() -> UserId:
    chosen = _people()
    if len(chosen) != 1:
        raise Invalid("Choose one person.", field="people", reason="nobody")
    return chosen[0]


def _people() -> list[UserId]:
    return [UserId(int(one)) for one in request.values.getlist("person") if one.isascii() and one.isdigit()]


def _text() -> str:
    return request.form.get("text", "")


def _weights() -> dict[UserId, int]:
    written = {person: request.form.get(f"weight-{person}", "1") for person in _people()}
    return {person: int(text) if text.isascii() and text.isdigit() else 0 for person, text in written.items()}


def _needed() -> int | None:
    written = request.form.get("needed", "").strip().removesuffix("%")
    return int(written) if written.isascii() and written.isdigit() else None


#: How each verb over a task is done with what its page asked.
_TASK_VERBS: dict[str, Callable[[TaskId], None]] = {
    "transfer": lambda task: house.transfer_task(engine(), task, by=actor(), to=_person(), reason=_text()),
    "reassign": lambda task: house.reassign_task(engine(), task, by=actor(), to=_person(), reason=_text()),
    "delegate": lambda task: house.delegate_task(engine(), task, by=actor(), to=_person(), reason=_text()),
    "decline": lambda task: house.decline_task(engine(), task, by=actor(), reason=_text()),
    "recall": lambda task: house.recall_task(engine(), task, by=actor()),
    "urge": lambda task: house.urge_task(engine(), task, by=actor(), note=_text()),
    "add_signers": lambda task: house.add_signers(
        engine(),
        task,
        by=actor(),
        people=_people(),
        place=request.form.get("place", "before"),
        rule=request.form.get("rule", "all"),
        needed=_needed(),
        weights=_weights(),
        in_turn="in_turn" in request.form,
        reason=_text(),
    ),
    "remove_signer": lambda task: house.remove_signer(
        engine(), task, by=actor(), person=_person(), reason=_text()
    ),
    "sign": lambda task: house.sign(
        engine(), task, by=actor(), answer=request.form.get("answer", ""), opinion=_text()
    ),
}
#: The same of a case.
_CASE_VERBS: dict[str, Callable[[CaseId], None]] = {
    "copy": lambda case: house.copy_case(engine(), case, by=actor(), people=_people(), note=_text()),
    "comment": lambda case: house.comment_case(
        engine(),
        case,
        by=actor(),
        text=_text(),
        is_public="public" in request.form,
        mentions=_people(),
        task_id=TaskId(request.form["task"]) if request.form.get("task") else None,
    ),
    "prioritise": lambda case: house.set_priority(
        engine(), case, by=actor(), priority=request.form.get("priority", ""), reason=_text()
    ),
}


def _asked_of_task(task: TaskView, name: str) -> Asked:
    if name not in _TASK_VERBS:
        raise NotFound(verb=name)
    who = task.assignee or ""
    asked = {
        "transfer": Asked(
            _("转办"),
            _("转给有此岗位（或其上级岗位）的同事办理。时限不变，已填写的内容一并转去；对方可以退还。"),
            _("转办"),
            "arrow-right",
            "one",
            _("原因"),
            True,
        ),
        "reassign": Asked(
            _("改派"),
            _("由主管改派给本站点任何一位同事，对方不能退还。现在的办理人：%(who)s。", who=who or _("无")),
            _("改派"),
            "users",
            "one",
            _("原因"),
            True,
        ),
        "delegate": Asked(
            _("委派代拟"),
            _("请一位同事先行填写并给出意见，填好后交回给您，由您办理。您可随时收回。"),
            _("委派"),
            "user",
            "one",
            _("要对方做什么"),
            True,
        ),
        "decline": Asked(
            _("退还"),
            _("任务退还给转来的人，已填写的内容保留。"),
            _("退还"),
            "undo-2",
            "none",
            _("原因"),
            True,
        ),
        "recall": Asked(_("收回"), _("任务收回到您手中；别人已填写的内容保留为草稿。"), _("收回"), "undo-2"),
        "urge": Asked(
            _("催办"),
            _("提醒正在办理的人。多次催办后会升级给主管；每人隔一段时间才能再催一次。"),
            _("催办"),
            "bell",
            "none",
            _("留一句话（可不填）"),
        ),
        "add_signers": Asked(
            _("加签"),
            _("请同事对此任务签署意见。会签未决时不能办理；不再需要时可以减签。"),
            _("加签"),
            "users",
            "many",
            _("说明（可不填）"),
        ),
        "remove_signer": Asked(
            _("减签"), _("尚未签署的人可以免签；其余人的意见可能因此有结果。"), _("减签"), "users", "signer"
        ),
        "sign": Asked(
            _("签署"), _("请表明意见；不同意须写明理由。"), _("提交"), "pen-line", "none", _("意见")
        ),
    }
    return asked[name]


def _asked_of_case(case: CaseView, name: str) -> Asked:
    if name not in _CASE_VERBS:
        raise NotFound(verb=name)
    asked = {
        "copy": Asked(
            _("抄送"),
            _("让同事知悉此案件：对方可以查看，个人信息会打码；您能看到对方是否已读。"),
            _("抄送"),
            "send",
            "many",
            _("附言（可不填）"),
        ),
        "comment": Asked(
            _("留言"),
            _("留言给同事；被提到的人会收到通知，并能查看案件。"),
            _("留言"),
            "message-square",
            "many",
            _("内容"),
            True,
        ),
        "prioritise": Asked(
            _("改优先级"),
            _("当前优先级会显示在待办和案件上。"),
            _("保存"),
            "triangle-alert",
            "none",
            _("原因"),
            True,
        ),
    }
    return asked[name]


# The page ---------------------------------------------------------------------------------------


def _page(asked: Asked, name: str, *, wrong: str = "", **about: Any) -> str:
    task: TaskView | None = about.get("task")
    case: CaseView | None = about.get("case")
    on: TaskView | CaseView | None = task or case
    lawful = bool(on and name in on.verbs)
    return render_template(
        "between/_people.html" if is_htmx() and request.method == "GET" else "between/verb.html",
        asked=asked,
        name=name,
        zh=VERBS[name].zh,
        lawful=lawful,
        why="" if lawful else _why_not(task),
        wrong=wrong,
        found=_found(asked, task, case, name),
        chosen=set(_people()),
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
    known = house.find_people(engine(), actor(), "", site=site, most=50)
    chosen = [one for one in known if one.id in _people()]
    meant = house.find_people(engine(), actor(), text, site=site, most=SHOWN + 1)
    if name == "transfer" and task is not None and task.role:
        held = house.find_people(engine(), actor(), text, role=task.role, site=site, most=SHOWN + 1)
        meant = (*held, *(one for one in meant if one not in held))
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


def _wrong(refused: Invalid) -> str:
    if isinstance(refused, ReasonMissing):
        return _("请写明理由。")
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
    return said.get((field, reason)) or _("提交的内容有误，请检查后再试。")


def _done(name: str) -> str:
    return {
        "transfer": _("已转办。"),
        "reassign": _("已改派。"),
        "delegate": _("已委派，对方填好后会交回给您。"),
        "decline": _("已退还。"),
        "recall": _("已收回。"),
        "urge": _("已催办。"),
        "add_signers": _("已加签。"),
        "remove_signer": _("已减签。"),
        "sign": _("已签署。"),
        "copy": _("已抄送。"),
        "comment": _("已留言。"),
        "prioritise": _("优先级已保存。"),
    }[name]
