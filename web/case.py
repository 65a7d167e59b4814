"""One case: its live diagram, what waits, what happened, its papers; cancel, suspend and resume it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import segno
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import (
    cancel_case,
    case_view,
    document_view,
    mark_copy_read,
    procedure_names,
    resume_case,
    suspend_case,
)
from engine.domain.facts import CaseId
from engine.domain.organisation import PauseReason
from engine.domain.views import CaseView, StepState, Words
from engine.errors import ReasonMissing
from web.access import access, actor, engine
from web.display import here, words
from web.giving import to_give
from web.history import who_said
from web.language import reader_language
from web.papers import Sheet
from web.reading import reading, subject_of, table_of, told
from web.words import gettext as _

bp = Blueprint("case", __name__)
bp.add_app_template_filter(reading, "read")
bp.add_app_template_filter(table_of, "as_table")
bp.add_app_template_filter(subject_of, "subject")
bp.add_app_template_filter(who_said)

#: What a case may be asked to do with a reason.
ASKED = ("cancel", "suspend")


@bp.get("/cases/<int(max=2147483647):case_id>")
@access("case")
def show(case_id: int) -> ResponseReturnValue:
    """Show a case; ``?ask=cancel`` also asks for the reason."""
    case = case_view(engine(), CaseId(case_id), actor())
    if any(one.account_id == actor().id and one.read_at is None for one in case.copies):
        mark_copy_read(engine(), case.case_id, by=actor())
    return _page(case, ask=request.args.get("ask", ""))


@bp.post("/cases/<int(max=2147483647):case_id>/cancel")
@access("case")
def cancel(case_id: int) -> ResponseReturnValue:
    """End a case before its end, with a reason."""
    try:
        cancel_case(engine(), CaseId(case_id), by=actor(), reason=request.form.get("reason", ""))
    except ReasonMissing:
        return _ask_again(case_id, "cancel")
    flash(_("案件已取消。"), "done")
    return redirect(url_for("case.show", case_id=case_id), code=303)


@bp.post("/cases/<int(max=2147483647):case_id>/suspend")
@access("case")
def suspend(case_id: int) -> ResponseReturnValue:
    """Hold a case, with a reason."""
    try:
        suspend_case(engine(), CaseId(case_id), by=actor(), reason=request.form.get("reason", ""))
    except ReasonMissing:
        return _ask_again(case_id, "suspend")
    flash(_("案件已挂起，恢复前不会有时限到期。"), "done")
    return redirect(url_for("case.show", case_id=case_id), code=303)


@bp.post("/cases/<int(max=2147483647):case_id>/resume")
@access("case")
def resume(case_id: int) -> ResponseReturnValue:
    """Let a case go on."""
    resume_case(engine(), CaseId(case_id), by=actor())
    flash(_("案件已恢复。"), "done")
    return redirect(url_for("case.show", case_id=case_id), code=303)


@bp.get("/papers/<int(max=2147483647):paper_id>")
@access("case")
def paper(paper_id: int) -> ResponseReturnValue:
    """Show a filed document as it prints, one sheet a copy."""
    found = document_view(engine(), paper_id, actor())
    address = url_for("case.show", case_id=found.case_id, _external=True)
    return render_template(
        "case/paper.html",
        paper=found,
        sheet=Sheet(found, english=_is_english()),
        qr=segno.make(found.qr or address, error="m").svg_data_uri(scale=4, border=0),
    )


def _ask_again(case_id: int, what: str) -> ResponseReturnValue:
    return _page(case_view(engine(), CaseId(case_id), actor()), ask=what, wrong=[_("请写明原因。")]), 422


def _page(case: CaseView, *, ask: str = "", wrong: Sequence[str] = ()) -> str:
    may = {"cancel": case.may_cancel, "suspend": case.may_suspend, "pause": case.may_pause}
    whole = request.args.get("history") == "all"
    process = request.args.get("process", "")
    process = process if process in case.diagrams else next(iter(case.diagrams), "")
    return render_template(
        "case/show.html",
        case=case,
        ask=ask if may.get(ask) else "",
        wrong=wrong,
        process=process,
        drawing=_drawing(case, process),
        drawings=_drawings(case, process),
        steps=_strip(case),
        history=told(case.history, whole=whole),
        whole=whole,
        shared=to_give(case.shared) if case.shared is not None else None,
        reasons=[(code, words(Words(found.zh, found.en))) for code, found in _pauses().items()],
    )


def _pauses() -> Mapping[str, PauseReason]:
    return engine().organisation.pauses


def _drawings(case: CaseView, process: str) -> list[tuple[str, str, None, bool]]:
    """A tab for each drawing: the procedure's, and those of the procedures it called."""
    if len(case.diagrams) == 1:
        return []
    names = {found: words(name) for found, name in procedure_names(engine())}
    return [(here(process=one), names.get(one, one), None, one == process) for one in case.diagrams]


def _drawing(case: CaseView, process: str) -> dict[str, Any] | None:
    """What the diagram's script reads; None when there is no drawing."""
    if "BPMNShape" not in case.diagrams.get(process, ""):
        # A procedure that was published without a layout still has its list of steps.
        return None
    waiting = [state for state in case.active if state.process == process]
    return {
        "xml": case.diagrams[process],
        "done": sorted(
            node
            for done in case.done_nodes
            for owner, _slash, node in [done.partition("/")]
            if owner == process
        ),
        "active": sorted({state.node for state in waiting}),
        "overlays": [_overlay(state) for state in waiting if state.due_at or state.who],
        "names": dict(case.words) if _is_english() else None,
        "links": {
            state.node: url_for("task.show", task_id=state.task_id) for state in waiting if state.task_id
        },
    }


def _overlay(state: StepState) -> dict[str, Any]:
    return {
        "node": state.node,
        "text": words(state.who) if state.kind == "task" else "",
        "light": state.clock.light if state.clock else "none",
        "due": state.due_at.isoformat() if state.due_at else None,
    }


def _strip(case: CaseView) -> list[tuple[str, str]]:
    """The steps people did, each once, then those that wait."""
    waiting = {state.node for state in case.active if state.kind == "task"}
    done = dict.fromkeys(
        words(entry.node_name)
        for entry in case.history
        if entry.kind == "completed" and entry.node_name and entry.node not in waiting
    )
    active = dict.fromkeys(words(state.name) for state in case.active if state.kind == "task")
    return [*((name, "done") for name in done), *((name, "active") for name in active)]


def _is_english() -> bool:
    return reader_language() == "en"
