from __future__ import annotations

import pytest

from engine.queries import find_people
from engine.store.models import Account, AccountRole


@pytest.fixture
def crew(house):
    with house.engine.database.transaction() as session:
        for login, name, role, site, active in (
            ("wht", "王海涛", "rep", "tower-a", True),
            ("wh", "王虹", "rep", "tower-b", True),
            ("lht", "李海棠", "engineer", "*", True),
            ("gone", "王海", "rep", "tower-a", False),
        ):
            account = Account(login=login, name=name, password="!", active=active)
            session.add(account)
            session.flush()
            session.add(AccountRole(account_id=account.id, role=role, site=site))
    return house


@pytest.mark.parametrize(
    ("text", "asked", "found"),
    [
        pytest.param("王", {}, ["王海涛", "王虹"], id="a surname, without who left"),
        pytest.param("海", {"role": "engineer"}, ["李海棠"], id="of one role"),
        pytest.param("wh", {"site": "tower-b"}, ["王虹", "王海涛"], id="initials, those of the site first"),
        pytest.param("w", {"role": "rep", "site": "tower-a"}, ["王海涛"], id="of one role at one site"),
        pytest.param("h", {"role": "engineer", "site": "tower-b"}, [], id="not by the middle of a spelling"),
        pytest.param("lih", {"site": "tower-b"}, ["李海棠"], id="who is at every site"),
    ],
)
def test_a_few_keys_find_people(crew, text, asked, found) -> None:
    names = [one.name for one in find_people(crew.engine, crew.person("looker"), text, **asked)]
    assert [name for name in names if name in ("王海涛", "王虹", "李海棠", "王海")] == found
