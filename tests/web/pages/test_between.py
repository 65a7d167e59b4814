"""What passes between people, on pages: with whom and why is asked, and what cannot be says why."""

from __future__ import annotations

from io import BytesIO

import pytest

from engine import CaseId, actor_of, case_view, inbox, task_view


@pytest.fixture
def received(office) -> tuple[CaseId, str]:
    """A case with its first task, which is lina's."""
    case = office.start("complaint-handling", "lina")
    return case, office.task(case, "receive")


def verbs_on(page: str, task: str) -> set[str]:
    return {
        name
        for name in (
            "transfer",
            "delegate",
            "decline",
            "recall",
            "add_signers",
            "remove_signer",
            "reassign",
            "urge",
        )
        if f"/tasks/{task}/verbs/{name}" in page
    }


def test_only_what_is_lawful_now_stands_under_more(received, office, browse) -> None:
    _case, task = received
    assert verbs_on(browse("lina").get(f"/tasks/{task}").text, task) == {
        "transfer",
        "delegate",
        "add_signers",
        "urge",
    }
    assert verbs_on(browse("zhuguan").get(f"/tasks/{task}").text, task) == {"reassign", "urge"}


@pytest.mark.parametrize(
    "name", ["transfer", "delegate", "decline", "recall", "sign", "remove_signer", "reassign"]
)
def test_what_is_not_mine_says_why(received, browse, name: str) -> None:
    _case, task = received
    page = browse("zhuguan").get(f"/tasks/{task}/verbs/{name}")
    assert page.status_code == 200
    if name != "reassign":
        assert "您不能这样做" in page.text
        assert "<textarea" not in page.text


def test_people_are_found_by_initials_or_two_characters(received, browse) -> None:
    _case, task = received
    browser = browse("lina")
    for text in ("cj", "陈静"):
        found = browser.fragment(f"/tasks/{task}/verbs/delegate?q={text}")
        assert "陈静" in found
        assert "吴刚" not in found
    # Without a script a button asks.
    page = browser.post(f"/tasks/{task}/verbs/delegate", {"_find": "1", "q": "wg", "text": "请核实"})
    assert page.status_code == 200
    assert "吴刚" in page.text
    assert "请核实</textarea>" in page.text


def test_a_task_is_offered_only_to_those_who_may_have_it(received, browse) -> None:
    _case, task = received
    page = browse("lina").get(f"/tasks/{task}/verbs/transfer").text
    assert "陈静" in page
    assert "吴刚" not in page
    assert "吴刚" in browse("lina").get(f"/tasks/{task}/verbs/delegate").text


def test_a_task_is_delegated_prepared_and_handed_back(received, office, browse) -> None:
    _case, task = received
    chen = office.people["zhuguan"]
    browser = browse("lina")
    refused = browser.post(f"/tasks/{task}/verbs/delegate", {"person": str(chen.id), "text": " "})
    assert refused.status_code == 422
    assert "请写明理由" in refused.text
    assert f'value="{chen.id}" checked' in refused.text
    assert (
        browser.post(f"/tasks/{task}/verbs/delegate", {"person": str(chen.id), "text": "请核实"}).status_code
        == 303
    )

    other = browse("zhuguan")
    page = other.get(f"/tasks/{task}").text
    assert "请您代拟" in page
    assert "hand-back" in page
    back = other.post(f"/tasks/{task}/hand-back", {"complainant": "王芳", "_opinion": "属实"})
    assert back.status_code == 303
    seen = task_view(office.engine, task, actor_of(office.people["lina"]))
    assert seen.draft == {"complainant": ["王芳"]}
    assert "王芳" in browse("lina").get(f"/tasks/{task}").text


def test_signers_answer_and_everybody_sees_who_has(received, office, browse) -> None:
    _case, task = received
    people = [str(office.people[login].id) for login in ("zhuguan", "diaodu")]
    asked = browse("lina").post(
        f"/tasks/{task}/verbs/add_signers", {"person": people, "place": "beside", "rule": "all", "text": ""}
    )
    assert asked.status_code == 303
    page = browse("lina").get(f"/tasks/{task}").text
    assert "会签有结果后才能办理" in page
    assert page.count("等待签署") == 2
    assert "待签" in browse("zhuguan").get("/?sort=-created").text
    signer = browse("zhuguan")
    assert signer.post(f"/tasks/{task}/verbs/sign", {"answer": "disagree", "text": ""}).status_code == 422
    assert signer.post(f"/tasks/{task}/verbs/sign", {"answer": "agree", "text": "可以"}).status_code == 303
    seen = browse("lina").fragment(f"/tasks/{task}/signing")
    assert "可以" in seen
    assert seen.count("等待签署") == 1
    mine = inbox(office.engine, actor_of(office.people["zhuguan"])).rows
    assert task not in [line.task_id for line in mine]


def test_a_copy_is_read_once_it_is_opened(office, browse) -> None:
    case = office.start("complaint-handling", "lina")
    wu = office.people["jigong"]
    assert browse("jigong").get(f"/cases/{case}").status_code == 403
    asked = browse("lina").post(f"/cases/{case}/verbs/copy", {"person": str(wu.id), "text": "请知悉"})
    assert asked.status_code == 303
    assert "未读" in browse("lina").get(f"/cases/{case}").text
    assert browse("jigong").get(f"/cases/{case}").status_code == 200
    (copy,) = case_view(office.engine, case, actor_of(office.people["lina"])).copies
    assert copy.read_at is not None


def test_what_is_said_stands_on_both_pages(received, office, browse) -> None:
    case, task = received
    said = browse("lina").post(f"/cases/{case}/verbs/comment", {"text": "<b>客户着急</b>", "task": task})
    assert said.status_code == 303
    assert said.location.endswith(f"/tasks/{task}#talk")
    for address in (f"/tasks/{task}", f"/cases/{case}"):
        assert "&lt;b&gt;客户着急&lt;/b&gt;" in browse("lina").get(address).text
    assert browse("lina").post(f"/cases/{case}/verbs/comment", {"text": " "}).status_code == 422


def test_a_file_goes_with_what_is_said(received, office, browse) -> None:
    case, task = received
    file = (BytesIO(b"%PDF-1.4\n%%EOF\n"), "报价.pdf")
    sent = browse("lina").post(f"/cases/{case}/attach", {"task": task, "file": file})
    assert sent.status_code == 303
    for address in (f"/tasks/{task}", f"/cases/{case}"):
        assert "报价.pdf" in browse("lina").get(address).text
    assert (
        browse("jigong").post(f"/cases/{case}/attach", {"file": (BytesIO(b"x"), "x.txt")}).status_code == 403
    )


def test_urging_shows_in_the_list_and_not_too_often(received, office, browse) -> None:
    _case, task = received
    boss = browse("zhuguan")
    assert boss.post(f"/tasks/{task}/verbs/urge", {"text": ""}).status_code == 303
    again = boss.post(f"/tasks/{task}/verbs/urge", {"text": ""})
    assert again.status_code == 409
    assert "刚刚催办过" in again.text
    assert "催×1" in browse("lina").get("/?sort=-created").text


def test_how_urgent_a_case_is_shows_everywhere(received, browse) -> None:
    case, _task = received
    browser = browse("lina")
    address = f"/cases/{case}/verbs/prioritise"
    assert browser.post(address, {"priority": "urgent", "text": ""}).status_code == 422
    assert browser.post(address, {"priority": "urgent", "text": "领导关注"}).status_code == 303
    assert "紧急" in browser.get(f"/cases/{case}").text
    assert "紧急" in browser.get("/?sort=-created").text


@pytest.mark.parametrize("address", ["/tasks/{task}/verbs/nothing", "/cases/{case}/verbs/nothing"])
def test_there_is_no_such_verb(received, browse, address: str) -> None:
    case, task = received
    assert browse("lina").get(address.format(case=case, task=task)).status_code == 404
