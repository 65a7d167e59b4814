"""Everything that names a person who leaves, to be looked at before it is handed over."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from engine import procedures
from engine.domain.facts import Actor
from engine.domain.views import HandOver, HandOverGroup, Words
from engine.errors import Forbidden, NotFound
from engine.queries.lines import names_of, role_words
from engine.queries.why import site_words
from engine.store import leaving
from engine.store.models import Account
from engine.wiring import Engine

#: Lines of one group that are shown.
SHOWN = 50


def handing_over(engine: Engine, account_id: int, *, by: Actor) -> HandOver:
    """Everything that names a person; raises :class:`Forbidden` for who is no administrator."""
    with engine.database.look() as session:
        return review(engine, session, person_of(session, account_id, by))


def person_of(session: Session, account_id: int, by: Actor) -> Account:
    """The person, for an administrator."""
    if not by.admin:
        raise Forbidden(person=account_id)
    person = leaving.account(session, account_id)
    if person is None:
        raise NotFound("There is no such person.", person=account_id)
    return person


def review(engine: Engine, session: Session, person: Account) -> HandOver:
    """Everything that names a person, with a mark of what was seen."""
    now, zone = engine.now(), engine.zone_at_home
    away = leaving.absences(session, person.id, now)
    both = [who for row in away for who in (row.account_id, row.substitute_id)]
    names = names_of(session, both)
    found: dict[str, list[tuple[str, Words]]] = {
        "held": [_task_line(engine, session, row) for row in leaving.held(session, person.id)],
        "given": [_task_line(engine, session, row) for row in leaving.given(session, person.id)],
        "signing": [_task_line(engine, session, row) for row in leaving.to_sign(session, person.id)],
        "absences": [
            (
                str(row.id),
                Words(
                    f"{names[row.substitute_id]} 代 {names[row.account_id]}，至 {_zh(row.ends_at, zone)}",
                    f"{names[row.substitute_id]} for {names[row.account_id]}, until {_en(row.ends_at, zone)}",
                ),
            )
            for row in away
        ],
        "shifts": [
            (
                str(row.id),
                Words(
                    f"{_zh(row.starts_at, zone)} {role_words(engine, row.role).zh}",
                    f"{_en(row.starts_at, zone)} {role_words(engine, row.role).en}",
                ),
            )
            for row in leaving.shifts(session, person.id, now)
        ],
        "started": [
            (str(row.id), Words(f"{row.number} {row.subject}", f"{row.number} {row.subject}"))
            for row in leaving.started(session, person.id)
        ],
    }
    keys = "\n".join(f"{kind}:{key}" for kind, lines in found.items() for key, _ in lines)
    return HandOver(
        person_id=person.id,
        name=person.name,
        active=person.active,
        groups=tuple(
            HandOverGroup(kind, len(lines), tuple(said for _, said in lines[:SHOWN]))
            for kind, lines in found.items()
        ),
        kept=tuple(_kept(engine, session, person)),
        warnings=tuple(_warnings(engine, session, person)),
        seen=hashlib.sha256(keys.encode()).hexdigest(),
    )


def _task_line(engine: Engine, session: Session, row: object) -> tuple[str, Words]:
    published = procedures.of_version(engine, session, row.version_id)  # type: ignore[attr-defined]
    name = published.node_name(row.process, row.node)  # type: ignore[attr-defined]
    about = f"{row.number} {row.subject}"  # type: ignore[attr-defined]
    return row.id, Words(f"{about} · {name.zh}", f"{about} · {name.en}")  # type: ignore[attr-defined]


def _kept(engine: Engine, session: Session, person: Account) -> Iterator[Words]:
    for kind, name, role in leaving.shared(session, person.id):
        of = role_words(engine, role)
        what = Words("共享视图", "shared view") if kind == "view" else Words("共享常用语", "shared text")
        yield Words(f"{what.zh}“{name}”（{of.zh}）", f"{what.en} “{name}” ({of.en})")


def _warnings(engine: Engine, session: Session, person: Account) -> Iterator[Words]:
    for role, site in leaving.held_alone(session, person.id):
        named, at = role_words(engine, role), site_words(engine, site)
        where = Words("所有站点", "every site") if site == "*" else at
        yield Words(
            f"此后{where.zh}没有人担任{named.zh}，其任务将交给上级岗位。",
            f"Nobody will be {named.en} at {where.en}; its tasks will go to the role above.",
        )
    number = re.compile(rf"(?<![\w.]){person.id}(?![\w.])")
    for version_id in leaving.newest_versions(session):
        published = procedures.of_version(engine, session, version_id)
        for node in published.bundle.diagram.nodes.values():
            asked = (node.properties.get(name, "") for name in ("assignee", "assign", "candidates"))
            if any(number.search(text) for text in asked):
                name = published.node_name(published.procedure, node.id)
                of = published.bundle.name
                yield Words(
                    f"流程“{of.zh}”的步骤“{name.zh}”写着此人的编号，请流程负责人修改并发布。",
                    f"The step “{name.en}” of “{of.en}” names this person; its owner has to change it.",
                )


def _zh(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%m月%d日 %H:%M}"


def _en(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%b %d, %H:%M}"
