"""A real server on a free port, on a clock that the test moves, and a real Chromium before it."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import waitress
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from engine import Engine, Settings, create_person, due_work, open_engine
from engine.bundles import from_folders, procedures_in
from engine.domain.facts import SYSTEM
from engine.procedures import in_order, publish
from engine.telling import FakeClock
from web import WebSettings, create_app

ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ZONE = ZoneInfo("Asia/Shanghai")
PASSWORD = "a long walk home 27"
#: login → (name, roles everywhere)
PEOPLE = {
    "front": ("李晓燕", ["front_desk"]),
    "super": ("陈静", ["cs_supervisor"]),
    "engin": ("周强", ["eng_dispatcher"]),
    "secre": ("孙悦", ["cs_secretary"]),
    "visit": ("王海涛", ["cs_rep"]),
    "chief": ("赵敏", ["cs_manager"]),
    "house": ("宋杰", ["property_manager", "eng_technician"]),
    "money": ("郭琳", ["finance_cashier"]),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium from the system; a machine without one skips, CI does not."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        if os.environ.get("GUANJIA_REQUIRE_BROWSER"):
            pytest.fail("Chromium is not installed; run apt-get install chromium fonts-noto-cjk")
        pytest.skip("Chromium is not installed")
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=found, args=ARGS)
        yield opened
        opened.close()


@dataclass
class House:
    """A served installation and its clock."""

    engine: Engine
    clock: FakeClock
    address: str
    contexts: list[BrowserContext] = field(default_factory=list)

    def move(self, to: str) -> None:
        """Let it become ``to``, local time; the running server's own tick does what is due."""
        self.clock.at = datetime.fromisoformat(to).replace(tzinfo=ZONE).astimezone(UTC)
        self.engine.dispatcher.wake()

    def later(self, **span: float) -> None:
        """Let time pass."""
        self.clock.at += timedelta(**span)
        self.engine.dispatcher.wake()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """The procedures, eight people, the web application on a free port, the tick beside it."""
    clock = FakeClock(datetime(2026, 11, 2, 9, 30, tzinfo=ZONE).astimezone(UTC))
    settings = Settings(
        database_url=f"sqlite:///{tmp_path / 'house.sqlite'}", files=tmp_path / "files", tick_seconds=1.0
    )
    engine = open_engine(settings, now=clock)
    engine.database.upgrade()
    for bundle in in_order(
        [from_folders(settings.bpmn, settings.forms, name) for name in procedures_in(settings.bpmn)]
    ):
        publish(engine, bundle, by=SYSTEM)
    for login, (name, roles) in PEOPLE.items():
        create_person(
            engine, login=login, name=name, password=PASSWORD, roles=[(role, "*") for role in roles]
        )
    app = create_app(WebSettings(env="test", secret_key="x" * 40, secure_cookies=False), engine=engine)
    server: Any = waitress.create_server(app, host="127.0.0.1", port=0, threads=6)
    is_closing = threading.Event()

    def serve() -> None:
        try:
            server.run()
        except OSError:
            # It was asking its sockets when they were closed.
            if not is_closing.is_set():
                raise

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    engine.dispatcher.start(due_work(engine))
    made = House(engine, clock, f"http://127.0.0.1:{server.effective_port}")
    yield made
    for context in made.contexts:
        context.close()
    engine.dispatcher.stop()
    is_closing.set()
    server.close()
    thread.join(timeout=10)
    engine.database.bind.dispose()


@dataclass
class Person:
    """Somebody at a browser."""

    house: House
    page: Page
    problems: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """Open a page."""
        self.page.goto(self.house.address + path)

    def open_task(self, step: str) -> None:
        """Open the task of a step from the inbox, mine or my roles'."""
        for view in ("mine", "claimable"):
            self.go(f"/?view={view}")
            row = self.page.locator("[data-row]", has_text=step).first
            if row.count():
                row.locator("[data-open-row]").click()
                expect(self.page.get_by_role("button", name="办理", exact=True)).to_be_visible()
                return
        raise AssertionError(f"{step} is in no list")

    def done(self) -> None:
        """Press the main button and wait for the page that follows."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name="办理", exact=True).click()
        assert not self.page.locator(".field--wrong").count(), self.page.locator(
            ".field--wrong"
        ).all_inner_texts()

    def check_accessible(self) -> None:
        """Let axe look at the page by WCAG 2 A and AA, from its top: bars that stay cover what scrolls."""
        self.page.evaluate("scrollTo(0, 0)")
        found = Axe().run(
            self.page,
            options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
        )
        violations = [
            f"{v['id']}: {v['help']} {[n['html'][:120] for n in v['nodes'][:3]]}"
            for v in found.response["violations"]
        ]
        assert not violations, f"{self.page.url}\n" + "\n".join(violations)


def _is_over(said: ConsoleMessage) -> bool:
    """Say whether a page left open asked for news once more when its session was over, days after."""
    return "401" in said.text and "/news" in said.location.get("url", "")


@pytest.fixture
def enter(browser: Browser, house: House) -> Iterator[Any]:
    """Sign somebody in: ``enter("front", width=390)``."""
    people: list[Person] = []

    def sign_in(
        login: str, *, width: int = 1280, height: int = 900, language: str = "zh-CN", scripts: bool = True
    ) -> Person:
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale=language, java_script_enabled=scripts
        )
        context.set_default_timeout(15_000)
        house.contexts.append(context)
        page = context.new_page()
        person = Person(house, page)
        page.on("pageerror", lambda error: person.problems.append(str(error)))
        page.on(
            "console",
            lambda said: (
                person.problems.append(said.text) if said.type == "error" and not _is_over(said) else None
            ),
        )
        person.go("/sign-in")
        page.fill("input[name=login]", login)
        page.fill("input[name=password]", PASSWORD)
        with page.expect_navigation():
            page.press("input[name=password]", "Enter")
        people.append(person)
        return person

    yield sign_in
    for person in people:
        assert person.problems == []
