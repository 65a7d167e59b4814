"""The map of the house in both READMEs is the house."""

import re
from pathlib import Path

import pytest


def mapped(root: Path, readme: str) -> tuple[set[str], set[str]]:
    """The names at the top and those under engine/ in a README's map."""
    text = (root / readme).read_text(encoding="utf-8")
    tree = re.search(r"```text\n\.\n(.*?)```", text, re.DOTALL)
    assert tree, "the README has no map"
    top, engine, inside = set(), set(), ""
    for line in tree[1].splitlines():
        found = re.match(r"^((?:│   |    )*)[├└]── (\S+)", line)
        if not found:
            continue
        name = found[2].rstrip("/")
        if found[1]:
            assert inside == "engine", f"only engine/ is unfolded, not {inside}"
            engine.add(name)
        else:
            top.add(name)
            inside = name
    return top, engine


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
def test_the_map_of_the_readme_is_the_tree(readme: str, root: Path, files: list[Path]) -> None:
    top, engine = mapped(root, readme)
    assert top == {path.parts[0] for path in files}
    assert engine == {path.parts[1] for path in files if path.parts[0] == "engine"}


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md", "docs/README.md"])
def test_links_and_pictures_lead_somewhere(readme: str, root: Path) -> None:
    page = root / readme
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert target.startswith("http") or (page.parent / target).exists(), target


def test_links_between_the_documents_lead_somewhere(root: Path) -> None:
    lost = [
        f"{page.relative_to(root)}: {target}"
        for page in [*(root / "docs").rglob("*.md"), root / "CONTRIBUTING.md", root / "CHANGELOG.md"]
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if not target.startswith("http") and not (page.parent / target).exists()
    ]
    assert lost == []


def test_every_document_is_in_the_index(root: Path) -> None:
    index = (root / "docs" / "README.md").read_text(encoding="utf-8")
    folders = ("tutorial", "how-to", "explanation", "reference", "adr")
    pages = [
        page.relative_to(root / "docs")
        for folder in folders
        for page in (root / "docs" / folder).glob("*.md")
    ]
    assert [str(page) for page in pages if f"({page.as_posix()})" not in index] == []
