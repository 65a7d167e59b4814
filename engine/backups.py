"""Backups: one file with the database as it was at one moment and the uploaded files, and the way back.

.. code-block:: text

    guanjia-….tar.gz
    ├── backup.json        what made it, when, of which kind of database
    ├── database           SQLite's file, or what pg_dump wrote
    └── files/…            uploaded files, each under its digest
"""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from engine.errors import BackupFailed
from engine.store import copying, migrating, outgoing
from engine.wiring import Engine

#: What the file says of itself; a later shape gets a later number.
FORMAT = 1
ABOUT, DATABASE, FILES = "backup.json", "database", "files"


def backup(engine: Engine, to: Path) -> dict[str, Any]:
    """Write a backup while everybody works on; what it says of itself.

    The database comes first: a file is kept before its row is written and never changed, so that every row
    of the copy finds its file. Raises :class:`BackupFailed` when ``to`` is there already.
    """
    if to.exists():
        raise BackupFailed("There is a file of this name already.", file=to.name)
    bind, files = engine.database.bind, engine.settings.files
    about = {
        "format": FORMAT,
        "at": engine.now().isoformat(),
        "database": bind.dialect.name,
        "tables": migrating.revision(bind),
    }
    with TemporaryDirectory(dir=to.parent, prefix=".backup-") as folder:
        copying.copy_to(bind, Path(folder) / DATABASE)
        (Path(folder) / ABOUT).write_text(json.dumps(about), encoding="utf-8")
        arriving = Path(folder) / "arriving"
        with tarfile.open(arriving, "w:gz") as archive:
            archive.add(Path(folder) / ABOUT, ABOUT)
            archive.add(Path(folder) / DATABASE, DATABASE)
            if files.is_dir():
                archive.add(files, FILES)
        arriving.chmod(0o600)
        # Under its name it is whole or not there at all.
        arriving.replace(to)
    return about


def restore(engine: Engine, source: Path, *, replace: bool = False) -> dict[str, Any]:
    """Put a backup in the place of an installation that nobody uses; what the backup says of itself.

    Uploaded files that the backup does not know stay; what was on its way to people then is sent again only
    by hand. Raises :class:`BackupFailed` when the file is no
    backup, is of another kind of database, is damaged, or the installation has people and ``replace`` was
    not asked for; then nothing is changed.
    """
    with _opened(source) as (folder, about):
        bind = engine.database.bind
        if about["database"] != bind.dialect.name:
            raise BackupFailed("The backup is of another kind of database.", database=about["database"])
        if not replace and migrating.revision(bind) is not None:
            raise BackupFailed("There is a database here already.", hint="--replace")
        bind.dispose()
        copying.copy_from(bind, folder / DATABASE)
        if (folder / FILES).is_dir():
            shutil.copytree(folder / FILES, engine.settings.files, dirs_exist_ok=True)
    engine.database.upgrade()
    with engine.database.transaction() as session:
        outgoing.hold_back(session, "It stood in a backup that was put back.")
    return about


@contextmanager
def _opened(source: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    with TemporaryDirectory(prefix="guanjia-restore-") as name:
        folder = Path(name)
        try:
            with tarfile.open(source) as archive:
                # The filter refuses what would be written anywhere else.
                archive.extractall(folder, filter="data")
            about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        except (tarfile.TarError, OSError, ValueError, EOFError) as error:
            raise BackupFailed("This file is no backup, or it is damaged.", file=source.name) from error
        if about.get("format") != FORMAT or not (folder / DATABASE).is_file():
            raise BackupFailed("This backup is of another version.", format=about.get("format"))
        yield folder, about
