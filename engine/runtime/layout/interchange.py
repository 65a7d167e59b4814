"""Write a drawn scene as BPMN diagram interchange."""

from __future__ import annotations

from lxml import etree

from engine.runtime.layout.pools import Pool
from engine.runtime.layout.scene import TITLE, Box, Rect, Scene, Shape
from engine.runtime.reading import BPMNDI, DC, DI, SUBPROCESSES, local

#: Around the whole drawing.
MARGIN = 40
#: The width of the upright name of a pool or lane.
HEADING = 30


def append_diagram(root: etree._Element, diagram: etree._Element) -> None:
    if len(root):
        root[-1].tail = "\n  "
    root.append(diagram)
    etree.indent(diagram, space="  ", level=1)
    diagram.tail = "\n"


def diagram_of(scene: Scene, pools: list[Pool], plane_of: str, taken: set[str]) -> etree._Element:
    """The drawing of a scene; ``taken`` are the ids of the file."""
    names = {"bpmndi": BPMNDI, "dc": DC, "di": DI}
    diagram = etree.Element(f"{{{BPMNDI}}}BPMNDiagram", nsmap=names, id=f"BPMNDiagram_{plane_of}")
    plane = etree.SubElement(
        diagram, f"{{{BPMNDI}}}BPMNPlane", id=f"BPMNPlane_{plane_of}", bpmnElement=plane_of
    )
    depth = max((pool.depth for pool in pools), default=0)
    heading = HEADING * (1 + depth) if pools and pools[0].participant is not None else 0
    left, top = MARGIN + heading, MARGIN
    for pool in pools:
        if pool.participant is not None:
            _write_pool(plane, scene, pool, left - heading, top, scene.width + heading)
    _write_scene(plane, scene, left, top)
    _settle_ids(diagram, taken)
    return diagram


def _settle_ids(diagram: etree._Element, taken: set[str]) -> None:
    """Give what is drawn ids that nothing else of the file has."""
    for drawn in diagram.iter(etree.Element):
        wanted = drawn.get("id")
        if wanted is not None:
            while wanted in taken:
                wanted += "_"
            drawn.set("id", wanted)
            taken.add(wanted)


def _write_pool(plane: etree._Element, scene: Scene, pool: Pool, x: float, top: float, width: float) -> None:
    def bounds(bands: list[int], inset: float) -> Rect:
        first, last = scene.bands[bands[0]], scene.bands[bands[-1]]
        return Rect(x + inset, top + first.y, width - inset, last.y + last.height - first.y)

    assert pool.participant is not None
    headed = [(pool.participant, bounds(pool.bands, 0))]
    headed += [(lane.element, bounds(lane.bands, HEADING * (1 + lane.depth))) for lane in pool.lanes]
    for element, place in headed:
        # What has no id cannot be referred to.
        if key := element.get("id"):
            _shape(plane, key, place, isHorizontal="true")


def _write_scene(plane: etree._Element, scene: Scene, left: float, top: float) -> None:
    for box in sorted(scene.boxes.values(), key=lambda box: box.host is not None):
        if box.shape is Shape.ANCHOR or box.element is None:
            continue
        shape = _shape(plane, box.id, _moved(box.rect, left, top), **_flags(box))
        _label(shape, scene.labels.get(box.id), left, top)
        if box.inner is not None:
            x = box.x - box.inner.width / 2 + left
            _write_scene(plane, box.inner, x, box.y - box.height / 2 + TITLE + top)
    for link in scene.links:
        edge = etree.SubElement(plane, f"{{{BPMNDI}}}BPMNEdge", id=f"{link.id}_di", bpmnElement=link.id)
        for x, y in link.points:
            etree.SubElement(edge, f"{{{DI}}}waypoint", x=_px(x + left), y=_px(y + top))
        _label(edge, scene.labels.get(link.id), left, top)


def _flags(box: Box) -> dict[str, str]:
    assert box.element is not None
    tag = local(box.element)
    if tag == "exclusiveGateway":
        return {"isMarkerVisible": "true"}
    if tag in SUBPROCESSES:
        return {"isExpanded": "true"}
    return {}


def _shape(plane: etree._Element, element_id: str, rect: Rect, **flags: str) -> etree._Element:
    shape = etree.SubElement(plane, f"{{{BPMNDI}}}BPMNShape", id=f"{element_id}_di", bpmnElement=element_id)
    for name, value in flags.items():
        shape.set(name, value)
    _bounds(shape, rect)
    return shape


def _label(owner: etree._Element, rect: Rect | None, left: float, top: float) -> None:
    if rect is not None:
        _bounds(etree.SubElement(owner, f"{{{BPMNDI}}}BPMNLabel"), _moved(rect, left, top))


def _bounds(owner: etree._Element, rect: Rect) -> None:
    etree.SubElement(
        owner,
        f"{{{DC}}}Bounds",
        x=_px(rect.x),
        y=_px(rect.y),
        width=_px(rect.width),
        height=_px(rect.height),
    )


def _moved(rect: Rect, left: float, top: float) -> Rect:
    return Rect(rect.x + left, rect.y + top, rect.width, rect.height)


def _px(length: float) -> str:
    return str(round(length))
