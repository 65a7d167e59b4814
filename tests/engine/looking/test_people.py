"""People sign in with their own passwords only."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from engine.domain.facts import EVERYWHERE
from engine.errors import Invalid, NotFound
from engine.people import (
    actor_of,
    authenticate,
    change_password,
    create_person,
    has_demo_accounts,
    people,
    person,
    set_active,
    set_preferences,
)
from engine.store.models import Account
from engine.wiring import Engine, Settings, open_engine

GOOD = "正确的马 battery staple"


@pytest.fixture
def engine(settings: Settings) -> Engine:
    """An engine without anybody."""
    engine = open_engine(settings)
    engine.database.create()
    return engine


def test_a_person_signs_in_with_login_and_password_and_with_nothing_else(engine: Engine) -> None:
    made = create_person(
        engine, login=" Li.Wei ", name="李 伟", password=GOOD, roles=[("rep", "tower-a"), ("rep", EVERYWHERE)]
    )
    found = authenticate(engine, "li.wei", GOOD)
    assert found == made
    assert authenticate(engine, "LI.WEI", GOOD) == made
    assert actor_of(made).has_role("rep", "tower-b")
    assert authenticate(engine, "li.wei", GOOD + " ") is None
    assert authenticate(engine, "nobody", GOOD) is None
    assert authenticate(engine, "li.wei", "x" * 100_000) is None
    assert "session_key" not in repr(made), "a log must not tell it"


def test_whoever_was_sent_away_signs_in_no_more_and_their_sessions_end(engine: Engine) -> None:
    made = create_person(engine, login="li", name="李伟", password=GOOD, roles=[])
    set_active(engine, made.id, active=False)
    assert authenticate(engine, "li", GOOD) is None
    gone = person(engine, made.id)
    assert gone is not None
    assert not gone.active
    assert gone.session_key != made.session_key
    assert people(engine) == [gone]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        pytest.param({"login": "a b"}, "login", id="login with a space"),
        pytest.param({"login": ""}, "login", id="no login"),
        pytest.param({"login": "TAKEN"}, "login", id="taken in other letters"),
        pytest.param({"name": "  "}, "name", id="no name"),
        pytest.param({"password": "nine char"}, "password", id="short"),
        pytest.param({"password": "aaaaaaaaaaaa"}, "password", id="one letter"),
        pytest.param({"password": "Password2026!"}, "password", id="common"),
        pytest.param({"password": "li.wei-2026-secret"}, "password", id="holds the login"),
        pytest.param({"password": "长" * 201}, "password", id="endless"),
        pytest.param({"roles": [("king", "tower-a")]}, "roles", id="unknown role"),
        pytest.param({"roles": [("rep", "tower-z")]}, "roles", id="unknown site"),
    ],
)
def test_a_person_who_is_not_right_is_not_created(
    engine: Engine, changed: dict[str, object], field: str
) -> None:
    create_person(engine, login="taken", name="在", password="x", roles=[], demo=True)
    wanted = {"login": "li.wei", "name": "李伟", "password": GOOD, "roles": []}
    with pytest.raises(Invalid) as refused:
        create_person(engine, **{**wanted, **changed})  # type: ignore[arg-type]
    assert refused.value.facts["field"] == field
    assert len(people(engine)) == 1


def test_a_new_password_ends_the_other_sessions_and_the_old_one_opens_nothing(engine: Engine) -> None:
    made = create_person(engine, login="li", name="李伟", password=GOOD, roles=[])
    with pytest.raises(Invalid) as wrong:
        change_password(engine, made.id, old="guess", new="another fine phrase")
    assert wrong.value.facts["field"] == "old"
    with pytest.raises(Invalid) as weak:
        change_password(engine, made.id, old=GOOD, new="1234567890")
    assert weak.value.facts["field"] == "new"
    change_password(engine, made.id, old=GOOD, new="another fine phrase")
    assert authenticate(engine, "li", GOOD) is None
    found = authenticate(engine, "li", "another fine phrase")
    assert found is not None
    assert found.session_key != made.session_key


def test_a_hash_with_older_parameters_is_renewed_at_the_next_sign_in(engine: Engine) -> None:
    made = create_person(engine, login="li", name="李伟", password=GOOD, roles=[])
    old = PasswordHasher(time_cost=1, memory_cost=1024).hash(GOOD)
    with engine.database.transaction() as session:
        session.execute(sa.update(Account).values(password=old))
    assert authenticate(engine, "li", GOOD) is not None
    with engine.database.look() as session:
        renewed = session.get_one(Account, made.id).password
    assert renewed != old
    assert not PasswordHasher().check_needs_rehash(renewed)
    assert authenticate(engine, "li", GOOD) is not None


def test_preferences_are_kept_one_by_one(engine: Engine) -> None:
    made = create_person(engine, login="li", name="李伟", password=GOOD, roles=[])
    set_preferences(engine, made.id, language="en")
    set_preferences(engine, made.id, theme="dark")
    found = person(engine, made.id)
    assert found is not None
    assert (found.language, found.theme) == ("en", "dark")
    with pytest.raises(Invalid):
        set_preferences(engine, made.id, language="tlh")
    with pytest.raises(NotFound):
        set_preferences(engine, 999, language="en")


def test_accounts_of_the_demo_are_known(engine: Engine) -> None:
    create_person(engine, login="li", name="李伟", password=GOOD, roles=[])
    assert not has_demo_accounts(engine)
    shown = create_person(engine, login="demo", name="演示", password="demo", roles=[], demo=True)
    assert has_demo_accounts(engine)
    set_active(engine, shown.id, active=False)
    assert not has_demo_accounts(engine)
