"""Event definitions that obey us: timers fire when they are told to, messages speak the case's data.

SpiffWorkflow's own timers ask the machine's clock whenever a workflow moves. Ours ask nobody: the due
instant is worked out once, when the event is entered, and only :meth:`OnceTimer.ring` fires it. So a
restored case, a test on a fake clock and a server that was down all behave alike.
"""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions.timer import (
    CycleTimerEventDefinition,
    TimerEventDefinition,
)
from SpiffWorkflow.bpmn.util import BpmnEvent
from SpiffWorkflow.spiff.specs.event_definitions import MessageEventDefinition
from SpiffWorkflow.util.task import TaskState

from engine.errors import RuntimeFailed

DUE = "due"
LEFT = "rings_left"
RING = "ring"


class OnceTimer(TimerEventDefinition):
    """A timer for a date or a duration: it fires once."""

    def has_fired(self, my_task: Any) -> bool:
        """Work out the due instant on entry; say whether it was rung."""
        if my_task._get_internal_data(DUE) is None:
            my_task._set_internal_data(due=my_task.workflow.script_engine.due(my_task, self.expression))
        return bool(my_task._get_internal_data("event_fired", False))

    def ring(self, my_task: Any) -> None:
        """Fire."""
        my_task._set_internal_data(event_fired=True)
        my_task.task_spec._update(my_task)


class RepeatingTimer(CycleTimerEventDefinition):
    """A timer that fires again and again beside its activity, until the activity is over.

    A firing that comes late counts once: the next one is a full period after now (no storm after a
    night in which the server was down).
    """

    def has_fired(self, my_task: Any) -> bool:
        """It never completes by itself unless its rings are used up."""
        if my_task._get_internal_data(DUE) is None:
            due, left = my_task.workflow.script_engine.first_ring(my_task, self.expression)
            my_task._set_internal_data(due=due, rings_left=left)
        return bool(my_task._get_internal_data("event_fired", False))

    def update_task(self, my_task: Any) -> None:
        """Let the branch behind the event run once more, when it was rung."""
        if not my_task.internal_data.pop(RING, False):
            return
        for output in my_task.task_spec.outputs:
            child = my_task._add_child(output, TaskState.FUTURE)
            child.task_spec._predict(child, mask=TaskState.NOT_FINISHED_MASK)
            child.task_spec._update(child)

    def ring(self, my_task: Any, *, quietly: bool = False) -> None:
        """Fire once and arm the next; ``quietly`` only arms the next."""
        left = my_task._get_internal_data(LEFT)
        if left is not None:
            left -= 1
        due = my_task.workflow.script_engine.next_ring(my_task, self.expression) if left != 0 else ""
        my_task._set_internal_data(ring=not quietly, due=due, rings_left=left)
        my_task.task_spec._update(my_task)


class CaseMessage(MessageEventDefinition):
    """A message whose payload is written into the case's shared data."""

    def throw(self, my_task: Any) -> None:
        """Throw to this case's own catchers, else outwards."""
        engine = my_task.workflow.script_engine
        payload = engine.evaluate(my_task, self.expression) if self.expression else {}
        if not isinstance(payload, dict):
            raise RuntimeFailed(
                "What a message carries must be fields with values.",
                element=my_task.task_spec.bpmn_id,
                message=self.name,
            )
        my_task.workflow.top_workflow.catch(BpmnEvent(self, payload=payload))

    def catches(self, my_task: Any, event: BpmnEvent) -> bool:
        """Match by name; who may receive it was decided by its correlation before."""
        return bool(self == event.event_definition)

    def catch(self, my_task: Any, event: BpmnEvent | None = None) -> None:
        """Take the payload."""
        if event is not None:
            my_task.workflow.script_engine.take_payload(my_task, self.message_var, event.payload or {})
        my_task._set_internal_data(event_fired=True)

    def update_task(self, my_task: Any) -> None:
        """Correlation is a property of the catch event here, not of the library."""

    def update_task_data(self, my_task: Any) -> None:
        """The payload is in the shared data already."""

    def reset(self, my_task: Any) -> None:
        """Be ready for the next one."""
        my_task._set_internal_data(event_fired=False)
