"""Files are taken for what they contain, kept once, and shown to who sees the case."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from engine.attachments import add_attachment, attachment_content
from engine.cases import start_case, suspend_case
from engine.domain.facts import CaseId, TaskId
from engine.domain.filetypes import JPEG, LONGEST_NAME, TEXT, cleaned_name, kind_of
from engine.errors import (
    AttachmentNotFound,
    CaseNotActive,
    CaseNotFound,
    FileRefused,
    Forbidden,
    TaskNotFound,
)
from engine.queries import case_view, search
from engine.store.models import Attachment, History

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def office(*names: str) -> bytes:
    """A zip archive with empty members."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "mime"),
    [
        pytest.param(b"\xff\xd8\xff\xe0" + bytes(9), "image/jpeg", id="JPEG"),
        pytest.param(PNG, "image/png", id="PNG"),
        pytest.param(b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp", id="WebP"),
        pytest.param(b"RIFF\x00\x00\x00\x00WAVEfmt ", None, id="sound in the same wrapping"),
        pytest.param(b"GIF89a" + bytes(9), "image/gif", id="GIF"),
        pytest.param(b"\x00\x00\x00\x18ftypheic" + bytes(9), "image/heic", id="HEIC"),
        pytest.param(b"\x00\x00\x00\x18ftypisom" + bytes(9), None, id="a film"),
        pytest.param(b"%PDF-1.7\n%\xe2\xe3", "application/pdf", id="PDF"),
        pytest.param("编号,金额\n1,2".encode(), "text/plain", id="CSV in UTF-8"),
        pytest.param("编号，金额".encode("gb18030"), "text/plain", id="text in GB18030"),
        pytest.param(office("[Content_Types].xml", "xl/workbook.xml"), "sheet", id="xlsx"),
        pytest.param(office("[Content_Types].xml", "word/document.xml"), "document", id="docx"),
        pytest.param(
            office("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), None, id="with macros"
        ),
        pytest.param(office("evil.exe"), None, id="any zip"),
        pytest.param(b"PK\x03\x04 broken", None, id="half a zip"),
        pytest.param(b"MZ\x90\x00" + bytes(60), None, id="a program"),
        pytest.param(b"\x7fELF" + bytes(60), None, id="another program"),
    ],
)
def test_a_file_is_what_it_contains(content: bytes, mime: str | None) -> None:
    kind = kind_of(content)
    assert kind is None if mime is None else kind is not None and kind.mime.endswith(mime)


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", "passwd.txt"),
        ("C:\\temp\\记录.csv", "记录.csv"),
        ("a\u202etxt.exe", "atxt.exe.txt"),
        ("  两  字 .TXT ", "两 字.TXT"),
        ('a<b>"c.txt', "a_b__c.txt"),
        ("", ""),
        ("///", ""),
        ("\x00\x01", ""),
    ],
)
def test_a_name_is_cleaned(name: str, clean: str) -> None:
    assert cleaned_name(name, TEXT) == clean


@given(st.text(max_size=300))
def test_no_name_is_too_long_or_leads_anywhere(name: str) -> None:
    clean = cleaned_name(name, JPEG)
    assert len(clean) <= LONGEST_NAME
    assert not set("/\\\x00") & set(clean)
    assert not clean or clean.casefold().endswith((".jpg", ".jpeg"))


def test_a_file_is_kept_once_and_comes_back_as_it_was(house: Any) -> None:
    rep = house.person("rep", ("rep", "tower-a"))
    begun = start_case(house.engine, "complaint", by=rep, site="tower-a")
    first = add_attachment(house.engine, begun.case_id, by=rep, name="a.png", content=PNG, mime="text/html")
    house.clock.pass_time(seconds=1)
    second = add_attachment(house.engine, begun.case_id, by=rep, name="b.gif", content=PNG)
    assert attachment_content(house.engine, first.id, rep) == (first, PNG)
    assert (first.mime, second.name, second.size) == ("image/png", "b.gif.png", len(PNG))
    kept = [path for path in house.engine.settings.files.rglob("*") if path.is_file()]
    assert len(kept) == 1
    with house.engine.database.look() as session:
        assert session.scalar(sa.select(sa.func.count()).where(History.kind == "attached")) == 2
    shown = case_view(house.engine, begun.case_id, rep).attachments
    assert [file.name for file in shown] == ["a.png", "b.gif.png"]
    kept[0].write_bytes(b"something else")
    with pytest.raises(AttachmentNotFound):
        attachment_content(house.engine, first.id, rep)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        pytest.param("a.png", b"", "empty", id="empty"),
        pytest.param("a.txt", b"x" * 50_001, "too-large", id="one byte too many"),
        pytest.param("a.png", b"MZ" + bytes(20), "type", id="a program called a picture"),
        pytest.param("...", PNG, "name", id="no name"),
    ],
)
def test_a_refused_file_says_why_and_leaves_nothing(
    house: Any, name: str, content: bytes, reason: str
) -> None:
    rep = house.person("rep", ("rep", "tower-a"))
    begun = start_case(house.engine, "complaint", by=rep, site="tower-a")
    with pytest.raises(FileRefused) as refused:
        add_attachment(house.engine, begun.case_id, by=rep, name=name, content=content)
    assert refused.value.facts["reason"] == reason
    assert not house.engine.settings.files.exists()
    with house.engine.database.look() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Attachment)) == 0


def test_only_who_sees_an_active_case_adds_files_to_it(house: Any) -> None:
    rep, supervisor = house.person("rep", ("rep", "tower-a")), house.person("boss", ("supervisor", "tower-a"))
    stranger, admin = house.person("other", ("rep", "tower-b")), house.person("root", admin=True)
    begun = start_case(house.engine, "complaint", by=rep, site="tower-a")
    shared = add_attachment(house.engine, begun.case_id, by=rep, name="a.png", content=PNG)
    secret = add_attachment(house.engine, begun.case_id, by=rep, name="b.png", content=PNG, field="id_card.0")
    with pytest.raises(Forbidden):
        add_attachment(house.engine, begun.case_id, by=stranger, name="a.png", content=PNG)
    with pytest.raises(Forbidden):
        attachment_content(house.engine, shared.id, stranger)
    assert attachment_content(house.engine, shared.id, admin)[1] == PNG
    with pytest.raises(Forbidden):
        attachment_content(house.engine, secret.id, admin)
    assert [file.id for file in case_view(house.engine, begun.case_id, admin).attachments] == [shared.id]
    with pytest.raises(AttachmentNotFound):
        attachment_content(house.engine, "0" * 32, admin)
    with pytest.raises(CaseNotFound):
        add_attachment(house.engine, CaseId(999), by=admin, name="a.png", content=PNG)
    with pytest.raises(TaskNotFound):
        add_attachment(
            house.engine, begun.case_id, by=rep, name="a.png", content=PNG, task_id=TaskId("f" * 32)
        )
    suspend_case(house.engine, begun.case_id, by=supervisor, reason="等用户")
    with pytest.raises(CaseNotActive):
        add_attachment(house.engine, begun.case_id, by=rep, name="a.png", content=PNG)
    assert search(house.engine, stranger, "TS-2026") == []
