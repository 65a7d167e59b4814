"""What service tasks can do: each a function of the step, inside the step's own transaction.

Nothing here leaves the house; what must (mail, webhooks) is written down here and sent after the commit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from engine import asking, masters, notices, registers
from engine.domain.facts import Data
from engine.errors import ServiceFailed
from engine.store import beginning, repository, taking_back
from engine.store.database import in_our_words
from engine.store.models import IssuedNumber, Paper

if TYPE_CHECKING:
    from engine.steps import Step


#: Whoever was asked, by a link, at the node that follows.
ASKED = "asked:"


class Connectors:
    """The connectors of one step, by operator name."""

    def __init__(self, step: Step) -> None:
        self.step = step

    def call(self, operator: str, parameters: Data, data: Data, node: str, process: str) -> Any:
        """Call a connector; raises :class:`ServiceFailed` naming what is missing or unknown."""
        connector = CONNECTORS.get(operator)
        if connector is None:
            raise ServiceFailed("There is no such service.", operator=operator)
        call = Call(self.step, parameters, data, node, process)
        # In our words already here: the workflow would take a deadlock for a fault of the procedure.
        with in_our_words():
            return connector(call)


class Call:
    """One call: its parameters, the case's data, where it stands."""

    def __init__(
        self, step: Step, parameters: Mapping[str, Any], data: Data, node: str, process: str
    ) -> None:
        self.step = step
        self.parameters = parameters
        self.data = data
        self.node = node
        self.process = process

    def text(self, name: str, default: str | None = None) -> str:
        """A text parameter; raises :class:`ServiceFailed` when it is missing."""
        value = self.parameters.get(name, default)
        if value is None:
            raise ServiceFailed("A parameter of the service is missing.", parameter=name)
        return str(value)

    def columns(self, name: str) -> Data | None:
        """A parameter that is a dictionary; raises :class:`ServiceFailed` when it is something else."""
        value = self.parameters.get(name)
        if value is not None and not isinstance(value, dict):
            raise ServiceFailed("A parameter of the service is no dictionary.", parameter=name)
        return value


def issue_number(call: Call) -> str:
    """The next gapless number of a series (S3 三4 「工作单号要求连续，不得丢失，废单保留」)."""
    step = call.step
    series = call.text("series")
    pattern = registers.series_format(step.published, series)
    kept = taking_back.kept_number(step.session, step.case.id, series)
    if kept is not None:
        kept.unused_at = None
        step.tell("number_issued", node=call.node, process=call.process, series=series, number=kept.text)
        return kept.text
    local = step.now.astimezone(step.engine.zone_of(step.case.site))
    # A year in the pattern starts the count anew with the year.
    counted = f"{series}:{local.year}" if "{year}" in pattern else series
    seq = beginning.next_in_series(step.session, counted)
    text = pattern.format(year=local.year, seq=seq)
    step.session.add(IssuedNumber(series=counted, seq=seq, text=text, case_id=step.case.id, at=step.now))
    step.tell("number_issued", node=call.node, process=call.process, series=series, number=text)
    return text


def void_number(call: Call) -> None:
    """Mark an issued number void; it stays in its series."""
    step = call.step
    number, reason = call.text("number"), call.text("reason")
    found = repository.number_of_case(step.session, step.case.id, number)
    if found is None:
        raise ServiceFailed("This case was not given that number.", number=number)
    found.void_at = step.now
    found.void_reason = reason
    step.tell("number_voided", node=call.node, process=call.process, number=number, reason=reason)


def write_register(call: Call) -> int:
    """Write the case's row in a register; gives the row's id."""
    return registers.write(
        call.step, call.process, call.text("register"), call.data, key=call.text("key", ""), node=call.node
    )


def void_register(call: Call) -> None:
    """Mark the case's row in a register void; it stays."""
    registers.void(
        call.step,
        call.process,
        call.text("register"),
        key=call.text("key", ""),
        reason=call.text("reason"),
        node=call.node,
    )


def read_master(call: Call) -> Data | None:
    """A row of a master by its key; None when there is no valid one."""
    return masters.read(call.step, call.text("master"), call.text("key"))


def list_master(call: Call) -> list[Data]:
    """The valid rows of a master, all of them or those whose columns have the values of ``where``."""
    return masters.listed(call.step, call.text("master"), call.columns("where") or {})


def change_master(call: Call) -> Data | None:
    """Change or add a row of a master; its values, or None when it is not as ``expect`` says."""
    name = call.text("master")
    own = {
        key: call.data[key]
        for key in masters.master_named(call.step.engine, name).columns
        if key in call.data
    }
    values = call.columns("set")
    return masters.change(
        call.step,
        name,
        call.text("key"),
        own if values is None else values,
        expect=call.columns("expect"),
        node=call.node,
        process=call.process,
    )


def end_master(call: Call) -> None:
    """Say that a row of a master is no longer valid; it stays."""
    masters.end(
        call.step,
        call.text("master"),
        call.text("key"),
        reason=call.text("reason"),
        node=call.node,
        process=call.process,
    )


def send_notice(call: Call) -> None:
    """Tell a role, a person or the customer something."""
    step = call.step
    words = step.published.words(call.text("text"))
    said = notices.filled(step, words, call.data)
    to = call.parameters.get("to")
    for receiver in to if isinstance(to, list) else [to]:
        if str(receiver).startswith(ASKED):
            asked = str(receiver).removeprefix(ASKED)
            person = call.parameters.get("person")
            if person:
                contact = call.parameters.get("contact")
                asking.ask_also(
                    step,
                    asked,
                    words,
                    call.data,
                    to=person,
                    contact=contact,
                    node=call.node,
                    process=call.process,
                )
            else:
                asking.remind(step, asked, words, call.data, node=call.node, process=call.process)
        else:
            notices.send(step, str(receiver), said, node=call.node, process=call.process)


def escalate_task(call: Call) -> None:
    """Put the open task of a node into the inbox of a role, with the reason."""
    step = call.step
    node, to = call.text("node"), call.text("to")
    said = notices.filled(step, step.published.words(call.text("reason")), call.data)
    for task in repository.open_tasks(step.session, step.case.id):
        if task.node == node:
            notices.watch(step, task, to, said)


def file_document(call: Call) -> int:
    """File a document as it is today; gives the paper's id."""
    step = call.step
    document = call.text("document")
    process = call.process if document in step.published.of(call.process).documents else step.case.procedure
    if document not in step.published.of(process).documents:
        raise ServiceFailed("There is no such document.", document=document)
    paper = Paper(
        case_id=step.case.id,
        version_id=step.published.version_id,
        process=process,
        document=document,
        at=step.now,
        data=dict(call.data),
    )
    step.session.add(paper)
    step.session.flush()
    step.tell("document_filed", node=call.node, process=call.process, document=document, paper=paper.id)
    return paper.id


def archive_case(call: Call) -> None:
    """Classify the case for the archive."""
    case = call.step.case
    case.category = call.text("category", "")
    case.outcome = call.text("outcome", "")
    call.step.tell(
        "case_archived", node=call.node, process=call.process, category=case.category, outcome=case.outcome
    )


#: Operator → connector; documented in docs/reference/procedure-files.md.
CONNECTORS: Mapping[str, Callable[[Call], Any]] = {
    "number/issue": issue_number,
    "number/void": void_number,
    "register/write": write_register,
    "register/void": void_register,
    "master/read": read_master,
    "master/list": list_master,
    "master/change": change_master,
    "master/end": end_master,
    "notify/send": send_notice,
    "task/escalate": escalate_task,
    "document/file": file_document,
    "case/archive": archive_case,
}

#: Operator → the parameters it cannot do without.
PARAMETERS: Mapping[str, frozenset[str]] = {
    "number/issue": frozenset({"series"}),
    "number/void": frozenset({"number", "reason"}),
    "register/write": frozenset({"register"}),
    "register/void": frozenset({"register", "reason"}),
    "master/read": frozenset({"master", "key"}),
    "master/list": frozenset({"master"}),
    "master/change": frozenset({"master", "key"}),
    "master/end": frozenset({"master", "key", "reason"}),
    "notify/send": frozenset({"to", "text"}),
    "task/escalate": frozenset({"node", "to", "reason"}),
    "document/file": frozenset({"document"}),
    "case/archive": frozenset(),
}
