"""Repair a BPMN file: mend what needs no answer, and ask for the rest with a safe default in its place.

:func:`repair` is pure; the owner's drawing, its layout and other engines' extensions stay. The work is
done in steps, a module each, again and again until nothing is left to do:

.. code-block:: text

    processes     which process is the procedure
    schema        the order of elements, and foreign ones in their place
    identity      ids and names
    tasks         services, scripts, decisions, calls
    references    what refers to nothing
    kinds         elements that cannot run
    compensation  what undoes what
    events        definitions that cannot happen, links
    people        who does it
    inputs        what data associations assign
    written       conditions and other expressions (with engine.runtime.translating)
    timers        times
    loops         how often, until when
    shape         gateways, starts, rings
    ends          ends, and what nothing leads to
    ways          the conditions and defaults of decisions
    leftovers     what the schema still objects to
    drawing       the layout of what was added
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.domain.facts import Finding
from engine.runtime import reading
from engine.runtime.lint_codes import MAX_ELEMENTS, MAX_FLOWS, MAX_NESTING, MAX_NODES
from engine.runtime.linting import lint
from engine.runtime.reading import Unreadable, local
from engine.runtime.repairing import (
    compensation,
    drawing,
    ends,
    events,
    identity,
    inputs,
    kinds,
    leftovers,
    loops,
    people,
    processes,
    references,
    schema,
    shape,
    tasks,
    timers,
    ways,
    written,
)
from engine.runtime.repairing.work import Applied, Beside, Question, Work

__all__ = ["Applied", "Beside", "Question", "Repaired", "repair"]

#: Times that all steps are taken; what one mends may give another something to do.
_ROUNDS = 6
_STEPS: tuple[Callable[[Work], None], ...] = (
    schema.mend,
    identity.mend,
    processes.mend,
    tasks.mend,
    references.mend,
    kinds.mend,
    compensation.mend,
    events.mend,
    people.mend,
    inputs.mend,
    timers.mend,
    written.mend,
    loops.mend,
    shape.mend,
    ends.mend,
    ways.mend,
    leftovers.mend,
)


@dataclass(frozen=True)
class Repaired:
    """What a repair gives: the file, what was done to it, what is asked, and what is still wrong."""

    content: bytes
    applied: tuple[Applied, ...]
    questions: tuple[Question, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def deployable(self) -> bool:
        """Say whether the check has no error left."""
        return not any(finding.severity == "error" for finding in self.findings)


def repair(content: bytes, beside: Beside | None = None) -> Repaired:
    """Repair a BPMN file; whatever it is given, it does not raise.

    What cannot be read, or is larger than any drawing, comes back as it was with its findings. A file in
    which there is nothing to mend comes back byte by byte.
    """
    around = beside or Beside()
    try:
        tree = reading.parse(content)
    except Unreadable:
        return _as_it_was(content, around)
    work = Work(tree, around)
    if _is_beyond(work):
        return _as_it_was(content, around)
    for _ in range(_ROUNDS):
        before = len(work.applied), work.asked
        for step in _STEPS:
            if not work.is_late:
                step(work)
        if work.is_late or before == (len(work.applied), work.asked):
            break
    mended = drawing.mend(work)
    if not work.applied and not work.asked:
        mended = content
    return Repaired(mended, tuple(work.applied), tuple(work.open_questions()), _checked(mended, around))


def _as_it_was(content: bytes, around: Beside) -> Repaired:
    return Repaired(content, (), (), _checked(content, around))


def _checked(content: bytes, around: Beside) -> tuple[Finding, ...]:
    return lint(content, called=around.called, services=around.services, decisions=around.decisions)


def _is_beyond(work: Work) -> bool:
    """Say whether a file is too large, or holds no process at all."""
    scopes = work.scopes()
    depth = max(
        (sum(1 for a in s.iterancestors() if local(a) in reading.SUBPROCESSES) for s in scopes), default=0
    )
    return (
        not scopes
        or sum(1 for _ in work.root.iter()) > MAX_ELEMENTS
        or len(work.nodes()) > MAX_NODES
        or len(work.flows()) > MAX_FLOWS
        or depth >= MAX_NESTING
    )
