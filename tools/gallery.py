"""Draw every shipped procedure as an SVG page, with a list of them: ``docs/gallery``.

Run ``python -m tools.gallery`` from the root of the repository, after ``npm ci``. The pictures come from
the bpmn-js viewer itself, so that what is published is what the editor shows.
"""

from __future__ import annotations

import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from lxml import etree
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
VIEWER = Path("node_modules/bpmn-js/dist/bpmn-navigated-viewer.production.min.js")
GALLERY = Path("docs/gallery")
PROCESS = "{http://www.omg.org/spec/BPMN/20100524/MODEL}process"

CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

#: Imports a diagram into a fresh viewer and gives its SVG; a diagram that imports with warnings fails. The
#: lists of a multi-instance activity are data of the case and no element of the drawing.
DRAW = """async (xml) => {
  const viewer = new BpmnJS({ container: '#canvas' });
  try {
    const { warnings } = await viewer.importXML(xml);
    const lists = ['bpmn:loopDataInputRef', 'bpmn:loopDataOutputRef'];
    const wrong = warnings.filter((w) => !lists.includes(w.property));
    if (wrong.length) throw new Error(wrong.map((w) => w.message).join('; '));
    return (await viewer.saveSVG()).svg;
  } finally {
    viewer.destroy();
  }
}"""


@dataclass(frozen=True)
class Picture:
    """One drawn procedure."""

    id: str
    name: str
    svg: str


def main(root: Path = ROOT) -> int:
    """Write the gallery; the exit code is 1, with a sentence, when the viewer is not installed."""
    viewer = root / VIEWER
    if not viewer.is_file():
        print("The bpmn-js viewer is missing: run `npm ci` in the repository's root first.", file=sys.stderr)
        return 1
    pictures = draw(sorted((root / "bpmn").glob("*/*.bpmn")), viewer.read_text("utf-8"))
    folder = root / GALLERY
    folder.mkdir(parents=True, exist_ok=True)
    kept = {f"{picture.id}.svg" for picture in pictures}
    for old in folder.glob("*.svg"):
        if old.name not in kept:
            old.unlink()
    for picture in pictures:
        (folder / f"{picture.id}.svg").write_text(picture.svg, "utf-8")
    (folder / "README.md").write_text(page_of(pictures), "utf-8")
    print(f"{len(pictures)} procedures drawn in {GALLERY}.")
    return 0


def draw(files: list[Path], viewer: str) -> list[Picture]:
    """Draw BPMN files in a headless browser; ``viewer`` is the source of the bpmn-js bundle."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("chromium-browser"),
            args=list(CHROMIUM_ARGUMENTS),
        )
        page = browser.new_page()
        page.set_content("<div id='canvas' style='width: 1200px; height: 800px'></div>")
        page.add_script_tag(content=viewer)
        pictures = [_picture(page, file) for file in files]
        browser.close()
    return pictures


def page_of(pictures: list[Picture]) -> str:
    """The gallery's page: every procedure with its name, a link and its picture."""
    lines = [
        "# Gallery",
        "",
        "The procedures that Guanjia ships, as drawn. `python -m tools.gallery` writes this page.",
        "",
    ]
    lines += [
        f"- [{picture.name}](#{picture.id}) ([`{picture.id}`]({picture.id}.svg))" for picture in pictures
    ]
    for picture in pictures:
        lines += ["", f'<a id="{picture.id}"></a>', "", f"## {picture.name}", ""]
        lines += [f"[![{picture.name}]({picture.id}.svg)]({picture.id}.svg)"]
    return "\n".join(lines) + "\n"


def _picture(page: Page, file: Path) -> Picture:
    process = etree.parse(file).getroot().find(PROCESS)
    name = (process.get("name") if process is not None else None) or file.stem
    return Picture(file.stem, name, finished(page.evaluate(DRAW, file.read_text("utf-8")), name))


def finished(svg: str, name: str) -> str:
    """Make the viewer's SVG a page of its own: white paper, a title, the same text every time."""
    ids = dict.fromkeys(re.findall(r"marker-[0-9a-z]{20,}", svg))
    for number, old in enumerate(ids):
        svg = svg.replace(old, f"marker-{number}")
    title = name.replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(
        r"<svg ([^>]*)>", rf'<svg \1 style="background: white"><title>{title}</title>', svg, count=1
    )


if __name__ == "__main__":
    sys.exit(main())
