"""A small house: two sites, a few roles, one complaint procedure, and a clock that stands still."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine import procedures
from engine.bundles import DIAGRAM, DOCUMENTS, ENGLISH, REGISTERS, Bundle
from engine.domain.facts import SYSTEM, Actor, UserId
from engine.store.models import Account, AccountRole
from engine.wiring import Engine, Settings, open_engine

ORGANISATION = """
[sites.tower-a]
zh = "A 座"
en = "Tower A"
calendar = "office"
[sites.tower-b]
zh = "B 座"
en = "Tower B"
calendar = "office"

[departments.customers]
zh = "客服部"
en = "Customer service"
head = "supervisor"
handlers = ["rep"]

[roles.rep]
zh = "客务代表"
en = "Representative"
department = "customers"
reports_to = "supervisor"
[roles.supervisor]
zh = "客服主管"
en = "Supervisor"
reports_to = "manager"
[roles.manager]
zh = "客服经理"
en = "Manager"
[roles.engineer]
zh = "工程师"
en = "Engineer"
[roles.auditor]
zh = "稽核"
en = "Auditor"
[roles.tenant]
zh = "用户"
en = "Tenant"
outside = true
"""
CALENDARS = """
[office]
zh = "办公时间"
en = "Office hours"
timezone = "Asia/Shanghai"
holidays = ""
[office.week]
mon = ["09:00-18:00"]
tue = ["09:00-18:00"]
wed = ["09:00-18:00"]
thu = ["09:00-18:00"]
fri = ["09:00-18:00"]
"""
DEADLINES = """
["complaint.result"]
zh = "给出处理结果"
en = "Give the result"
limit = "3 working days"
source = "S1 四(三)2"
clause = "應在[X]個工作日內給出處理結果"
basis = "blank"
ladder = [
  { when = "80%", remind = "holder" },
  { when = "+2 working hours", escalate = "supervisor" },
]
["complaint.silence"]
zh = "久无消息"
en = "No word for long"
limit = "5 working days"
basis = "blank"
"""
DRAWING = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" targetNamespace="urn:guanjia">
<bpmn:process id="complaint" name="投诉处理" isExecutable="true">
  <bpmn:documentation>受理并答复投诉</bpmn:documentation>
  <bpmn:extensionElements><spiffworkflow:properties>
    <spiffworkflow:property name="subject" value="get('topic', '')"/>
    <spiffworkflow:property name="series" value="TS"/>
  </spiffworkflow:properties></bpmn:extensionElements>
  <bpmn:laneSet id="lanes">
    <bpmn:lane id="lane_rep" name="客务代表">
      <bpmn:flowNodeRef>begin</bpmn:flowNodeRef><bpmn:flowNodeRef>receive</bpmn:flowNodeRef>
      <bpmn:flowNodeRef>investigate</bpmn:flowNodeRef><bpmn:flowNodeRef>silence</bpmn:flowNodeRef>
      <bpmn:flowNodeRef>record</bpmn:flowNodeRef><bpmn:flowNodeRef>print</bpmn:flowNodeRef>
      <bpmn:flowNodeRef>tell</bpmn:flowNodeRef><bpmn:flowNodeRef>end</bpmn:flowNodeRef>
      <bpmn:flowNodeRef>end_silent</bpmn:flowNodeRef>
    </bpmn:lane>
  </bpmn:laneSet>
  <bpmn:startEvent id="begin" name="来电"/>
  <bpmn:userTask id="investigate" name="调查">
    <bpmn:extensionElements><spiffworkflow:properties>
      <spiffworkflow:property name="form" value="result"/>
      <spiffworkflow:property name="deadline" value="complaint.result"/>
      <spiffworkflow:property name="clause" value="應在[X]個工作日內給出處理結果"/>
      <spiffworkflow:property name="source" value="S1 四(三)2"/>
      <spiffworkflow:property name="help" value="先听用户说"/>
    </spiffworkflow:properties></bpmn:extensionElements>
  </bpmn:userTask>
  <bpmn:userTask id="receive" name="受理">
    <bpmn:extensionElements><spiffworkflow:properties>
      <spiffworkflow:property name="form" value="accept"/>
    </spiffworkflow:properties></bpmn:extensionElements>
  </bpmn:userTask>
  <bpmn:boundaryEvent id="silence" name="久无消息" attachedToRef="investigate" cancelActivity="false">
    <bpmn:timerEventDefinition id="silence_timer">
      <bpmn:timeDate xsi:type="bpmn:tFormalExpression">due_in("complaint.silence")</bpmn:timeDate>
    </bpmn:timerEventDefinition>
  </bpmn:boundaryEvent>
  <bpmn:serviceTask id="record" name="登记">
    <bpmn:extensionElements><spiffworkflow:serviceTaskOperator id="register/write" resultVariable="entry">
      <spiffworkflow:parameters>
        <spiffworkflow:parameter id="register" type="str" value="'complaints'"/>
      </spiffworkflow:parameters></spiffworkflow:serviceTaskOperator></bpmn:extensionElements>
  </bpmn:serviceTask>
  <bpmn:serviceTask id="print" name="归档单据">
    <bpmn:extensionElements><spiffworkflow:serviceTaskOperator id="document/file" resultVariable="paper">
      <spiffworkflow:parameters>
        <spiffworkflow:parameter id="document" type="str" value="'answer'"/>
      </spiffworkflow:parameters></spiffworkflow:serviceTaskOperator></bpmn:extensionElements>
  </bpmn:serviceTask>
  <bpmn:serviceTask id="tell" name="答复用户">
    <bpmn:extensionElements><spiffworkflow:serviceTaskOperator id="notify/send" resultVariable="told">
      <spiffworkflow:parameters>
        <spiffworkflow:parameter id="to" type="str" value="'customer'"/>
        <spiffworkflow:parameter id="text" type="str" value="'{complainant}：您好，已处理。'"/>
      </spiffworkflow:parameters></spiffworkflow:serviceTaskOperator></bpmn:extensionElements>
  </bpmn:serviceTask>
  <bpmn:endEvent id="end" name="办结"/>
  <bpmn:endEvent id="end_silent" name="已提醒"/>
  <bpmn:sequenceFlow id="f1" sourceRef="begin" targetRef="receive"/>
  <bpmn:sequenceFlow id="f2" sourceRef="receive" targetRef="investigate"/>
  <bpmn:sequenceFlow id="f3" sourceRef="investigate" targetRef="record"/>
  <bpmn:sequenceFlow id="f4" sourceRef="record" targetRef="print"/>
  <bpmn:sequenceFlow id="f5" sourceRef="print" targetRef="tell"/>
  <bpmn:sequenceFlow id="f6" sourceRef="tell" targetRef="end"/>
  <bpmn:sequenceFlow id="f7" sourceRef="silence" targetRef="end_silent"/>
</bpmn:process>
<bpmndi:BPMNDiagram id="drawing"><bpmndi:BPMNPlane id="plane" bpmnElement="complaint">
  <bpmndi:BPMNShape id="s1" bpmnElement="receive">
    <dc:Bounds x="200" y="80" width="100" height="80"/></bpmndi:BPMNShape>
  <bpmndi:BPMNShape id="s2" bpmnElement="investigate">
    <dc:Bounds x="360" y="80" width="100" height="80"/></bpmndi:BPMNShape>
</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
</bpmn:definitions>
"""
ACCEPT = """{"schemaVersion": 19, "type": "default", "id": "accept", "title": "受理登记", "components": [
  {"type": "textfield", "key": "topic", "label": "事由", "validate": {"required": true}},
  {"type": "textfield", "key": "complainant", "label": "投诉人", "properties": {"personal": "true"}},
  {"type": "textfield", "key": "phone", "label": "电话", "properties": {"personal": "true"}},
  {"type": "radio", "key": "urgency", "label": "紧急程度",
   "values": [{"value": "high", "label": "紧急"}, {"value": "low", "label": "一般"}]},
  {"type": "datetime", "subtype": "date", "key": "seen_on", "label": "发现日期"},
  {"type": "select", "key": "dept", "label": "责任部门", "properties": {"kind": "department"}},
  {"type": "dynamiclist", "key": "witnesses", "label": "证人", "components": [
    {"type": "textfield", "key": "who", "label": "姓名", "properties": {"personal": "true"}},
    {"type": "textfield", "key": "said", "label": "所言"}]}
]}"""
RESULT = """{"schemaVersion": 19, "type": "default", "id": "result", "title": "处理结果", "components": [
  {"type": "textarea", "key": "cause", "label": "原因", "validate": {"required": true}},
  {"type": "number", "key": "cost", "label": "费用", "properties": {"kind": "money"}},
  {"type": "checkbox", "key": "settled", "label": "是否解决"},
  {"type": "filepicker", "key": "id_card", "label": "证件", "multiple": true,
   "properties": {"personal": "true"}}
]}"""
REGISTER = """{"registers": [{
  "id": "complaints", "title": "投诉记录表", "source": "S3 三5",
  "columns": [
    {"key": "no", "label": "编号", "value": "case.no"},
    {"key": "topic", "label": "事由"},
    {"key": "complainant", "label": "投诉人", "personal": true},
    {"key": "urgency", "label": "紧急程度"},
    {"key": "cost", "label": "费用", "type": "money"},
    {"key": "settled", "label": "是否解决", "type": "bool"},
    {"key": "dept", "label": "责任部门"},
    {"key": "witnesses", "label": "证人", "type": "table"}
  ],
  "readers": ["rep", "auditor"], "personal_readers": ["supervisor", "rep"], "orientation": "landscape"
}]}"""
PAPERS = """{"documents": [{
  "id": "answer", "title": "答复函", "number": "entry", "copies": ["第一联 留存", "第二联 用户"],
  "blocks": [{"type": "text", "text": "{complainant}：您好。"}], "readers": ["rep"]
}]}"""
ENGLISH_WORDS = """msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgid "投诉处理"
msgstr "Complaint handling"

msgid "受理"
msgstr "Receive"

msgid "调查"
msgstr "Investigate"

msgid "先听用户说"
msgstr "Listen first"

msgid "紧急"
msgstr "Urgent"

msgid "事由"
msgstr "Topic"

msgid "投诉记录表"
msgstr "Register of complaints"
"""
FILES = {
    DIAGRAM: DRAWING,
    ENGLISH: ENGLISH_WORDS,
    "accept.json": ACCEPT,
    "result.json": RESULT,
    REGISTERS: REGISTER,
    DOCUMENTS: PAPERS,
}


@dataclass
class StandingClock:
    """Gives the same moment until it is moved; it begins on a Monday at 09:30 in Shanghai."""

    at: datetime = datetime(2026, 11, 2, 1, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The present."""
        return self.at

    def pass_time(self, **amount: float) -> None:
        """Move on."""
        self.at += timedelta(**amount)


@dataclass
class House:
    """An engine with people, who are made on first mention."""

    engine: Engine
    clock: StandingClock
    known: dict[str, Actor] = field(default_factory=dict)

    def person(self, login: str, *roles: tuple[str, str], admin: bool = False) -> Actor:
        """Somebody who holds roles at sites."""
        if login not in self.known:
            with self.engine.database.transaction() as session:
                # Nobody signs in with it: hashing a password for each would take most of the time.
                account = Account(login=login, name=login, password="", admin=admin)
                session.add(account)
                session.flush()
                session.add_all(AccountRole(account_id=account.id, role=r, site=s) for r, s in roles)
                number = account.id
            self.known[login] = Actor(UserId(number), login, frozenset(roles), admin)
        return self.known[login]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation in a folder of its own."""
    for name, text in (
        ("organisation", ORGANISATION),
        ("calendars", CALENDARS),
        ("deadlines", DEADLINES),
    ):
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    return Settings(
        database_url=f"sqlite:///{tmp_path / 'house.sqlite'}",
        bpmn=tmp_path,
        forms=tmp_path,
        files=tmp_path / "files",
        upload_bytes=50_000,
    )


@pytest.fixture
def house(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> House:
    """The house with its procedure published."""
    clock = StandingClock()
    engine = open_engine(settings, now=clock)
    engine.database.create()
    procedures.publish(engine, Bundle("complaint", FILES), by=SYSTEM)
    return House(engine, clock)


@pytest.fixture
def statements(house: House) -> Callable[[], list[str]]:
    """Gives the SQL statements since it was last asked."""
    from sqlalchemy import event

    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            seen.append(statement)

    event.listen(house.engine.database.bind, "before_cursor_execute", note)

    def told() -> list[str]:
        found = list(seen)
        seen.clear()
        return found

    return told


@pytest.fixture
def files() -> dict[str, str]:
    """The files of the procedure, to publish a changed one."""
    return dict(FILES)
