"""Flow as BPMN 2.0 says: gateways, events, and the pairs that meet in practice, each as a tiny story.

Every story runs on a case that is saved and restored between any two of its steps.
"""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import RuntimeFailed
from engine.runtime.linting import lint
from engine.runtime.repairing import Beside, repair
from tests.conformance.telling import Case, errors, story, tell
from tests.drawing import Drawing, many

TWO_HOURS = (
    '<bpmn:timerEventDefinition><bpmn:timeDuration>"PT2H"</bpmn:timeDuration></bpmn:timerEventDefinition>'
)


def script_around(which: str, text: str) -> str:
    """A script that is run before (``preScript``) or after (``postScript``) a node."""
    return (
        f"<bpmn:extensionElements><spiffworkflow:{which}>{text}</spiffworkflow:{which}>"
        "</bpmn:extensionElements>"
    )


STORIES = [
    story(
        "exclusive gateway",
        """
        s:start -> g:xor -[n > 3]-> a:user -> m:xor -> e:end
        g -*-> b:user -> m
        """,
        """
        start: s g | a
        a: a m e | end
        """,
        data={"n": 5},
    ),
    story(
        "exclusive gateway, default",
        """
        s:start -> g:xor -[n > 3]-> a:user -> m:xor -> e:end
        g -*-> b:user -> m
        """,
        """
        start: s g | b
        b: b m e | end
        """,
        data={"n": 1},
    ),
    story(
        "parallel gateway",
        """
        s:start -> g:and -> a:user -> j:and -> e:end
        g -> b:user -> j
        """,
        """
        start: s g | a b
        b: b | a
        a: a j e | end
        """,
    ),
    story(
        "inclusive gateway",
        """
        s:start -> g:or -[n > 1]-> a:user -> j:or -> e:end
        g -[n > 2]-> b:user -> j
        g -*-> c:user -> j
        """,
        """
        start: s g | a b
        b: b | a
        a: a j e | end
        """,
        data={"n": 3},
    ),
    story(
        "inclusive gateway, one way",
        """
        s:start -> g:or -[n > 1]-> a:user -> j:or -> e:end
        g -[n > 2]-> b:user -> j
        g -*-> c:user -> j
        """,
        """
        start: s g | c
        c: c j e | end
        """,
        data={"n": 0},
    ),
    story(
        "implicit split",
        """
        s:start -> a:user -> b:user -> e:end
        a -> c:user -> e
        """,
        """
        start: s | a
        a: a | b c
        c: c e | b
        b: b e | end
        """,
    ),
    story(
        "implicit merge",
        """
        s:start -> a:user -> b:user -> c:user -> e:end
        a -> c
        """,
        """
        start: s | a
        a: a | b c
        c: c e | b
        b: b | c
        c: c e | end
        """,
    ),
    story(
        "conditional split",
        """
        s:start -> a:user -[n > 1]-> b:user -> e:end
        a -[n > 2]-> c:user -> e
        a -*-> d:user -> e
        """,
        """
        start: s | a
        a n=3: a | b c
        c: c e | b
        b: b e | end
        """,
    ),
    story(
        "conditional split, default",
        """
        s:start -> a:user -[n > 1]-> b:user -> e:end
        a -[n > 2]-> c:user -> e
        a -*-> d:user -> e
        """,
        """
        start: s | a
        a n=0: a | d
        d: d e | end
        """,
    ),
    story(
        "event-based gateway",
        """
        s:start -> g:event -> m:catch(message paid) -> a:user -> e:end
        g -> t:catch(timer "P3D") -> b:user -> f:end
        """,
        """
        start: s | (m) (t)
        message paid sum=3: g m | a
        a: a e | end
        """,
    ),
    story(
        "event-based gateway × timer",
        """
        s:start -> g:event -> m:catch(message paid) -> a:user -> e:end
        g -> t:catch(timer "P3D") -> b:user -> f:end
        """,
        """
        start: s | (m) (t)
        timer: g t | b
        b: b f | end
        """,
    ),
    story(
        "event-based gateway × several timers",
        """
        s:start -> g:event -> t:catch(timer "P3D") -> e:end
        g -> u:catch(timer "P1D") -> f:end
        g -> v:catch(timer "P2D") -> h:end
        """,
        """
        start: s | (t) (u) (v)
        timer: g u f | end
        """,
    ),
    story(
        "event-based gateway × receive task",
        """
        s:start -> g:event -> m:receive("answer") -> e:end
        g -> t:catch(timer "P3D") -> f:end
        """,
        """
        start: s | (m) (t)
        message answer: g m e | end
        """,
    ),
    story(
        "event-based gateway × signal",
        """
        s:start -> g:event -> m:catch(signal closing) -> e:end
        g -> t:catch(timer "P3D") -> f:end
        """,
        """
        start: s | (m) (t)
        signal closing: g m e | end
        """,
    ),
    story(
        "event-based gateway × condition",
        """
        s:start -> p:and -> a:user -> x:end
        p -> g:event -> c:catch(if n > 3) -> e:end
        g -> t:catch(timer "P3D") -> f:end
        """,
        """
        start: s p | a (t)
        a n=5: a x g c e | end
        """,
        data={"n": 0},
    ),
    story(
        "event-based gateway × loop",
        """
        s:start -> x:xor -> g:event -> m:catch(message more) -> a:user -> x
        g -> t:catch(timer "P3D") -> e:end
        """,
        """
        start: s x | (m) (t)
        message more: g m | a
        a: a x | (m) (t)
        message more: g m | a
        a: a x | (m) (t)
        timer: g t e | end
        """,
    ),
    story(
        "message start",
        """
        s:start -> a:user -> e:end
        r:start(message order) -> a
        """,
        """
        start: r | a
        a: a e | end
        """,
        start="r",
    ),
    story(
        "timer start",
        """
        s:start -> a:user -> e:end
        t:start(timer every_month("last working day", at="15:00")) -> a
        """,
        """
        start: t | a
        a: a e | end
        """,
        start="t",
    ),
    story(
        "timer start, begun by a person beside it",
        """
        s:start -> a:user -> e:end
        t:start(timer every_day(at="15:00")) -> a
        """,
        """
        start: s | a
        a: a e | end
        """,
    ),
    story(
        "timer start × call",
        """
        s:start -> c:call(inner) -> e:end
        inner:process {
          x:start -> a:user -> y:end
          t:start(timer every_day(at="15:00")) -> b:user -> y
        }
        """,
        """
        start: s x | a
        a: a y c e | end
        """,
    ),
    story(
        "signal start",
        """
        s:start -> a:user -> e:end
        r:start(signal closing) -> b:user -> f:end
        """,
        """
        start: r | b
        b: b f | end
        """,
        start="r",
    ),
    story(
        "no start and no end event",
        """
        a:user -> b:user
        """,
        """
        start: | a
        a: a | b
        b: b | end
        """,
    ),
    story(
        "timer event",
        """
        s:start -> t:catch(timer "PT2H") -> e:end
        """,
        """
        start: s | (t)
        timer: t e | end
        """,
    ),
    story(
        "message event",
        """
        s:start -> m:catch(message paid) -> a:user -> e:end
        """,
        """
        start: s | (m)
        message paid sum=3: m | a
        a: a e | end
        """,
    ),
    story(
        "signal event",
        """
        s:start -> m:catch(signal closing) -> e:end
        """,
        """
        start: s | (m)
        signal closing: m e | end
        """,
    ),
    story(
        "conditional event",
        """
        s:start -> p:and -> a:user -> b:user -> e:end
        p -> c:catch(if n > 3) -> f:end
        """,
        """
        start: s p | a
        a n=5: a c f | b
        b: b e | end
        """,
        data={"n": 0},
    ),
    story(
        "link event",
        """
        s:start -> a:user -> l:throw(link over)
        k:catch(link over) -> b:user -> e:end
        """,
        """
        start: s | a
        a: a l k | b
        b: b e | end
        """,
    ),
    story(
        "link event, several throws",
        """
        s:start -> g:xor -[n > 1]-> l:throw(link over)
        g -*-> m:throw(link over)
        k:catch(link over) -> b:user -> e:end
        """,
        """
        start: s g m k | b
        b: b e | end
        """,
        data={"n": 1},
    ),
    story(
        "link event × loop",
        """
        s:start -> k:throw -> a:user -> g:xor -[n > 1]-> l:throw(link back)
        b:catch(link back) -> a
        g -*-> e:end
        """,
        """
        start: s k | a
        a n=2: a g l b | a
        a n=3: a g l b | a
        a n=0: a g e | end
        """,
    ),
    story(
        "none throw event",
        """
        s:start -> t:throw -> e:end
        """,
        """
        start: s t e | end
        """,
    ),
    story(
        "message throw and end event",
        """
        s:start -> t:throw(message sent) -> e:end(message over)
        """,
        """
        start: s t e !sent !over | end
        """,
    ),
    story(
        "signal throw and end event",
        """
        s:start -> t:throw(signal closing) -> e:end(signal over)
        """,
        """
        start: s t e !closing !over | end
        """,
    ),
    story(
        "signal thrown to its own case",
        """
        s:start -> p:and -> a:user -> t:throw(signal closing) -> e:end
        p -> c:catch(signal closing) -> f:end
        """,
        """
        start: s p | a (c)
        a: a t e c f !closing | end
        """,
    ),
    story(
        "error end event",
        """
        s:start -> p:sub {
          x:start -> a:user -> g:xor -[n > 1]-> r:end(error refused)
          g -*-> y:end
        }
        p -> b:user -> e:end
        q:on(p, error refused) -> c:user -> f:end
        """,
        """
        start: s x | a
        a n=2: a g r q | c
        c: c f | end
        """,
    ),
    story(
        "error end event, not thrown",
        """
        s:start -> p:sub {
          x:start -> a:user -> g:xor -[n > 1]-> r:end(error refused)
          g -*-> y:end
        }
        p -> b:user -> e:end
        q:on(p, error refused) -> c:user -> f:end
        """,
        """
        start: s x | a
        a n=1: a g y p | b
        b: b e | end
        """,
    ),
    story(
        "error end event at the top",
        """
        s:start -> p:and -> a:user -> r:end(error refused)
        p -> b:user -> e:end
        """,
        """
        start: s p | a b
        a: a r | end
        """,
    ),
    story(
        "error × called procedure",
        """
        s:start -> c:call(inner) -> e:end
        q:on(c, error refused) -> b:user -> f:end
        inner:process {
          x:start -> a:user -> r:end(error refused)
        }
        """,
        """
        start: s x | a
        a: a r q | b
        b: b f | end
        """,
    ),
    story(
        "error × parallel branch in the sub-process",
        """
        s:start -> p:sub {
          x:start -> w:and -> a:user -> r:end(error refused)
          w -> z:user -> y:end
        }
        p -> e:end
        q:on(p, error refused) -> c:user -> f:end
        """,
        """
        start: s x w | a z
        a: a r q | c
        c: c f | end
        """,
    ),
    story(
        "error × any error",
        """
        s:start -> p:sub {
          x:start -> a:user -> r:end(error refused)
        }
        p -> e:end
        q:on(p, error) -> c:user -> f:end
        """,
        """
        start: s x | a
        a: a r q | c
        c: c f | end
        """,
    ),
    story(
        "error × sub-processes within one another",
        """
        s:start -> p:sub {
          x:start -> i:sub {
            u:start -> a:user -> r:end(error refused)
          }
          i -> y:end
        }
        p -> e:end
        q:on(p, error refused) -> c:user -> f:end
        """,
        """
        start: s x u | a
        a: a r q | c
        c: c f | end
        """,
    ),
    story(
        "terminate end event",
        """
        s:start -> p:and -> a:user -> t:end(terminate)
        p -> b:user -> e:end
        """,
        """
        start: s p | a b
        a: a t | end
        """,
    ),
    story(
        "terminate × sub-process",
        """
        s:start -> p:sub {
          x:start -> w:and -> a:user -> t:end(terminate)
          w -> b:user -> y:end
        }
        p -> c:user -> e:end
        """,
        """
        start: s x w | a b
        a: a t p | c
        c: c e | end
        """,
    ),
    story(
        "escalation × sub-process, interrupting",
        """
        s:start -> p:sub {
          x:start -> a:user -> r:throw(escalation late) -> b:user -> y:end
        }
        p -> e:end
        q:on(p, escalation late) -> c:user -> f:end
        """,
        """
        start: s x | a
        a: a r q | c
        c: c f | end
        """,
    ),
    story(
        "escalation × sub-process, beside",
        """
        s:start -> p:sub {
          x:start -> a:user -> r:throw(escalation late) -> b:user -> y:end
        }
        p -> e:end
        q:beside(p, escalation late) -> c:user -> f:end
        """,
        """
        start: s x | a
        a: a r q | b c
        c: c f | b
        b: b y p e | end
        """,
    ),
    story(
        "escalation × sub-process, its branch outlives it",
        """
        s:start -> p:sub {
          x:start -> a:user -> r:throw(escalation late) -> b:user -> y:end
        }
        p -> e:end
        q:beside(p, escalation late) -> c:user -> f:end
        """,
        """
        start: s x | a
        a: a r q | b c
        b: b y p e | c
        c: c f | end
        """,
    ),
    story(
        "escalation × sub-process × loop",
        """
        s:start -> p:sub {
          x:start -> m:xor -> a:user -> r:throw(escalation late) -> g:xor -[again]-> m
          g -*-> y:end
        }
        p -> e:end
        q:beside(p, escalation late) -> c:user -> f:end
        """,
        """
        start: s x m | a
        a again=true: a r g m q | a c
        a again=false: a r g y p q e | c c
        c: c f | c
        c: c f | end
        """,
    ),
    story(
        "escalation end event",
        """
        s:start -> p:sub {
          x:start -> a:user -> r:end(escalation late)
        }
        p -> b:user -> e:end
        q:beside(p, escalation late) -> c:user -> f:end
        """,
        """
        start: s x | a
        a: a r p q | b c
        c: c f | b
        b: b e | end
        """,
    ),
    story(
        "escalation that nobody catches",
        """
        s:start -> t:throw(escalation late) -> a:user -> e:end
        """,
        """
        start: s t | a
        a: a e | end
        """,
    ),
    story(
        "boundary timer, interrupting",
        """
        s:start -> a:user -> e:end
        t:on(a, timer "PT2H") -> b:user -> f:end
        """,
        """
        start: s | a (t)
        timer: t | b
        b: b f | end
        """,
    ),
    story(
        "boundary timer, interrupting, in time",
        """
        s:start -> a:user -> e:end
        t:on(a, timer "PT2H") -> b:user -> f:end
        """,
        """
        start: s | a (t)
        a: a e | end
        """,
    ),
    story(
        "boundary timer, beside",
        """
        s:start -> a:user -> e:end
        t:beside(a, timer "PT2H") -> b:user -> f:end
        """,
        """
        start: s | a (t)
        timer: t | a b
        a: a e | b
        b: b f | end
        """,
    ),
    story(
        "boundary timer, repeating",
        """
        s:start -> a:user -> e:end
        t:beside(a, timer "R2/PT2H") -> b:user -> f:end
        """,
        """
        start: s | a (t)
        timer: t | a b (t)
        b: b f | a (t)
        timer: t | a b
        a: a e | b
        b: b f | end
        """,
    ),
    story(
        "boundary message, beside, repeatedly",
        """
        s:start -> a:user -> e:end
        t:beside(a, message hurry) -> b:user -> f:end
        """,
        """
        start: s | a (t)
        message hurry: t | a b (t)
        message hurry: t | a b b (t)
        b: b f | a b (t)
        a: a e | b
        b: b f | end
        """,
    ),
    story(
        "catch event, several definitions",
        """
        s:start -> c:catch(message go) -> a:user -> e:end
        c -> b:user -> f:end
        """,
        """
        start: s | (c) (c)
        timer: c | a b
        a: a e | b
        b: b f | end
        """,
        c=TWO_HOURS,
    ),
    story(
        "boundary event, several definitions",
        """
        s:start -> a:user -> e:end
        t:on(a, message stop) -> b:user -> f:end
        """,
        """
        start: s | a (t) (t)
        timer: t | b
        b: b f | end
        """,
        t=TWO_HOURS,
    ),
    story(
        "boundary event, several definitions, beside",
        """
        s:start -> a:user -> e:end
        t:beside(a, message hurry) -> b:user -> f:end
        """,
        """
        start: s | a (t) (t)
        message hurry: t | a b (t) (t)
        timer: t | a b b (t)
        a: a e | b b
        b: b f | b
        b: b f | end
        """,
        t=TWO_HOURS,
    ),
    story(
        "throw and end event, several definitions",
        """
        s:start -> p:and -> a:user -> t:throw(message first) -> m:end(terminate)
        p -> b:user -> e:end
        """,
        """
        start: s p | a b
        a: a t m !first !first !first | end
        """,
        t='<bpmn:messageEventDefinition messageRef="message_0"/>',
        m='<bpmn:messageEventDefinition messageRef="message_0"/>',
    ),
    story(
        "scripts before and after",
        """
        s:start -> a:throw -> b:user -> e:end
        """,
        """
        start: s a | b
        b: b e | end
        """,
        data={"n": 1},
        written={"n": 13},
        s=script_around("postScript", "n = n + 4"),
        a=script_around("preScript", "n = n * 2 + 1"),
        e=script_around("postScript", "n = n + 2"),
    ),
    story(
        "boundary message, interrupting",
        """
        s:start -> a:user -> e:end
        t:on(a, message stop) -> b:user -> f:end
        """,
        """
        start: s | a (t)
        message stop why=1: t | b
        b: b f | end
        """,
    ),
    story(
        "boundary signal",
        """
        s:start -> a:user -> e:end
        t:on(a, signal closing) -> b:user -> f:end
        """,
        """
        start: s | a (t)
        signal closing: t | b
        b: b f | end
        """,
    ),
    story(
        "boundary signal, beside",
        """
        s:start -> a:user -> e:end
        t:beside(a, signal closing) -> b:user -> f:end
        """,
        """
        start: s | a (t)
        signal closing: t | a b (t)
        signal closing: t | a b b (t)
        b: b f | a b (t)
        b: b f | a (t)
        a: a e | end
        """,
    ),
    story(
        "boundary condition",
        """
        s:start -> p:and -> a:user -> e:end
        p -> b:user -> f:end
        t:on(a, if n > 3) -> c:user -> h:end
        """,
        """
        start: s p | a b
        b n=5: b t f | c
        c: c h | end
        """,
        data={"n": 0},
    ),
    story(
        "boundary condition, beside",
        """
        s:start -> p:and -> a:user -> e:end
        p -> m:xor -> b:user -> x:xor -[n >= 0]-> m
        x -*-> f:end
        t:beside(a, if n > 3) -> h:end
        """,
        """
        start: s p m | a b
        b n=5: b t x h m | a b
        b n=6: b x m | a b
        b n=1: b x m | a b
        b n=7: b t x h m | a b
        b n=-1: b x f | a
        a: a e | end
        """,
        data={"n": 0},
    ),
    story(
        "boundary × loop",
        """
        s:start -> m:xor -> a:user -> e:end
        t:on(a, timer "PT2H") -> b:user -> m
        """,
        """
        start: s m | a (t)
        timer: t | b
        b: b m | a (t)
        timer: t | b
        b: b m | a (t)
        a: a e | end
        """,
    ),
    story(
        "boundary × sub-process",
        """
        s:start -> p:sub {
          x:start -> w:and -> a:user -> y:end
          w -> b:user -> z:end
        }
        p -> e:end
        t:on(p, timer "PT2H") -> c:user -> f:end
        """,
        """
        start: s x w | a b (t)
        b: b z | a (t)
        timer: t | c
        c: c f | end
        """,
    ),
    story(
        "boundary × call",
        """
        s:start -> c:call(inner) -> e:end
        t:on(c, timer "PT2H") -> b:user -> f:end
        inner:process {
          x:start -> a:user -> y:end
        }
        """,
        """
        start: s x | a (t)
        timer: t | b
        b: b f | end
        """,
    ),
    story(
        "boundary × boundary",
        """
        s:start -> a:user -> e:end
        r:beside(a, timer "PT1H") -> b:user -> f:end
        t:on(a, timer "PT2H") -> c:user -> h:end
        """,
        """
        start: s | a (r) (t)
        timer: r | a b (t)
        timer: t | b c
        b: b f | c
        c: c h | end
        """,
    ),
    story(
        "boundary × merge before join",
        """
        s:start -> g:and -> a:user -> m:xor -> j:and -> e:end
        g -> b:user -> j
        t:on(a, timer "PT2H") -> c:user -> m
        """,
        """
        start: s g | a b (t)
        timer: t | b c
        b: b | c
        c: c m j e | end
        """,
    ),
    story(
        "join × loop",
        """
        s:start -> m:xor -> g:and -> a:user -> j:and -> x:xor -[again]-> m
        g -> b:user -> j
        x -*-> e:end
        """,
        """
        start: s m g | a b
        a: a | b
        b again=true: b j x m g | a b
        b: b | a
        a again=true: a j x m g | a b
        a: a | b
        b again=false: b j x e | end
        """,
    ),
    story(
        "inclusive join × loop",
        """
        s:start -> m:xor -> g:or -[n > 0]-> a:user -> j:or -> x:xor -[again]-> m
        g -[n > 1]-> b:user -> j
        g -*-> c:user -> j
        x -*-> e:end
        """,
        """
        start: s m g | a b
        b: b | a
        a n=1 again=true: a j x m g | a
        a n=0 again=true: a j x m g | c
        c n=2: c j x m g | a b
        a: a | b
        b again=false: b j x e | end
        """,
        data={"n": 2},
    ),
    story(
        "loop out of one branch into itself × join",
        """
        s:start -> g:and -> m:xor -> a:user -> x:xor -[again]-> m
        x -*-> j:and -> e:end
        g -> b:user -> j
        """,
        """
        start: s g m | a b
        a again=true: a x m | a b
        b: b | a
        a again=true: a x m | a
        a again=false: a x j e | end
        """,
    ),
    story(
        "inclusive join × loop in a branch",
        """
        s:start -> g:or -[True]-> m:xor -> a:user -> x:xor -[again]-> m
        x -*-> j:or -> e:end
        g -[True]-> b:user -> j
        g -*-> c:user -> j
        """,
        """
        start: s g m | a b
        a again=true: a x m | a b
        b: b | a
        a again=true: a x m | a
        a again=false: a x j e | end
        """,
    ),
    story(
        "nested parallel",
        """
        s:start -> g:and -> a:user -> j:and -> e:end
        g -> h:and -> b:user -> k:and -> j
        h -> c:user -> k
        """,
        """
        start: s g h | a b c
        a: a | b c
        b: b | c
        c: c k j e | end
        """,
    ),
    story(
        "sub-process × loop",
        """
        s:start -> m:xor -> p:sub {
          x:start -> a:user -> y:end
        }
        p -> g:xor -[again]-> m
        g -*-> e:end
        """,
        """
        start: s m x | a
        a again=true: a y p g m x | a
        a again=true: a y p g m x | a
        a again=false: a y p g e | end
        """,
    ),
    story(
        "call × loop",
        """
        s:start -> m:xor -> c:call(inner) -> g:xor -[again]-> m
        g -*-> e:end
        inner:process {
          x:start -> a:user -> y:end
        }
        """,
        """
        start: s m x | a
        a again=true: a y c g m x | a
        a again=true: a y c g m x | a
        a again=false: a y c g e | end
        """,
    ),
    story(
        "sub-process × several ends",
        """
        s:start -> p:sub {
          x:start -> g:and -> a:user -> y:end
          g -> b:user -> z:end
        }
        p -> e:end
        """,
        """
        start: s x g | a b
        b: b z | a
        a: a y p e | end
        """,
    ),
    story(
        "sub-process without start and end",
        """
        s:start -> p:sub {
          a:user -> b:user
        }
        p -> e:end
        """,
        """
        start: s | a
        a: a | b
        b: b p e | end
        """,
    ),
    story(
        "send and receive task",
        """
        s:start -> a:send("order") -> b:receive("answer") -> c:user -> e:end
        """,
        """
        start: s a !order | (b)
        message answer n=3: b | c
        c: c e | end
        """,
    ),
    story(
        "several ends, all must end",
        """
        s:start -> a:user -> b:user -> e:end
        a -> c:user -> f:end
        """,
        """
        start: s | a
        a: a | b c
        b: b e | c
        c: c f | end
        """,
    ),
    story(
        "script task",
        """
        s:start -> a:script(n = n + 1) -> g:xor -[n > 3]-> b:user -> e:end
        g -*-> e
        """,
        """
        start: s a g | b
        b: b e | end
        """,
        data={"n": 3},
    ),
    story(
        "service task",
        """
        s:start -> a:service(mail/send into no) -> b:user -> e:end
        """,
        """
        start: s a | b
        b: b e | end
        """,
    ),
    story(
        "manual task and task",
        """
        s:start -> a:manual -> b:task -> e:end
        """,
        """
        start: s | a
        a: a | b
        b: b e | end
        """,
    ),
    story(
        "call activity",
        """
        s:start -> c:call(inner) -> b:user -> e:end
        inner:process {
          x:start -> a:user -> y:end
        }
        """,
        """
        start: s x | a
        a n=3: a y c | b
        b: b e | end
        """,
    ),
    story(
        "terminate × called procedure",
        """
        s:start -> c:call(inner) -> b:user -> e:end
        inner:process {
          x:start -> w:and -> a:user -> y:end(terminate)
          w -> z:user -> v:end
        }
        """,
        """
        start: s x w | a z
        a: a y c | b
        b: b e | end
        """,
    ),
    story(
        "terminate × boundary branch",
        """
        s:start -> a:user -> e:end(terminate)
        t:beside(a, timer "PT1H") -> b:user -> f:end
        """,
        """
        start: s | a (t)
        timer: t | a b
        a: a e | end
        """,
    ),
    story(
        "an interruption acts before what it interrupts goes on",
        """
        s:start -> p:sub {
          x:start -> i:sub {
            u:start -> a:user -> r:end(error refused)
          }
          i -> w:script(n = 1) -> y:end
        }
        p -> e:end
        q:on(p, error refused) -> c:user -> f:end
        """,
        """
        start: s x u | a
        a: a r q | c
        c: c f | end
        """,
    ),
    story(
        "signal × an activity and a sub-process both interrupted",
        """
        s:start -> p:sub {
          x:start -> a:user -> y:end
          i:on(a, signal closing) -> w:script(n = 1) -> z:end
        }
        p -> e:end
        q:on(p, signal closing) -> c:user -> f:end
        """,
        """
        start: s x | a (i) (q)
        signal closing: q | c
        c: c f | end
        """,
    ),
    story(
        "escalation × called procedure",
        """
        s:start -> k:call(inner) -> e:end
        q:beside(k, escalation late) -> c:user -> f:end
        inner:process {
          x:start -> a:user -> r:throw(escalation late) -> b:user -> y:end
        }
        """,
        """
        start: s x | a
        a: a r q | b c
        b: b y k e | c
        c: c f | end
        """,
    ),
    story(
        "error × boundary of the same activity",
        """
        s:start -> p:sub {
          x:start -> a:user -> g:xor -[n > 1]-> r:end(error one)
          g -*-> y:end(error two)
        }
        p -> e:end
        q:on(p, error one) -> b:user -> f:end
        t:on(p, error two) -> c:user -> h:end
        """,
        """
        start: s x | a
        a n=0: a g y t | c
        c: c h | end
        """,
    ),
    story(
        "message × two events of one case",
        """
        s:start -> p:and -> a:receive("part") -> j:and -> e:end
        p -> b:receive("part") -> j
        """,
        """
        start: s p | (a) (b)
        message part: a | (b)
        message part: b j e | end
        """,
    ),
    story(
        "timer × repeating beside a sub-process",
        """
        s:start -> p:sub {
          x:start -> a:user -> b:user -> y:end
        }
        p -> e:end
        t:beside(p, timer "R/PT1H") -> c:user -> f:end
        """,
        """
        start: s x | a (t)
        timer: t | a c (t)
        a: a | b c (t)
        timer: t | b c c (t)
        c: c f | b c (t)
        b: b y p e | c
        c: c f | end
        """,
    ),
    story(
        "repeating timer × loop",
        """
        s:start -> m:xor -> a:user -> g:xor -[again]-> m
        g -*-> e:end
        t:beside(a, timer "R/PT1H") -> c:user -> f:end
        """,
        """
        start: s m | a (t)
        timer: t | a c (t)
        a again=true: a g m | a c (t)
        timer: t | a c c (t)
        a again=false: a g e | c c
        c: c f | c
        c: c f | end
        """,
    ),
    story(
        "parallel join × more tokens than ways",
        """
        s:start -> a:user -> g:and -> j:and -> e:end
        g -> j
        """,
        """
        start: s | a
        a: a g j e | end
        """,
    ),
    story(
        "inclusive join × a way that ends before it",
        """
        s:start -> g:or -[True]-> a:user -> x:xor -[stop]-> f:end
        x -*-> j:or -> c:user -> e:end
        g -[True]-> b:user -> j
        g -*-> j
        """,
        """
        start: s g | a b
        b: b | a
        a stop=true: a x f j | c
        c: c e | end
        """,
    ),
    story(
        "inclusive join × not waited for what comes later anyway",
        """
        s:start -> a:user -> g:or -[True]-> b:user -> j:or -> c:user -> e:end
        g -[n > 3]-> d:user -> j
        g -*-> j
        """,
        """
        start: s | a
        a n=5: a g | b d
        d: d | b
        b: b j | c
        c: c e | end
        """,
    ),
    story(
        "parallel join × a second token over one way waits for the next round",
        """
        s:start -> l:xor -> g:and -> a:user -> m:xor -> j:and -> x:xor -[n > 0]-> l
        g -> b:user -> j
        x -*-> e:end
        t:beside(a, message more) -> m
        """,
        """
        start: s l g | a b (t)
        message more: t m | a b (t)
        a: a m | b
        b n=1: b j x l g | a b (t)
        b n=0: b j x e | a (t)
        """,
    ),
]


@pytest.mark.parametrize(("drawing", "told", "more"), STORIES)
def test_it_happens_as_it_is_drawn(drawing: str, told: str, more: dict[str, Any]) -> None:
    tell(drawing, told, **more)


@pytest.mark.parametrize(
    ("drawing", "code"),
    [
        pytest.param("s:start -> a:user -[n > 1]-> e:end", "flow-conditional", id="one conditional flow"),
        pytest.param(
            "s:start -[n > 1]-> a:user -> e:end\ns -> e", "flow-conditional", id="conditions after an event"
        ),
        pytest.param("s:start -> l:throw(link a)", "link-unmatched", id="a link to nowhere"),
        pytest.param(
            "s:start -> e:end\nl:catch(link a) -> f:end", "link-unmatched", id="a link from nowhere"
        ),
        pytest.param(
            "s:start -> l:throw(link a)\nk:catch(link a) -> e:end\nm:catch(link a) -> f:end",
            "link-several",
            id="a link to two places",
        ),
        pytest.param(
            "s:start(timer every_month(40, at='09:00')) -> e:end", "timer-words", id="a day that no month has"
        ),
        pytest.param("s:start(timer every_day(at=n)) -> e:end", "start-timer", id="a start that asks a case"),
        pytest.param('s:start(timer "R/PT1S") -> e:end', "start-timer", id="a start every second"),
        pytest.param("s:start(if n > 3) -> e:end", "start-kind", id="a conditional start of a process"),
        pytest.param("s:start -> g:complex -> e:end", "unsupported-complex-gateway", id="a complex gateway"),
        pytest.param(
            "s:start -> g:event -> a:user -> e:end\ng -> t:catch(message m) -> e",
            "event-gateway-target",
            id="a task after an event-based gateway",
        ),
        pytest.param(
            "s:start -> a:user -> e:end\nb:user -> c:user -> b",
            "unreachable",
            id="a ring that nothing reaches",
        ),
        pytest.param(
            "s:start -> p:adhoc {\n  a:user\n}\np -> e:end", "unsupported-adhoc", id="an ad-hoc sub-process"
        ),
    ],
)
def test_it_is_refused_by_name(drawing: str, code: str) -> None:
    assert code in errors(Drawing(drawing).xml())


ASSIGNS = (
    '<bpmn:dataInputAssociation id="i"><bpmn:targetRef>a</bpmn:targetRef>'
    "<bpmn:assignment><bpmn:from>1</bpmn:from><bpmn:to>n</bpmn:to></bpmn:assignment>"
    "</bpmn:dataInputAssociation>"
)


@pytest.mark.parametrize(
    ("drawing", "extra", "code"),
    [
        pytest.param(
            "s:start -> a:user -> e:end",
            {"a": ASSIGNS},
            "unsupported-assignment",
            id="an association that assigns",
        ),
        pytest.param(
            "s:start(message m) -> a:user -> e:end",
            {"s": "<bpmn:signalEventDefinition/>"},
            "unsupported-several-events",
            id="a start event with two definitions",
        ),
        pytest.param(
            'g:event -> a:catch(message m) -> e:end\ng -> b:catch(timer "P1D") -> e',
            {"a": TWO_HOURS},
            "unsupported-several-events",
            id="an event with two definitions behind an event-based gateway",
        ),
        pytest.param(
            "s:start -> g:xor -[n]-> e:end\ng -*-> e",
            {"g": script_around("preScript", "n = 1")},
            "script-place",
            id="a script around a gateway",
        ),
    ],
)
def test_what_stands_inside_an_element_is_refused_by_name(
    drawing: str, extra: dict[str, str], code: str
) -> None:
    assert code in errors(Drawing(drawing, **extra).xml())


@pytest.mark.parametrize("begins", ["eventBasedGateway", "receiveTask"])
def test_what_begins_a_process_without_a_start_event_is_refused(begins: str) -> None:
    drawing = Drawing('g:event -> m:receive("go") -> e:end').xml().decode()
    changed = drawing.replace(f"<bpmn:{begins} ", f'<bpmn:{begins} instantiate="true" ')
    assert "start-instantiate" in errors(changed.encode())


@pytest.mark.parametrize(
    ("drawing", "action", "at"),
    [
        pytest.param(
            """
            s:start -> g:and -> a:user -> j:and -> e:end
            g -> b:user -> x:xor -[stop]-> f:end
            x -*-> j
            """,
            "b stop=true",
            "j",
            id="a join that a token never reaches",
        ),
        pytest.param(
            """
            s:start -> a:user -> c:catch(if n > 3) -> e:end
            """,
            "a n=1",
            "c",
            id="a condition that nothing can change any more",
        ),
    ],
)
def test_what_would_wait_for_ever_fails_at_its_place(drawing: str, action: str, at: str) -> None:
    case = tell(drawing, "start: s g | a b" if at == "j" else "start: s | a")
    if at == "j":
        case.do("a")
    with pytest.raises(RuntimeFailed, match="for ever") as failed:
        case.do(action)
    assert failed.value.facts["element"] == at


DEFINITIONS = (
    '<bpmn:timerEventDefinition id="soon"><bpmn:timeDuration>"PT1H"</bpmn:timeDuration>'
    "</bpmn:timerEventDefinition>"
)


def test_events_share_a_definition() -> None:
    refers = "<bpmn:eventDefinitionRef>soon</bpmn:eventDefinitionRef>"
    drawing = Drawing("s:start -> t:catch -> a:user -> e:end\nb:on(a) -> f:end", t=refers, b=refers).xml()
    content = drawing.replace(b"<bpmn:process ", DEFINITIONS.encode() + b"<bpmn:process ", 1)
    assert errors(content) == []
    case = Case(content)
    case.start()
    assert case.do("timer t") == ["t"]
    assert case.do("timer b") == ["b", "f"]
    ghost = content.replace(b">soon<", b">late<")
    assert errors(ghost).count("reference-dangling") == 2


def test_a_data_store_is_drawn_only() -> None:
    store = '<bpmn:dataStoreReference id="ds" name="x" dataStoreRef="root"/>'
    content = Drawing("s:start -> a:user -> e:end", _process=store).xml()
    content = content.replace(b"<bpmn:process ", b'<bpmn:dataStore id="root" name="X"/><bpmn:process ', 1)
    found = lint(content, called=frozenset())
    assert [one.element for one in found if one.code == "data-store-drawn"] == ["ds"]
    assert errors(content) == []
    case = Case(content)
    case.start()
    assert case.do("a") == ["a", "e"]


@pytest.mark.parametrize(
    ("drawing", "extra", "was", "instead", "code"),
    [
        pytest.param(
            "s:start -> p:sub {\n  x:start -> y:end(error bad)\n}\np -> e:end\nb:on(p, error bad) -> f:end",
            {},
            "<bpmn:boundaryEvent ",
            '<bpmn:boundaryEvent cancelActivity="false" ',
            "event-interrupts",
            id="an error beside",
        ),
        pytest.param(
            "s:start -> a:user -> e:end",
            {},
            "<bpmn:userTask ",
            '<bpmn:userTask startQuantity="2" ',
            "unsupported-attribute",
            id="two tokens",
        ),
        pytest.param(
            "s:start -> a:user -> e:end",
            {"a": many("3")},
            "<bpmn:multiInstanceLoopCharacteristics",
            '<bpmn:multiInstanceLoopCharacteristics behavior="One"',
            "unsupported-attribute",
            id="events of instances",
        ),
        pytest.param(
            'g:event -> a:catch(message m) -> e:end\ng -> b:catch(timer "P1D") -> e',
            {},
            "<bpmn:eventBasedGateway ",
            '<bpmn:eventBasedGateway eventGatewayType="Parallel" ',
            "unsupported-attribute",
            id="all events",
        ),
        pytest.param(
            'g:event -> a:receive("m") -> e:end\ng -> b:catch(timer "P1D") -> e\nc:on(a, timer "PT1H") -> e',
            {},
            "",
            "",
            "event-gateway-receive",
            id="an event on a receive task behind an event-based gateway",
        ),
        pytest.param(
            "s:start -> c:call(q) -> e:end\nq:process {\n  x:start(message m) -> y:end\n}",
            {},
            "",
            "",
            "call-start",
            id="a call of what a message begins",
        ),
        pytest.param(
            "s:start -> a:user -> e:end",
            {"a": many("3")},
            "</bpmn:loopCardinality>",
            "</bpmn:loopCardinality><bpmn:loopDataInputRef>people</bpmn:loopDataInputRef>",
            "loop-several",
            id="a number and a list",
        ),
    ],
)
def test_what_drawings_leave_open_is_told_by_name(
    drawing: str, extra: dict[str, str], was: str, instead: str, code: str
) -> None:
    content = Drawing(drawing, **extra).xml().decode()
    assert was in content
    content = content.replace(was, instead, 1) if was else content
    assert errors(content.encode()) == [code]
    mended = repair(content.encode(), Beside(called=frozenset()))
    assert code in {one.code for one in mended.applied}
    assert errors(mended.content) == []
