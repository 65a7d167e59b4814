"""The ``guanjia`` command: what one does with an installation at a terminal."""

from __future__ import annotations

import logging
import sys

import click

from engine.errors import GuanjiaError
from web.terminal.backups import backup, restore
from web.terminal.diagrams import check, dry_run, scenarios, tidy
from web.terminal.installation import demo, deploy, doctor, init, person, serve, worker
from web.terminal.masters import masters
from web.terminal.repair import repair


@click.group()
@click.version_option(package_name="guanjia", prog_name="guanjia")
def guanjia() -> None:
    """Guanjia 管家: the procedures of a service department, executed."""


for command in (
    check,
    repair,
    tidy,
    dry_run,
    scenarios,
    deploy,
    init,
    person,
    masters,
    demo,
    serve,
    worker,
    backup,
    restore,
    doctor,
):
    guanjia.add_command(command)


def main() -> None:
    """Run the command; an error of ours is one sentence, not a traceback."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    try:
        guanjia()
    except GuanjiaError as error:
        click.echo(f"guanjia: {error}", err=True)
        sys.exit(2)
