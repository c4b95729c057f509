"""The budget of tiers as it is read: caps from the best tier on, days, shares, hours."""

import pytest

from rules.budget import Budget, Cap
from rules.rulebook import compile_rulebook
from tests.playbooks import TIER, small
from tests.unit.test_calendar import number


def budget(*lines: str) -> Budget:
    """What is read of these lines under the tier of a small playbook."""
    text = "".join(f"  {line}\n" for line in lines)
    tier = TIER.replace("[Argent, Silver]}", "[Argent, Silver], bronze: [Bronze, Bronze]}")
    return compile_rulebook(small(segments=f"{tier}{text}")).segments.budget


def test_nothing_is_said() -> None:
    found = budget()
    assert found.is_trivial
    assert list(found.caps) == []
    assert (found.facts, found.challenge_accept, found.challenge_lasts) == ((), None, 90)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gold: 12 per owner", [Cap(tier="gold", limit=12, overflow="silver")]),
        (
            "gold: 1 200 per rep, overflow: bronze",
            [Cap(tier="gold", limit=1200, overflow="bronze")],
        ),
        (
            "silver: 30 per owner, gold: 12 per owner",
            [
                Cap(tier="gold", limit=12, overflow="silver"),
                Cap(tier="silver", limit=30, overflow="bronze"),
            ],
        ),
        (
            "gold: 2 per owner, silver: 3 per owner, overflow: {gold: bronze}",
            [
                Cap(tier="gold", limit=2, overflow="bronze"),
                Cap(tier="silver", limit=3, overflow="bronze"),
            ],
        ),
    ],
)
def test_caps_stand_from_the_best_tier_on(text: str, expected: list[Cap]) -> None:
    found = budget(f"cap: {{{text}, rank: potential}}")
    assert list(found.caps) == expected
    assert (found.rank, found.facts) == ("potential", ("potential",))


def test_the_margin_is_on_the_rank_or_on_a_fact_of_its_own() -> None:
    capped = budget("cap: {gold: 2 per owner, rank: size}", "demote: {after: 3 w, margin: 10 %}")
    assert (capped.after, capped.margin, capped.margin_fact) == (21, 0.1, "size")
    alone = budget("demote: {margin: '0,25', of: potential}")
    assert (alone.after, alone.margin, alone.margin_fact) == (0, 0.25, "potential")


def test_hours_a_freeze_and_what_is_granted() -> None:
    found = budget(
        "freeze: Last 5 business days of the quarter",
        "contact_hours: {gold: '1,5 h', silver: 30 min}",
        "challenge: {accept: \"wanted = 'silver' and tier = 'bronze' and size > 3\", lasts: 60 d}",
    )
    assert (found.freeze, found.contact_hours) == (5, {"gold": 1.5, "silver": 0.5})
    assert found.challenge_lasts == 60
    assert found.challenge_accept is not None
    assert set(found.challenge_accept.uses) == {"wanted", "tier", "size"}


def test_the_days_of_a_freeze_are_parameters_of_the_select() -> None:
    text = f"{TIER}  freeze: last 5 business days of quarter\n"
    tagging = compile_rulebook(small(segments=text)).tagging
    before, inside = number("2026-06-23"), number("2026-06-24")
    assert tagging.parameters(before) == {
        "today": before, "is_frozen": False, "freeze_flip_on": inside,
    }  # fmt: skip
    assert tagging.parameters(inside) == {
        "today": inside, "is_frozen": True, "freeze_flip_on": number("2026-07-01"),
    }  # fmt: skip
    assert compile_rulebook(small()).tagging.parameters(inside) == {"today": inside}
