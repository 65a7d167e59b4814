"""Every page, by axe at AA, at desktop and phone width, in both languages."""

from __future__ import annotations

from typing import Any

import pytest

from engine import actor_of, complete_task, people, start_case
from engine.tasks import first_answers

PAGES = [
    "/",
    "/?view=claimable",
    "/?view=done",
    "/start",
    "/cases",
    "/cases/1",
    "/registers",
    "/registers/complaints",
    "/timers",
    "/procedures",
    "/procedures/complaint-handling",
    "/notices",
    "/me",
    "/search?q=3-12",
    "/no-such-page",
]


@pytest.fixture
def busy(house: Any) -> Any:
    """A house with a case under way."""
    front = next(actor_of(who) for who in people(house.engine) if who.login == "front")
    begun = start_case(house.engine, "complaint-handling", by=front, site="tower-a")
    assert begun.task_id is not None
    answers = {
        **first_answers(house.engine, begun.task_id, front),
        "channel": "phone",
        "complainant": "刘洋",
        "unit_no": "3-1204",
        "contact": "13812345678",
        "content": "空调漏水",
    }
    complete_task(house.engine, begun.task_id, by=front, answers=answers)
    return house


@pytest.mark.parametrize(
    ("width", "language", "scheme"),
    [
        pytest.param(1440, "zh-CN", "light", id="desktop, Chinese"),
        pytest.param(390, "en-US", "dark", id="phone, English, dark"),
    ],
)
def test_axe_finds_nothing_on_any_page(busy: Any, enter: Any, width: int, language: str, scheme: str) -> None:
    person = enter("super", width=width, language=language)
    person.page.emulate_media(color_scheme=scheme)
    for path in PAGES:
        person.go(path)
        person.check_accessible()
    person.go("/?view=claimable")
    person.page.locator("[data-open-row]").first.click()
    person.page.wait_for_url("**/tasks/**") if width < 1200 else None
    person.check_accessible()
    # A page that is not there answers 404, which the browser tells as an error.
    person.problems[:] = [said for said in person.problems if "404" not in said]
