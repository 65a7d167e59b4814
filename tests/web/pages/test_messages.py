"""How I am told, what became of it, and what is new: pages against a real mail server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from engine import Engine
from engine.store.models import Account, Delivery, Notice, Webhook
from tests.engine.outside import PostOffice, closed_port, post_office, receiver, text_of
from tests.web.pages.conftest import Browser

Browse = Callable[[str], Browser]
WISHES = {"email": "li.na@example.com", "quiet_from": "22:30", "quiet_until": "06:30", "digest_at": "09:00"}


@pytest.fixture
def post(app: Flask, engine: Engine) -> Iterator[PostOffice]:
    """A mail server that the application knows."""
    with post_office() as found:
        app.extensions["guanjia"] = replace(engine, mail=found.server())
        yield found
    app.extensions["guanjia"] = engine


@pytest.fixture(autouse=True)
def _forgotten(engine: Engine) -> Iterator[None]:
    """What these tests leave is not there for others."""
    yield
    with engine.database.transaction() as session:
        session.execute(sa.delete(Delivery))
        session.execute(sa.delete(Webhook))
        session.execute(sa.update(Account).values(email="", reach={}))


def wishes(engine: Engine, login: str) -> Any:
    """What somebody's account keeps."""
    with engine.database.look() as session:
        return session.execute(sa.select(Account.email, Account.reach).where(Account.login == login)).one()


def test_without_a_mail_server_the_page_says_so_and_keeps_what_i_choose(
    browse: Browse, engine: Engine
) -> None:
    browser = browse("lina")
    assert "本系统还没有设置邮件服务器" in browser.get("/me").text
    answer = browser.post("/me/reach", {**WISHES, "how-task": "none", "how-copy": "now"})
    assert answer.status_code == 303
    email, reach = wishes(engine, "lina")
    assert email == "li.na@example.com"
    assert reach["quiet"] == ["22:30", "06:30"]
    assert (reach["events"]["task"], reach["events"]["copy"]) == ("none", "now")
    page = browser.get("/me").text
    assert 'value="22:30"' in page
    assert 'name="how-task" value="none" aria-label="新任务：不发" checked' in page
    assert "发一封测试邮件" not in page
    assert browser.post("/me/reach/test").status_code == 422


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"email": "nobody"}, "这不是一个邮箱地址。"),
        ({"quiet_until": ""}, "免打扰的起止时间都要填写，并且不能相同。"),
        ({"digest_at": "soon"}, "请填写时间，例如 08:30。"),
        ({"how-task": "loudly"}, "通知方式"),
    ],
)
def test_a_wish_that_cannot_be_is_said_beside_its_field(
    browse: Browse, engine: Engine, wrong: dict[str, str], said: str
) -> None:
    answer = browse("lina").post("/me/reach", {**WISHES, **wrong})
    assert answer.status_code == 422
    assert said in answer.text
    assert wishes(engine, "lina").email == ""


def test_a_test_message_says_what_truly_became_of_it(browse: Browse, post: PostOffice) -> None:
    browser = browse("lina")
    browser.post("/me/reach", WISHES)
    browser.speak("en")
    browser.post("/me/reach/test")
    assert "The mail server took the test message" in browser.get("/me").text
    assert "管家可以给您发邮件" in text_of(post.letters[0])
    post.refusals.append("451 the mailbox is busy")
    browser.post("/me/reach/test")
    assert "451 the mailbox is busy" in browser.get("/me").text


def test_an_administrator_sees_what_did_not_arrive_and_sends_it_again(
    browse: Browse, app: Flask, engine: Engine, post: PostOffice
) -> None:
    browse("lina").post("/me/reach", WISHES)
    well = app.extensions["guanjia"]
    app.extensions["guanjia"] = replace(engine, mail=post.server(port=closed_port()))
    browse("lina").post("/me/reach/test")
    app.extensions["guanjia"] = well
    assert browse("lina").get("/deliveries").status_code == 403

    admin = browse("root")
    page = admin.get("/deliveries").text
    assert "li.na@example.com" in page
    assert "未能送达" in page
    assert 'data-count="deliveries">1<' in page
    checks = admin.get("/readyz")
    assert (checks.status_code, checks.json["checks"]["deliveries"]) == (200, "failed")
    assert "li.na@example.com" not in admin.get("/deliveries?status=sent").text
    assert "li.na@example.com" not in admin.get("/deliveries?q=王伟").text
    assert "li.na@example.com" in admin.fragment("/deliveries?q=李娜&channel=mail&status=dead")

    with engine.database.look() as session:
        number = session.scalars(sa.select(Delivery.id)).one()
    assert browse("lina").post(f"/deliveries/{number}/again").status_code == 403
    admin.post(f"/deliveries/{number}/again")
    assert "已发出" in admin.get("/deliveries").text
    assert len(post.letters) == 1
    assert admin.post(f"/deliveries/{number}/give-up").status_code == 409
    assert admin.post("/deliveries/999999/again").status_code == 404


def test_another_system_is_added_tried_and_switched_off(browse: Browse, engine: Engine) -> None:
    admin = browse("root")
    refused = admin.post("/deliveries/webhooks", {"name": "CRM", "url": "ftp://crm.example.com"})
    assert refused.status_code == 422
    assert "请填写以 https:// 或 http:// 开头的地址。" in refused.text
    with receiver() as system:
        added = admin.post(
            "/deliveries/webhooks",
            {"name": "CRM", "url": f"{system.url}/hooks?token=hidden", "events": "escalation"},
        )
        assert "whsec_" in added.text
        page = admin.get("/deliveries/webhooks").text
        assert "whsec_" not in page
        assert "token=" not in page
        assert "/hooks" in page
        with engine.database.look() as session:
            number = session.scalars(sa.select(Webhook.id)).one()
        admin.post(f"/deliveries/webhooks/{number}/test")
        assert "对方已收到测试消息。" in admin.get("/deliveries/webhooks").text
        system.answers.append((500, b""))
        admin.post(f"/deliveries/webhooks/{number}/test")
        assert "HTTP 500" in admin.get("/deliveries/webhooks").text
    assert "whsec_" in admin.post(f"/deliveries/webhooks/{number}/secret").text
    admin.post(f"/deliveries/webhooks/{number}/switch", {"active": "0"})
    assert "停用" in admin.get("/deliveries/webhooks").text
    assert browse("lina").post("/deliveries/webhooks", {"name": "x", "url": "http://x.y"}).status_code == 403


def test_what_is_new_is_told_without_a_reload(browse: Browse, engine: Engine) -> None:
    browser = browse("wangwei")
    first = browser.get("/notices/news", headers={"Accept": "application/json"}).json
    assert first["urgent"] == []
    with engine.database.transaction() as session:
        owner = session.scalars(sa.select(Account.id).where(Account.login == "wangwei")).one()
        for kind in ("reminder", "escalation"):
            session.add(
                Notice(account_id=owner, at=engine.now(), kind=kind, zh=f"说{kind}", en=f"said {kind}")
            )
    after = browser.get(f"/notices/news?after={first['latest']}", headers={"Accept": "application/json"}).json
    assert after["unread"] == first["unread"] + 2
    assert [one["text"] for one in after["urgent"]] == ["说escalation"]
    assert "说reminder" in browser.fragment("/notices")
    again = browser.get(f"/notices/news?after={after['latest']}", headers={"Accept": "application/json"}).json
    assert again["urgent"] == []
    with engine.database.transaction() as session:
        session.execute(sa.delete(Notice).where(Notice.account_id == owner))


def test_as_long_as_nothing_changes_the_answer_is_nothing(browse: Browse, engine: Engine) -> None:
    browser = browse("wangwei")
    asked = {"Accept": "application/json"}
    first = browser.get("/notices/news", headers=asked)
    mark = first.headers["ETag"]
    assert mark.startswith("W/")
    still = browser.get("/notices/news", headers={**asked, "If-None-Match": mark})
    assert (still.status_code, still.data, still.headers["ETag"]) == (304, b"", mark)
    with engine.database.transaction() as session:
        owner = session.scalars(sa.select(Account.id).where(Account.login == "wangwei")).one()
        session.add(Notice(account_id=owner, at=engine.now(), kind="reminder", zh="说", en="said"))
    after = browser.get("/notices/news", headers={**asked, "If-None-Match": mark})
    assert after.status_code == 200
    assert after.json["unread"] == first.json["unread"] + 1
    assert after.headers["ETag"] != mark
    # Somebody else's mark opens nothing, and nobody's page is kept by a cache between.
    assert browse("lina").get("/notices/news", headers={**asked, "If-None-Match": mark}).status_code == 200
    assert "no-store" in after.headers["Cache-Control"]
    with engine.database.transaction() as session:
        session.execute(sa.delete(Notice).where(Notice.account_id == owner, Notice.kind == "reminder"))
