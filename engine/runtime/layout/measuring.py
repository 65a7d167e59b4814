"""Judge a drawing by what a reader stumbles over: overlaps, crossings, lines through shapes.

Works on any BPMN file with diagram interchange, whoever drew it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree

from engine.runtime.layout.scene import Rect
from engine.runtime.reading import BPMNDI, DC, DI, NODES, local, parse, q

Pair = tuple[str, str]
Pairs = tuple[Pair, ...]
Piece = tuple[float, float, float, float]

#: Pixels by which a line may touch a shape's outline, or a label a line.
TOUCH = 1.5
#: Lines nearer than this look like one.
SAME = 3.0


@dataclass(frozen=True)
class Measures:
    """What is wrong with a drawing; every pair names the two elements by their ids."""

    overlaps: Pairs
    #: (line, shape)
    through_shapes: Pairs
    crossings: Pairs
    #: (element whose label it is, what it stands on)
    labels_hit: Pairs
    #: Lines that run on or within 3 pixels of each other.
    on_each_other: Pairs
    #: (boundary event, host) where the event is not on the host's edge
    off_edge: Pairs
    #: Sequence flows that run from right to left.
    back_flows: tuple[str, ...]
    #: Nodes and flows that are not drawn.
    undrawn: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """Whether nothing hides anything: crossings and back flows are allowed."""
        return not (
            self.overlaps
            or self.through_shapes
            or self.labels_hit
            or self.on_each_other
            or self.off_edge
            or self.undrawn
        )


def measure(content: bytes) -> Measures:
    """Measure the drawing of a BPMN file; raises :class:`~engine.runtime.reading.Unreadable`."""
    root = parse(content).getroot()
    nodes = {e.get("id", ""): e for e in root.iter(etree.Element) if local(e) in NODES}
    flows = {e.get("id", ""): e for e in root.iter(q("sequenceFlow"))}
    rects = {key: rect for key, rect in _shapes(root) if key in nodes}
    lines = dict(_edges(root))
    inside = {key: _ancestors(element) for key, element in nodes.items()}
    joined = root.iter(q("sequenceFlow"), q("association"))
    inside |= {element.get("id", ""): _ancestors(element) for element in joined}
    hosts = {key: e.get("attachedToRef", "") for key, e in nodes.items() if e.get("attachedToRef")}
    return Measures(
        overlaps=_overlaps(rects, inside, hosts),
        through_shapes=tuple(
            (line, shape)
            for line, pieces in lines.items()
            for shape, rect in rects.items()
            if shape not in inside.get(line, ()) and any(_enters(piece, rect) for piece in pieces)
        ),
        crossings=tuple(crossing_pairs(lines)),
        labels_hit=tuple(_hits(dict(_labels(root)), rects, lines, inside)),
        on_each_other=tuple(
            (a, b)
            for (a, mine), (b, theirs) in itertools.combinations(lines.items(), 2)
            if any(_lie(p, r) for p in mine for r in theirs)
        ),
        off_edge=tuple(
            (event, host)
            for event, host in hosts.items()
            if event in rects and host in rects and not _on_edge(rects[event], rects[host])
        ),
        back_flows=tuple(key for key in flows if key in lines and lines[key][-1][2] < lines[key][0][0]),
        undrawn=tuple(sorted((nodes.keys() - rects.keys()) | (flows.keys() - lines.keys()))),
    )


def _shapes(root: etree._Element) -> Iterable[tuple[str, Rect]]:
    for shape in root.iter(f"{{{BPMNDI}}}BPMNShape"):
        bounds = shape.find(f"{{{DC}}}Bounds")
        if bounds is not None:
            yield shape.get("bpmnElement", ""), _rect(bounds)


def _labels(root: etree._Element) -> Iterable[tuple[str, Rect]]:
    for label in root.iter(f"{{{BPMNDI}}}BPMNLabel"):
        bounds, owner = label.find(f"{{{DC}}}Bounds"), label.getparent()
        if bounds is not None and owner is not None:
            yield owner.get("bpmnElement", ""), _rect(bounds)


def _edges(root: etree._Element) -> Iterable[tuple[str, list[Piece]]]:
    for edge in root.iter(f"{{{BPMNDI}}}BPMNEdge"):
        points = [(float(p.get("x", 0)), float(p.get("y", 0))) for p in edge.iter(f"{{{DI}}}waypoint")]
        if len(points) > 1:
            yield edge.get("bpmnElement", ""), [(*a, *b) for a, b in itertools.pairwise(points)]


def _rect(bounds: etree._Element) -> Rect:
    x, y, width, height = (float(bounds.get(name, 0)) for name in ("x", "y", "width", "height"))
    return Rect(x, y, width, height)


def _ancestors(element: etree._Element) -> frozenset[str]:
    return frozenset(parent.get("id", "") for parent in element.iterancestors())


def _overlaps(rects: dict[str, Rect], inside: dict[str, frozenset[str]], hosts: dict[str, str]) -> Pairs:
    return tuple(
        (a, b)
        for (a, mine), (b, theirs) in itertools.combinations(rects.items(), 2)
        if mine.overlaps(theirs)
        and a not in inside[b]
        and b not in inside[a]
        and hosts.get(a) != b
        and hosts.get(b) != a
    )


def _enters(piece: Piece, rect: Rect) -> bool:
    """Whether a straight piece has a point inside a rectangle (Liang and Barsky's clipping)."""
    x1, y1, x2, y2 = piece
    start, end = 0.0, 1.0
    for delta, low, high, at in (
        (x2 - x1, rect.x + TOUCH, rect.right - TOUCH, x1),
        (y2 - y1, rect.y + TOUCH, rect.bottom - TOUCH, y1),
    ):
        if delta == 0:
            if not low < at < high:
                return False
            continue
        enter, leave = sorted(((low - at) / delta, (high - at) / delta))
        start, end = max(start, enter), min(end, leave)
    # A line may dock on a diamond or circle inside the rectangle around it.
    return start < end and (end - start) * (abs(x2 - x1) + abs(y2 - y1)) > 2 * TOUCH + _slack(rect)


def _slack(rect: Rect) -> float:
    return min(rect.width, rect.height) / 2 - 6 if rect.width == rect.height else 0.0


def crossing_pairs(lines: dict[str, list[Piece]]) -> Iterable[Pair]:
    for (a, mine), (b, theirs) in itertools.combinations(lines.items(), 2):
        for p in mine:
            for r in theirs:
                if _cross(p, r):
                    yield a, b


def _cross(p: Piece, r: Piece) -> bool:
    def side(ax: float, ay: float, bx: float, by: float, x: float, y: float) -> float:
        return (bx - ax) * (y - ay) - (by - ay) * (x - ax)

    return side(*p, r[0], r[1]) * side(*p, r[2], r[3]) < 0 and side(*r, p[0], p[1]) * side(*r, p[2], p[3]) < 0


def _lie(p: Piece, r: Piece) -> bool:
    """Whether two pieces run along each other for a visible length."""
    for at, along in ((0, 1), (1, 0)):
        if p[at] == p[at + 2] and r[at] == r[at + 2] and abs(p[at] - r[at]) < SAME:
            low = max(min(p[along], p[along + 2]), min(r[along], r[along + 2]))
            high = min(max(p[along], p[along + 2]), max(r[along], r[along + 2]))
            if high - low > SAME:
                return True
    return False


def _hits(
    labels: dict[str, Rect],
    rects: dict[str, Rect],
    lines: dict[str, list[Piece]],
    inside: dict[str, frozenset[str]],
) -> Iterable[Pair]:
    for owner, label in labels.items():
        around = inside.get(owner, frozenset())
        for shape, rect in rects.items():
            if label.overlaps(rect, -TOUCH) and shape not in around:
                yield owner, shape
        for line, pieces in lines.items():
            if any(_enters(piece, label) for piece in pieces):
                yield owner, line
    for (a, mine), (b, theirs) in itertools.combinations(labels.items(), 2):
        if mine.overlaps(theirs, -TOUCH):
            yield a, b


def _on_edge(event: Rect, host: Rect) -> bool:
    x, y = event.x + event.width / 2, event.y + event.height / 2
    within = host.x <= x <= host.right and host.y <= y <= host.bottom
    edge = min(abs(x - host.x), abs(x - host.right), abs(y - host.y), abs(y - host.bottom))
    return within and edge <= 1
