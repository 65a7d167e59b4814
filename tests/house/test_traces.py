"""Nothing in the project speaks of the machine that it was written on."""

import re
from pathlib import Path

import pytest

PLACES = [r"/root/", r"/home/[a-z]+/", r"/work/(?:main|shared|notes)\b", r"/Users/[A-Z]", r"/tmp/docs"]
HOSTS = [r"localhost:[0-9]+/(?:simple|npm)", r"[a-z0-9.-]+/artifactory", r"(?:nexus|verdaccio|devpi)[.:/]"]
KNOWN_HOST = re.compile(r"https://registry\.npmjs\.org/")


def texts(root: Path, files: list[Path]) -> list[tuple[Path, str]]:
    found = []
    for path in files:
        try:
            found.append((path, (root / path).read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return found


@pytest.mark.parametrize("pattern", PLACES + HOSTS)
def test_no_file_names_a_place_of_a_machine(pattern: str, root: Path, files: list[Path]) -> None:
    traced = [str(path) for path, text in texts(root, files) if re.search(pattern, text)]
    assert [path for path in traced if path != "tests/house/test_traces.py"] == []


def test_locks_name_no_registry_but_the_public_one(root: Path) -> None:
    lines = [
        *(root / "requirements.lock").read_text(encoding="utf-8").splitlines(),
        *re.findall(r'"resolved": "([^"]+)"', (root / "package-lock.json").read_text(encoding="utf-8")),
    ]
    assert [line for line in lines if "://" in line and not KNOWN_HOST.search(line)] == []
    assert [line for line in lines if line.startswith(("--index-url", "--extra-index-url", "-i "))] == []
