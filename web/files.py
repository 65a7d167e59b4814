"""The files of cases: pictures and PDFs open in the browser, everything else is saved."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, send_file
from flask.typing import ResponseReturnValue

from engine import attachment_content
from web.access import access, actor, engine

bp = Blueprint("file", __name__, url_prefix="/files")

#: What a browser may show by itself: nothing of these runs scripts in this site's name.
SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf"})


@bp.get("/<file_id>")
@access("file")
def show(file_id: str) -> ResponseReturnValue:
    """Give a file to somebody who may see its case."""
    about, content = attachment_content(engine(), file_id, actor())
    is_shown = about.mime in SHOWN
    answer = send_file(
        BytesIO(content),
        mimetype=about.mime if is_shown else "application/octet-stream",
        as_attachment=not is_shown,
        download_name=about.name,
    )
    answer.headers["X-Content-Type-Options"] = "nosniff"
    # The content behind an id never changes; only this person's browser may keep it.
    answer.headers["Cache-Control"] = "private, max-age=86400, immutable"
    return answer
