"""The customer's page of a case, and the card by which staff give its link."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from flask.testing import FlaskClient

from engine import actor_of, comment_case
from tests.web.pages.conftest import Browser, Office


def shared(page: str) -> str:
    found = re.search(r'data-copy="[^"]*?(/follow/[^"]+)"', page)
    assert found
    return html.unescape(found[1])


def test_staff_give_a_link_and_the_customer_reads_and_writes(
    client: FlaskClient,
    office: Office,
    browse: Callable[[str], Browser],
    token_of: Callable[[str], str],
) -> None:
    case, lina = office.complaint(), browse("lina")
    assert lina.post(f"/cases/{case}/share").status_code == 303
    address = shared(lina.get(f"/cases/{case}").text)
    comment_case(office.engine, case, by=actor_of(office.people["lina"]), text="正在核实", is_public=True)

    page = client.get(address)
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    assert "noindex" in page.headers["X-Robots-Tag"]
    assert "正在核实" in page.text
    # What the complaint is about is not on the page, nor who works on it.
    assert "lina" not in page.text

    wrong = client.post(address, data={"text": " ", "csrf_token": token_of(page.text)})
    assert (wrong.status_code, "请写内容" in wrong.text) == (422, True)
    sent = client.post(address, data={"text": "下午<b>在家</b>", "csrf_token": token_of(page.text)})
    assert sent.status_code == 303
    assert "下午&lt;b&gt;在家&lt;/b&gt;" in client.get(address).text
    seen = lina.get(f"/cases/{case}").text
    assert "客户留言" in seen
    assert "<strong>客户</strong>" in seen

    assert lina.post(f"/cases/{case}/unshare").status_code == 303
    assert client.get(address).status_code == 404


def test_a_stranger_gives_nobody_a_link(office: Office, browse: Callable[[str], Browser]) -> None:
    case = office.complaint()
    assert browse("jigong").post(f"/cases/{case}/share").status_code == 403


def test_a_comment_on_the_case_s_page_may_be_for_the_customer(
    office: Office, browse: Callable[[str], Browser]
) -> None:
    case, lina = office.complaint(), browse("lina")
    page = lina.get(f"/cases/{case}").text
    assert re.search(r'name="public"[^>]*>\s*<span>客户也能看到', page)
    lina.post(f"/cases/{case}/verbs/comment", {"text": "明天上午到", "public": "1"})
    assert "客户可见" in lina.get(f"/cases/{case}").text
