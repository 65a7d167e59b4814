"""People who sign in: their passwords, roles at sites, and what they like to see.

Passwords are kept as argon2id hashes with the library's parameters of the day (RFC 9106); a hash with
older parameters is renewed at the next sign-in.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from functools import cache

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from engine.domain.facts import EVERYWHERE, Actor, Person, UserId
from engine.errors import Invalid, NotFound
from engine.store.appointing import administrators
from engine.store.database import Session
from engine.store.models import Account, AccountRole
from engine.store.prepared import Prepared
from engine.store.rows import given, table_of
from engine.store.standing_in import stands_in_for
from engine.wiring import Engine

#: Characters of a password, the least and the most; the most bounds the work of hashing.
SHORTEST, LONGEST = 10, 200
#: A password needs this many different characters: ``aaaaaaaaaa`` is none.
FEWEST_DIFFERENT = 5
#: Long enough, and still among the first that are tried.
COMMON = ("1234567890", "0987654321", "password", "qwertyuiop", "iloveyou", "admin123", "guanjia", "welcome")
LANGUAGES = ("", "zh", "en")
THEMES = ("", "system", "light", "dark")

_LOGIN = re.compile(r"[\w.@+-]{1,100}")
_HASHER = PasswordHasher()


def authenticate(engine: Engine, login: str, password: str) -> Person | None:
    """The person with this login and password, or None; an unknown login takes as long as a known one."""
    if len(password) > LONGEST:
        return None
    with engine.database.look() as session:
        account = _by_login(session, login)
        known = account is not None and account.active
        is_right = _matches(account.password if account and known else _nobodys_hash(), password)
        if account is None or not (known and is_right):
            return None
        found = _persons(session, [account])[0]
    if _HASHER.check_needs_rehash(account.password):
        with engine.database.transaction() as session:
            # Only in place of the hash that was just checked: a password changed meanwhile stays.
            session.execute(
                sa.update(Account)
                .where(Account.id == account.id, Account.password == account.password)
                .values(password=_HASHER.hash(password))
            )
    return found


_accounts, _held = table_of(Account), table_of(AccountRole)
#: Every request asks who the reader is.
_ONE = Prepared(
    sa.select(
        *(_accounts.c[name] for name in ("id", "login", "name", "active", "admin")),
        *(_accounts.c[name] for name in ("language", "theme", "session_key")),
        _held.c.role,
        _held.c.site,
    )
    .join_from(_accounts, _held, _held.c.account_id == _accounts.c.id, isouter=True)
    .where(_accounts.c.id == given("account"))
    .order_by(_held.c.role, _held.c.site)
)


def person(engine: Engine, user_id: int) -> Person | None:
    """A person by id, or None."""
    with engine.database.look() as session:
        rows = _ONE.rows(session, _account=user_id)
        away = stands_in_for(session, user_id, engine.now()) if rows else ()
    if not rows:
        return None
    held = tuple((row.pop("role"), row.pop("site")) for row in rows)
    return Person(
        **{**rows[0], "roles": tuple(found for found in held if found != (None, None))}, stands_in_for=away
    )


def people(engine: Engine) -> list[Person]:
    """Everybody, also those who may not sign in any more, by name."""
    with engine.database.look() as session:
        return _persons(session, session.scalars(sa.select(Account).order_by(Account.name, Account.id)).all())


def actor_of(person: Person) -> Actor:
    """The person as one who acts."""
    return Actor(
        id=person.id,
        name=person.name,
        roles=frozenset(person.roles),
        admin=person.admin,
        stands_in_for=person.stands_in_for,
    )


def create_person(
    engine: Engine,
    *,
    login: str,
    name: str,
    password: str,
    roles: Iterable[tuple[str, str]],
    admin: bool = False,
    demo: bool = False,
) -> Person:
    """Create a person who holds ``roles`` as (role id, site id or EVERYWHERE).

    Raises :class:`Invalid` with the facts ``field`` and ``reason``. A demo's people may have any password,
    since a production start refuses them.
    """
    login, name, held = _login(login), " ".join(name.split()), sorted(set(roles))
    if not _LOGIN.fullmatch(login):
        raise Invalid("This is not a login.", field="login", reason="malformed")
    if not 0 < len(name) <= 100:
        raise Invalid("A person needs a name of at most 100 characters.", field="name", reason="malformed")
    for role, site in held:
        if role not in engine.organisation.roles:
            raise Invalid("There is no such role.", field="roles", reason="unknown-role", role=role)
        if site != EVERYWHERE and site not in engine.organisation.sites:
            raise Invalid("There is no such site.", field="roles", reason="unknown-site", site=site)
    if not demo:
        _require_strong(login, password, field="password")
    account = Account(
        login=login,
        name=name,
        password=_HASHER.hash(password),
        admin=admin,
        demo=demo,
        session_key=secrets.token_hex(16),
    )
    with engine.database.transaction() as session:
        if _by_login(session, login) is not None:
            raise Invalid("This login is taken.", field="login", reason="taken", login=login)
        session.add(account)
        session.flush()
        session.add_all(AccountRole(account_id=account.id, role=role, site=site) for role, site in held)
        session.flush()
        return _persons(session, [account])[0]


def set_preferences(
    engine: Engine, user_id: int, *, language: str | None = None, theme: str | None = None
) -> None:
    """Keep a person's language (``zh``, ``en``) and theme (``system``, ``light``, ``dark``).

    ``""`` leaves it to the browser, None as it is. Raises :class:`Invalid` for any other.
    """
    if language is not None and language not in LANGUAGES:
        raise Invalid("There is no such language.", field="language", language=language)
    if theme is not None and theme not in THEMES:
        raise Invalid("There is no such theme.", field="theme", theme=theme)
    with engine.database.transaction() as session:
        account = _account(session, user_id)
        account.language = account.language if language is None else language
        account.theme = account.theme if theme is None else theme


def change_password(engine: Engine, user_id: int, *, old: str, new: str) -> None:
    """Give a person a new password and end their other sessions.

    Raises :class:`Invalid`, whose fact ``field`` is ``old`` for a wrong password, ``new`` for a weak one.
    """
    with engine.database.look() as session:
        account = _account(session, user_id)
    if len(old) > LONGEST or not _matches(account.password, old):
        raise Invalid("The old password is not right.", field="old", reason="wrong")
    _require_strong(account.login, new, field="new")
    if new == old:
        raise Invalid("The new password is the old one.", field="new", reason="same")
    hashed = _HASHER.hash(new)
    with engine.database.transaction() as session:
        account = _account(session, user_id)
        account.password = hashed
        account.session_key = secrets.token_hex(16)


def set_active(engine: Engine, user_id: int, *, active: bool) -> None:
    """Let a person sign in, or end their sessions and let them in no more.

    Raises :class:`Invalid` (``field`` admin, ``reason`` last) for the last administrator.
    """
    with engine.database.transaction() as session:
        account = _account(session, user_id)
        if account.admin and not active and not administrators(session, lock=True) - {account.id}:
            raise Invalid("Somebody has to be an administrator.", field="admin", reason="last")
        account.active = active
        if not active:
            account.session_key = secrets.token_hex(16)


def has_demo_accounts(engine: Engine) -> bool:
    """Say whether an account of the demo can sign in."""
    with engine.database.look() as session:
        return bool(session.scalar(sa.select(sa.exists().where(Account.demo, Account.active))))


def _login(text: str) -> str:
    return text.strip().casefold()


def _by_login(session: Session, login: str) -> Account | None:
    return session.scalars(sa.select(Account).where(Account.login == _login(login))).one_or_none()


def _account(session: Session, user_id: int) -> Account:
    account = session.get(Account, user_id)
    if account is None:
        raise NotFound("There is no such person.", person=user_id)
    return account


def _persons(session: Session, accounts: Iterable[Account]) -> list[Person]:
    accounts = list(accounts)
    statement = sa.select(AccountRole).order_by(AccountRole.role, AccountRole.site)
    if len(accounts) == 1:
        statement = statement.where(AccountRole.account_id == accounts[0].id)
    held: dict[int, list[tuple[str, str]]] = {}
    for row in session.scalars(statement):
        held.setdefault(row.account_id, []).append((row.role, row.site))
    return [
        Person(
            id=UserId(account.id),
            login=account.login,
            name=account.name,
            roles=tuple(held.get(account.id, ())),
            active=account.active,
            admin=account.admin,
            language=account.language,
            theme=account.theme,
            session_key=account.session_key,
        )
        for account in accounts
    ]


def _matches(hashed: str, password: str) -> bool:
    try:
        return _HASHER.verify(hashed, password)
    except (Argon2Error, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    return _HASHER.hash(secrets.token_hex(16))


def _require_strong(login: str, password: str, *, field: str) -> None:
    said = password.casefold()
    if len(password) < SHORTEST:
        raise Invalid("A password needs more characters.", field=field, reason="short", least=SHORTEST)
    if len(password) > LONGEST:
        raise Invalid("The password is too long.", field=field, reason="long", most=LONGEST)
    is_common = any(said.replace(word, "", 1).strip("0123456789!@#.") == "" for word in COMMON)
    if len(set(said)) < FEWEST_DIFFERENT or is_common or (len(login) > 2 and login in said):
        raise Invalid("This password is easy to guess.", field=field, reason="weak")
