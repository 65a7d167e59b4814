"""Who is who: sites, departments and roles, and how they refer to one another."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from engine.domain.tables import Table
from engine.errors import Misconfigured


@dataclass(frozen=True)
class Site:
    """A building or a centre; its cases keep its calendar."""

    id: str
    zh: str
    en: str
    #: The id of its working calendar.
    calendar: str


@dataclass(frozen=True)
class Department:
    """A department, with the role that answers for it."""

    id: str
    zh: str
    en: str
    #: A role id, or "" when nobody answers for it here.
    head: str = ""
    #: Role ids that take work sent to the department.
    handlers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Role:
    """A post (岗位) that people hold at sites; a lane of a diagram belongs to one."""

    id: str
    zh: str
    en: str
    #: Other names that a drawing may use for it.
    aliases: tuple[str, ...] = ()
    #: A department id, or "".
    department: str = ""
    #: The role id of the supervisor, or "" at the top.
    reports_to: str = ""
    #: True for tenants and visitors; they have no inbox.
    outside: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Everything it is called, its id first."""
        return (self.id, self.zh, self.en, *self.aliases)


@dataclass(frozen=True)
class PauseReason:
    """Why the clocks of a case may stand still: what it waits for that nobody here can do."""

    id: str
    zh: str
    en: str


@dataclass(frozen=True)
class Organisation:
    """All sites, departments and roles by id; references among them hold (see :func:`parse_organisation`)."""

    sites: Mapping[str, Site]
    departments: Mapping[str, Department]
    roles: Mapping[str, Role]
    #: Why clocks may be stopped, by code.
    pauses: Mapping[str, PauseReason] = field(default_factory=dict)

    def role_named(self, text: str) -> Role | None:
        """The role with this id, Chinese or English name or alias; spaces and case do not matter."""
        return self._by_name.get(_key(text))

    def supervisors(self, role: str) -> tuple[Role, ...]:
        """The roles above a role, nearest first; empty for one at the top or unknown."""
        chain: list[Role] = []
        above = self.roles[role].reports_to if role in self.roles else ""
        while above:
            chain.append(self.roles[above])
            above = self.roles[above].reports_to
        return tuple(chain)

    def roles_of_department(self, department: str) -> tuple[Role, ...]:
        """The roles that belong to a department, in the order of the file."""
        return tuple(role for role in self.roles.values() if role.department == department)

    def handlers_of(self, department: str) -> tuple[Role, ...]:
        """The roles that take work sent to a department: its handlers, else its head, else none."""
        found = self.departments.get(department)
        if found is None:
            return ()
        return tuple(self.roles[role] for role in found.handlers or (found.head,) if role)

    def head_of(self, department: str) -> Role | None:
        """The role that answers for a department; None when there is none or it is unknown."""
        found = self.departments.get(department)
        return self.roles[found.head] if found is not None and found.head else None

    @cached_property
    def _by_name(self) -> dict[str, Role]:
        return {_key(name): role for role in self.roles.values() for name in role.names}


def parse_organisation(
    toml: Mapping[str, object], *, calendars: Collection[str] | None = None
) -> Organisation:
    """Read ``organisation.toml``; raises :class:`Misconfigured` naming the table and the key.

    Refused are references to what is not there, two roles of one name, and a role that is its own
    supervisor, however far up. With ``calendars`` (their ids), the sites' must be among them.
    """
    for key in toml:
        if key not in ("sites", "departments", "roles", "pauses"):
            raise Misconfigured(f"organisation.toml, {key}: is neither sites, departments, roles nor pauses.")
    sites = _tables(toml, "sites")
    departments = _tables(toml, "departments")
    roles = _tables(toml, "roles")
    for table in departments.values():
        _require_known(table, "head", table.text("head", ""), roles)
        for handler in table.texts("handlers"):
            _require_known(table, "handlers", handler, roles)
    for table in roles.values():
        _require_known(table, "department", table.text("department", ""), departments)
        _require_known(table, "reports_to", table.text("reports_to", ""), roles)
    if calendars is not None:
        for table in sites.values():
            _require_known(table, "calendar", table.text("calendar"), calendars)
    _require_no_cycle(roles)
    organisation = Organisation(
        sites={name: _site(name, table) for name, table in sites.items()},
        departments={name: _department(name, table) for name, table in departments.items()},
        roles={name: _role(name, table) for name, table in roles.items()},
        pauses={name: _pause(name, table) for name, table in _tables(toml, "pauses").items()},
    )
    _require_different_names(organisation, roles)
    return organisation


def _tables(toml: Mapping[str, object], kind: str) -> dict[str, Table]:
    # A file without the section has an empty one; a section that is no table is refused.
    section = Table("organisation.toml", kind, toml.get(kind, {}))
    return {
        name: Table("organisation.toml", f"{kind}.{name}", values) for name, values in section.values.items()
    }


def _site(name: str, table: Table) -> Site:
    table.only("zh", "en", "calendar")
    return Site(name, table.text("zh"), table.text("en"), table.text("calendar"))


def _department(name: str, table: Table) -> Department:
    table.only("zh", "en", "head", "handlers")
    return Department(
        name, table.text("zh"), table.text("en"), table.text("head", ""), table.texts("handlers")
    )


def _role(name: str, table: Table) -> Role:
    table.only("zh", "en", "aliases", "department", "reports_to", "outside")
    return Role(
        id=name,
        zh=table.text("zh"),
        en=table.text("en"),
        aliases=table.texts("aliases"),
        department=table.text("department", ""),
        reports_to=table.text("reports_to", ""),
        outside=table.flag("outside"),
    )


def _require_known(table: Table, key: str, name: str, known: Collection[str]) -> None:
    if name and name not in known:
        table.refuse(key, f"{name!r} is not defined")


def _require_no_cycle(roles: Mapping[str, Table]) -> None:
    for name in roles:
        chain = [name]
        while above := roles[chain[-1]].text("reports_to", ""):
            if above in chain:
                circle = [*chain[chain.index(above) :], above]
                roles[above].refuse("reports_to", f"goes round in a circle: {' → '.join(circle)}")
            chain.append(above)


def _require_different_names(organisation: Organisation, roles: Mapping[str, Table]) -> None:
    owners: dict[str, str] = {}
    for role in organisation.roles.values():
        for name in role.names:
            owner = owners.setdefault(_key(name), role.id)
            if owner != role.id:
                roles[role.id].refuse("aliases", f"{name!r} is also a name of {owner}")


def _key(name: str) -> str:
    return "".join(name.split()).casefold()


def _pause(name: str, table: Table) -> PauseReason:
    table.only("zh", "en")
    return PauseReason(id=name, zh=table.text("zh"), en=table.text("en"))
