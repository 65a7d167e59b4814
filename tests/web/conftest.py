"""An application on a database of its own, with three people and nobody signed in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from engine import Engine, Person, Settings, create_person
from web import WebSettings, create_app
from web.security import limiter

PASSWORD = "three-Blue-kettles"
SECRET = "0f9d3b7c5a1e8264d0f9a3b7c5e18264"


def csrf_token_in(page: str) -> str:
    """The CSRF token that a page carries."""
    found = re.search(r'name="csrf-token" content="([^"]+)"', page)
    assert found, "a page without a CSRF token"
    return found[1]


@pytest.fixture(scope="session")
def token_of() -> Callable[[str], str]:
    """Read the CSRF token that a page carries."""
    return csrf_token_in


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application in its test environment, with the organisation of the repository."""
    folder: Path = tmp_path_factory.mktemp("web")
    made = create_app(
        WebSettings(env="test", secret_key=SECRET, secure_cookies=False),
        engine_settings=Settings(database_url=f"sqlite:///{folder / 'web.sqlite'}", files=folder / "files"),
    )
    yield made
    made.extensions["guanjia"].database.bind.dispose()


@pytest.fixture(scope="module")
def engine(app: Flask) -> Engine:
    """The engine of the application."""
    found: Engine = app.extensions["guanjia"]
    return found


@pytest.fixture(scope="module")
def people(engine: Engine) -> dict[str, Person]:
    """Somebody at the front desk, somebody else, and an administrator."""
    site = next(iter(engine.organisation.sites))
    return {
        login: create_person(engine, login=login, name=name, password=PASSWORD, roles=roles, admin=admin)
        for login, name, roles, admin in (
            ("lina", "李娜", [("front_desk", site)], False),
            ("wangwei", "王伟", [("cs_rep", site)], False),
            ("root", "管理员", [], True),
        )
    }


@pytest.fixture
def client(app: Flask, people: dict[str, Person]) -> FlaskClient:
    """A browser of somebody who has not signed in."""
    limiter.reset()
    return app.test_client()


@pytest.fixture
def sign_in(app: Flask, people: dict[str, Person]) -> Callable[[str], FlaskClient]:
    """Give a browser in which a person has signed in."""

    def signed_in(login: str) -> FlaskClient:
        limiter.reset()
        browser = app.test_client()
        token = csrf_token_in(browser.get("/sign-in").text)
        answer = browser.post("/sign-in", data={"login": login, "password": PASSWORD, "csrf_token": token})
        assert answer.status_code == 303
        return browser

    return signed_in
