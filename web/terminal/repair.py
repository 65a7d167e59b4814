"""The command that makes a diagram from elsewhere one that can be published."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import click

from engine import Repaired, Settings, open_engine, repair_file, repair_json
from web.terminal.diagrams import FILE, print_json

OUTPUT = click.Path(path_type=Path, dir_okay=False, writable=True)


@click.command()
@click.argument("file", type=FILE)
@click.option("-o", "--output", type=OUTPUT, required=True, help="Write the repaired diagram to this file.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done and what is asked as JSON.")
def repair(file: Path, output: Path, as_json: bool) -> None:
    """Repair a diagram: mend what needs no answer, ask for the rest with a safe default in its place.

    The given file is never changed. Exit status 0 when the repaired file passes the check, 1 when it
    does not, 2 for bad usage.
    """
    if _is_same(file, output):
        raise click.BadParameter("the output must be another file: the given one is never changed")
    if not output.parent.is_dir():
        raise click.BadParameter(f"there is no folder {output.parent}")
    settings = replace(Settings.from_environment(os.environ), database_url="sqlite:///:memory:")
    repaired = repair_file(open_engine(settings), file, output)
    # What cannot be read at all is not written anywhere.
    is_written = repaired.deployable or bool(repaired.applied)
    if is_written:
        output.write_bytes(repaired.content)
    if as_json:
        print_json(repair_json(repaired))
    else:
        _tell(repaired, output, is_written)
    sys.exit(0 if repaired.deployable else 1)


def _is_same(file: Path, output: Path) -> bool:
    return output.resolve() == file.resolve() or (output.exists() and output.samefile(file))


def _tell(repaired: Repaired, output: Path, is_written: bool) -> None:
    chinese = os.environ.get("LANG", "").startswith("zh")
    for done in repaired.applied:
        click.echo(f"  [{done.code}] {done.message if chinese else done.message_en}")
    for asked in repaired.questions:
        said = asked.question if chinese else asked.question_en
        click.echo(f"  ? {said} → {asked.default}")
    for finding in repaired.findings:
        if finding.severity == "error":
            click.echo(f"  error [{finding.code}] {finding.message if chinese else finding.message_en}")
    state = f"{output}: written" if is_written else "nothing was written"
    click.echo(f"{state}; {len(repaired.applied)} mended, {len(repaired.questions)} to confirm")
