"""The inbox: what is mine to do, what my roles may take, what I have done."""

from __future__ import annotations

from typing import Literal, get_args

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from engine import inbox, procedure_names
from web.access import access, actor, engine
from web.display import is_htmx, words
from web.lists import page_number
from web.navigation import my_counts
from web.words import gettext as _

bp = Blueprint("inbox", __name__)

View = Literal["mine", "claimable", "done"]
VIEWS: tuple[View, ...] = get_args(View)


@bp.get("/")
@access("signed-in")
def index() -> ResponseReturnValue:
    """Show my tasks, what is due first first; a background refresh gets the list alone."""
    view = next((one for one in VIEWS if one == request.args.get("view")), VIEWS[0])
    orders = sorts(view)
    sort = request.args.get("sort", "")
    sort = sort if sort in dict(orders) else orders[0][0]
    procedure = request.args.get("procedure", "")
    text = request.args.get("q", "").strip()
    page = inbox(
        engine(),
        actor(),
        view=view,
        text=text,
        procedure=procedure,
        sort=sort,
        page=page_number(),
    )
    return render_template(
        "inbox/_list.html" if is_htmx() else "inbox/index.html",
        view=view,
        page=page,
        sort=sort,
        sorts=orders,
        text=text,
        procedure=procedure,
        procedures=[(found, words(name)) for found, name in procedure_names(engine())],
        numbers=my_counts(),
    )


def sorts(view: str) -> list[tuple[str, str]]:
    """The orders a list may have, the usual one first."""
    if view == "done":
        return [("-done", _("最近办理在前")), ("done", _("最早办理在前")), ("number", _("按编号"))]
    return [
        ("due", _("先到期在前")),
        ("-created", _("最新到达在前")),
        ("created", _("最早到达在前")),
        ("number", _("按编号")),
    ]
