"""Personal data of a case: which they are, and a veil over them for people who need not see them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.domain.facts import Data
from engine.domain.privacy import HIDDEN, mask, redact
from engine.procedures import Published
from forms.model import Field

#: A shorter text would be found inside other words.
SHORTEST = 2


def fields_of(published: Published) -> Iterator[tuple[str, Field]]:
    """(process, field) of every form of a procedure and of those it calls."""
    for process, bundle in published.bundles.items():
        for form in bundle.forms.values():
            for leaf in form.leaves():
                yield process, leaf


def personal_keys(published: Published) -> frozenset[str]:
    """The keys of personal fields; that of a row's field is ``materials.name``."""
    keys = set()
    for _, leaf in fields_of(published):
        if leaf.personal:
            keys.add(leaf.key)
        keys.update(f"{leaf.key}.{child.key}" for child in leaf.children if child.personal)
    return frozenset(keys)


@dataclass(frozen=True)
class Veil:
    """Masks what a reader of a case need not see; one that is open masks nothing."""

    open: bool
    personal: frozenset[str] = frozenset()
    #: Every key that a form asks for; others may hold copies of anything.
    asked: frozenset[str] = frozenset()
    #: Personal text → what is read in its place, the longest first.
    replaced: tuple[tuple[str, str], ...] = ()

    def hides(self, key: str) -> bool:
        """Say whether a field is masked whole."""
        return not self.open and key in self.personal

    def value(self, key: str, value: Any) -> Any:
        """A field's value as this reader may see it."""
        if self.open:
            return value
        if key in self.personal:
            return mask(value)
        if isinstance(value, list):
            return [self._row(key, item) if isinstance(item, dict) else item for item in value]
        return value

    def data(self, data: Mapping[str, Any]) -> Data:
        """The case's data: without what no form asked for, personal fields masked."""
        if self.open:
            return dict(data)
        return {key: self.value(key, value) for key, value in data.items() if key in self.asked}

    def text(self, text: str) -> str:
        """A sentence without the case's personal values and without telephone numbers."""
        if self.open:
            return text
        for value, shown in self.replaced:
            text = text.replace(value, shown)
        return redact(text)

    def detail(self, detail: Any, key: str = "") -> Any:
        """The facts of a history entry, however deep."""
        if self.open:
            return detail
        if key in self.personal:
            return mask(detail)
        if isinstance(detail, dict):
            return {name: self.detail(item, self._key(key, name)) for name, item in detail.items()}
        if isinstance(detail, list):
            return [self.detail(item, key) for item in detail]
        return self.text(detail) if isinstance(detail, str) else detail

    def _row(self, key: str, row: Data) -> Data:
        return {name: self.value(f"{key}.{name}", value) for name, value in row.items()}

    def _key(self, above: str, name: str) -> str:
        # Inside the rows of a field its columns are meant, everywhere else a field of its own.
        inside = f"{above}.{name}"
        return inside if inside in self.personal else name


def veil_of(published: Published, data: Mapping[str, Any], *, near: bool) -> Veil:
    """The veil for a reader of a case with this data."""
    if near:
        return Veil(open=True)
    personal = personal_keys(published)
    texts = {text for key in personal for text in _texts_at(data, key)}
    return Veil(
        open=False,
        personal=personal,
        asked=frozenset(leaf.key for _, leaf in fields_of(published)),
        replaced=tuple((text, str(mask(text))) for text in sorted(texts, key=len, reverse=True)),
    )


def _texts_at(data: Mapping[str, Any], key: str) -> Iterator[str]:
    head, _, tail = key.partition(".")
    value = data.get(head)
    rows = value if isinstance(value, list) else [value]
    for item in rows:
        found = item.get(tail) if isinstance(item, dict) and tail else item
        if isinstance(found, str) and len(found.strip()) >= SHORTEST and found != HIDDEN:
            yield found.strip()
