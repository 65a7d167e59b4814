"""The office behind the pages: the shipped procedures published, somebody for every role they need."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from engine import (
    SYSTEM,
    CaseId,
    Engine,
    Person,
    TaskId,
    actor_of,
    case_view,
    complete_task,
    create_person,
    form_fields,
    start_case,
)
from engine.bundles import from_folders, procedures_in
from engine.procedures import in_order, publish

#: As the application's other people have it, so that one way of signing in serves all.
PASSWORD = "three-Blue-kettles"
STAFF = {
    "zhuguan": ("陈静", "cs_supervisor"),
    "diaodu": ("周强", "eng_dispatcher"),
    "jigong": ("吴刚", "eng_technician"),
    "mishu": ("孙悦", "cs_secretary"),
    "caiwu": ("许文", "finance_cashier"),
}
#: Answers to the first form of a complaint.
COMPLAINT = {
    "channel": "phone",
    "complainant": "王芳",
    "unit_no": "A-1203",
    "company": "晨星科技",
    "contact": "13800138000",
    "content": "空调漏水，文件被淋湿。",
    "complaint_time": "2026-11-02T09:30",
    "valid": "valid",
}
INVALID = {**COMPLAINT, "valid": "invalid", "invalid_reason": "不属于本大厦管理范围。"}


@dataclass(frozen=True)
class Office:
    """Short words for what tests do before they look at a page."""

    engine: Engine
    people: Mapping[str, Person]
    site: str

    def start(self, procedure: str, by: str) -> CaseId:
        """Start a case."""
        return start_case(self.engine, procedure, by=actor_of(self.people[by]), site=self.site).case_id

    def task(self, case: CaseId, node: str, by: str = "root") -> TaskId:
        """The open task of a node."""
        seen = case_view(self.engine, case, actor_of(self.people[by]))
        found = [state.task_id for state in seen.active if state.node == node and state.task_id]
        assert found, [state.node for state in seen.active]
        return found[0]

    def complete(self, case: CaseId, node: str, by: str, answers: Mapping[str, Any]) -> None:
        """Complete the open task of a node, with what its form begins with for what is not given."""
        task, actor = self.task(case, node), actor_of(self.people[by])
        state = form_fields(self.engine, task, actor)
        typed: MultiDict[str, Any] = MultiDict(state.values if state else {})
        for name, value in answers.items():
            typed[name] = value
        complete_task(self.engine, task, by=actor, answers=typed)

    def repair(self, charge: str = "charged") -> CaseId:
        """A repair whose technician has arrived; its work order is issued."""
        case = self.start("repair-work-order", "lina")
        reported = {"report_dept": "前台", "reporter": "李娜"}
        lamp = {"content": "灯管不亮", **reported}
        self.complete(case, "receive", "lina", {"source": "phone", **reported})
        sheet = {"place": "A-1203", "company": "晨星科技", "content": "灯管不亮", "complainant": "王芳"}
        self.complete(case, "phone_sheet", "lina", {**sheet, "complaint_time": "2026-11-02T09:30"})
        order = {**lamp, "report_time": "2026-11-02T09:30", "user_location": "A-1203", "category": "power"}
        self.complete(case, "dispatch", "diaodu", order)
        issued = {
            "order_outcome": "issue",
            "charge": charge,
            "tenant_name": "晨星科技",
            "urgency": "pressing",
        }
        work = {"work_content": "更换灯管", "date": "2026-11-02", "time": "09:45"}
        self.complete(case, "issue_order", "diaodu", {**lamp, **issued, **work})
        self.complete(case, "arrive", "jigong", {"arrived_at": "2026-11-02T10:10"})
        return case

    def complaint(self, by: str = "lina", answers: Mapping[str, Any] = COMPLAINT) -> CaseId:
        """A complaint that was registered."""
        case = self.start("complaint-handling", by)
        self.complete(case, "receive", by, answers)
        return case


@pytest.fixture(scope="module")
def office(engine: Engine, people: dict[str, Person]) -> Office:
    """The office, open."""
    site = next(iter(engine.organisation.sites))
    settings = engine.settings
    names = procedures_in(settings.bpmn)
    for bundle in in_order(from_folders(settings.bpmn, settings.forms, name) for name in names):
        publish(engine, bundle, by=SYSTEM)
    staff = {
        login: create_person(engine, login=login, name=name, password=PASSWORD, roles=[(role, site)])
        for login, (name, role) in STAFF.items()
    }
    return Office(engine, {**people, **staff}, site)


@dataclass(frozen=True)
class Browser:
    """A browser that sends the CSRF token with what it posts, as forms do."""

    client: FlaskClient
    token: str

    def get(self, address: str, **more: Any) -> TestResponse:
        """Open a page."""
        return self.client.get(address, **more)

    def fragment(self, address: str) -> str:
        """Ask as htmx does; the answer's text."""
        answer = self.client.get(address, headers={"HX-Request": "true"})
        assert answer.status_code == 200, answer.status_code
        return str(answer.text)

    def post(self, address: str, data: Mapping[str, Any] | None = None, **more: Any) -> TestResponse:
        """Send a form."""
        return self.client.post(address, data={**(data or {}), "csrf_token": self.token}, **more)

    def speak(self, language: str) -> None:
        """Read in another language from here on."""
        self.client.set_cookie("language", language)


@pytest.fixture
def browse(sign_in: Callable[[str], FlaskClient], office: Office) -> Callable[[str], Browser]:
    """Give a browser in which somebody of the office has signed in."""

    def begin(login: str) -> Browser:
        client = sign_in(login)
        found = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/").text)
        assert found
        return Browser(client, found[1])

    return begin
