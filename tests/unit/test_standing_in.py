"""Whatever absences are accepted one after the other, nobody's work goes round or far."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.standing_in import MOST_LINKS, Absence, refusal

START = datetime(2026, 11, 2, tzinfo=UTC)
HOURS = st.integers(0, 12)
ABSENCES = st.builds(
    lambda account, substitute, since, length, procedures: Absence(
        account,
        substitute,
        START + timedelta(hours=since),
        START + timedelta(hours=since + length),
        procedures,
    ),
    st.integers(1, 6),
    st.integers(1, 6),
    HOURS,
    st.integers(0, 6),
    st.frozensets(st.sampled_from("pq"), max_size=2),
)


def away(account: int, substitute: int, since: int = 0, until: int = 8, *procedures: str) -> Absence:
    return Absence(
        account,
        substitute,
        START + timedelta(hours=since),
        START + timedelta(hours=until),
        frozenset(procedures),
    )


@pytest.mark.parametrize(
    ("others", "new", "said"),
    [
        pytest.param([], away(1, 2), None, id="the first"),
        pytest.param([], away(1, 1), "self", id="for oneself"),
        pytest.param([], away(1, 2, 5, 5), "period", id="no time at all"),
        pytest.param([], away(1, 2, -9, -1), "past", id="over already"),
        pytest.param([], away(1, 2, 0, 24 * 400), "long", id="for ever"),
        pytest.param([away(1, 2)], away(1, 3, 4), "twice", id="two at once"),
        pytest.param([away(1, 2, 0, 8, "p")], away(1, 3, 4, 8, "q"), None, id="each for other procedures"),
        pytest.param([away(1, 2)], away(2, 1, 7, 9), "circle", id="each for the other"),
        pytest.param([away(1, 2)], away(2, 1, 8, 9), None, id="one after the other"),
        pytest.param([away(1, 2), away(2, 3)], away(3, 1), "circle", id="round three people"),
        pytest.param([away(1, 2), away(2, 3)], away(3, 4), None, id="three in a row"),
        pytest.param([away(1, 2), away(2, 3), away(3, 4)], away(4, 5), "chain", id="four in a row"),
        pytest.param(
            [away(2, 3), away(3, 4), away(4, 5)], away(1, 2), "chain", id="four in a row, from before"
        ),
        pytest.param([away(1, 2, 0, 4), away(2, 3, 0, 4)], away(3, 1, 4, 8), None, id="no longer a circle"),
    ],
)
def test_an_absence_is_refused_for_a_reason(others: list[Absence], new: Absence, said: str | None) -> None:
    assert refusal(new, others, now=START) == said


@given(st.lists(ABSENCES, max_size=12))
def test_what_was_accepted_never_goes_round_or_far(absences: list[Absence]) -> None:
    accepted: list[Absence] = []
    for one in absences:
        if refusal(one, accepted, now=START) is None:
            accepted.append(one)
    for hour in range(20):
        now = START + timedelta(hours=hour, minutes=30)
        for procedure in "pq":
            follows = {
                one.account: one.substitute
                for one in accepted
                if one.starts_at <= now < one.ends_at and (not one.procedures or procedure in one.procedures)
            }
            for begun in follows:
                person, links = begun, 0
                while person in follows:
                    person, links = follows[person], links + 1
                    assert links <= MOST_LINKS
                    assert person != begun
