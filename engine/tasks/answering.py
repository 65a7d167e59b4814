"""Answer a task by its link, without signing in."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from engine import notices, procedures, steps
from engine.answers import Asking
from engine.domain.facts import Actor, Data, TaskId, UserId
from engine.domain.linking import choice_of, choice_word, is_link, link_named
from engine.domain.views import AnswerPage, Words
from engine.errors import LinkInvalid, LinkOver
from engine.retrying import again_when_changed
from engine.store import answer_links, locking, repository
from engine.store.database import Session
from engine.store.models import AnswerLink, Case, Task
from engine.tasks.finishing import finish
from engine.wiring import Engine

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Asked:
    """A genuine link, with what it asks, before the person it was made for."""

    link: AnswerLink
    asking: Asking

    @property
    def case(self) -> Case:
        return self.asking.case

    @property
    def task(self) -> Task:
        return self.asking.task

    @property
    def options(self) -> dict[str, Words]:
        """The choices, by their values."""
        form, bundle = self.asking.form, self.asking.published.of(self.task.process)
        field = form.field(self.link.field) if form else None
        return {one.value: bundle.words(one.label) for one in field.options} if field else {}

    @property
    def question(self) -> Words:
        """What is asked."""
        form, bundle = self.asking.form, self.asking.published.of(self.task.process)
        field = form.field(self.link.field) if form else None
        return bundle.words(field.label if field else self.task.name)

    @property
    def state(self) -> str:
        """open, answered, expired, signing (several sign the task), or over: its task came to nothing."""
        if self.task.status == "done":
            return "answered"
        if self.task.status != "open" or self.case.status != "active":
            return "over"
        if self.task.signing:
            # Several sign it: one tap is not enough.
            return "signing"
        return "open" if self.asking.engine.now() < self.link.ends_at else "expired"

    def answers(self, choice: str) -> Data:
        """What the task is answered with: the choice, and the form as it begins."""
        form = self.asking.form
        return {**(self.asking.first_values(form) if form else {}), self.link.field: choice}


def answer_page(engine: Engine, word: str) -> AnswerPage:
    """What a link asks, or what became of it; changes nothing. Raises :class:`LinkInvalid`."""
    secret = engine.settings.secret_key
    with engine.database.look() as session:
        asked = _asked(engine, session, word)
        link, case, task, options = asked.link, asked.case, asked.task, asked.options
        step = steps.step_for(engine, session, case, asked.asking.published, asked.asking.actor)
        said = asked.asking.published.words(task.properties.get("answer_text", ""))
        is_open = asked.state == "open"
        return AnswerPage(
            case_number=case.number,
            site=case.site,
            name=asked.asking.actor.name,
            said=notices.filled(step, said, {**asked.asking.data, "link": ""}),
            question=asked.question,
            choices=tuple(
                (choice_word(secret, link.key, link.id, value), label)
                for value, label in (options.items() if is_open else ())
            ),
            state=asked.state,
            answered_by=task.done_by_name or "",
            answered_at=task.done_at,
            answer=options.get(str((task.answers or {}).get(link.field))),
        )


@again_when_changed
def answer_by_link(engine: Engine, word: str, choice: str) -> None:
    """Answer with the choice that one of the link's words stands for; a link is used once.

    Raises :class:`LinkInvalid`, :class:`LinkOver`, :class:`AnswersInvalid`, :class:`RuntimeFailed`.
    """
    with engine.database.look() as session:
        task_id = TaskId(_asked(engine, session, word).task.id)
    with engine.database.transaction() as session:
        case, task = locking.lock_case_of_task(session, task_id)
        found = _asked(engine, session, word)
        published, person = found.asking.published, found.asking.actor
        asked = _Asked(found.link, Asking(engine, session, case, task, published, person))
        chosen = choice_of(engine.settings.secret_key, asked.link.key, asked.link.id, choice)
        if chosen is None:
            raise LinkInvalid
        if asked.state != "open" or not answer_links.use(session, asked.link.id, chosen, engine.now()):
            raise LinkOver(case=case.number)
        clean = asked.asking.check(asked.answers(chosen))
        step = steps.step_for(engine, session, case, published, person)
        said = asked.options[chosen]
        step.tell(
            "answered_by_link", node=task.node, process=task.process, task_id=task.id, zh=said.zh, en=said.en
        )
        finish(step, task, clean)
    engine.dispatcher.wake()
    logger.info(
        "Task %s of case %s was answered by its link",
        task.node,
        case.number,
        extra={"action": "answered_by_link", "case": case.id, "task": task.id},
    )


def _asked(engine: Engine, session: Session, word: str) -> _Asked:
    link_id = link_named(word)
    link = answer_links.find(session, link_id) if link_id is not None else None
    if link is None or not is_link(engine.settings.secret_key, link.key, link.id, word):
        raise LinkInvalid
    case, task = repository.case_of_task(session, link.task_id)
    published = procedures.of_version(engine, session, case.version_id)
    return _Asked(link, Asking(engine, session, case, task, published, _person(session, link)))


def _person(session: Session, link: AnswerLink) -> Actor:
    account = repository.account(session, link.account_id) if link.account_id is not None else None
    if account is not None:
        return Actor(id=UserId(account.id), name=account.name)
    return Actor(id=None, name=link.name)
