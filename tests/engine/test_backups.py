"""A backup that is made while people work is whole, and what it is put back as goes on."""

from __future__ import annotations

import tarfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine import attachments, jobs
from engine.backups import backup, restore
from engine.errors import BackupFailed
from engine.store.models import Attachment, Case
from engine.wiring import open_engine
from tests.engine import invariants, server
from tests.engine.world import World

NOTE = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def attached(world: World, case: int) -> str:
    """A file of a case."""
    return attachments.add_attachment(
        world.engine, case, by=world.people["an"], name="收据.pdf", content=NOTE, mime="application/pdf"
    ).id


def test_what_was_there_comes_back_and_what_came_after_is_gone(world: World, tmp_path: Path) -> None:
    case = world.errand()
    file = attached(world, case)
    about = backup(world.engine, tmp_path / "copy")
    before = world.everything()

    world.round(case, "good")
    world.start("errand")
    (world.settings.files / world.look(sa.select(Attachment.digest))[0][:2]).rename(tmp_path / "lost")
    world.close()
    assert restore(world.engine, tmp_path / "copy", replace=True) == about
    assert world.everything() == before
    _, content = attachments.attachment_content(world.engine, file, world.people["an"])
    assert content == NOTE
    world.round(case, "good")


def test_a_backup_while_people_work_has_whole_steps_only(world: World, tmp_path: Path) -> None:
    stop, started = threading.Event(), threading.Event()

    def work() -> None:
        while not stop.is_set():
            world.round(world.errand(), "good")
            started.set()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        assert started.wait(60)
        copies = [tmp_path / f"copy {number}" for number in range(3)]
        for copy in copies:
            backup(world.engine, copy)
    finally:
        stop.set()
        worker.join()
    world.close()
    counted = []
    for copy in copies:
        restore(world.engine, copy, replace=True)
        assert invariants.broken(world.engine) == []
        counted.append(len(world.look(sa.select(Case.id))))
    assert counted == sorted(counted)


def test_what_was_due_since_happens_once_when_it_is_put_back(world: World, tmp_path: Path) -> None:
    case = world.start("alarm")
    backup(world.engine, tmp_path / "copy")
    world.clock.at = world.clock.at.replace(day=5)
    jobs.run_due(world.engine)
    assert world.case(case).data["order"] == ["early", "later"]
    world.close()
    restore(world.engine, tmp_path / "copy", replace=True)
    assert "order" not in world.case(case).data
    jobs.run_due(world.engine)
    assert world.case(case).data["order"] == ["early", "later"]
    assert len(world.told(case, "timer_fired")) == 2


def damaged(copy: Path) -> None:
    """The second half is gone."""
    copy.write_bytes(copy.read_bytes()[: copy.stat().st_size // 2])


def of_another_kind(copy: Path) -> None:
    """It is something else."""
    copy.write_bytes(b"PK\x03\x04 a letter")


def climbing(copy: Path) -> None:
    """A file in it would be written elsewhere."""
    with tarfile.open(copy, "w:gz") as archive:
        archive.add(__file__, "../../elsewhere")


@pytest.mark.parametrize("spoil", [damaged, of_another_kind, climbing])
def test_a_file_that_is_no_backup_changes_nothing(world: World, tmp_path: Path, spoil: object) -> None:
    world.errand()
    backup(world.engine, tmp_path / "copy")
    before = world.everything()
    spoil(tmp_path / "copy")  # type: ignore[operator]
    with pytest.raises(BackupFailed):
        restore(world.engine, tmp_path / "copy", replace=True)
    assert world.everything() == before


def test_nothing_is_overwritten_unasked(world: World, tmp_path: Path) -> None:
    backup(world.engine, tmp_path / "copy")
    with pytest.raises(BackupFailed, match="name already"):
        backup(world.engine, tmp_path / "copy")
    if not server.is_asked():
        world.engine.database.upgrade()
        with pytest.raises(BackupFailed, match="database here already"):
            restore(world.engine, tmp_path / "copy")


@pytest.mark.skipif(server.is_asked(), reason="an empty database is a file that is not there")
def test_a_backup_makes_an_installation_elsewhere(world: World, tmp_path: Path) -> None:
    case = world.errand()
    attached(world, case)
    backup(world.engine, tmp_path / "copy")
    elsewhere = replace(
        world.settings, database_url=f"sqlite:///{tmp_path / 'new.sqlite'}", files=tmp_path / "new files"
    )
    there = open_engine(elsewhere, now=world.clock)
    restore(there, tmp_path / "copy")
    assert invariants.broken(there) == []
    there.database.bind.dispose()
