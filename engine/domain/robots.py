"""Robots of chat groups: which roles and sites each speaks for (``channels.toml``), and what it is told.

The file names the environment variable that holds a robot's secret address, never the address itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from engine.domain.letters import LANGUAGES
from engine.domain.reach import EVENTS, Quiet, parse_quiet
from engine.domain.tables import Table
from engine.errors import Invalid, Misconfigured

FILE = "channels.toml"
KINDS = ("wecom", "dingtalk", "feishu")
#: What a group hears unless the file says otherwise: what somebody must look at.
USUAL = ("escalation",)


@dataclass(frozen=True)
class Robot:
    """A robot that speaks in one group."""

    id: str
    kind: str
    zh: str
    en: str
    #: The whole address that the group's settings show; whoever knows it can speak there.
    address: str = field(default="", repr=False)
    #: The signing secret, where the group asks for one.
    sign: str = field(default="", repr=False)
    roles: tuple[str, ...] = ()
    #: Site ids; none for all.
    sites: tuple[str, ...] = ()
    events: tuple[str, ...] = USUAL
    language: str = "zh"
    quiet: Quiet | None = None

    def hears(self, event: str, roles: Iterable[str], site: str) -> bool:
        """Say whether its group is told of an event that goes to these roles at a site."""
        return (
            bool(self.address)
            and event in self.events
            and (not self.sites or site in self.sites)
            and not set(self.roles).isdisjoint(roles)
        )


def parse_robots(
    toml: Mapping[str, object],
    *,
    roles: Collection[str],
    sites: Collection[str],
    environ: Mapping[str, str],
) -> dict[str, Robot]:
    """Read ``channels.toml``; raises :class:`Misconfigured`. A robot without its secret is silent."""
    for key in toml:
        if key != "robots":
            raise Misconfigured(f"{FILE}, [{key}]: is not known here; known is robots.")
    found = Table(FILE, "robots", toml.get("robots", {})).values
    return {
        name: _robot(name, Table(FILE, f"robots.{name}", values), roles, sites, environ)
        for name, values in found.items()
    }


def _robot(
    name: str, table: Table, roles: Collection[str], sites: Collection[str], environ: Mapping[str, str]
) -> Robot:
    table.only(
        "kind", "zh", "en", "address_from", "sign_from", "roles", "sites", "events", "language", "quiet"
    )
    kind, language = table.text("kind"), table.text("language", "zh")
    _require(table, "kind", [kind], KINDS)
    _require(table, "language", [language], LANGUAGES)
    for key, known in (("roles", roles), ("sites", sites), ("events", EVENTS)):
        _require(table, key, table.texts(key), known)
    if not table.texts("roles"):
        table.refuse("roles", "is missing: nobody would know what to tell the group")
    sign = table.text("sign_from", "")
    return Robot(
        id=name,
        kind=kind,
        zh=table.text("zh"),
        en=table.text("en"),
        address=environ.get(table.text("address_from"), "").strip(),
        sign=environ.get(sign, "").strip() if sign else "",
        roles=table.texts("roles"),
        sites=table.texts("sites"),
        events=table.texts("events") or USUAL,
        language=language,
        quiet=_quiet(table),
    )


def _require(table: Table, key: str, said: Iterable[str], known: Collection[str]) -> None:
    for one in said:
        if one not in known:
            table.refuse(key, f"{one!r} is not one of {', '.join(known)}")


def _quiet(table: Table) -> Quiet | None:
    said = table.text("quiet", "")
    if not said:
        return None
    begins, _, ends = said.partition("-")
    try:
        return parse_quiet(begins, ends)
    except Invalid:
        table.refuse("quiet", f"must be two times of day such as 22:00-07:00, not {said!r}")
