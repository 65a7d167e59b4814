"""转办、委派、加签、签署、催办…: a small page for each verb over a task, and the verb itself."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

import engine as house
from engine.domain.facts import TaskId, UserId
from engine.domain.views import TaskView
from engine.errors import Invalid, NotFound, ReasonMissing
from web.access import access, actor, engine
from web.verb_page import Asked, chosen_people, chosen_person, page, said
from web.words import gettext as _

bp = Blueprint("task_verbs", __name__)


@bp.get("/tasks/<task_id>/verbs/<name>")
@access("task")
def ask(task_id: str, name: str) -> ResponseReturnValue:
    """Ask what a verb over a task needs to know."""
    task = house.task_view(engine(), TaskId(task_id), actor())
    return page(_asked(task, name), name, task=task)


@bp.post("/tasks/<task_id>/verbs/<name>")
@access("task")
def act(task_id: str, name: str) -> ResponseReturnValue:
    """Do a verb over a task; ask again, with what is wrong, when something is."""
    task = house.task_view(engine(), TaskId(task_id), actor())
    asked = _asked(task, name)
    if "_find" in request.form:
        return page(asked, name, task=task)
    try:
        _VERBS[name](task.task_id)
    except (Invalid, ReasonMissing) as refused:
        return page(asked, name, task=task, refused=refused), 422
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


# What was asked ---------------------------------------------------------------------------------


def _weights() -> dict[UserId, int]:
    written = {person: request.form.get(f"weight-{person}", "1") for person in chosen_people()}
    return {person: int(text) if text.isascii() and text.isdigit() else 0 for person, text in written.items()}


def _needed() -> int | None:
    written = request.form.get("needed", "").strip().removesuffix("%")
    return int(written) if written.isascii() and written.isdigit() else None


#: How each verb over a task is done with what its page asked.
_VERBS: dict[str, Callable[[TaskId], None]] = {
    "transfer": lambda task: house.transfer_task(
        engine(), task, by=actor(), to=chosen_person(), reason=said()
    ),
    "reassign": lambda task: house.reassign_task(
        engine(), task, by=actor(), to=chosen_person(), reason=said()
    ),
    "delegate": lambda task: house.delegate_task(
        engine(), task, by=actor(), to=chosen_person(), reason=said()
    ),
    "decline": lambda task: house.decline_task(engine(), task, by=actor(), reason=said()),
    "recall": lambda task: house.recall_task(engine(), task, by=actor()),
    "urge": lambda task: house.urge_task(engine(), task, by=actor(), note=said()),
    "add_signers": lambda task: house.add_signers(
        engine(),
        task,
        by=actor(),
        people=chosen_people(),
        place=request.form.get("place", "before"),
        rule=request.form.get("rule", "all"),
        needed=_needed(),
        weights=_weights(),
        in_turn="in_turn" in request.form,
        reason=said(),
    ),
    "remove_signer": lambda task: house.remove_signer(
        engine(), task, by=actor(), person=chosen_person(), reason=said()
    ),
    "sign": lambda task: house.sign(
        engine(), task, by=actor(), answer=request.form.get("answer", ""), opinion=said()
    ),
}


def _asked(task: TaskView, name: str) -> Asked:
    if name not in _VERBS:
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
    }[name]
