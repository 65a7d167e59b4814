"""Signing in and out: nobody learns who has an account, and nobody is led away."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from engine import Engine, Person, create_person, set_active
from web.settings import WebSettings
from web.signin import safe_next

PASSWORD = "three-Blue-kettles"
SignIn = Callable[[str], FlaskClient]
TokenOf = Callable[[str], str]


def send(client: FlaskClient, token_of: TokenOf, **typed: str) -> object:
    token = token_of(client.get("/sign-in").text)
    return client.post("/sign-in", data={"csrf_token": token, **typed})


def test_the_right_password_leads_to_the_inbox(client: FlaskClient, token_of: TokenOf) -> None:
    answer = send(client, token_of, login="lina", password=PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/")
    assert "李娜" in client.get("/me").text


def test_after_the_sign_in_one_is_where_one_wanted_to_go(client: FlaskClient, token_of: TokenOf) -> None:
    asked = client.get("/me?x=1")
    assert asked.location == "/sign-in?next=/me?x%3D1"
    answer = send(client, token_of, login="lina", password=PASSWORD, next="/me?x=1")
    assert answer.location == "/me?x=1"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example/",
        "///evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "evil.example",
        "",
    ],
)
def test_nobody_is_led_to_another_site(client: FlaskClient, token_of: TokenOf, elsewhere: str) -> None:
    assert safe_next(elsewhere) == "/"
    answer = send(client, token_of, login="lina", password=PASSWORD, next=elsewhere)
    assert answer.location == "/"


def test_a_wrong_password_and_an_unknown_login_look_the_same(client: FlaskClient, token_of: TokenOf) -> None:
    wrong = send(client, token_of, login="lina", password="not-her-password")
    unknown = send(client, token_of, login="nobody", password="not-her-password")
    assert wrong.status_code == unknown.status_code == 422
    assert "登录名或密码不对" in wrong.text
    assert wrong.text.replace("lina", "") == unknown.text.replace("nobody", "").replace(
        token_of(unknown.text), token_of(wrong.text)
    )


def test_a_login_that_was_typed_is_not_typed_again_but_a_password_is(
    client: FlaskClient, token_of: TokenOf
) -> None:
    answer = send(client, token_of, login="lina", password="not-her-password")
    assert 'value="lina"' in answer.text
    assert "not-her-password" not in answer.text


def test_trying_passwords_ends_soon_and_says_so(client: FlaskClient, token_of: TokenOf) -> None:
    statuses = [send(client, token_of, login="lina", password=f"guess-{n}").status_code for n in range(10)]
    assert statuses == [422] * 8 + [429] * 2
    last = send(client, token_of, login="lina", password=PASSWORD)
    assert last.status_code == 429
    assert "尝试次数太多" in last.text
    assert send(client, token_of, login="wangwei", password=PASSWORD).status_code == 303


def test_signing_in_often_is_no_offence(client: FlaskClient, token_of: TokenOf) -> None:
    for _ in range(12):
        assert send(client, token_of, login="lina", password=PASSWORD).status_code == 303
        client.post("/sign-out", data={"csrf_token": token_of(client.get("/me").text)})


def test_signing_out_ends_the_session(sign_in: SignIn, token_of: TokenOf) -> None:
    browser = sign_in("lina")
    answer = browser.post("/sign-out", data={"csrf_token": token_of(browser.get("/me").text)})
    assert answer.status_code == 303
    assert browser.get("/me").location == "/sign-in?next=/me"


def test_a_link_cannot_sign_anybody_out(sign_in: SignIn) -> None:
    browser = sign_in("lina")
    assert browser.get("/sign-out").status_code == 405
    assert browser.get("/me").status_code == 200


def test_somebody_who_was_shut_out_is_out_at_once(
    sign_in: SignIn, engine: Engine, people: dict[str, Person]
) -> None:
    browser = sign_in("wangwei")
    set_active(engine, people["wangwei"].id, active=False)
    try:
        assert browser.get("/me").status_code == 303
    finally:
        set_active(engine, people["wangwei"].id, active=True)
    assert browser.get("/me").status_code == 303


def test_a_new_password_ends_the_sessions_elsewhere(
    sign_in: SignIn, engine: Engine, token_of: TokenOf, client: FlaskClient
) -> None:
    create_person(engine, login="sunli", name="孙丽", password=PASSWORD, roles=[])
    here, elsewhere = sign_in("sunli"), sign_in("sunli")
    new = "four-Green-lanterns"
    answer = here.post(
        "/me/password",
        data={"csrf_token": token_of(here.get("/me").text), "old": PASSWORD, "new": new, "again": new},
    )
    assert answer.status_code == 303
    assert here.get("/me").status_code == 200
    assert elsewhere.get("/me").status_code == 303


@pytest.mark.parametrize(
    ("old", "new", "again", "said"),
    [
        pytest.param(
            "wrong-Old-password", "four-Green-lanterns", "four-Green-lanterns", "原密码不对", id="old"
        ),
        pytest.param(PASSWORD, "short", "short", "密码太短", id="short"),
        pytest.param(PASSWORD, "four-Green-lanterns", "five-Green-lanterns", "不一样", id="again"),
        pytest.param(PASSWORD, "aaaaaaaaaaaa", "aaaaaaaaaaaa", "容易被猜到", id="weak"),
    ],
)
def test_a_password_that_cannot_be_taken_is_answered_beside_its_field(
    sign_in: SignIn, token_of: TokenOf, old: str, new: str, again: str, said: str
) -> None:
    browser = sign_in("lina")
    typed = {"csrf_token": token_of(browser.get("/me").text), "old": old, "new": new, "again": again}
    answer = browser.post("/me/password", data=typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_demo_accounts_are_shown_in_a_demo_only(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "演示账号" not in client.get("/sign-in").text
    monkeypatch.setitem(app.extensions, "guanjia-web", WebSettings(env="demo", secret_key="x"))
    assert "演示账号" in client.get("/sign-in").text
