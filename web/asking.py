"""A task's form as its page shows it: the reader's labels, values, what is shown, what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine import Engine, people
from engine.domain.views import Attachment, MasterFound, Words
from forms.definition import load
from forms.model import Field, Form
from forms.parsing import flatten
from web.display import value_words
from web.language import reader_language
from web.words import gettext as _

Choices = Mapping[str, Sequence[tuple[str, Words]]]


@dataclass(frozen=True)
class Wrong:
    """A field to correct: the id of its input, its label, what is wrong."""

    id: str
    label: str
    text: str


@dataclass(frozen=True)
class Asked:
    """What a template asks about a form; ``name`` is an input's name: ``materials.0.name``."""

    form: Form
    #: Chinese → English of the form's texts.
    words: Mapping[str, str]
    values: Mapping[str, str | list[str]]
    #: Places that are hidden now; in rows ``place@row``.
    hidden: frozenset[str] = frozenset()
    #: Of fields whose options are people or departments.
    choices: Choices = field(default_factory=dict)
    #: Path → problems (:class:`forms.messages.Problem`).
    errors: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    #: Field key → what stands for the master's row that it has.
    rows_named: Mapping[str, str] = field(default_factory=dict)
    #: Field key → the rows that were looked up, None where nobody looked.
    found: Mapping[str, Sequence[MasterFound]] = field(default_factory=dict)
    #: Field key → what is being looked up.
    looked: Mapping[str, str] = field(default_factory=dict)
    attachments: Mapping[str, Attachment] = field(default_factory=dict)
    #: Bytes of one file.
    most_bytes: int = 0

    def say(self, text: str) -> str:
        """A text of the form in the reader's language."""
        return self.words.get(text, text) if reader_language() == "en" else text

    def is_shown(self, asked: Field, row: int | None = None) -> bool:
        """Say whether a component is asked now; a row that is not there yet shows what nothing hides."""
        if row is None:
            return asked.place not in self.hidden
        if row < 0:
            return not asked.show
        return f"{asked.place}@{row}" not in self.hidden

    def name(self, asked: Field, rows: Field | None = None, row: int | None = None) -> str:
        """The name of a field's input, in a row of ``rows`` if it stands in one."""
        if rows is None:
            return asked.key
        return f"{rows.key}.{'__index__' if row is None or row < 0 else row}.{asked.key}"

    def id(self, name: str) -> str:
        """The id of the input with this name."""
        return "f-" + name.replace(".", "-")

    def text(self, name: str) -> str:
        """The one text of an input."""
        value = self.values.get(name, "")
        return value if isinstance(value, str) else next(iter(value), "")

    def texts(self, name: str) -> list[str]:
        """All texts of an input that may have several."""
        value = self.values.get(name, [])
        return [value] if isinstance(value, str) else list(value)

    def rows(self, asked: Field) -> range:
        """The numbers of the rows there are; at least one, so that there is something to fill in."""
        pattern = re.compile(re.escape(asked.key) + r"\.(\d{1,4})\.")
        found = [int(match[1]) for name in self.values if (match := pattern.match(name))]
        return range(max(found, default=0) + 1)

    def options(self, asked: Field, rows: Field | None = None) -> list[tuple[str, str]]:
        """The choices of a field as (value, label)."""
        if asked.has_live_options:
            key = f"{rows.key}.{asked.key}" if rows else asked.key
            live = self.choices.get(key) or self.choices.get(asked.key) or ()
            return [(value, words.in_language(reader_language())) for value, words in live]
        return [(option.value, self.say(option.label)) for option in asked.options]

    def files(self, name: str) -> list[Attachment]:
        """The files that are attached to a field already."""
        return [self.attachments[one] for one in self.texts(name) if one in self.attachments]

    def problems(self, name: str) -> list[str]:
        """What is wrong with an answer, in sentences."""
        return [problem.text(reader_language()) for problem in self.errors.get(name, ())]

    def wrong(self) -> list[Wrong]:
        """Every answer to correct, in the order of the form, then what concerns no field."""
        found = []
        for path in sorted(self.errors, key=self._order):
            asked = self._field(path)
            label = self.say(asked.label) if asked else ""
            row = re.search(r"\.(\d+)\.", path)
            if row and asked:
                label = _("%(label)s（第 %(row)s 行）", label=label, row=int(row[1]) + 1)
            found += [Wrong(self.id(path) if asked else "", label, text) for text in self.problems(path)]
        return found

    def said(self, asked: Field, name: str, rows: Field | None = None) -> str:
        """An answer as people read it."""
        if asked.type == "checkbox":
            return str(value_words(self.text(name) == "true"))
        if asked.must_be_row:
            return self.rows_named.get(asked.key) or self.text(name)
        if asked.is_choice:
            labels = dict(self.options(asked, rows))
            return ("; " if reader_language() == "en" else "；").join(
                labels.get(one, one) for one in self.texts(name) if one
            )
        text = self.text(name)
        return text.replace("T", " ") if asked.subtype == "datetime" else text

    def answered(self, components: Sequence[Field] | None = None) -> Iterator[Field]:
        """The inputs that have an answer, in order, through groups."""
        for asked in self.form.components if components is None else components:
            if asked.type == "group":
                yield from self.answered(asked.children)
            elif asked.is_input and any(
                name == asked.key or name.startswith(f"{asked.key}.") for name in self.values
            ):
                yield asked

    def _field(self, path: str) -> Field | None:
        return self.form.field(re.sub(r"\.\d+(?=\.|$)", "", path))

    def _order(self, path: str) -> tuple[int, str]:
        keys = [leaf.key for leaf in self.form.leaves()]
        head = path.partition(".")[0]
        return (keys.index(head) if head in keys else len(keys), path)


def of_answers(
    engine: Engine,
    document: Mapping[str, Any],
    answers: Mapping[str, Any],
    *,
    words: Mapping[str, str],
    attachments: Sequence[Attachment] = (),
    site: str,
) -> Asked:
    """A form with answers that were given, to be read and not changed."""
    form = load(document)
    return Asked(
        form=form,
        words=words,
        values=flatten(form, answers, zone=engine.zone_of(site)),
        choices=live_choices(engine, form),
        attachments={one.id: one for one in attachments},
    )


def live_choices(engine: Engine, form: Form) -> dict[str, list[tuple[str, Words]]]:
    """The people and departments that a form's answers may name."""
    found = {}
    for asked in form.everything():
        if asked.kind == "user":
            found[asked.key] = [(str(one.id), Words(one.name, one.name)) for one in people(engine)]
        if asked.kind == "department":
            departments = engine.organisation.departments.values()
            found[asked.key] = [(one.id, Words(one.zh, one.en)) for one in departments]
    return found
