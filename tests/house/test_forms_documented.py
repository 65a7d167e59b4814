import re
from pathlib import Path

import pytest

from forms.messages import CODES
from forms.refusals import REFUSALS
from forms.vocabulary import COMPONENT_TYPES, PROPERTIES, VALIDATE_KEYS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "forms.md"


def headings() -> list[str]:
    return re.findall(r"^#{3,4} `([^`]+)`$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("word", [*COMPONENT_TYPES, *VALIDATE_KEYS, *PROPERTIES, *CODES, *REFUSALS])
def test_every_word_of_forms_has_its_heading(word: str) -> None:
    assert word in headings()


def test_no_heading_speaks_of_a_word_that_is_gone() -> None:
    assert set(headings()) == {*COMPONENT_TYPES, *VALIDATE_KEYS, *PROPERTIES, *CODES, *REFUSALS}
