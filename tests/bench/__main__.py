"""``make bench``: everything side by side in one run, as ``build/bench.json`` and a table.

``python -m tests.bench steps pages`` measures only these. A ratio compares what ran beside each other in
this run; a figure in milliseconds is this machine's, today.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import inbox, pages, peers, steps, timers
from tests.engine import server

BUILD = Path(__file__).resolve().parents[2] / "build"
FAMILIES: dict[str, Callable[[Path], dict[str, float]]] = {
    "steps": steps.measure,
    "peers": peers.measure,
    "pages": pages.measure,
    "inbox": lambda _folder: inbox.run(),
    "timers": timers.measure,
}
#: Figure → its bar, and whether a larger one is better.
BARS: dict[str, tuple[float, bool]] = {
    "step.vs_raw": (6, False),
    "step.vs_naive_1": (0.4, False),
    "step.vs_naive_100": (0.05, False),
    "step.growth_1000": (1.2, False),
    "step.sql": (10, False),
    "step.commits": (1, False),
    "step.bytes": (12_000, False),
    "timers.lag_p99_s": (1, False),
    "timers.burst_vs_floor": (0.8, True),
    "scale.two_workers": (1.6, True),
    "inbox.page_p95_ms": (5, False),
    "inbox.text_p95_ms": (10, False),
    "inbox.growth": (2, False),
    "start.vs_raw": (6, False),
    "http.vs_raw": (50, False),
}


def main(asked: list[str]) -> None:
    """Measure, and say what came of it."""
    # An incident of a benchmark is none of a user's.
    logging.disable(logging.WARNING)
    figures: dict[str, float] = {}
    # A world of the tests would take the server for its own database.
    timers.SERVER = os.environ.pop(server.VARIABLE, None)
    for family in asked or FAMILIES:
        print(f"{family} …", file=sys.stderr, flush=True)
        with TemporaryDirectory(prefix="guanjia-bench-", dir=_room()) as folder:
            figures |= FAMILIES[family](Path(folder))
    BUILD.mkdir(exist_ok=True)
    file = BUILD / "bench.json"
    before = json.loads(file.read_text("utf-8"))["figures"] if asked and file.is_file() else {}
    figures = {**before, **{name: round(value, 4) for name, value in figures.items()}}
    told = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "figures": figures,
    }
    file.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    print(table(figures))


def _room() -> Path:
    # The same disk as an installation's, not a file system in memory.
    folder = BUILD.parent / "var"
    folder.mkdir(exist_ok=True)
    return folder


def table(figures: dict[str, float]) -> str:
    """The figures as a table in Markdown."""
    lines = ["| figure | measured | bar |", "|---|---|---|"]
    for name, value in sorted(figures.items(), key=lambda found: (found[0] not in BARS, found[0])):
        bar, larger = BARS.get(name, (None, False))
        said = "" if bar is None else f"{'≥' if larger else '≤'} {bar:g}"
        missed = bar is not None and (value < bar if larger else value > bar)
        lines.append(f"| `{name}` | {value:,.3g}{' ✗' if missed else ''} | {said} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main(sys.argv[1:])
