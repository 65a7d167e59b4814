"""Write docs/reference/verbs.md from the table that the engine runs by; a house test compares the two."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.domain.verbs import STATES, VERBS, WHO, Verb

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "verbs.md"
BEGIN, END = "<!-- made by tools/verbs.py: begin -->", "<!-- made by tools/verbs.py: end -->"


def main() -> None:
    """Put the diagram and the tables into the page, between their marks."""
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{made()}{END}{after}", encoding="utf-8")


def made() -> str:
    """The diagram, the states, the verbs and who may."""
    return "\n".join([*diagram(), "", *states(), "", *table("task"), "", *table("case"), "", *people(), ""])


def diagram() -> Iterator[str]:
    """The states of a task and what leads from one to another, as Mermaid."""
    yield from ("```mermaid", "stateDiagram-v2", "    [*] --> offered", "    [*] --> held")
    yield "    [*] --> signing"
    arrows: dict[tuple[str, str], list[str]] = {}
    for verb in VERBS.values():
        if verb.over == "task":
            for source, targets in verb.moves.items():
                for target in set(targets) - {source}:
                    arrows.setdefault((source, target), []).append(verb.name)
    order = list(STATES)
    for source, target in sorted(arrows, key=lambda one: (order.index(one[0]), order.index(one[1]))):
        yield f"    {source} --> {target}: {', '.join(arrows[source, target])}"
    yield from ("    done --> [*]", "    cancelled --> [*]", "```")


def states() -> Iterator[str]:
    """What each state means."""
    yield from ("| state | | what it means |", "|---|---|---|")
    yield from (f"| `{name}` | {zh} | {means} |" for name, (zh, means) in STATES.items())


def table(over: str) -> Iterator[str]:
    """The verbs over a task, or over a case."""
    yield f"| verb over a {over} | | from → to | who may | undone by | otherwise |"
    yield "|---|---|---|---|---|---|"
    yield from (_row(verb) for verb in VERBS.values() if verb.over == over)


def people() -> Iterator[str]:
    """Who is meant."""
    yield from ("| who | what it means |", "|---|---|")
    yield from (f"| {who} | {means} |" for who, means in WHO.items())


def _row(verb: Verb) -> str:
    undo = f"`{verb.undo}`" if verb.undo else ""
    otherwise = verb.otherwise if verb.over == "task" else "CaseNotActive"
    moves = ", ".join(_move(source, targets) for source, targets in verb.moves.items())
    cells = (f"`{verb.name}`", verb.zh, moves, ", ".join(verb.who), undo, f"`{otherwise}`")
    return f"| {' | '.join(cells)} |"


def _move(source: str, targets: tuple[str, ...]) -> str:
    return source if targets == (source,) else f"{source} → {' or '.join(targets)}"


if __name__ == "__main__":
    main()
