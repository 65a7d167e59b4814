"""Saved views of the inbox: keep, arrange, delete, bring back."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import move_view, remove_view, restore_view, save_view, saved_views
from engine.errors import Invalid
from web.access import access, actor, engine, safe_next
from web.finding import kept_query
from web.undoing import with_undo
from web.words import gettext as _

bp = Blueprint("views", __name__, url_prefix="/views")


@bp.get("")
@access("signed-in")
def index() -> ResponseReturnValue:
    """Show my views and those of my roles."""
    return render_template("views/index.html", views=saved_views(engine(), actor()))


@bp.post("")
@access("signed-in")
def save() -> ResponseReturnValue:
    """Keep the filters of a list under a name."""
    query = kept_query(request.form.get("query", ""))
    try:
        view_id = save_view(
            engine(),
            by=actor(),
            name=request.form.get("name", ""),
            query=query,
            role=request.form.get("role", ""),
        )
    except Invalid as refused:
        flash(_problem(refused), "error")
        return redirect(safe_next(f"/?{query}"), code=303)
    flash(_("视图已保存，在列表上方。"), "done")
    return redirect(
        f"{url_for('inbox.index')}?{urlencode([*parse_qsl(query), ('saved', str(view_id))])}", code=303
    )


@bp.post("/<int:view_id>/move")
@access("signed-in")
def move(view_id: int) -> ResponseReturnValue:
    """Let a view of mine stand earlier or later."""
    move_view(engine(), view_id, by=actor(), up=request.form.get("to") == "up")
    return redirect(url_for("views.index"), code=303)


@bp.post("/<int:view_id>/remove")
@access("signed-in")
def remove(view_id: int) -> ResponseReturnValue:
    """Delete a view of mine; the answer offers to bring it back."""
    remove_view(engine(), view_id, by=actor())
    flash(with_undo(_("视图已删除。"), url_for("views.restore", view_id=view_id)), "done")
    return redirect(url_for("views.index"), code=303)


@bp.post("/<int:view_id>/restore")
@access("signed-in")
def restore(view_id: int) -> ResponseReturnValue:
    """Bring a deleted view of mine back."""
    restore_view(engine(), view_id, by=actor())
    flash(_("视图已恢复。"), "done")
    return redirect(url_for("views.index"), code=303)


def _problem(refused: Invalid) -> str:
    if refused.facts.get("field") == "query":
        return _("筛选条件太多，不能保存为视图。")
    if refused.facts.get("reason") == "many":
        return _("视图已经很多，请先删除一些。")
    return _("视图要有一个名称，最多 %(most)s 个字。", most=refused.facts.get("most", 40))
