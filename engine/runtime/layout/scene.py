"""What a drawing consists of before it has coordinates: boxes in columns, rows and lanes.

A *scene* is one plane of boxes and links: the pools of the file, or the inside of a sub-process.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass, field
from enum import Enum

from lxml import etree

#: Pixels; the sizes bpmn-js draws best.
EVENT, GATEWAY, TASK_WIDTH, TASK_HEIGHT = 36, 50, 120, 80
#: (Chinese characters, width): longer names get wider tasks, else their first line meets the task's icon.
WIDER_TASKS = ((10, 160), (8, 140))
LINE_HEIGHT = 14
#: Inside an expanded sub-process; its name stands in the upper part.
PADDING, TITLE = 12, 24
#: Between two pools.
BETWEEN_POOLS = 30
#: Labels break after about this many Chinese characters.
LABEL_CHARACTERS = 8
#: What each boundary event needs of its host's width, with its name, when there are more than two.
BOUNDARY_STEP = 70


class Shape(Enum):
    """The outline of a box; lines end on it."""

    CIRCLE = "circle"
    DIAMOND = "diamond"
    RECTANGLE = "rectangle"
    #: Not drawn: the place in a closed pool where a message flow ends.
    ANCHOR = "anchor"


class Kind(Enum):
    """What a link is; only sequence flows order the boxes."""

    SEQUENCE = "sequence"
    MESSAGE = "message"
    ASSOCIATION = "association"


@dataclass(frozen=True)
class Rect:
    """A rectangle in pixels; ``x``, ``y`` is its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The x of its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The y of its lower edge."""
        return self.y + self.height

    def overlaps(self, other: Rect, margin: float = 0) -> bool:
        """Whether the two share an area, or come nearer than ``margin``."""
        return (
            self.x < other.right + margin
            and other.x < self.right + margin
            and self.y < other.bottom + margin
            and other.y < self.bottom + margin
        )


@dataclass
class Box:
    """A node of the drawing. ``col`` and ``row`` are its cell, ``x`` and ``y`` its centre."""

    id: str
    shape: Shape
    width: int
    height: int
    band: int
    label: str = ""
    element: etree._Element | None = None
    #: A boundary event's host; such a box has no cell of its own.
    host: str | None = None
    inner: Scene | None = None
    boundary: list[str] = field(default_factory=list)
    col: int = 0
    row: int = 0
    x: float = 0
    y: float = 0

    @property
    def rect(self) -> Rect:
        """The box's bounds."""
        return Rect(self.x - self.width / 2, self.y - self.height / 2, self.width, self.height)


@dataclass
class Link:
    """A line between two boxes; ``points`` are its waypoints."""

    id: str
    source: str
    target: str
    kind: Kind
    label: str = ""
    back: bool = False
    points: list[tuple[float, float]] = field(default_factory=list)


@dataclass
class Band:
    """A horizontal strip of rows: a leaf lane, a pool without lanes, or the gap between two pools."""

    min_height: int = 0
    pool: int = 0
    gap: bool = False
    rows: int = 1
    y: float = 0
    height: float = 0


@dataclass
class Scene:
    """Boxes and links on one plane; after ``placing`` every box has a cell."""

    bands: list[Band]
    boxes: dict[str, Box] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    columns: int = 0
    width: float = 0
    height: float = 0
    labels: dict[str, Rect] = field(default_factory=dict)

    def cell_of(self, box_id: str) -> Box:
        """The box that has the cell: a boundary event stands in its host's."""
        box = self.boxes[box_id]
        return self.boxes[box.host] if box.host else box

    @property
    def cells(self) -> list[Box]:
        """Boxes with a cell of their own."""
        return [box for box in self.boxes.values() if box.host is None]

    @property
    def row_count(self) -> int:
        """Rows of all bands."""
        return sum(band.rows for band in self.bands)


def characters(text: str) -> float:
    """The width of a text in Chinese characters; a Latin letter is a little more than half of one."""
    return sum(1.0 if unicodedata.east_asian_width(c) in "WFA" else 0.58 for c in text)


def label_size(text: str, most: int = LABEL_CHARACTERS) -> tuple[int, int]:
    """Width and height of a label in pixels, its lines broken evenly."""
    lines = [line for line in text.splitlines() if line] or [""]
    count = sum(max(1, math.ceil(characters(line) / most)) for line in lines)
    # A line also breaks at a space, which may leave it half empty.
    count += 1 if count > len(lines) and " " in text else 0
    longest = max(characters(line) / max(1, math.ceil(characters(line) / most)) for line in lines)
    return math.ceil(longest) * 11 + 10, count * LINE_HEIGHT
