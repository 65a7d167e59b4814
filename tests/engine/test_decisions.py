"""A procedure's decision tables are part of its version."""

from __future__ import annotations

import pytest

from engine.bundles import DIAGRAM, Bundle, from_folders
from engine.domain.facts import SYSTEM
from engine.errors import ProcedureRefused, RuntimeFailed
from engine.procedures import publish
from tests.engine.world import World, changed
from tests.unit.test_deciding import dmn, table

DIAGRAM_TEXT = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" id="d" targetNamespace="t">
  <bpmn:process id="fees" name="收费" isExecutable="true">
    <bpmn:laneSet id="lanes"><bpmn:lane id="lane" name="clerk">
      <bpmn:flowNodeRef>s</bpmn:flowNodeRef><bpmn:flowNodeRef>ask</bpmn:flowNodeRef>
      <bpmn:flowNodeRef>paid</bpmn:flowNodeRef>
    </bpmn:lane></bpmn:laneSet>
    <bpmn:startEvent id="s"/><bpmn:userTask id="ask" name="询价"/>
    <bpmn:businessRuleTask id="fee" name="定价"><bpmn:extensionElements>
      <spiffworkflow:calledDecisionId>fee</spiffworkflow:calledDecisionId>
    </bpmn:extensionElements></bpmn:businessRuleTask>
    <bpmn:userTask id="paid" name="收款"/><bpmn:endEvent id="e"/>
    <bpmn:sequenceFlow id="f1" sourceRef="s" targetRef="ask"/>
    <bpmn:sequenceFlow id="f2" sourceRef="ask" targetRef="fee"/>
    <bpmn:sequenceFlow id="f3" sourceRef="fee" targetRef="paid"/>
    <bpmn:sequenceFlow id="f4" sourceRef="paid" targetRef="e"/>
  </bpmn:process>
</bpmn:definitions>
"""
TABLE = dmn(table(["-", "10"], inputs="1", outputs="charge")).decode()
BUNDLE = Bundle("fees", {DIAGRAM: DIAGRAM_TEXT, "fees.dmn": TABLE})


def test_a_running_case_keeps_the_table_of_its_version(world: World) -> None:
    assert publish(world.engine, BUNDLE, by=SYSTEM).number == 1
    old = world.start("fees")
    dearer = changed(BUNDLE, "fees.dmn", {"<text>10</text>": "<text>99</text>"})
    assert publish(world.engine, dearer, by=SYSTEM).number == 2
    assert publish(world.engine, dearer, by=SYSTEM).number == 2
    new = world.start("fees")
    world.reopen()
    for case, charge in ((old, 10), (new, 99)):
        world.complete(case, "ask")
        assert world.open(case) == ["paid"]
        assert world.case(case).data["charge"] == charge


def test_a_broken_table_is_not_published(world: World) -> None:
    broken = changed(BUNDLE, "fees.dmn", {"<text>10</text>": "<text>10 +</text>"})
    with pytest.raises(ProcedureRefused) as refused:
        publish(world.engine, broken, by=SYSTEM)
    assert "decision-cell" in {finding.code for finding in refused.value.findings}
    with pytest.raises(ProcedureRefused):
        publish(world.engine, Bundle("fees", {DIAGRAM: DIAGRAM_TEXT}), by=SYSTEM)


def test_a_decision_that_fails_keeps_nothing_of_the_step(world: World) -> None:
    two = dmn(table(["-", "1"], ["-", "2"], inputs="1", outputs="charge")).decode()
    publish(world.engine, Bundle("fees", {DIAGRAM: DIAGRAM_TEXT, "fees.dmn": two}), by=SYSTEM)
    case = world.start("fees")
    with pytest.raises(RuntimeFailed) as failed:
        world.complete(case, "ask")
    assert failed.value.facts["element"] == "fee"
    assert world.open(case) == ["ask"]


def test_the_tables_of_a_folder_are_in_its_bundle(world: World) -> None:
    home = world.folder / "bpmn" / "fees"
    home.mkdir(parents=True)
    (home / "fees.bpmn").write_text(DIAGRAM_TEXT, encoding="utf-8")
    (home / "fees.dmn").write_text(TABLE, encoding="utf-8")
    bundle = from_folders(home.parent, world.settings.forms, "fees")
    assert bundle.files == BUNDLE.files
    assert bundle.digest == BUNDLE.digest != changed(BUNDLE, "fees.dmn", {"10": "11"}).digest
    assert bundle.decisions == {"fees.dmn": TABLE.encode()}
