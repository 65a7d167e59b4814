"""The longest modules and functions are printed, so that somebody asks which two rooms they are.

There is no limit that fails: a number that fails builds teaches people to split badly.
"""

import ast
import sys
from pathlib import Path

import pytest

Lengths = list[tuple[int, str]]


def lengths(root: Path, files: list[Path]) -> tuple[Lengths, Lengths]:
    modules: Lengths = []
    functions: Lengths = []
    for path in files:
        if path.suffix != ".py" or path.parts[0] not in ("engine", "forms", "web", "tools"):
            continue
        text = (root / path).read_text(encoding="utf-8")
        modules.append((text.count("\n"), str(path)))
        functions += [
            ((node.end_lineno or 0) - node.lineno + 1, f"{path}: {node.name}")
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
    return sorted(modules, reverse=True), sorted(functions, reverse=True)


def test_the_longest_are_known(root: Path, files: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    modules, functions = lengths(root, files)
    lines = [""]
    for title, found in (("modules", modules), ("functions", functions)):
        lines += [f"the ten longest {title}:", *(f"  {length:4}  {name}" for length, name in found[:10])]
    with capsys.disabled():
        sys.stdout.write("\n".join(lines) + "\n")
    assert modules
    assert functions
