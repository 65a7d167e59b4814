"""The inbox: mine, what my roles may take, my team's, what I watch, what was copied to me, what I did."""

from __future__ import annotations

from typing import Any, Literal, get_args

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import inbox, list_copies, mark_copy_read, may_withdraw, saved_views, team_of, view_counts
from engine.domain.facts import CaseId, TaskId
from engine.domain.views import Page, Wanted
from web import finding
from web.access import access, actor, engine
from web.bulk_verbs import verbs_of
from web.display import is_htmx
from web.lists import page_number
from web.navigation import my_counts
from web.words import gettext as _

bp = Blueprint("inbox", __name__)

View = Literal["mine", "claimable", "team", "watched", "copied", "done"]
VIEWS: tuple[View, ...] = get_args(View)


@bp.get("/")
@access("signed-in")
def index() -> ResponseReturnValue:
    """Show a view of tasks, what is due first first; a background refresh gets the list alone."""
    view = next((one for one in VIEWS if one == request.args.get("view")), VIEWS[0])
    orders = sorts(view)
    sort = request.args.get("sort", "")
    sort = sort if sort in dict(orders) else orders[0][0]
    asked = finding.wanted()
    is_part = is_htmx()
    shown: dict[str, Any] = {}
    if not is_part:
        offered = finding.choices(asked, team_of(engine(), actor()) if view == "team" else ())
        shown = {
            "offered": offered,
            "chips": finding.chips(asked, offered),
            "saved": saved_views(engine(), actor()),
            "roles": finding.my_roles(),
            "whens": finding.whens(),
            "priorities": finding.priorities(),
            "marks": finding.marks(),
            "without": finding.without,
            "current": request.args.get("saved", type=int),
            "query": finding.kept_query(request.query_string.decode("utf-8", "replace")),
            "bulk": verbs_of(view),
        }
    lines = _page(view, asked, sort)
    return render_template(
        "inbox/_list.html" if is_part else "inbox/index.html",
        view=view,
        page=lines,
        sort=sort,
        sorts=orders,
        wanted=asked,
        is_narrowed=asked != Wanted(),
        numbers=my_counts(),
        withdrawable=_withdrawable(lines) if view == "done" else frozenset(),
        views=view_counts(engine(), actor()),
        **shown,
    )


@bp.post("/copies/read")
@access("signed-in")
def read_copies() -> ResponseReturnValue:
    """Mark what was copied to me as read: of one case, which then opens, or of all on the page."""
    cases = [int(one) for one in request.form.getlist("case") if one.isascii() and one.isdigit()]
    if not cases:
        abort(400)
    for case_id in cases[:100]:
        mark_copy_read(engine(), CaseId(case_id), by=actor())
    if request.form.get("open"):
        return redirect(url_for("case.show", case_id=cases[0]), code=303)
    flash(_("已标为已读。"), "done")
    return redirect(url_for("inbox.index", view="copied"), code=303)


def sorts(view: View) -> list[tuple[str, str]]:
    """The orders a list may have, the usual one first."""
    if view == "copied":
        return [("", _("未读在前"))]
    if view == "done":
        return [("-done", _("最近办理在前")), ("done", _("最早办理在前")), ("number", _("按编号"))]
    holder = [("assignee", _("按办理人"))] if view == "team" else []
    return [
        ("due", _("先到期在前")),
        ("-due", _("后到期在前")),
        ("-created", _("最新到达在前")),
        ("created", _("最早到达在前")),
        ("number", _("按编号")),
        ("priority", _("先急后缓")),
        ("urged", _("催办多的在前")),
        ("procedure", _("按流程")),
        ("step", _("按步骤")),
        ("subject", _("按主题")),
        ("site", _("按站点")),
        *holder,
    ]


def _withdrawable(page: Page[Any]) -> frozenset[TaskId]:
    """What of my done tasks I may still withdraw."""
    return may_withdraw(engine(), [line.task_id for line in page.rows], actor())


def _page(view: View, asked: Wanted, sort: str) -> Page[Any]:
    if view == "copied":
        return list_copies(engine(), actor(), text=asked.text, procedure=asked.procedure, page=page_number())
    return inbox(engine(), actor(), view=view, wanted=asked, sort=sort, page=page_number())
