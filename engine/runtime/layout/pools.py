"""Read a BPMN file into a scene: pools and lanes become bands, nodes boxes, flows links."""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

from engine.runtime.layout.scene import (
    BETWEEN_POOLS,
    BOUNDARY_STEP,
    EVENT,
    GATEWAY,
    TASK_HEIGHT,
    TASK_WIDTH,
    WIDER_TASKS,
    Band,
    Box,
    Kind,
    Link,
    Scene,
    Shape,
    characters,
    label_size,
)
from engine.runtime.reading import BPMN, EVENTS, GATEWAYS, NODES, SUBPROCESSES, local, q

#: The height of a pool whose inside is not shown, and of a lane with little in it.
CLOSED_POOL, LOWEST_LANE = 60, 120
#: Boxes that are not flow nodes, with their sizes; a text annotation grows with its text.
ARTIFACTS = {"textAnnotation": (140, 30), "dataObjectReference": (36, 50), "dataStoreReference": (50, 50)}


@dataclass
class Lane:
    """A lane of the file with the bands it covers."""

    element: etree._Element
    depth: int
    bands: list[int] = field(default_factory=list)


@dataclass
class Pool:
    """A participant, its process (None when the pool is closed), and its place among the bands."""

    participant: etree._Element | None
    process: etree._Element | None
    lanes: list[Lane] = field(default_factory=list)
    bands: list[int] = field(default_factory=list)

    @property
    def depth(self) -> int:
        """How many lane headings stand beside each other."""
        return 1 + max((lane.depth for lane in self.lanes), default=-1)


def ensure_pools(root: etree._Element) -> etree._Element | None:
    """The collaboration; added, with a participant a process, when lanes or several processes need it."""
    processes = root.findall(q("process"))
    collaboration = root.find(q("collaboration"))
    shown = {p.get("processRef") for p in root.iter(q("participant"))}
    missing = [process for process in processes if process.get("id") not in shown]
    if collaboration is None:
        needed = len(processes) > 1 or any(p.find(q("laneSet")) is not None for p in processes)
        if not needed:
            return None
        collaboration = etree.Element(
            q("collaboration"), id=_free_id(root, f"Collaboration_{processes[0].get('id')}")
        )
        collaboration.text, collaboration.tail = "\n    ", "\n  "
        processes[0].addprevious(collaboration)
    # Participants stand before everything else of a collaboration but its notes.
    ahead = collaboration.findall(q("documentation")) + collaboration.findall(q("extensionElements"))
    place = len(ahead + collaboration.findall(q("participant")))
    for process in reversed(missing):
        participant = etree.Element(
            q("participant"),
            id=_free_id(root, f"Participant_{process.get('id')}"),
            name=process.get("name") or process.get("id") or "",
            processRef=process.get("id") or "",
        )
        participant.tail = "\n    "
        collaboration.insert(place, participant)
    if missing:
        collaboration[-1].tail = "\n  "
    return collaboration


def _free_id(root: etree._Element, wanted: str) -> str:
    taken = {element.get("id") for element in root.iter(etree.Element)}
    while wanted in taken:
        wanted += "_"
    return wanted


def read_scene(root: etree._Element, collaboration: etree._Element | None) -> tuple[Scene, list[Pool]]:
    by_id = {process.get("id"): process for process in root.iterchildren(q("process"))}
    if collaboration is None:
        pools = [Pool(None, process) for process in list(by_id.values())[:1]]
    else:
        # A process is shown in its first pool; a further one of the same process is closed.
        participants = collaboration.findall(q("participant"))
        pools = [Pool(p, by_id.pop(p.get("processRef"), None)) for p in participants]
    scene = Scene(bands=[])
    for number, pool in enumerate(pools):
        if scene.bands:
            scene.bands.append(Band(min_height=BETWEEN_POOLS, gap=True, pool=number))
        home = _read_lanes(scene, pool, number)
        if pool.process is not None:
            _read_nodes(scene, pool.process, home, pool.bands[0])
    if collaboration is not None:
        _read_messages(scene, pools, collaboration)
    _settle_homeless(scene)
    _drop_loose_links(scene)
    return scene, pools


def _read_lanes(scene: Scene, pool: Pool, number: int) -> dict[str, int]:
    """Make the pool's bands; give the band of every node that a lane names."""
    home: dict[str, int] = {}

    def visit(lane_set: etree._Element, depth: int) -> list[int]:
        covered = []
        for element in lane_set.iterchildren(q("lane")):
            lane = Lane(element, depth)
            pool.lanes.append(lane)
            nested = element.find(q("childLaneSet"))
            lane.bands = visit(nested, depth + 1) if nested is not None else []
            if not lane.bands:
                height = max(LOWEST_LANE, round(characters(element.get("name", "")) * 13) + 24)
                scene.bands.append(Band(min_height=height, pool=number))
                lane.bands = [len(scene.bands) - 1]
            covered += lane.bands
            for ref in element.iterchildren(q("flowNodeRef")):
                home.setdefault((ref.text or "").strip(), lane.bands[0])
        return covered

    if pool.process is not None:
        for lane_set in pool.process.iterchildren(q("laneSet")):
            pool.bands += visit(lane_set, 0)
    if not pool.bands:
        closed = pool.process is None
        name = pool.participant.get("name", "") if pool.participant is not None else ""
        height = CLOSED_POOL if closed else max(LOWEST_LANE, round(characters(name) * 13) + 24)
        scene.bands.append(Band(min_height=0 if pool.participant is None else height, pool=number))
        pool.bands = [len(scene.bands) - 1]
    return home


def _read_nodes(scene: Scene, parent: etree._Element, home: dict[str, int], otherwise: int) -> None:
    """Boxes and links of one process or sub-process; ``home`` knows the bands."""
    for element in parent.iterchildren(tag=etree.Element):
        tag, key = local(element), element.get("id", "")
        if etree.QName(element).namespace != BPMN or not key:
            continue
        if tag in NODES or tag in ARTIFACTS:
            box = _box(element, tag, home.get(key, -1 if len(set(home.values())) > 1 else otherwise))
            scene.boxes[key] = box
        elif tag in ("sequenceFlow", "association"):
            kind = Kind.SEQUENCE if tag == "sequenceFlow" else Kind.ASSOCIATION
            name = element.get("name", "") if kind is Kind.SEQUENCE else ""
            scene.links.append(
                Link(key, element.get("sourceRef", ""), element.get("targetRef", ""), kind, name)
            )
        for data in element.iterchildren(q("dataInputAssociation"), q("dataOutputAssociation")):
            if not data.get("id"):
                continue
            source, target = data.findtext(q("sourceRef")), data.findtext(q("targetRef"))
            ends = (source or "", key) if local(data) == "dataInputAssociation" else (key, target or "")
            scene.links.append(Link(data.get("id", ""), *ends, Kind.ASSOCIATION))
    for box in scene.boxes.values():
        if box.host is not None and box.host in scene.boxes and box.id not in scene.boxes[box.host].boundary:
            host = scene.boxes[box.host]
            host.boundary.append(box.id)
            box.band = host.band
            if len(host.boundary) > 2:
                host.width = max(host.width, BOUNDARY_STEP * len(host.boundary))


def _box(element: etree._Element, tag: str, band: int) -> Box:
    key, name = element.get("id", ""), element.get("name", "")
    if tag in EVENTS:
        return Box(key, Shape.CIRCLE, EVENT, EVENT, band, name, element, host=element.get("attachedToRef"))
    if tag in GATEWAYS:
        return Box(key, Shape.DIAMOND, GATEWAY, GATEWAY, band, name, element)
    if tag in ARTIFACTS:
        width, height = ARTIFACTS[tag]
        if tag == "textAnnotation":
            height = 16 + label_size(element.findtext(q("text")) or "", 10)[1]
            return Box(key, Shape.RECTANGLE, width, height + height % 2, band, "", element)
        return Box(key, Shape.CIRCLE, width, height, band, name, element)
    box = Box(key, Shape.RECTANGLE, TASK_WIDTH, TASK_HEIGHT, band, name, element)
    box.width = next((width for most, width in WIDER_TASKS if characters(name) > most), TASK_WIDTH)
    if tag in SUBPROCESSES:
        box.inner = Scene(bands=[Band()])
        _read_nodes(box.inner, element, {}, 0)
        _drop_loose_links(box.inner)
    return box


def _read_messages(scene: Scene, pools: list[Pool], collaboration: etree._Element) -> None:
    """Message flows; one that ends at a pool ends at an anchor within it."""
    pool_of: dict[str, Pool] = {}
    for pool in pools:
        if pool.participant is not None:
            pool_of[pool.participant.get("id", "")] = pool
    for flow in collaboration.iterchildren(q("messageFlow")):
        if not flow.get("id"):
            continue
        ends = [flow.get("sourceRef", ""), flow.get("targetRef", "")]
        for i, end in enumerate(ends):
            if end in pool_of:
                anchor = f"{end} {ends[1 - i]}"
                scene.boxes[anchor] = Box(anchor, Shape.ANCHOR, 10, 10, pool_of[end].bands[0])
                ends[i] = anchor
        scene.links.append(Link(flow.get("id", ""), ends[0], ends[1], Kind.MESSAGE, flow.get("name", "")))


def _drop_loose_links(scene: Scene) -> None:
    """A line that ends nowhere cannot be drawn; a boundary event without its host is drawn alone."""
    scene.links = [link for link in scene.links if link.source in scene.boxes and link.target in scene.boxes]
    for box in scene.boxes.values():
        if box.host is not None and box.host not in scene.boxes:
            box.host = None


def _settle_homeless(scene: Scene) -> None:
    """A node that no lane names stands in the lane of a neighbour, else in the first."""
    first = next((i for i, band in enumerate(scene.bands) if not band.gap), 0)
    for _ in range(len(scene.boxes)):
        moved = False
        for link in scene.links:
            for one, other in ((link.target, link.source), (link.source, link.target)):
                if one in scene.boxes and other in scene.boxes:
                    here, there = scene.boxes[one], scene.boxes[other]
                    if here.band < 0 <= there.band:
                        here.band, moved = there.band, True
        if not moved:
            break
    for box in scene.boxes.values():
        box.band = first if box.band < 0 else box.band
    for box in scene.boxes.values():
        if box.host in scene.boxes:
            box.band = scene.boxes[box.host].band
