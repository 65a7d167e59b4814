"""A consistent copy of a database while others write to it, and a database from such a copy."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from engine.errors import BackupFailed


def copy_to(bind: sa.Engine, file: Path) -> None:
    """Write a copy of the database as it is at one moment; raises :class:`BackupFailed`.

    SQLite is copied by its own backup, which waits for nobody and sees whole transactions only. PostgreSQL
    is copied by ``pg_dump``, which reads one snapshot.
    """
    if bind.dialect.name == "sqlite":
        with (
            closing(sqlite3.connect(str(bind.url.database))) as source,
            closing(sqlite3.connect(file)) as copy,
        ):
            source.backup(copy)
        return
    _run(["pg_dump", "--format=custom", "--no-owner", f"--file={file}", _address(bind.url)], bind.url)


def copy_from(bind: sa.Engine, file: Path) -> None:
    """Put a copy in the place of the database, which nobody uses; raises :class:`BackupFailed`.

    A copy that is damaged changes nothing.
    """
    if bind.dialect.name == "sqlite":
        _replace(Path(str(bind.url.database)), file)
        return
    _run(
        [
            "pg_restore",
            "--clean",
            "--if-exists",
            "--no-owner",
            "--single-transaction",
            f"--dbname={_address(bind.url)}",
            str(file),
        ],
        bind.url,
    )


def _replace(target: Path, file: Path) -> None:
    arriving = target.with_name(f"{target.name}.arriving")
    shutil.copyfile(file, arriving)
    with closing(sqlite3.connect(arriving)) as copy:
        try:
            (verdict,) = copy.execute("PRAGMA integrity_check").fetchone()
        except sqlite3.DatabaseError as error:
            verdict = str(error)
    if verdict != "ok":
        arriving.unlink()
        raise BackupFailed("The copy of the database is damaged.", detail=verdict)
    # The log of the database that goes belongs to it alone.
    for kind in ("-wal", "-shm"):
        target.with_name(f"{target.name}{kind}").unlink(missing_ok=True)
    arriving.replace(target)


def _address(url: sa.URL) -> str:
    # The password goes by the environment: an argument can be read by everybody on the machine.
    return url.set(drivername="postgresql", password=None).render_as_string()


def _run(command: list[str], url: sa.URL) -> None:
    password = {"PGPASSWORD": str(url.password)} if url.password else {}
    try:
        done = subprocess.run(
            command, env={**os.environ, **password}, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise BackupFailed(f"{command[0]} is missing; install PostgreSQL's client programs.") from error
    if done.returncode != 0:
        raise BackupFailed(f"{command[0]} failed.", detail=done.stderr.strip()[-500:])
