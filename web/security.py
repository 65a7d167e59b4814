"""What protects pages: headers, CSRF, cookies, session lifetimes, limits on trying passwords."""

from __future__ import annotations

import hmac

from flask import Flask, Response, current_app, g, request, session
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager, login_user, logout_user
from flask_talisman import Talisman
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from engine import Engine, has_demo_accounts
from engine import person as find_person
from engine.domain.facts import Person, UserId
from engine.errors import Misconfigured
from web.access import Reader, guard
from web.settings import WebSettings

#: No inline script or style, no eval, no other host; data: only for small pictures.
CONTENT_SECURITY_POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
#: The camera is for photos of a repair; nothing else of a device is used.
PERMISSIONS_POLICY = {
    "accelerometer": "()",
    "browsing-topics": "()",
    "camera": "(self)",
    "geolocation": "()",
    "gyroscope": "()",
    "magnetometer": "()",
    "microphone": "()",
    "payment": "()",
    "usb": "()",
}
#: Seconds between two notes of "still here" in the session.
SEEN_EVERY = 60
YEAR = 365 * 24 * 3600

csrf = CSRFProtect()
limiter = Limiter(get_remote_address, storage_uri="memory://", strategy="moving-window")


def protect(app: Flask, settings: WebSettings) -> None:
    """Set up everything that protects the pages of ``app``; raises :class:`Misconfigured`."""
    settings.require_safe()
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="guanjia",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=settings.lifetime,
        MAX_CONTENT_LENGTH=settings.request_bytes,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session
        WTF_CSRF_CHECK_DEFAULT=False,  # checked below, after who may come in
        # Behind HTTPS the referrer is compared as well, which our own policy always sends.
        WTF_CSRF_SSL_STRICT=settings.secure_cookies,
    )
    if settings.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies, x_host=settings.proxies
        )
    Talisman(
        app,
        content_security_policy=CONTENT_SECURITY_POLICY,
        permissions_policy=PERMISSIONS_POLICY,
        referrer_policy="same-origin",
        frame_options="DENY",
        force_https=False,  # the proxy in front redirects; health checks come without HTTPS
        strict_transport_security=settings.secure_cookies,
        session_cookie_secure=settings.secure_cookies,
    )
    manager = LoginManager(app)
    manager.session_protection = None  # the browser's name changes with every update
    manager.user_loader(_load)
    csrf.init_app(app)
    limiter.init_app(app)
    app.before_request(_end_stale_session)
    app.before_request(guard)
    app.before_request(_check_token)
    app.after_request(_cache)


def refuse_demo_accounts(engine: Engine, settings: WebSettings) -> None:
    """Refuse a production start on a demo's database; raises :class:`Misconfigured`."""
    if settings.env == "production" and has_demo_accounts(engine):
        raise Misconfigured(
            "This database has accounts of the demo, whose password everybody knows. Use another database "
            "(GUANJIA_DATABASE_URL); for a demo set GUANJIA_ENV=demo."
        )


def begin_session(person: Person) -> None:
    """Sign a person in with a session of its own: nothing of the one before is kept."""
    session.clear()
    session.permanent = True
    now = _now()
    session["begun"] = session["seen"] = now
    login_user(Reader(person))
    _forget_reader()


def end_session() -> None:
    """Sign out."""
    logout_user()
    session.clear()
    _forget_reader()


def _forget_reader() -> None:
    """Let the rest of the request see who is signed in now, and what that person chose."""
    for name in ("reader", "language", "catalogue", "counts"):
        g.pop(name, None)


def _now() -> int:
    engine: Engine = current_app.extensions["guanjia"]
    return int(engine.now().timestamp())


def _load(remembered: str) -> Reader | None:
    if g.get("database_is_away"):
        # Flask-Login asks again for the page that says so.
        return None
    engine: Engine = current_app.extensions["guanjia"]
    user_id = remembered.partition("-")[0]
    found = find_person(engine, UserId(int(user_id))) if user_id.isdecimal() else None
    if found is None or not found.active:
        return None
    reader = Reader(found)
    # A new password, or a locked account, ends the sessions that were begun before.
    return reader if hmac.compare_digest(reader.get_id(), remembered) else None


def _end_stale_session() -> None:
    if "begun" not in session or request.endpoint == "static":
        return
    settings: WebSettings = current_app.extensions["guanjia-web"]
    now = _now()
    idle = now - session.get("seen", 0)
    if idle > settings.idle.total_seconds() or now - session["begun"] > settings.lifetime.total_seconds():
        end_session()
    elif idle > SEEN_EVERY and request.headers.get("X-Background") != "1":
        # A page that refreshes itself is not somebody being there.
        session["seen"] = now


def _check_token() -> None:
    # What is not there, or not there for this method, is answered as such.
    if request.endpoint is not None:
        csrf.protect()


def _cache(response: Response) -> Response:
    if request.path.startswith("/static/build/") and response.status_code == 200:
        # Their names carry a hash of their content.
        response.cache_control.public = True
        response.cache_control.max_age = YEAR
        response.cache_control.immutable = True
        response.cache_control.no_cache = None
    elif request.endpoint != "static":
        response.vary.update(("Cookie", "Accept-Language", "HX-Request"))
        # The session says it without the database, which may be away.
        if "begun" in session:
            response.cache_control.no_store = True
    return response


def keep_private(answer: Response) -> Response:
    """The address is a key: nothing keeps the page, nothing lists it; no other site hears of any address."""
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    answer.cache_control.no_store = True
    return answer
