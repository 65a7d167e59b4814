"""Sending back and withdrawing on their pages: what is asked, said, kept, undone."""

from __future__ import annotations

import re

import pytest

from engine import actor_of, send_back, task_view

COMPLAINT = {
    "channel": "phone",
    "complainant": "王芳",
    "contact": "13800138000",
    "content": "空调漏水，文件被淋湿。",
    "complaint_time": "2026-11-02T09:30",
    "valid": "valid",
}


def investigated(office):
    """A complaint whose investigation is open for the supervisor."""
    case = office.complaint()
    return case, office.task(case, "investigate")


def test_the_page_of_a_task_leads_to_what_it_may_be_sent_back_to(office, browse) -> None:
    _case, task = investigated(office)
    supervisor = browse("zhuguan")
    assert f"/tasks/{task}/return" in supervisor.get(f"/tasks/{task}").text
    page = supervisor.get(f"/tasks/{task}/return").text
    assert 'value="receive"' in page
    assert "上次由李娜办理" in page


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        pytest.param({"to": "receive", "reason": " "}, 422, "请写明原因。", id="no reason"),
        pytest.param({"reason": "号码不对"}, 422, "请选择退回到哪一步。", id="no step"),
        pytest.param({"to": "archive", "reason": "号码不对"}, 409, "不能退回", id="not lawful"),
    ],
)
def test_what_is_missing_or_not_lawful_is_said_and_nothing_typed_is_lost(
    office, browse, sent, status, said
) -> None:
    _case, task = investigated(office)
    answer = browse("zhuguan").post(f"/tasks/{task}/return", sent)
    assert answer.status_code == status
    assert said in answer.text
    if sent["reason"].strip():
        assert sent["reason"] in answer.text


def test_who_gets_it_again_sees_who_why_and_their_own_words(office, browse) -> None:
    case, task = investigated(office)
    answer = browse("zhuguan").post(f"/tasks/{task}/return", {"to": "receive", "reason": "号码不对"})
    assert answer.status_code == 303
    clerk = browse("lina")
    again = office.task(case, "receive")
    page = clerk.get(f"/tasks/{again}").text
    assert re.search(r"陈静 于.*从“.*”退回：号码不对", page)
    assert 'value="王芳"' in page
    assert "陈静 退回" in clerk.get("/?sort=-created").text
    assert "将“" in clerk.get(f"/cases/{case}").text
    clerk.speak("en")
    assert "Sent back by 陈静" in clerk.get(f"/tasks/{again}").text


def test_who_typed_meanwhile_keeps_their_words_and_hears_who(office, browse) -> None:
    _case, task = investigated(office)
    root, supervisor = office.people["root"], browse("zhuguan")
    typed = {"cause": ["property"], "findings": "冷凝水管破损", "_request": "r-1"}
    send_back(office.engine, task, by=actor_of(office.people["zhuguan"]), to="receive", reason="号码不对")
    answer = supervisor.post(f"/tasks/{task}", typed)
    assert answer.status_code == 409
    assert re.search(r"陈静 于.*退回了案件，此任务不再需要办理。理由：号码不对", answer.text)
    view = task_view(office.engine, task, actor_of(root))
    assert view.called_back is not None
    assert "冷凝水管破损" in answer.text
    assert "此任务不再需要办理" in supervisor.get(f"/tasks/{task}").text


def test_what_i_did_i_may_undo_and_then_withdraw(office, browse) -> None:
    case = office.start("repair-work-order", "lina")
    task = office.task(case, "receive")
    clerk = browse("lina")
    typed = {"source": "phone", "report_dept": "前台一班", "reporter": "李娜", "_request": "u-1"}
    done = clerk.post(f"/tasks/{task}", typed, follow_redirects=True)
    assert f'action="/tasks/{task}/withdraw"' in done.text
    assert 'data-seconds="30"' in done.text
    assert f'action="/tasks/{task}/withdraw"' in clerk.get("/?view=done").text
    assert "撤回" in clerk.get(f"/tasks/{task}").text

    undone = clerk.post(f"/tasks/{task}/withdraw", {"undo": "1"}, follow_redirects=True)
    assert "已撤回，您填写的内容还在。" in undone.text
    assert 'value="前台一班"' in undone.text
    assert f'action="/tasks/{task}/withdraw"' not in clerk.get("/?view=done").text


@pytest.mark.parametrize(
    ("acts", "said"),
    [
        pytest.param(False, "已告知客户", id="the customer was told"),
        pytest.param(True, "后面的任务已经有人动过，不能撤回", id="somebody acted"),
    ],
)
def test_what_cannot_be_withdrawn_says_why_and_has_no_button(office, browse, acts, said) -> None:
    clerk = browse("lina")
    if acts:
        case = office.start("repair-work-order", "lina")
        task = office.task(case, "receive")
        office.complete(case, "receive", "lina", {"source": "phone", "report_dept": "前台", "reporter": "李"})
        clerk.post(f"/tasks/{office.task(case, 'phone_sheet')}/draft", {"place": "A-1203"})
    else:
        case = office.start("complaint-handling", "lina")
        task = office.task(case, "receive")
        office.complete(case, "receive", "lina", COMPLAINT)
    assert f'action="/tasks/{task}/withdraw"' not in clerk.get(f"/tasks/{task}").text
    answer = clerk.post(f"/tasks/{task}/withdraw", follow_redirects=True)
    assert said in answer.text
