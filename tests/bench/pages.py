"""Completing a task through the web application in process, beside the raw step of the same machine.

Session, CSRF, the form's check, the engine, the commit, and the next page rendered: the application with
everything it has but a socket.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from statistics import mean, median

import sqlalchemy as sa

from engine import SYSTEM, Engine, Settings, actor_of, create_person, start_case
from engine.bundles import DIAGRAM, Bundle
from engine.procedures import publish
from engine.store.models import Task
from tests.bench.steps import CASES, PROCEDURE, Raw, steps
from tests.drawing import Drawing
from web import WebSettings, create_app

PASSWORD = "three-Blue-kettles"
SECRET = "0f9d3b7c5a1e8264d0f9a3b7c5e18264"
ROLE = "front_desk"
#: A form of some fields, two of which must be filled.
FORM = {
    "schemaVersion": 19,
    "type": "default",
    "id": "what",
    "title": "事由",
    "components": [
        {"type": "textfield", "key": "what", "label": "事由", "validate": {"required": True}},
        {"type": "number", "key": "count", "label": "数量", "validate": {"required": True, "min": 1}},
        {"type": "textarea", "key": "note", "label": "备注"},
    ],
}
TYPED = {"what": "大堂门禁", "count": "2", "note": "下午三点以后方便"}


class Pages:
    """A person who completes one task after another in a browser without a window."""

    def __init__(self, folder: Path) -> None:
        app = create_app(
            WebSettings(env="test", secret_key=SECRET, secure_cookies=False),
            engine_settings=Settings(
                database_url=f"sqlite:///{folder / 'pages.sqlite'}", files=folder / "files"
            ),
        )
        self.engine: Engine = app.extensions["guanjia"]
        self.site = next(iter(self.engine.organisation.sites))
        roles = [(ROLE, self.site)]
        person = create_person(self.engine, login="lina", name="李娜", password=PASSWORD, roles=roles)
        self.actor = actor_of(person)
        properties = (
            "<spiffworkflow:properties>"
            '<spiffworkflow:property name="form" value="what"/>'
            "</spiffworkflow:properties>"
        )
        forms = {f"t{n}": properties for n in range(1, 11)}
        text = PROCEDURE.replace(":user", f':user("{ROLE}")')
        drawing = Drawing(text, process="bench", starters=ROLE, **forms).xml().decode()
        bundle = Bundle("bench", {DIAGRAM: drawing, "what.json": json.dumps(FORM)})
        publish(self.engine, bundle, by=SYSTEM)
        self.client = app.test_client()
        self.token = self._sign_in()

    def _sign_in(self) -> str:
        page = self.client.get("/sign-in").text
        self.client.post("/sign-in", data={"login": "lina", "password": PASSWORD, "csrf_token": _token(page)})
        return _token(self.client.get("/").text)

    def start(self, rounds: int) -> None:
        """Start a case."""
        data = {"n": 0, "rounds": rounds}
        self.case = start_case(self.engine, "bench", by=self.actor, site=self.site, data=data).case_id

    def find(self) -> bool:
        """Look for the open task."""
        with self.engine.database.look() as session:
            found = session.scalars(
                sa.select(Task.id).where(Task.case_id == self.case, Task.status == "open")
            ).first()
        self.task = found or ""
        return found is not None

    def complete(self) -> None:
        """Send the form, and follow to the next page."""
        answer = self.client.post(
            f"/tasks/{self.task}", data={**TYPED, "csrf_token": self.token}, follow_redirects=True
        )
        assert answer.status_code == 200, answer.status_code


def _token(page: str) -> str:
    found = re.search(r'name="csrf-token" content="([^"]+)"', page)
    assert found, "a page without a CSRF token"
    return found[1]


def measure(folder: Path) -> dict[str, float]:
    """``http.vs_raw``, and what it is made of."""
    raw, pages = Raw(), Pages(folder)
    for contender in (raw, pages):
        steps(contender, 1)
    turns = [[mean(steps(contender, 1)) for contender in (raw, pages)] for _ in range(CASES // 2)]
    pages.engine.database.bind.dispose()
    return {
        "http.ms": median(turn[1] for turn in turns) * 1e3,
        "http.vs_raw": median(turn[1] / turn[0] for turn in turns),
    }
