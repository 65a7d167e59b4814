"""Activities as BPMN 2.0 says: done many times, in loops, with sub-processes that events trigger."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import BoundReached, RuntimeFailed
from engine.runtime.scripting import Bounds
from tests.conformance.telling import Case, errors, story, tell
from tests.drawing import Drawing, loop, many

STORIES = [
    story(
        "multi-instance, parallel, a number",
        """
        s:start -> a:user -> b:user -> e:end
        """,
        """
        start: s | a a a
        a: a | a a
        a: a | a
        a: a | b
        b: b e | end
        """,
        a=many("3"),
    ),
    story(
        "multi-instance, sequential, a number",
        """
        s:start -> a:user -> b:user -> e:end
        """,
        """
        start: s | a
        a: a | a
        a: a | b
        b: b e | end
        """,
        a=many("n", one_by_one=True),
        data={"n": 2},
    ),
    story(
        "multi-instance, none",
        """
        s:start -> a:user -> b:user -> e:end
        """,
        """
        start: s | b
        b: b e | end
        """,
        a=many("0"),
    ),
    story(
        "multi-instance, a list with outputs",
        """
        s:start -> a:user -> b:user -> e:end
        """,
        """
        start: s | a a a
        a@2 vote=2: a | a a
        a@2 vote=3: a | a
        a vote=1: a | b
        b: b e | end
        """,
        a=many(over="people", item="person", into="votes", output="vote"),
        data={"people": ["x", "y", "z"]},
        written={"votes": [1, 2, 3]},
    ),
    story(
        "multi-instance, sequential, a list with outputs",
        """
        s:start -> a:user -> b:user -> e:end
        """,
        """
        start: s | a
        a vote=1: a | a
        a vote=2: a | a
        a vote=3: a | b
        b: b e | end
        """,
        a=many(over="people", item="person", into="votes", output="vote", one_by_one=True),
        data={"people": ["x", "y", "z"]},
        written={"votes": [1, 2, 3]},
    ),
    story(
        "multi-instance, two of three",
        """
        s:start -> a:user -> b:user -> e:end
        """,
        """
        start: s | a a a
        a@3 vote=3: a | a a
        a vote=1: a | b
        b: b e | end
        """,
        a=many(
            over="people", item="person", into="votes", output="vote", until="numberOfCompletedInstances >= 2"
        ),
        data={"people": ["x", "y", "z"]},
        written={"votes": [1, 3]},
    ),
    story(
        "multi-instance, by what was voted",
        """
        s:start -> a:user -> b:user -> e:end
        """,
        """
        start: s | a a a
        a@2 vote="no": a | b
        b: b e | end
        """,
        a=many(over="people", item="person", into="votes", output="vote", until="'no' in votes"),
        data={"people": ["x", "y", "z"]},
        written={"votes": ["no"]},
    ),
    story(
        "multi-instance, an empty list",
        """
        s:start -> a:user -> b:user -> e:end
        """,
        """
        start: s | b
        b: b e | end
        """,
        a=many(over="people", item="person", into="votes", output="vote"),
        data={"people": []},
        written={"votes": []},
    ),
    story(
        "multi-instance × sub-process",
        """
        s:start -> p:sub {
          x:start -> a:user -> c:script(vote = person + "!") -> y:end
        }
        p -> b:user -> e:end
        """,
        """
        start: s x x x | a a a
        a: a c y p | a a
        a: a c y p | a
        a: a c y p | b
        b: b e | end
        """,
        p=many(over="people", item="person", into="votes", output="vote"),
        data={"people": ["x", "y", "z"]},
        written={"votes": ["x!", "y!", "z!"]},
    ),
    story(
        "multi-instance × call",
        """
        s:start -> p:call(inner) -> b:user -> e:end
        inner:process {
          x:start -> a:user -> y:end
        }
        """,
        """
        start: s x x | a a
        a vote=5: a y p | a
        a vote=6: a y p | b
        b: b e | end
        """,
        p=many(over="people", item="person", into="votes", output="vote"),
        data={"people": ["x", "y"]},
        written={"votes": [5, 6]},
    ),
    story(
        "multi-instance × boundary",
        """
        s:start -> a:user -> b:user -> e:end
        t:on(a, timer "PT2H") -> c:user -> f:end
        """,
        """
        start: s | a a a (t)
        a: a | a a (t)
        timer: t | c
        c: c f | end
        """,
        a=many("3"),
    ),
    story(
        "multi-instance × boundary beside",
        """
        s:start -> a:user -> b:user -> e:end
        t:beside(a, timer "R/PT2H") -> c:user -> f:end
        """,
        """
        start: s | a a a (t)
        a: a | a a (t)
        timer: t | a a c (t)
        a: a | a c (t)
        timer: t | a c c (t)
        a: a | b c c
        c: c f | b c
        c: c f | b
        b: b e | end
        """,
        a=many("3"),
    ),
    story(
        "multi-instance sub-process × boundary",
        """
        s:start -> p:sub {
          x:start -> a:user -> y:end
        }
        p -> b:user -> e:end
        t:on(p, timer "PT2H") -> c:user -> f:end
        """,
        """
        start: s x x x | a a a (t)
        a: a y p | a a (t)
        timer: t | c
        c: c f | end
        """,
        p=many("3"),
    ),
    story(
        "multi-instance × loop",
        """
        s:start -> m:xor -> a:user -> g:xor -[again]-> m
        g -*-> e:end
        """,
        """
        start: s m | a a
        a again=false: a | a
        a again=true: a g m | a a
        a again=false: a | a
        a again=false: a g e | end
        """,
        a=many("2"),
        written={"again": False},
    ),
    story(
        "multi-instance × error",
        """
        s:start -> p:sub {
          x:start -> a:user -> g:xor -[bad]-> r:end(error refused)
          g -*-> y:end
        }
        p -> b:user -> e:end
        q:on(p, error refused) -> c:user -> f:end
        """,
        """
        start: s x x x | a a a
        a bad=false: a g y p | a a
        a bad=true: a g r q | c
        c: c f | end
        """,
        p=many("3"),
        written={"bad": True},
    ),
    story(
        "multi-instance within multi-instance",
        """
        s:start -> p:sub {
          x:start -> a:user -> y:end
        }
        p -> b:user -> e:end
        """,
        """
        start: s x x | a a a a
        a@2 note=4: a | a a a
        a note=1: a y p | a a
        a note=2: a | a
        a note=3: a y p | b
        b: b e | end
        """,
        p=many(over="groups", item="group", into="all", output="notes"),
        a=many(over="group", item="one", into="notes", output="note"),
        data={"groups": [["x", "y"], ["z", "w"]]},
        written={"all": [[1, 4], [2, 3]]},
    ),
    story(
        "multi-instance, script",
        """
        s:start -> a:script(vote = person + str(loopCounter)) -> b:user -> e:end
        """,
        """
        start: s a a a | b
        b: b e | end
        """,
        a=many(over="people", item="person", into="votes", output="vote"),
        data={"people": ["x", "y", "z"]},
        written={"votes": ["x1", "y2", "z3"]},
    ),
    story(
        "standard loop, while",
        """
        s:start -> a:user -> b:user -> e:end
        """,
        """
        start: s | a
        a more=true: a | a
        a more=true: a | a
        a more=false: a | b
        b: b e | end
        """,
        a=loop("more"),
        written={"more": False},
    ),
    story(
        "standard loop, tested before",
        """
        s:start -> a:user -> b:user -> e:end
        """,
        """
        start: s | b
        b: b e | end
        """,
        a=loop("more", before=True),
        data={"more": False},
    ),
    story(
        "standard loop, at most",
        """
        s:start -> a:user -> b:user -> e:end
        """,
        """
        start: s | a
        a: a | a
        a: a | b
        b: b e | end
        """,
        a=loop(most=2),
    ),
    story(
        "standard loop × sub-process",
        """
        s:start -> p:sub {
          x:start -> a:user -> y:end
        }
        p -> b:user -> e:end
        """,
        """
        start: s x | a
        a more=true: a y p x | a
        a more=false: a y p | b
        b: b e | end
        """,
        p=loop("more"),
        written={"more": False},
    ),
    story(
        "standard loop × boundary",
        """
        s:start -> a:user -> b:user -> e:end
        t:on(a, timer "PT2H") -> c:user -> f:end
        """,
        """
        start: s | a (t)
        a more=true: a | a (t)
        timer: t | c
        c: c f | end
        """,
        a=loop("more"),
        written={"more": True},
    ),
    story(
        "standard loop × its counter",
        """
        s:start -> a:script(n = n * 2) -> b:user -> e:end
        """,
        """
        start: s a a a a a | b
        b: b e | end
        """,
        a=loop("loopCounter < 5"),
        data={"n": 1},
        written={"n": 32},
    ),
    story(
        "multi-instance × event sub-process",
        """
        s:start -> p:sub {
          i:start -> a:user -> j:end
          h:esub {
            x:start(message stop) -> c:script(vote = "stopped") -> y:end
          }
        }
        p -> b:user -> e:end
        """,
        """
        start: s i i | a a (x) (x)
        message stop: x c y h p | a (x)
        a vote=2: a j p | b
        b: b e | end
        """,
        p=many(over="people", item="person", into="votes", output="vote"),
        data={"people": ["x", "y"]},
        written={"votes": ["stopped", 2]},
    ),
    story(
        "multi-instance × event gateway",
        """
        s:start -> p:sub {
          i:start -> g:event -> m:catch(message yes) -> j:end
          g -> t:catch(timer "P1D") -> k:end
        }
        p -> b:user -> e:end
        """,
        """
        start: s i i | (m) (m) (t) (t)
        message yes: g m j p | (m) (t)
        timer: g t k p | b
        b: b e | end
        """,
        p=many("2"),
    ),
    story(
        "multi-instance × join",
        """
        s:start -> g:and -> a:user -> j:and -> e:end
        g -> b:user -> j
        """,
        """
        start: s g | a a b
        a: a | a b
        b: b | a
        a: a j e | end
        """,
        a=many("2"),
    ),
    story(
        "multi-instance, answers of one another do not meet",
        """
        s:start -> a:user -> b:user -> e:end
        """,
        """
        start: s | a a
        a note=1 more=2: a | a
        a note=3 more=4: a | b
        b: b e | end
        """,
        a=many(over="people", item="person", into="all", output="answers"),
        data={"people": ["x", "y"]},
        written={"all": [{"note": 1, "more": 2}, {"note": 3, "more": 4}]},
    ),
    story(
        "multi-instance receive task",
        """
        s:start -> a:receive("answer") -> e:end
        """,
        """
        start: s | (a) (a)
        message answer sum=1: a | (a)
        message answer sum=2: a e | end
        """,
        a=many("2", into="sums", output="sum"),
        written={"sums": [1, 2]},
    ),
    story(
        "event sub-process, interrupting, message",
        """
        s:start -> a:user -> b:user -> e:end
        h:esub {
          x:start(message stop) -> c:user -> y:end
        }
        """,
        """
        start: s | a (x)
        a: a | b (x)
        message stop why=1: x | c
        c: c y h | end
        """,
        written={"why": 1},
    ),
    story(
        "event sub-process, not triggered",
        """
        s:start -> a:user -> b:user -> e:end
        h:esub {
          x:start(message stop) -> c:user -> y:end
        }
        """,
        """
        start: s | a (x)
        a: a | b (x)
        b: b e | end
        """,
    ),
    story(
        "event sub-process, beside, message, repeatedly",
        """
        s:start -> a:user -> e:end
        h:esub {
          x:start(beside message more) -> c:user -> y:end
        }
        """,
        """
        start: s | a (x)
        message more: x | a c (x)
        message more: x | a c c (x)
        c: c y h | a c (x)
        a: a e | c
        c: c y h | end
        """,
    ),
    story(
        "event sub-process, timer",
        """
        s:start -> a:user -> e:end
        h:esub {
          x:start(timer "PT2H") -> c:user -> y:end
        }
        """,
        """
        start: s | a (x)
        timer: x | c
        c: c y h | end
        """,
    ),
    story(
        "event sub-process, beside, repeating timer",
        """
        s:start -> a:user -> e:end
        h:esub {
          x:start(beside timer "R/PT2H") -> c:user -> y:end
        }
        """,
        """
        start: s | a (x)
        timer: x | a c (x)
        timer: x | a c c (x)
        a: a e | c c
        c: c y h | c
        c: c y h | end
        """,
    ),
    story(
        "event sub-process, signal",
        """
        s:start -> a:user -> e:end
        h:esub {
          x:start(signal closing) -> c:user -> y:end
        }
        """,
        """
        start: s | a (x)
        signal closing: x | c
        c: c y h | end
        """,
    ),
    story(
        "event sub-process, error",
        """
        s:start -> g:and -> a:user -> r:end(error refused)
        g -> b:user -> e:end
        h:esub {
          x:start(error refused) -> c:user -> y:end
        }
        """,
        """
        start: s g | a b
        a: a r x | c
        c: c y h | end
        """,
    ),
    story(
        "event sub-process, error of a sub-process",
        """
        s:start -> p:sub {
          i:start -> a:user -> r:end(error refused)
        }
        p -> b:user -> e:end
        h:esub {
          x:start(error refused) -> c:user -> y:end
        }
        """,
        """
        start: s i | a
        a: a r x | c
        c: c y h | end
        """,
    ),
    story(
        "event sub-process, escalation, beside",
        """
        s:start -> a:user -> t:throw(escalation late) -> b:user -> e:end
        h:esub {
          x:start(beside escalation late) -> c:user -> y:end
        }
        """,
        """
        start: s | a
        a: a t x | b c
        b: b e | c
        c: c y h | end
        """,
    ),
    story(
        "event sub-process, condition",
        """
        s:start -> g:and -> a:user -> e:end
        g -> b:user -> f:end
        h:esub {
          x:start(if n > 3) -> c:user -> y:end
        }
        """,
        """
        start: s g | a b
        b n=5: b f x | c
        c: c y h | end
        """,
        data={"n": 0},
        written={"n": 5},
    ),
    story(
        "event sub-process within a sub-process",
        """
        s:start -> p:sub {
          i:start -> a:user -> j:end
          h:esub {
            x:start(message stop) -> c:user -> y:end
          }
        }
        p -> b:user -> e:end
        """,
        """
        start: s i | a (x)
        message stop: x | c
        c: c y h p | b
        b: b e | end
        """,
    ),
    story(
        "event sub-processes of both kinds",
        """
        s:start -> a:user -> e:end
        h:esub {
          x:start(beside message more) -> c:user -> y:end
        }
        k:esub {
          z:start(message stop) -> d:user -> w:end
        }
        """,
        """
        start: s | a (x) (z)
        message more: x | a c (x) (z)
        message stop: z | d
        d: d w k | end
        """,
    ),
    story(
        "event sub-processes × terminate",
        """
        s:start -> a:user -> e:end(terminate)
        h:esub {
          x:start(beside message more) -> c:user -> y:end
        }
        """,
        """
        start: s | a (x)
        message more: x | a c (x)
        a: a e | end
        """,
    ),
    story(
        "event sub-process × several starts",
        """
        s:start -> a:user -> e:end
        r:start(message order) -> b:user -> e
        h:esub {
          x:start(message stop) -> c:user -> y:end
        }
        """,
        """
        start: r | b (x)
        message stop: x | c
        c: c y h | end
        """,
        start="r",
    ),
    story(
        "event sub-process × several starts, by hand",
        """
        s:start -> a:user -> e:end
        r:start(message order) -> b:user -> e
        h:esub {
          x:start(message stop) -> c:user -> y:end
        }
        """,
        """
        start: s | a (x)
        a: a e | end
        """,
    ),
    story(
        "event sub-process × called procedure",
        """
        s:start -> k:call(inner) -> b:user -> e:end
        inner:process {
          i:start -> a:user -> j:end
          h:esub {
            x:start(message stop) -> c:user -> y:end
          }
        }
        """,
        """
        start: s i | a (x)
        message stop: x | c
        c: c y h k | b
        b: b e | end
        """,
    ),
    story(
        "event sub-process × loop",
        """
        s:start -> m:xor -> a:user -> g:xor -[again]-> m
        g -*-> e:end
        h:esub {
          x:start(beside message more) -> c:user -> y:end
        }
        """,
        """
        start: s m | a (x)
        message more: x | a c (x)
        a again=true: a g m | a c (x)
        c: c y h | a (x)
        message more: x | a c (x)
        a again=false: a g e | c
        c: c y h | end
        """,
        written={"again": False},
    ),
    story(
        "event sub-process × implicit ends",
        """
        a:user -> b:user
        h:esub {
          x:start(message stop) -> c:user
        }
        """,
        """
        start: | a (x)
        a: a | b (x)
        message stop: x | c
        c: c h | end
        """,
    ),
    story(
        "event sub-process, uncaught error in it ends the case",
        """
        s:start -> a:user -> e:end
        h:esub {
          x:start(message stop) -> c:user -> y:end(error bad)
        }
        """,
        """
        start: s | a (x)
        message stop: x | c
        c: c y | end
        """,
    ),
    story(
        "transaction",
        """
        s:start -> p:tx {
          x:start -> a:user -> y:end
        }
        p -> b:user -> e:end
        """,
        """
        start: s x | a
        a: a y p | b
        b: b e | end
        """,
    ),
    story(
        "transaction, cancelled",
        """
        s:start -> p:tx {
          x:start -> w:and -> a:user -> g:xor -[bad]-> y:end(cancel)
          g -*-> z:end
          w -> c:user -> v:end
        }
        p -> e:end
        q:on(p, cancel) -> b:user -> f:end
        """,
        """
        start: s x w | a c
        a bad=true: a g y q | b
        b: b f | end
        """,
        written={"bad": True},
    ),
]


@pytest.mark.parametrize(("drawing", "told", "more"), STORIES)
def test_it_happens_as_it_is_drawn(drawing: str, told: str, more: dict[str, Any]) -> None:
    tell(drawing, told, **more)


ONE = "s:start -> a:user -> e:end"


def test_a_list_may_be_named_through_data_objects() -> None:
    objects = (
        '<bpmn:dataObject id="o1"/><bpmn:dataObjectReference id="r1" name="people" dataObjectRef="o1"/>'
        '<bpmn:dataObject id="o2" name="votes"/>'
    )
    flows = (
        '<bpmn:ioSpecification id="io"><bpmn:dataInput id="i1"/><bpmn:dataOutput id="i2"/>'
        '<bpmn:inputSet id="is"><bpmn:dataInputRefs>i1</bpmn:dataInputRefs></bpmn:inputSet>'
        '<bpmn:outputSet id="os"><bpmn:dataOutputRefs>i2</bpmn:dataOutputRefs></bpmn:outputSet>'
        "</bpmn:ioSpecification>"
        '<bpmn:dataInputAssociation id="d1"><bpmn:sourceRef>r1</bpmn:sourceRef>'
        "<bpmn:targetRef>i1</bpmn:targetRef></bpmn:dataInputAssociation>"
        '<bpmn:dataOutputAssociation id="d2"><bpmn:sourceRef>i2</bpmn:sourceRef>'
        "<bpmn:targetRef>o2</bpmn:targetRef></bpmn:dataOutputAssociation>"
    )
    tell(
        ONE,
        """
        start: s | a a
        a vote=1: a | a
        a vote=2: a e | end
        """,
        data={"people": ["x", "y"]},
        written={"votes": [1, 2]},
        a=flows + many(over="i1", item="person", into="i2", output="vote"),
        _process=objects,
    )


def test_data_objects_that_are_only_drawn_change_nothing() -> None:
    drawn = '<bpmn:dataObject id="o" name="paper"/><bpmn:dataObjectReference id="r" dataObjectRef="o"/>'
    tell(ONE, "start: s | a\na: a e | end", _process=drawn)


@pytest.mark.parametrize(
    ("loop", "data", "message"),
    [
        pytest.param(many(over="people"), {}, "needs a list", id="no list"),
        pytest.param(many(over="people"), {"people": {"x": 1}}, "needs a list", id="no list but a table"),
        pytest.param(many("n"), {"n": -1}, "whole number", id="fewer than none"),
        pytest.param(many("n"), {"n": 2.5}, "whole number", id="half of one"),
        pytest.param(many("n"), {"n": True}, "whole number", id="yes"),
    ],
)
def test_instances_without_a_number_fail_at_their_activity(
    loop: str, data: dict[str, Any], message: str
) -> None:
    case = Case(Drawing(ONE, a=loop).xml(), data)
    with pytest.raises(RuntimeFailed, match=message) as failed:
        case.start()
    assert failed.value.facts["element"] == "a"


@pytest.mark.parametrize(
    ("loop", "data"), [(many("4"), {}), (many(over="people"), {"people": [1, 2, 3, 4]})], ids=["many", "list"]
)
def test_more_instances_than_the_bound_are_not_made(loop: str, data: dict[str, Any]) -> None:
    case = Case(Drawing(ONE, a=loop).xml(), data, bounds=Bounds(instances=3))
    with pytest.raises(BoundReached) as reached:
        case.start()
    assert (reached.value.facts["element"], reached.value.facts["bound"]) == ("a", "instances")


def test_a_loop_without_end_reaches_the_bound_of_steps() -> None:
    drawing = Drawing("s:start -> a:script(n = 1) -> e:end", a=loop("True")).xml()
    with pytest.raises(BoundReached) as reached:
        Case(drawing).start()
    assert (reached.value.facts["element"], reached.value.facts["bound"]) == ("a", "steps")


def test_what_a_loop_leaves_behind_does_not_grow_with_its_rounds() -> None:
    case = Case(Drawing(ONE, a=loop("True")).xml())
    case.start()
    sizes = []
    for _ in range(50):
        case.do("a")
        sizes.append(len(case.snapshot.state))
    assert sizes[-1] < sizes[4] + 50


def test_nothing_of_an_instance_is_kept_once_it_is_over() -> None:
    case = Case(
        Drawing(ONE, a=many(over="people", item="person")).xml(),
        {"people": ["secret-1", "secret-2"]},
    )
    case.start()
    case.do("a")
    assert case.snapshot.open_tasks[0].data == {"person": "secret-2", "loopCounter": 2}
    case.do("a")
    assert "secret" not in case.snapshot.state


@pytest.mark.parametrize(
    ("drawing", "extra", "code"),
    [
        pytest.param(
            "s:start -> a:user -> e:end\nh:esub {\n  x:start -> y:end\n}",
            {},
            "event-subprocess-start",
            id="an event sub-process that waits for nothing",
        ),
        pytest.param(
            "s:start -> e:end\nh:esub {\n  x:start(message m) -> y:end\n  z:start(message n) -> y\n}",
            {},
            "event-subprocess-start",
            id="an event sub-process with two starts",
        ),
        pytest.param(
            "s:start -> a:user -> e:end\nh:esub {\n  x:start(beside error m) -> y:end\n}",
            {},
            "event-subprocess-start",
            id="an error that does not interrupt",
        ),
        pytest.param(
            "s:start -> h:esub {\n  x:start(message m) -> y:end\n}\nh -> e:end",
            {},
            "event-subprocess-flow",
            id="an event sub-process in the flow",
        ),
        pytest.param("s:start(error m) -> e:end", {}, "event-kind", id="an error that begins a process"),
        pytest.param(ONE, {"a": many()}, "loop-missing", id="many times, but how many"),
        pytest.param(ONE, {"a": loop()}, "loop-missing", id="a loop without a condition"),
        pytest.param(
            ONE, {"a": many(over="people", item="case")}, "field-reserved", id="an item of a reserved name"
        ),
        pytest.param("s:start -> e:end(cancel)", {}, "unsupported-cancel", id="cancel without a transaction"),
    ],
)
def test_it_is_refused_by_name(drawing: str, extra: dict[str, str], code: str) -> None:
    assert code in errors(Drawing(drawing, **extra).xml())
