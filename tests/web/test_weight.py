"""The inbox stays light: all of its scripts and styles, compressed."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import web

BUILD = Path(web.__file__).parent / "static" / "build"


def test_the_inbox_weighs_less_than_sixty_kilobytes() -> None:
    files = json.loads((BUILD / "manifest.json").read_text("utf-8"))["files"]
    weight = sum(
        len(gzip.compress((BUILD / files[name]).read_bytes(), 9)) for name in ("app.js", "app.css", "form.js")
    )
    assert weight < 60_000
