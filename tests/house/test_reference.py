"""Every setting, command, error, connector and code has its heading in docs/reference, and no other."""

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from engine import Settings, checking, errors
from engine.connectors import CONNECTORS, PARAMETERS
from engine.telling import VERBS
from web.errors import status_of
from web.settings import WebSettings
from web.terminal import guanjia

Headings = Callable[[str], list[str]]


def settings() -> set[str]:
    return {f"GUANJIA_{field.name.upper()}" for kind in (Settings, WebSettings) for field in fields(kind)}


def commands() -> set[str]:
    return {f"guanjia {name}" for name in guanjia.commands}


def targets(root: Path) -> set[str]:
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    return {f"make {name}" for name in re.findall(r"^([a-z-]+):.*##", makefile, re.MULTILINE)}


def error_classes() -> Iterator[type[errors.GuanjiaError]]:
    for _, found in inspect.getmembers(errors, inspect.isclass):
        if issubclass(found, errors.GuanjiaError):
            yield found


def section(root: Path, page: str, heading: str) -> str:
    """A page's text under one heading."""
    text = (root / "docs" / "reference" / page).read_text(encoding="utf-8")
    return re.split(r"^#{2,4} ", text.split(f"`{heading}`\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def test_every_setting_is_documented(headings: Headings) -> None:
    assert set(headings("settings.md")) == settings()


@pytest.mark.parametrize("kind", [Settings, WebSettings])
def test_the_reference_names_the_default_of_numbers(kind: type, root: Path) -> None:
    for field in fields(kind):
        if isinstance(field.default, int | float) and not isinstance(field.default, bool):
            said = section(root, "settings.md", f"GUANJIA_{field.name.upper()}")
            assert f"Default: `{field.default:g}`" in said or f"Default: `{field.default}`" in said


def test_every_command_and_target_is_documented(headings: Headings, root: Path) -> None:
    assert set(headings("commands.md")) == {"guanjia"} | commands() | targets(root)


@pytest.mark.parametrize("name", sorted(guanjia.commands))
def test_every_option_of_a_command_is_documented(name: str, root: Path) -> None:
    said = section(root, "commands.md", f"guanjia {name}")
    for parameter in guanjia.commands[name].params:
        if parameter.param_type_name == "option":
            assert any(f"`{option}" in said for option in parameter.opts), parameter.name


def test_every_error_is_documented(headings: Headings) -> None:
    assert set(headings("errors.md")) == {found.__name__ for found in error_classes()}


@pytest.mark.parametrize("kind", list(error_classes()), ids=lambda kind: kind.__name__)
def test_the_reference_gives_an_errors_status_and_message(kind: type, root: Path) -> None:
    error = kind.__new__(kind)
    said = section(root, "errors.md", kind.__name__)
    assert f"HTTP {status_of(error)}" in said
    assert kind.__doc__.strip().splitlines()[0] in said


def test_every_connector_is_documented(headings: Headings) -> None:
    assert set(headings("connectors.md")) == set(CONNECTORS)


@pytest.mark.parametrize("operator", sorted(CONNECTORS))
def test_every_parameter_that_a_connector_needs_is_documented(operator: str, root: Path) -> None:
    said = section(root, "connectors.md", operator)
    assert all(f"`{name}`" in said for name in PARAMETERS[operator])


def test_every_verb_of_a_scenario_is_documented(headings: Headings) -> None:
    assert set(headings("scenarios.md")) == set(VERBS)


def test_every_code_of_the_check_is_documented(headings: Headings) -> None:
    source = inspect.getsource(checking)
    told = set(re.findall(r'Finding\(\s*"(?:error|warning)",\s*"([a-z-]+)"', source))
    assert told, "the check has no codes any more?"
    assert told <= set(headings("codes.md"))
