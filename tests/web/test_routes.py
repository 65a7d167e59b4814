"""Every route: who may use it was decided, and the decision holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from web.access import RULES, rule_of

SignIn = Callable[[str], FlaskClient]
TokenOf = Callable[[str], str]

CHANGING = ("POST", "PUT", "PATCH", "DELETE")
#: What stands for the parts of an address; nothing of it exists.
PARTS = {"int": 987654, "default": "f" * 32, "string": "f" * 32, "path": "x", "uuid": "0" * 32, "float": 1.5}


def rules(app: Flask) -> Iterator[Rule]:
    return app.url_map.iter_rules()


def address(app: Flask, rule: Rule) -> str:
    values = {
        name: PARTS[next(key for key, kind in app.url_map.converters.items() if type(part) is kind)]
        for name, part in rule._converters.items()
    }
    with app.test_request_context():
        return app.url_for(rule.endpoint, **values)


def test_every_route_declares_who_may_use_it(app: Flask) -> None:
    forgotten = {rule.endpoint for rule in rules(app) if rule_of(app, rule.endpoint) not in RULES}
    assert forgotten == set()


def test_a_route_that_nobody_thought_about_is_refused(app: Flask, sign_in: SignIn) -> None:
    browser = sign_in("root")
    view = app.view_functions["me.show"]
    app.view_functions["me.show"] = lambda: "open"
    try:
        assert browser.get("/me").status_code == 403
    finally:
        app.view_functions["me.show"] = view


def test_nobody_passes_without_signing_in_but_on_public_routes(
    app: Flask, client: FlaskClient, token_of: TokenOf
) -> None:
    token = token_of(client.get("/sign-in").text)
    open_doors = []
    for rule in rules(app):
        if rule_of(app, rule.endpoint) == "public":
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            answer = client.open(address(app, rule), method=method, headers={"X-CSRFToken": token})
            to_sign_in = answer.status_code == 303 and answer.location.startswith("/sign-in")
            if not to_sign_in and answer.status_code != 401:
                open_doors.append((method, rule.rule, answer.status_code))
    assert open_doors == []


def test_scripts_are_told_instead_of_sent_to_the_sign_in(app: Flask, client: FlaskClient) -> None:
    assert client.get("/me", headers={"HX-Request": "true"}).status_code == 401
    assert client.get("/me", headers={"Accept": "application/json"}).status_code == 401


@pytest.mark.parametrize("login", ["lina", "root"])
def test_nothing_changes_without_a_csrf_token(app: Flask, sign_in: SignIn, login: str) -> None:
    browser = sign_in(login)
    taken = []
    for rule in rules(app):
        for method in sorted((rule.methods or set()) & set(CHANGING)):
            answer = browser.open(address(app, rule), method=method, data={"next": "/me"})
            refused = answer.status_code == 400
            # Administrators' routes refuse others before they look at the token.
            if not refused and not (rule_of(app, rule.endpoint) == "admin" and answer.status_code == 403):
                taken.append((method, rule.rule, answer.status_code))
    assert taken == []


def test_only_administrators_use_what_is_theirs(app: Flask, sign_in: SignIn, token_of: TokenOf) -> None:
    browser = sign_in("lina")
    token = token_of(browser.get("/me").text)
    passed = [
        (method, rule.rule)
        for rule in rules(app)
        if rule_of(app, rule.endpoint) == "admin"
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        if browser.open(address(app, rule), method=method, headers={"X-CSRFToken": token}).status_code != 403
    ]
    assert passed == []


def test_what_is_not_there_is_a_page_and_not_a_fault(app: Flask, sign_in: SignIn) -> None:
    browser = sign_in("lina")
    faults = [
        (rule.rule, answer.status_code)
        for rule in rules(app)
        if "GET" in (rule.methods or set())
        if (answer := browser.get(address(app, rule))).status_code >= 500
    ]
    assert faults == []
