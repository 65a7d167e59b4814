"""Keep the English catalogue of the pages complete.

``update`` collects every text of the pages into web/translations/en/LC_MESSAGES/messages.po and leaves
the English of new ones empty; ``check`` fails while one is empty, fuzzy, missing, or forgets a parameter.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "web" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
PARAMETER = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "lazy_gettext": None}


def main() -> int:
    """Update or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("update", "check"))
    what = parser.parse_args().what
    found = collected()
    known = read()
    if what == "update":
        known.update(found, no_fuzzy_matching=True)
        known.obsolete.clear()
        tidy_header(known)
        write(known)
        empty = sum(1 for message in known if message.id and not _said(message))
        print(f"translations: {sum(1 for message in known if message.id)} texts, {empty} without English")
        return 0
    problems = list(problems_of(found, known))
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        print(
            "translations: run `python tools/translations.py update` and fill in what is empty",
            file=sys.stderr,
        )
    return 1 if problems else 0


def collected() -> Catalog:
    """Every text that the pages ask a translation for."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)
    catalogue = Catalog(project="guanjia", charset="utf-8")
    for file, _line, text, comments, context in extract_from_dir(
        ROOT, methods, options, keywords=KEYWORDS, directory_filter=_is_ours
    ):
        catalogue.add(text, None, [(file, 0)], auto_comments=comments, context=context)
    return catalogue


def read() -> Catalog:
    """The English catalogue as it stands."""
    if not CATALOGUE.is_file():
        return Catalog(locale="en", project="guanjia", charset="utf-8", fuzzy=False)
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="en")


def write(catalogue: Catalog) -> None:
    """Write the English catalogue, whole or not at all."""
    content = BytesIO()
    write_po(content, catalogue, width=110, sort_output=True, include_lineno=False)
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    CATALOGUE.write_bytes(content.getvalue())


def tidy_header(catalogue: Catalog) -> None:
    """Keep out of the file what differs with every run or says nothing."""
    catalogue.header_comment = "# English for the texts of the pages; Chinese is their source."
    catalogue.fuzzy = False
    catalogue.project, catalogue.version = "guanjia", "1"
    catalogue.msgid_bugs_address = ""
    catalogue.last_translator = catalogue.language_team = "Guanjia"
    catalogue.creation_date = catalogue.revision_date = datetime(2026, 1, 1, tzinfo=UTC)


def problems_of(found: Catalog, known: Catalog) -> Iterator[str]:
    """What is not right, a line each."""
    for message in found:
        if not message.id:
            continue
        there = known.get(message.id, message.context)
        first = message.id[0] if isinstance(message.id, tuple) else message.id
        if there is None:
            yield f"missing: {first}"
        elif there.fuzzy:
            yield f"fuzzy: {first}"
        elif not _said(there):
            yield f"no English: {first}"
        else:
            yield from _differences(first, there)


def _differences(first: str, message: Message) -> Iterator[str]:
    wanted = _parameters(first)
    for said in _forms(message):
        if not _parameters(said) <= wanted:
            yield f"a parameter that the text does not have: {said}"
        if isinstance(message.id, str) and not wanted <= _parameters(said):
            yield f"a parameter is forgotten: {said}"
        if CHINESE.search(said):
            yield f"Chinese in the English: {said}"


def _parameters(text: str) -> set[str]:
    return {first or second for first, second in PARAMETER.findall(text)}


def _forms(message: Message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (message.string or "",)


def _said(message: Message) -> bool:
    return all(form.strip() for form in _forms(message)) and bool(_forms(message))


def _is_ours(directory: str) -> bool:
    return not Path(directory).name.startswith((".", "node_modules", "build"))


if __name__ == "__main__":
    raise SystemExit(main())
