"""Drawings that something happened to: whatever it was, the answers come, at once and with a place."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from engine.connectors import PARAMETERS
from engine.runtime import reading
from engine.runtime.linting import lint
from engine.runtime.reading import BPMN, local, q
from engine.runtime.repairing import Beside, repair
from engine.trying import NOT_NEEDED, dry_run
from tests.conformance.test_repairing import foreign

DRAWINGS = [
    path.read_bytes()
    for folder in (Path("bpmn"), Path(__file__).parent / "dialects")
    for path in sorted(folder.rglob("*.bpmn"))
]
#: Seconds of processor time that one answer may take.
MOST = 2.0
TEXTS = (
    "",
    "1/0",
    "${x}",
    "PT1H",
    "import os",
    "x = 1",
    "ghost",
    "= a",
    "True",
    "Start",
    "a:b",
    "\u202e",
    "0",
)


def _delete(draw: Any, element: etree._Element) -> None:
    parent = element.getparent()
    assert parent is not None
    parent.remove(element)


def _double(draw: Any, element: etree._Element) -> None:
    element.addnext(deepcopy(element))


def _write(draw: Any, element: etree._Element) -> None:
    names = sorted(map(str, element.attrib))
    if names:
        element.set(draw(st.sampled_from(names)), draw(st.sampled_from(TEXTS)))
    elif len(element) == 0:
        element.text = draw(st.sampled_from(TEXTS))


def _forget(draw: Any, element: etree._Element) -> None:
    names = sorted(map(str, element.attrib))
    if names:
        del element.attrib[draw(st.sampled_from(names))]


def _refer(draw: Any, element: etree._Element) -> None:
    ids = sorted({found.get("id", "") for found in element.getroottree().getroot().iter(f"{{{BPMN}}}*")})
    names = [name for name in map(str, element.attrib) if name.endswith("Ref")]
    if names:
        element.set(draw(st.sampled_from(sorted(names))), draw(st.sampled_from(ids)))


def _wrap(draw: Any, element: etree._Element) -> None:
    if local(element) in reading.NODES:
        around = etree.Element(q(draw(st.sampled_from(sorted(reading.SUBPROCESSES)))), id="around")
        element.addprevious(around)
        around.append(element)


def _become(draw: Any, element: etree._Element) -> None:
    if local(element) in reading.NODES:
        element.tag = q(draw(st.sampled_from(sorted(reading.NODES))))


MUTATIONS: tuple[Callable[[Any, etree._Element], None], ...] = (
    *(_delete, _double, _write, _forget, _refer, _wrap, _become),
)


@st.composite
def mutated(draw: Any) -> bytes:
    """A drawing to which a few things happened."""
    root = etree.fromstring(draw(st.sampled_from(DRAWINGS)))
    for _ in range(draw(st.integers(1, 5))):
        elements = list(root.iterdescendants(f"{{{BPMN}}}*"))
        if elements:
            draw(st.sampled_from(MUTATIONS))(draw, draw(st.sampled_from(elements)))
    return bytes(etree.tostring(root))


def spent(act: Callable[[], Any]) -> Any:
    """Do something within the time that it may take."""
    begun = time.thread_time()
    result = act()
    assert time.thread_time() - begun < MOST
    return result


def codes(content: bytes) -> set[str]:
    """The codes of what keeps a file from being published; each says where it is."""
    found = spent(lambda: lint(content, called=frozenset(), services=PARAMETERS, decisions={}))
    refused = [one for one in found if one.severity == "error"]
    assert all(one.element or one.line or one.code == "process-missing" for one in refused), refused
    assert "check-failed" not in {one.code for one in refused}
    return {one.code for one in refused}


def tried(content: bytes) -> str:
    """How a try ended; one that failed names the element."""
    told = spent(lambda: dry_run(content, {}, 100))
    json.dumps(told, allow_nan=False)
    if told["end"] in ("failed", "bounded"):
        assert [one for one in told["findings"] if one["severity"] == "error"][-1]["element"], told
    return str(told["end"])


@settings(max_examples=60, derandomize=True, suppress_health_check=list(HealthCheck))
@given(content=mutated())
def test_whatever_happened_to_a_drawing_it_is_answered(content: bytes) -> None:
    refused = codes(content)
    assert (tried(content) == "refused") is bool(refused - NOT_NEEDED - {"call-unknown"}) or refused == {
        "call-unknown"
    }

    around = Beside(called=frozenset(), services=PARAMETERS, decisions={})
    mended = spent(lambda: repair(content, around))
    if "process-missing" in refused and not mended.applied:
        return
    assert codes(mended.content) == set()
    assert tried(mended.content) != "refused"
    assert spent(lambda: repair(mended.content, around)).applied == ()
    assert not foreign(content) - foreign(mended.content)
