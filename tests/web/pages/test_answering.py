"""The page of a link: it asks, it answers once, and it keeps its address to itself."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from engine import CaseId, actor_of, add_signers, claim_task, task_view
from engine.masters import bring_in
from tests.web.pages.conftest import Office

VISIT = {
    "visitor_name": "陈明",
    "visitor_company": "远山咨询",
    "visitor_contact": "13800138000",
    "purpose": "洽谈合同",
    "host_name": "刘洋",
    "host_dept": "行政部",
    "arrival": "here",
    "card_no": "",
}


@pytest.fixture
def visit(office: Office) -> tuple[CaseId, str]:
    """A visitor whose host was sent a link: the case, and the address."""
    case = office.start("visitor-reception", "lina")
    office.complete(case, "register_visitor", "lina", VISIT)
    number = f"V{case}"
    card = {"card_no": number, "kind": "visitor", "status": "in_stock"}
    bring_in(office.engine, "cards", office.site, [card])
    office.complete(case, "issue", "lina", {"card_no": number})
    seen = task_view(office.engine, office.task(case, "host_response"), actor_of(office.people["lina"]))
    assert seen.asked is not None
    return case, seen.asked.address


def buttons(page: str) -> dict[str, str]:
    """Label → word of the page's buttons."""
    found = re.findall(r'name="choice" value="([^"]+)">([^<]+)<', page)
    return {label: word for word, label in found}


def test_a_host_answers_without_signing_in(
    client: FlaskClient, visit: tuple[CaseId, str], office: Office, token_of: Callable[[str], str]
) -> None:
    case, address = visit
    page = client.get(address)
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert "noindex" in page.headers["X-Robots-Tag"]
    tapped = {"choice": buttons(page.text)["不在"], "csrf_token": token_of(page.text)}
    assert client.post(address, data=tapped).status_code == 303
    assert "刘洋" in client.get(address).text
    assert office.task(case, "ask_visitor")
    # A second tap changes nothing and says so.
    assert client.post(address, data=tapped).status_code == 303
    assert "已经有答复了" in client.get(address).text


def test_a_preview_and_a_post_from_elsewhere_answer_nothing(
    client: FlaskClient, visit: tuple[CaseId, str], office: Office
) -> None:
    case, address = visit
    page = client.get(address)
    client.head(address)
    assert client.post(address, data={"choice": buttons(page.text)["接待"]}).status_code == 400
    assert office.task(case, "host_response")


def test_a_task_that_several_sign_says_so_and_is_not_answered(
    client: FlaskClient, visit: tuple[CaseId, str], office: Office, token_of: Callable[[str], str]
) -> None:
    case, address = visit
    page = client.get(address)
    tapped = {"choice": buttons(page.text)["接待"], "csrf_token": token_of(page.text)}
    task, lina = office.task(case, "host_response"), actor_of(office.people["lina"])
    claim_task(office.engine, task, by=lina)
    add_signers(office.engine, task, by=lina, people=[office.people["zhuguan"].id])
    said = client.get(address).text
    assert "由几个人签字" in said
    assert "链接已过期" not in said
    assert client.post(address, data=tapped).status_code == 303
    after = client.get(address).text
    assert "这次没有改变什么" in after
    assert "已经有答复了" not in after
    assert office.task(case, "host_response") == task


def test_a_hosts_deputy_has_a_link_of_their_own_to_the_same_task(
    client: FlaskClient, office: Office, token_of: Callable[[str], str]
) -> None:
    case = office.start("visitor-reception", "lina")
    deputy = {"host_deputy": "赵敏", "deputy_contact": "13900002222"}
    office.complete(case, "register_visitor", "lina", {**VISIT, **deputy})
    card = {"card_no": f"V{case}", "kind": "visitor", "status": "in_stock"}
    bring_in(office.engine, "cards", office.site, [card])
    office.complete(case, "issue", "lina", {"card_no": f"V{case}"})
    lina = actor_of(office.people["lina"])
    first = task_view(office.engine, office.task(case, "host_response"), lina).asked
    page = client.get(first.address)
    away = {"choice": buttons(page.text)["不在"], "csrf_token": token_of(page.text)}
    client.post(first.address, data=away)
    second = task_view(office.engine, office.task(case, "host_response"), lina).asked
    assert (second.name, second.contact) == ("赵敏", "13900002222")
    page = client.get(second.address)
    assert "请 赵敏 答复" in page.text
    client.post(
        second.address, data={"choice": buttons(page.text)["接待"], "csrf_token": token_of(page.text)}
    )
    assert office.task(case, "escort")
    assert "赵敏 于" in client.get(second.address).text
    assert "刘洋 于" in client.get(first.address).text


def test_an_address_that_was_changed_leads_nowhere(client: FlaskClient, visit: tuple[CaseId, str]) -> None:
    address = visit[1]
    assert client.get(address[:-2] + "xx").status_code == 404
    assert client.get("/answer/nonsense").status_code == 404


def test_the_page_speaks_english(client: FlaskClient, visit: tuple[CaseId, str]) -> None:
    page = client.get(visit[1], headers={"Accept-Language": "en"})
    assert "Please wait" in page.text
    assert "Can you receive them?" in page.text


def test_trying_is_limited(client: FlaskClient, visit: tuple[CaseId, str]) -> None:
    answers = [client.get("/answer/nonsense").status_code for _ in range(70)]
    assert answers[-1] == 429


def test_logs_name_the_page_and_not_the_address(
    client: FlaskClient,
    visit: tuple[CaseId, str],
    token_of: Callable[[str], str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    address = visit[1]
    page = client.get(address)
    with caplog.at_level(logging.DEBUG):
        client.post(address, data={"choice": buttons(page.text)["稍等"], "csrf_token": token_of(page.text)})
    word = address.rsplit("/", 1)[1]
    assert not any(
        word in str(vars(record)) for record in caplog.records if record.name.startswith(("web", "engine"))
    )
