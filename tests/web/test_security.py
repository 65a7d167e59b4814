"""Headers, tokens, cookies, sessions and what a production start refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from engine import Engine, Settings, create_person, open_engine
from engine.errors import Misconfigured
from web import WebSettings, create_app

SignIn = Callable[[str], FlaskClient]
TokenOf = Callable[[str], str]
SECRET = "0f9d3b7c5a1e8264d0f9a3b7c5e18264"


@pytest.mark.parametrize("address", ["/sign-in", "/no-such-page", "/healthz", "/static/mark.svg", "/me"])
def test_every_answer_carries_the_protecting_headers(client: FlaskClient, address: str) -> None:
    headers = client.get(address, buffered=True).headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    for rule in ("default-src 'self'", "script-src 'self'", "object-src 'none'", "base-uri 'none'"):
        assert rule in policy.split("; ")
    for rule in ("form-action 'self'", "frame-ancestors 'none'", "style-src 'self'"):
        assert rule in policy.split("; ")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "microphone=()" in headers["Permissions-Policy"]


def test_pages_of_a_person_are_not_kept_by_browsers_and_proxies(sign_in: SignIn) -> None:
    assert sign_in("lina").get("/me").headers["Cache-Control"] == "no-store"


def test_no_page_of_the_frame_has_an_inline_script_or_style(client: FlaskClient, sign_in: SignIn) -> None:
    for page in (client.get("/sign-in").text, sign_in("lina").get("/me").text):
        assert " style=" not in page
        assert "<style" not in page
        assert " onclick=" not in page
        for script in page.split("<script")[1:]:
            assert " src=" in script.split(">")[0] or 'type="application/json"' in script.split(">")[0]


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(client: FlaskClient) -> None:
    cookie = client.get("/sign-in").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_cookies_travel_over_https_only_in_production(tmp_path: Path) -> None:
    app = production(tmp_path)
    answer = app.test_client().get("/sign-in", base_url="https://guanjia.example")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31")


def test_a_form_without_its_token_is_refused_with_what_to_do(client: FlaskClient) -> None:
    answer = client.post("/sign-in", data={"login": "lina", "password": "three-Blue-kettles"})
    assert answer.status_code == 400
    assert "再提交一次" in answer.text


def test_the_token_of_somebody_else_is_refused(app: Flask, client: FlaskClient, token_of: TokenOf) -> None:
    stolen = token_of(app.test_client().get("/sign-in").text)
    client.get("/sign-in")
    answer = client.post("/sign-in", data={"login": "x", "password": "x", "csrf_token": stolen})
    assert answer.status_code == 400


def test_signing_in_begins_a_session_of_its_own(client: FlaskClient, token_of: TokenOf) -> None:
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
    before = token_of(client.get("/sign-in").text)
    client.post("/sign-in", data={"login": "lina", "password": "three-Blue-kettles", "csrf_token": before})
    with client.session_transaction() as session:
        assert "planted" not in session
    assert client.post("/me/theme", data={"theme": "dark", "csrf_token": before}).status_code == 400


@pytest.mark.parametrize(
    ("hours", "background", "still_in"),
    [
        pytest.param([1.5, 1.5, 1.5], False, True, id="at work"),
        pytest.param([2.1], False, False, id="away for lunch"),
        pytest.param([1.5, 1.5], True, False, id="a page left open that refreshes itself"),
        pytest.param([1.9] * 7, False, False, id="longer than a shift"),
    ],
)
def test_a_session_ends_when_nobody_is_there(
    app: Flask,
    engine: Engine,
    sign_in: SignIn,
    monkeypatch: pytest.MonkeyPatch,
    hours: list[float],
    background: bool,
    still_in: bool,
) -> None:
    clock = datetime(2026, 11, 2, 1, tzinfo=UTC)
    monkeypatch.setitem(app.extensions, "guanjia", replace(engine, now=lambda: clock))
    browser = sign_in("lina")
    for passed in hours:
        clock += timedelta(hours=passed)
        answer = browser.get("/me", headers={"X-Background": "1"} if background else {})
    assert (answer.status_code == 200) is still_in


def test_what_is_too_large_is_refused_in_a_sentence(sign_in: SignIn, token_of: TokenOf) -> None:
    browser = sign_in("lina")
    answer = browser.post(
        "/me/password",
        data=b"0" * 26_500_000,
        content_type="multipart/form-data; boundary=x",
        headers={"X-CSRFToken": token_of(browser.get("/me").text)},
    )
    assert answer.status_code == 413
    assert "25 MB" in answer.text


@pytest.mark.parametrize(
    ("header", "cookie", "language"),
    [
        ("", None, "zh-CN"),
        ("en-GB,en;q=0.9", None, "en"),
        ("zh-CN,en;q=0.5", None, "zh-CN"),
        ("zh-TW,en;q=0.5", None, "zh-CN"),
        ("fr,en;q=0.5", None, "en"),
        ("fr", None, "zh-CN"),
        ("en", "zh", "zh-CN"),
        ("zh", "en", "en"),
        ("zh", "klingon", "zh-CN"),
    ],
)
def test_a_page_speaks_the_language_that_was_chosen(
    client: FlaskClient, header: str, cookie: str | None, language: str
) -> None:
    if cookie:
        client.set_cookie("language", cookie)
    page = client.get("/sign-in", headers={"Accept-Language": header}).text
    assert f'<html lang="{language}"' in page
    assert ("登录名" in page) is (language == "zh-CN")


def test_errors_are_said_in_the_form_that_the_asker_can_show(client: FlaskClient) -> None:
    assert "没有找到" in client.get("/no-such-page").text
    assert client.get("/no-such-page", headers={"Accept": "application/json"}).json == {
        "error": 404,
        "message": "没有找到您要的内容，可能已被取消，或地址有误。",
    }
    toast = client.get("/no-such-page", headers={"HX-Request": "true"})
    assert toast.headers["HX-Reswap"] == "none"
    assert "<html" not in toast.text
    assert client.post("/healthz").headers["Allow"]


# A production start ------------------------------------------------------------------------------


def production(folder: Path, *, secret: str = SECRET) -> Flask:
    return create_app(
        WebSettings(env="production", secret_key=secret),
        engine_settings=Settings(database_url=f"sqlite:///{folder / 'web.sqlite'}", files=folder / "files"),
    )


@pytest.mark.parametrize(
    "secret", ["", "short", "a" * 64, "change-me-change-me-change-me-0123456789", "0123456789abcdefXYZ"]
)
def test_a_production_start_refuses_a_secret_that_can_be_guessed(tmp_path: Path, secret: str) -> None:
    with pytest.raises(Misconfigured, match="GUANJIA_SECRET_KEY"):
        production(tmp_path, secret=secret)


def test_a_production_start_refuses_the_accounts_of_the_demo(tmp_path: Path) -> None:
    engine = open_engine(Settings(database_url=f"sqlite:///{tmp_path / 'web.sqlite'}"))
    engine.database.upgrade()
    create_person(engine, login="demo", name="演示", password="guanjia-demo", roles=[], demo=True)
    engine.database.bind.dispose()
    with pytest.raises(Misconfigured, match="demo"):
        production(tmp_path)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GUANJIA_ENV", "staging"),
        ("GUANJIA_SECURE_COOKIES", "perhaps"),
        ("GUANJIA_UPLOAD_BYTES", "ten"),
        ("GUANJIA_PROXIES", "-1"),
    ],
)
def test_a_setting_that_is_not_right_is_named(variable: str, value: str) -> None:
    with pytest.raises(Misconfigured, match=variable):
        WebSettings.from_environment({variable: value})
