"""What two win rates prove, and what is said where they prove nothing."""

import pytest

from rules.backtest import Finding, Outcome, adjacent, in_hindsight, same_tiers
from rules.language import Text


def outcome(tier: str | None, won: int, lost: int) -> Outcome:
    label = {"gold": Text("Or", "Gold"), "silver": Text("Argent", "Silver")}
    return Outcome(
        tier=tier,
        label=label.get(tier or "", Text("–", "–")),
        accounts=4,
        won=won,
        lost=lost,
        won_amount=100_000,
    )


@pytest.mark.parametrize(
    ("gold", "silver", "finding", "said"),
    [
        # 30/40 is [60 %, 86 %], 10/40 is [14 %, 40 %].
        ((30, 10), (10, 30), Finding.HIGHER, "plus haut"),
        ((10, 30), (30, 10), Finding.LOWER, "plus bas"),
        # 12/24 is [31 %, 69 %], 6/24 is [12 %, 45 %].
        ((12, 12), (6, 18), Finding.NOT_CONCLUSIVE, "se chevauchent"),
        # The intervals of 4/4 and 0/4 are apart, but eight opportunities prove nothing.
        ((4, 0), (0, 4), Finding.NOT_CONCLUSIVE, "non concluant (n = 4)"),
        ((9, 0), (0, 100), Finding.NOT_CONCLUSIVE, "non concluant (n = 9)"),
        ((0, 0), (30, 10), Finding.NOT_CONCLUSIVE, "non concluant (n = 0)"),
    ],
)
def test_a_difference_needs_intervals_apart_and_enough_opportunities(
    gold: tuple[int, int], silver: tuple[int, int], finding: Finding, said: str
) -> None:
    (found,) = adjacent([outcome("gold", *gold), outcome("silver", *silver)])
    assert found.finding is finding
    assert found.text.fr.startswith("Or contre Argent : ")
    assert said in found.text.fr


def test_accounts_without_a_tier_are_compared_with_nothing() -> None:
    assert adjacent([outcome("gold", 30, 10), outcome(None, 1, 39)]) == []


def test_only_tiers_of_both_sets_of_rules_are_compared() -> None:
    new = [outcome("gold", 30, 10), outcome("silver", 10, 30)]
    (found,) = same_tiers(new, [outcome("gold", 10, 30), outcome("bronze", 10, 30)])
    assert (found.finding, found.subject.fr) == (
        Finding.HIGHER,
        "Or, nouvelles règles contre anciennes",
    )


def test_a_tier_without_opportunities_has_no_rate() -> None:
    empty = outcome("gold", 0, 0)
    assert empty.win_rate is None
    assert empty.won_per_account == 25_000
    assert Outcome(tier="gold", label=Text("Or", "Gold")).won_per_account is None


def test_hindsight_says_which_fact_for_how_many_and_since_when() -> None:
    label = Text("potentiel", "potential")
    dated = in_hindsight("potential", label, 20_000, 3, "2024-10-04").text
    assert "« potentiel » est connu après coup pour 3 comptes" in dated.fr
    assert "commence le 2024-10-04" in dated.fr
    assert "n'est pas suivi" in in_hindsight("potential", label, None, 1, "").text.fr
