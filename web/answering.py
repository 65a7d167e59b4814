"""Somebody answers by a link, without signing in: large buttons, made for a phone.

Looking at the page changes nothing, so that previews of links do nothing either.
"""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import answer_by_link, answer_page
from engine.errors import LinkOver
from web.access import access, engine
from web.security import keep_private, limiter
from web.words import gettext as _

bp = Blueprint("answering", __name__, url_prefix="/answer")


@bp.get("/<word>")
@limiter.limit("60 per minute")
@access("public")
def show(word: str) -> ResponseReturnValue:
    """Show what is asked, or who answered what and when."""
    return keep_private(
        make_response(render_template("answering/show.html", asked=answer_page(engine(), word), word=word))
    )


@bp.post("/<word>")
@limiter.limit("20 per minute")
@access("public")
def answer(word: str) -> ResponseReturnValue:
    """Answer, once; then the page says so."""
    try:
        answer_by_link(engine(), word, request.form.get("choice", ""))
    except LinkOver:
        signing = answer_page(engine(), word).state == "signing"
        said = _("这次没有改变什么。") if signing else _("已经有答复了，这次没有改变什么。")
        flash(said, "error")
    else:
        flash(_("谢谢，已收到您的答复。"), "done")
    return keep_private(make_response(redirect(url_for("answering.show", word=word), code=303)))
