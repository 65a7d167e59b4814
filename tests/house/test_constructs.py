"""The page of constructs: every row names a story that is told, and a finding that there is."""

import re
from pathlib import Path

import pytest

from engine.runtime.lint_codes import RULES
from engine.runtime.reading import NODES

STORIES = ("test_flow.py", "test_activities.py", "test_compensation.py", "test_decisions.py")
#: Besides the flow nodes: what decides how an activity is done, and what data is drawn with.
OTHERS = {
    *("standardLoopCharacteristics", "multiInstanceLoopCharacteristics", "isForCompensation"),
    *("dataObject", "dataObjectReference", "dataStore", "dataStoreReference", "property", "ioSpecification"),
    *("dataInputAssociation", "dataOutputAssociation"),
}


@pytest.fixture(scope="module")
def page() -> str:
    return (Path(__file__).parents[2] / "docs/reference/constructs.md").read_text(encoding="utf-8")


def rows(page: str) -> list[list[str]]:
    found = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    return [cells for cells in found if cells[0] not in ("construct", "pair")]


def told() -> set[str]:
    folder = Path(__file__).parents[1] / "conformance"
    text = "".join((folder / name).read_text(encoding="utf-8") for name in STORIES)
    names = re.findall(r'story\(\s*"([^"]+)"', text) + re.findall(r'id="([^"]+)"', text)
    return {*names, *re.findall(r"def (test_\w+)", text)}


def test_every_row_names_a_story_that_is_told(page: str) -> None:
    known = told()
    for cells in rows(page):
        assert set(re.findall("`([^`]+)`", cells[-1])) <= known, cells
        assert "`" in cells[-1], cells


def test_what_is_refused_is_refused_by_a_finding(page: str) -> None:
    refused = [cells[1] for cells in rows(page) if "refused" in cells[1]]
    assert refused
    for cell in refused:
        codes = re.findall("`([^`]+)`", cell)
        assert codes
        assert set(codes) <= set(RULES), cell


def test_every_construct_has_its_row(page: str) -> None:
    named = set(re.findall(r"\b[a-z]\w+\b", " ".join(cells[0] for cells in rows(page))))
    assert (NODES | OTHERS) - named == set()
