"""One task: its form as rendered, as refused, as kept, as completed."""

from __future__ import annotations

import re
from io import BytesIO

import pytest

from engine import actor_of, case_view, task_view

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360f8cf5000000301010018dd8db00000000049454e44ae426082"
)
COMPLAINT = {
    "channel": "phone",
    "complainant": "王芳",
    "contact": "13800138000",
    "content": "空调漏水，文件被淋湿。",
    "complaint_time": "2026-11-02T09:30",
    "valid": "valid",
}


@pytest.fixture
def received(office) -> str:
    """A task that registers a complaint, open for lina."""
    return office.task(office.start("complaint-handling", "lina"), "receive")


def control(page: str, name: str) -> str:
    found = re.search(rf'<(?:input|select|textarea)[^>]*name="{re.escape(name)}"[^>]*>', page)
    return found[0] if found else ""


def test_the_rule_comes_before_the_form_and_the_form_asks_what_it_says(received, browse) -> None:
    page = browse("lina").get(f"/tasks/{received}").text
    assert page.index('class="clause"') < page.index('id="form-fields"')
    for name in ("channel", "complainant", "contact", "content", "complaint_time", "valid"):
        assert control(page, name), name
    assert 'type="datetime-local"' in control(page, "complaint_time")
    assert "required" in control(page, "complainant")
    assert '<label for="f-complainant">投诉人 <span class="field__must">必填</span></label>' in page


def test_the_ladder_says_what_will_happen_when(received, browse) -> None:
    page = browse("lina").get(f"/tasks/{received}").text
    assert "提醒办理人" in page
    assert "升级给客务主管" in page


@pytest.mark.parametrize(
    ("language", "said"),
    [
        pytest.param("zh", "请填写此项。", id="Chinese"),
        pytest.param("en", "Please answer this.", id="English"),
    ],
)
def test_a_wrong_answer_is_said_beside_its_field_and_nothing_typed_is_lost(
    received, browse, language: str, said: str
) -> None:
    browser = browse("lina")
    browser.speak(language)
    answer = browser.post(f"/tasks/{received}", {**COMPLAINT, "complainant": "", "content": "空调漏水"})
    assert answer.status_code == 422
    page = answer.text
    assert '<a href="#f-complainant">' in page
    assert said in page.split('id="f-complainant-errors"')[1][:400]
    assert 'aria-invalid="true"' in control(page, "complainant")
    assert ">空调漏水</textarea>" in page
    assert re.search(r'name="channel" value="phone" checked', page)


def test_completing_goes_to_my_next_task_or_back_to_the_inbox(received, browse) -> None:
    answer = browse("lina").post(f"/tasks/{received}", COMPLAINT)
    assert answer.status_code == 303
    assert answer.location == "/" or answer.location.startswith("/tasks/")


def test_a_second_press_of_the_button_gets_the_answer_of_the_first(received, browse, office) -> None:
    browser = browse("lina")
    answers = [browser.post(f"/tasks/{received}", {**COMPLAINT, "_request": "a" * 32}) for _ in range(2)]
    assert answers[0].status_code == answers[1].status_code == 303
    assert answers[0].location == answers[1].location
    task = task_view(office.engine, received, actor_of(office.people["lina"]))
    assert [entry.kind for entry in task.history].count("completed") == 1


def test_a_draft_is_kept_and_comes_back_with_a_note(received, browse) -> None:
    browser = browse("lina")
    kept = browser.post(f"/tasks/{received}/draft", {"complainant": "王", "contact": "138"})
    assert re.fullmatch(r"\d\d:\d\d", kept.get_json()["saved_at"])
    page = browser.get(f"/tasks/{received}").text
    assert 'value="138"' in control(page, "contact")
    assert "已恢复您" in page


def test_fields_are_asked_by_what_was_answered(received, browse) -> None:
    browser = browse("lina")
    assert not control(browser.get(f"/tasks/{received}").text, "invalid_reason")
    asked = browser.post(
        f"/tasks/{received}/fields", {**COMPLAINT, "valid": "invalid"}, headers={"HX-Request": "true"}
    ).text
    assert "<form" not in asked
    assert control(asked, "invalid_reason")
    assert "field__errors" not in asked


def test_who_comes_second_is_told_by_whom_it_was_done_and_keeps_what_was_typed(office, browse) -> None:
    case = office.complaint()
    task = office.task(case, "investigate")
    office.complete(
        case,
        "investigate",
        "zhuguan",
        {
            "cause": "property",
            "findings": "水管堵塞",
            "responsible_dept": "dept_engineering",
            "deadline": "2026-11-30T18:00",
            "severity": "important",
        },
    )
    answer = browse("zhuguan").post(f"/tasks/{task}", {"findings": "我写了很久的调查结论"})
    assert answer.status_code == 409
    assert "此任务已由 陈静 于" in answer.text
    assert "我写了很久的调查结论" in answer.text


def test_a_done_task_shows_its_answers_with_who_and_when(received, browse) -> None:
    browser = browse("lina")
    browser.post(f"/tasks/{received}", COMPLAINT)
    page = browser.get(f"/tasks/{received}").text
    assert "李娜 于" in page
    given = page.split('id="given"')[1].split("</section>")[0]
    assert "<input" not in given
    assert "电话" in given
    assert "空调漏水，文件被淋湿。" in given


def test_a_task_of_others_is_not_shown(received, browse) -> None:
    assert browse("caiwu").get(f"/tasks/{received}").status_code == 403


def test_a_file_goes_at_once_and_another_kind_of_file_is_refused(received, browse) -> None:
    browser = browse("lina")
    sent = browser.post(
        f"/tasks/{received}/files",
        {"field": "attachments", "file": (BytesIO(PNG), "漏水.png")},
        content_type="multipart/form-data",
    )
    assert sent.status_code == 200
    shown = browser.get(sent.get_json()["url"])
    assert shown.mimetype == "image/png"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    refused = browser.post(
        f"/tasks/{received}/files",
        {"field": "attachments", "file": (BytesIO(b"MZ\x90\x00program"), "virus.exe")},
        content_type="multipart/form-data",
    )
    assert refused.status_code == 422
    assert refused.get_json()["message"]


def test_the_panel_beside_a_list_gets_the_task_without_a_page(received, browse) -> None:
    panel = browse("lina").fragment(f"/tasks/{received}")
    assert "<html" not in panel
    assert 'id="form-fields"' in panel


@pytest.fixture
def repairing(office) -> str:
    """A task whose form has rows: the materials of a repair."""
    return office.task(office.repair(), "repair")


def test_rows_are_added_and_removed_without_a_script(repairing, browse) -> None:
    browser = browse("jigong")
    typed = {"materials.0.material_name": "灯管", "materials.0.quantity": "2", "_add": "materials"}
    more = browser.post(f"/tasks/{repairing}", typed)
    assert more.status_code == 200
    assert 'value="灯管"' in control(more.text, "materials.0.material_name")
    assert control(more.text, "materials.1.material_name")
    typed = {
        "materials.0.material_name": "灯管",
        "materials.1.material_name": "螺丝",
        "_remove": "materials.0",
    }
    less = browser.post(f"/tasks/{repairing}", typed).text
    assert 'value="螺丝"' in control(less, "materials.0.material_name")
    assert not control(less, "materials.1.material_name")


def test_the_template_of_a_row_has_names_that_a_script_can_number(repairing, browse) -> None:
    page = browse("jigong").get(f"/tasks/{repairing}").text
    template = page.split("data-repeat-template>")[1].split("</template>")[0]
    assert 'name="materials.__index__.material_name"' in template
    assert 'id="f-materials-__index__-material_name"' in template


def test_the_case_is_reached_from_its_task(received, browse, office) -> None:
    case = task_view(office.engine, received, actor_of(office.people["lina"])).case_id
    assert f'href="/cases/{case}"' in browse("lina").get(f"/tasks/{received}").text
    assert case_view(office.engine, case, actor_of(office.people["lina"])).case_id == case
