"""Without scripts, with files, with two people at one task, with an impatient finger."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from engine.telling import drawn_signature


def begin(person: Any) -> Any:
    person.go("/start")
    with person.page.expect_navigation():
        person.page.locator("form", has_text="客户投诉处理").get_by_role("button", name="发起").click()
    return person.page


def fill(page: Any, channel: str) -> None:
    page.get_by_label(channel, exact=True).check()
    page.get_by_label("投诉人", exact=False).first.fill("刘洋")
    page.get_by_label("联络方法").fill("13812345678")
    page.get_by_label("事由和经过").fill("电梯一周内三次停梯")


def test_a_form_works_without_scripts_conditional_fields_included(house: Any, enter: Any) -> None:
    front = enter("front", scripts=False)
    page = begin(front)
    fill(page, "信件")
    page.get_by_role("button", name="办理", exact=True).click()
    # Who brought the letter is asked only of a letter; the server asks now.
    expect(page.get_by_label("送信人姓名")).to_be_visible()
    assert page.get_by_label("事由和经过").input_value() == "电梯一周内三次停梯"
    page.get_by_label("送信人姓名").fill("李师傅")
    page.get_by_role("button", name="办理", exact=True).click()
    page.wait_for_url(re.compile(r"/(tasks/.+)?$"))
    front.go("/?view=done")
    expect(page.get_by_text("倾听、安抚并登记投诉").first).to_be_visible()
    front.problems[:] = [said for said in front.problems if "422" not in said]


def test_a_photo_goes_at_once_and_stays_with_the_case(house: Any, enter: Any, tmp_path: Path) -> None:
    front = enter("front", width=390, height=844)
    page = begin(front)
    photo = tmp_path / "漏水.png"
    photo.write_bytes(drawn_signature())
    with page.expect_response(lambda answer: answer.url.endswith("/files")) as sent:
        page.locator("input[type=file]").first.set_input_files(photo)
    assert sent.value.ok
    fill(page, "直接")
    front.done()
    front.go("/?view=done")
    page.locator("[data-open-row]").first.click()
    expect(page.get_by_text("漏水.png").first).to_be_visible()


def test_a_file_that_is_no_picture_is_refused_in_words(house: Any, enter: Any, tmp_path: Path) -> None:
    front = enter("front")
    page = begin(front)
    program = tmp_path / "照片.png"
    program.write_bytes(b"MZ" + bytes(2000))
    page.locator("input[type=file]").first.set_input_files(program)
    expect(page.locator(".files__item .field__errors").first).not_to_be_empty()
    front.problems[:] = [said for said in front.problems if "422" not in said]


def test_what_somebody_else_just_did_says_who_and_keeps_what_was_typed(house: Any, enter: Any) -> None:
    page = begin(enter("front"))
    fill(page, "直接")
    with page.expect_navigation():
        page.get_by_role("button", name="办理", exact=True).click()
    # Two supervisors' screens show the same task; one of them is quicker.
    first, second = enter("super"), enter("super")
    for person in (first, second):
        person.open_task("调查，定责任部门和时限")
        person.page.get_by_label("物业本身造成").check()
        person.page.get_by_label("调查结论").fill("制动器磨损")
        person.page.locator("#form-fields").get_by_label("责任部门").select_option(label="工程部")
    first.done()
    second.page.get_by_role("button", name="办理", exact=True).click()
    expect(second.page.get_by_text("陈静").first).to_be_visible()
    expect(second.page.get_by_text("制动器磨损").first).to_be_visible()
    second.problems[:] = [said for said in second.problems if "409" not in said]


def test_a_double_click_completes_once(house: Any, enter: Any) -> None:
    front = enter("front")
    page = begin(front)
    fill(page, "直接")
    with page.expect_navigation():
        page.get_by_role("button", name="办理", exact=True).dblclick()
    front.go("/?view=done")
    assert page.locator("[data-row]").count() == 1
