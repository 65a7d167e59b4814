"""Ask somebody who need not sign in: a link by which they answer a task, and the words that bring it.

A task says so in the diagram (``answer_link``); the link ends with the task, or after some time. What is
told holds the link; what is kept of it in the case's history does not.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from engine import notices
from engine.domain.facts import Data
from engine.domain.linking import ANSWER, FOLLOW, link_word
from engine.domain.views import Words
from engine.store import answer_links, repository
from engine.store.models import AnswerLink, FollowLink, Task
from engine.wiring import Engine

if TYPE_CHECKING:
    from engine.steps import Step

#: A link that nobody used ends after this, though its task may wait on.
LASTS = timedelta(days=3)
#: What stands in the words for the link.
LINK = "link"
_NO_LINK = {"zh": "（答复链接）", "en": "(link to answer)"}


def ask(step: Step, task: Task, *, to: object, contact: object, data: Data) -> None:
    """Make the link of a task that was just opened, and tell whom it is for.

    ``to`` is a person's id, or the name of somebody who has no account here.
    """
    link = _link(step, task, to=to, contact=contact)
    text = task.properties.get("answer_text", "")
    if text:
        tell(step, link, step.published.words(text), data, node=task.node, process=task.process, task=task)


def ask_also(
    step: Step, asked: str, words: Words, data: Data, *, to: object, contact: object, node: str, process: str
) -> None:
    """Ask somebody besides at the open tasks of a node, such as a deputy, by a link of their own."""
    for task in repository.open_tasks(step.session, step.case.id):
        if task.node == asked and task.properties.get("answer_link"):
            link = _link(step, task, to=to, contact=contact)
            tell(step, link, words, data, node=node, process=process, task=task)


def _link(step: Step, task: Task, *, to: object, contact: object) -> AnswerLink:
    person = to if isinstance(to, int) and not isinstance(to, bool) else None
    return answer_links.add(
        step.session,
        AnswerLink(
            task_id=task.id,
            case_id=step.case.id,
            field=task.properties["answer_link"],
            account_id=person,
            name="" if person is not None else str(to or "")[:200],
            contact=str(contact or "")[:200],
            key=secrets.token_urlsafe(24),
            made_at=step.now,
            ends_at=step.now + LASTS,
        ),
    )


def tell(
    step: Step,
    link: AnswerLink,
    words: Words,
    data: Mapping[str, Any],
    *,
    node: str,
    process: str,
    task: Task | None = None,
) -> None:
    """Tell somebody the words with their link in place of ``{link}``."""
    with_link = {**data, LINK: address(step.engine, link)}
    to: str | int = link.account_id if link.account_id is not None else notices.CUSTOMER
    notices.send(
        step,
        to,
        _shown(step, words, data),
        private=notices.filled(step, words, with_link),
        node=node,
        process=process,
        task=task,
    )


def remind(step: Step, asked: str, words: Words, data: Data, *, node: str, process: str) -> None:
    """Tell whoever was asked at a node, and has not answered, once more."""
    for link in answer_links.open_at(step.session, step.case.id, asked):
        tell(step, link, words, data, node=node, process=process)


def address(engine: Engine, link: AnswerLink | FollowLink) -> str:
    """The address of a link's page; without the installation's own it is a path."""
    page, use = ("follow", FOLLOW) if isinstance(link, FollowLink) else ("answer", ANSWER)
    word = link_word(engine.settings.secret_key, link.key, link.id, use)
    return f"{engine.settings.public_url.rstrip('/')}/{page}/{word}"


def _shown(step: Step, words: Words, data: Mapping[str, Any]) -> Words:
    zh = notices.filled(step, words, {**data, LINK: _NO_LINK["zh"]}).zh
    return Words(zh, notices.filled(step, words, {**data, LINK: _NO_LINK["en"]}).en)
