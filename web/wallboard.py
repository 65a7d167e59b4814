"""看板 for the service hall: how much waits where, in big type, without anything personal."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature, URLSafeTimedSerializer

from engine import view_counts, wallboard
from engine.errors import Forbidden
from web.access import access, actor, engine, person
from web.display import is_htmx, site_name
from web.errors import answer
from web.settings import WebSettings
from web.words import gettext as _

bp = Blueprint("wallboard", __name__, url_prefix="/wallboard")

DAY = 24 * 3600


@bp.get("")
@access("signed-in")
def index() -> ResponseReturnValue:
    """Show the board of a site to somebody who leads people, with the link that a screen opens."""
    _require_leader()
    sites = list(engine().organisation.sites)
    site = request.args.get("site", "")
    site = site if site in sites else _first_site(sites)
    link = url_for("wallboard.screen", token=_serializer().dumps(site), _external=True)
    return render_template(
        "wallboard/index.html",
        board=wallboard(engine(), site),
        site=site,
        sites=[(one, site_name(one)) for one in sites],
        link=link,
        days=_settings().wallboard_days,
    )


@bp.get("/<token>")
@access("public")
def screen(token: str) -> ResponseReturnValue:
    """Show the board to a screen that has its signed link; it asks for itself anew."""
    try:
        site = _serializer().loads(token, max_age=_settings().wallboard_days * DAY)
    except BadSignature:
        said = _("这个看板链接已过期或已撤销，请主管在“服务大厅看板”页重新打开一个。")
        return answer(404, said, _("链接已失效"))
    template = "wallboard/_numbers.html" if is_htmx() else "wallboard/screen.html"
    return render_template(template, board=wallboard(engine(), str(site)), site=str(site))


def _serializer() -> URLSafeTimedSerializer:
    """Signs links; another secret or another epoch ends all that were given out."""
    secret = str(current_app.config["SECRET_KEY"])
    return URLSafeTimedSerializer(secret, salt=f"wallboard-{_settings().wallboard_epoch}")


def _settings() -> WebSettings:
    found: WebSettings = current_app.extensions["guanjia-web"]
    return found


def _require_leader() -> None:
    if not person().admin and view_counts(engine(), actor()).team is None:
        raise Forbidden


def _first_site(sites: list[str]) -> str:
    return next((site for _role, site in person().roles if site in sites), sites[0])
