"""Who may use a route: every endpoint declares it, and what declares nothing is refused."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from typing import Literal, TypeVar, cast, get_args
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import UserMixin, current_user
from werkzeug.exceptions import Unauthorized

from engine import Engine, actor_of
from engine.domain.facts import Actor, Person
from engine.errors import Forbidden
from web.in_place import is_in_place

logger = logging.getLogger(__name__)

#: public: anybody. signed-in: any person. admin: administrators. The others: a person for whom the engine
#: decides about the object that the address names, with NotFound or Forbidden.
Rule = Literal["public", "signed-in", "admin", "task", "case", "register", "file", "procedure"]
RULES = frozenset(get_args(Rule))
View = TypeVar("View", bound=Callable[..., ResponseReturnValue])


class Reader(UserMixin):
    """The person who is signed in, as Flask-Login wants them."""

    def __init__(self, person: Person) -> None:
        self.person = person

    def get_id(self) -> str:
        """What the session keeps: the id, and a mark that changes with the password."""
        mark = hashlib.sha256(self.person.session_key.encode()).hexdigest()[:16]
        return f"{self.person.id}-{mark}"


def access(rule: Rule) -> Callable[[View], View]:
    """Declare who may use an endpoint; stands nearest to the view."""
    if rule not in RULES:
        raise ValueError(f"no such rule of access: {rule}")

    def declare(view: View) -> View:
        view.access_rule = rule  # type: ignore[attr-defined]
        return view

    return declare


def rule_of(app: Flask, endpoint: str) -> str | None:
    """The rule an endpoint declares; None when nobody thought about it."""
    if endpoint == "static":
        return "public"
    return getattr(app.view_functions.get(endpoint), "access_rule", None)


def engine() -> Engine:
    """The engine of this application."""
    return cast("Engine", current_app.extensions["guanjia"])


def signed_in() -> Person | None:
    """The person who is signed in, or None: nobody can be looked up while the database is away."""
    if g.get("database_is_away"):
        return None
    if "reader" not in g:
        # A page asks some twenty times.
        g.reader = current_user.person if current_user.is_authenticated else None
    found: Person | None = g.reader
    return found


def person() -> Person:
    """The person who is signed in; 401 when nobody is."""
    found = signed_in()
    if found is None:
        raise Unauthorized
    return found


def actor() -> Actor:
    """The person who is signed in, as the engine's verbs want them."""
    return actor_of(person())


def wants_fragment() -> bool:
    """Whether htmx or a script asks, which cannot show a whole page."""
    return request.headers.get("HX-Request") == "true" or request.accept_mimetypes.best == "application/json"


def guard() -> ResponseReturnValue | None:
    """Before every request: let through only whom the endpoint's rule allows."""
    if request.endpoint is None:
        return None
    rule = rule_of(current_app, request.endpoint)
    if rule == "public":
        return None
    reader = signed_in()
    if reader is None:
        return _to_sign_in()
    if rule is None:
        logger.error("Nobody declared who may use %s", request.endpoint, extra={"action": "no_access_rule"})
        raise Forbidden(endpoint=request.endpoint)
    if rule == "admin" and not reader.admin:
        raise Forbidden(endpoint=request.endpoint)
    return None


def _to_sign_in() -> ResponseReturnValue:
    if wants_fragment() or is_in_place():
        abort(401)
    # After a sign-in only a page can be gone back to, not an order.
    after = request.full_path.rstrip("?") if request.method == "GET" else None
    if after == "/":
        after = None
    return redirect(url_for("signin.sign_in", next=after), code=303)


def safe_next(address: str | None) -> str:
    """Where to go after: a path of this site, else the start page.

    >>> safe_next("/tasks/1?x=2")
    '/tasks/1?x=2'
    >>> [safe_next(bad) for bad in ("//evil.example", "https://evil.example", "javascript:1", None)]
    ['/', '/', '/', '/']
    """
    if not address or not address.startswith("/") or address.startswith("//"):
        return "/"
    # Browsers read a backslash as a slash, and drop tabs and line ends before they read at all.
    if "\\" in address or any(ord(letter) < ord(" ") for letter in address):
        return "/"
    parts = urlsplit(address)
    return "/" if parts.scheme or parts.netloc else address
