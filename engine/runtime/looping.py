"""Activities that are done many times: multi-instance, one after another or all at once, and loops.

The library's own write into a token's data, lose the order of outputs and read collections that a case
does not have; these work over :mod:`engine.runtime.scopes`. The activity is a wrapper task; each instance
is a task below it, which goes as soon as it is over.
"""

from __future__ import annotations

from typing import Any

from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn.specs.mixins.bpmn_spec_mixin import BpmnSpecMixin
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask

from engine.errors import RuntimeFailed
from engine.runtime.compacting import drop_orphans
from engine.runtime.scopes import COUNTER


class Repeated(LoopTask, BpmnSpecMixin):
    """An activity that is done many times; the drawn node is the instance, not the wrapper."""

    task_spec: str

    def _update_hook(self, my_task: Any) -> bool:
        super()._update_hook(my_task)
        if my_task.state == TaskState.STARTED:
            return False
        my_task._set_state(TaskState.STARTED)
        return not self._begin(my_task)

    def _begin(self, my_task: Any) -> bool:
        """Make the first instances; False when there are none to make."""
        raise NotImplementedError

    def _is_over(self, my_task: Any, child: Any) -> bool:
        """Take what an instance leaves; say whether it was the last, else make the next."""
        raise NotImplementedError

    def _add(self, my_task: Any, number: int, data: dict[str, Any], *, own: bool) -> None:
        spec = my_task.workflow.spec.task_specs[self.task_spec]
        child = my_task._add_child(spec, TaskState.WAITING)
        child.triggered = True
        scopes = my_task.workflow.script_engine.scopes
        scopes.instances[child.id.hex] = {"own": own, "data": {**data, COUNTER: number}}
        spec._update(child)

    def instance_done(self, workflow: Any, child: Any) -> None:
        """Go on when an instance is completed; the parser connects it to what is done many times."""
        my_task = child.parent
        # Two that end in the same step: the first may have ended the whole.
        if my_task is None or my_task.state != TaskState.STARTED or not self._is_over(my_task, child):
            return
        for other in my_task.children:
            if other.task_spec is child.task_spec and not other.has_state(TaskState.FINISHED_MASK):
                other.cancel()
        my_task.workflow.script_engine.scopes.activities.pop(my_task.id.hex, None)
        my_task._set_state(TaskState.READY)

    def _on_cancel(self, my_task: Any) -> None:
        # The instances were taken off the tree before; their sub-processes were not.
        drop_orphans(my_task.workflow.top_workflow)
        super()._on_cancel(my_task)


class Loop(Repeated):
    """A standard loop: again while its condition holds, at most so often (§10.3.8)."""

    def __init__(
        self,
        wf_spec: Any,
        bpmn_id: str,
        task_spec: str,
        maximum: int | None,
        condition: str | None,
        test_before: bool,
        **more: Any,
    ) -> None:
        super().__init__(wf_spec, bpmn_id, **more)
        self.task_spec = task_spec
        self.maximum = maximum
        self.condition = condition
        self.test_before = test_before

    def _begin(self, my_task: Any) -> bool:
        if self.test_before and not self._goes_on(my_task, 0, {COUNTER: 0}):
            return False
        self._add(my_task, 1, {}, own=False)
        return True

    def _is_over(self, my_task: Any, child: Any) -> bool:
        seen = my_task.workflow.script_engine.scopes.local(child)
        done = seen[COUNTER]
        if not self._goes_on(my_task, done, seen):
            return True
        self._add(my_task, done + 1, {}, own=False)
        return False

    def _goes_on(self, my_task: Any, done: int, seen: dict[str, Any]) -> bool:
        if self.maximum is not None and done >= self.maximum:
            return False
        engine = my_task.workflow.script_engine
        return self.condition is None or bool(engine.evaluate(my_task, self.condition, seen))


class ManyInstances(Repeated):
    """A multi-instance activity, over a number or over the items of a list (§13.3.7).

    Its completion condition may name ``numberOfInstances``, ``numberOfActiveInstances``,
    ``numberOfCompletedInstances``, ``numberOfTerminatedInstances``, and the outputs so far.
    """

    #: Whether one instance begins when the one before is over.
    sequential = False

    def __init__(
        self,
        wf_spec: Any,
        bpmn_id: str,
        task_spec: str,
        cardinality: str | None = None,
        data_input: Any = None,
        data_output: Any = None,
        input_item: Any = None,
        output_item: Any = None,
        condition: str | None = None,
        **more: Any,
    ) -> None:
        super().__init__(wf_spec, bpmn_id, **more)
        self.task_spec = task_spec
        self.cardinality = cardinality
        self.condition = condition
        self.collection, self.results = _name(data_input), _name(data_output)
        self.item, self.output = _name(input_item), _name(output_item)

    def _begin(self, my_task: Any) -> bool:
        engine = my_task.workflow.script_engine
        items = self._items(my_task)
        activity = {"items": items, "begun": 0, "done": 0, "outputs": {}}
        engine.scopes.activities[my_task.id.hex] = activity
        for _ in items[:1] if self.sequential else items:
            self._add_next(my_task, activity)
        if not items:
            self._write_outputs(my_task, activity)
        return bool(items)

    def _items(self, my_task: Any) -> list[Any]:
        engine = my_task.workflow.script_engine
        if self.collection is None:
            number = engine.number_of_instances(my_task, self.cardinality or "")
            return [None] * number
        items = engine.scopes.seen(my_task).get(self.collection)
        if not isinstance(items, list):
            raise RuntimeFailed(
                "A multi-instance activity needs a list.",
                element=self.bpmn_id,
                name=self.collection,
                value=str(items)[:40],
            )
        engine.require_few_instances(my_task, len(items))
        return items

    def _add_next(self, my_task: Any, activity: dict[str, Any]) -> None:
        number = activity["begun"]
        activity["begun"] = number + 1
        data = {self.item: activity["items"][number]} if self.item and self.collection else {}
        self._add(my_task, number + 1, data, own=bool(self.item or self.output))

    def _is_over(self, my_task: Any, child: Any) -> bool:
        scopes = my_task.workflow.script_engine.scopes
        activity = scopes.activities[my_task.id.hex]
        seen = scopes.local(child)
        activity["done"] += 1
        if self.results is not None:
            activity["outputs"][str(seen[COUNTER])] = self._output(scopes.instances[child.id.hex]["data"])
        over = activity["done"] == len(activity["items"]) or self._is_enough(my_task, activity, seen)
        if over:
            self._write_outputs(my_task, activity)
        elif self.sequential:
            self._add_next(my_task, activity)
        return over

    def _output(self, own: dict[str, Any]) -> Any:
        """What an instance leaves: its output item, else all that it wrote."""
        if self.output is not None and self.output in own:
            return own[self.output]
        return {name: value for name, value in own.items() if name not in (self.item, COUNTER)}

    def _is_enough(self, my_task: Any, activity: dict[str, Any], seen: dict[str, Any]) -> bool:
        if self.condition is None:
            return False
        facts = {
            "numberOfInstances": len(activity["items"]),
            "numberOfActiveInstances": activity["begun"] - activity["done"],
            "numberOfCompletedInstances": activity["done"],
            "numberOfTerminatedInstances": 0,
        }
        if self.results is not None:
            facts[self.results] = _in_order(activity)
        engine = my_task.workflow.script_engine
        return bool(engine.evaluate(my_task, self.condition, {**seen, **facts}))

    def _write_outputs(self, my_task: Any, activity: dict[str, Any]) -> None:
        if self.results is not None:
            my_task.workflow.script_engine.scopes.write(my_task, {self.results: _in_order(activity)})


class OneAfterAnother(ManyInstances):
    """Its instances one after another."""

    sequential = True


def _in_order(activity: dict[str, Any]) -> list[Any]:
    """The outputs in the order of the items, of those that were completed."""
    return [value for _, value in sorted(activity["outputs"].items(), key=lambda found: int(found[0]))]


def _name(reference: Any) -> str | None:
    """The name of the datum that a reference of the library stands for."""
    return None if reference is None else reference.bpmn_name or reference.bpmn_id
