"""A sentence about what was just done, with a button that takes it back."""

from __future__ import annotations

from collections.abc import Mapping

from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from web.words import gettext as _


def with_undo(said: str, url: str, values: Mapping[str, str] | None = None, *, seconds: float = 0) -> Markup:
    """The sentence, and a small form that posts ``values`` to an address; it goes after some seconds."""
    inputs = Markup("").join(
        Markup('<input type="hidden" name="{}" value="{}">').format(name, value)
        for name, value in {"csrf_token": generate_csrf(), **(values or {})}.items()
    )
    form = Markup(
        '<form method="post" action="{}" class="inline"{}>{}<button class="link">{}</button></form>'
    )
    limit = Markup(' data-seconds="{}"').format(round(seconds)) if seconds else ""
    return Markup("{} {}").format(said, form.format(url, limit, inputs, _("撤销")))
