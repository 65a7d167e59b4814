"""Draw what a repair added, beside what is drawn already; draw everything where nothing is."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lxml import etree

from engine.runtime import reading
from engine.runtime.compensating import is_boundary
from engine.runtime.layout import BESIDE, tidy
from engine.runtime.layout.scene import EVENT, GATEWAY, TASK_HEIGHT, TASK_WIDTH
from engine.runtime.reading import BPMNDI, DC, DI, local, q
from engine.runtime.repairing.work import Work, flows_of, label_of, nodes_of, remove

_SHAPE, _EDGE, _PLANE = f"{{{BPMNDI}}}BPMNShape", f"{{{BPMNDI}}}BPMNEdge", f"{{{BPMNDI}}}BPMNPlane"
#: Between a shape and what is put beside it.
_GAP = 50
#: The side of the smallest gateway.
_SMALLEST = 36
#: Places to try, nearest first: (columns to the right, rows down).
_PLACES = sorted(
    ((across, down) for across in range(4) for down in range(-4, 5)),
    key=lambda at: (abs(at[1]) + at[0], at[1] < 0),
)
#: Above this many nodes, or ways out of one, a drawing of our own takes longer than anybody waits; a grid
#: does.
_MOST_TIDIED, _MOST_WAYS = 90, 20


@dataclass(frozen=True)
class Rect:
    """The bounds of a shape."""

    x: float
    y: float
    width: float
    height: float

    @property
    def centre(self) -> tuple[float, float]:
        """Its centre."""
        return self.x + self.width / 2, self.y + self.height / 2

    def overlaps(self, other: Rect, margin: float = 10) -> bool:
        """Say whether the two come nearer than a margin."""
        return (
            self.x < other.x + other.width + margin
            and other.x < self.x + self.width + margin
            and self.y < other.y + other.height + margin
            and other.y < self.y + self.height + margin
        )


def mend(work: Work) -> bytes:
    """Draw what is not drawn, and give the file."""
    shapes = _shapes(work.root)
    _clear(work, shapes)
    nodes = [node for node in work.nodes() if not _is_folded(node, shapes)]
    missing = [node for node in nodes if node.get("id") not in shapes]
    if nodes and len(missing) == len(nodes):
        return _drawn_anew(work, len(nodes))
    pen = _Pen(work, shapes)
    undrawn = [line for line in _lines(work) if pen.can_draw(line)]
    if (missing or undrawn) and not work.applied:
        names = "、".join(label_of(one) for one in [*missing, *undrawn][:5])
        work.done("layout-missing", None, f"补画了 {names}", f"{names} were drawn")
    pen.draw(missing)
    return written(work.tree)


def written(tree: etree._ElementTree) -> bytes:
    """A tree as a file."""
    return bytes(etree.tostring(tree, encoding="UTF-8", xml_declaration=True)).rstrip() + b"\n"


def _drawn_anew(work: Work, count: int) -> bytes:
    work.done("layout-missing", None, "没有图形位置，重新画了", "there was no layout; it was drawn")
    ways = [len(flows) for scope in work.scopes() for flows in flows_of(scope).values()]
    beside = sum(1 for _ in work.root.iter(*(q(tag) for tag in BESIDE)))
    many = count > _MOST_TIDIED or beside > _MOST_TIDIED or max(ways, default=0) > _MOST_WAYS
    if many or work.is_late:
        for old in list(work.root.iterchildren(f"{{{BPMNDI}}}BPMNDiagram")):
            work.root.remove(old)
        _grid(work)
        return written(work.tree)
    return tidy(written(work.tree))


def _lines(work: Work) -> list[etree._Element]:
    """The lines that decide what happens: flows, and what joins an activity with what undoes it."""
    events = {node.get("id") for node in work.nodes("boundaryEvent") if is_boundary(node)}
    joined = work.root.iter(q("association"))
    return [
        *work.flows(),
        *(line for line in joined if events & {line.get("sourceRef"), line.get("targetRef")}),
    ]


def _shapes(root: etree._Element) -> dict[str, tuple[etree._Element, Rect]]:
    """The shapes that can be read, by what they show."""
    found = {}
    for shape in root.iter(_SHAPE):
        rect = _rect(shape)
        if rect is not None:
            found[shape.get("bpmnElement", "").rpartition(":")[2]] = (shape, rect)
    return found


def _rect(shape: etree._Element) -> Rect | None:
    bounds = shape.find(f"{{{DC}}}Bounds")
    if bounds is None:
        return None
    try:
        figures = [float(bounds.get(name, "")) for name in ("x", "y", "width", "height")]
    except ValueError:
        return None
    sane = all(math.isfinite(one) and abs(one) < 1e6 for one in figures)
    return Rect(*figures) if sane else None


def _clear(work: Work, shapes: dict[str, tuple[etree._Element, Rect]]) -> None:
    """Take out the drawing of what was removed, and shapes without bounds."""
    for drawn in [*work.root.iter(_SHAPE), *work.root.iter(_EDGE)]:
        of = drawn.get("bpmnElement", "").rpartition(":")[2]
        unplaced = drawn.tag == _SHAPE and of not in shapes
        if of in work.gone or unplaced:
            if unplaced and of not in work.gone:
                work.done(
                    "layout-missing",
                    None,
                    f"{of[:60]} 的位置写得不对，重新画",
                    f"the place of {of[:60]} could not be read; it is drawn anew",
                )
            remove(drawn)
    for diagram in list(work.root.iterchildren(f"{{{BPMNDI}}}BPMNDiagram")):
        if diagram.find(_PLANE) is None:
            work.root.remove(diagram)


def _is_folded(node: etree._Element, shapes: dict[str, tuple[etree._Element, Rect]]) -> bool:
    """Say whether a node stands in a sub-process that is drawn closed."""
    for parent in node.iterancestors():
        if local(parent) in reading.SUBPROCESSES and parent.get("id") in shapes:
            shape = shapes[parent.get("id", "")][0]
            inside = any(child.get("id") in shapes for child in nodes_of(parent))
            if shape.get("isExpanded") != "true" and not inside:
                return True
    return False


class _Pen:
    """Puts single shapes and lines into a drawing."""

    def __init__(self, work: Work, shapes: dict[str, tuple[etree._Element, Rect]]) -> None:
        self.work = work
        self.shapes = shapes
        self.gateways = {node.get("id") for node in work.nodes(*reading.GATEWAYS)}
        self.edges = {e.get("bpmnElement", "").rpartition(":")[2]: e for e in work.root.iter(_EDGE)}

    def can_draw(self, flow: etree._Element) -> bool:
        """Say whether a flow has no line in the drawing though both its ends are drawn."""
        ends = (flow.get("sourceRef", ""), flow.get("targetRef", ""))
        return flow.get("id", "") not in self.edges and all(end in self.shapes for end in ends)

    def draw(self, missing: list[etree._Element]) -> None:
        """Draw nodes, and the lines that are missing or were moved."""
        waiting = list(missing)
        while waiting:
            ready = next((node for node in waiting if self._neighbour(node)), waiting[0])
            waiting.remove(ready)
            self._place(ready)
        for line in _lines(self.work):
            name = line.get("id", "")
            if name in self.work.moved or name not in self.edges:
                self._line(line)

    def _neighbour(self, node: etree._Element) -> tuple[str, bool] | None:
        """A drawn node next to this one, and whether this one stands behind it."""
        scope = node.getparent()
        if scope is None:
            return None
        name = node.get("id", "")
        if local(node) == "boundaryEvent" and node.get("attachedToRef") in self.shapes:
            return node.get("attachedToRef", ""), True
        for flow in flows_of(scope, "targetRef")[name]:
            if flow.get("sourceRef") in self.shapes:
                return flow.get("sourceRef", ""), True
        for flow in flows_of(scope)[name]:
            if flow.get("targetRef") in self.shapes:
                return flow.get("targetRef", ""), False
        return None

    def _place(self, node: etree._Element) -> None:
        width, height = size_of(node)
        near = self._neighbour(node)
        scope = node.getparent()
        plane = next(self.work.root.iter(_PLANE), None)
        if near is None:
            drawn = [n.get("id", "") for n in nodes_of(scope)] if scope is not None else []
            name = next((one for one in reversed(drawn) if one in self.shapes), None)
            near = (name, True) if name else None
        if near is None:
            rect = self._free(Rect(100, 100, width, height), 1)
        else:
            shape, beside = self.shapes[near[0]]
            plane = shape.getparent()
            rect = self._beside(node, beside, near[1], width, height)
        if plane is None:
            return
        made = etree.SubElement(
            plane, _SHAPE, id=self.work.new_id(f"{node.get('id')}_di"), bpmnElement=node.get("id", "")
        )
        if local(node) == "exclusiveGateway":
            made.set("isMarkerVisible", "true")
        _write_bounds(made, rect)
        self.shapes[node.get("id", "")] = (made, rect)

    def _beside(self, node: etree._Element, near: Rect, behind: bool, width: int, height: int) -> Rect:
        y = near.centre[1]
        if local(node) == "boundaryEvent":
            taken = sum(
                1
                for _, other in self.shapes.values()
                if abs(other.y + other.height / 2 - near.y - near.height) < 2
            )
            return Rect(
                near.x + near.width - width - 8 - 45 * taken, near.y + near.height - height / 2, width, height
            )
        between = self._between(node, near, width, height) if behind else None
        if between is not None:
            return between
        left = near.x + near.width + _GAP if behind else near.x - _GAP - width
        return self._free(Rect(left, y - height / 2, width, height), 1 if behind else -1)

    def _between(self, node: etree._Element, near: Rect, width: int, height: int) -> Rect | None:
        """The middle between what a node follows and what follows it, when it fits there."""
        scope = node.getparent()
        if scope is None:
            return None
        ways = flows_of(scope)[node.get("id", "")]
        targets = [self.shapes[f.get("targetRef", "")][1] for f in ways if f.get("targetRef") in self.shapes]
        right = near.x + near.width
        gap = min((target.x for target in targets if target.x > right), default=right) - right
        if local(node) in reading.GATEWAYS:
            # A smaller diamond is better than one that stands elsewhere.
            width = height = max(_SMALLEST, min(width, int(gap) - 8))
        rect = Rect(right + (gap - width) / 2, near.centre[1] - height / 2, width, height)
        holders = self._holders()
        taken = [other for name, (_, other) in self.shapes.items() if name not in holders]
        fits = gap >= width + 8 and not any(rect.overlaps(other, 4) for other in taken)
        return rect if fits else None

    def _free(self, wanted: Rect, direction: int) -> Rect:
        holders = self._holders()
        taken = [rect for name, (_, rect) in self.shapes.items() if name not in holders]
        for across, down in _PLACES:
            x = wanted.x + direction * across * 60
            rect = Rect(x, wanted.y + down * (TASK_HEIGHT + 20), wanted.width, wanted.height)
            if not any(rect.overlaps(other) for other in taken):
                return rect
        lowest = max(other.y + other.height for other in taken)
        return Rect(wanted.x, lowest + 40, wanted.width, wanted.height)

    def _holders(self) -> set[str]:
        """What others may stand in: pools, lanes, opened sub-processes."""
        tags = ("participant", "lane", "group", *reading.SUBPROCESSES)
        return {e.get("id", "") for e in self.work.root.iter(*(q(tag) for tag in tags))}

    def _line(self, flow: etree._Element) -> None:
        source = self.shapes.get(flow.get("sourceRef", ""))
        target = self.shapes.get(flow.get("targetRef", ""))
        edge = self.edges.get(flow.get("id", ""))
        if source is None or target is None:
            return
        if edge is None:
            plane = source[0].getparent()
            if plane is None:
                return
            name = self.work.new_id(f"{flow.get('id')}_di")
            edge = etree.SubElement(plane, _EDGE, id=name, bpmnElement=flow.get("id", ""))
            self.edges[flow.get("id", "")] = edge
        for old in list(edge.iterchildren(f"{{{DI}}}waypoint")):
            edge.remove(old)
        corners = [flow.get(end) in self.gateways for end in ("sourceRef", "targetRef")]
        for at, (x, y) in enumerate(_way(source[1], target[1], *corners)):
            point = etree.Element(f"{{{DI}}}waypoint", x=str(round(x)), y=str(round(y)))
            edge.insert(at, point)


def _way(
    source: Rect, target: Rect, from_gateway: bool = False, to_gateway: bool = False
) -> list[tuple[float, float]]:
    """A line of right angles from one shape to another; a gateway's other corners are used too."""
    (sx, sy), (tx, ty) = source.centre, target.centre
    right, left = source.x + source.width, target.x
    if from_gateway and left > sx and abs(sy - ty) > source.height / 2:
        return [(sx, source.y + source.height if ty > sy else source.y), (sx, ty), (left, ty)]
    if to_gateway and tx > right and abs(sy - ty) > target.height / 2:
        return [(right, sy), (tx, sy), (tx, target.y if ty > sy else target.y + target.height)]
    if left >= right:
        if abs(sy - ty) < 2:
            return [(right, sy), (left, sy)]
        middle = (right + left) / 2
        return [(right, sy), (middle, sy), (middle, ty), (left, ty)]
    below = max(source.y + source.height, target.y + target.height) + 30
    if abs(sx - tx) < 2 and sy != ty:
        down = sy < ty
        return [
            (sx, source.y + source.height if down else source.y),
            (sx, target.y if down else target.y + target.height),
        ]
    return [(sx, source.y + source.height), (sx, below), (tx, below), (tx, target.y + target.height)]


def size_of(node: etree._Element) -> tuple[int, int]:
    """How large a node is drawn."""
    kind = local(node)
    if kind in reading.EVENTS:
        return EVENT, EVENT
    if kind in reading.GATEWAYS:
        return GATEWAY, GATEWAY
    return TASK_WIDTH, TASK_HEIGHT


def _write_bounds(shape: etree._Element, rect: Rect) -> None:
    figures = {"x": rect.x, "y": rect.y, "width": rect.width, "height": rect.height}
    etree.SubElement(shape, f"{{{DC}}}Bounds", {name: str(round(value)) for name, value in figures.items()})


def _grid(work: Work) -> None:
    """A plain drawing of very many nodes: rows of ten."""
    collaboration = work.root.find(q("collaboration"))
    of = collaboration if collaboration is not None else work.root.find(q("process"))
    if of is None:
        return
    names = {"bpmndi": BPMNDI, "dc": DC, "di": DI}
    diagram = etree.SubElement(
        work.root, f"{{{BPMNDI}}}BPMNDiagram", nsmap=names, id=work.new_id("BPMNDiagram")
    )
    plane = etree.SubElement(diagram, _PLANE, id=work.new_id("BPMNPlane"), bpmnElement=of.get("id", ""))
    rects: dict[str, Rect] = {}
    for number, node in enumerate(work.nodes()):
        row, column = divmod(number, 10)
        width, height = size_of(node)
        rect = Rect(
            60 + column * 180 + (TASK_WIDTH - width) / 2,
            60 + row * 140 + (TASK_HEIGHT - height) / 2,
            width,
            height,
        )
        rects[node.get("id", "")] = rect
        shape = etree.SubElement(
            plane, _SHAPE, id=work.new_id(f"{node.get('id')}_di"), bpmnElement=node.get("id", "")
        )
        _write_bounds(shape, rect)
    for flow in work.flows():
        source, target = rects.get(flow.get("sourceRef", "")), rects.get(flow.get("targetRef", ""))
        if source and target:
            edge = etree.SubElement(
                plane, _EDGE, id=work.new_id(f"{flow.get('id')}_di"), bpmnElement=flow.get("id", "")
            )
            for x, y in _way(source, target):
                etree.SubElement(edge, f"{{{DI}}}waypoint", x=str(round(x)), y=str(round(y)))
