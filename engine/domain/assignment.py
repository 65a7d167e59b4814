"""Who does a task, who may act on it, and why: pure rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.domain.facts import Actor, Person, StandIn, UserId
from engine.domain.organisation import Organisation


@dataclass(frozen=True)
class Assignment:
    """A task's assignee or its candidate roles, with the reason in words of the rules.

    ``because``: ``person`` (an expression named one), ``lane``, ``candidates`` (an expression named
    roles), ``nobody:<role>`` (nobody holds the role here; it fell to the one above).
    """

    assignee: UserId | None
    candidates: tuple[str, ...]
    because: str


def assign(
    organisation: Organisation,
    *,
    lane_role: str | None,
    named_person: object,
    named_roles: object,
    holders: Mapping[str, Sequence[int]],
) -> Assignment:
    """Decide who gets a task.

    A person whom an expression names comes first, then roles that one names, then the lane's role. A
    role that nobody holds at the site falls to the role above it, up the chain.
    """
    if isinstance(named_person, int) and not isinstance(named_person, bool):
        return Assignment(UserId(named_person), own_roles(organisation, lane_role, named_roles), "person")
    roles = _roles(organisation, named_roles)
    because = "candidates" if roles else "lane"
    roles = roles or _known(organisation, lane_role)
    if any(holders.get(role) for role in roles):
        return Assignment(None, roles, because)
    for role in roles:
        for above in organisation.supervisors(role):
            if holders.get(above.id):
                return Assignment(None, (above.id,), f"nobody:{role}")
    return Assignment(None, roles, because)


def own_roles(organisation: Organisation, lane_role: str | None, named_roles: object) -> tuple[str, ...]:
    """The roles whose work a task is: those that an expression names, else its lane's."""
    return _roles(organisation, named_roles) or _known(organisation, lane_role)


def asked_roles(organisation: Organisation, lane_role: str | None, named_roles: object) -> set[str]:
    """Every role whose holders :func:`assign` needs to know."""
    roles = set(_roles(organisation, named_roles)) | set(_known(organisation, lane_role))
    return roles | {above.id for role in roles for above in organisation.supervisors(role)}


def principals(actor: Actor, sites: Iterable[str]) -> tuple[str, ...]:
    """The inbox keys of a person: themselves and every role at every site they hold it."""
    sites = tuple(sites)
    own = [f"u:{actor.id}"] if actor.id is not None else []
    roles = {
        role_key(role, site) for role, held in actor.roles for site in (sites if held == "*" else (held,))
    }
    return (*own, *sorted(roles))


def role_key(role: str, site: str) -> str:
    """The inbox key of a role at a site."""
    return f"r:{role}@{site}"


def may_work_on(
    actor: Actor, *, assignee: int | None, candidates: Iterable[str], site: str, procedure: str = ""
) -> bool:
    """Say whether a task is this person's to do: theirs, or nobody's yet and of a role of theirs.

    So is one of somebody who is away, in a ``procedure`` in which this person stands in for them.
    """
    if assignee is not None:
        return actor.id == assignee or actor.in_place_of(assignee, procedure) is not None
    return any(actor.has_role(role, site) for role in candidates)


def signs_for(actor: Actor, signer: int, *, doer: int | None, procedure: str) -> StandIn | None:
    """The absent one in whose place a person signs, if ``signer`` is one.

    Whoever does the work (``doer``) never signs it in another's place: nobody else would have looked at it.
    """
    return None if actor.id == doer else actor.in_place_of(signer, procedure)


def leads(organisation: Organisation, actor: Actor, person: Person) -> bool:
    """Say whether somebody answers for a person: themselves, whoever holds a role above, administrators."""
    return (
        actor.admin
        or actor.id == person.id
        or any(
            actor.has_role(above.id, site)
            for role, site in person.roles
            for above in organisation.supervisors(role)
        )
    )


def _roles(organisation: Organisation, named: object) -> tuple[str, ...]:
    if isinstance(named, str):
        named = [named]
    if not isinstance(named, (list, tuple)):
        return ()
    return tuple(role for name in named for role in _known(organisation, str(name)))


def _known(organisation: Organisation, name: str | None) -> tuple[str, ...]:
    role = organisation.role_named(name) if name else None
    return (role.id,) if role is not None and not role.outside else ()
