"""Event definitions that obey us: timers fire when they are told to, messages speak the case's data.

SpiffWorkflow's own timers ask the machine's clock whenever a workflow moves. Ours ask nobody: the due
instant is worked out once, when the event is entered, and only :meth:`OnceTimer.ring` fires it. So a
restored case, a test on a fake clock and a server that was down all behave alike.
"""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions.conditional import ConditionalEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.item_aware_event import SignalEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition
from SpiffWorkflow.bpmn.util import BpmnEvent
from SpiffWorkflow.spiff.specs.event_definitions import MessageEventDefinition

from engine.errors import RuntimeFailed

DUE = "due"
FIRED = "event_fired"
LEFT = "rings_left"
#: A condition that held when its event was armed again.
HELD = "held"


class OnceTimer(TimerEventDefinition):
    """A timer for a date or a duration: it fires once.

    ``element`` is the id of its event. Behind an event-based gateway several timers share the gateway's
    task, so each keeps its due instant under its own name there.
    """

    def __init__(self, name: str, expression: str, element: str, **more: Any) -> None:
        super().__init__(name, expression, **more)
        self.element = element

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OnceTimer) and self.element == other.element

    __hash__ = None  # type: ignore[assignment]

    def key(self, my_task: Any, name: str) -> str:
        """Under what name a task keeps something of this timer."""
        shared = isinstance(my_task.task_spec.event_definition, FirstOf)
        return f"{name} {self.element}" if shared else name

    def due(self, my_task: Any) -> str | None:
        """The instant at which it is due, as ISO text; empty when it never is."""
        found: str | None = my_task._get_internal_data(self.key(my_task, DUE))
        return found

    def has_fired(self, my_task: Any) -> bool:
        """Work out the due instant on entry; say whether it was rung."""
        if self.due(my_task) is None:
            self.arm(my_task)
        return bool(my_task._get_internal_data(self.key(my_task, FIRED), False))

    def arm(self, my_task: Any) -> None:
        """Work out the due instant."""
        due = my_task.workflow.script_engine.due(my_task, self.expression)
        my_task._set_internal_data(**{self.key(my_task, DUE): due})

    def ring(self, my_task: Any) -> None:
        """Fire."""
        my_task._set_internal_data(**{self.key(my_task, FIRED): True})
        my_task.task_spec._update(my_task)

    def catches(self, my_task: Any, event: BpmnEvent) -> bool:
        """No event that is thrown is a timer's."""
        return False


class ScheduledStart(TimerEventDefinition):
    """The timer of a start event: it begins a case from outside, and never by itself in one that runs."""

    def has_fired(self, my_task: Any) -> bool:
        """Say whether this is the start that the case was begun at."""
        return bool(my_task._get_internal_data(FIRED, False))

    def catches(self, my_task: Any, event: BpmnEvent) -> bool:
        """No event that is thrown is a timer's."""
        return False


class RepeatingTimer(OnceTimer):
    """A timer that fires again and again beside its activity, until the activity is over.

    Each ring is an event of its own: what follows goes its way, and another one waits for the next. A
    ring that comes late counts once: the next one is a full period after now (no storm after a night in
    which the server was down).
    """

    def arm(self, my_task: Any) -> None:
        """Work out the first ring."""
        due, left = my_task.workflow.script_engine.first_ring(my_task, self.expression)
        my_task._set_internal_data(due=due, rings_left=left)

    def left(self, my_task: Any) -> int | None:
        """How many rings come after the next one; None is without end."""
        rings = my_task._get_internal_data(LEFT)
        return None if rings is None else rings - 1

    def arm_next(self, my_task: Any, left: int | None) -> None:
        """Arm a task for the ring after now."""
        due = my_task.workflow.script_engine.next_ring(my_task, self.expression)
        my_task._set_internal_data(due=due, rings_left=left)


class CaseCondition(ConditionalEventDefinition):
    """A condition over the case's data, looked at whenever something in the case has happened."""

    def __init__(self, expression: str, element: str, **more: Any) -> None:
        super().__init__(expression, **more)
        self.element = element

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CaseCondition) and self.element == other.element

    __hash__ = None  # type: ignore[assignment]

    def has_fired(self, my_task: Any) -> bool:
        """Say whether the condition holds; one beside a running activity must have failed to hold before."""
        holds = bool(my_task.workflow.script_engine.evaluate(my_task, self.expression))
        if my_task._get_internal_data(HELD, False):
            my_task._set_internal_data(held=holds)
            return False
        return holds


class FirstOf(MultipleEventDefinition):
    """What an event-based gateway waits for: the first of several events goes on, the others are over."""

    def has_fired(self, my_task: Any) -> bool:
        """Say whether one of them came; timers and conditions are asked, the others tell."""
        asked = (TimerEventDefinition, ConditionalEventDefinition)
        came = [d for d in self.event_definitions if isinstance(d, asked) and d.has_fired(my_task)]
        seen = my_task.internal_data.setdefault("seen_events", [])
        if came and not seen:
            seen.append(BpmnEvent(came[0]))
        del seen[1:]
        return bool(seen)


class CaseSignal(SignalEventDefinition):
    """A signal: everybody who waits for it hears it, in this case at once, in others after the step."""

    def throw(self, my_task: Any) -> None:
        """Let this case hear it, and tell the others."""
        workflow = my_task.workflow.top_workflow
        event = BpmnEvent(self, payload={})
        workflow.event_manager.catch(event, internal=False)
        workflow.bpmn_events.append(event)

    def catch(self, my_task: Any, event: BpmnEvent | None = None) -> None:
        """Hear it; it carries nothing."""
        my_task._set_internal_data(event_fired=True)

    def update_task_data(self, my_task: Any) -> None:
        """It carries nothing."""


class CaseMessage(MessageEventDefinition):
    """A message whose payload is written into the case's shared data."""

    def throw(self, my_task: Any) -> None:
        """Throw it outwards; whoever waits for it, this case included, has it after the step."""
        engine = my_task.workflow.script_engine
        payload = engine.evaluate(my_task, self.expression) if self.expression else {}
        if not isinstance(payload, dict):
            raise RuntimeFailed(
                "What a message carries must be fields with values.",
                element=my_task.task_spec.bpmn_id,
                message=self.name,
            )
        my_task.workflow.top_workflow.bpmn_events.append(BpmnEvent(self, payload=payload))

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
