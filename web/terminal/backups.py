"""Commands over backups."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from engine import Settings, open_engine
from engine.backups import backup as write_backup
from engine.backups import restore as put_back


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
def backup(file: Path | None) -> None:
    """Write a backup of the database and the uploaded files to FILE, while everybody works on."""
    to = file or Path(f"guanjia-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.tar.gz")
    write_backup(open_engine(Settings.from_environment(os.environ)), to)
    click.echo(f"{to}: written, {to.stat().st_size / 1_000_000:.1f} MB")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--replace", is_flag=True, help="In the place of what is here, which is lost.")
def restore(file: Path, replace: bool) -> None:
    """Put a backup in the place of this installation. Stop every process of it first."""
    about = put_back(open_engine(Settings.from_environment(os.environ)), file, replace=replace)
    click.echo(f"restored: as it was at {about['at']}")
