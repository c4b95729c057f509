"""What is missing for a better tier: what is said, that it holds, and that nothing is nearer."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.reach import Way
from rules.rulebook import Rulebook, compile_rulebook
from rules.time import date_of
from service import nearby
from service.nearby import Missing
from service.store import examples
from tests.playbooks import shipped, small

TODAY = 20_000
SHIPPED = compile_rulebook(shipped())
# A customer who lacks 42 000 $ of potential.
CUSTOMER: Mapping[str, Any] = {
    "owner": "Élise", "kind": "client", "potential": 58_000_00, "cycle": None,
    "decision_makers": 0, "influencers": 0, "open_opportunities": 0, "created": TODAY - 500,
    "last_logged_contact": TODAY - 5, "last_won": TODAY - 100, "next_logged_contact": None,
}  # fmt: skip
THREE = "values: {gold: [Or, Gold], silver: [Argent, Silver], bronze: [Bronze, Bronze]}"


def ruled(table: str, rules: str = "", team: str | None = None) -> Rulebook:
    changed = {"segments": f"{rules}\ntier:\n  {THREE}\n  table: [{table}]\n"}
    return compile_rulebook(small(**changed, **({"team": team} if team else {})))


def tier_of(rulebook: Rulebook, facts: Mapping[str, Any], today: int = TODAY) -> str | None:
    (row,) = examples.evaluate(rulebook.tagging, [facts], today)
    tier: str | None = row["tier"]
    return tier


def applied(facts: Mapping[str, Any], missing: Missing) -> dict[str, Any]:
    return Way(changes=missing.changes, distance=(0, 0, 0)).applied(facts)


def said(rulebook: Rulebook, facts: Mapping[str, Any]) -> dict[str, str]:
    """The sentence for each better tier, every one of them tried."""
    found = nearby.run(rulebook, facts, TODAY).missing
    for each in found:
        assert tier_of(rulebook, applied(facts, each)) == each.tier
    return {each.tier: plain(each.sentence) for each in found}


def plain(sentence: str) -> str:
    return sentence.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("changed", "sentences"),
    [
        ({}, {"gold": "Il manque 42 000 $ de potentiel pour Or."}),
        ({"kind": "other"}, {}),
        ({"potential": 600_000_00}, {}),
        (
            {"potential": 600_000_00, "last_logged_contact": TODAY - 200},
            {"gold": "Un contact consigné suffirait pour Or."},
        ),
        (
            {"potential": 200_000_00, "last_logged_contact": None, "last_won": None},
            {
                "silver": "Un contact consigné suffirait pour Argent.",
                "gold": "Un contact consigné et une vente gagnée suffiraient pour Or.",
            },
        ),
        (
            {"potential": 10_000_00, "last_logged_contact": None},
            {
                "silver": "Il manque plus de 490 000 $ de potentiel pour Argent.",
                "gold": "Il manque 90 000 $ de potentiel et un contact consigné pour Or.",
            },
        ),
        (
            {"potential": None},
            {
                "bronze": "Ce serait Bronze si « potentiel » était connu.",
                "gold": "Ce serait Or si « potentiel » était connu (au moins 100 000 $).",
            },
        ),
    ],
)
def test_what_is_missing_under_the_shipped_rules(
    changed: Mapping[str, Any], sentences: Mapping[str, str]
) -> None:
    assert said(SHIPPED, {**CUSTOMER, **changed}) == sentences


# A table, the rules before it, an account, and what is said of gold.
SENTENCES: tuple[tuple[str, str, Mapping[str, Any], str], ...] = (
    ("{potential: '> 500k', then: gold}", "", {"potential": 500_000_00},
     "Il manque 0,01 $ de potential pour Or."),
    ("{potential: '< 100k', then: gold}", "", {"potential": 500_000_00},
     "Ce serait Or si « potential » était de moins de 100 000 $."),
    ("{potential: 100k..500k, then: gold}", "", {"potential": 50_000_00},
     "Ce serait Or si « potential » était entre 100 000 $ et 500 000 $."),
    ("{size: '>= 50', then: gold}", "", {"size": 45.0},
     "Ce serait Or si « size » était d'au moins 50."),
    ("{size: '> 0.5', then: gold}", "", {"size": 0.25},
     "Ce serait Or si « size » était d'au moins 0,6."),
    ("{kind: client, then: gold}", "", {"kind": "prospect"},
     "Ce serait Or si « kind » était « c »."),
    ("{kind: client, then: gold}", "", {"kind": None},
     "Ce serait Or si « kind » était connu (« c »)."),
    ("{sector: bois, then: gold}", "", {"sector": "mines"},
     "Ce serait Or si « sector » était « bois »."),
    ("{vip: yes, then: gold}", "", {"vip": False}, "Ce serait Or si « vip » était « oui »."),
    ("{renewal: '>= 2025-01-01', then: gold}", "", {"renewal": TODAY},
     "Ce serait Or si « renewal » était le 2025-01-01 ou après."),
    ("{decision_makers: '> 1', then: gold}", "", {"decision_makers": 0},
     "Il manque 2 décideurs connus pour Or."),
    ("{decision_makers: '> 0', then: gold}", "", {"decision_makers": 0},
     "Il manque 1 décideur connu pour Or."),
    ("{potential: '>= 100k', vip: yes, then: gold}", "", {"potential": 60_000_00, "vip": False},
     "Il manque 40 000 $ de potential pour Or si « vip » était « oui »."),
    # What only a condition names.
    ("{rich: yes, then: gold}", "rich: {when: 'potential >= 100k and vip'}",
     {"potential": 60_000_00, "vip": True}, "Il manque 40 000 $ de potential pour Or."),
    ("{recent: yes, then: gold}", "recent: {when: 'days_since(last_won) < 30'}",
     {"last_won": None}, "Une vente gagnée suffirait pour Or."),
    ("{spread: yes, then: gold}", "spread: {when: 'potential > open_amount'}",
     {"potential": 10_000_00, "open_amount": 30_000_00},
     "Il manque plus de 20 000 $ de potential pour Or."),
    # Points that add up.
    ("{sum: '>= 3', then: gold}", "sum: {points: {kind: {client: 1}, size: {'> 5': 2}}}",
     {"kind": "client", "size": 1.0}, "Ce serait Or si « size » était d'au moins 6."),
)  # fmt: skip


@pytest.mark.parametrize(("table", "rules", "facts", "sentence"), SENTENCES)
def test_what_is_missing_in_words(
    table: str, rules: str, facts: Mapping[str, Any], sentence: str
) -> None:
    assert said(ruled(f"{table}, {{else: bronze}}", rules), facts) == {"gold": sentence}


def test_what_is_missing_in_english() -> None:
    english = "zone: America/Toronto\ncurrency: CAD\nlanguage: en\n"
    table = "{potential: '>= 100k', then: gold}, {vip: yes, then: silver}, {else: bronze}"
    assert said(ruled(table, team=english), {"potential": 60_000_00, "vip": False}) == {
        "gold": "Missing for Gold: $40,000 of potential.",
    }


def test_nobody_is_told_what_he_is_or_what_cannot_be() -> None:
    rulebook = ruled(
        "{owner: Marc, then: gold}, {created: '< 9 d ago', then: gold}, {else: bronze}"
    )
    assert said(rulebook, {"owner": "Élise", "created": TODAY - 500}) == {}
    # A contact of long ago can't be made today.
    rulebook = ruled("{last_logged_contact: '> 90 d ago', then: gold}, {else: bronze}")
    assert said(rulebook, {"last_logged_contact": TODAY - 5}) == {}


def test_a_tier_that_is_farther_than_a_better_one_is_left_out() -> None:
    table = "{vip: yes, then: gold}, {kind: client, potential: '> 1M', then: silver}"
    facts = {"vip": False, "kind": "prospect", "potential": 1}
    assert said(ruled(f"{table}, {{else: bronze}}"), facts) == {
        "gold": "Ce serait Or si « vip » était « oui »."
    }


def test_an_extent_holds_from_end_to_end() -> None:
    rulebook = ruled("{size: 10..20, then: gold}, {else: bronze}")
    (missing,) = nearby.run(rulebook, {"size": 3.0}, TODAY).missing
    (change,) = missing.changes
    assert (change.lowest, change.highest) == (10, 20)
    held = [tier_of(rulebook, {"size": float(size)}) for size in (9, 10, 20, 21)]
    assert held == ["bronze", "gold", "gold", "bronze"]


# Every account of a small world, so that the nearest can be found by looking at them all.
WORLD: Mapping[str, tuple[Any, ...]] = {
    "size": (None, *map(float, range(-1, 8))),
    "kind": (None, "client", "prospect"),
    "vip": (None, True, False),
}
EVERYWHERE = [dict(zip(WORLD, each, strict=True)) for each in product(*WORLD.values())]
CELLS = {
    "size": ["> 2", "<= 4", "3", "1..5", "unknown", "known", "< 1 | > 6"],
    "kind": ["client", "prospect", "unknown"],
    "vip": ["yes", "no", "unknown"],
    "level": ["high", "low", "unknown"],
    "is_apt": ["yes", "no", "unknown"],
    "sum": ["> 1", "<= 1", "unknown"],
}
RULES = """\
level: {bands: {of: size, high: "> 4", low: "<= 4"}}
is_apt: {when: "size >= 2 and (vip or kind = 'client')"}
sum: {points: {kind: {client: 1, prospect: 0, unknown: 0}, vip: {yes: 1}, size: {"> 3": 1}}}
"""
rows = st.dictionaries(st.sampled_from(list(CELLS)), st.integers(0, 6), min_size=1, max_size=3)
tables = st.lists(st.tuples(rows, st.sampled_from(["gold", "silver", "bronze"])), max_size=4)


def _written(table: list[tuple[dict[str, int], str]]) -> str:
    lines = [
        "{"
        + ", ".join(f"{name}: '{CELLS[name][at % len(CELLS[name])]}'" for name, at in cells.items())
        + f", then: {tier}}}"
        for cells, tier in table
    ]
    return ", ".join([*lines, "{else: bronze}"])


@given(table=tables, at=st.tuples(*(st.sampled_from(values) for values in WORLD.values())))
@settings(max_examples=25, deadline=None)
def test_nothing_nearer_is_overlooked(
    table: list[tuple[dict[str, int], str]], at: tuple[Any, ...]
) -> None:
    rulebook = ruled(_written(table), RULES)
    facts = dict(zip(WORLD, at, strict=True))
    outcomes = examples.evaluate(rulebook.tagging, EVERYWHERE, TODAY)
    # An account can't be made unknown; all else is possible.
    fewest: dict[str, int] = {}
    for account, outcome in zip(EVERYWHERE, outcomes, strict=True):
        changed = [name for name in WORLD if account[name] != facts[name]]
        if all(account[name] is not None for name in changed):
            tier = outcome["tier"]
            fewest[tier] = min(fewest.get(tier, 9), len(changed))
    order = ["gold", "silver", "bronze"]
    better = order[: order.index(tier_of(rulebook, facts) or "")]
    found = {each.tier: len(each.changes) for each in nearby.run(rulebook, facts, TODAY).missing}
    assert set(found) <= set(better)
    reachable = [tier for tier in better if fewest.get(tier, 9) <= 2]
    for tier in reachable:
        above = [found[each] for each in better[: better.index(tier)] if each in found]
        assert found.get(tier, min([*above, 9])) == min([fewest[tier], *above])
    assert set(found) <= set(reachable)


def test_a_tier_that_time_takes_away_is_told_with_what_keeps_it() -> None:
    facts = {**CUSTOMER, "potential": 200_000_00, "last_logged_contact": TODAY - 80}
    fall = nearby.run(SHIPPED, facts, TODAY).fall
    assert fall is not None
    assert (fall.tier, fall.on, fall.kept_by) == ("silver", TODAY + 10, "last_logged_contact")
    day = date_of(TODAY + 10).isoformat()
    assert fall.sentence == f"Passera à Argent le {day}, sauf un contact consigné d'ici là."
    assert tier_of(SHIPPED, facts, fall.on - 1) == "gold"
    assert tier_of(SHIPPED, facts, fall.on) == "silver"
    assert tier_of(SHIPPED, {**facts, "last_logged_contact": fall.on}, fall.on) == "gold"


def test_what_is_said_of_a_better_tier_makes_room_for_its_seats() -> None:
    files = shipped()
    cap = "  cap: {gold: 4 per owner, rank: potential}\n  contact_every:"
    files["segments.yaml"] = files["segments.yaml"].replace("  contact_every:", cap, 1)
    capped = compile_rulebook(files)
    assert said(capped, CUSTOMER) == {
        "gold": "Il manque 42 000 $ de potentiel pour Or, s'il y reste une place "
        "(4 par représentant)."
    }
    facts = {**CUSTOMER, "potential": 200_000_00, "last_logged_contact": TODAY - 80}
    fall = nearby.run(capped, facts, TODAY).fall
    assert fall is not None
    day = date_of(TODAY + 10).isoformat()
    by_rule = (
        f"Selon les règles seules, ce sera Argent le {day}, sauf un contact consigné d'ici là."
    )
    assert fall.sentence == by_rule
    imposed = nearby.run(SHIPPED, facts, TODAY, is_imposed=True).fall
    assert imposed is not None
    assert imposed.sentence == by_rule


def test_a_contact_that_is_planned_keeps_a_tier() -> None:
    facts = {**CUSTOMER, "potential": 200_000_00, "last_logged_contact": TODAY - 80}
    planned = {**facts, "next_logged_contact": TODAY + 5}
    fall = nearby.run(SHIPPED, planned, TODAY).fall
    assert fall is not None
    assert fall.on == TODAY + 95


def test_a_tier_that_stays_does_not_fall() -> None:
    assert nearby.run(SHIPPED, {**CUSTOMER, "potential": 10_00}, TODAY).fall is None
    assert nearby.run(SHIPPED, {**CUSTOMER, "kind": "other"}, TODAY).fall is None
