"""How things read on a page: the filters and globals of the templates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask import Flask, current_app, g, request, url_for
from flask_babel import format_currency, format_decimal
from markupsafe import Markup

from engine import Engine
from engine.domain.views import MANY, Clock, Words
from engine.errors import Misconfigured
from web import history, keys, moments
from web.access import engine, signed_in, wants_fragment
from web.language import reader_language, script_words
from web.moments import ClockWords
from web.navigation import my_counts, navigation
from web.words import gettext as _

BUILD = Path(__file__).parent / "static" / "build"
THEMES = ("system", "light", "dark")
SIZES = ("normal", "large")
#: htmx evaluates nothing and writes no style of its own, as the content security policy demands.
HTMX = {"includeIndicatorCSS": False, "history": False, "mode": "same-origin", "defaultTimeout": 20_000}
#: Length of a working day where no calendar can be asked.
_WORKING_DAY = timedelta(hours=8)
_KILO, _MEGA = 1000, 1_000_000


def set_up(app: Flask) -> None:
    """Give the templates of ``app`` their filters and globals."""
    app.jinja_env.filters.update(
        words=words,
        moment=moment,
        exact=lambda at: moments.exact(at, reader_zone(), reader_language()),
        number=number,
        counted=counted,
        money=money,
        size=size,
        span=moments.span_words,
        clock=clock,
        initial=lambda name: name.strip()[:1].upper(),
        status_words=history.status_words,
        priority_words=history.priority_words,
        entry_words=lambda entry: history.sentence(entry, reader_language(), _exact),
        entry_more=lambda entry: history.more(entry, reader_language()),
        value_words=value_words,
    )
    app.jinja_env.globals.update(
        asset=asset,
        here=here,
        now=lambda: engine().now(),
        counts=my_counts,
        has_endpoint=has_endpoint,
        navigation=navigation,
        key_table=keys.table,
        script_words=lambda: Markup(json.dumps(script_words(), ensure_ascii=False).replace("<", "\\u003c")),
        htmx_config=json.dumps(HTMX),
        site_name=site_name,
        role_name=role_name,
        rung_words=history.rung_words,
        fresh_id=lambda: uuid4().hex,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.context_processor(_of_this_request)


def _of_this_request() -> dict[str, object]:
    reader = signed_in()
    theme = (reader.theme if reader else "") or request.cookies.get("theme", "")
    type_size = request.cookies.get("size", "")
    return {
        "person": reader,
        "language": reader_language(),
        "theme": theme if theme in THEMES else "system",
        "type_size": type_size if type_size in SIZES else "normal",
        "this_page": request.full_path.rstrip("?") if request.method == "GET" else "",
    }


# Files of the build -----------------------------------------------------------------------------


def asset(name: str) -> str:
    """The address of a built file by its plain name, such as ``app.js``."""
    # A page names the same few files again and again.
    addresses: dict[str, str] = g.setdefault("assets", {})
    if name not in addresses:
        addresses[name] = url_for("static", filename=f"build/{manifest()[name]}")
    return addresses[name]


def manifest() -> Mapping[str, str]:
    """The built files by their plain names; raises :class:`Misconfigured` before the first build."""
    path = BUILD / "manifest.json"
    try:
        # Looked at anew after a build, so that a process that runs on finds the new files.
        return _read_manifest(path, path.stat().st_mtime_ns)
    except FileNotFoundError as error:
        raise Misconfigured("The front end is not built; run `python tools/build_ui.py`.") from error


@lru_cache(maxsize=1)
def _read_manifest(path: Path, _written_at: int) -> Mapping[str, str]:
    files: dict[str, str] = json.loads(path.read_text("utf-8"))["files"]
    return files


# Words ------------------------------------------------------------------------------------------


def words(text: Words | str | None) -> str:
    """A text of a procedure in the reader's language."""
    if text is None:
        return ""
    return text if isinstance(text, str) else text.in_language(reader_language())


def site_name(site: str) -> str:
    """A site by the name the reader knows."""
    found = engine().organisation.sites.get(site)
    if found is None:
        return _("所有站点") if site == "*" else site
    return found.en if reader_language() == "en" else found.zh


def role_name(role: str | None) -> str:
    """A role by the name the reader knows."""
    found = engine().organisation.roles.get(role or "")
    if found is None:
        return role or ""
    return found.en if reader_language() == "en" else found.zh


def value_words(value: Any) -> str:
    """A value of a case as people read it."""
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, (int, float, Decimal)):
        return number(value)
    if isinstance(value, Mapping):
        return " · ".join(value_words(each) for each in value.values())
    if isinstance(value, (list, tuple)):
        return "\n".join(value_words(each) for each in value) or "—"
    return str(value)


def number(value: float | Decimal) -> str:
    """A number with the reader's separators."""
    return str(format_decimal(value))


def counted(value: int) -> str:
    """A count of the navigation, which nobody counted to the end when there are very many."""
    return f"{number(MANY)}+" if value > MANY else number(value)


def money(value: float | Decimal) -> str:
    """An amount in yuan."""
    return str(format_currency(value, "CNY"))


def size(value: int) -> str:
    """A number of bytes, in kB or MB of 1,000 as file managers count."""
    if value < _MEGA:
        return f"{max(1, round(value / _KILO))} kB"
    return f"{value / _MEGA:.1f} MB"


# Time -------------------------------------------------------------------------------------------


def reader_zone() -> tzinfo:
    """The zone of the reader's own site, else of the first site, else UTC."""
    if "zone" not in g:
        g.zone = _zone_of_reader(engine())
    zone: tzinfo = g.zone
    return zone


def _zone_of_reader(at: Engine) -> tzinfo:
    site = _site_of_reader(at)
    return at.zone_of(site) if site else UTC


def _site_of_reader(at: Engine) -> str | None:
    reader = signed_in()
    theirs = [site for _role, site in reader.roles if site in at.organisation.sites] if reader else []
    return next(iter(theirs or at.organisation.sites), None)


def moment(at: datetime, style: str = "words") -> str:
    """A moment in words; style ``words``, ``exact``, ``day`` or ``time``."""
    zone, language = reader_zone(), reader_language()
    if style == "exact":
        return moments.exact(at, zone, language)
    if style == "day":
        return moments.day(at, zone, language)
    if style == "time":
        return moments.clock_time(at, zone)
    return moments.in_words(at, engine().now(), zone, language)


def _exact(at: datetime) -> str:
    return moment(at, "exact")


def clock(of: Clock) -> ClockWords:
    """A clock as a chip shows it."""
    return moments.clock_words(
        of, engine().now(), reader_zone(), reader_language(), working_day=_working_day()
    )


def _working_day() -> timedelta:
    """Length of a working day at the reader's site."""
    if "working_day" not in g:
        at = engine()
        site = _site_of_reader(at)
        g.working_day = _WORKING_DAY if site is None else _longest_day(at, site)
    length: timedelta = g.working_day
    return length


def _longest_day(at: Engine, site: str) -> timedelta:
    today = at.now().astimezone(at.zone_of(site)).date()
    calendar = at.calendar_of(site)
    lengths = [
        sum(
            (closes - opens for opens, closes in calendar.periods_on(today + timedelta(days=ahead))),
            timedelta(),
        )
        for ahead in range(7)
    ]
    return max(lengths) or _WORKING_DAY


# This page ----------------------------------------------------------------------------------------


def here(**changes: object) -> str:
    """This address with some of its arguments changed; None takes one away. A new filter starts at page 1."""
    arguments = request.args.to_dict(flat=False)
    if set(changes) - {"page"}:
        arguments.pop("page", None)
    for name, value in changes.items():
        arguments.pop(name, None)
        if value is not None and value != "":
            arguments[name] = [str(value)]
    return url_for(str(request.endpoint), **{**(request.view_args or {}), **arguments})


def is_htmx() -> bool:
    """Whether the answer goes into a page that stands already."""
    return wants_fragment()


def has_endpoint(name: str) -> bool:
    """Whether this application has a page of that name."""
    return name in current_app.view_functions
