"""Another engine beside ours: bpmn-engine of the npm registry, which keeps its state where we tell it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import mean, median

from tests.bench.steps import Durable, steps
from tests.drawing import Drawing
from tests.engine.world import World

HERE = Path(__file__).parent / "peers_npm"
TURNS = 20
#: Ten tasks in a row: an engine that evaluates JavaScript takes no condition of ours.
ROW = "s:start -> " + " -> ".join(f"t{n}:user" for n in range(1, 11)) + " -> e:end"


def measure(folder: Path) -> dict[str, float]:
    """Milliseconds of a step that is saved, and of one that is loaded and saved; ours beside them."""
    if not _install():
        print("peers: left out, npm is not installed", file=sys.stderr)
        return {}
    diagram = folder / "row.bpmn"
    diagram.write_bytes(Drawing(ROW).xml())
    world = World(folder)
    ours = Durable(world, ROW)
    steps(ours, 1)
    mine = median(mean(steps(ours, 1)) for _ in range(TURNS)) * 1e3
    world.close()
    saved, recovered = (_node(diagram, folder / mode, mode) for mode in ("save", "recover"))
    return {
        "peer.ours_ms": mine,
        "peer.bpmn_engine_saved_ms": saved,
        "peer.bpmn_engine_recovered_ms": recovered,
        "peer.vs_bpmn_engine_recovered": mine / recovered,
    }


def _install() -> bool:
    if shutil.which("npm") is None:
        return False
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]
    subprocess.run(command, cwd=HERE, check=True)
    return True


def _node(diagram: Path, store: Path, mode: str) -> float:
    command = ["node", "run.mjs", str(diagram.resolve()), str(store.resolve()), mode, str(TURNS)]
    done = subprocess.run(command, cwd=HERE, check=True, capture_output=True, text=True)
    return median(json.loads(done.stdout))
