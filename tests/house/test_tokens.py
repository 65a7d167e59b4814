"""The colours of the pages: dark is one set of values, and everything reads at AA."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOKENS = (Path(__file__).parents[2] / "web" / "assets" / "css" / "tokens.css").read_text("utf-8")
AA = 4.5


def block(after: str) -> dict[str, str]:
    """The colours of the first block that follows some words of the file."""
    body = TOKENS.split(after, 1)[1].split("}", 1)[0]
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", body))


LIGHT, DARK = block(":root {"), block(':root[data-theme="dark"] {')


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, contrast ratio."""
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_dark_is_the_same_whether_the_reader_or_the_system_chose_it() -> None:
    assert block(':root[data-theme="system"] {') == DARK


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        *((ink, ground) for ink in ("ink", "quiet") for ground in ("paper", "sheet", "sunk")),
        *((ink, ground) for ink in ("accent", "red", "amber", "green") for ground in ("paper", "sheet")),
        *((f"{ink}", f"{ink}-tint") for ink in ("accent", "red", "amber", "green")),
        ("amber", "accent-tint"),
        ("green", "accent-tint"),
        ("quiet", "accent-tint"),
        ("on-accent", "accent"),
        ("on-accent", "accent-hover"),
        ("sheet", "red"),
        ("paper", "ink"),
    ],
)
def test_words_stand_out_from_their_ground(theme: dict[str, str], ink: str, ground: str) -> None:
    assert contrast(theme[ink], theme[ground]) >= AA


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "sheet"])
def test_the_edge_of_a_field_is_seen(theme: dict[str, str], ground: str) -> None:
    assert contrast(theme["line-strong"], theme[ground]) >= 3
