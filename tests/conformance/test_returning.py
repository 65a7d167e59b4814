"""Sending back (退回): where a token may be taken back to, what goes with it, and that nothing sticks."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import CannotSendBack
from tests.conformance.telling import Case, story, tell
from tests.drawing import Drawing, loop, many

STRAIGHT = "s:start -> a:user -> b:user -> c:user -> e:end"
PARALLEL = """
    s:start -> a:user -> p:and -> b:user -> b2:user -> j:and -> c:user -> c2:user -> e:end
    p -> d:user -> j
"""
NESTED = """
    s:start -> a:user -> p:and -> b:user -> q:and -> x:user -> x2:user -> k:and -> f:user -> j:and
    q -> y:user -> k
    p -> d:user -> j -> c:user -> e:end
"""
ROUND = """
    s:start -> m:xor -> a:user -> p:and -> b:user -> j:and -> c:user -> g:xor -[again]-> m
    p -> d:user -> j
    g -*-> z:user -> e:end
"""
EITHER = """
    s:start -> a:user -> p:or -[wide]-> b:user -> b2:user -> j:or -> c:user -> e:end
    p -*-> d:user -> j
"""
ANNOUNCED = """
    s:start -> a:user -> p:and -> b:user -> b2:user -> j:and -> c:user -> c2:user -> e:end
    p -> d:user -> j
    p -> n:user -> n2:user -> e2:end
"""
#: A timer leaves the parallel part, past its join.
WAY_OUT = """
    s:start -> a:user -> p:and -> b:user -> j:and -> c:user -> e:end
    p -> d:user -> j
    late:on(d, timer "PT1H") -> h:user -> e2:end
"""
REMINDED = """
    s:start -> a:user -> b:user -> c:user -> e:end
    late:on(b, timer "PT2H") -> h:user -> e2:end
    tell:beside(b, timer "PT1H") -> r:user -> e3:end
    own:on(a, timer "PT3H") -> e4:end
"""
INSIDE = """
    s:start -> a:user -> p:sub -> c:user -> e:end
    p:sub {
      s2:start -> x:user -> y:user -> e2:end
    }
    out:on(p, timer "PT1H") -> e3:end
"""
CALLED = """
    s:start -> a:user -> p:call(other) -> c:user -> e:end
    other:process {
      s2:start -> x:user -> y:user -> e2:end
    }
"""
MANY = """
    s:start -> a:user -> m:user -> c:user -> e:end
"""
MANY_INSIDE = """
    s:start -> a:user -> m:sub -> c:user -> e:end
    m:sub {
      s2:start -> x:user -> y:user -> e2:end
    }
"""
SPREAD = "s:start -> a:user -> b:user -> c:user -> e:end\nb -> d:user -> e2:end"


#: A split that only some cases pass.
SOMETIMES = """
    s:start -> a:user -> g:xor -[phone]-> p:and -> r:user -> e2:end
    g -*-> i:user -> c:user -> e:end
    p -> i
"""


@pytest.mark.parametrize(
    ("drawing", "told", "more"),
    [
        story(
            "before a split that only some cases pass",
            SOMETIMES,
            """
            start: s | a
            a phone=true: a g p | i r
            i: i | c r
            back c i: | i r
            back i a: | a
            a phone=false: a g | i
            i: i | c
            back c a: | a
            a phone=true: a g p | i r
            back i a: | a
            """,
        ),
        story(
            "one step back, and on again",
            STRAIGHT,
            """
            start: s | a
            a: a | b
            b: b | c
            back c b: | b
            b: b | c
            c: c e | end
            """,
        ),
        story(
            "to the first step, and back to it again from the second",
            STRAIGHT,
            """
            start: s | a
            a: a | b
            b: b | c
            back c a: | a
            a: a | b
            back b a: | a
            a: a | b
            b: b | c
            c: c e | end
            """,
        ),
        story(
            "out of a parallel part: the sister branch is called back",
            PARALLEL,
            """
            start: s | a
            a: a p | b d
            b: b | b2 d
            back d a: | a
            a: a p | b d
            d: d | b
            b: b | b2
            b2: b2 j | c
            c: c | c2
            c2: c2 e | end
            """,
        ),
        story(
            "out of a parallel part in which the sister branch has come to the join",
            PARALLEL,
            """
            start: s | a
            a: a p | b d
            d: d | b
            back b a: | a
            a: a p | b d
            b: b | b2 d
            b2: b2 | d
            d: d j | c
            """,
        ),
        story(
            "within a branch: the sister branch stays",
            PARALLEL,
            """
            start: s | a
            a: a p | b d
            b: b | b2 d
            back b2 b: | b d
            d: d | b
            b: b | b2
            back b2 b: | b
            b: b | b2
            b2: b2 j | c
            """,
        ),
        story(
            "from behind the join to before the split",
            PARALLEL,
            """
            start: s | a
            a: a p | b d
            b: b | b2 d
            d: d | b2
            b2: b2 j | c
            c: c | c2
            back c2 a: | a
            a: a p | b d
            d: d | b
            b: b | b2
            b2: b2 j | c
            """,
        ),
        story(
            "out of the inner of two parallel parts only",
            NESTED,
            """
            start: s | a
            a: a p | b d
            b: b q | d x y
            x: x | d x2 y
            back y b: | b d
            d: d | b
            b: b q | x y
            y: y | x
            x: x | x2
            x2: x2 k | f
            f: f j | c
            """,
        ),
        story(
            "out of both of two parallel parts",
            NESTED,
            """
            start: s | a
            a: a p | b d
            b: b q | d x y
            x: x | d x2 y
            back x2 a: | a
            a: a p | b d
            b: b q | d x y
            """,
        ),
        story(
            "in the second round of a loop, also to what comes later in it",
            ROUND,
            """
            start: s m | a
            a: a p | b d
            b: b | d
            d: d j | c
            c again=true: c g m | a
            a: a p | b d
            back b c: | c
            c again=false: c g | z
            back z a: | a
            a: a p | b d
            d: d | b
            b: b j | c
            c: c g | z
            z: z e | end
            """,
        ),
        story(
            "out of an inclusive part with one branch, and with both",
            EITHER,
            """
            start: s | a
            a wide=true: a p | b
            b: b | b2
            back b2 a: | a
            a wide=false: a p | d
            d: d j | c
            back c a: | a
            a wide=true: a p | b
            b: b | b2
            b2: b2 j | c
            """,
        ),
        story(
            "a branch with an end of its own goes too, when its split is passed again",
            ANNOUNCED,
            """
            start: s | a
            a: a p | b d n
            n: n | b d n2
            b: b | b2 d n2
            d: d | b2 n2
            b2: b2 j | c n2
            back c a: | a
            a: a p | b d n
            """,
        ),
        story(
            "a branch with an end of its own stays, when its split is not",
            ANNOUNCED,
            """
            start: s | a
            a: a p | b d n
            b: b | b2 d n
            d: d | b2 n
            b2: b2 j | c n
            c: c | c2 n
            back c2 c: | c n
            c: c | c2 n
            n: n | c2 n2
            back n2 n: | c2 n
            """,
        ),
        story(
            "the clocks beside what goes are gone, those of what is done again start anew",
            REMINDED,
            """
            start: s | a (own)
            a: a | b (late) (tell)
            timer tell: tell | b r (late)
            back b a: | a (own)
            a: a | b (late) (tell)
            timer tell: tell | b r (late)
            timer late: late | h r
            """,
        ),
        story(
            "a step that is sent back to has its timers again, each time",
            REMINDED,
            """
            start: s | a (own)
            a: a | b (late) (tell)
            b: b | c
            back c b: | b (late) (tell)
            timer tell: tell | b r (late)
            b: b | c r
            back c b: | b (late) (tell)
            timer tell: tell | b r (late)
            timer late: late | h r
            """,
        ),
        story(
            "inside a sub-process",
            INSIDE,
            """
            start: s | a
            a: a s2 | x (out)
            x: x | y (out)
            back y x: | x (out)
            x: x | y (out)
            y: y e2 p | c
            """,
        ),
        story(
            "out of a sub-process, which goes with its clock",
            INSIDE,
            """
            start: s | a
            a: a s2 | x (out)
            x: x | y (out)
            back y a: | a
            a: a s2 | x (out)
            x: x | y (out)
            y: y e2 p | c
            """,
        ),
        story(
            "inside and out of a called process",
            CALLED,
            """
            start: s | a
            a: a s2 | x
            x: x | y
            back y x: | x
            x: x | y
            back y a: | a
            a: a s2 | x
            x: x | y
            y: y e2 p | c
            """,
        ),
        story(
            "one of many instances takes all with it",
            MANY,
            """
            start: s | a
            a: a | m m m
            m@2: m | m m
            back m@2 a: | a
            a: a | m m m
            m: m | m m
            m: m | m
            m: m | c
            """,
            m=many("3"),
        ),
        story(
            "what is done many times is done anew as a whole",
            MANY,
            """
            start: s | a
            a: a | m m
            m: m | m
            m: m | c
            back c m: | m m
            m: m | m
            m: m | c
            """,
            m=many("2"),
        ),
        story(
            "what is done one after another is done anew as a whole",
            MANY,
            """
            start: s | a
            a: a | m
            m: m | m
            m: m | c
            back c m: | m
            m: m | m
            back m a: | a
            a: a | m
            """,
            m=many("2", one_by_one=True),
        ),
        story(
            "a loop is done anew",
            MANY,
            """
            start: s | a
            a: a | m
            m more=true: m | m
            m more=false: m | c
            back c m: | m
            m: m | c
            """,
            m=loop("more"),
        ),
        story(
            "within one instance of many the others go on",
            MANY_INSIDE,
            """
            start: s | a
            a: a s2 s2 | x x
            x@1: x | x y
            back y x: | x x
            x@1: x | x y
            x: x | y y
            y: y e2 m | y
            y: y e2 m | c
            """,
            m=many("2"),
        ),
        story(
            "out of an instance of many",
            MANY_INSIDE,
            """
            start: s | a
            a: a s2 s2 | x x
            x@1: x | x y
            back y a: | a
            a: a s2 s2 | x x
            """,
            m=many("2"),
        ),
        story(
            "several ways out of a step are a parallel part",
            SPREAD,
            """
            start: s | a
            a: a | b
            b: b | c d
            back c b: | b
            b: b | c d
            d: d e2 | c
            c: c e | end
            """,
        ),
    ],
)
def test_a_task_is_sent_back(drawing: str, told: str, more: dict[str, Any]) -> None:
    tell(drawing, told, **more)


@pytest.mark.parametrize(
    ("drawing", "done", "task", "to", "why", "more"),
    [
        pytest.param(STRAIGHT, "a", "b", "c", "not_done", {}, id="a step that was not done"),
        pytest.param(STRAIGHT, "a", "b", "b", "itself", {}, id="itself"),
        pytest.param(STRAIGHT, "a", "b", "q", "unknown", {}, id="what is not there"),
        pytest.param(STRAIGHT, "a", "b", "s", "elsewhere", {}, id="what nobody does"),
        pytest.param(PARALLEL, "a b", "d", "b", "not_before", {}, id="a sister branch"),
        pytest.param(PARALLEL, "a b d b2", "c", "b", "parallel", {}, id="a branch, from behind the join"),
        pytest.param(PARALLEL, "a b d b2", "c", "d", "parallel", {}, id="the other branch"),
        pytest.param(
            ROUND.replace("again", "not again"),
            "a b d c a b",
            "d",
            "b",
            "parallel",
            {},
            id="a sister branch of the round before",
        ),
        pytest.param(EITHER, "a d", "c", "d", "parallel", {}, id="an inclusive branch"),
        pytest.param(NESTED, "a b x x2 y", "f", "x", "parallel", {}, id="the inner part from the outer"),
        pytest.param(ANNOUNCED, "a b d b2", "c", "b", "parallel", {}, id="a join that not all ways meet in"),
        pytest.param(WAY_OUT, "a b d", "c", "d", "parallel", {}, id="a join that a timer goes past"),
        pytest.param(INSIDE, "a x y", "c", "x", "elsewhere", {}, id="into a sub-process"),
        pytest.param(CALLED, "a x y", "c", "x", "elsewhere", {}, id="into a called process"),
        pytest.param(MANY_INSIDE, "a x", "x", "x", "itself", {"m": many("2")}, id="in another instance"),
        pytest.param(
            MANY_INSIDE, "a x@1 x", "y@1", "y", "itself", {"m": many("2")}, id="the same step of another"
        ),
    ],
)
def test_what_is_not_lawful_is_refused_with_why(
    drawing: str, done: str, task: str, to: str, why: str, more: dict[str, Any]
) -> None:
    case = Case(Drawing(drawing, **more).xml(), {"wide": False, "again": False})
    case.start()
    for action in done.split():
        case.do(action)
    before = case.snapshot
    with pytest.raises(CannotSendBack) as refused:
        case.do(f"back {task} {to}")
    assert refused.value.facts["why"] == why
    assert to not in [way.node for way in case.ways_back(task)]
    assert case.snapshot == before


@pytest.mark.parametrize(
    ("drawing", "done", "task", "ways", "more"),
    [
        pytest.param(STRAIGHT, "a b", "c", {"a": "", "b": ""}, {}, id="straight"),
        pytest.param(PARALLEL, "a b", "d", {"a": "b2"}, {}, id="the sister branch goes"),
        pytest.param(PARALLEL, "a b", "b2", {"a": "d", "b": ""}, {}, id="the sister branch goes or stays"),
        pytest.param(NESTED, "a b x", "y", {"b": "x2", "a": "d x2"}, {}, id="inner and outer"),
        pytest.param(INSIDE, "a x", "y", {"x": "", "a": ""}, {}, id="inside first"),
        pytest.param(MANY, "a", "m", {"a": "m m"}, {"m": many("3")}, id="the other instances"),
        pytest.param(MANY_INSIDE, "a x@1", "y", {"x": "", "a": "x"}, {"m": many("2")}, id="other insides"),
        pytest.param(MANY_INSIDE, "a x@1", "x", {"a": "y"}, {"m": many("2")}, id="only what was done here"),
    ],
)
def test_the_ways_back_say_what_is_called_back(
    drawing: str, done: str, task: str, ways: dict[str, str], more: dict[str, Any]
) -> None:
    case = Case(Drawing(drawing, **more).xml())
    case.start()
    for action in done.split():
        case.do(action)
    names = {open_task.id: open_task.node for open_task in case.snapshot.open_tasks}
    found = {way.node: " ".join(sorted(names[one] for one in way.calls_back)) for way in case.ways_back(task)}
    assert found == ways


@pytest.mark.parametrize(
    ("drawing", "round_", "back", "more"),
    [
        pytest.param(STRAIGHT, "a b", "back c a", {}, id="straight"),
        pytest.param(STRAIGHT, "b", "back c b", {}, id="one step"),
        pytest.param(PARALLEL, "a b d", "back b2 a", {}, id="with a token at the join"),
        pytest.param(PARALLEL, "b", "back b2 b", {}, id="within a branch"),
        pytest.param(NESTED, "b x", "back y b", {}, id="the inner part"),
        pytest.param(REMINDED, "a", "back b a", {}, id="with timers"),
        pytest.param(REMINDED, "b", "back c b", {}, id="to one with timers"),
        pytest.param(REMINDED, "b timer/tell b/", "back c b", {}, id="with what a timer began"),
        pytest.param(INSIDE, "a x", "back y a", {}, id="out of a sub-process"),
        pytest.param(INSIDE, "x", "back y x", {}, id="inside a sub-process"),
        pytest.param(MANY, "a m", "back m a", {"m": many("3")}, id="out of many"),
        pytest.param(MANY_INSIDE, "a x@1", "back y a", {"m": many("2")}, id="out of many sub-processes"),
        pytest.param(EITHER, "a d", "back c a", {}, id="inclusive"),
    ],
)
def test_a_case_that_is_sent_back_a_hundred_times_stays_as_small_as_it_was(
    drawing: str, round_: str, back: str, more: dict[str, Any]
) -> None:
    case = Case(Drawing(drawing, **more).xml(), {"wide": False})
    case.start()
    needed = ["a", *round_.split()] if "a" not in round_.split() else round_.split()
    if drawing is NESTED:
        needed = ["a", "b", "x"]
    if "timer/tell" in round_:
        needed, round_ = ["a", "timer tell", "b"], "timer/tell b"
    sizes, standing = [], ""
    for action in needed:
        case.do(action)
    for _ in range(100):
        case.do(back)
        for action in round_.split():
            case.do(action.replace("/", " ").strip())
        state = json.loads(case.snapshot.state)
        sizes.append(
            sum(len(one["tasks"]) for one in [state["workflow"], *(s for _, s in state["workflow"]["subs"])])
        )
        standing = standing or case.state
        assert case.state.replace(" r", "") == standing.replace(" r", "")
    if "timer/tell" not in " ".join(needed):
        assert max(sizes[2:]) <= sizes[2], sizes


class Blocks:
    """Writes random block-structured drawings: what begins together ends together, at any depth."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.lines: list[str] = []
        self.extra: dict[str, str] = {}
        self.count = 0
        #: Whether what ends here is waited for at a join.
        self.awaited = False

    def text(self) -> str:
        first, last = self.block(3)
        return "\n".join([*self.lines, f"s:start -> {first}", f"{last} -> e:end"])

    def name(self, kind: str) -> str:
        self.count += 1
        return f"{kind}{self.count}"

    def block(self, depth: int) -> tuple[str, str]:
        """Draw a block; its first and its last node."""
        kinds = ["task", "row", "and", "or", "xor", "loop", "timed", "sub"] if depth else ["task", "timed"]
        kind = self.draw(st.sampled_from(kinds))
        return getattr(self, f"_{kind}")(depth - 1)  # type: ignore[no-any-return]

    def _task(self, depth: int) -> tuple[str, str]:
        task = self.name("t")
        self.lines.append(f"{task}:user")
        if self.draw(st.integers(0, 5)) == 0:
            self.extra[task] = many("2")
        return task, task

    def _row(self, depth: int) -> tuple[str, str]:
        (first, middle), (other, last) = self.block(depth), self.block(depth)
        self.lines.append(f"{middle} -> {other}")
        return first, last

    def _and(self, depth: int) -> tuple[str, str]:
        return self._split("and", depth)

    def _or(self, depth: int) -> tuple[str, str]:
        return self._split("or", depth)

    def _xor(self, depth: int) -> tuple[str, str]:
        return self._split("xor", depth)

    def _split(self, kind: str, depth: int) -> tuple[str, str]:
        split, join = self.name(kind), self.name(kind)
        self.lines.append(f"{split}:{kind}")
        self.lines.append(f"{join}:{kind}")
        outside, self.awaited = self.awaited, self.awaited or kind == "and"
        for number in range(2):
            first, last = self.block(depth)
            chosen = "->" if kind == "and" else "-*->" if number else f"-[v{split}]->"
            self.lines += [f"{split} {chosen} {first}", f"{last} -> {join}"]
        self.awaited = outside
        if kind == "and" and self.draw(st.integers(0, 3)) == 0:
            (first, last), end = self.block(0), self.name("e")
            self.lines += [f"{split} -> {first}", f"{last} -> {end}:end"]
        return split, join

    def _loop(self, depth: int) -> tuple[str, str]:
        merge, choice = self.name("m"), self.name("xor")
        first, last = self.block(depth)
        self.lines += [f"{merge}:xor -> {first}", f"{last} -> {choice}:xor -[v{choice}]-> {merge}"]
        out, _ = after = self._task(0)
        self.lines.append(f"{choice} -*-> {out}")
        return merge, after[1]

    def _timed(self, depth: int) -> tuple[str, str]:
        task, event = self.name("t"), self.name("b")
        kind = self.draw(st.sampled_from(["on", "beside"]))
        self.lines.append(f"{task}:user")
        first, last = self._task(0)
        self.lines += [f'{event}:{kind}({task}, timer "PT1H") -> {first}']
        if kind == "on" and (self.awaited or self.draw(st.booleans())):
            merge = self.name("x")
            self.lines += [f"{task} -> {merge}:xor", f"{last} -> {merge}"]
            return task, merge
        self.lines.append(f"{last} -> {self.name('e')}:end")
        return task, task

    def _sub(self, depth: int) -> tuple[str, str]:
        sub, outside, self.lines = self.name("p"), self.lines, []
        awaited, self.awaited = self.awaited, False
        first, last = self.block(depth)
        self.awaited = awaited
        inside = [*self.lines, f"{self.name('s')}:start -> {first}", f"{last} -> {self.name('e')}:end"]
        self.lines = [*outside, f"{sub}:sub {{", *inside, "}"]
        return sub, sub


@st.composite
def block_structured(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    blocks = Blocks(draw)
    return blocks.text(), blocks.extra


def values(case: Case, chosen: bool) -> str:
    """What every gateway of a drawing goes by, as a line says it."""
    return " ".join(f"{name}={str(chosen).lower()}" for name in case.data)


@settings(max_examples=120)
@given(drawn=block_structured(), seed=st.integers(0, 2**32))
def test_however_a_case_is_sent_back_it_still_reaches_its_end(
    drawn: tuple[str, dict[str, str]], seed: int
) -> None:
    text, extra = drawn
    chance = random.Random(seed)
    names = {f"v{word}" for word in text.replace(":", " ").split() if word[:2] in ("xo", "or")}
    case = Case(Drawing(text, **extra).xml(), dict.fromkeys(sorted(names), False))
    case.start()
    for _ in range(chance.randint(1, 14)):
        if case.snapshot.ended:
            break
        task = chance.choice(case.snapshot.open_tasks)
        twins = [one.id for one in case.snapshot.open_tasks if one.node == task.node]
        which = f"{task.node}@{1 + twins.index(task.id)}"
        ways = case.ways_back(which)
        if ways and chance.random() < 0.5:
            way = chance.choice(ways)
            before = {one.id for one in case.snapshot.open_tasks}
            case.do(f"back {which} {way.node}")
            after = {one.id: one.node for one in case.snapshot.open_tasks}
            assert before - after.keys() == {task.id, *way.calls_back}
            assert {after[new] for new in after.keys() - before} == {way.node}
        elif case.snapshot.timers and chance.random() < 0.25:
            case.do("timer")
        else:
            case.do(f"{which} {values(case, chance.random() < 0.5)}")
    for _ in range(300):
        if case.snapshot.ended:
            return
        assert case.snapshot.open_tasks, case.state
        case.do(f"{case.snapshot.open_tasks[0].node} {values(case, False)}")
    raise AssertionError(f"it never ends: {case.state}")
