"""The tutorial of the first procedure is true, word for word: its files are written, its commands run."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import (
    Settings,
    actor_of,
    complete_task,
    create_person,
    inbox,
    open_engine,
    register_view,
    start_case,
)
from tools.translations import collected

BLOCK = re.compile(
    r"^(?:(Write|Add to|In) `([^`]+)`[^\n]*\n\n)?```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
#: What leads to the reader's own shell, or takes the tutorial back.
NOT_RUN = ("export ", "rm -r")


def blocks(root: Path) -> Iterator[tuple[str, str, str, str]]:
    """(what to do, file, kind, text) of each block, in the order of the page."""
    page = (root / "docs" / "tutorial" / "first-procedure.md").read_text(encoding="utf-8")
    for found in BLOCK.finditer(page):
        yield found[1] or "", found[2] or "", found[3], found[4]


def write(folder: Path, do: str, name: str, kind: str, text: str) -> None:
    path = folder / name
    if kind == "diff":
        context, added = (line[1:] for line in text.splitlines())
        before = path.read_text(encoding="utf-8")
        assert before.count(context.strip()) == 1
        path.write_text(before.replace(context.strip(), f"{context.strip()}\n{added}"), encoding="utf-8")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a" if do == "Add to" else "w", encoding="utf-8") as file:
        file.write(text)


@pytest.fixture
def house(tmp_path: Path, root: Path) -> Path:
    """A copy of the installation's files."""
    for name in ("bpmn", "forms"):
        shutil.copytree(root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_the_first_procedure_is_made_as_the_tutorial_says(house: Path, root: Path) -> None:
    environ = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "LANG": "C.UTF-8",
        "GUANJIA_ENV": "demo",
        "GUANJIA_BPMN": str(house / "bpmn"),
        "GUANJIA_FORMS": str(house / "forms"),
        "GUANJIA_DATABASE_URL": f"sqlite:///{house / 'tutorial.sqlite'}",
    }
    said, run = "", 0
    for do, name, kind, text in blocks(root):
        if do:
            write(house, do, name, kind, text)
        elif kind == "sh" and not text.startswith(NOT_RUN):
            done = subprocess.run(
                text, shell=True, cwd=house, env=environ, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"{text}{done.stdout}{done.stderr}"
            said, run = done.stdout, run + 1
        elif kind == "text":
            assert text in said
    assert run == 7
    require_running(house)


def require_running(house: Path) -> None:
    """What the tutorial published is started and done as any procedure."""
    settings = Settings(
        database_url=f"sqlite:///{house / 'tutorial.sqlite'}", bpmn=house / "bpmn", forms=house / "forms"
    )
    engine = open_engine(settings)
    who = actor_of(
        create_person(
            engine, login="desk", name="李晓燕", password="a long walk home", roles=[("front_desk", "*")]
        )
    )
    start_case(engine, "key-loan", by=who, site="tower-a")
    for answers in ({"borrower": "刘洋", "room": "803"}, {"damaged": False}):
        (line,) = inbox(engine, who, view="claimable").rows
        complete_task(engine, line.task_id, by=who, answers=answers)
    assert register_view(engine, "keys", who).page.rows[0].values["room"] == "803"
    engine.database.bind.dispose()


def test_the_first_complaint_names_buttons_and_people_that_there_are(root: Path) -> None:
    page = (root / "docs" / "tutorial" / "first-complaint.md").read_text(encoding="utf-8")
    texts = {message.id for message in collected() if isinstance(message.id, str)} | {"English", "brackets"}
    assert sorted(set(re.findall(r"「([^」]+)」", page)) - texts) == []
    demo = tomllib.loads((root / "bpmn" / "demo.toml").read_text(encoding="utf-8"))
    assert set(re.findall(r"\*\*([^*]+)\*\*", page)) <= {person["name"] for person in demo["people"]}
