"""The five classic errors of a territory, and what a plan accepts."""

from typing import Any

import pytest

from rules.plan_check.linters import facts_of, rules_found
from rules.rulebook import Rulebook, compile_rulebook
from tests.playbooks import FIELDS, TIER, shipped, small
from tests.unit.plan_checking import (
    ELISE,
    JUNE,
    SOUND,
    Written,
    all_found,
    changed,
    names,
    warned,
    with_plans,
)

PLACES = f"""{FIELDS}
  province: {{type: text, hubspot: state}}
  secteur_de_vente: {{type: text, hubspot: x1, label: [code postal, postcode]}}
measures:
  won_12_months: {{sum: opportunity.amount, when: "state = 'won' and days_since(closes) < 365"}}
"""
PAST = """\
tier:
  values: {gold: [Or, Gold], silver: [Argent, Silver]}
  table:
    - {won_12_months: "> 100k", recent: yes, then: gold}
    - {else: silver}
recent: {when: "last_won is not null and kind = 'client'"}
"""


AUTUMN = {"from": "2026-09-01", "why": "autumn", "targets": {"priority_contacted": "95 %"}}


def linted(segments: str) -> list[str]:
    book = compile_rulebook(small(segments=segments, fields=PLACES))
    return [each.name.value for each in rules_found(book.segments, book.fields)]


def territory(cells: str) -> str:
    table = f"territory:\n  table:\n    - {{{cells}, then: one}}\n    - {{else: two}}\n"
    return f"{table}{TIER}"


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        (TIER, []),
        (territory("province: QC"), ["geography_only"]),
        # By its label, and whoever has the account says nothing of it.
        (territory("secteur_de_vente: G1, owner: known"), ["geography_only"]),
        (territory("province: QC, sector: Food"), []),
        (PAST, ["past_results_only"]),
        (PAST.replace("recent: yes", 'potential: "> 1"'), []),
        # Without a rule for territories, the tiers divide.
        (TIER.replace('potential: "> 500k"', "province: QC"), ["geography_only"]),
    ],
)
def test_rules_that_see_too_little_are_told(segments: str, expected: list[str]) -> None:
    assert linted(segments) == expected


def test_the_facts_of_a_rule_are_those_of_the_rules_that_it_uses() -> None:
    book = compile_rulebook(small(segments=PAST, fields=PLACES))
    assert facts_of(book.segments, "tier") == {"won_12_months", "last_won", "kind"}


def two(**marc: Any) -> Rulebook:
    """Plans of Élise and of Marc, the same but for what is given of his."""
    other: Written = {**SOUND, "owner": "marc", "agreed": {"marc": "2025-12-15"}, **marc}
    return with_plans(SOUND, other)


def test_the_same_objective_for_unlike_accounts_is_an_arbitrary_split() -> None:
    found = all_found(two(accounts={"existing": "5", "new": "120"}))
    # 158 accounts and 125: 11.7 % from their mean. With 20 new ones less, 17.9 %.
    assert warned(found) == []
    fewer = all_found(two(accounts={"existing": "5", "new": "100"}, assumptions={
        **SOUND["assumptions"], "opportunities_per_account": "60 %"}))  # fmt: skip
    (warning,) = fewer.warnings
    assert warning.name == "arbitrary_split"
    assert {each.name: each.value for each in warning.figures} == {
        "accounts.elise": 158, "accounts.marc": 105,
    }  # fmt: skip


def test_the_same_objective_without_accounts_is_an_arbitrary_split() -> None:
    assert warned(all_found(two(accounts={}))) == ["arbitrary_split"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (changed(SOUND, ("review", "every"), "13 weeks"), []),
        (changed(SOUND, ("review", "every"), "14 weeks"), ["frozen_plan"]),
        (changed(SOUND, ("review",), None), ["frozen_plan"]),
        (changed(SOUND, ("agreed",), {"marc": "2025-12-15"}), ["reps_not_involved"]),
        # Nobody has agreed to a revision that does not say who.
        (
            changed(SOUND, ("revisions",), [AUTUMN]),
            ["reps_not_involved"],
        ),
    ],
)
def test_a_plan_that_nobody_reviews_or_agreed_to_is_told(
    written: Written, expected: list[str]
) -> None:
    plain = {name: part for name, part in written.items() if part is not None}
    assert warned(all_found(with_plans(plain))) == expected


def accepting(written: Written, finding: str, until: str) -> Written:
    line = {"finding": finding, "until": until, "why": "à mesurer au T1"}
    return {**written, "accept": [line]}


def test_an_accepted_contradiction_does_not_stand_until_its_day_is_over() -> None:
    book = with_plans(accepting(ELISE, "pipeline_below_inflow", "2026-06-29"))
    found, later = all_found(book), all_found(book, as_of=JUNE + 1)
    assert len(found.contradictions) == len(later.contradictions) == 3
    assert [each.name.value for each in found.standing] == [
        "revenue_out_of_reach", "too_few_accounts",
    ]  # fmt: skip
    assert warned(found) == []
    last = later.contradictions[-1]
    assert last.accepted is None
    assert "29 juin 2026" in last.text.fr
    assert "June 29, 2026" in last.text.en
    assert "à mesurer au T1" in last.text.en


@pytest.mark.parametrize(("end", "lost"), [("2026-09-30", "360"), ("2026-12-31", None)])
def test_what_a_departure_leaves_of_an_objective_is_told(end: str, lost: str | None) -> None:
    team = shipped()["team.yaml"].replace("elise: {", f"elise: {{end: {end}, ", 1)
    sound = {**SOUND, "quarters": ELISE["quarters"]}
    found = all_found(with_plans(sound, team=team)).warnings
    told = [each.text.en for each in found if each.name == "objective_not_carried"]
    assert len(told) == (lost is not None)
    assert all(f"{end}: ${lost},000 of" in each for each in told)


def test_accepting_what_is_not_found_is_told() -> None:
    found = all_found(with_plans(accepting(SOUND, "too_few_accounts", "2026-12-31")))
    assert names(found) == []
    (warning,) = found.warnings
    assert (warning.name, warning.path) == ("accepted_not_found", ("accept", 0))


def test_a_warning_can_be_accepted() -> None:
    plain = {name: part for name, part in SOUND.items() if name != "review"}
    found = all_found(with_plans(accepting(plain, "frozen_plan", "2026-12-31")))
    (warning,) = found.warnings
    assert warning.accepted is not None
