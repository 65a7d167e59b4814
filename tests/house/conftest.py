"""What the house tests look at: the files of the project, and the headings of its reference."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: What is made, not written; only asked where there is no git to say so.
MADE = {
    ".venv", "node_modules", "build", "dist", "var", ".git", "__pycache__", ".pytest_cache", ".mypy_cache",
    ".ruff_cache", ".hypothesis", ".import_linter_cache", "guanjia.egg-info",
}  # fmt: skip


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def files() -> list[Path]:
    """Every file that is written by people, relative to the root."""
    git = shutil.which("git")
    if git and (ROOT / ".git").exists():
        said = subprocess.run(
            [git, "-c", "core.quotepath=off", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        found = [Path(name) for name in said.split("\0") if name]
    else:
        found = [path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file()]
    return sorted(path for path in found if (ROOT / path).is_file() and not MADE & set(path.parts))


@pytest.fixture(scope="session")
def headings() -> Callable[[str], list[str]]:
    """The words in backquotes that are headings of a page of docs/reference, in their order."""

    def of(page: str) -> list[str]:
        text = (ROOT / "docs" / "reference" / page).read_text(encoding="utf-8")
        return re.findall(r"^#{2,4} `([^`]+)`$", text, re.MULTILINE)

    return of
