"""为什么？ on the page of a task and beside each line of the inbox."""

from __future__ import annotations

import pytest


@pytest.fixture
def received(office) -> str:
    return office.task(office.start("complaint-handling", "lina"), "receive")


def test_the_answer_is_a_page_without_a_script_and_a_part_with_one(received, browse) -> None:
    browser = browse("lina")
    page = browser.get(f"/tasks/{received}/why").text
    assert "它在您的待办中，因为由您办理。" in page
    assert "案件发起人（李娜）" in page
    assert "升级至客务主管" in page
    assert "<html" not in browser.fragment(f"/tasks/{received}/why")


def test_it_speaks_english(received, browse) -> None:
    browser = browse("lina")
    browser.speak("en")
    page = browser.get(f"/tasks/{received}/why").text
    assert "It is in your inbox: you are the one to do it." in page
    assert "What will happen, and when" in page


def test_a_task_and_a_line_of_the_inbox_lead_to_it(received, browse) -> None:
    browser = browse("lina")
    assert f'href="/tasks/{received}/why"' in browser.get(f"/tasks/{received}").text
    assert f'href="/tasks/{received}/why"' in browser.get("/?sort=-created").text


def test_who_may_look_and_not_do_reads_why(received, browse) -> None:
    page = browse("zhuguan").get(f"/tasks/{received}/why").text
    assert "为什么我不能办理" in page
    assert "现在由 李娜 办理。" in page


def test_who_may_not_see_the_case_is_told_nothing(received, browse) -> None:
    assert browse("jigong").get(f"/tasks/{received}/why").status_code == 403
