"""Who would get each task of a procedure now, at each site; and where nobody would."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from engine import procedures
from engine.assigning import gather
from engine.bundles import Bundle
from engine.domain import assignment
from engine.domain.choosing import QUEUE, ROLES, Known, Rule, choose, is_rule, parse_rules
from engine.domain.choosing_words import rule_words
from engine.domain.views import Words, WouldGet
from engine.errors import BoundReached, ExpressionFailed
from engine.queries.drawing import human_steps
from engine.queries.lines import names_of, role_words
from engine.runtime.expressions import ExpressionRefused, evaluate
from engine.runtime.reading import Node
from engine.store import repository
from engine.wiring import Engine

#: People who are named one by one.
NAMED = 4


def who_today(engine: Engine, bundle: Bundle, *, sites: Sequence[str] = ()) -> tuple[WouldGet, ...]:
    """Who would get each task of a procedure now, in drawing order, at each site (or at ``sites``)."""
    with engine.database.look() as session:
        asking = _Asking(engine, session, bundle)
        return tuple(
            asking.about(node, site)
            for node in human_steps(bundle.diagram)
            if node.process == bundle.procedure
            for site in (sites or engine.organisation.sites)
        )


def would_get(engine: Engine, procedure: str) -> tuple[WouldGet, ...]:
    """The same of the version that new cases start on; raises :class:`ProcedureNotFound`."""
    with engine.database.look() as session:
        bundle = procedures.latest(engine, session, procedure).bundle
    return who_today(engine, bundle)


@dataclass
class _Asking:
    """One procedure, looked at now."""

    engine: Engine
    session: Session
    bundle: Bundle
    #: (roles, site) → role → people, asked once.
    held: dict[tuple[tuple[str, ...], str], dict[str, list[int]]] = field(default_factory=dict)

    def about(self, node: Node, site: str) -> WouldGet:
        """Who would get a task at a site."""
        lane = self.bundle.diagram.lane_of(node.id)
        found = self.engine.organisation.role_named(lane.role or lane.name) if lane else None
        lane_role = found.id if found is not None and not found.outside else None
        named = self._named(node.properties.get("candidates", ""))
        said: list[Words] = []
        empty: list[Words] = []
        if node.properties.get("assignee"):
            said.append(Words("先由流程指定的人", "first whom the procedure names"))
        roles = assignment.own_roles(self.engine.organisation, lane_role, named)
        if named is None or not roles:
            said.append(Words("岗位由案件的内容决定", "the case says which role"))
            return self._line(node, site, said, empty)
        held = self._holders(roles, site)
        people = sorted({one for role in roles for one in held.get(role, ())})
        rules = node.properties.get("assign") or (lane.assign if lane else None) or ""
        if rules and is_rule(rules):
            by_rule, decided = self._by_rules(parse_rules(rules), roles, people, site, empty)
            said += by_rule
            if decided:
                return self._line(node, site, said, empty)
        self._queue(roles, held, people, site, said, empty)
        return self._line(node, site, said, empty)

    def _by_rules(
        self, rules: Sequence[Rule], roles: Sequence[str], people: list[int], site: str, empty: list[Words]
    ) -> tuple[list[Words], bool]:
        """What the rules give now, and whether one gives somebody whatever the case is."""
        said = [
            Words(f"先按“{words.zh}”", f"first by the rule “{words.en}”")
            for words in (self._words(rule) for rule in rules if rule.source not in (ROLES, QUEUE))
        ]
        asked = [rule for rule in rules if rule.source == ROLES]
        known, names = gather(
            self.engine,
            self.session,
            asked,
            {ROLES: people},
            roles=roles,
            site=site,
            procedure=self.bundle.procedure,
            now=self.engine.now(),
            turn=roles[0],
        )
        choice = choose(asked, known)
        if people:
            for rule, why in choice.empty:
                if why in ("no-shift", "no-site"):
                    words = self._words(rule)
                    empty.append(Words(f"“{words.zh}”现在没有人", f"“{words.en}”: nobody now"))
        if choice.person is None or choice.rule is None:
            return said, False
        words = self._words(choice.rule)
        figure = _figure(choice.rule, choice.person, known)
        name = names[choice.person]
        said.append(Words(f"{name}（{words.zh}{figure.zh}）", f"{name} ({words.en}{figure.en})"))
        return said, True

    def _queue(
        self,
        roles: Sequence[str],
        held: dict[str, list[int]],
        people: list[int],
        site: str,
        said: list[Words],
        empty: list[Words],
    ) -> None:
        if people:
            names = list(names_of(self.session, people[:NAMED]).values())
            more = len(people) - len(names)
            said.append(
                Words(
                    "、".join(names) + (f"等 {len(people)} 人" if more else "") + "（待领）",
                    ", ".join(names) + (f" and {more} more" if more else "") + " (whoever takes it)",
                )
            )
            return
        role = role_words(self.engine, roles[0])
        above = next(
            (one for name in roles for one in self.engine.organisation.supervisors(name) if held.get(one.id)),
            None,
        )
        if above is None:
            empty.append(
                Words(
                    f"没有人担任{role.zh}，上级岗位也没有人",
                    f"nobody is {role.en}, nor anything above",
                )
            )
            return
        empty.append(Words(f"没有人担任{role.zh}", f"nobody is {role.en}"))
        names = list(names_of(self.session, held[above.id][:NAMED]).values())
        said.append(Words(f"上级{above.zh}：{'、'.join(names)}", f"{above.en} above: {', '.join(names)}"))

    def _holders(self, roles: tuple[str, ...], site: str) -> dict[str, list[int]]:
        key = (roles, site)
        if key not in self.held:
            above = {one.id for role in roles for one in self.engine.organisation.supervisors(role)}
            self.held[key] = repository.holders(self.session, {*roles, *above}, site)
        return self.held[key]

    def _named(self, expression: str) -> object:
        """The roles that an expression names whatever the case is; None when that depends on it."""
        if not expression:
            return ()
        try:
            return evaluate(expression, {}, {})
        except (ExpressionFailed, ExpressionRefused, BoundReached):
            return None

    def _words(self, rule: Rule) -> Words:
        def node_name(node: str) -> Words:
            found = self.bundle.diagram.nodes.get(node)
            return self.bundle.words(found.name) if found and found.name else Words(node, node)

        return rule_words(rule, node_name)

    def _line(self, node: Node, site: str, said: list[Words], empty: list[Words]) -> WouldGet:
        return WouldGet(
            node=node.id,
            step_name=self.bundle.words(node.name) if node.name else Words(node.id, node.id),
            site=site,
            who=tuple(said),
            empty=tuple(empty),
        )


def _figure(rule: Rule, person: int, known: Known) -> Words:
    if rule.pick == "round robin" or person not in known.load:
        return Words("", "")
    return Words(f"，手头 {known.load[person]} 件", f", {known.load[person]} open")


def warnings(engine: Engine, bundle: Bundle) -> Iterator[Words]:
    """Each task and site for which nobody is there, in words."""
    for line in who_today(engine, bundle):
        found = engine.organisation.sites[line.site]
        for said in line.empty:
            yield Words(
                f"{found.zh}，“{line.step_name.zh}”：{said.zh}",
                f"{found.en}, “{line.step_name.en}”: {said.en}",
            )
