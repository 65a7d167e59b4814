"""Hostile and broken files, made when asked for: every kind that people and attackers bring.

Each is (bytes, whether the check must refuse it); where the answer may be either, None.
"""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

NAMESPACES = (
    'xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"'
    ' xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"'
    ' xmlns:di="http://www.omg.org/spec/DD/20100524/DI"'
    ' xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)
#: Who does the tasks, so that only what is hostile is wrong.
PEOPLE = (
    "<bpmn:extensionElements><spiffworkflow:properties>"
    '<spiffworkflow:property name="candidates" value="&quot;clerk&quot;"/>'
    "</spiffworkflow:properties></bpmn:extensionElements>"
)
START, END = '<bpmn:startEvent id="s"/>', '<bpmn:endEvent id="e"/>'


@dataclass(frozen=True)
class Hostile:
    """One file, made when it is asked for."""

    name: str
    make: Callable[[], bytes]
    refused: bool | None = True


def definitions(inside: str, head: str = "", more: str = "") -> bytes:
    """A BPMN file around some elements."""
    text = (
        f'{head}<bpmn:definitions {NAMESPACES} id="d" targetNamespace="t"{more}>{inside}</bpmn:definitions>'
    )
    return text.encode()


def process(inside: str, name: str = "p", after: str = "", head: str = "") -> bytes:
    """A file of one process."""
    return definitions(
        f'<bpmn:process id="{name}" isExecutable="true">{inside}</bpmn:process>{after}', head=head
    )


def flow(source: str, target: str, condition: str = "", name: str = "") -> str:
    """A sequence flow."""
    said = (
        f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">{condition}</bpmn:conditionExpression>'
        if condition
        else ""
    )
    return (
        f'<bpmn:sequenceFlow id="{name or f"f_{source}_{target}"}" sourceRef="{source}"'
        f' targetRef="{target}">{said}</bpmn:sequenceFlow>'
    )


def user(name: str = "a", label: str = "办理", inside: str = "", people: str = PEOPLE) -> str:
    """A user task."""
    return f'<bpmn:userTask id="{name}" name="{label}">{people}{inside}</bpmn:userTask>'


def chain(*middle: str, ids: str = "a") -> str:
    """A start, something, an end."""
    names = ["s", *ids.split(), "e"]
    return START + "".join(middle) + END + "".join(flow(a, b) for a, b in pairwise(names))


def plain(inside: str = "", name: str = "a", label: str = "办理") -> str:
    """A process of one user task."""
    return chain(user(name, label, inside), ids=name)


def script(text: str) -> bytes:
    """A process of one script."""
    shown = text.replace("&", "&amp;").replace("<", "&lt;")
    return process(chain(f'<bpmn:scriptTask id="a"><bpmn:script>{shown}</bpmn:script></bpmn:scriptTask>'))


def timer(kind: str, text: str) -> bytes:
    """A process that waits for a timer."""
    return process(
        chain(
            '<bpmn:intermediateCatchEvent id="a"><bpmn:timerEventDefinition>'
            f"<bpmn:{kind}>{text}</bpmn:{kind}></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"
        )
    )


def condition(text: str, default: str = "") -> bytes:
    """A process with a decision."""
    return process(
        START
        + f'<bpmn:exclusiveGateway id="g"{default}/>'
        + '<bpmn:endEvent id="e1"/><bpmn:endEvent id="e2"/>'
        + flow("s", "g")
        + flow("g", "e1", text)
        + flow("g", "e2", "" if default else "True")
    )


def nested(levels: int) -> bytes:
    """Sub-processes within one another."""
    text = plain()
    for level in range(levels):
        inner = f'<bpmn:subProcess id="n{level}">{text}</bpmn:subProcess>'
        names = (f"s{level}", f"n{level}", f"e{level}")
        text = (
            f'<bpmn:startEvent id="{names[0]}"/>{inner}<bpmn:endEvent id="{names[2]}"/>'
            f"{flow(names[0], names[1])}{flow(names[1], names[2])}"
        )
    return process(text)


def many_tasks(count: int) -> bytes:
    """A long straight chain."""
    names = [f"t{number}" for number in range(count)]
    return process(chain(*(user(name) for name in names), ids=" ".join(names)))


def gateway_ring(size: int) -> bytes:
    """Gateways that follow each other in a ring without a task."""
    names = [f"g{number}" for number in range(size)]
    parts = [
        f'<bpmn:exclusiveGateway id="{name}" default="f_{name}_{after}"/>'
        for name, after in zip(names, [*names[1:], names[0]], strict=True)
    ]
    return process(
        START
        + "".join(parts)
        + END
        + flow("s", "g0")
        + "".join(flow(a, b) for a, b in zip(names, [*names[1:], names[0]], strict=True))
        + flow("g0", "e", "False")
    )


def automatic_loop(inside: str) -> bytes:
    """An automatic element, again and again."""
    return process(
        START
        + '<bpmn:exclusiveGateway id="j"/>'
        + inside
        + '<bpmn:exclusiveGateway id="g" default="f_g_j"/>'
        + END
        + flow("s", "j")
        + flow("j", "a")
        + flow("a", "g")
        + flow("g", "j")
        + flow("g", "e", "get('stop', False)")
    )


def fork_bomb(levels: int) -> bytes:
    """Parallel splits that double and never join."""
    parts, flows = [], [flow("s", "g0_0")]
    for level in range(levels):
        for number in range(2):
            parts.append(f'<bpmn:parallelGateway id="g{level}_{number}"/>')
            flows += [flow(f"g{level}_{number}", f"g{level + 1}_{side}") for side in range(2)]
    parts += [f'<bpmn:endEvent id="g{levels}_{number}"/>' for number in range(2)]
    parts.remove('<bpmn:parallelGateway id="g0_1"/>')
    return process(START + "".join(parts) + "".join(f for f in flows if 'sourceRef="g0_1"' not in f))


def instances(count: str, sequential: str = "false") -> bytes:
    """A task for very many."""
    return process(
        plain(
            f'<bpmn:multiInstanceLoopCharacteristics isSequential="{sequential}"><bpmn:loopCardinality>'
            f"{count}</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"
        )
    )


def call(*targets: str) -> bytes:
    """Processes that call each other in a ring."""
    return definitions(
        "".join(
            f'<bpmn:process id="p{number}" isExecutable="{"true" if number == 0 else "false"}">'
            f'<bpmn:startEvent id="s{number}"/><bpmn:callActivity id="c{number}" calledElement="{target}"/>'
            f'<bpmn:endEvent id="e{number}"/>{flow(f"s{number}", f"c{number}")}'
            f"{flow(f'c{number}', f'e{number}')}</bpmn:process>"
            for number, target in enumerate(targets)
        )
    )


def zipped(size: int) -> bytes:
    """A small archive that is large when it is opened."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("p.bpmn", b"0" * size)
    return packed.getvalue()


def laughs(levels: int = 10, doctype: str = "d") -> bytes:
    """Entities within entities."""
    entities = '<!ENTITY e0 "ha">' + "".join(
        f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, levels)
    )
    return process(
        plain(label=f"&e{levels - 1};"), head=f'<?xml version="1.0"?><!DOCTYPE {doctype} [{entities}]>'
    )


def entity(system: str, use: str = "&x;") -> bytes:
    """An entity from elsewhere."""
    head = f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "{system}">]>'
    return process(plain(f"<bpmn:documentation>{use}</bpmn:documentation>"), head=head)


def layout(text: str) -> bytes:
    """A drawing with these bounds."""
    return process(
        plain(),
        after='<bpmndi:BPMNDiagram id="dd"><bpmndi:BPMNPlane id="dp" bpmnElement="p">'
        f'<bpmndi:BPMNShape id="da" bpmnElement="a">{text}</bpmndi:BPMNShape>'
        "</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>",
    )


def documented(text: str) -> bytes:
    """A task with a documentation."""
    return process(plain(f"<bpmn:documentation>{text}</bpmn:documentation>"))


def named(label: str) -> bytes:
    """A task with this name."""
    return process(plain(label=label))


def identified(name: str) -> bytes:
    """A task with this id."""
    return process(plain(name=name))


def event(kind: str, tag: str = "intermediateCatchEvent", ref: str = "") -> bytes:
    """A process with this event in the middle."""
    return process(chain(f'<bpmn:{tag} id="a"><bpmn:{kind}EventDefinition{ref}/></bpmn:{tag}>'))


def boundary(definition: str) -> bytes:
    """A task with an event at its edge."""
    return process(
        plain()
        + f'<bpmn:boundaryEvent id="b" attachedToRef="a">{definition}</bpmn:boundaryEvent>'
        + '<bpmn:endEvent id="f"/>'
        + flow("b", "f")
    )


XML = '<?xml version="1.0" encoding="{}"?>'
TEXT = process(plain(label="登记客户投诉"), head=XML.format("UTF-8")).decode()
_ESCAPE = "().__class__.__mro__[1].__subclasses__()"


def _rows(canary: str) -> list[tuple[str, bool | None, list[Callable[[], bytes]]]]:
    """(kind, must it be refused, files of that kind)."""
    write = f'open("{canary}", "w")'
    return [
        (
            "an entity of a file",
            True,
            [
                lambda: entity(f"file://{canary}"),
                lambda: entity("file:///etc/passwd"),
                lambda: entity("/etc/hostname"),
                lambda: entity("php://filter/read=/etc/passwd"),
            ],
        ),
        (
            "a document type elsewhere",
            True,
            [
                lambda: process(plain(), head='<!DOCTYPE d SYSTEM "http://127.0.0.1:9/x.dtd">'),
                lambda: process(plain(), head='<!DOCTYPE d PUBLIC "x" "http://127.0.0.1:9/x.dtd">'),
                lambda: process(plain(), head="<!DOCTYPE d>"),
                lambda: process(plain(), head=f'<!DOCTYPE d [<!ENTITY % x SYSTEM "file://{canary}">%x;]>'),
            ],
        ),
        (
            "entities that grow",
            True,
            [
                laughs,
                lambda: laughs(30),
                lambda: laughs(4),
                lambda: process(
                    plain(label="&a;" * 5_000), head=f'<!DOCTYPE d [<!ENTITY a "{"a" * 50_000}">]>'
                ),
                lambda: process(plain(label="&a;"), head='<!DOCTYPE d [<!ENTITY a "&b;"><!ENTITY b "&a;">]>'),
            ],
        ),
        (
            "a huge file",
            True,
            [
                lambda: documented("x" * 50_000_000),
                lambda: many_tasks(100_000),
                lambda: documented("<!--" + "x" * 2_000_000 + "-->"),
                lambda: b" " * 2_000_000,
            ],
        ),
        (
            "very many elements",
            True,
            [
                lambda: many_tasks(500),
                lambda: many_tasks(1_200),
                lambda: many_tasks(4_000),
                lambda: process(plain() + "".join(flow("s", "e", name=f"x{n}") for n in range(3_000))),
                lambda: documented("<bpmn:x/>" * 60_000),
            ],
        ),
        ("cut off", True, [lambda cut=cut: TEXT.encode()[:cut] for cut in (10, 200, 500, 900)]),
        (
            "empty",
            True,
            [lambda: b"", lambda: b" \n\t", lambda: b"\xef\xbb\xbf", lambda: b"<?xml version='1.0'?>"],
        ),
        (
            "bytes of another encoding",
            True,
            [
                lambda: TEXT.encode("gb18030"),
                lambda: TEXT.encode("big5", "replace"),
                lambda: TEXT.encode("utf-8").replace(b"\xe7", b"\xff"),
                lambda: TEXT.replace("UTF-8", "x-nothing").encode(),
            ],
        ),
        (
            "another encoding that is declared",
            None,
            [
                lambda: TEXT.replace("UTF-8", "GBK").encode("gbk"),
                lambda: TEXT.replace("UTF-8", "UTF-16").encode("utf-16"),
                lambda: b"\xff\xfe" + TEXT.encode("utf-16-le"),
                lambda: b"\xef\xbb\xbf" + TEXT.encode(),
                lambda: TEXT.replace("UTF-8", "UTF-7").encode("utf-7"),
            ],
        ),
        (
            "no start, no end",
            False,
            [
                lambda: process(user() + END + flow("a", "e")),
                lambda: process(START + user() + flow("s", "a")),
                lambda: process(user()),
            ],
        ),
        (
            "nothing",
            True,
            [
                lambda: process(""),
                lambda: definitions(""),
                lambda: definitions('<bpmn:collaboration id="c"/>'),
            ],
        ),
        (
            "ends that hang",
            True,
            [
                lambda: process(START + user() + flow("s", "a") + flow("a", "ghost")),
                lambda: process(plain() + flow("ghost", "a")),
                lambda: process(plain() + '<bpmn:sequenceFlow id="f" sourceRef="a"/>'),
                lambda: process(plain() + flow("", "")),
                lambda: process(plain() + flow("d", "p")),
            ],
        ),
        (
            "an id twice",
            True,
            [
                lambda: process(plain() + user()),
                lambda: process(plain() + flow("s", "a", name="a")),
                lambda: definitions(f'<bpmn:process id="p" isExecutable="true">{plain()}</bpmn:process>' * 2),
                lambda: process(plain(), name="a"),
            ],
        ),
        (
            "a call of nobody",
            True,
            [
                lambda: call("ghost"),
                lambda: call(""),
                lambda: call("../../etc/passwd"),
                lambda: call("p1", "ghost"),
            ],
        ),
        (
            "calls in a ring",
            None,
            [
                lambda: call("p0"),
                lambda: call("p1", "p0"),
                lambda: call("p1", "p2", "p1"),
            ],
        ),
        ("a ring of gateways", True, [lambda n=n: gateway_ring(n) for n in (2, 3, 10, 60)]),
        (
            "an automatic loop",
            None,
            [
                lambda: automatic_loop(
                    '<bpmn:scriptTask id="a"><bpmn:script>x = 1</bpmn:script></bpmn:scriptTask>'
                ),
                lambda: automatic_loop(
                    '<bpmn:scriptTask id="a"><bpmn:script>x = get("x", "") + "ab" * 500'
                    "</bpmn:script></bpmn:scriptTask>"
                ),
                lambda: automatic_loop(
                    '<bpmn:subProcess id="a"><bpmn:startEvent id="z"/><bpmn:endEvent id="y"/>'
                    + flow("z", "y")
                    + "</bpmn:subProcess>"
                ),
                lambda: automatic_loop(
                    '<bpmn:intermediateCatchEvent id="a"><bpmn:timerEventDefinition>'
                    "<bpmn:timeDate>now()</bpmn:timeDate></bpmn:timerEventDefinition>"
                    "</bpmn:intermediateCatchEvent>"
                ),
            ],
        ),
        ("forks", None, [lambda n=n: fork_bomb(n) for n in (3, 8, 16, 40)]),
        (
            "instances",
            None,
            [
                lambda: instances("1000000000"),
                lambda: instances("-1"),
                lambda: instances("'x'"),
                lambda: instances("10 ** 9", "true"),
                lambda: instances("3"),
                lambda: instances("2.5"),
            ],
        ),
        (
            "a script that imports",
            True,
            [
                lambda: script("import os"),
                lambda: script(f"x = __import__('os').system('touch {canary}')"),
                lambda: script("from os import system"),
                lambda: script(f"x = {write}"),
            ],
        ),
        (
            "a script that climbs",
            True,
            [
                lambda: script(f"x = {_ESCAPE}"),
                lambda: script("x = get.__globals__"),
                lambda: script("x = [c for c in (1).__class__.__bases__]"),
                lambda: script("x = (lambda: 0).__code__"),
                lambda: script("x = f'{x!r:{y}}'"),
            ],
        ),
        (
            "a script without end",
            True,
            [
                lambda: script("while True:\n  pass"),
                lambda: script("for i in range(9):\n  x = i"),
                lambda: script("def f(): return f()"),
                lambda: script("x = (y := 1)"),
            ],
        ),
        (
            "a script that takes time or room",
            None,
            [
                lambda: script("x = [0] * 10 ** 12"),
                lambda: script("x = 9 ** 9 ** 9 ** 9"),
                lambda: script("x = '%1000000000d' % 1"),
                lambda: script("x = [i + j for i in range(9999) for j in range(9999)]"),
                lambda: script("x = 'a' * 10 ** 10"),
                lambda: script("x = sum([[0] * 9999 for i in range(9999)], [])"),
            ],
        ),
        (
            "a script that ends the process",
            True,
            [
                lambda: script("raise SystemExit(3)"),
                lambda: script("exit()"),
                lambda: script("x = quit(1)"),
                lambda: script("import sys; sys.exit(3)"),
            ],
        ),
        (
            "a script that cannot be read",
            True,
            [
                lambda: script("x = = 1"),
                lambda: script("x = ("),
                lambda: script("(" * 5_000),
                lambda: script("x = 'open"),
                lambda: script("x = " + "-" * 5_000 + "1"),
            ],
        ),
        (
            "another language",
            True,
            [
                lambda: script("execution.setVariable('x', 1)"),
                lambda: script("var x = 1;"),
                lambda: script("${x}"),
                lambda: script("puts x"),
            ],
        ),
        (
            "nesting",
            True,
            [lambda: nested(200), lambda: nested(30), lambda: nested(6), lambda: nested(5_000)],
        ),
        (
            "a timer that is none",
            True,
            [
                lambda: timer("timeDuration", "in two days"),
                lambda: timer("timeDuration", "PT5S"),
                lambda: timer("timeCycle", "0 0 9 * * ?"),
                lambda: timer("timeDuration", '"PT-5S"'),
                lambda: timer("timeDate", '"tomorrow"'),
                lambda: timer("timeDuration", "1 + 1"),
                lambda: timer("timeDuration", ""),
                lambda: timer("timeDuration", "__import__('os')"),
            ],
        ),
        (
            "a timer that fails when it comes",
            None,
            [
                lambda: timer("timeDuration", "1 / get('n', 0)"),
                lambda: timer("timeDate", "get('when', 'x')"),
                lambda: timer("timeDuration", '"P999999999Y"'),
                lambda: timer("timeCycle", '"R999999999/PT1S"'),
                lambda: timer("timeDuration", "str(10 ** 40)"),
            ],
        ),
        (
            "a condition that fails when it comes",
            None,
            [
                lambda: condition("1 / 0"),
                lambda: condition("amount > 100"),
                lambda: condition("len(3)"),
                lambda: condition("[1][9]"),
                lambda: condition("{'a': 1}.b"),
            ],
        ),
        (
            "a condition in another language",
            True,
            [
                lambda: condition("${amount &gt; 100}"),
                lambda: condition("#{ok}"),
                lambda: condition("amount &gt; 100 &amp;&amp; ok"),
                lambda: condition("=amount &gt; 100"),
                lambda: condition("__import__('os').getcwd()"),
                lambda: condition("x = 1"),
            ],
        ),
        (
            "a gateway without a way",
            True,
            [
                lambda: condition(""),
                lambda: process(START + '<bpmn:exclusiveGateway id="g"/>' + END + flow("s", "g")),
                lambda: process(
                    START
                    + '<bpmn:inclusiveGateway id="g"/><bpmn:endEvent id="x"/>'
                    + END
                    + flow("s", "g")
                    + flow("g", "e")
                    + flow("g", "x")
                ),
                lambda: process(
                    START + '<bpmn:eventBasedGateway id="g"/>' + END + flow("s", "g") + flow("g", "e")
                ),
            ],
        ),
        (
            "a gateway without a match",
            None,
            [
                lambda: process(
                    START
                    + '<bpmn:exclusiveGateway id="g"/><bpmn:endEvent id="x"/>'
                    + END
                    + flow("s", "g")
                    + flow("g", "e", "1 == 2")
                    + flow("g", "x", "False")
                ),
                lambda: process(
                    START
                    + '<bpmn:inclusiveGateway id="g"/><bpmn:endEvent id="x"/>'
                    + END
                    + flow("s", "g")
                    + flow("g", "e", "1 == 2")
                    + flow("g", "x", "False")
                ),
                lambda: process(
                    START
                    + '<bpmn:exclusiveGateway id="g"/><bpmn:endEvent id="x"/>'
                    + END
                    + flow("s", "g")
                    + flow("g", "e", "get('a', 0) &gt; 1")
                    + flow("g", "x", "has('b')")
                ),
            ],
        ),
        (
            "not BPMN",
            True,
            [
                lambda: b"<a/>",
                lambda: b"<!DOCTYPE html><html><p>hello</html>",
                lambda: json.dumps({"a": 1}).encode(),
                lambda: b"\x89PNG\r\n\x1a\n" + bytes(200),
                lambda: zipped(20_000_000),
                lambda: gzip.compress(TEXT.encode()),
                lambda: b"%PDF-1.7",
                lambda: b"<svg xmlns='x'/>",
                lambda: bytes(1_000),
                lambda: TEXT.replace("20100524", "20040101").encode(),
                lambda: TEXT.replace("bpmn:definitions", "bpmn:process").encode(),
            ],
        ),
        (
            "an odd id",
            None,
            [
                lambda: identified("../../etc/passwd"),
                lambda: identified("class"),
                lambda: identified("None"),
                lambda: identified("i" * 100_000),
                lambda: identified("a b"),
                lambda: identified("--"),
                lambda: identified("\u202ea"),
                lambda: identified("中文"),
            ],
        ),
        (
            "a reserved id",
            True,
            [
                lambda: identified("Start"),
                lambda: identified("End"),
                lambda: identified("p.EndJoin"),
                lambda: identified("Root"),
            ],
        ),
        (
            "an odd name",
            None,
            [
                lambda: named("&lt;script&gt;alert(1)&lt;/script&gt;"),
                lambda: named("n" * 900_000),
                lambda: named("\u202eabc"),
                lambda: named("Z\u0335\u0321" * 300),
                lambda: named("👩\u200d👩\u200d👧"),
                lambda: documented('&lt;svg onload="alert(1)"&gt;'),
                lambda: named("{at} {0} %s %n"),
            ],
        ),
        (
            "a character that XML forbids",
            True,
            [
                lambda: named("a\0b"),
                lambda: named("&#1;"),
                lambda: named("&#xD800;"),
                lambda: named("&#0;"),
                lambda: named("\x1b[31m"),
            ],
        ),
        (
            "an element that nobody knows",
            True,
            [
                lambda: process(chain('<bpmn:quantumTask id="a"/>')),
                lambda: process(chain('<bpmn:complexGateway id="a"/>')),
                lambda: process(chain('<bpmn:adHocSubProcess id="a"/>')),
                lambda: process(chain('<bpmn:choreographyTask id="a"/>')),
            ],
        ),
        (
            "an event that names nobody",
            True,
            [
                lambda: event("message", ref=' messageRef="ghost"'),
                lambda: event("signal", ref=' signalRef="ghost"'),
                lambda: event("message"),
                lambda: event("nothing"),
                lambda: boundary(""),
                lambda: process(chain('<bpmn:intermediateCatchEvent id="a"/>')),
            ],
        ),
        (
            "an event of a rarer kind",
            None,
            [
                lambda: boundary("<bpmn:compensateEventDefinition/>"),
                lambda: boundary("<bpmn:cancelEventDefinition/>"),
                lambda: event("link"),
                lambda: event("compensate", "intermediateThrowEvent"),
                lambda: boundary(
                    "<bpmn:conditionalEventDefinition><bpmn:condition>1/0</bpmn:condition>"
                    "</bpmn:conditionalEventDefinition>"
                ),
            ],
        ),
        (
            "a lane of nobody",
            None,
            [
                lambda: process(
                    '<bpmn:laneSet id="ls"><bpmn:lane id="l" name="x"><bpmn:flowNodeRef>ghost'
                    "</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>" + plain()
                ),
                lambda: process(
                    '<bpmn:laneSet id="ls"><bpmn:lane id="l"><bpmn:flowNodeRef/></bpmn:lane>'
                    "</bpmn:laneSet>" + plain()
                ),
                lambda: process(
                    '<bpmn:laneSet id="ls"><bpmn:lane id="l"><bpmn:flowNodeRef>a</bpmn:flowNodeRef>'
                    '</bpmn:lane><bpmn:lane id="m"><bpmn:flowNodeRef>a</bpmn:flowNodeRef></bpmn:lane>'
                    "</bpmn:laneSet>" + plain()
                ),
            ],
        ),
        (
            "a drawing without measure",
            None,
            [
                lambda: layout('<dc:Bounds x="abc" y="0" width="1" height="1"/>'),
                lambda: layout('<dc:Bounds x="NaN" y="INF" width="1" height="1"/>'),
                lambda: layout('<dc:Bounds x="1e308" y="-1e308" width="1e308" height="1e308"/>'),
                lambda: layout("<dc:Bounds/>"),
                lambda: layout(""),
            ],
        ),
        (
            "what nothing leads to",
            True,
            [
                lambda: process(plain() + user("z")),
                lambda: process(plain() + '<bpmn:endEvent id="z"/>'),
                lambda: process(plain() + user("z") + user("y") + flow("z", "y") + flow("y", "z")),
            ],
        ),
        (
            "something included",
            None,
            [
                lambda: process(
                    plain() + f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{canary}"/>'
                ),
                lambda: definitions(
                    f'<bpmn:import importType="x" location="file://{canary}" namespace="n"/>'
                    f'<bpmn:process id="p" isExecutable="true">{plain()}</bpmn:process>'
                ),
                lambda: process(plain(), head=f'<?xml-stylesheet href="file://{canary}"?>'),
                lambda: definitions(
                    f'<bpmn:process id="p" isExecutable="true">{plain()}</bpmn:process>',
                    more=f' xsi:schemaLocation="x file://{canary}"',
                ),
            ],
        ),
        (
            "remarks within texts",
            None,
            [
                lambda: timer("timeDuration", '<!-- x -->"PT5S"'),
                lambda: script("x = 1").replace(b"x = 1", b"x <!-- y = 2 -->= 1"),
                lambda: script("x = 1").replace(b"<bpmn:script>", b"<!-- x --><bpmn:script>"),
            ],
        ),
        (
            "an extension that is half there",
            None,
            [
                lambda: process(
                    chain(
                        '<bpmn:task id="a"><bpmn:extensionElements><spiffworkflow:properties>'
                        '<spiffworkflow:property name="x"/></spiffworkflow:properties>'
                        "</bpmn:extensionElements></bpmn:task>"
                    )
                ),
            ],
        ),
        (
            "very much beside the flow",
            None,
            [
                lambda: process(
                    '<bpmn:laneSet id="ls">'
                    + "".join(
                        f'<bpmn:lane id="l{n}" name="x"><bpmn:flowNodeRef>a</bpmn:flowNodeRef></bpmn:lane>'
                        for n in range(3_000)
                    )
                    + "</bpmn:laneSet>"
                    + plain()
                ),
                lambda: process(
                    plain()
                    + "".join(
                        f'<bpmn:textAnnotation id="n{n}"/>'
                        f'<bpmn:association id="m{n}" sourceRef="a" targetRef="n{n}"/>'
                        for n in range(3_000)
                    )
                ),
                lambda: process(plain() + '<bpmn:textAnnotation id="z"/>' * 6_000),
                lambda: process(plain()).replace(
                    b"<bpmn:endEvent", b"<bpmn:endEvent " + b" ".join(b'a%d="x"' % n for n in range(5_000))
                ),
            ],
        ),
        (
            "very many processes",
            True,
            [
                lambda: definitions(
                    "".join(
                        f'<bpmn:process id="p{n}" isExecutable="true"><bpmn:startEvent id="s{n}"/>'
                        f'<bpmn:endEvent id="e{n}"/>{flow(f"s{n}", f"e{n}")}</bpmn:process>'
                        for n in range(120)
                    )
                )
            ],
        ),
        (
            "two ways to say one thing",
            True,
            [
                lambda: process(
                    chain(
                        user(
                            inside="<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>2"
                            "</bpmn:loopCardinality><bpmn:loopDataInputRef>x</bpmn:loopDataInputRef>"
                            "</bpmn:multiInstanceLoopCharacteristics>"
                        )
                    )
                ),
                lambda: script("x = 1").replace(b"x = 1", b'x = 1<b xmlns=""/>y = 2'),
                lambda: boundary("<bpmn:errorEventDefinition/>").replace(
                    b'attachedToRef="a"', b'attachedToRef="a" cancelActivity="0"'
                ),
            ],
        ),
        (
            "several starts",
            None,
            [
                lambda: process(plain() + '<bpmn:startEvent id="z"/>' + flow("z", "a")),
                lambda: process(
                    plain() + '<bpmn:startEvent id="z"/><bpmn:endEvent id="y"/>' + flow("z", "y")
                ),
                lambda: process(
                    plain() + "".join(f'<bpmn:startEvent id="z{n}"/>' + flow(f"z{n}", "a") for n in range(40))
                ),
            ],
        ),
        (
            "a flow from one process to another",
            True,
            [
                lambda: definitions(
                    f'<bpmn:process id="p" isExecutable="true">{plain()}{flow("a", "e2")}</bpmn:process>'
                    '<bpmn:process id="q"><bpmn:endEvent id="e2"/></bpmn:process>'
                ),
                lambda: process(
                    plain()
                    + '<bpmn:subProcess id="z"><bpmn:startEvent id="y"/><bpmn:endEvent id="x"/>'
                    + flow("y", "x")
                    + "</bpmn:subProcess>"
                    + flow("a", "x")
                ),
                lambda: process(
                    chain(
                        '<bpmn:subProcess id="a"><bpmn:startEvent id="y"/><bpmn:endEvent id="x"/>'
                        + flow("y", "e")
                        + "</bpmn:subProcess>"
                    )
                ),
            ],
        ),
    ]


def files(canary: str) -> list[Hostile]:
    """Every hostile file; what opens ``canary``, or runs code, leaves it there or shows it."""
    return [
        Hostile(f"{kind} {number}", make, refused)
        for kind, refused, makes in _rows(canary)
        for number, make in enumerate(makes, start=1)
    ]
