"""Roles are found by any of their names, and know who stands above them."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from engine.domain.organisation import Organisation, Site, parse_organisation
from engine.errors import Misconfigured

FILE: dict[str, Any] = {
    "sites": {"tower-a": {"zh": "国贸中心 A 座", "en": "Trade Centre Tower A", "calendar": "office"}},
    "departments": {
        "dept_cs": {"zh": "客服部", "en": "Customer service", "head": "cs_manager", "handlers": ["cs_rep"]},
        "dept_eng": {"zh": "工程部", "en": "Engineering", "head": "eng_dispatcher"},
        "dept_empty": {"zh": "筹备组", "en": "In preparation"},
    },
    "roles": {
        "cs_rep": {
            "zh": "客务代表",
            "en": "Customer-affairs representative",
            "aliases": ["物业代表", "客服 专员"],
            "department": "dept_cs",
            "reports_to": "cs_supervisor",
        },
        "cs_supervisor": {
            "zh": "客服主管",
            "en": "Supervisor",
            "department": "dept_cs",
            "reports_to": "cs_manager",
        },
        "cs_manager": {"zh": "客服部经理", "en": "Manager", "department": "dept_cs"},
        "eng_dispatcher": {"zh": "工程调度", "en": "Dispatcher", "department": "dept_eng"},
        "tenant": {"zh": "用户", "en": "Tenant", "outside": True},
    },
}


@pytest.fixture(name="house", scope="module")
def _house() -> Organisation:
    return parse_organisation(FILE, calendars={"office"})


def ids(roles: tuple[Any, ...]) -> list[str]:
    return [role.id for role in roles]


@pytest.mark.parametrize(
    "name", ["cs_rep", "客务代表", "物业代表", " 客服专员 ", "customer-affairs Representative"]
)
def test_a_role_is_found_by_any_of_its_names(house: Organisation, name: str) -> None:
    assert house.role_named(name) == house.roles["cs_rep"]


@pytest.mark.parametrize("name", ["", "客务", "nobody"])
def test_a_name_that_nobody_has_finds_nobody(house: Organisation, name: str) -> None:
    assert house.role_named(name) is None


def test_supervisors_come_nearest_first(house: Organisation) -> None:
    assert ids(house.supervisors("cs_rep")) == ["cs_supervisor", "cs_manager"]
    assert house.supervisors("cs_manager") == house.supervisors("gone") == ()


def test_a_department_knows_its_roles_head_and_handlers(house: Organisation) -> None:
    assert ids(house.roles_of_department("dept_cs")) == ["cs_rep", "cs_supervisor", "cs_manager"]
    assert house.head_of("dept_eng") == house.roles["eng_dispatcher"]
    assert ids(house.handlers_of("dept_cs")) == ["cs_rep"]


def test_the_head_takes_the_work_of_a_department_without_handlers(house: Organisation) -> None:
    assert ids(house.handlers_of("dept_eng")) == ["eng_dispatcher"]


@pytest.mark.parametrize("department", ["dept_empty", "gone"])
def test_a_department_without_people_has_nobody(house: Organisation, department: str) -> None:
    assert house.head_of(department) is None
    assert house.handlers_of(department) == house.roles_of_department(department) == ()


def test_sites_and_outsiders_are_read(house: Organisation) -> None:
    assert house.sites["tower-a"] == Site("tower-a", "国贸中心 A 座", "Trade Centre Tower A", "office")
    assert [role.id for role in house.roles.values() if role.outside] == ["tenant"]


def test_an_empty_file_is_an_empty_organisation() -> None:
    assert parse_organisation({}) == Organisation({}, {}, {})


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("rooms",), {}, "rooms: is neither sites"),
        (("roles",), [], r"\[roles\]: must be a table"),
        (("roles", "cs_rep"), "x", r"\[roles.cs_rep\]: must be a table"),
        (("roles", "cs_rep", "zh"), "", r"\[roles.cs_rep\], zh: must not be blank"),
        (("roles", "cs_rep", "reports_to"), "king", r"\[roles.cs_rep\], reports_to: 'king' is not defined"),
        (("roles", "cs_rep", "department"), "moon", r"\[roles.cs_rep\], department: 'moon' is not defined"),
        (("roles", "cs_rep", "boss"), "king", r"\[roles.cs_rep\], boss: is not known"),
        (("roles", "cs_rep", "aliases"), "物业", r"\[roles.cs_rep\], aliases: must be a list"),
        (("roles", "tenant", "outside"), "yes", r"\[roles.tenant\], outside: must be true or false"),
        (
            ("roles", "tenant", "aliases"),
            ["客服主管"],
            r"\[roles.tenant\], aliases: '客服主管' is also a name of",
        ),
        (("roles", "cs_manager", "reports_to"), "cs_manager", "circle: cs_manager → cs_manager"),
        (
            ("roles", "cs_manager", "reports_to"),
            "cs_rep",
            "circle: cs_rep → cs_supervisor → cs_manager → cs_rep",
        ),
        (("departments", "dept_eng", "head"), "king", r"\[departments.dept_eng\], head: 'king'"),
        (("departments", "dept_eng", "handlers"), ["king"], r"\[departments.dept_eng\], handlers: 'king'"),
        (("sites", "tower-a", "calendar"), "moon", r"\[sites.tower-a\], calendar: 'moon' is not defined"),
    ],
)
def test_a_wrong_file_is_refused_by_table_and_key(place: tuple[str, ...], value: object, said: str) -> None:
    file = copy.deepcopy(FILE)
    table = file
    for key in place[:-1]:
        table = table[key]
    table[place[-1]] = value
    with pytest.raises(Misconfigured, match=said):
        parse_organisation(file, calendars={"office"})
