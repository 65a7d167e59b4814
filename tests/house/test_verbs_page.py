"""The page of verbs is what the engine's table says, and the table is whole."""

from __future__ import annotations

from pathlib import Path

from engine import errors
from engine.domain.verbs import STATES, VERBS, WHO
from tools import verbs


def test_the_page_of_verbs_is_made_from_the_table(root: Path) -> None:
    page = (root / "docs" / "reference" / "verbs.md").read_text(encoding="utf-8")
    said = page.split(f"{verbs.BEGIN}\n")[1].split(verbs.END)[0]
    assert said == verbs.made(), "run `python -m tools.verbs`"


def test_the_table_names_what_there_is() -> None:
    for verb in VERBS.values():
        known = set(STATES) if verb.over == "task" else {"active", "suspended", "ended", "cancelled"}
        assert set(verb.moves) <= known, verb.name
        assert {target for targets in verb.moves.values() for target in targets} <= known, verb.name
        assert set(verb.who) <= set(WHO), verb.name
        assert not verb.undo or verb.undo in VERBS, verb.name
        assert hasattr(errors, verb.otherwise), verb.name
