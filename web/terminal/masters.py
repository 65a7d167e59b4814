"""Commands over masters: a spreadsheet to fill in, what stands in one, and bringing it in."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from engine import SYSTEM, Engine, actor_of, import_master, master_at, master_rows_of, people
from engine.domain.facts import Actor
from engine.domain.sheets import SheetFinding
from engine.errors import Invalid
from web.sheets import master_workbook, read_table
from web.terminal.installation import opened

_SITE = click.option("--site", help="Whose rows; needed where there are several sites.")


@click.group()
def masters() -> None:
    """Tenants, units, people, cards and other masters from and to spreadsheets."""


@masters.command("import")
@click.argument("master")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_SITE
@click.option("--dry-run", is_flag=True, help="Check and say what would change; write nothing.")
@click.option("--by", "login", help="Whose import it is, by their login; otherwise the system's.")
def import_(master: str, file: Path, site: str | None, dry_run: bool, login: str | None) -> None:
    """Bring the rows of FILE (.xlsx or .csv) into MASTER: all of them, or none when something is wrong."""
    engine = opened()
    done = import_master(
        engine,
        master,
        read_table(file.name, file.read_bytes()),
        by=_person(engine, login),
        site=_site(engine, master, site),
        file=file.name,
        dry_run=dry_run,
    )
    chinese = os.environ.get("LANG", "").startswith("zh")
    if done.findings:
        for finding in done.findings:
            click.echo(_said(finding, chinese), err=True)
        click.echo("没有写入任何内容。" if chinese else "Nothing was written.", err=True)
        sys.exit(1)
    count = done.added, done.changed, done.unchanged
    if chinese:
        click.echo("{}新增 {} 条，修改 {} 条，不变 {} 条".format("将" if dry_run else "", *count))
    else:
        click.echo("{}{} added, {} changed, {} unchanged".format("would be: " if dry_run else "", *count))


@masters.command()
@click.argument("master")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@_SITE
def export(master: str, file: Path, site: str | None) -> None:
    """Write the rows of MASTER that are valid into FILE (.xlsx), nothing masked."""
    engine = opened()
    at = _site(engine, master, site)
    rows = master_rows_of(engine, master, by=SYSTEM, site=at)
    _write(engine, master, file, rows, at)
    click.echo(f"{file}: {len(rows)} rows of {master}")


@masters.command()
@click.argument("master")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def template(master: str, file: Path) -> None:
    """Write an empty workbook for MASTER to FILE (.xlsx), with headings in both languages."""
    engine = opened()
    _write(engine, master, file, [], next(iter(engine.organisation.sites)))
    click.echo(f"{file}: written")


def _write(engine: Engine, master: str, file: Path, rows: list[dict[str, object]], site: str) -> None:
    found, _ = master_at(engine, master, site)
    if file.suffix.lower() != ".xlsx":
        raise click.BadParameter("a workbook is a .xlsx file")
    file.write_bytes(master_workbook(found, rows, engine.calendar_of(site).zone).getvalue())


def _site(engine: Engine, master: str, site: str | None) -> str:
    sites = list(engine.organisation.sites)
    found = engine.masters.get(master)
    if site is None and len(sites) > 1 and found is not None and not found.everywhere:
        raise click.BadParameter(f"name the site with --site: {', '.join(sites)}")
    return site or sites[0]


def _person(engine: Engine, login: str | None) -> Actor:
    if login is None:
        return SYSTEM
    for person in people(engine):
        if person.login == login and person.active:
            # Whoever works at the installation's terminal looks after it.
            return Actor(id=person.id, name=person.name, roles=actor_of(person).roles, admin=True)
    raise Invalid("There is no such person, or they may not sign in.", login=login)


def _said(finding: SheetFinding, chinese: bool) -> str:
    if chinese:
        return f"第 {finding.row} 行{f'，{finding.column}' if finding.column else ''}：{finding.said.zh}"
    return f"row {finding.row}{f', {finding.column}' if finding.column else ''}: {finding.said.en}"
