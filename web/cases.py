"""案件: the list of the cases that I see, or that I started."""

from __future__ import annotations

from typing import Literal, cast, get_args

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from engine import list_cases
from engine.domain.facts import CaseStatus
from web.access import access, actor, engine
from web.display import is_htmx
from web.lists import page_number
from web.words import gettext as _

bp = Blueprint("cases", __name__, url_prefix="/cases")


@bp.get("")
@access("signed-in")
def index() -> ResponseReturnValue:
    """Show the cases, the newest first."""
    view: Literal["all", "started"] = "started" if request.args.get("view") == "started" else "all"
    status = request.args.get("status", "")
    text = request.args.get("q", "").strip()
    page = list_cases(
        engine(),
        actor(),
        view=view,
        status=cast("CaseStatus", status) if status in get_args(CaseStatus) else None,
        text=text,
        page=page_number(),
    )
    return render_template(
        "cases/_rows.html" if is_htmx() else "cases/index.html",
        page=page,
        view=view,
        status=status,
        text=text,
        statuses=[
            ("", _("全部状态")),
            ("active", _("进行中")),
            ("suspended", _("已挂起")),
            ("ended", _("已办结")),
            ("cancelled", _("已取消")),
        ],
    )
