"""Sign in and out. Whether an account exists is never said; only the own pages can be gone back to."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_limiter.util import get_remote_address

from engine import authenticate, people
from engine.domain.facts import Person
from web.access import access, engine, safe_next, signed_in
from web.security import begin_session, end_session, limiter
from web.settings import DEMO_PASSWORD, WebSettings
from web.words import gettext as _

logger = logging.getLogger(__name__)
bp = Blueprint("signin", __name__)

#: Longest login and password that are looked at.
_LONGEST = 200


def _who_tries() -> str:
    return f"{get_remote_address()} {request.form.get('login', '').strip().lower()[:_LONGEST]}"


def _failed(response: Response) -> bool:
    return response.status_code == 422


@bp.get("/sign-in")
@access("public")
def sign_in() -> ResponseReturnValue:
    """Ask for login and password."""
    if signed_in() is not None:
        return redirect(safe_next(request.args.get("next")))
    return _page()


@bp.post("/sign-in")
@limiter.limit("60 per hour", deduct_when=_failed)
@limiter.limit("8 per 5 minutes", key_func=_who_tries, deduct_when=_failed)
@access("public")
def check_sign_in() -> ResponseReturnValue:
    """Sign in, or say that login or password are wrong, without saying which."""
    login, password = request.form.get("login", "").strip(), request.form.get("password", "")
    found = _authenticate(login, password)
    if found is None:
        logger.warning("Sign-in refused", extra={"action": "sign_in_refused", "from": get_remote_address()})
        return _page(login=login[:_LONGEST], wrong=True), 422
    begin_session(found)
    logger.info("%s signed in", found.login, extra={"action": "signed_in", "person": found.id})
    return redirect(safe_next(request.form.get("next")), code=303)


@bp.post("/sign-out")
@access("public")
def sign_out() -> ResponseReturnValue:
    """Sign out; also for somebody whose session has ended meanwhile."""
    end_session()
    flash(_("已退出登录。"), "done")
    return redirect(url_for("signin.sign_in"), code=303)


def _authenticate(login: str, password: str) -> Person | None:
    if not login or not password or len(login) > _LONGEST or len(password) > _LONGEST:
        return None
    if password == DEMO_PASSWORD and _settings().env == "production":
        return None
    return authenticate(engine(), login, password)


def _settings() -> WebSettings:
    settings: WebSettings = current_app.extensions["guanjia-web"]
    return settings


def _page(*, login: str = "", wrong: bool = False) -> str:
    demo = [found for found in people(engine()) if found.active] if _settings().is_demo else []
    return render_template(
        "signin/sign_in.html",
        login=login,
        wrong=wrong,
        next=safe_next(request.values.get("next")),
        demo=demo,
        demo_password=DEMO_PASSWORD,
    )
