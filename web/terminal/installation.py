"""Commands over an installation: set up, publish, serve, look after."""

from __future__ import annotations

import logging
import os
import platform
import signal
import sys
from pathlib import Path

import click

from engine import (
    EVERYWHERE,
    SYSTEM,
    Engine,
    Settings,
    check_files,
    create_person,
    due_work,
    health,
    open_engine,
    people,
)
from engine.bundles import from_folders, procedures_in
from engine.errors import ProcedureRefused
from engine.procedures import in_order, publish
from web.settings import DEMO_PASSWORD, WebSettings
from web.terminal.diagrams import tell_nobody


def opened() -> Engine:
    """The installation's engine, its tables made if they are missing."""
    engine = open_engine(Settings.from_environment(os.environ))
    engine.database.upgrade()
    return engine


@click.command()
def init() -> None:
    """Create the database and publish every procedure; safe to repeat."""
    engine = opened()
    click.echo(f"database: {engine.database.bind.url.render_as_string()}")
    _publish_all(engine, procedures_in(engine.settings.bpmn))


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
def deploy(paths: tuple[Path, ...]) -> None:
    """Publish the procedures at PATHS (their folders or files) as their next versions."""
    engine = opened()
    _publish_all(engine, [path.stem if path.suffix else path.resolve().name for path in paths])


def _publish_all(engine: Engine, names: list[str]) -> None:
    bundles = [from_folders(engine.settings.bpmn, engine.settings.forms, name) for name in names]
    has_people = bool(people(engine))
    for bundle in in_order(bundles):
        try:
            version = publish(engine, bundle, by=SYSTEM)
        except ProcedureRefused as refused:
            for finding in refused.findings:
                if finding.severity == "error":
                    click.echo(f"  [{finding.code}] {finding.message_en}", err=True)
            click.echo(f"{bundle.procedure}: refused; the version before stays", err=True)
            sys.exit(1)
        click.echo(f"{bundle.procedure}: version {version.number}")
        # Before there are people everything would be warned of.
        if has_people:
            tell_nobody(engine, bundle)


@click.command()
@click.argument("login")
@click.option("--name", required=True, help="As other people see it.")
@click.option("--role", "roles", multiple=True, help="role@site, or role alone for every site.")
@click.option("--admin", is_flag=True, help="May look after the installation.")
@click.password_option(help="At least 10 characters.")
def person(login: str, name: str, roles: tuple[str, ...], admin: bool, password: str) -> None:
    """Create a person who can sign in."""
    engine = opened()
    if password == DEMO_PASSWORD:
        raise click.BadParameter("that is the demo's password, with which nobody signs in elsewhere")
    held = []
    for role in roles:
        role_id, _, site = role.partition("@")
        if role_id not in engine.organisation.roles or (site and site not in engine.organisation.sites):
            raise click.BadParameter(f"there is no {role}")
        held.append((role_id, site or EVERYWHERE))
    made = create_person(engine, login=login, name=name, password=password, roles=held, admin=admin)
    click.echo(f"{made.login}: created")


@click.command()
def demo() -> None:
    """Fill an empty installation with a demo organisation and cases at different stages."""
    from web.terminal.demonstration import fill

    engine = opened()
    _publish_all(engine, procedures_in(engine.settings.bpmn))
    if people(engine):
        click.echo("demo: there are people already; nothing was changed")
        return
    for line in fill(engine):
        click.echo(line)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535))
@click.option("--threads", default=8, show_default=True, type=click.IntRange(1, 64))
def serve(host: str, port: int, threads: int) -> None:
    """Serve the web application; where there are no workers, with the clock of due work beside it."""
    import waitress

    from web import create_app

    app = create_app()
    engine: Engine = app.extensions["guanjia"]
    try:
        server = waitress.create_server(app, host=host, port=port, threads=threads, ident=None)
    except OSError as error:
        click.echo(
            f"guanjia: port {port} cannot be opened ({error.strerror}); "
            "choose another with --port, or `PORT=8081 make run`",
            err=True,
        )
        sys.exit(2)
    click.echo(f"Guanjia 管家: http://{host}:{port}")
    web: WebSettings = app.extensions["guanjia-web"]
    if web.is_demo:
        from web.terminal.demonstration import accounts

        for line in accounts(engine):
            click.echo(line)
    engine.dispatcher.start(due_work(engine))
    # What a service manager sends; Waitress knows only the interrupt of a terminal.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        server.run()
    finally:
        engine.dispatcher.stop()


@click.command()
@click.option("--concurrency", default=1, show_default=True, type=click.IntRange(1, 32))
def worker(concurrency: int) -> None:
    """Do due work, for web processes on the same PostgreSQL database; stop after the running batch."""
    logging.getLogger("engine").setLevel(logging.INFO)
    engine = opened()
    click.echo(f"Guanjia 管家: working on {engine.database.bind.url.render_as_string()}")
    engine.dispatcher.serve(due_work(engine), concurrency)
    click.echo("Guanjia 管家: stopped")


@click.command()
def doctor() -> None:
    """Say whether the installation is sound: files, database, front end, due work.

    Exit status 0 when everything is, 1 otherwise.
    """
    settings = Settings.from_environment(os.environ)
    told = {"python": platform.python_version()}
    engine = open_engine(settings)
    told["transport"] = engine.dispatcher.transport
    told |= health(engine)
    reports = check_files(engine, [settings.bpmn])
    refused = [report.file for report in reports if not report.deployable]
    told["procedures"] = f"not deployable: {', '.join(refused)}" if refused else "ok"
    manifest = Path(__file__).resolve().parent.parent / "static" / "build" / "manifest.json"
    told["front end"] = "ok" if manifest.is_file() else "not built; run `make setup`"
    sound = True
    for name, value in told.items():
        wrong = value != "ok" and name not in ("python", "transport")
        sound = sound and not wrong
        click.echo(f"{'✗' if wrong else '✓'} {name}: {value}")
    sys.exit(0 if sound else 1)
