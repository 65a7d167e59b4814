"""Our engine beside the stock library, on random diagrams of a kind that the library runs right.

Both are driven by the same choices; after every step the same tasks are open, and the same were done. Left
out is what the library is known to get wrong: joins inside loops, loops between an inclusive split and its
join, inclusive parts inside inclusive ones, and an error through two sub-processes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.spiff.parser import SpiffBpmnParser

from tests.conformance.telling import Case, errors
from tests.drawing import Drawing

#: A block of a diagram: its kind, and the blocks inside.
Block = tuple[str, tuple[Any, ...]]
#: Steps of one case; loops go on as long as the choices say.
MOST = 40

#: What may stand anywhere, what only outside of loops, and how many blocks each holds.
_ANYWHERE = ["task", "task", "script", "sequence", "choice", "sub", "loop"]
_OUTSIDE = ["parallel", "parallel", "inclusive", "error"]
_HOLDS = {"task": (0, 0), "script": (0, 0), "parallel": (2, 3), "inclusive": (2, 3), "choice": (2, 3)}


@st.composite
def blocks(draw: st.DrawFn, depth: int = 3, *, looping: bool = False, chosen: bool = False) -> Block:
    """A block with blocks in it, ``depth`` deep at most; ``chosen`` by an inclusive gateway around it."""
    possible = _ANYWHERE if looping else _ANYWHERE + _OUTSIDE
    kinds = [kind for kind in possible if not (chosen and kind in ("loop", "inclusive"))]
    kind = draw(st.sampled_from(kinds if depth else ["task", "script"]))
    least, most = _HOLDS.get(kind, (1, 2))
    inner = blocks(
        depth - 1, looping=looping or kind in ("loop", "error"), chosen=chosen or kind == "inclusive"
    )
    return kind, tuple(draw(inner) for _ in range(draw(st.integers(least, most))))


@dataclass
class Writer:
    """Writes blocks as lines of a drawing."""

    lines: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    #: user task → the name that it answers, and of which values
    asks: dict[str, tuple[str, int]] = field(default_factory=dict)

    def process(self, block: Block) -> str:
        """The whole drawing."""
        first, last = self.block(block)
        self.lines.append(f"s:start -> {first}")
        # A task behind everything shows how many tokens come out of it.
        self.lines.append(f"{last} -> z:user -> e:end")
        return "\n".join(self.lines)

    def block(self, block: Block) -> tuple[str, str]:
        """Write a block; its first and its last node."""
        kind, inside = block
        return getattr(self, f"_{kind}")(inside, next(self.numbers))  # type: ignore[no-any-return]

    def _task(self, _: object, n: int) -> tuple[str, str]:
        self.lines.append(f"t{n}:user")
        return f"t{n}", f"t{n}"

    def _script(self, _: object, n: int) -> tuple[str, str]:
        self.lines.append(f"c{n}:script(done{n} = 1)")
        return f"c{n}", f"c{n}"

    def _sequence(self, inside: tuple[Block, ...], _: int) -> tuple[str, str]:
        ends = [self.block(found) for found in inside]
        for (_, before), (after, _) in pairwise(ends):
            self.lines.append(f"{before} -> {after}")
        return ends[0][0], ends[-1][1]

    def _choice(self, inside: tuple[Block, ...], n: int) -> tuple[str, str]:
        self.asks[f"ask{n}"] = (f"way{n}", len(inside))
        self.lines += [f"ask{n}:user -> g{n}:xor", f"m{n}:xor"]
        for way, found in enumerate(inside):
            first, last = self.block(found)
            self.lines += [f"g{n} -[way{n} == {way}]-> {first}", f"{last} -> m{n}"]
        self.lines.append(f"g{n} -*-> m{n}")
        return f"ask{n}", f"m{n}"

    def _parallel(self, inside: tuple[Block, ...], n: int) -> tuple[str, str]:
        self.lines += [f"g{n}:and", f"j{n}:and"]
        for found in inside:
            first, last = self.block(found)
            self.lines += [f"g{n} -> {first}", f"{last} -> j{n}"]
        return f"g{n}", f"j{n}"

    def _inclusive(self, inside: tuple[Block, ...], n: int) -> tuple[str, str]:
        self.asks[f"ask{n}"] = (f"ways{n}", 2 ** len(inside) - 1)
        self.lines += [f"ask{n}:user -> g{n}:or", f"j{n}:or"]
        for way, found in enumerate(inside):
            first, last = self.block(found)
            self.lines += [f"g{n} -[ways{n} // {2**way} % 2 == 1]-> {first}", f"{last} -> j{n}"]
        self.lines.append(f"g{n} -*-> d{n}:user -> j{n}")
        return f"ask{n}", f"j{n}"

    def _loop(self, inside: tuple[Block, ...], n: int) -> tuple[str, str]:
        first, last = self._sequence(inside, n)
        self.asks[f"ask{n}"] = (f"again{n}", 1)
        self.lines += [f"m{n}:xor -> {first}", f"{last} -> ask{n}:user -> g{n}:xor -[again{n} == 1]-> m{n}"]
        self.lines.append(f"g{n} -*-> o{n}:throw")
        return f"m{n}", f"o{n}"

    def _sub(self, inside: tuple[Block, ...], n: int) -> tuple[str, str]:
        self.lines.append(f"p{n}:sub {{")
        first, last = self._sequence(inside, n)
        self.lines += [f"s{n}:start -> {first}", f"{last} -> e{n}:end", "}"]
        return f"p{n}", f"p{n}"

    def _error(self, inside: tuple[Block, ...], n: int) -> tuple[str, str]:
        self.lines.append(f"p{n}:sub {{")
        first, last = self._sequence(inside, n)
        self.asks[f"ask{n}"] = (f"bad{n}", 1)
        self.lines += [
            f"s{n}:start -> {first}",
            f"{last} -> ask{n}:user -> g{n}:xor -[bad{n} == 1]-> r{n}:end(error refused{n})",
            f"g{n} -*-> e{n}:end",
            "}",
            f"q{n}:on(p{n}, error refused{n}) -> h{n}:user -> m{n}:xor",
            f"p{n} -> m{n}",
        ]
        return f"p{n}", f"m{n}"


class Stock:
    """A case in the library as it comes."""

    def __init__(self, content: bytes) -> None:
        parser = SpiffBpmnParser()
        parser.add_bpmn_xml(etree.fromstring(content))
        self.workflow = BpmnWorkflow(parser.get_spec("main"), parser.get_subprocess_specs("main"))
        self.workflow.do_engine_steps()

    def open(self) -> list[str]:
        """The nodes of the open tasks."""
        return sorted(task.task_spec.bpmn_id for task in self._ready())

    def complete(self, node: str, answers: dict[str, Any]) -> None:
        """Complete a task."""
        task = next(task for task in self._ready() if task.task_spec.bpmn_id == node)
        task.data.update(answers)
        task.run()
        self.workflow.do_engine_steps()

    def _ready(self) -> list[Any]:
        return self.workflow.get_tasks(state=TaskState.READY, manual=True)


@settings(max_examples=120)
@given(blocks(), st.data())
def test_the_engine_does_what_the_library_does(block: Block, choices: st.DataObject) -> None:
    writer = Writer()
    content = Drawing(writer.process(block)).xml()
    assert errors(content) == []
    ours, stock = Case(content), Stock(content)
    ours.start()
    for _ in range(MOST):
        waiting = sorted(task.node for task in ours.snapshot.open_tasks)
        assert waiting == stock.open()
        assert ours.snapshot.ended == stock.workflow.completed
        if not waiting:
            return
        node = choices.draw(st.sampled_from(waiting))
        name, most = writer.asks.get(node, ("", 0))
        value = choices.draw(st.integers(0, most))
        answers = {name: value} if name else {}
        stock.complete(node, answers)
        ours.do(" ".join([node, *(f"{key}={found}" for key, found in answers.items())]))


def test_an_inclusive_part_waits_for_the_one_inside_it() -> None:
    # The library lets the outer join go while the inner part is still at work.
    task: Block = ("task", ())
    writer = Writer()
    inner: Block = ("inclusive", (task, task, ("choice", (task, task))))
    ours = Case(Drawing(writer.process(("inclusive", (("script", ()), inner)))).xml())
    ours.start()
    for _ in range(MOST):
        waiting = sorted(task.node for task in ours.snapshot.open_tasks)
        assert waiting == ["z"] or "z" not in waiting
        if not waiting:
            break
        name, most = writer.asks.get(waiting[0], ("", 0))
        ours.do(f"{waiting[0]} {name}={most}" if name else waiting[0])
    assert ours.snapshot.ended
