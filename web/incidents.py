"""异常: what failed for good and waits for an administrator, who tries again and sees what came of it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from engine import incidents, list_schedules, retry_incident
from web.access import access, actor, engine
from web.words import gettext as _

bp = Blueprint("incidents", __name__, url_prefix="/incidents")


@bp.get("")
@access("admin")
def index() -> ResponseReturnValue:
    """Show the incidents, the newest first."""
    stuck = [line for line in list_schedules(engine(), actor()) if line.status == "incident"]
    return render_template("incidents/index.html", lines=incidents(engine(), actor()), schedules=stuck)


@bp.post("/<int(max=2147483647):job_id>/retry")
@access("admin")
def retry(job_id: int) -> ResponseReturnValue:
    """Try again now, and say whether it worked."""
    if retry_incident(engine(), job_id, by=actor()):
        flash(_("重试成功，案件已继续。"), "done")
    else:
        flash(_("重试仍未成功，原因见列表。"), "error")
    return redirect(url_for("incidents.index"), code=303)
