"""Several tasks at once: each is a transaction of its own, and the answer says what became of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from flask import Blueprint, abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from engine import FormState, TaskId, complete_task, form_fields, people, task_view, team_of
from engine.domain.views import TaskView
from engine.errors import AnswersInvalid, GuanjiaError, RuntimeFailed
from web.access import access, actor, engine, safe_next
from web.asking import Asked
from web.bulk_verbs import BULK_VERBS, BulkVerb
from web.display import words
from web.errors import sentence
from web.language import reader_language
from web.words import gettext as _

bp = Blueprint("bulk", __name__, url_prefix="/bulk")

#: Tasks at once: a page of the inbox.
MOST = 50

Typed = MultiDict[str, str]


@dataclass(frozen=True)
class Done:
    """What became of one task of several."""

    task_id: str
    number: str
    step: str
    #: Why it was not done; empty when it was.
    problem: str = ""


@dataclass(frozen=True)
class Together:
    """Tasks of one step, whose one form is asked once."""

    tasks: Sequence[TaskView]
    state: FormState | None
    #: Why they cannot be completed together; empty when they can.
    problem: str = ""


@bp.post("")
@access("signed-in")
def act() -> ResponseReturnValue:
    """Do something with the selected tasks, or ask first what it needs."""
    key = request.form.get("verb", "")
    verb = BULK_VERBS.get(key) or abort(400)
    ids = _ids()
    if not ids:
        flash(_("请先选择任务。"), "error")
        return redirect(_back(), code=303)
    if verb.act is None:
        return _form_page(_together(ids))
    if verb.asks and not all(request.form.get(f"_{name}", "").strip() for name in verb.asks):
        return _question(key, verb, ids)
    asked = {name: request.form.get(f"_{name}", "").strip() for name in verb.asks}
    if "to" in asked and asked["to"] not in dict(_people(verb)):
        return _question(key, verb, ids)
    done = [_one(verb, task_id, asked) for task_id in ids]
    return _told(verb, done)


@bp.post("/complete")
@access("signed-in")
def complete() -> ResponseReturnValue:
    """Complete the selected tasks of one step with one form; what is wrong is asked again first."""
    ids = _ids()
    if not ids:
        return redirect(_back(), code=303)
    typed = _typed()
    together = _together(ids, typed)
    if together.problem:
        return _form_page(together, typed), 422
    token = request.form.get("_request", "")
    done: list[Done] = []
    for task in together.tasks:
        try:
            complete_task(
                engine(), task.task_id, by=actor(), answers=typed, request_id=_request_id(token, task.task_id)
            )
        except AnswersInvalid as refused:
            if not done:
                return _form_page(together, typed, refused.errors), 422
            done.append(_line(task, _("填写的内容不适合这个案件，已存为它的草稿，请打开单独办理。")))
        except GuanjiaError as refused:
            done.append(_line(task, _problem(refused)))
        else:
            done.append(_line(task))
    return _told(BULK_VERBS["complete"], done)


@bp.post("/fields")
@access("signed-in")
def fields() -> ResponseReturnValue:
    """Give the fields of the shared form that are asked now, with what is typed; for htmx."""
    together = _together(_ids(), _typed())
    if not together.tasks or together.state is None:
        abort(404)
    return render_template("task/_fields.html", task=together.tasks[0], asked=_asked(together, _typed(), {}))


# One after the other ----------------------------------------------------------------------------


def _one(verb: BulkVerb, task_id: TaskId, asked: Mapping[str, str]) -> Done:
    try:
        task = task_view(engine(), task_id, actor())
    except GuanjiaError as refused:
        return Done(task_id, "", "", sentence(refused))
    try:
        if verb.act is not None:
            verb.act(engine(), task_id, actor(), asked)
    except GuanjiaError as refused:
        return _line(task, _problem(refused))
    return _line(task)


def _line(task: TaskView, problem: str = "") -> Done:
    return Done(task.task_id, task.case_number, words(task.step_name), problem)


def _problem(refused: GuanjiaError) -> str:
    who = refused.facts.get("by")
    said = sentence(refused)
    if isinstance(refused, RuntimeFailed):
        return _("流程的这一步没能执行，此项没有办理。")
    return _("%(said)s（%(who)s）", said=said, who=who) if who else said


def _told(verb: BulkVerb, done: Sequence[Done]) -> ResponseReturnValue:
    well = sum(not one.problem for one in done)
    if well == len(done):
        flash(verb.told(well), "done")
        return redirect(_back(), code=303)
    return render_template(
        "bulk/result.html", name=verb.name(), done=done, well=well, back=_back(), told=verb.told(well)
    )


def _question(key: str, verb: BulkVerb, ids: Sequence[TaskId]) -> str:
    return render_template(
        "bulk/question.html",
        key=key,
        verb=verb,
        ids=ids,
        people=_people(verb) if "to" in verb.asks else [],
        back=_back(),
        name=verb.name(),
    )


def _people(verb: BulkVerb) -> list[tuple[str, str]]:
    """Whom something may be given to: my team, or anybody who holds a role."""
    if "team" in verb.views:
        return [(str(one.account_id), one.name) for one in team_of(engine(), actor())]
    return [
        (str(one.id), one.name)
        for one in people(engine())
        if one.active and one.roles and one.id != actor().id
    ]


# One form for several ---------------------------------------------------------------------------


def _together(ids: Sequence[TaskId], typed: Typed | None = None) -> Together:
    tasks = [task_view(engine(), task_id, actor()) for task_id in ids]
    if not tasks:
        return Together((), None)
    first = tasks[0]
    if any(
        (one.process, one.node, one.version) != (first.process, first.node, first.version) for one in tasks
    ):
        steps = _("、").join(dict.fromkeys(words(one.step_name) for one in tasks))
        return Together(
            tasks, None, _("只有同一流程、同一步骤的任务能一起办理；所选的有：%(steps)s。", steps=steps)
        )
    shut = [one for one in tasks if not one.may_complete]
    if shut:
        numbers = _("、").join(one.case_number for one in shut)
        return Together(tasks, None, _("这些任务现在不能由您办理：%(numbers)s。", numbers=numbers))
    states = [
        state for one in tasks if (state := form_fields(engine(), one.task_id, actor(), typed)) is not None
    ]
    if not states:
        return Together(tasks, None)
    return Together(tasks, states[0], _differing(first, states))


def _differing(first: TaskView, states: Sequence[FormState]) -> str:
    """Why tasks of one step cannot share a form: what they begin with differs, or asks for files."""
    form = states[0].form
    if any(leaf.is_file and leaf.required for leaf in form.leaves()):
        return _("这个步骤要上传文件，请逐个办理。")
    labels: dict[str, None] = {}
    for leaf in form.leaves():
        if leaf.readonly:
            continue
        begun = [
            {name: value for name, value in state.values.items() if _is_of(name, leaf.key)}
            for state in states
        ]
        shown = [leaf.place in state.examined.hidden for state in states]
        offered = [[value for value, _label in state.choices.get(leaf.key, ())] for state in states]
        if any(one[0] != other for one in (begun, shown, offered) for other in one):
            labels[_said(first, leaf.label)] = None
    if not labels:
        return ""
    return _("这些任务的“%(fields)s”各不相同，请逐个办理。", fields=_("、").join(labels))


def _is_of(name: str, key: str) -> bool:
    return name == key or name.startswith(f"{key}.")


def _said(task: TaskView, label: str) -> str:
    return task.form_words.get(label, label) if reader_language() == "en" else label


def _asked(together: Together, typed: Typed | None, errors: Mapping[str, Sequence[Any]]) -> Asked | None:
    if together.state is None:
        return None
    first = together.tasks[0]
    state = together.state
    if typed is not None:
        state = form_fields(engine(), first.task_id, actor(), typed) or state
    alone = {leaf.place for leaf in state.form.leaves() if leaf.readonly or leaf.is_file}
    return Asked(
        form=state.form,
        words=first.form_words,
        values=state.values,
        hidden=state.examined.hidden | alone,
        choices=state.choices,
        errors=errors,
        most_bytes=engine().settings.upload_bytes,
    )


def _form_page(
    together: Together, typed: Typed | None = None, errors: Mapping[str, Sequence[Any]] | None = None
) -> str:
    return render_template(
        "bulk/form.html",
        tasks=together.tasks,
        problem=together.problem,
        asked=None if together.problem else _asked(together, typed, errors or {}),
        request_id=request.form.get("_request") or uuid4().hex,
        back=_back(),
    )


def _typed() -> Typed:
    own = ((name, value) for name, value in request.form.items(multi=True))
    return MultiDict((name, value) for name, value in own if name[:1] != "_" and name != "csrf_token")


def _request_id(token: str, task_id: str) -> str | None:
    # The column has room for 64 characters: the page's token and some of the task's.
    return f"{token[:32]}{task_id[:32]}" if token else None


def _ids() -> list[TaskId]:
    return [TaskId(one) for one in dict.fromkeys(request.form.getlist("_task"))][:MOST]


def _back() -> str:
    return safe_next(request.form.get("_next"))
