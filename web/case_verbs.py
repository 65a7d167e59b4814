"""抄送、留言、改优先级、附件: a small page for each verb over a case, and the verb itself."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

import engine as house
from engine.domain.facts import CaseId, TaskId
from engine.domain.views import CaseView
from engine.errors import Invalid, NotFound, ReasonMissing
from web.access import access, actor, engine
from web.verb_page import Asked, chosen_people, page, said
from web.words import gettext as _

bp = Blueprint("case_verbs", __name__)


@bp.get("/cases/<int(max=2147483647):case_id>/verbs/<name>")
@access("case")
def ask(case_id: int, name: str) -> ResponseReturnValue:
    """Ask what a verb over a case needs to know."""
    case = house.case_view(engine(), CaseId(case_id), actor())
    return page(_asked(case, name), name, case=case)


@bp.post("/cases/<int(max=2147483647):case_id>/verbs/<name>")
@access("case")
def act(case_id: int, name: str) -> ResponseReturnValue:
    """Do a verb over a case; ask again, with what is wrong, when something is."""
    case = house.case_view(engine(), CaseId(case_id), actor())
    asked = _asked(case, name)
    if "_find" in request.form:
        return page(asked, name, case=case)
    try:
        _VERBS[name](case.case_id)
    except (Invalid, ReasonMissing) as refused:
        return page(asked, name, case=case, refused=refused), 422
    flash(_done(name), "done")
    back = request.form.get("task")
    if back:
        return redirect(url_for("task.show", task_id=back) + "#talk", code=303)
    return redirect(url_for("case.show", case_id=case_id) + ("#talk" if name == "comment" else ""), code=303)


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


# What was asked ---------------------------------------------------------------------------------


#: How each verb over a case is done with what its page asked.
_VERBS: dict[str, Callable[[CaseId], None]] = {
    "copy": lambda case: house.copy_case(engine(), case, by=actor(), people=chosen_people(), note=said()),
    "comment": lambda case: house.comment_case(
        engine(),
        case,
        by=actor(),
        text=said(),
        is_public="public" in request.form,
        mentions=chosen_people(),
        task_id=TaskId(request.form["task"]) if request.form.get("task") else None,
    ),
    "prioritise": lambda case: house.set_priority(
        engine(), case, by=actor(), priority=request.form.get("priority", ""), reason=said()
    ),
}


def _asked(case: CaseView, name: str) -> Asked:
    if name not in _VERBS:
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


def _done(name: str) -> str:
    return {
        "copy": _("已抄送。"),
        "comment": _("已留言。"),
        "prioritise": _("优先级已保存。"),
    }[name]
