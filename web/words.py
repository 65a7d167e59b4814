"""Texts in the reader's language, typed: what the pages import as ``_``."""

from __future__ import annotations

import flask_babel


def gettext(text: str, **parameters: object) -> str:
    """A Chinese text in the reader's language, with its %(parameters)s filled in."""
    return str(flask_babel.gettext(text, **parameters))


def ngettext(one: str, many: str, num: int, **parameters: object) -> str:
    """A text that counts; Chinese says one and many alike, English does not."""
    return str(flask_babel.ngettext(one, many, num, **parameters))
