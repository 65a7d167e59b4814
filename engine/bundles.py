"""The files of a procedure as one bundle: read from folders, kept in a version, read again for its cases."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from babel.messages.pofile import PoFileError, read_po

from engine.domain.views import Words
from engine.errors import ProcedureNotFound
from engine.runtime import reading
from engine.runtime.reading import Diagram
from forms.definition import Form, FormRefused, load

DIAGRAM = "diagram.bpmn"
ENGLISH = "en.po"
#: How the files of decisions end.
DECISIONS = ".dmn"
REGISTERS = "register.json"
DOCUMENTS = "documents.json"
SCENARIOS = "scenarios.toml"
#: Files of a form folder that are not forms.
NOT_FORMS = frozenset({REGISTERS, DOCUMENTS})


class BundleBroken(ValueError):
    """A file of a procedure cannot be read; ``file`` says which."""

    def __init__(self, file: str, message: str) -> None:
        super().__init__(message)
        self.file = file


@dataclass(frozen=True)
class Bundle:
    """The files of one procedure, by name, and what they say."""

    procedure: str
    files: Mapping[str, str] = field(repr=False)

    @cached_property
    def digest(self) -> str:
        """A digest of everything that makes a version; scenarios are not part of it."""
        told = {name: text for name, text in self.files.items() if name != SCENARIOS}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    @cached_property
    def diagram(self) -> Diagram:
        """The drawing; raises :class:`engine.runtime.reading.Unreadable`."""
        return reading.read(self.files[DIAGRAM].encode())

    @cached_property
    def decisions(self) -> dict[str, bytes]:
        """The files of decisions by their names."""
        return {name: text.encode() for name, text in self.files.items() if name.endswith(DECISIONS)}

    @cached_property
    def english(self) -> dict[str, str]:
        """Chinese → English; raises :class:`BundleBroken`."""
        if ENGLISH not in self.files:
            return {}
        try:
            catalogue = read_po(io.BytesIO(self.files[ENGLISH].encode()), abort_invalid=True)
        except (PoFileError, UnicodeError, ValueError) as error:
            raise BundleBroken(ENGLISH, str(error)) from error
        return {str(m.id): str(m.string) for m in catalogue if m.id and m.string and not m.fuzzy}

    def words(self, zh: str) -> Words:
        """A text of the procedure in both languages; without English, the Chinese stands for it."""
        return Words(zh, self.english.get(zh, zh))

    @cached_property
    def name(self) -> Words:
        """The procedure's name."""
        process = self.diagram.process(self.procedure)
        return self.words((process.name if process else "") or self.procedure)

    @cached_property
    def properties(self) -> dict[str, str]:
        """The process's own properties: subject, series, customer, starters."""
        process = self.diagram.process(self.procedure)
        return process.properties if process else {}

    @cached_property
    def form_documents(self) -> dict[str, dict[str, Any]]:
        """form id → form-js document; raises :class:`BundleBroken`."""
        return {
            Path(name).stem: self._json(name)
            for name in self.files
            if name.endswith(".json") and name not in NOT_FORMS
        }

    @cached_property
    def forms(self) -> dict[str, Form]:
        """form id → form; raises :class:`BundleBroken`."""
        found = {}
        for form_id, document in self.form_documents.items():
            try:
                found[form_id] = load(document)
            except FormRefused as error:
                raise BundleBroken(f"{form_id}.json", str(error)) from error
        return found

    @cached_property
    def registers(self) -> dict[str, dict[str, Any]]:
        """register id → its declaration."""
        return self._declared(REGISTERS, "registers")

    @cached_property
    def documents(self) -> dict[str, dict[str, Any]]:
        """document id → its declaration."""
        return self._declared(DOCUMENTS, "documents")

    @cached_property
    def called(self) -> frozenset[str]:
        """The procedures that this one calls."""
        return frozenset(node.called for node in self.diagram.nodes.values() if node.called)

    def texts(self) -> Iterator[str]:
        """Every Chinese text that a person reads, for the completeness of the translation."""
        for process in self.diagram.processes:
            yield process.name
        for node in self.diagram.nodes.values():
            yield from (node.name, node.instructions, node.documentation)
            yield from (node.properties.get(key, "") for key in ("clause", "help", "source"))
        yield from (flow.name for flow in self.diagram.flows.values())
        yield from (lane.name for lane in self.diagram.lanes)
        for document in self.form_documents.values():
            yield from _texts_of_form(document)
        for register in self.registers.values():
            yield register["title"]
            yield register.get("source", "")
            yield from (column["label"] for column in register["columns"])
            yield from filter(None, [register.get("board", {}).get("title")])
        for paper in self.documents.values():
            yield paper["title"]
            yield from paper.get("copies", [])
            yield from _texts_of_blocks(paper.get("blocks", []))

    def _declared(self, file: str, key: str) -> dict[str, dict[str, Any]]:
        if file not in self.files:
            return {}
        return {declared["id"]: declared for declared in self._json(file).get(key, [])}

    def _json(self, name: str) -> dict[str, Any]:
        try:
            found = json.loads(self.files[name])
        except ValueError as error:
            raise BundleBroken(name, str(error)) from error
        if not isinstance(found, dict):
            raise BundleBroken(name, "the file is not a JSON object")
        return found


def _texts_of_form(component: Mapping[str, Any]) -> Iterator[str]:
    yield from (component[key] for key in ("title", "label", "text", "description") if component.get(key))
    help_text = component.get("properties", {}).get("help")
    if help_text:
        yield help_text
    yield from (option["label"] for option in component.get("values", []))
    for child in component.get("components", []):
        yield from _texts_of_form(child)


def _texts_of_blocks(blocks: list[Mapping[str, Any]]) -> Iterator[str]:
    for block in blocks:
        yield from (block[key] for key in ("label", "text", "title") if block.get(key))
        yield from block.get("labels", [])
        for entry in [*block.get("fields", []), *block.get("columns_of", [])]:
            yield entry["label"]


def from_folders(bpmn: Path, forms: Path, procedure: str) -> Bundle:
    """Read a procedure's files; raises :class:`ProcedureNotFound` and :class:`BundleBroken`."""
    diagram = bpmn / procedure / f"{procedure}.bpmn"
    if not diagram.is_file():
        raise ProcedureNotFound(procedure=procedure)
    beside = {
        ENGLISH: bpmn / procedure / "translations" / ENGLISH,
        SCENARIOS: bpmn / procedure / SCENARIOS,
    }
    paths = {
        DIAGRAM: diagram,
        **{name: path for name, path in beside.items() if path.is_file()},
        **{path.name: path for path in sorted((bpmn / procedure).glob(f"*{DECISIONS}"))},
        **{path.name: path for path in sorted((forms / procedure).glob("*.json"))},
    }
    files = {}
    for name, path in paths.items():
        try:
            files[name] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise BundleBroken(name, "the file is not UTF-8") from error
    return Bundle(procedure, files)


def decisions_in(folder: Path) -> dict[str, bytes]:
    """The files of decisions in a folder by their names."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob(f"*{DECISIONS}")) if path.is_file()}


def procedures_in(bpmn: Path) -> list[str]:
    """The ids of all procedures in a folder."""
    return sorted(path.stem for path in bpmn.glob("*/*.bpmn") if path.stem == path.parent.name)
