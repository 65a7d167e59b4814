"""What belongs to one instance of an activity that is done many times: its item, its count, what it writes.

A case has one shared document of data. Inside an instance of a multi-instance activity that names an item
(``inputDataItem``, ``outputDataItem``), what is written is the instance's own, so that those who work side
by side do not overwrite each other; only the output item leaves it (§13.3.7). Without an item, and in a
standard loop, everything is shared.
"""

from __future__ import annotations

from typing import Any

from engine.domain.facts import Data

#: The name under which an instance sees its number, from 1.
COUNTER = "loopCounter"


class Scopes:
    """The instances that are under way, by the ids of their workflow tasks; saved with the case."""

    def __init__(self, shared: Data, saved: dict[str, Any]) -> None:
        self.shared = shared
        #: task id → {"own": whether it keeps what is written, "data": what it sees of its own}
        self.instances: dict[str, dict[str, Any]] = saved.get("instances", {})
        #: task id of the activity → what it counts
        self.activities: dict[str, dict[str, Any]] = saved.get("activities", {})

    def saved(self) -> dict[str, Any]:
        """What is to be saved."""
        return {"instances": self.instances, "activities": self.activities}

    def local(self, task: Any) -> Data:
        """What a task sees besides the shared data; the innermost instance comes before those around it."""
        found: Data = {}
        for instance in reversed(self._around(task)):
            found |= instance["data"]
        return found

    def seen(self, task: Any) -> Data:
        """Everything a task sees."""
        return {**self.shared, **self.local(task)}

    def write(self, task: Any, values: Data) -> None:
        """Write values where a task writes: into its own instance, else the shared data."""
        for instance in self._around(task):
            if instance["own"]:
                instance["data"].update(values)
                return
            # What is written now comes before what was lent.
            for name in values if instance.get("lent") else ():
                instance["data"].pop(name, None)
        self.shared.update(values)

    def own(self, task: Any) -> Data:
        """What a task that is an instance sees of its own."""
        found: Data = self.instances.get(task.id.hex, {}).get("data", {})
        return found

    def lend(self, task: Any, seen: Data) -> None:
        """Let what runs below a task see what an instance saw that is over; it keeps nothing of its own."""
        self.instances.pop(task.id.hex, None)
        if seen:
            self.instances[task.id.hex] = {"own": False, "lent": True, "data": dict(seen)}

    def keep(self, alive: set[str]) -> None:
        """Forget the instances and activities whose tasks are not alive any more."""
        for found in (self.instances, self.activities):
            for task in set(found) - alive:
                del found[task]

    def _around(self, task: Any) -> list[dict[str, Any]]:
        """The instances that a task stands in, the innermost first."""
        if not self.instances:
            return []
        found = []
        while task is not None:
            instance = self.instances.get(task.id.hex)
            if instance is not None:
                found.append(instance)
            parent = task.workflow.parent_task_id
            task = None if parent is None else task.workflow.top_workflow.get_task_from_id(parent)
        return found
