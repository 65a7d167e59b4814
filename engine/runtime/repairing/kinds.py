"""Mend elements of a kind that cannot run: the nearest kind that can takes their place."""

from __future__ import annotations

from lxml import etree

from engine.runtime import reading
from engine.runtime.compensating import can_be_undone, undoes_its_scope
from engine.runtime.lint_codes import RULES
from engine.runtime.lint_elements import ignored_attributes
from engine.runtime.reading import BPMN, local, q
from engine.runtime.repairing.events import said_in
from engine.runtime.repairing.work import (
    BY_HAND,
    KEPT,
    Work,
    definitions_of,
    discard,
    drop,
    keep,
    nodes_of,
    remove,
    retag,
)
from engine.runtime.unfolding import may_run_around, scripts_of
from engine.runtime.wrapping import is_event_subprocess

#: What a process may hold besides nodes and flows without anybody objecting.
_SILENT = frozenset(
    {
        *(
            "documentation",
            "extensionElements",
            "laneSet",
            "sequenceFlow",
            "dataObject",
            "dataObjectReference",
        ),
        *("textAnnotation", "association", "group", "ioSpecification", "property", "incoming", "outgoing"),
        *("monitoring", "auditing", "supportedInterfaceRef", "correlationSubscription", "category"),
        *("dataInputAssociation", "dataOutputAssociation", "dataStoreReference"),
        *("standardLoopCharacteristics", "multiInstanceLoopCharacteristics", "categoryValueRef", "supports"),
        "ioBinding",
        *("completionCondition", "resourceRole", "performer", "humanPerformer", "potentialOwner", "artifact"),
    }
)


def mend(work: Work) -> None:
    """Mend the kinds of a file's elements."""
    for scope in work.scopes():
        for child in list(scope.iterchildren(f"{{{BPMN}}}*")):
            _mend_element(work, child)


def _mend_element(work: Work, element: etree._Element) -> None:
    kind = local(element)
    if element.get("instantiate") == "true" and "start-instantiate" in RULES:
        drop(element, "instantiate")
        work.done("start-instantiate", element, "不再由它开始", "it no longer begins the process")
        work.ask(
            element,
            "原来由这条消息开始；现在由谁开始？",
            "its message began the process; who begins it now?",
            "由人开始 / a person begins it",
        )
    _mend_ignored(work, element)
    if kind == "complexGateway" and "unsupported-complex-gateway" in RULES:
        for child in list(element.iterchildren(q("activationCondition"))):
            remove(child)
        retag(element, "inclusiveGateway")
        work.done(
            "unsupported-complex-gateway",
            element,
            "复杂网关改为包容网关",
            "the complex gateway is an inclusive one now",
        )
        work.ask(
            element,
            "原来是复杂网关；走到这里的路要不要都等齐？",
            "this was a complex gateway; does it wait for every way that is under way?",
            "都等齐 / it waits for all",
        )
    elif kind == "adHocSubProcess" and "unsupported-adhoc" in RULES:
        for child in list(element.iterchildren(q("completionCondition"))):
            remove(child)
        retag(element, "subProcess")
        work.done(
            "unsupported-adhoc",
            element,
            "临时子流程改为普通子流程",
            "the ad-hoc sub-process is an ordinary one now",
        )
        work.ask(
            element,
            "里面的工作按什么顺序做，哪些可以不做？",
            "in which order is the work in it done, and what may be left out?",
            "都做一次 / each is done once",
        )
    elif kind in reading.SUBPROCESSES and is_event_subprocess(element):
        _mend_event_subprocess(work, element)
    elif kind not in reading.NODES and kind not in _SILENT:
        _mend_unknown(work, element)


def _mend_ignored(work: Work, element: etree._Element) -> None:
    """What attributes ask for that is not done stays with the element as an extension, and is asked."""
    if element.get("eventGatewayType") == "Parallel":
        retag(element, "parallelGateway")
        work.done(
            "unsupported-attribute",
            element,
            "要等齐所有事件，改为并行网关",
            "it waits for all events: it is a parallel gateway now",
        )
    for holder, attribute, value in list(ignored_attributes(element)):
        keep(holder, attribute)
        work.done(
            "unsupported-attribute",
            element,
            f"{attribute}={value} 移到了扩展里",
            f"its {attribute} ({value}) is kept as an extension",
        )
        work.ask(
            element,
            f"原来写着 {attribute}={value}；要怎样做？",
            f"it said {attribute}={value}; what is to be done?",
            "照常 / as usual",
        )
    if may_run_around(element):
        return
    for name, script in scripts_of(element).items():
        script.tag = f"{{{KEPT}}}{name}"
        said = " ".join((script.text or "").split())[:120]
        work.done("script-place", element, f"{name} 留在扩展里，不执行", f"its {name} is kept and not run")
        work.ask(
            element,
            f"{name} 里写的是 {said}；由哪个脚本任务来做？",
            f"its {name} says {said}; which script task does that?",
            "不做 / nothing",
        )


def _mend_unknown(work: Work, element: etree._Element) -> None:
    kind, element_id = local(element), element.get("id", "")
    has_flows = any(element_id in (f.get("sourceRef"), f.get("targetRef")) for f in work.flows())
    if not (element_id and has_flows):
        work.done(
            "unsupported-element",
            element,
            f"不支持 {kind}，已删去",
            f"{kind} is not supported; it was removed",
        )
        work.remove(element)
        return
    for child in list(element.iterchildren(f"{{{BPMN}}}*")):
        if local(child) not in ("documentation", "extensionElements", "incoming", "outgoing"):
            remove(child)
    retag(element, "userTask")
    work.done(
        "unsupported-element",
        element,
        f"不支持 {kind}，改为人工任务",
        f"{kind} is not supported; a person does it now",
    )
    work.ask(
        element,
        f"原来是 {kind}；这一步做什么？",
        f"this was a {kind}; what is done here?",
        BY_HAND,
    )


def _mend_event_subprocess(work: Work, element: etree._Element) -> None:
    """It begins with one event, and no flow leads to it or from it; else it is an ordinary one."""
    name, flows = element.get("id", ""), work.flows()
    starts = nodes_of(element, "startEvent")
    attached = any(event.get("attachedToRef") == name for event in work.nodes("boundaryEvent"))
    led_to = any(flow.get("targetRef") == name for flow in flows)
    never = undoes_its_scope(element) and not can_be_undone(element.getparent())
    if len(starts) != 1 or not definitions_of(starts[0]) or attached or led_to or never:
        _make_ordinary(work, element)
        return
    for flow in flows:
        if flow.get("sourceRef") == name:
            work.remove(flow)
            work.done(
                "event-subprocess-flow", element, "删去了流出的连线", "the flow that left it was removed"
            )
    if definitions_of(starts[0])[0].tag == q("errorEventDefinition") and "isInterrupting" in starts[0].attrib:
        drop(starts[0], "isInterrupting")


def _make_ordinary(work: Work, element: etree._Element) -> None:
    said = ", ".join(
        f"{local(d).removesuffix('EventDefinition')} {said_in(d)}".strip()
        for start in nodes_of(element, "startEvent")
        for d in definitions_of(start)
    )
    element.set("triggeredByEvent", "false")
    for start in nodes_of(element, "startEvent"):
        drop(start, "isInterrupting")
        for definition in definitions_of(start):
            discard(definition)
    work.done(
        "event-subprocess-start",
        element,
        "事件子流程改为普通子流程",
        "the event sub-process is an ordinary one now",
    )
    work.ask(
        element,
        f"原来是事件子流程（{said}）；什么时候做？",
        f"this was an event sub-process ({said}); when is it done?",
        "False",
    )
