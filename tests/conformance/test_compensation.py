"""Compensation as BPMN 2.0 says: what was completed is undone, last first, each once (§10.7, §13.5.5)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.errors import BoundReached
from engine.runtime.layout import measure, tidy
from engine.runtime.linting import lint
from engine.runtime.repairing import repair
from engine.runtime.scripting import Bounds
from engine.trying import dry_run
from tests.conformance.telling import Case, errors, story, tell
from tests.drawing import Drawing, loop, many

STORIES = [
    story(
        "compensation, last first",
        """
        s:start -> a:user -> b:user -> c:user -> t:throw(compensate) -> d:user -> e:end
        on_a:on(a, compensate) ~> undo_a:user
        on_b:on(b, compensate) ~> undo_b:user
        """,
        """
        start: s | a
        a: a | b
        b: b | c
        c: c on_b | undo_b
        undo_b: undo_b on_a | undo_a
        undo_a: undo_a t | d
        d: d e | end
        """,
    ),
    story(
        "compensation, one activity",
        """
        s:start -> a:user -> b:user -> t:throw(compensate a) -> c:user -> e:end
        on_a:on(a, compensate) ~> undo_a:user
        on_b:on(b, compensate) ~> undo_b:user
        """,
        """
        start: s | a
        a: a | b
        b: b on_a | undo_a
        undo_a: undo_a t | c
        c: c e | end
        """,
    ),
    story(
        "compensation end event",
        """
        s:start -> p:sub {
          x:start -> a:user -> y:end(compensate)
          on_a:on(a, compensate) ~> undo_a:user
        }
        p -> b:user -> e:end
        """,
        """
        start: s x | a
        a: a on_a | undo_a
        undo_a: undo_a y p | b
        b: b e | end
        """,
    ),
    story(
        "compensation, without waiting",
        """
        s:start -> a:user -> t:throw(compensate! a) -> b:user -> e:end
        on_a:on(a, compensate) ~> undo_a:user
        """,
        """
        start: s | a
        a: a t on_a | b undo_a
        b: b e | undo_a
        undo_a: undo_a | end
        """,
    ),
    story(
        "compensation end event, without waiting",
        """
        s:start -> p:sub {
          x:start -> a:user -> y:end(compensate!)
          on_a:on(a, compensate) ~> undo_a:user
        }
        p -> b:user -> e:end
        """,
        """
        start: s x | a
        a: a y on_a | undo_a
        undo_a: undo_a p | b
        b: b e | end
        """,
    ),
    story(
        "compensation, each once",
        """
        s:start -> a:user -> t:throw(compensate) -> b:user -> u:throw(compensate) -> e:end
        on_a:on(a, compensate) ~> undo_a:user
        on_b:on(b, compensate) ~> undo_b:user
        """,
        """
        start: s | a
        a: a on_a | undo_a
        undo_a: undo_a t | b
        b: b on_b | undo_b
        undo_b: undo_b u e | end
        """,
    ),
    story(
        "compensation, nothing was completed",
        """
        s:start -> t:throw(compensate) -> a:user -> e:end
        on_a:on(a, compensate) ~> undo_a:user
        """,
        """
        start: s t | a
        a: a e | end
        """,
    ),
    story(
        "compensation × parallel branches, one still open",
        """
        s:start -> g:and -> a:user -> t:throw(compensate) -> j:and -> u:throw(compensate) -> e:end
        g -> b:user -> j
        on_a:on(a, compensate) ~> undo_a:user
        on_b:on(b, compensate) ~> undo_b:user
        """,
        """
        start: s g | a b
        a: a on_a | b undo_a
        undo_a: undo_a t | b
        b: b j on_b | undo_b
        undo_b: undo_b u e | end
        """,
    ),
    story(
        "compensation × parallel branches, two throw at once",
        """
        s:start -> a:user -> b:user -> g:and -> t:throw(compensate) -> j:and -> e:end
        g -> u:throw(compensate) -> j
        on_a:on(a, compensate) ~> undo_a:user
        on_b:on(b, compensate) ~> undo_b:user
        """,
        """
        start: s | a
        a: a | b
        b: b g on_b on_a | undo_a undo_b
        undo_a: undo_a u | undo_b
        undo_b: undo_b t j e | end
        """,
    ),
    story(
        "compensation × inclusive join",
        """
        s:start -> g:or -[True]-> a:user -> t:throw(compensate! a) -> j:or -> c:user -> e:end
        g -[True]-> b:user -> j
        on_a:on(a, compensate) ~> undo_a:user
        """,
        """
        start: s g | a b
        a: a t on_a | b undo_a
        b: b j | c undo_a
        c: c e | undo_a
        undo_a: undo_a | end
        """,
    ),
    story(
        "compensation handler: script, service, receive task",
        """
        s:start -> a:user -> b:user -> c:user -> t:throw(compensate) -> e:end
        on_a:on(a, compensate) ~> undo_a:script(told = [sent, answer])
        on_b:on(b, compensate) ~> undo_b:service(mail into sent)
        on_c:on(c, compensate) ~> undo_c:receive(returned)
        """,
        """
        start: s | a
        a: a | b
        b: b | c
        c: c on_c | (undo_c)
        message returned answer=yes: undo_c on_b undo_b on_a undo_a t e | end
        """,
        written={"told": [1, "yes"]},
    ),
    story(
        "compensation handler: a sub-process with timers",
        """
        s:start -> a:user -> t:throw(compensate) -> e:end
        on_a:on(a, compensate) ~> undo:sub {
          x:start -> w:catch(timer "PT1H") -> b:user -> y:end
          l:beside(b, timer "R/PT2H") -> c:user -> z:end
        }
        """,
        """
        start: s | a
        a: a on_a x | (w)
        timer: w | b (l)
        timer: l | b c (l)
        b: b y | c
        c: c z undo t e | end
        """,
    ),
    story(
        "compensation handler: a call",
        """
        s:start -> a:user -> t:throw(compensate) -> e:end
        on_a:on(a, compensate) ~> undo:call(inner)
        inner:process {
          x:start -> b:user -> y:end
        }
        """,
        """
        start: s | a
        a: a on_a x | b
        b: b y undo t e | end
        """,
    ),
    story(
        "compensation handler: multi-instance",
        """
        s:start -> a:user -> t:throw(compensate) -> e:end
        on_a:on(a, compensate) ~> undo:user
        """,
        """
        start: s | a
        a: a on_a | undo undo
        undo: undo | undo
        undo: undo t e | end
        """,
        undo=many("2"),
    ),
    story(
        "compensation handler that compensates itself",
        """
        s:start -> a:user -> t:throw(compensate) -> e:end
        on_a:on(a, compensate) ~> undo:sub {
          x:start -> b:user -> u:throw(compensate) -> y:end
          on_b:on(b, compensate) ~> undo_b:user
        }
        """,
        """
        start: s | a
        a: a on_a x | b
        b: b on_b | undo_b
        undo_b: undo_b u y undo t e | end
        """,
    ),
    story(
        "compensation handler of two activities",
        """
        s:start -> a:user -> b:user -> t:throw(compensate) -> e:end
        on_a:on(a, compensate) ~> undo:user
        on_b:on(b, compensate) ~> undo
        """,
        """
        start: s | a
        a: a | b
        b: b on_b | undo
        undo: undo on_a | undo
        undo: undo t e | end
        """,
    ),
    story(
        "compensation × loop",
        """
        s:start -> m:xor -> a:user -> g:xor -[again]-> m
        g -*-> t:throw(compensate) -> e:end
        on_a:on(a, compensate) ~> undo_a:user
        """,
        """
        start: s m | a
        a again=true: a g m | a
        a again=true: a g m | a
        a again=false: a g on_a | undo_a
        undo_a: undo_a on_a | undo_a
        undo_a: undo_a on_a | undo_a
        undo_a: undo_a t e | end
        """,
    ),
    story(
        "compensation in a loop",
        """
        s:start -> m:xor -> a:user -> t:throw(compensate) -> g:xor -[again]-> m
        g -*-> e:end
        on_a:on(a, compensate) ~> undo_a:user
        """,
        """
        start: s m | a
        a: a on_a | undo_a
        undo_a again=true: undo_a t g m | a
        a: a on_a | undo_a
        undo_a again=false: undo_a t g e | end
        """,
    ),
    story(
        "compensation × standard loop",
        """
        s:start -> a:user -> t:throw(compensate) -> e:end
        on_a:on(a, compensate) ~> undo_a:script(undone = undone + [loopCounter])
        """,
        """
        start: s | a
        a more=true: a | a
        a more=true: a | a
        a more=false: a on_a undo_a on_a undo_a on_a undo_a t e | end
        """,
        a=loop("more"),
        data={"undone": []},
        written={"undone": [3, 2, 1]},
    ),
    story(
        "compensation × multi-instance, each sees what its instance saw",
        """
        s:start -> a:user -> t:throw(compensate) -> e:end
        on_a:on(a, compensate) ~> undo_a:script(undone = undone + [person + str(number)])
        """,
        """
        start: s | a a a
        a@2 number=1: a | a a
        a@2 number=2: a | a
        a number=3: a on_a undo_a on_a undo_a on_a undo_a t e | end
        """,
        a=many(over="people", item="person", into="numbers", output="number"),
        data={"people": ["x", "y", "z"], "undone": []},
        written={"numbers": [3, 1, 2], "undone": ["x3", "z2", "y1"]},
    ),
    story(
        "compensation × multi-instance, what is written is the case's",
        """
        s:start -> a:user -> t:throw(compensate) -> e:end
        on_a:on(a, compensate) ~> undo:sub {
          x:start -> b:user -> c:script(seen = number) -> y:end
        }
        """,
        """
        start: s | a
        a number=1: a on_a x | b
        b number=7: b c y undo t e | end
        """,
        a=many(over="people", item="person", into="numbers", output="number"),
        data={"people": ["x"]},
        written={"numbers": [1], "number": 7, "seen": 7},
    ),
    story(
        "compensation × multi-instance, interrupted",
        """
        s:start -> a:user -> e:end
        l:on(a, timer "PT1H") -> t:throw(compensate) -> f:end
        on_a:on(a, compensate) ~> undo_a:user
        """,
        """
        start: s | a a a (l)
        a: a | a a (l)
        timer: l on_a | undo_a
        undo_a: undo_a t f | end
        """,
        a=many("3"),
    ),
    story(
        "compensation within multi-instance",
        """
        s:start -> p:sub {
          x:start -> a:user -> t:throw(compensate) -> y:end
          on_a:on(a, compensate) ~> undo_a:user
        }
        p -> e:end
        """,
        """
        start: s x x | a a
        a: a on_a | a undo_a
        a: a on_a | undo_a undo_a
        undo_a@2 note=2: undo_a t y p | undo_a
        undo_a note=1: undo_a t y p e | end
        """,
        p=many(over="people", item="person", into="notes", output="note"),
        data={"people": ["x", "y"]},
        written={"notes": [1, 2]},
    ),
    story(
        "compensation × multi-instance sub-process",
        """
        s:start -> p:sub {
          x:start -> a:user -> b:user -> y:end
          on_a:on(a, compensate) ~> undo_a:script(undone = undone + [person + str(number)])
        }
        p -> t:throw(compensate) -> e:end
        """,
        """
        start: s x x | a a
        a: a | a b
        a: a | b b
        b@2 number=2: b y p | b
        b number=1: b y p on_a undo_a on_a undo_a t e | end
        """,
        p=many(over="people", item="person", into="numbers", output="number"),
        data={"people": ["x", "y"], "undone": []},
        written={"undone": ["x1", "y2"]},
    ),
    story(
        "compensation × sub-process, what is in it, in its turn",
        """
        s:start -> a:user -> p:sub {
          x:start -> b:user -> q:sub {
            i:start -> c:user -> j:end
            on_c:on(c, compensate) ~> undo_c:user
          }
          q -> y:end
          on_b:on(b, compensate) ~> undo_b:user
        }
        p -> d:user -> t:throw(compensate) -> e:end
        on_a:on(a, compensate) ~> undo_a:user
        on_d:on(d, compensate) ~> undo_d:user
        """,
        """
        start: s | a
        a: a x | b
        b: b i | c
        c: c j q y p | d
        d: d on_d | undo_d
        undo_d: undo_d on_c | undo_c
        undo_c: undo_c on_b | undo_b
        undo_b: undo_b on_a | undo_a
        undo_a: undo_a t e | end
        """,
    ),
    story(
        "compensation × sub-process with a handler",
        """
        s:start -> p:sub {
          x:start -> a:user -> y:end
          on_a:on(a, compensate) ~> undo_a:user
        }
        p -> t:throw(compensate p) -> e:end
        on_p:on(p, compensate) ~> undo_p:user
        """,
        """
        start: s x | a
        a: a y p on_p | undo_p
        undo_p: undo_p t e | end
        """,
    ),
    story(
        "compensation within a sub-process reaches no further",
        """
        s:start -> a:user -> p:sub {
          x:start -> b:user -> t:throw(compensate) -> y:end
          on_b:on(b, compensate) ~> undo_b:user
        }
        p -> u:throw(compensate) -> e:end
        on_a:on(a, compensate) ~> undo_a:user
        """,
        """
        start: s | a
        a: a x | b
        b: b on_b | undo_b
        undo_b: undo_b t y p on_a | undo_a
        undo_a: undo_a u e | end
        """,
    ),
    story(
        "compensation × interrupted sub-process",
        """
        s:start -> p:sub {
          x:start -> a:user -> b:user -> y:end
          on_a:on(a, compensate) ~> undo_a:user
        }
        p -> e:end
        l:on(p, timer "PT1H") -> t:throw(compensate) -> c:user -> f:end
        """,
        """
        start: s x | a (l)
        a: a | b (l)
        timer: l t | c
        c: c f | end
        """,
    ),
    story(
        "compensation × interrupted activity",
        """
        s:start -> a:user -> e:end
        l:on(a, timer "PT1H") -> t:throw(compensate) -> c:user -> f:end
        on_a:on(a, compensate) ~> undo_a:user
        """,
        """
        start: s | a (l)
        timer: l t | c
        c: c f | end
        """,
    ),
    story(
        "compensation × event beside an activity",
        """
        s:start -> a:user -> t:throw(compensate) -> e:end
        l:beside(a, timer "PT1H") -> b:user -> f:end
        on_a:on(a, compensate) ~> undo_a:user
        on_b:on(b, compensate) ~> undo_b:user
        """,
        """
        start: s | a (l)
        timer: l | a b
        b: b f | a
        a: a on_a | undo_a
        undo_a: undo_a on_b | undo_b
        undo_b: undo_b t e | end
        """,
    ),
    story(
        "compensation event sub-process",
        """
        s:start -> p:sub {
          x:start -> a:user -> y:end
          on_a:on(a, compensate) ~> undo_a:user
          h:esub {
            i:start(compensate) -> b:user -> u:throw(compensate a) -> c:user -> j:end
          }
        }
        p -> t:throw(compensate) -> e:end
        """,
        """
        start: s x | a
        a: a y p i | b
        b: b on_a | undo_a
        undo_a: undo_a u | c
        c: c j h t e | end
        """,
    ),
    story(
        "compensation event sub-process that undoes all, itself first",
        """
        s:start -> p:sub {
          x:start -> a:user -> y:end
          on_a:on(a, compensate) ~> undo_a:user
          h:esub {
            i:start(compensate) -> b:user -> u:throw(compensate) -> j:end
            on_b:on(b, compensate) ~> undo_b:user
          }
        }
        p -> t:throw(compensate p) -> e:end
        """,
        """
        start: s x | a
        a: a y p i | b
        b: b on_b | undo_b
        undo_b: undo_b on_a | undo_a
        undo_a: undo_a u j h t e | end
        """,
    ),
    story(
        "compensation event sub-process that undoes nothing of it",
        """
        s:start -> p:sub {
          x:start -> a:user -> y:end
          on_a:on(a, compensate) ~> undo_a:user
          h:esub {
            i:start(compensate) -> b:user -> j:end
          }
        }
        p -> t:throw(compensate) -> u:throw(compensate) -> e:end
        """,
        """
        start: s x | a
        a: a y p i | b
        b: b j h t u e | end
        """,
    ),
    story(
        "compensation event sub-process × multi-instance",
        """
        s:start -> p:sub {
          x:start -> a:user -> y:end
          on_a:on(a, compensate) ~> undo_a:user
          h:esub {
            i:start(compensate) -> b:script(undone = undone + [person]) -> u:throw(compensate a) -> j:end
          }
        }
        p -> t:throw(compensate p) -> e:end
        """,
        """
        start: s x x | a a
        a@2: a y p | a
        a: a y p i b on_a | undo_a
        undo_a: undo_a u j h i b on_a | undo_a
        undo_a: undo_a u j h t e | end
        """,
        p=many(over="people", item="person"),
        data={"people": ["x", "y"], "undone": []},
        written={"undone": ["x", "y"]},
    ),
    story(
        "compensation × error event sub-process",
        """
        s:start -> a:user -> b:user -> r:end(error bad)
        on_a:on(a, compensate) ~> undo_a:user
        h:esub {
          x:start(error bad) -> c:user -> t:throw(compensate) -> y:end
          on_c:on(c, compensate) ~> undo_c:user
        }
        """,
        """
        start: s | a
        a: a | b
        b: b r x | c
        c: c on_c | undo_c
        undo_c: undo_c on_a | undo_a
        undo_a: undo_a t y h | end
        """,
    ),
    story(
        "compensation × event sub-process beside, in the order of completion",
        """
        s:start -> a:user -> b:user -> e:end
        on_a:on(a, compensate) ~> undo_a:user
        on_b:on(b, compensate) ~> undo_b:user
        h:esub {
          x:start(beside message more) -> c:user -> d:user -> t:throw(compensate) -> y:end
          on_c:on(c, compensate) ~> undo_c:user
        }
        """,
        """
        start: s | a (x)
        a: a | b (x)
        message more: x | b c (x)
        c: c | b d (x)
        b: b e | d
        d: d on_b | undo_b
        undo_b: undo_b on_c | undo_c
        undo_c: undo_c on_a | undo_a
        undo_a: undo_a t y h | end
        """,
    ),
    story(
        "compensation × event sub-process that is over",
        """
        s:start -> a:user -> t:throw(compensate) -> e:end
        on_a:on(a, compensate) ~> undo_a:user
        h:esub {
          x:start(beside message more) -> c:user -> y:end
          on_c:on(c, compensate) ~> undo_c:user
        }
        """,
        """
        start: s | a (x)
        message more: x | a c (x)
        message more: x | a c c (x)
        c: c y h | a c (x)
        a: a on_a | c undo_a (x)
        undo_a: undo_a on_c | c undo_c (x)
        undo_c: undo_c t e | c
        c: c y h | end
        """,
    ),
    story(
        "compensation × event sub-process that interrupts it",
        """
        s:start -> a:user -> b:user -> t:throw(compensate) -> e:end
        on_a:on(a, compensate) ~> undo_a:user
        on_b:on(b, compensate) ~> undo_b:user
        h:esub {
          x:start(message stop) -> u:throw(compensate) -> y:end
        }
        """,
        """
        start: s | a (x)
        a: a | b (x)
        b: b on_b | undo_b (x)
        message stop: x on_a | undo_a
        undo_a: undo_a u y h | end
        """,
    ),
    story(
        "compensation × error boundary, an error in a handler",
        """
        s:start -> p:sub {
          x:start -> a:user -> b:user -> t:throw(compensate) -> y:end
          on_a:on(a, compensate) ~> undo_a:user
          on_b:on(b, compensate) ~> undo_b:sub {
            i:start -> c:user -> j:end(error bad)
          }
        }
        p -> e:end
        q:on(p, error bad) -> d:user -> f:end
        """,
        """
        start: s x | a
        a: a | b
        b: b on_b i | c
        c: c j q | d
        d: d f | end
        """,
    ),
    story(
        "compensation, an error in a handler that nobody catches ends the case",
        """
        s:start -> a:user -> t:throw(compensate) -> e:end
        on_a:on(a, compensate) ~> undo_a:sub {
          i:start -> c:user -> j:end(error bad)
        }
        """,
        """
        start: s | a
        a: a on_a i | c
        c: c j | end
        """,
    ),
    story(
        "compensation × terminate",
        """
        s:start -> a:user -> g:and -> t:throw(compensate) -> e:end
        g -> b:user -> f:end(terminate)
        on_a:on(a, compensate) ~> undo_a:user
        """,
        """
        start: s | a
        a: a g on_a | b undo_a
        b: b f | end
        """,
    ),
    story(
        "compensation × boundary of its sub-process",
        """
        s:start -> p:sub {
          x:start -> a:user -> t:throw(compensate) -> y:end
          on_a:on(a, compensate) ~> undo_a:user
        }
        p -> e:end
        l:on(p, timer "PT1H") -> b:user -> f:end
        """,
        """
        start: s x | a (l)
        a: a on_a | undo_a (l)
        timer: l | b
        b: b f | end
        """,
    ),
    story(
        "compensation × condition",
        """
        s:start -> a:user -> g:and -> t:throw(compensate) -> e:end
        g -> k:catch(if n > 3) -> b:user -> f:end
        on_a:on(a, compensate) ~> undo_a:user
        """,
        """
        start: s | a
        a: a g on_a | undo_a
        undo_a n=5: undo_a t e k | b
        b: b f | end
        """,
        data={"n": 0},
    ),
    story(
        "compensation × transaction, cancelled",
        """
        s:start -> p:tx {
          x:start -> w:and -> a:user -> b:user -> y:end(cancel)
          w -> c:user -> v:end
          on_a:on(a, compensate) ~> undo_a:user
          on_b:on(b, compensate) ~> undo_b:user
          on_c:on(c, compensate) ~> undo_c:user
        }
        p -> e:end
        q:on(p, cancel) -> d:user -> f:end
        """,
        """
        start: s x w | a c
        a: a | b c
        b: b on_b | undo_b
        undo_b: undo_b on_a | undo_a
        undo_a: undo_a y q | d
        d: d f | end
        """,
    ),
    story(
        "compensation × transaction, cancelled, with sub-process and event sub-process",
        """
        s:start -> p:tx {
          x:start -> r:sub {
            k:start -> a:user -> l:end
            on_a:on(a, compensate) ~> undo_a:user
          }
          r -> b:user -> y:end(cancel)
          h:esub {
            i:start(beside message more) -> c:user -> j:end
            on_c:on(c, compensate) ~> undo_c:user
          }
        }
        p -> e:end
        q:on(p, cancel) -> d:user -> f:end
        """,
        """
        start: s x k | a (i)
        message more: i | a c (i)
        message more: i | a c c (i)
        c: c j h | a c (i)
        a: a l r | b c (i)
        b: b on_a | undo_a
        undo_a: undo_a on_c | undo_c
        undo_c: undo_c y q | d
        d: d f | end
        """,
    ),
    story(
        "compensation × transaction, completed",
        """
        s:start -> p:tx {
          x:start -> a:user -> g:xor -[bad]-> y:end(cancel)
          g -*-> z:end
          on_a:on(a, compensate) ~> undo_a:user
        }
        p -> t:throw(compensate p) -> e:end
        q:on(p, cancel) -> b:user -> f:end
        """,
        """
        start: s x | a
        a bad=false: a g z p on_a | undo_a
        undo_a: undo_a t e | end
        """,
    ),
    story(
        "compensation × transaction, an error leaves it",
        """
        s:start -> p:tx {
          x:start -> a:user -> y:end(error bad)
          on_a:on(a, compensate) ~> undo_a:user
        }
        p -> e:end
        q:on(p, error bad) -> t:throw(compensate) -> b:user -> f:end
        """,
        """
        start: s x | a
        a: a y q t | b
        b: b f | end
        """,
    ),
    story(
        "compensation × call, by a handler of the call",
        """
        s:start -> k:call(inner) -> t:throw(compensate) -> e:end
        on_k:on(k, compensate) ~> undo_k:user
        inner:process {
          x:start -> a:user -> y:end
          on_a:on(a, compensate) ~> undo_a:user
        }
        """,
        """
        start: s x | a
        a: a y k on_k | undo_k
        undo_k: undo_k t e | end
        """,
    ),
    story(
        "compensation × call, within the called procedure",
        """
        s:start -> b:user -> m:xor -> k:call(inner) -> g:xor -[again]-> m
        g -*-> t:throw(compensate) -> e:end
        on_b:on(b, compensate) ~> undo_b:user
        inner:process {
          x:start -> a:user -> u:throw(compensate) -> y:end
          on_a:on(a, compensate) ~> undo_a:user
        }
        """,
        """
        start: s | b
        b: b m x | a
        a: a on_a | undo_a
        undo_a again=true: undo_a u y k g m x | a
        a: a on_a | undo_a
        undo_a again=false: undo_a u y k g on_b | undo_b
        undo_b: undo_b t e | end
        """,
    ),
]


@pytest.mark.parametrize(("drawing", "told", "more"), STORIES)
def test_it_is_undone_as_it_is_drawn(drawing: str, told: str, more: dict[str, Any]) -> None:
    case = tell(drawing, told, **more)
    assert json.loads(case.snapshot.state)["completions"] == {"done": [], "thrown": {}}


ONE = "s:start -> a:user -> t:throw(compensate) -> e:end"
UNDONE = ONE + "\non_a:on(a, compensate) ~> undo_a:user"
SUB = "s:start -> p:sub {\n  x:start -> a:user -> y:end\n%s\n}\np -> t:throw(compensate p) -> e:end"


@pytest.mark.parametrize(
    ("drawing", "code", "element"),
    [
        pytest.param(ONE + "\nc:on(a, compensate)", "compensation-handler", "c", id="no handler"),
        pytest.param(
            UNDONE.replace("undo_a:", "undo_b:user\non_a ~> undo_a:"),
            "compensation-handler",
            "on_a",
            id="two handlers",
        ),
        pytest.param(
            UNDONE.replace("~>", "->"), "compensation-flow", "f4_on_a_undo_a", id="a flow to a handler"
        ),
        pytest.param(UNDONE + " -> e", "compensation-flow", "f5_undo_a_e", id="a flow from a handler"),
        pytest.param(
            UNDONE + '\nl:on(undo_a, timer "PT1H") -> e', "compensation-flow", "l", id="an event on a handler"
        ),
        pytest.param(
            UNDONE + "\non_a2:on(a, compensate) ~> undo_2:user",
            "compensation-several",
            "a",
            id="an activity that two handlers undo",
        ),
        pytest.param(
            SUB % "h:esub {\n i:start(compensate) -> j:end\n}" + "\non_p:on(p, compensate) ~> u:user",
            "compensation-several",
            "p",
            id="a sub-process with both kinds of handler",
        ),
        pytest.param(
            UNDONE + "\nh:esub {\n i:start(compensate) -> j:end\n}",
            "compensation-place",
            "i",
            id="a compensation event sub-process of a process",
        ),
        pytest.param(
            UNDONE.replace("undo_a:user", "undo_a:sub {\n x:start -> y:end\n h:esub {")
            + "\n i:start(compensate) -> j:end\n }\n}",
            "compensation-place",
            "i",
            id="a compensation event sub-process in a handler",
        ),
        pytest.param(
            "s:start(compensate) -> e:end", "compensation-place", "s", id="a process that compensation begins"
        ),
        pytest.param(
            "s:start -> t:catch(compensate) -> e:end",
            "compensation-place",
            "t",
            id="compensation that is waited for",
        ),
        pytest.param(
            UNDONE.replace("(compensate)", "(compensate ghost)"),
            "compensation-target",
            "t",
            id="an activity that is not there",
        ),
        pytest.param(
            UNDONE.replace("(compensate)", "(compensate s)"), "compensation-target", "t", id="no activity"
        ),
        pytest.param(
            UNDONE.replace("a:user ->", "a:user -> b:user ->").replace("(compensate)", "(compensate b)"),
            "compensation-target",
            "t",
            id="an activity that nothing undoes",
        ),
        pytest.param(
            (SUB % "on_a:on(a, compensate) ~> undo_a:user").replace("compensate p", "compensate a"),
            "compensation-target",
            "t",
            id="an activity out of reach",
        ),
        pytest.param(
            "s:start -> k:call(inner) -> t:throw(compensate k) -> e:end\n"
            "inner:process {\n  x:start -> a:user -> y:end\n  on_a:on(a, compensate) ~> undo_a:user\n}",
            "compensation-target",
            "t",
            id="a called procedure without a handler",
        ),
        pytest.param(SUB % "", "compensation-target", "t", id="a sub-process with nothing to undo"),
    ],
)
def test_it_is_refused_by_name(drawing: str, code: str, element: str) -> None:
    found = lint(Drawing(drawing).xml(), called=frozenset())
    assert (code, element) in [(f.code, f.element) for f in found if f.severity == "error"]


def test_a_handler_that_nothing_leads_to_is_refused() -> None:
    drawing = Drawing(UNDONE).xml().replace(b'sourceRef="on_a"', b'sourceRef="s"')
    assert errors(drawing) == ["compensation-handler", "compensation-unattached"]


def test_a_throw_with_nothing_to_undo_around_it_is_doubted() -> None:
    found = {f.code: f.severity for f in lint(Drawing(ONE).xml(), called=frozenset())}
    assert found["compensation-nothing"] == "warning"


@pytest.mark.parametrize(("drawing", "told", "more"), STORIES[::9])
def test_a_repair_leaves_it_alone(drawing: str, told: str, more: dict[str, Any]) -> None:
    content = tidy(Drawing(drawing, **{k: v for k, v in more.items() if isinstance(v, str)}).xml())
    mended = repair(content)
    assert [one for one in mended.applied if one.code.startswith("compensation")] == []


@pytest.mark.parametrize(
    ("drawing", "codes"),
    [
        pytest.param(UNDONE.replace("~>", "->"), {"compensation-flow", "compensation-handler"}, id="a flow"),
        pytest.param(ONE + "\nc:on(a, compensate)", {"compensation-handler"}, id="no handler"),
        pytest.param(UNDONE + " -> e", {"compensation-flow"}, id="a flow from a handler"),
        pytest.param(
            UNDONE + "\non_a2:on(a, compensate) ~> undo_2:user",
            {"compensation-handler", "compensation-unattached"},
            id="two handlers",
        ),
        pytest.param(
            UNDONE.replace("(compensate)", "(compensate s)"), {"compensation-target"}, id="no activity"
        ),
        pytest.param(
            UNDONE + "\nh:esub {\n i:start(compensate) -> j:end\n}",
            {"event-subprocess-start"},
            id="a compensation event sub-process of a process",
        ),
    ],
)
def test_what_is_refused_is_repaired(drawing: str, codes: set[str]) -> None:
    mended = repair(Drawing(drawing).xml())
    assert mended.deployable
    assert codes <= {one.code for one in mended.applied}


def test_a_tidied_handler_stands_below_what_it_undoes() -> None:
    drawn = tidy(Drawing(UNDONE).xml())
    assert measure(drawn).is_clean
    assert measure(drawn).crossings == ()
    root = Drawing(SUB % "on_a:on(a, compensate) ~> undo_a:user").xml()
    assert measure(tidy(root)).is_clean


def test_the_trace_speaks_of_what_is_drawn() -> None:
    told = dry_run(Drawing(UNDONE).xml(), {}, 100)
    assert [(step["element"], step["event"]) for step in told["trace"]] == [
        ("s", "entered"),
        ("s", "completed"),
        ("a", "entered"),
        ("a", "completed"),
        ("t", "entered"),
        ("on_a", "entered"),
        ("on_a", "completed"),
        ("undo_a", "entered"),
        ("undo_a", "completed"),
        ("t", "completed"),
        ("e", "entered"),
        ("e", "completed"),
    ]


def test_an_association_may_be_drawn_beside_its_process() -> None:
    within = Drawing(UNDONE).xml().decode()
    at = within.index("<bpmn:association")
    line = within[at : within.index("</bpmn:process>")]
    content = within.replace(line, "").replace(
        "<bpmn:process", f'<bpmn:collaboration id="all">{line}</bpmn:collaboration><bpmn:process', 1
    )
    assert errors(content.encode()) == []
    case = Case(content.encode())
    case.start()
    assert case.do("a") == ["a", "on_a"]


def test_three_hundred_rounds_are_undone_one_by_one() -> None:
    case = Case(
        Drawing(
            """
            s:start -> m:xor -> p:sub {
              x:start -> a:user -> y:end
              on_a:on(a, compensate) ~> undo_a:user
            }
            p -> g:xor -[again]-> m
            g -*-> t:throw(compensate) -> e:end
            """
        ).xml()
    )
    case.start()
    first = len(case.snapshot.state)
    for _ in range(299):
        case.do("a again=true")
    case.do("a again=false")
    for _ in range(299):
        assert case.do("undo_a") == ["undo_a", "on_a"]
    assert len(case.snapshot.state) < first + 5_000
    assert case.do("undo_a") == ["undo_a", "t", "e"]
    assert case.state == "end"


def test_what_can_be_undone_counts_as_data() -> None:
    drawing = Drawing(UNDONE, a=loop("True")).xml()
    case = Case(drawing)
    case.start()
    for _ in range(20):
        case.do("a")
    case.bounds = Bounds(data=1_000)
    with pytest.raises(BoundReached) as reached:
        case.do("a")
    assert (reached.value.facts["bound"], reached.value.facts["element"]) == ("data", "a")


def test_nothing_is_kept_of_a_handler_that_was_interrupted() -> None:
    drawing = """
    s:start -> p:sub {
      x:start -> a:user -> t:throw(compensate) -> y:end
      on_a:on(a, compensate) ~> undo_a:user
    }
    p -> e:end
    l:on(p, timer "PT1H") -> b:user -> f:end
    """
    case = Case(Drawing(drawing, a=many(over="people", item="person")).xml(), {"people": ["secret"]})
    case.start()
    case.do("a")
    assert case.snapshot.open_tasks[0].data == {"person": "secret", "loopCounter": 1}
    case.do("timer")
    assert case.state == "b"
    assert "secret" not in case.snapshot.state


def test_a_handler_is_a_task_like_any_other() -> None:
    lanes = (
        '<bpmn:laneSet id="lanes"><bpmn:lane id="lane" name="Finance">'
        "<bpmn:flowNodeRef>undo_a</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>"
    )
    content = Drawing(UNDONE).xml().decode().replace('isExecutable="true">', f'isExecutable="true">{lanes}')
    case = Case(content.encode())
    case.start()
    case.do("a")
    task = case.snapshot.open_tasks[0]
    assert (task.node, task.name, task.role, task.process, task.visit) == (
        *("undo_a", "undo_a", "Finance", "main"),
        1,
    )
    assert [seen.node for seen in case.snapshot.visited if seen.event == "entered"] == ["undo_a"]
