"""The words of messages that leave the house: ``messages.toml``, for each event in both languages.

``{text}`` is what was told, ``{link}`` the address of the task or case (nothing without the setting
``public_url``), ``{name}`` the receiver, ``{case_no}`` and ``{subject}`` the case. A line that a missing
value leaves empty is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.domain.filling import fill
from engine.domain.reach import CUSTOMER, EVENTS
from engine.domain.tables import Table

FILE = "messages.toml"
#: What may stand in ``{}``.
FIELDS = ("text", "link", "name", "case_no", "subject", "day")
#: Everything that has words of its own.
KINDS = (*EVENTS, CUSTOMER, "digest", "test")
LANGUAGES = ("zh", "en")


@dataclass(frozen=True)
class Letter:
    """What is sent: the subject on one line, and the text."""

    subject: str
    body: str


#: For an event that the file says nothing of.
PLAIN = Letter("{text}", "{text}\n{link}")


@dataclass(frozen=True)
class Letters:
    """All words, by event and language."""

    known: Mapping[tuple[str, str], Letter]

    def write(self, event: str, language: str, values: Mapping[str, object]) -> Letter:
        """A letter about an event, in a language, with values in place of ``{field}``."""
        found = self.known.get((event, language)) or self.known.get(("notice", language)) or PLAIN
        subject = " ".join(fill(found.subject, values).split())
        return Letter(subject[:200], _without_gaps(found.body, values))


def _without_gaps(body: str, values: Mapping[str, object]) -> str:
    lines = []
    for line in body.strip().splitlines():
        said = fill(line, values).rstrip()
        # A line that only held a value, and the value is not there.
        if said or not line.strip():
            lines.append(said)
    return "\n".join(lines).strip()


def parse_letters(toml: Mapping[str, object]) -> Letters:
    """Read ``messages.toml``; raises :class:`Misconfigured` naming the table and the key."""
    known = {}
    for event, values in toml.items():
        table = Table(FILE, event, values)
        if event not in KINDS:
            table.refuse(event, f"is no event; known are {', '.join(KINDS)}")
        table.only(*(f"{part}_{language}" for part in ("subject", "body") for language in LANGUAGES))
        for language in LANGUAGES:
            letter = Letter(table.text(f"subject_{language}"), table.text(f"body_{language}"))
            _require_known(table, f"subject_{language}", letter.subject)
            _require_known(table, f"body_{language}", letter.body)
            known[event, language] = letter
    return Letters(known)


def _require_known(table: Table, key: str, text: str) -> None:
    for part in text.split("{")[1:]:
        name = part.partition("}")[0].strip()
        if name not in FIELDS:
            table.refuse(key, f"{{{name}}} is not known; known are {', '.join(FIELDS)}")
