"""Every hostile file is answered at once, with a place, and nothing that is accepted fails without one."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from engine.runtime.layout import tidy
from engine.runtime.linting import lint
from engine.runtime.reading import Unreadable
from engine.trying import NOT_NEEDED, dry_run
from tests.conformance.hostile import Hostile, files
from web.terminal.diagrams import check

CANARY = Path("/tmp/guanjia-canary")
SECRET = "the canary sings"
#: Seconds of processor time that one question about one file may take.
MOST = 2.0
#: Seconds that drawing may take; it is no answer to anybody who waits for one.
DRAWING = 6.0
#: Megabytes that the whole of it may take at its peak, all files together.
ROOM = 700


def spent(act: Callable[[], Any], most: float = MOST) -> Any:
    """Do something within the time that it may take."""
    begun = time.process_time()
    result = act()
    assert time.process_time() - begun < most
    return result


def tidied(content: bytes) -> bytes:
    """A file drawn anew; nothing when it cannot be read."""
    try:
        return tidy(content)
    except Unreadable as unreadable:
        return unreadable.code.encode()


@pytest.fixture(scope="module", autouse=True)
def canary() -> Any:
    """A file that must neither be read nor written; the room that all of it takes is bounded."""
    CANARY.write_text(SECRET, encoding="utf-8")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert CANARY.read_text(encoding="utf-8") == SECRET
    CANARY.unlink()
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < ROOM


@pytest.mark.parametrize("hostile", files(str(CANARY)), ids=lambda hostile: hostile.name)
def test_a_hostile_file_is_answered(hostile: Hostile, tmp_path: Path) -> None:
    content = hostile.make()

    findings = spent(lambda: lint(content, called=frozenset()))
    errors = [found for found in findings if found.severity == "error"]
    assert "check-failed" not in {found.code for found in findings}
    if hostile.refused:
        assert errors
    assert all(found.message and found.message_en for found in findings)
    whole = {"file-too-large", "file-empty", "too-many-elements", "too-many-nodes", "too-many-flows"}
    whole |= {"xml-broken", "not-bpmn", "process-missing", "check-unfinished", "too-many-findings"}
    for found in errors:
        assert found.element or found.line or found.code in whole, found

    told = spent(lambda: dry_run(content, {}, 200))
    shown = json.dumps(told, allow_nan=False, ensure_ascii=True)
    assert SECRET not in shown
    refused = [found for found in told["findings"] if found["severity"] == "error"]
    if [found for found in errors if found.code not in NOT_NEEDED | {"call-unknown"}]:
        assert told["end"] == "refused"
    if told["end"] in ("failed", "refused"):
        assert refused
    if told["end"] == "failed":
        assert refused[-1]["element"], told["findings"]
    assert told["end"] in ("completed", "waiting", "bounded", "failed", "refused")

    assert SECRET.encode() not in spent(lambda: tidied(content), DRAWING)

    path = tmp_path / "hostile.bpmn"
    path.write_bytes(content)
    done = spent(lambda: CliRunner().invoke(check, [str(path), "--json"]))
    assert done.exit_code == (1 if errors else 0), done.output[:500]
    (report,) = json.loads(done.output)["files"]
    assert report["deployable"] is not bool(errors)
    assert SECRET not in done.output
