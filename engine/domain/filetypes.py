"""What kinds of file are taken, told from their first bytes and their inside, never from their name."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from dataclasses import dataclass


@dataclass(frozen=True)
class FileKind:
    """A kind of file that is taken, and the suffixes that go with it; a name without gets the first."""

    mime: str
    suffixes: tuple[str, ...]


JPEG = FileKind("image/jpeg", (".jpg", ".jpeg"))
PNG = FileKind("image/png", (".png",))
WEBP = FileKind("image/webp", (".webp",))
GIF = FileKind("image/gif", (".gif",))
HEIC = FileKind("image/heic", (".heic", ".heif"))
PDF = FileKind("application/pdf", (".pdf",))
DOCX = FileKind("application/vnd.openxmlformats-officedocument.wordprocessingml.document", (".docx",))
XLSX = FileKind("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (".xlsx",))
TEXT = FileKind("text/plain", (".txt", ".csv", ".log", ".md"))

#: Characters of a name, its suffix included.
LONGEST_NAME = 120

_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"})
#: Control characters that text files have: tab, line feed, form feed, carriage return.
_PRINTERS = frozenset("\t\n\f\r")
_UNSAFE = re.compile(r'[<>:"|?*]')


def kind_of(content: bytes) -> FileKind | None:
    """The kind of a file by its content, or None when it is not taken.

    >>> kind_of(b"%PDF-1.7 ...").mime
    'application/pdf'
    >>> kind_of(b"MZ" + bytes(60))
    """
    for start, kind in ((b"\xff\xd8\xff", JPEG), (b"\x89PNG\r\n\x1a\n", PNG), (b"%PDF-", PDF)):
        if content.startswith(start):
            return kind
    if content[:6] in (b"GIF87a", b"GIF89a"):
        return GIF
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return WEBP
    if content[4:8] == b"ftyp" and content[8:12] in _HEIF_BRANDS:
        return HEIC
    if content.startswith(b"PK\x03\x04"):
        return _office(content)
    return TEXT if _is_text(content) else None


def cleaned_name(name: str, kind: FileKind) -> str:
    """A name without folders, control characters and what turns the reading direction; "" when none is left.

    A suffix that does not go with the content gets one that does, so that no program opens it as
    something else.

    >>> cleaned_name("C:\\\\照片\\\\漏水.JPG", JPEG)
    '漏水.JPG'
    >>> cleaned_name("../../run.exe", TEXT)
    'run.exe.txt'
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    # Categories C: control, format (bidi overrides), surrogate, private use, unassigned.
    shown = "".join(char for char in last if not unicodedata.category(char).startswith("C"))
    shown = " ".join(_UNSAFE.sub("_", shown).split()).strip(" .")
    stem, dot, suffix = shown.rpartition(".")
    if dot and f".{suffix.casefold()}" in kind.suffixes:
        shown, ending = stem, f".{suffix}"
    else:
        ending = kind.suffixes[0]
    shown = shown[: LONGEST_NAME - len(ending)].rstrip(" .")
    return shown + ending if shown else ""


def _office(content: bytes) -> FileKind | None:
    # Only the directory at the end is read; nothing is unpacked.
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return None
    if "[Content_Types].xml" not in names or any(name.endswith("vbaProject.bin") for name in names):
        return None
    if "word/document.xml" in names:
        return DOCX
    return XLSX if "xl/workbook.xml" in names else None


def _is_text(content: bytes) -> bool:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return not any(
            unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn") and char not in _PRINTERS for char in text
        )
    return False
