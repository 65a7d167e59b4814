"""Everything that can go wrong, as one tree; a docstring is its message.

.. code-block:: text

    GuanjiaError
    ├── NotFound            404  what was asked for is not there
    │   ├── CaseNotFound
    │   ├── TaskNotFound
    │   ├── ProcedureNotFound
    │   ├── RegisterNotFound
    │   ├── DocumentNotFound
    │   ├── AttachmentNotFound
    │   └── LinkInvalid
    ├── Forbidden           403  it is there, but not for this person
    ├── Conflict            409  it changed meanwhile
    │   ├── TaskAlreadyDone
    │   ├── TaskTaken
    │   ├── TaskCalledBack
    │   ├── CaseNotActive
    │   ├── NotPossibleNow
    │   ├── TooSoon
    │   ├── CannotSendBack
    │   ├── CannotWithdraw
    │   ├── CaseChanged
    │   └── LinkOver
    ├── Invalid             422  what was sent is not right
    │   ├── AnswersInvalid
    │   ├── ReasonMissing
    │   ├── FileRefused
    │   ├── ProcedureRefused
    │   └── ScenarioInvalid
    ├── RuntimeFailed       a step could not be executed; nothing of it was kept
    │   ├── ExpressionFailed
    │   ├── BoundReached
    │   └── ServiceFailed
    ├── BackupFailed        a backup was not made or not put back; nothing was changed
    ├── DatabaseUnavailable 503  the database cannot be reached; again in a moment
    └── Misconfigured       the installation is not right; said at start
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.domain.facts import Finding


class GuanjiaError(Exception):
    """Something went wrong.

    The keyword arguments are facts for the message's translation and for the log.
    """

    def __init__(self, message: str | None = None, /, **facts: object) -> None:
        self.facts = facts
        text = message or (type(self).__doc__ or "").strip().splitlines()[0]
        super().__init__(text)

    def __str__(self) -> str:
        said = ", ".join(f"{key}={value!r}" for key, value in self.facts.items())
        return f"{self.args[0]} ({said})" if said else str(self.args[0])


class NotFound(GuanjiaError):
    """What was asked for is not there."""


class CaseNotFound(NotFound):
    """There is no such case."""


class TaskNotFound(NotFound):
    """There is no such task."""


class ProcedureNotFound(NotFound):
    """There is no such procedure, or it is not published."""


class RegisterNotFound(NotFound):
    """There is no such register."""


class DocumentNotFound(NotFound):
    """There is no such document."""


class AttachmentNotFound(NotFound):
    """There is no such file."""


class LinkInvalid(NotFound):
    """This link is none of ours, or not complete."""


class Forbidden(GuanjiaError):
    """Your roles and sites do not allow this."""


class Conflict(GuanjiaError):
    """It changed meanwhile."""


class TaskAlreadyDone(Conflict):
    """This task was already completed."""


class TaskTaken(Conflict):
    """Somebody else has taken this task."""


class TaskCalledBack(Conflict):
    """Somebody sent the case back, or withdrew what led here; this task is not to be done any more."""


class CaseNotActive(Conflict):
    """This case is not active."""


class NotPossibleNow(Conflict):
    """This cannot be done with the task as it stands now."""


class TooSoon(Conflict):
    """This was done only a moment ago; please wait."""


class CannotSendBack(Conflict):
    """This task cannot be sent back to that step.
    ``why``: ``itself``, ``not_done`` (nobody completed that step here), ``not_before`` (no way leads from it
    to the task), ``parallel`` (it lies in a parallel part that the task is not in), ``elsewhere`` (in
    another sub-process or instance), ``unknown`` (there is no such step).
    """


class CannotWithdraw(Conflict):
    """This task cannot be withdrawn any more.
    ``why``: ``not_done``, ``other_person``, ``not_last`` (something else happened in the case since),
    ``acted`` (what it opened was acted upon), ``thrown`` (it sent a message or a signal), ``ended`` (it ended
    the case), ``told`` (the customer was told), ``filed`` (a document was filed), ``late`` (the time to undo
    is over).
    """


class CaseChanged(Conflict):
    """Somebody else moved this case at the same moment; please try again."""


class LinkOver(Conflict):
    """This link was used, or what it asked is over."""


class Invalid(GuanjiaError):
    """What was sent is not right."""


class AnswersInvalid(Invalid):
    """Some answers need a correction.

    ``errors`` maps a field's path (``materials.0.name``) to its problems; each problem is a code
    of ``forms.schema`` with its parameters.
    """

    def __init__(self, errors: Mapping[str, Sequence[object]]) -> None:
        super().__init__(fields=sorted(errors))
        self.errors = errors


class ReasonMissing(Invalid):
    """Please give a reason."""


class FileRefused(Invalid):
    """This file cannot be taken."""


class ProcedureRefused(Invalid):
    """The procedure cannot be published; its findings say why."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(findings=[finding.code for finding in findings])
        self.findings = findings


class ScenarioInvalid(Invalid):
    """The scenario file is not right."""


class RuntimeFailed(GuanjiaError):
    """A step of the procedure could not be executed; nothing of it was kept."""


class ExpressionFailed(RuntimeFailed):
    """An expression of the procedure could not be evaluated."""


class BoundReached(RuntimeFailed):
    """The procedure reached a bound that protects everybody else."""


class ServiceFailed(RuntimeFailed):
    """A service task could not do its work."""


class BackupFailed(GuanjiaError):
    """The backup could not be made or put back; nothing was changed."""


class DatabaseUnavailable(GuanjiaError):
    """The database cannot be reached; please try again in a moment.

    Whether the last step was kept is not known when it went away in the middle of a commit: the same
    ``request_id`` a second time gives the answer.
    """


class Misconfigured(GuanjiaError):
    """The installation is not right."""
