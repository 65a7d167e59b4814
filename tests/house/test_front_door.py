"""The front door exports what it says, and pages keep apart."""

import ast
import tomllib
from pathlib import Path

import engine


def test_the_front_door_exports_exactly_what_it_imports(root: Path) -> None:
    tree = ast.parse((root / "engine" / "__init__.py").read_text(encoding="utf-8"))
    imported = [
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    assert sorted(engine.__all__) == sorted(imported)
    assert all(hasattr(engine, name) for name in engine.__all__)


def test_every_page_is_in_the_contract_that_keeps_pages_apart(root: Path) -> None:
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    apart = next(found["modules"] for found in contracts if found["type"] == "independence")
    pages = [
        f"web.{path.stem}"
        for path in sorted((root / "web").glob("*.py"))
        if "\nbp = Blueprint(" in path.read_text(encoding="utf-8")
    ]
    assert sorted(apart) == pages
