"""Whatever a person reads exists in both languages."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import Engine, Settings, open_engine
from engine.bundles import from_folders, procedures_in
from engine.checking import check_bundle
from tools.translations import collected, problems_of, read

BPMN = Path(__file__).resolve().parents[2] / "bpmn"


@pytest.fixture
def engine() -> Iterator[Engine]:
    opened = open_engine(Settings(database_url="sqlite:///:memory:"))
    yield opened
    opened.database.bind.dispose()


@pytest.mark.parametrize("procedure", procedures_in(BPMN))
def test_a_shipped_procedure_has_no_finding(procedure: str, engine: Engine) -> None:
    settings = engine.settings
    found = check_bundle(engine, from_folders(settings.bpmn, settings.forms, procedure))
    assert [f"{finding.code}: {finding.message_en}" for finding in found if finding.severity == "error"] == []
    assert [finding.message_en for finding in found if finding.code == "untranslated"] == []


def test_the_organisation_speaks_both_languages(engine: Engine) -> None:
    named = [
        *engine.organisation.roles.values(),
        *engine.organisation.sites.values(),
        *engine.organisation.departments.values(),
        *engine.calendars.values(),
        *engine.deadlines.values(),
    ]
    assert [one for one in named if not one.zh.strip() or not one.en.strip()] == []


def test_the_pages_speak_english_completely() -> None:
    assert list(problems_of(collected(), read())) == []
