"""Commands over diagrams: check, tidy, try, and run their scenarios."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from engine import Engine, Settings, check_files, open_engine, report_json
from engine.bundles import Bundle, decisions_in, from_folders, procedures_in
from engine.domain.facts import FileReport
from engine.errors import Invalid
from engine.queries.today import warnings, who_today
from engine.runtime.layout import tidy as tidied
from engine.runtime.reading import Unreadable
from engine.scenarios import Result, run_all
from engine.trying import dry_run as try_out
from forms.model import Form

PATHS = click.Path(path_type=Path)
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


def _settings() -> Settings:
    return Settings.from_environment(os.environ)


def _engine() -> Engine:
    # A check reads files only; the database in memory is never touched.
    settings = _settings()
    return open_engine(replace(settings, database_url="sqlite:///:memory:"))


def print_json(told: object) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(told, ensure_ascii=False, indent=2))


@click.command()
@click.argument("paths", nargs=-1, required=True, type=PATHS)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--today", is_flag=True, help="Ask the database who would get each task now.")
def check(paths: tuple[Path, ...], as_json: bool, today: bool) -> None:
    """Check diagrams with their forms, registers, decisions and translation.

    Exit status 0 when all are deployable, 1 when not, 2 for bad usage.
    """
    try:
        reports = check_files(_engine(), list(paths))
    except FileNotFoundError as error:
        raise click.BadParameter(f"there is no file or folder {error}") from error
    if as_json:
        print_json(report_json(reports))
    else:
        chinese = os.environ.get("LANG", "").startswith("zh")
        for report in reports:
            click.echo(f"{report.file}: {'ok' if report.deployable else 'not deployable'}")
            for finding in report.findings:
                place = f":{finding.line}" if finding.line else ""
                said = finding.message if chinese else finding.message_en
                click.echo(f"  {finding.severity}{place} [{finding.code}] {said}")
    if today and not as_json:
        _tell_today(reports)
    sys.exit(0 if all(report.deployable for report in reports) else 1)


def _tell_today(reports: list[FileReport]) -> None:
    settings = _settings()
    installed = open_engine(settings)
    for name in dict.fromkeys(Path(report.file).stem for report in reports if report.deployable):
        if name not in procedures_in(settings.bpmn):
            continue
        bundle = from_folders(settings.bpmn, settings.forms, name)
        for line in who_today(installed, bundle):
            who = "; ".join(said.en for said in line.who) or "nobody"
            click.echo(f"{name}  {line.site}  {line.node}: {who}")
        tell_nobody(installed, bundle)


def tell_nobody(engine: Engine, bundle: Bundle) -> None:
    """Warn of each task that nobody would get now."""
    chinese = os.environ.get("LANG", "").startswith("zh")
    for said in warnings(engine, bundle):
        click.echo(f"  warning [nobody] {said.zh if chinese else said.en}")


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("-o", "--output", type=PATHS, help="Write to this file instead of the given one.")
def tidy(files: tuple[Path, ...], output: Path | None) -> None:
    """Lay diagrams out afresh: lanes, left to right, nothing overlapping."""
    if output and len(files) > 1:
        raise click.BadParameter("-o takes one file")
    for file in files:
        try:
            drawn = tidied(file.read_bytes())
        except Unreadable as error:
            raise click.ClickException(f"{file} cannot be read as BPMN: {error}") from error
        (output or file).write_bytes(drawn)
        click.echo(f"{output or file}: tidied")


@click.command("dry-run")
@click.argument("file", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="Print the run as JSON.")
@click.option("--answers", type=click.File("r", encoding="utf-8"), help="JSON: start, tasks, events.")
@click.option("--max-steps", default=200, show_default=True, type=click.IntRange(1, 10_000))
def dry_run(file: Path, as_json: bool, answers: Any, max_steps: int) -> None:
    """Run a diagram without a database, on a fake clock, answering its own tasks.

    Exit status 0 when it completed or waits, 1 otherwise.
    """
    try:
        given = json.load(answers) if answers else {}
        if not isinstance(given, dict):
            raise ValueError("it must be an object")
    except ValueError as error:
        raise click.BadParameter(f"the answers are not JSON: {error}") from error
    settings = _settings()
    try:
        told = try_out(
            file.read_bytes(),
            given,
            max_steps,
            _diagram_of(settings),
            _form_of(settings),
            lambda name: decisions_in(settings.bpmn / name if name else file.parent),
        )
    except Invalid as error:
        raise click.BadParameter(str(error), param_hint="--answers") from error
    if as_json:
        print_json(told)
    else:
        for seen in told["trace"]:
            click.echo(f"{seen['at']}  {seen['event']:<10} {seen['element']}")
        for finding in told["findings"]:
            click.echo(f"{finding['severity']} [{finding['code']}] {finding['message_en']}")
        click.echo(f"end: {told['end']}" + (f", open: {', '.join(told['open'])}" if told["open"] else ""))
    sys.exit(0 if told["end"] in ("completed", "waiting") else 1)


@click.command()
@click.argument("paths", nargs=-1, type=PATHS)
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
def scenarios(paths: tuple[Path, ...], as_json: bool) -> None:
    """Run the test scenarios of all procedures, or of those at PATHS.

    Exit status 0 when none failed, 1 otherwise.
    """
    settings = _settings()
    bundles = all_bundles(settings)
    known = {bundle.procedure for bundle in bundles}
    wanted = {path.stem if path.suffix else path.name for path in paths} if paths else known
    if unknown := sorted(wanted - known):
        raise click.BadParameter(f"there is no procedure {', '.join(unknown)}")
    results = run_all(settings, bundles, wanted)
    if as_json:
        print_json(scenarios_json(results))
    else:
        for result in results:
            click.echo(
                f"{result.procedure}: {result.passed} of {result.scenarios} scenarios, "
                f"{result.coverage:.0%} of {len(result.flows)} flows"
            )
            for failure in result.failed:
                click.echo(f"  {failure.scenario}, step {failure.step}: {failure.message}")
            if result.uncovered:
                click.echo(f"  no scenario takes {', '.join(result.uncovered)}")
    sys.exit(1 if any(result.failed for result in results) else 0)


def _diagram_of(settings: Settings) -> Callable[[str], bytes | None]:
    def diagram_of(name: str) -> bytes | None:
        known = name in procedures_in(settings.bpmn)
        return (settings.bpmn / name / f"{name}.bpmn").read_bytes() if known else None

    return diagram_of


def _form_of(settings: Settings) -> Callable[[str, str], Form | None]:
    def form_of(process: str, form: str) -> Form | None:
        if process not in procedures_in(settings.bpmn):
            return None
        return from_folders(settings.bpmn, settings.forms, process).forms.get(form)

    return form_of


def all_bundles(settings: Settings) -> list[Bundle]:
    """The bundles of every procedure in the installation's folders."""
    return [from_folders(settings.bpmn, settings.forms, name) for name in procedures_in(settings.bpmn)]


def scenarios_json(results: list[Result]) -> dict[str, Any]:
    """The results as ``guanjia scenarios --json`` prints them."""
    return {
        "procedures": [
            {
                "procedure": result.procedure,
                "scenarios": result.scenarios,
                "passed": result.passed,
                "failed": [
                    {"scenario": failure.scenario, "step": failure.step, "message": failure.message}
                    for failure in result.failed
                ],
                "coverage": round(result.coverage, 4),
                "uncovered": result.uncovered,
            }
            for result in results
        ]
    }
