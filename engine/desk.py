"""What people arrange for themselves: views of the inbox with a name, and texts they type often."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeVar

from engine.domain.facts import Actor
from engine.domain.views import Reply, View
from engine.errors import Forbidden, Invalid, NotFound
from engine.store import desk
from engine.store.models import CannedReply, SavedView
from engine.wiring import Engine

#: Characters of a name, of the filters in an address, and of a text.
LONGEST_NAME, LONGEST_QUERY, LONGEST_TEXT = 40, 1000, 2000
#: What one person may keep.
MOST = 100
#: What was deleted can be brought back for so long.
KEPT = timedelta(days=30)

Own = TypeVar("Own", SavedView, CannedReply)


# Views ------------------------------------------------------------------------------------------


def saved_views(engine: Engine, actor: Actor) -> list[View]:
    """A person's own views in their order, then those shared with their roles."""
    with engine.database.look() as session:
        found = desk.views_of(session, actor.id, _roles(actor))
        return [View(one.id, one.name, one.query, one.role, one.account_id == actor.id) for one in found]


def save_view(engine: Engine, *, by: Actor, name: str, query: str, role: str = "") -> int:
    """Keep filters and an order under a name; a name of mine that there is already gets the new ones.

    With a role all its holders have the view. Raises :class:`Invalid`, and :class:`Forbidden` for a role
    that the person does not hold.
    """
    name = _named(name)
    if len(query) > LONGEST_QUERY:
        raise Invalid("A view has too many filters.", field="query", most=LONGEST_QUERY)
    account_id = _person(by)
    _require_role(engine, by, role)
    with engine.database.transaction() as session:
        own = desk.own_views(session, account_id)
        standing = next((one for one in own if one.name == name), None)
        if standing is not None:
            standing.query, standing.role = query, role
            return standing.id
        _require_room(len(own))
        desk.forget_removed(session, SavedView, account_id, engine.now() - KEPT)
        last = max((one.place for one in own), default=0)
        made = SavedView(account_id=account_id, name=name, query=query, role=role, place=last + 1)
        session.add(made)
        session.flush()
        return made.id


def move_view(engine: Engine, view_id: int, *, by: Actor, up: bool) -> None:
    """Let a view of mine change places with the one before or after it."""
    with engine.database.transaction() as session:
        desk.own(session, SavedView, view_id, by.id)
        own = list(desk.own_views(session, by.id))
        at = next((n for n, one in enumerate(own) if one.id == view_id), None)
        if at is None:
            raise NotFound("There is no such view or text of yours.", id=view_id)
        to = min(max(at + (-1 if up else 1), 0), len(own) - 1)
        own.insert(to, own.pop(at))
        for place, one in enumerate(own, start=1):
            one.place = place


def remove_view(engine: Engine, view_id: int, *, by: Actor) -> None:
    """Delete a view of mine; :func:`restore_view` brings it back."""
    _remove(engine, SavedView, view_id, by)


def restore_view(engine: Engine, view_id: int, *, by: Actor) -> None:
    """Bring a deleted view of mine back to its place."""
    _restore(engine, SavedView, view_id, by)


# Texts ------------------------------------------------------------------------------------------


def replies(
    engine: Engine, actor: Actor, *, procedure: str | None = None, node: str | None = None
) -> list[Reply]:
    """A person's texts and those of their roles, the most used first.

    With a procedure and a node only those that are for them, or for any.
    """
    with engine.database.look() as session:
        found = desk.replies_of(session, actor.id, _roles(actor))
    return [
        Reply(one.id, one.title, one.text, one.procedure, one.node, one.role, one.used, is_mine)
        for one in found
        if (procedure is None or one.procedure in ("", procedure))
        and (node is None or one.node in ("", node))
        for is_mine in (one.account_id == actor.id,)
    ]


def keep_reply(
    engine: Engine,
    *,
    by: Actor,
    title: str,
    text: str,
    role: str = "",
    procedure: str = "",
    node: str = "",
    reply_id: int | None = None,
) -> int:
    """Keep a text that I type often, or change one of mine; raises :class:`Invalid`, :class:`Forbidden`."""
    title, text = _named(title, "title"), text.strip()
    if not text or len(text) > LONGEST_TEXT:
        raise Invalid("A text has some characters, and not too many.", field="text", most=LONGEST_TEXT)
    account_id = _person(by)
    _require_role(engine, by, role)
    values = {
        "title": title,
        "text": text,
        "role": role,
        "procedure": procedure,
        "node": node if procedure else "",
    }
    with engine.database.transaction() as session:
        if reply_id is not None:
            changed = desk.own(session, CannedReply, reply_id, account_id)
            for name, value in values.items():
                setattr(changed, name, value)
            return changed.id
        own = [one for one in desk.replies_of(session, account_id, ()) if one.account_id == account_id]
        _require_room(len(own))
        desk.forget_removed(session, CannedReply, account_id, engine.now() - KEPT)
        made = CannedReply(account_id=account_id, **values)
        session.add(made)
        session.flush()
        return made.id


def use_reply(engine: Engine, reply_id: int, *, by: Actor) -> None:
    """Note that a text was put into a form: the most used come first."""
    with engine.database.transaction() as session:
        if any(one.id == reply_id for one in desk.replies_of(session, by.id, _roles(by))):
            desk.count_use(session, reply_id)


def remove_reply(engine: Engine, reply_id: int, *, by: Actor) -> None:
    """Delete a text of mine; :func:`restore_reply` brings it back."""
    _remove(engine, CannedReply, reply_id, by)


def restore_reply(engine: Engine, reply_id: int, *, by: Actor) -> None:
    """Bring a deleted text of mine back."""
    _restore(engine, CannedReply, reply_id, by)


# Both -------------------------------------------------------------------------------------------


def _remove(engine: Engine, kind: type[Own], row_id: int, by: Actor) -> None:
    with engine.database.transaction() as session:
        desk.own(session, kind, row_id, by.id).removed_at = engine.now()


def _restore(engine: Engine, kind: type[Own], row_id: int, by: Actor) -> None:
    with engine.database.transaction() as session:
        desk.own(session, kind, row_id, by.id).removed_at = None


def _roles(actor: Actor) -> frozenset[str]:
    return frozenset(role for role, _ in actor.roles)


def _person(by: Actor) -> int:
    if by.id is None:
        raise Forbidden
    return by.id


def _named(name: str, field: str = "name") -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise Invalid("A name has some characters, and not too many.", field=field, most=LONGEST_NAME)
    return name


def _require_role(engine: Engine, by: Actor, role: str) -> None:
    known = role in engine.organisation.roles
    if role and not (known and (by.admin or role in _roles(by))):
        raise Forbidden("You can share this only with a role that you hold.", role=role)


def _require_room(count: int) -> None:
    if count >= MOST:
        raise Invalid(
            "There are too many already; delete some first.", field="name", reason="many", most=MOST
        )
