"""Check compensation: every handler undoes one activity, and what throws it can reach something to undo."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator

from lxml import etree

from engine.runtime import compensating, reading
from engine.runtime.compensating import Handler, can_be_undone, is_boundary, is_handler, undoes_its_scope
from engine.runtime.lint_check import Check, called
from engine.runtime.reading import local
from engine.runtime.wrapping import is_event_subprocess

_OUT_OF_REACH = (
    "不在这个事件所在的流程或子流程里",
    "stands in another process or sub-process than the event",
)
_NO_HANDLER = ("没有画怎样补偿它", "has nothing drawn that undoes it")
_NO_ACTIVITY = ("不是活动", "is no activity")


def check_compensation(check: Check) -> None:
    """Refuse what would be compensated otherwise than it is drawn, or never (§10.7, §13.5.5)."""
    root = check.diagram.tree.getroot()
    handlers, compensable = compensating.handlers(root), compensating.compensable(root)
    _check_one_each(check, handlers)
    for node in check.diagram.nodes.values():
        element = check.elements.get(node.id)
        if element is None:
            continue
        if is_boundary(element):
            _check_event(check, element, handlers)
        elif compensating.is_thrown(element):
            _check_throw(check, element, compensable)
        elif compensating.compensates(element) and not _can_begin(element):
            check.add("compensation-place", node)
        if is_handler(element):
            _check_handler(check, element, handlers)


def _check_one_each(check: Check, handlers: Iterable[Handler]) -> None:
    """An activity has one handler: which of several would undo it?"""
    ways: dict[str, set[etree._Element]] = defaultdict(set)
    for handler in handlers:
        ways[handler.activity.get("id", "")].add(handler.does if handler.event is None else handler.event)
    for activity, found in ways.items():
        if len(found) > 1:
            check.add("compensation-several", check.elements.get(activity))


def _check_event(check: Check, event: etree._Element, handlers: Iterable[Handler]) -> None:
    own = [h for h in handlers if h.event is event]
    if len(own) != 1 or own[0].does.getparent() is not event.getparent():
        check.add("compensation-handler", event)
    for flow in _flows_at(check, event):
        check.add("compensation-flow", flow)


def _check_handler(check: Check, node: etree._Element, handlers: Iterable[Handler]) -> None:
    if not any(h.does is node for h in handlers):
        check.add("compensation-unattached", node)
    if is_event_subprocess(node):
        check.add("compensation-place", node)
    beside = [e for e in check.diagram.nodes.values() if e.attached_to == node.get("id")]
    for found in [*_flows_at(check, node), *(check.elements.get(event.id) for event in beside)]:
        check.add("compensation-flow", found)


def _flows_at(check: Check, node: etree._Element) -> Iterator[etree._Element | None]:
    for flows in (check.diagram.outgoing, check.diagram.incoming):
        for flow in flows.get(node.get("id", ""), ()):
            yield check.elements.get(flow.id)


def _can_begin(start: etree._Element) -> bool:
    """Say whether a start event begins what undoes a sub-process."""
    home = start.getparent()
    return home is not None and undoes_its_scope(home) and can_be_undone(home.getparent())


def _check_throw(check: Check, event: etree._Element, compensable: Container[str | None]) -> None:
    within = [e for scope in compensating.reach(event) for e in scope.iterchildren(f"{{{reading.BPMN}}}*")]
    named = compensating.activity_of(event)
    if named is None:
        if not any(e.get("id") in compensable for e in within):
            check.add("compensation-nothing", event)
        return
    target = check.elements.get(named)
    if target is None or local(target) not in reading.ACTIVITIES:
        detail = _NO_ACTIVITY
    elif target not in within:
        detail = _OUT_OF_REACH
    elif named not in compensable:
        detail = _NO_HANDLER
    else:
        return
    check.add("compensation-target", event, target=called("", named), detail=detail)
