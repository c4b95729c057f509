"""Measures as they are read: what kind of fact each is, and what may be said of it beforehand.

What is refused, and where it is told, is in the gallery (`tests.unit.gallery`); what a measure is
worth is in `tests.integration.test_fact_measures`.
"""

import pytest

from rules.checking import check
from rules.facts import BUILT_IN, BUILT_IN_MEASURES, names_of
from rules.language import Text
from rules.measure_reading import LIMIT
from rules.measures import NAMES, Measured, Recorded
from rules.records import FieldType
from rules.rulebook import Rulebook, compile_rulebook
from service import examples
from tests.playbooks import FIELDS, TIER, issues, small

TODAY = 20_000
BOUND = """\
opportunity:
  seats: {type: number, hubspot: g}
  price: {type: money, hubspot: h}
  renews: {type: date, hubspot: i}
"""


def playbook(measures: str, rules: str = "", **files: str) -> Rulebook:
    fields = f"{FIELDS}{BOUND}measures:\n  {measures}\n"
    return compile_rulebook(small(fields=fields, segments=f"{rules}\n{TIER}", **files))


def read(measure: str) -> Measured:
    found = names_of(playbook(f"a: {measure}").fields)["a"]
    assert isinstance(found, Measured)
    return found


@pytest.mark.parametrize(
    ("measure", "kind"),
    [
        ("{count: opportunity}", FieldType.NUMBER),
        ("{count: history}", FieldType.NUMBER),
        ("{sum: opportunity.amount}", FieldType.MONEY),
        ("{sum: opportunity.price}", FieldType.MONEY),
        ("{sum: opportunity.probability}", FieldType.NUMBER),
        ("{sum: opportunity.seats}", FieldType.NUMBER),
        ("{max: opportunity.peak_amount}", FieldType.MONEY),
        ("{max: opportunity.seats}", FieldType.NUMBER),
        ("{max: opportunity.renews}", FieldType.DATE),
        ("{max: activity.happened}", FieldType.DATE),
        ("{max: history.since}", FieldType.DATE),
        ("{days_since: opportunity.renews}", FieldType.NUMBER),
        ("{days_since: activity.happened}", FieldType.NUMBER),
    ],
)  # fmt: skip
def test_the_type_of_a_measure_follows_from_its_function(measure: str, kind: FieldType) -> None:
    assert read(measure).type is kind


@pytest.mark.parametrize(
    ("measure", "moves"),
    [
        ("{count: opportunity}", False),
        ("{count: opportunity, when: \"closes > '2026-01-01'\"}", False),
        ("{count: opportunity, when: days_since(closes) < 9}", True),
        ("{sum: opportunity.amount, when: closes > created + 9}", False),
        ("{max: opportunity.closes}", False),
        ("{days_since: opportunity.closes}", True),
        ("{count: contact}", False),
        ("{count: activity}", True),  # a planned one counts from its day
        ("{max: activity.happened}", True),
        ("{count: history}", True),
    ],
)  # fmt: skip
def test_only_a_measure_that_the_clock_moves_has_flips(measure: str, *, moves: bool) -> None:
    assert (read(measure).flip is not None) is moves


def test_the_column_of_the_flips_bears_no_name_that_a_fact_can_bear() -> None:
    flip = read("{days_since: activity.happened}").flip
    assert flip is not None
    assert not flip.isidentifier()


def test_a_measure_bears_its_label_or_its_name() -> None:
    labelled = read("{label: [réunions, meetings], count: activity}")
    assert labelled.label == Text("réunions", "meetings")
    assert read("{count: activity}").label == Text("a", "a")


def test_the_facts_that_are_computed_are_measures_too() -> None:
    assert BUILT_IN_MEASURES.keys() == BUILT_IN.keys() - {"name", "domain", "owner", "created"}
    assert {name: each.type for name, each in BUILT_IN_MEASURES.items()} == {
        name: BUILT_IN[name][0] for name in BUILT_IN_MEASURES
    }


@pytest.mark.parametrize("record", list(Recorded))
def test_every_name_of_a_record_can_be_used_in_a_filter(record: Recorded) -> None:
    for name in NAMES[record]:
        assert name in read(f'{{count: {record}, when: "{name} is not null"}}').reads


def test_forty_measures_are_not_too_many() -> None:
    many = "\n  ".join(f"m{number}: {{count: contact}}" for number in range(LIMIT))
    assert len(playbook(many).fields.measures) == LIMIT


def test_a_broken_measure_is_told_once_and_not_by_the_rules_that_use_it() -> None:
    fields = f"{FIELDS}measures:\n  a: {{sum: opportunity.nmae}}\n"
    found = issues(small(fields=fields, segments=f"r: {{when: a > 100k}}\n{TIER}"))
    assert [(each.file, each.line) for each in found] == [("fields.yaml", 9)]


def test_every_mistake_of_a_section_is_told_at_once() -> None:
    measures = 'a: {count: x}\n  b: {sum: contact.role}\n  c: {count: contact, when: "x = 1"}'
    found = issues(small(fields=f"{FIELDS}measures:\n  {measures}\n"))
    assert [(each.line, each.column) for each in found] == [(9, 14), (10, 12), (11, 30)]


def test_a_rule_can_not_bear_the_name_of_a_measure() -> None:
    fields = f"{FIELDS}measures: {{a: {{count: contact}}}}\n"
    (found,) = issues(small(fields=fields, segments=f"a: {{when: size > 1}}\n{TIER}"))
    assert "already a field" in found.text.en


def test_a_bound_field_may_be_named_like_a_part_of_an_opportunity_that_no_measure_reads() -> None:
    fields = f"{FIELDS}opportunity: {{amount: {{type: money, hubspot: g}}}}\n"
    compile_rulebook(small(fields=f"{fields}measures: {{a: {{count: contact}}}}\n"))


def test_a_change_of_a_measure_is_a_change_of_meaning() -> None:
    some = playbook("a: {count: contact}").hash
    assert playbook("a: {count: activity}").hash != some
    assert playbook("a: {count: contact} # a comment").hash == some


RULES = "r: {bands: {of: a, none: '0', few: 1..3, many: '> 3'}}"


def test_the_proof_knows_that_a_count_is_whole_and_never_unknown() -> None:
    fields = f"{FIELDS}measures: {{a: {{count: contact}}, b: {{days_since: activity.happened}}}}\n"
    told = {}
    for name in ("a", "b"):
        segments = f"{RULES.replace('of: a', f'of: {name}')}\n{TIER}"
        checked = check(small(fields=fields, segments=segments), TODAY * 86_400_000)
        assert checked.errors == []
        told[name] = [issue.text.en for issue in [*checked.warnings, *checked.notes]]
    assert told == {"a": [], "b": []}


def test_an_example_without_records_has_none_and_the_greatest_of_them_is_unknown() -> None:
    tests = (
        "examples:\n"
        "  bare: {expect: {r: none, s: none, t: yes}}\n"
        "  met: {given: {a: 2, b: 90k, last: 10 d ago}, expect: {r: few, s: much, t: no}}\n"
    )
    rules = f"{RULES}\ns: {{bands: {{of: b, none: '0', much: '> 0'}}}}\nt: {{when: last is null}}\n"
    book = playbook(
        "a: {count: activity}\n  b: {sum: opportunity.amount}\n  last: {max: activity.happened}",
        rules, tests=tests,
    )  # fmt: skip
    assert examples.run(book, TODAY) == []
