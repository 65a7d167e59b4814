"""The door through which the library evaluates anything: expressions, scripts, timers, connectors."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from SpiffWorkflow.bpmn.script_engine.python_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.script_engine.python_environment import BasePythonScriptEngineEnvironment
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import CallActivity

from engine.domain.facts import Data
from engine.errors import BoundReached, GuanjiaError, RuntimeFailed, ServiceFailed
from engine.runtime import timing
from engine.runtime.deciding import decide
from engine.runtime.decisions import Decision
from engine.runtime.expressions import LIMITS, ExpressionRefused, Limits, evaluate, execute, to_json
from engine.runtime.scopes import Scopes
from engine.runtime.undoing import Completions
from engine.runtime.undrawn import drawn_of


@dataclass(frozen=True)
class Bounds:
    """What one step of a case may use; whoever reaches one gets an error that names the element."""

    #: Nodes that the engine may pass by itself in one step.
    steps: int = 500
    #: Tasks alive at once in one case.
    live: int = 500
    #: Call activities and sub-processes within each other.
    depth: int = 10
    #: Instances of one multi-instance activity.
    instances: int = 200
    #: Characters of the case's data as JSON.
    data: int = 262_144
    #: Seconds of the thread's own processor time, so that a busy machine does not fail a case.
    seconds: float = 10.0
    #: The bounds of each single expression.
    limits: Limits = LIMITS


@dataclass(frozen=True)
class Tools:
    """What the engine lends to a run: the clock, the case's names and functions, the connectors."""

    now: datetime
    #: Names that expressions see besides the data, ``case`` above all.
    names: Mapping[str, Any] = field(default_factory=dict)
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    #: When a repeating deadline is due again: (name, after) → instant.
    due_again: timing.DueAgain = lambda name, after: after + timedelta(days=1)
    #: A connector: (operator, parameters, data, node, process) → a JSON value.
    call: Callable[[str, Data, Data, str, str], Any] | None = None
    bounds: Bounds = Bounds()


class CaseEnvironment(BasePythonScriptEngineEnvironment):
    """Evaluates everything a diagram says over the case's shared data."""

    def __init__(
        self, scopes: Scopes, tools: Tools, visits: Mapping[str, int], handlers: Mapping[str, Any]
    ) -> None:
        super().__init__({})
        self.scopes = scopes
        self.shared = scopes.shared
        self.tools = tools
        #: What the expression under way sees.
        self.seen: Data = scopes.shared
        #: The thread's processor time at which the step must be over.
        self.until = time.thread_time() + tools.bounds.seconds
        self.functions: dict[str, Callable[..., Any]] = {
            **tools.functions,
            "get": lambda name, default=None: _or_default(self.seen.get(name), default),
            "has": lambda name: self.seen.get(name) not in (None, "", []),
            "visits": lambda node: visits.get(node, 0),
            "handler": lambda node: handlers.get(node),
            "every": lambda name: timing.EVERY + name,
        }

    def names(self, local: Mapping[str, Any], more: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Everything an expression may name; what is local to an instance comes before the shared data."""
        self.seen = {**self.shared, **local, **(more or {})}
        return {**self.seen, **self.tools.names}

    def evaluate(self, expression: str, context: Data, external_context: Data | None = None) -> Any:
        """Evaluate an expression."""
        names = self.names(context, external_context)
        return evaluate(expression, names, self.functions, limits=self.tools.bounds.limits)

    def assigned(self, script: str, context: Data, external_context: Data | None = None) -> Data:
        """What a script assigns."""
        names = self.names(context, external_context)
        return execute(script, names, self.functions, limits=self.tools.bounds.limits)

    def decided(self, decision: str, decisions: Mapping[str, Decision], context: Data) -> Data:
        """What a decision gives."""
        limits = self.tools.bounds.limits
        outputs = decide(
            decision, decisions, self.names(context), self.functions, limits=limits, until=self.until
        )
        given: Data = storable(outputs)
        return given


class CaseScriptEngine(PythonScriptEngine):
    """The door through which the library evaluates anything at all."""

    environment: CaseEnvironment

    def __init__(self, environment: CaseEnvironment, completions: Completions) -> None:
        super().__init__(environment)
        #: What can still be compensated.
        self.completions = completions

    def evaluate(self, task: Any, expression: str, external_context: Data | None = None) -> Any:
        """Evaluate; a failure names the element."""
        with _Naming(task):
            return self.environment.evaluate(expression, self.scopes.local(task), external_context)

    def number_of_instances(self, task: Any, expression: str) -> int:
        """How many instances a multi-instance activity has; raises :class:`RuntimeFailed`."""
        asked = self.evaluate(task, expression)
        with _Naming(task):
            if not isinstance(asked, int) or isinstance(asked, bool) or asked < 0:
                raise RuntimeFailed("The number of instances must be a whole number.", value=str(asked)[:40])
        self.require_few_instances(task, asked)
        return asked

    def require_few_instances(self, task: Any, asked: int) -> None:
        """Raise :class:`BoundReached`: all instances are made at once, before a step is counted."""
        most = self.environment.tools.bounds.instances
        if asked > most:
            with _Naming(task):
                raise BoundReached(bound="instances", limit=most, asked=asked)

    @property
    def scopes(self) -> Scopes:
        """The instances of activities that are done many times."""
        return self.environment.scopes

    def execute(self, task: Any, script: str, external_context: Data | None = None) -> bool:
        """Execute a script; a failure names the element."""
        with _Naming(task):
            assigned = self.environment.assigned(script, self.scopes.local(task), external_context)
        self.scopes.write(task, assigned)
        return True

    def decide(self, task: Any, decision: str, decisions: Mapping[str, Decision]) -> None:
        """Make a decision; a failure names the element."""
        with _Naming(task):
            given = self.environment.decided(decision, decisions, self.scopes.local(task))
        self.scopes.write(task, given)

    def call(self, task: Any, operator: str, parameters: Mapping[str, Mapping[str, Any]]) -> Any:
        """Call a connector."""
        tools = self.environment.tools
        with _Naming(task):
            if tools.call is None:
                raise ServiceFailed(operator=operator)
            # Copies: what a connector keeps must not change with the case, nor the case with it.
            values = {name: storable(parameter["value"]) for name, parameter in parameters.items()}
            value = tools.call(
                operator, values, self.scopes.seen(task), task.task_spec.bpmn_id, _process_of(task)
            )
            return storable(value)

    def take_payload(self, task: Any, variable: str | None, payload: Data) -> None:
        """Write a message's payload into the shared data."""
        with _Naming(task):
            taken = storable(payload)
            if not variable and not isinstance(taken, dict):
                raise RuntimeFailed("What a message carries must be fields with values.")
        self.scopes.write(task, {variable: taken} if variable else taken)

    def due(self, task: Any, expression: str) -> str:
        """The instant at which a timer that fires once is due, as ISO text."""
        value, tools = self.evaluate(task, expression), self.environment.tools
        with _Naming(task):
            return timing.ring_after(value, tools.now, tools.due_again).isoformat()

    def first_ring(self, task: Any, expression: str) -> tuple[str, int | None]:
        """A repeating timer's first instant and how often it rings; None is without end."""
        value = self.evaluate(task, expression)
        with _Naming(task):
            rings = timing.rings_of(value)
        return self._again(task, value), rings

    def next_ring(self, task: Any, expression: str) -> str:
        """A repeating timer's next instant after now."""
        return self._again(task, self.evaluate(task, expression))

    def _again(self, task: Any, value: Any) -> str:
        tools = self.environment.tools
        with _Naming(task):
            return timing.ring_again(value, tools.now, tools.due_again).isoformat()


def storable(value: Any) -> Any:
    """A copy of a value made of JSON values; raises :class:`RuntimeFailed` when there is none."""
    try:
        return to_json(value)
    except ExpressionRefused as error:
        kind = BoundReached if error.reason in ("size", "too-deep") else RuntimeFailed
        raise kind(error.message_en, reason=error.reason, zh=error.message_zh, en=error.message_en) from error


class _Naming:
    """Adds the element to an error of ours."""

    def __init__(self, task: Any) -> None:
        self.task = task

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, GuanjiaError):
            error.facts.setdefault("element", drawn_of(self.task.task_spec.bpmn_id))
            error.facts.setdefault("name", self.task.task_spec.bpmn_name)


def _process_of(task: Any) -> str:
    """The process that a task is drawn in, through all sub-processes around it."""
    workflow = task.workflow
    while workflow.parent_task_id is not None:
        caller = workflow.top_workflow.get_task_from_id(workflow.parent_task_id)
        if isinstance(caller.task_spec, CallActivity):
            break
        workflow = caller.workflow
    return str(workflow.spec.name)


def _or_default(value: Any, default: Any) -> Any:
    # A field that was left empty is None in the data, which is no value to reckon with.
    return default if value is None else value
