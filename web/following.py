"""A customer follows a case by a link, without signing in, and writes to whoever works on it."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import follow_page, say_by_link, share_case, unshare_case
from engine.domain.facts import CaseId
from engine.errors import Invalid, LinkOver
from web.access import access, actor, engine
from web.security import keep_private, limiter
from web.words import gettext as _

bp = Blueprint("following", __name__)


@bp.get("/follow/<word>")
@limiter.limit("60 per minute")
@access("public")
def show(word: str) -> ResponseReturnValue:
    """Show how far the case is and what was said; looking changes nothing."""
    return keep_private(make_response(_page(word)))


@bp.post("/follow/<word>")
@limiter.limit("20 per minute")
@access("public")
def say(word: str) -> ResponseReturnValue:
    """Keep what the customer writes; what could not be kept stays in the field."""
    text = request.form.get("text", "")
    try:
        say_by_link(engine(), word, text)
    except LinkOver:
        return keep_private(
            make_response(_page(word, said=text, wrong=[_("案件已经结束，这次没有留言。")]), 409)
        )
    except Invalid as refused:
        return keep_private(make_response(_page(word, said=text, wrong=[_wrong(refused)]), 422))
    flash(_("已收到您的留言，经办人会看到。"), "done")
    return keep_private(make_response(redirect(url_for("following.show", word=word), code=303)))


@bp.post("/cases/<int(max=2147483647):case_id>/share")
@access("case")
def share(case_id: int) -> ResponseReturnValue:
    """Make the customer's link."""
    share_case(engine(), CaseId(case_id), by=actor())
    flash(_("客户链接已生成，可以转给客户。"), "done")
    return redirect(url_for("case.show", case_id=case_id, _anchor="share"), code=303)


@bp.post("/cases/<int(max=2147483647):case_id>/unshare")
@access("case")
def unshare(case_id: int) -> ResponseReturnValue:
    """Make the customer's link worthless."""
    unshare_case(engine(), CaseId(case_id), by=actor())
    flash(_("客户链接已停用，原来的地址打不开了。"), "done")
    return redirect(url_for("case.show", case_id=case_id, _anchor="share"), code=303)


def _page(word: str, *, said: str = "", wrong: list[str] | None = None) -> str:
    followed = follow_page(engine(), word)
    return render_template("following/show.html", followed=followed, word=word, said=said, wrong=wrong or [])


def _wrong(refused: Invalid) -> str:
    if refused.facts.get("reason") == "many":
        return _("今天的留言已经很多了，请直接打电话给我们。")
    return _("请写内容，最多 2000 字。")
