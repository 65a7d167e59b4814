"""Texts in the reader's language, typed: what the pages import as ``_``."""

from __future__ import annotations

from typing import cast

import flask_babel
from babel.support import NullTranslations
from flask import g, has_request_context


def gettext(text: str, **parameters: object) -> str:
    """A Chinese text in the reader's language, with its %(parameters)s filled in."""
    said = spoken().gettext(text)
    return said % parameters if parameters else said


def ngettext(one: str, many: str, num: int, **parameters: object) -> str:
    """A text that counts; Chinese says one and many alike, English does not."""
    return spoken().ngettext(one, many, num) % {"num": num, **parameters}


def spoken() -> NullTranslations:
    """The catalogue of the reader's language, looked up once a request: a page says a hundred texts."""
    if not has_request_context():
        return cast("NullTranslations", flask_babel.get_domain().get_translations())
    found: NullTranslations | None = g.get("catalogue")
    if found is None:
        found = g.catalogue = flask_babel.get_domain().get_translations()
    return found
