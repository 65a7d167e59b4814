"""Whether an installation is sound: for health checks and ``guanjia doctor``."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from engine.bundles import procedures_in
from engine.errors import DatabaseUnavailable
from engine.store import due, migrating, outgoing, repository, schedule_rows
from engine.wiring import Engine

#: Bytes of free disk below which the installation asks for help.
LOW_DISK = 200_000_000
#: How late armed work may be before somebody should look.
LATE = timedelta(minutes=5)

OK = "ok"


def health(engine: Engine) -> dict[str, str]:
    """What was looked at → ``ok``, or a sentence that says what is wrong."""
    return {
        "database": _database(engine),
        "due work": _due_work(engine),
        "deliveries": _deliveries(engine),
        "files": _files(engine),
        "published": _published(engine),
    }


def _database(engine: Engine) -> str:
    try:
        missing = migrating.differences(engine.database.bind)
    except SQLAlchemyError as error:
        return f"cannot be reached: {error.__class__.__name__}"
    return f"{len(missing)} differences from this version's tables; run `guanjia init`" if missing else OK


def _due_work(engine: Engine) -> str:
    try:
        with engine.database.look() as session:
            now = engine.now()
            moments = (due.next_run(session, now), schedule_rows.next_run(session))
            following = min((at for at in moments if at), default=None)
            incidents = repository.count_incidents(session) + schedule_rows.count_incidents(session)
    except (SQLAlchemyError, DatabaseUnavailable):
        return "cannot be read"
    if following is not None and following < engine.now() - LATE:
        who = "the server's clock" if engine.dispatcher.transport == "local" else "a worker"
        return f"something is overdue and nobody does it; is {who} running?"
    return f"{incidents} incidents wait for an administrator" if incidents else OK


def _deliveries(engine: Engine) -> str:
    try:
        with engine.database.look() as session:
            stuck, following = outgoing.count_stuck(session), outgoing.next_run(session)
    except (SQLAlchemyError, DatabaseUnavailable):
        return "cannot be read"
    if stuck:
        return f"{stuck} did not arrive, or may not have; an administrator can send them again"
    if following is not None and following < engine.now() - LATE:
        return "some are overdue and nobody sends them"
    silent = [name for name, robot in engine.robots.items() if not robot.address]
    return f"the address is not set of the robots {', '.join(silent)}" if silent else OK


def _files(engine: Engine) -> str:
    folder = engine.settings.files
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        return f"{folder.name} cannot be written"
    return OK if shutil.disk_usage(folder).free > LOW_DISK else "the disk is nearly full"


def _published(engine: Engine) -> str:
    try:
        with engine.database.look() as session:
            published = {version.procedure for version in repository.latest_versions(session)}
    except (SQLAlchemyError, DatabaseUnavailable):
        return "cannot be read"
    missing = sorted(set(procedures_in(engine.settings.bpmn)) - published)
    return f"not published: {', '.join(missing)}; run `guanjia init`" if missing else OK
