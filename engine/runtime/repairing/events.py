"""Mend events: one definition each, of a kind that can happen there; links become flows."""

from __future__ import annotations

from lxml import etree

from engine.runtime import reading
from engine.runtime.lint_elements import INTERRUPTING
from engine.runtime.normalising import link_name, link_pairs
from engine.runtime.reading import local
from engine.runtime.repairing.work import (
    Work,
    define,
    definitions_of,
    discard,
    drop,
    flows_of,
    nodes_of,
    retag,
)
from engine.runtime.unfolding import can_unfold

_THROWN = frozenset({"message", "signal", "escalation", "compensate", "link"})
_CAUGHT = frozenset({"message", "signal", "timer", "conditional", "link"})
_EDGE = frozenset({"message", "signal", "timer", "conditional", "error", "escalation", "compensate"})
_ENDS = frozenset({"message", "signal", "error", "escalation", "compensate", "terminate"})
_STARTS = frozenset({"message", "signal", "timer"})


def mend(work: Work) -> None:
    """Mend the events of a file."""
    for event in work.nodes(*reading.EVENTS):
        _mend_event(work, event)
    for scope in work.scopes():
        _mend_links(work, scope)


def _mend_event(work: Work, event: etree._Element) -> None:
    tag, definitions = local(event), definitions_of(event)
    _interrupt(work, event)
    if can_unfold(event):
        return
    if len(definitions) > 1:
        said = "、".join(local(d).removesuffix("EventDefinition") for d in definitions[1:])
        for extra in definitions[1:]:
            discard(extra)
        drop(event, "parallelMultiple")
        work.done(
            "unsupported-several-events",
            event,
            f"一个事件只留一种定义，去掉了 {said}",
            f"one definition stays; {said} was taken out",
        )
        work.ask(
            event,
            f"原来还等 {said}；那时怎么办？",
            f"it stood for {said} as well; what happens then?",
            "不管 / nothing",
        )
        definitions = definitions_of(event)
    kind = local(definitions[0]).removesuffix("EventDefinition") if definitions else ""
    text = said_in(definitions[0]) if definitions else ""
    if tag == "startEvent":
        _mend_start(work, event, kind, text)
    elif tag == "boundaryEvent" and kind not in _EDGE and not _cancels(event, kind):
        _never(work, event, kind, text)
    elif tag == "intermediateCatchEvent" and kind not in _CAUGHT:
        _mend_catch(work, event, kind)
    elif tag == "intermediateThrowEvent" and kind and kind not in _THROWN:
        _mend_throw(work, event, kind)
    elif tag == "endEvent" and kind and kind not in _ENDS and not _cancels(event, kind):
        _drop(work, event, kind)


def _interrupt(work: Work, event: etree._Element) -> None:
    """An error interrupts, and so does what cancels a transaction."""
    kinds = {local(definition).removesuffix("EventDefinition") for definition in definitions_of(event)}
    if event.get("cancelActivity") == "false" and kinds & INTERRUPTING:
        drop(event, "cancelActivity")
        work.done("event-interrupts", event, "改为中断", "it interrupts now")


def _cancels(event: etree._Element, kind: str) -> bool:
    """Say whether a cancel event stands where it may: at the edge of a transaction, or ends it."""
    if kind != "cancel":
        return False
    home = event.getparent()
    if local(event) == "endEvent":
        return home is not None and local(home) == "transaction"
    hosts = nodes_of(home, "transaction") if home is not None else []
    return event.get("attachedToRef") in {host.get("id") for host in hosts}


def _mend_start(work: Work, event: etree._Element, kind: str, text: str) -> None:
    home = event.getparent()
    inside = home is not None and local(home) in reading.SUBPROCESSES
    if not kind or (kind in _STARTS and not inside):
        return
    if inside and home is not None and home.get("triggeredByEvent") == "true":
        return
    for definition in definitions_of(event):
        discard(definition)
    drop(event, "isInterrupting")
    work.done(
        "start-kind",
        event,
        f"不能由 {kind} 开始，改为由人开始",
        f"a {kind} cannot begin it; a person does now",
    )
    said = f"（{text}）" if text else ""
    work.ask(
        event,
        f"原来由 {kind}{said}开始；现在由谁、什么时候开始？",
        f"a {kind} ({text}) began it; who begins it now, and when?",
        "由人开始 / a person begins it",
    )


def _never(work: Work, event: etree._Element, kind: str, text: str) -> None:
    define(event, "conditional", "condition", "False")
    code = {"": "event-missing", "cancel": "unsupported-cancel"}
    what = kind or "无定义"
    work.done(
        code.get(kind, "event-kind"),
        event,
        "改为条件事件，条件待定",
        "it waits for a condition that is still to be said",
    )
    said = f"（{text}）" if text else ""
    work.ask(
        event,
        f"这个边界事件（{what}{said}）什么时候发生？",
        f"when does this boundary event ({kind or 'undefined'} {text}) happen?".replace(" )", ")"),
        "False",
    )


def _mend_catch(work: Work, event: etree._Element, kind: str) -> None:
    if kind in _THROWN:
        retag(event, "intermediateThrowEvent")
        work.done("event-kind", event, "改为抛出事件", "it throws now")
        return
    define(event, "timer", "timeDuration", '"P1D"')
    code = {"": "event-missing", "cancel": "unsupported-cancel"}
    work.done(code.get(kind, "event-kind"), event, "改为等一段时间", "it waits for a time")
    work.ask(event, "这里等什么，等多久？", "what does it wait for here, and how long?", '"P1D"')


def _mend_throw(work: Work, event: etree._Element, kind: str) -> None:
    if kind in _CAUGHT:
        retag(event, "intermediateCatchEvent")
        work.done("event-kind", event, "改为等待的事件", "it waits now")
        return
    _drop(work, event, kind)


def _drop(work: Work, event: etree._Element, kind: str) -> None:
    for definition in definitions_of(event):
        discard(definition)
    code = {
        "cancel": "unsupported-cancel",
        "link": "link-unmatched",
    }
    work.done(
        code.get(kind, "event-kind"), event, f"去掉了 {kind} 定义", f"its {kind} definition was taken out"
    )
    work.ask(
        event,
        f"原来在这里发生 {kind}；要做什么？",
        f"a {kind} happened here; what is to be done?",
        "继续 / it goes on",
    )


def said_in(definition: etree._Element) -> str:
    """What a definition says in words: its time, its condition, its name."""
    return " ".join("".join(map(str, definition.itertext())).split())[:120] or definition.get("name", "")


def _mend_links(work: Work, scope: etree._Element) -> None:
    """Draw the flow that a pair of link events stands for."""
    events = [event for event in nodes_of(scope) if link_name(event) is not None]
    if not events:
        return
    pairs = link_pairs(scope)
    thrown = [e for e in events if local(e) == "intermediateThrowEvent" and all(e is not t for t, _ in pairs)]
    caught = [e for e in events if local(e) == "intermediateCatchEvent" and all(e is not c for _, c in pairs)]
    if len(thrown) == 1 and len(caught) == 1:
        work.ask(
            thrown[0],
            f"链接名称不同（{link_name(thrown[0])}，{link_name(caught[0])}），是不是通到那里？",
            f"the links are {link_name(thrown[0])} and {link_name(caught[0])}; does it lead there?",
            "是 / yes",
        )
        pairs.append((thrown[0], caught[0]))
        thrown, caught = [], []
    leaving = flows_of(scope)
    for throw, catch in pairs:
        for flow in leaving[throw.get("id", "")]:
            work.remove(flow)
        work.add_flow(scope, throw, catch)
        work.done("link-events", throw, "链接改画为连线", "the link is drawn as a flow")
    for event in thrown:
        work.ask(event, "这个链接通向哪里？", "where does this link lead?", "结束 / it ends")
        work.done(
            "link-unmatched",
            event,
            "没有另一半的链接改为普通事件",
            "a link without its other half is a plain event now",
        )
    for event in caught:
        work.done(
            "link-unmatched",
            event,
            "没有另一半的链接改为普通事件",
            "a link without its other half is a plain event now",
        )
    for event in events:
        for definition in definitions_of(event):
            discard(definition)
        retag(event, "intermediateThrowEvent")
