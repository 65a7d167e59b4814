"""Cases: the list, one case with its drawing and history, its end before the end, its papers and files."""

from __future__ import annotations

import json
import re

import pytest

from engine import actor_of, add_attachment, case_view


@pytest.fixture
def case(office) -> int:
    """A registered complaint."""
    return office.complaint()


def view(office, case):
    return case_view(office.engine, case, actor_of(office.people["root"]))


def test_the_list_shows_what_a_case_waits_for(case, office, browse) -> None:
    page = browse("lina").get(f"/cases?q={view(office, case).number}").text
    assert f'href="/cases/{case}"' in page
    assert "调查" in page


def test_the_list_of_what_i_started_leaves_out_the_cases_of_others(case, browse) -> None:
    assert f'href="/cases/{case}"' in browse("lina").get("/cases?view=started").text
    page = browse("zhuguan").get("/cases?view=started").text
    assert f'href="/cases/{case}"' not in page
    assert "您还没有发起过案件" in page


def test_a_case_shows_who_it_waits_for_until_when_and_what_was_said(case, browse) -> None:
    page = browse("zhuguan").get(f"/cases/{case}").text
    waiting = page.split('id="now"')[1].split("</section>")[0]
    assert "客务主管" in waiting
    assert 'class="clock clock--' in waiting
    assert "李娜 完成了" in page
    assert "王芳" in page.split('id="data"')[1]


def test_the_drawing_knows_what_is_active_and_what_is_done(case, office, browse) -> None:
    if "BPMNShape" not in next(iter(view(office, case).diagrams.values())):
        pytest.skip("the procedure has no layout")
    page = browse("zhuguan").get(f"/cases/{case}").text
    data = json.loads(re.search(r'id="diagram-data">(.*?)</script>', page, re.DOTALL)[1])
    assert "receive" in data["done"]
    assert "investigate" in data["active"]
    assert data["links"]["investigate"].startswith("/tasks/")


def test_the_whole_history_tells_more_than_the_main_points(case, browse) -> None:
    browser = browse("zhuguan")
    brief, whole = (browser.get(f"/cases/{case}{more}").text for more in ("", "?history=all"))
    assert "到达待办" not in brief
    assert "到达待办" in whole


def test_personal_data_are_masked_for_who_need_not_see_them(case, browse) -> None:
    page = browse("root").get(f"/cases/{case}").text
    assert "13800138000" not in page
    assert "王芳" not in page


def test_cancelling_says_what_will_happen_and_wants_a_reason(case, browse) -> None:
    browser = browse("root")
    asked = browser.get(f"/cases/{case}?ask=cancel").text
    assert "不能恢复" in asked.split('id="ask"')[1]
    without = browser.post(f"/cases/{case}/cancel", {"reason": " "})
    assert without.status_code == 422
    assert "请写明原因" in without.text
    done = browser.post(f"/cases/{case}/cancel", {"reason": "重复登记"})
    assert done.status_code == 303
    page = browser.get(f"/cases/{case}").text
    assert "已取消：重复登记" in page
    assert 'id="now"' not in page


def test_a_case_is_suspended_and_resumed(case, office, browse) -> None:
    browser = browse("root")
    browser.post(f"/cases/{case}/suspend", {"reason": "等客户回国"})
    assert view(office, case).status == "suspended"
    task_page = browse("zhuguan").get(f"/cases/{case}").text
    assert "已挂起" in task_page
    browser.post(f"/cases/{case}/resume")
    assert view(office, case).status == "active"


def test_who_may_not_cancel_is_neither_asked_nor_obeyed(case, browse) -> None:
    browser = browse("wangwei")
    assert 'id="ask"' not in browser.get(f"/cases/{case}?ask=cancel").text
    assert browser.post(f"/cases/{case}/cancel", {"reason": "不想做"}).status_code == 403


def test_a_work_order_prints_three_copies_each_with_a_code_that_leads_back(office, browse) -> None:
    case = office.repair()
    paper = view(office, case).papers[0]
    page = browse("diaodu").get(f"/papers/{paper.id}").text
    sheets = page.split('class="paper-sheet paper-copy"')[1:]
    assert len(sheets) == 3
    for sheet, copy in zip(sheets, ("第一联", "第二联", "第三联"), strict=True):
        assert copy in sheet
        assert 'src="data:image/svg+xml' in sheet
        assert "更换灯管" in sheet


@pytest.mark.parametrize(
    ("name", "mime", "content", "inline"),
    [
        pytest.param("说明.pdf", "application/pdf", b"%PDF-1.4\n%%EOF\n", True, id="a PDF opens"),
        pytest.param("备注.txt", "text/plain", "文字".encode(), False, id="text is saved"),
    ],
)
def test_only_harmless_files_open_in_the_browser(
    case, office, browse, name: str, mime: str, content: bytes, inline: bool
) -> None:
    kept = add_attachment(
        office.engine, case, by=actor_of(office.people["zhuguan"]), name=name, content=content, mime=mime
    )
    answer = browse("zhuguan").get(f"/files/{kept.id}")
    assert answer.status_code == 200
    assert answer.data == content
    assert answer.headers["Content-Disposition"].startswith("inline" if inline else "attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert browse("caiwu").get(f"/files/{kept.id}").status_code == 403
