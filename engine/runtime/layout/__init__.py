"""Lay out a BPMN diagram with lanes: authors write the meaning, this draws it.

:func:`tidy` replaces the diagram interchange of a file and leaves everything else as it is;
:func:`measure` judges a drawing. The work is done in steps, a module each:

.. code-block:: text

    pools         the file as a scene of bands, boxes and links
    placing       columns and rows
    routing       which way the lines go
    tracks        pixels (with sizes)
    labels        where names stand
    interchange   the drawing as XML
    measuring     what is wrong with a drawing
"""

from __future__ import annotations

import itertools
from collections import Counter

from lxml import etree

from engine.runtime.layout.interchange import append_diagram, diagram_of
from engine.runtime.layout.labels import place_labels
from engine.runtime.layout.measuring import Measures, crossing_pairs, measure
from engine.runtime.layout.placing import COMPARED, HIGH, TASTES, Taste, place
from engine.runtime.layout.pools import ensure_pools, read_scene
from engine.runtime.layout.routing import route
from engine.runtime.layout.scene import PADDING, TASK_HEIGHT, TITLE, Scene
from engine.runtime.layout.tracks import draw
from engine.runtime.lint_codes import MAX_FLOWS, MAX_NODES
from engine.runtime.reading import BPMNDI, Unreadable, parse, q, read_tree

__all__ = ["BESIDE", "Measures", "measure", "tidy"]

#: What is drawn beside nodes and flows, and how much of it can be.
BESIDE = (
    *("participant", "lane", "messageFlow", "textAnnotation", "association"),
    *("dataObjectReference", "dataStoreReference", "dataInputAssociation", "dataOutputAssociation"),
)
MAX_BESIDE = 500


def tidy(content: bytes) -> bytes:
    """Draw a BPMN file anew; give the file back with its diagram interchange replaced.

    A process with lanes that has no pool gets one, named like the process. Tidying twice changes
    nothing more. Raises :class:`~engine.runtime.reading.Unreadable`, of what is too large to draw too.
    """
    tree = parse(content)
    drawn = read_tree(tree)
    root = tree.getroot()
    beside = sum(1 for _ in root.iter(*(q(tag) for tag in BESIDE)))
    if len(drawn.nodes) > MAX_NODES or len(drawn.flows) > MAX_FLOWS or beside > MAX_BESIDE:
        raise Unreadable(
            "too-many-nodes",
            f"more than {MAX_NODES} nodes, {MAX_FLOWS} flows or {MAX_BESIDE} lanes, notes and data"
            " cannot be drawn",
        )
    for old in list(root.iterchildren(f"{{{BPMNDI}}}BPMNDiagram")):
        root.remove(old)
    collaboration = ensure_pools(root)
    scene, pools = read_scene(root, collaboration)
    _arrange(scene)
    plane_of = collaboration if collaboration is not None else root.find(q("process"))
    if plane_of is not None:
        taken = {element.get("id", "") for element in root.iter(etree.Element)}
        append_diagram(root, diagram_of(scene, pools, plane_of.get("id", ""), taken))
    return bytes(etree.tostring(tree, encoding="UTF-8", xml_declaration=True)).rstrip() + b"\n"


def _arrange(scene: Scene) -> None:
    """Lay out a scene, what stands inside its sub-processes first."""
    for box in scene.boxes.values():
        if box.inner is not None:
            _arrange(box.inner)
            box.width = max(box.width, _even(box.inner.width + 2 * PADDING))
            box.height = max(TASK_HEIGHT, _even(box.inner.height + PADDING + TITLE))
    best = TASTES[0]
    if len(scene.links) <= COMPARED and _highest_column(scene) <= HIGH:
        best = min(TASTES, key=lambda taste: _effort(scene, taste))
    _draw(scene, best)
    place_labels(scene)


def _highest_column(scene: Scene) -> int:
    return max(Counter(box.col for box in scene.cells).values(), default=0)


def _draw(scene: Scene, taste: Taste) -> None:
    place(scene, taste)
    draw(scene, route(scene))


def _effort(scene: Scene, taste: Taste) -> float:
    """What it takes to read the scene drawn to a taste: its crossings, bends and height."""
    _draw(scene, taste)
    lines = {link.id: [(*a, *b) for a, b in itertools.pairwise(link.points)] for link in scene.links}
    bends = sum(len(pieces) - 1 for pieces in lines.values())
    return 3.0 * sum(1 for _ in crossing_pairs(lines)) + bends + scene.height / 60


def _even(length: float) -> int:
    return 2 * round(length / 2 + 0.49)
