"""Tiny diagrams as text.

A line is a path of nodes; a node is ``name:kind`` or ``name:kind(what)`` where it stands first::

    s:start -> a:user -> g:xor -[n > 3]-> b:user -> e:end
    g -*-> e
    late:on(a, timer "PT1H") -> e            an interrupting boundary event; ``beside`` is one that is not
    u:on(a, compensate) ~> undo:user         what undoes it, by an association
    t:throw(compensate a)                    undoes one activity; ``compensate! a`` without waiting for it
    s -> p:sub {                             what follows stands inside, up to the closing brace
      …
    }

``-[condition]->`` is a conditional flow, ``-*->`` a default one. Kinds: start, end, user, script, send,
receive, call, xor, and, or, event, catch, throw, on, beside, sub, esub (event sub-process), tx.
``user("chief" | on shift)`` has candidates, and the rules that choose one. Events say what they are:
``timer``, ``message``, ``signal``, ``error``, ``escalation``, ``link``, ``if``, ``terminate``, ``cancel``,
``compensate``.
"""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

_KINDS = {
    "start": "startEvent",
    "end": "endEvent",
    "user": "userTask",
    "manual": "manualTask",
    "task": "task",
    "script": "scriptTask",
    "service": "serviceTask",
    "send": "sendTask",
    "receive": "receiveTask",
    "call": "callActivity",
    "rule": "businessRuleTask",
    "xor": "exclusiveGateway",
    "and": "parallelGateway",
    "or": "inclusiveGateway",
    "event": "eventBasedGateway",
    "complex": "complexGateway",
    "catch": "intermediateCatchEvent",
    "throw": "intermediateThrowEvent",
    "on": "boundaryEvent",
    "beside": "boundaryEvent",
    "sub": "subProcess",
    "esub": "subProcess",
    "tx": "transaction",
    "adhoc": "adHocSubProcess",
}
_NAMESPACES = (
    'xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)
#: Who does the tasks, so that only what is drawn is judged.
_PEOPLE = (
    "<spiffworkflow:properties>"
    '<spiffworkflow:property name="candidates" value={}/>{}'
    "</spiffworkflow:properties>"
)
_ARROW = re.compile(r"\s*(?:(?P<undone>~)|-(?:\[(?P<condition>[^\]]*)\]-|(?P<default>\*)-)?)>\s*")
#: In place of a condition: no flow but the association with what undoes an activity.
_UNDONE_BY = "~"
_NODE = re.compile(r"(?P<id>\w+)(?::(?P<kind>\w+))?")


def _rules(text: str) -> str:
    return f'<spiffworkflow:property name="assign" value={quoteattr(text)}/>' if text else ""


class Drawing:
    """A BPMN file of one process and those that it calls, made of text."""

    def __init__(self, text: str, *, process: str = "main", starters: str = "", **extra: str) -> None:
        self.process = process
        #: The roles that may start it.
        self.starters = starters
        #: XML of a node's own children, by its id; ``_process`` stands in the process.
        self.extra = extra
        self.named: dict[tuple[str, str], str] = {}
        self.flows = 0
        lines = [line.split(" #")[0].rstrip() for line in text.strip().splitlines()]
        self.lines = [line for line in lines if line.strip()]
        self.processes: list[tuple[str, str]] = []
        self.at = 0
        inside = self._scope()
        self.processes.insert(0, (process, inside))

    def xml(self) -> bytes:
        """The file."""
        events = "".join(
            f"<bpmn:{kind} id={quoteattr(ref)} name={quoteattr(name)}{self._code(kind, name)}/>"
            for (kind, name), ref in self.named.items()
        )
        processes = "".join(self._drawn_process(name, inside) for name, inside in self.processes)
        attributes = f'{_NAMESPACES} id="drawing" targetNamespace="t"'
        return _tag("definitions", attributes, events + processes).encode()

    def _drawn_process(self, name: str, inside: str) -> str:
        own, head = name == self.process, ""
        if own and self.starters:
            said = f'<spiffworkflow:property name="starters" value="{self.starters}"/>'
            head = _tag(
                "extensionElements", "", f"<spiffworkflow:properties>{said}</spiffworkflow:properties>"
            )
        return _tag("process", f'id="{name}" name="{name}" isExecutable="{str(own).lower()}"', head + inside)

    @staticmethod
    def _code(kind: str, name: str) -> str:
        return f" {kind}Code={quoteattr(name)}" if kind in ("error", "escalation") else ""

    def _scope(self) -> str:
        nodes: dict[str, tuple[str, str, str]] = {}
        flows: list[tuple[str, str, str | None, bool]] = []
        while self.at < len(self.lines):
            line = self.lines[self.at].strip()
            self.at += 1
            if line == "}":
                break
            last = self._path(line.removesuffix("{").rstrip(), nodes, flows)
            if not line.endswith("{"):
                continue
            inside = self._scope()
            kind, what, _ = nodes[last]
            if kind == "process":
                del nodes[last]
                self.processes.append((last, inside))
            else:
                nodes[last] = (kind, what, inside)
        return self._drawn(nodes, flows)

    def _path(
        self,
        line: str,
        nodes: dict[str, tuple[str, str, str]],
        flows: list[tuple[str, str, str | None, bool]],
    ) -> str:
        position, before, arrow = 0, None, None
        while position < len(line):
            found = _NODE.match(line, position)
            assert found, f"no node here: {line[position:]}"
            position = found.end()
            what = ""
            if found["kind"] and line[position : position + 1] == "(":
                what, position = _within(line, position)
            if found["kind"]:
                nodes[found["id"]] = (found["kind"], what, "")
            if before is not None and arrow is not None:
                condition = _UNDONE_BY if arrow["undone"] else arrow["condition"]
                flows.append((before, found["id"], condition, bool(arrow["default"])))
            before = found["id"]
            arrow = _ARROW.match(line, position)
            if arrow is None:
                assert not line[position:].strip(), f"no arrow here: {line[position:]}"
                return before
            position = arrow.end()
        raise AssertionError(f"an arrow to nowhere: {line}")

    def _drawn(
        self,
        nodes: dict[str, tuple[str, str, str]],
        flows: list[tuple[str, str, str | None, bool]],
    ) -> str:
        defaults: dict[str, str] = {}
        undoing = {target for _, target, condition, _ in flows if condition == _UNDONE_BY}
        text = associations = ""
        for source, target, condition, default in flows:
            self.flows += 1
            if condition == _UNDONE_BY:
                ends = f'sourceRef="{source}" targetRef="{target}" associationDirection="One"'
                associations += _tag("association", f'id="f{self.flows}_{source}_{target}" {ends}', "")
                continue
            flow = f"f{self.flows}_{source}_{target}"
            if default:
                defaults[source] = flow
            said = ""
            if condition is not None:
                said = _tag("conditionExpression", 'xsi:type="bpmn:tFormalExpression"', escape(condition))
            text += _tag("sequenceFlow", f'id="{flow}" sourceRef="{source}" targetRef="{target}"', said)
        return (
            "".join(
                self._node(name, *found, defaults.get(name), undoing=name in undoing)
                for name, found in nodes.items()
            )
            + text
            + self.extra.get("_process", "")
            + associations
        )

    def _node(
        self, name: str, kind: str, what: str, inside: str, default: str | None, *, undoing: bool = False
    ) -> str:
        tag = _KINDS[kind]
        attributes = f' default="{default}"' if default else ""
        attributes += ' isForCompensation="true"' if undoing else ""
        children = ""
        extensions = ""
        if kind in ("user", "manual", "task"):
            candidates, _, rules = what.partition("|")
            extensions = _PEOPLE.format(quoteattr(candidates.strip() or '"clerk"'), _rules(rules.strip()))
        elif kind in ("on", "beside"):
            host, _, what = what.partition(",")
            attributes += f' attachedToRef="{host.strip()}"'
            if kind == "beside":
                attributes += ' cancelActivity="false"'
            children = self._definition(what.strip())
        elif kind == "esub":
            attributes += ' triggeredByEvent="true"'
        elif kind == "script":
            children = f"<bpmn:script>{escape(what)}</bpmn:script>"
        elif kind == "service":
            operator, _, variable = what.partition(" into ")
            called = f'id="{operator}" resultVariable="{variable}"'
            extensions = f"<spiffworkflow:serviceTaskOperator {called}><spiffworkflow:parameters/>"
            extensions += "</spiffworkflow:serviceTaskOperator>"
        elif kind == "call":
            attributes += f' calledElement="{what}"'
        elif kind in ("send", "receive") and what:
            attributes += f' messageRef="{self._named("message", what.strip(chr(34)))}"'
        elif kind in ("start", "end", "catch", "throw"):
            if what.startswith("beside "):
                attributes += ' isInterrupting="false"'
                what = what.removeprefix("beside ")
            children = self._definition(what)
        own, loop = self.extra.get(name, ""), ""
        if "LoopCharacteristics" in own:
            own, loop = "", own
        if own.startswith("<spiffworkflow:"):
            extensions, own = extensions + own, ""
        if extensions:
            extensions = _tag("extensionElements", "", extensions)
        return _tag(
            tag, f'id="{name}" name="{name}"{attributes}', extensions + loop + inside + children + own
        )

    def _definition(self, what: str) -> str:
        kind, _, rest = what.strip().partition(" ")
        rest = rest.strip()
        if not kind:
            return ""
        if kind == "timer":
            tag = "timeCycle" if rest.strip('"').startswith(("R", "every")) else "timeDuration"
            return _tag("timerEventDefinition", "", _tag(tag, "", escape(rest)))
        if kind == "if":
            condition = _tag("condition", 'xsi:type="bpmn:tFormalExpression"', escape(rest))
            return _tag("conditionalEventDefinition", "", condition)
        if kind == "link":
            return f'<bpmn:linkEventDefinition name="{rest}"/>'
        if kind.startswith("compensate"):
            waits = "" if kind == "compensate" else ' waitForCompletion="false"'
            named = f' activityRef="{rest}"' if rest else ""
            return f"<bpmn:compensateEventDefinition{named}{waits}/>"
        ref = f' {kind}Ref="{self._named(kind, rest)}"' if rest else ""
        return f"<bpmn:{kind}EventDefinition{ref}/>"

    def _named(self, kind: str, name: str) -> str:
        return self.named.setdefault((kind, name), f"{kind}_{len(self.named)}")


def _tag(name: str, attributes: str, content: str) -> str:
    return f"<bpmn:{name} {attributes}>{content}</bpmn:{name}>"


def _within(line: str, position: int) -> tuple[str, int]:
    depth = 0
    for end in range(position, len(line)):
        depth += {"(": 1, ")": -1}.get(line[end], 0)
        if depth == 0:
            return line[position + 1 : end].strip(), end + 1
    raise AssertionError(f"no closing parenthesis: {line}")


def many(
    times: str = "",
    *,
    over: str = "",
    item: str = "",
    into: str = "",
    output: str = "",
    until: str = "",
    one_by_one: bool = False,
) -> str:
    """What makes an activity a multi-instance one: so many times, or over the items of a list."""
    inside = [
        _tag("loopCardinality", "", escape(times)) if times else "",
        _tag("loopDataInputRef", "", over) if over else "",
        _tag("loopDataOutputRef", "", into) if into else "",
        _tag("inputDataItem", f'id="in_{item}" name="{item}"', "") if item else "",
        _tag("outputDataItem", f'id="out_{output}" name="{output}"', "") if output else "",
        _tag("completionCondition", "", escape(until)) if until else "",
    ]
    sequential = f'isSequential="{str(one_by_one).lower()}"'
    return _tag("multiInstanceLoopCharacteristics", sequential, "".join(inside))


def loop(condition: str = "", *, most: int | None = None, before: bool = False) -> str:
    """What makes an activity a standard loop: again while a condition holds, so often at most."""
    attributes = f'testBefore="{str(before).lower()}"' + (f' loopMaximum="{most}"' if most else "")
    inside = _tag("loopCondition", "", escape(condition)) if condition else ""
    return _tag("standardLoopCharacteristics", attributes, inside)
