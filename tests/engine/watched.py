"""A procedure with clocks of its own: taken in, fixed beside two timers, told to the customer, reviewed."""

from __future__ import annotations

from collections.abc import Mapping

from engine import bundles, procedures
from engine.domain.facts import SYSTEM
from tests.drawing import Drawing
from tests.engine.world import World

STEPS = """
s:start -> intake:user("clerk") -> fix:user("clerk") -> tell:service(notify/send)
tell -> review:user("chief") -> done:xor -> e:end
nag:beside(fix, timer working_hours(6)) -> nagged:end
hold:beside(fix, timer "PT5H") -> held:end
"""
CLOCKS = {
    "clock_response": "watched.response",
    "clock_solution": "watched.solution",
    "clock_solution_met": "done",
    "clock_update": "watched.update",
}
LANES = (
    '<bpmn:laneSet id="lanes"><bpmn:lane id="clerks" name="clerk">'
    "<bpmn:flowNodeRef>intake</bpmn:flowNodeRef><bpmn:flowNodeRef>fix</bpmn:flowNodeRef></bpmn:lane>"
    '<bpmn:lane id="chiefs" name="chief"><bpmn:flowNodeRef>review</bpmn:flowNodeRef></bpmn:lane>'
    "</bpmn:laneSet>"
)
_PROPERTY = '<spiffworkflow:property name="{}" value="{}"/>'


def publish(world: World, name: str = "watched", *, clocks: Mapping[str, str] = CLOCKS) -> None:
    """Publish it, with these properties of its process."""
    drawing = Drawing(STEPS.replace('"clerk"', '["clerk"]').replace('"chief"', '["chief"]'), process=name)
    text = drawing.xml().decode()
    said = "".join(_PROPERTY.format(*pair) for pair in {"starters": "clerk", **clocks}.items())
    head = f"<bpmn:extensionElements><spiffworkflow:properties>{said}</spiffworkflow:properties>"
    head += "</bpmn:extensionElements>" + LANES
    text = text.replace('isExecutable="true">', f'isExecutable="true">{head}', 1)
    text = _with(text, "fix", "deadline", "watched.fix")
    pausable = f"<bpmn:extensionElements><spiffworkflow:properties>{_PROPERTY.format('pausable', 'true')}"
    pausable += "</spiffworkflow:properties></bpmn:extensionElements>"
    at = text.index(">", text.index('<bpmn:boundaryEvent id="hold"')) + 1
    text = text[:at] + pausable + text[at:]
    parameters = "".join(
        f'<spiffworkflow:parameter id="{key}" type="str" value="{value}"/>'
        for key, value in (("to", "&quot;customer&quot;"), ("text", "&quot;已处理&quot;"))
    )
    text = text.replace(
        "<spiffworkflow:parameters/>", f"<spiffworkflow:parameters>{parameters}</spiffworkflow:parameters>"
    )
    procedures.publish(world.engine, bundles.Bundle(name, {bundles.DIAGRAM: text}), by=SYSTEM)


def _with(text: str, node: str, name: str, value: str) -> str:
    at = text.index("<spiffworkflow:properties>", text.index(f'id="{node}"')) + len(
        "<spiffworkflow:properties>"
    )
    return text[:at] + _PROPERTY.format(name, value) + text[at:]
