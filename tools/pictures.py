"""Take a picture of every page, in both languages, on a phone and on a desk.

The demo is filled into a database of its own and served on a free port; what is seen is what a person
sees. All pictures go to ``build/pictures/``; the few of the README also to ``docs/pictures/``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from urllib.error import URLError
from urllib.request import urlopen

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
ALL = ROOT / "build" / "pictures"
CHOSEN = ROOT / "docs" / "pictures"
#: What the README shows.
README = ("inbox-zh-desktop", "task-zh-phone", "case-zh-desktop")
SCREENS = {"phone": (390, 844), "desktop": (1440, 900)}
LANGUAGES = ("zh", "en")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
#: Nothing but the pages is asked for: no updates, no sync, no experiments.
BROWSER_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: Seconds that the application may take to answer first.
PATIENCE = 60
PASSWORD = "guanjia-demo"


@dataclass(frozen=True)
class Shot:
    """A page, who looks at it, and the link that leads on from its address, if one does."""

    name: str
    login: str
    path: str
    #: A CSS selector; its first link is followed.
    then: str = ""


SHOTS = (
    Shot("sign-in", "", "/sign-in"),
    Shot("inbox", "zhuguan", "/"),
    Shot("claimable", "kefu", "/?view=claimable"),
    Shot("done", "zhuguan", "/?view=done"),
    Shot("task", "dongqu", "/", "a.row__main >> nth=0"),
    Shot("start", "qiantai", "/start"),
    Shot("cases", "zhuguan", "/cases"),
    Shot("case", "zhuguan", "/cases?q=TS-2026-00006", "a.row__main >> nth=0"),
    Shot("registers", "zhuguan", "/registers"),
    Shot("register", "zhuguan", "/registers/complaints"),
    Shot("timers", "jingli", "/timers"),
    Shot("procedures", "jingli", "/procedures"),
    Shot("procedure", "jingli", "/procedures/complaint-handling"),
    Shot("notices", "zhuguan", "/notices"),
    Shot("search", "zhuguan", "/search?q=空调"),
    Shot("incidents", "admin", "/incidents"),
    Shot("me", "zhuguan", "/me"),
    Shot("not-found", "zhuguan", "/cases/999999"),
)


class CannotTake(Exception):
    """The pictures cannot be taken; the message says what to do."""


def main() -> int:
    """Take the pictures and say where they are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only these pages, such as inbox")
    wanted = set(parser.parse_args().names)
    shots = [shot for shot in SHOTS if not wanted or shot.name in wanted]
    if unknown := wanted - {shot.name for shot in SHOTS}:
        parser.error(f"there is no page {', '.join(sorted(unknown))}")
    try:
        with served() as address, chromium() as browser:
            for language in LANGUAGES:
                for screen in SCREENS:
                    take(browser, address, shots, language, screen)
    except CannotTake as error:
        print(f"pictures: {error}", file=sys.stderr)
        return 1
    choose()
    print(f"pictures: {ALL.relative_to(ROOT)}")
    return 0


@contextmanager
def served() -> Iterator[str]:
    """The demo, on a database and a port of its own; gives its address."""
    guanjia = str(Path(sys.executable).parent / "guanjia")
    with TemporaryDirectory() as folder:
        environ = {
            **os.environ,
            "GUANJIA_ENV": "demo",
            "GUANJIA_DATABASE_URL": f"sqlite:///{folder}/pictures.sqlite",
            "GUANJIA_FILES": f"{folder}/files",
        }
        subprocess.run([guanjia, "demo"], env=environ, check=True, stdout=subprocess.DEVNULL)
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        server = subprocess.Popen(
            [guanjia, "serve", "--port", str(port)], env=environ, stdout=subprocess.DEVNULL
        )
        try:
            wait_for(f"{address}/healthz", server)
            yield address
        finally:
            server.terminate()
            server.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    """Return when the application answers; raises :class:`CannotTake` when it does not."""
    until = monotonic() + PATIENCE
    while monotonic() < until:
        try:
            with urlopen(address, timeout=1):
                return
        except (URLError, OSError):
            # It is starting; it may also have given up.
            try:
                server.wait(timeout=0.2)
            except subprocess.TimeoutExpired:
                continue
            raise CannotTake("the application ended at its start; try `make run`") from None
    raise CannotTake(f"the application did not answer within {PATIENCE} seconds")


@contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's Chromium."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise CannotTake("there is no Chromium; install it (Debian: apt install chromium fonts-noto-cjk)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=BROWSER_OPTIONS)
        try:
            yield browser
        finally:
            browser.close()


def take(browser: Browser, address: str, shots: list[Shot], language: str, screen: str) -> None:
    """Take all pictures of one language and screen, signing in once a person."""
    width, height = SCREENS[screen]
    ALL.mkdir(parents=True, exist_ok=True)
    for login in dict.fromkeys(shot.login for shot in shots):
        context = browser.new_context(
            base_url=address,
            viewport={"width": width, "height": height},
            locale="zh-CN" if language == "zh" else "en-GB",
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
        )
        page = context.new_page()
        if login:
            sign_in(page, login)
            speak(page, language)
        for shot in shots:
            if shot.login == login:
                show(page, shot)
                page.screenshot(path=ALL / f"{shot.name}-{language}-{screen}.png")
        context.close()


def sign_in(page: Page, login: str) -> None:
    """Sign in as a person of the demo."""
    page.goto("/sign-in")
    page.fill(".signin__card [name=login]", login)
    page.fill(".signin__card [name=password]", PASSWORD)
    page.click(".signin__button")
    page.wait_for_url("**/")


def speak(page: Page, language: str) -> None:
    """Choose the person's language, as the page of one's own settings does."""
    page.goto("/me")
    token = page.locator("[name=csrf_token]").first.get_attribute("value")
    page.request.post("/me/language", form={"csrf_token": token or "", "language": language})


def show(page: Page, shot: Shot) -> None:
    """Go to a page and wait until nothing moves."""
    page.goto(shot.path)
    if shot.then:
        link = page.locator(shot.then).get_attribute("href")
        if link is None:
            raise CannotTake(f"no link leads on to {shot.name}")
        page.goto(link)
    page.wait_for_load_state("networkidle")


def choose() -> None:
    """Put the README's pictures beside it, in few colours so that they stay small."""
    CHOSEN.mkdir(parents=True, exist_ok=True)
    for name in README:
        taken = ALL / f"{name}.png"
        if taken.is_file():
            with Image.open(taken) as picture:
                small = picture.convert("RGB").quantize(colors=128, dither=Image.Dither.NONE)
                small.save(CHOSEN / f"{name}.png", optimize=True)


if __name__ == "__main__":
    sys.exit(main())
