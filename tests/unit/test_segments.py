"""`segments.yaml` as a whole: the order of rules, the tags, the scope, what is refused."""

import pytest

from rules.rulebook import compile_rulebook
from tests.playbooks import TIER, issues, shipped, small, with_rules

LONG_CHAIN = "".join(f"r{n}: {{when: r{n + 1}}}\n" for n in range(25)) + "r25: {when: vip}\n"
THREE = """\
a: {points: {b: {yes: 1}}}
b: {bands: {of: c, x: yes}}
c: {table: [{a: '1', then: x}]}
"""
PRIORITY = "priority:\n  values: {p1: A}\n  table:\n    - {else: p1}\n"


@pytest.mark.parametrize(
    ("segments", "line", "column", "words"),
    [
        ("", 1, 1, "named rules are needed"),
        ("- tier", 1, 1, "named rules are needed"),
        ("just words", 1, 1, "named rules are needed"),
        ("a:\n  when: vip\n", 1, 1, "the rule 'tier' is missing"),
        # shapes
        (f"{TIER}a: gold\n", 6, 1, "must have one shape"),
        (f"{TIER}a:\n", 6, 1, "must have one shape"),
        (f"{TIER}a: {{label: A}}\n", 6, 1, "must have one shape"),
        (f"{TIER}a: {{when: vip, points: {{}}}}\n", 6, 1, "only one"),
        ("tier:\n  values: {gold: G}\n  when: vip\n", 3, 3, "'tier' must be a table"),
        (f"{TIER}segment:\n  when: vip\n", 7, 3, "'segment' must be a table"),
        # keys and names
        (f"{TIER}a: {{when: vip, labell: A}}\n", 6, 16, "did you mean 'label'?"),
        (f"{TIER}a: {{when: vip, label: [A]}}\n", 6, 23, "[French, English]"),
        (f"{TIER}a: {{when: vip, contact_every: {{}}}}\n", 6, 16, "only goes with tier"),
        (f"{TIER}size: {{when: vip}}\n", 6, 1, "already a field"),
        (f"{TIER}created: {{when: vip}}\n", 6, 1, "already a field"),
        (f"{TIER}tier_row: {{when: vip}}\n", 6, 1, "reserved word"),
        (f"{TIER}is_in_scope: {{when: vip}}\n", 6, 1, "reserved word"),
        (f"{TIER}date: {{when: vip}}\n", 6, 1, "reserved word"),
        (f"{TIER}My rule: {{when: vip}}\n", 6, 1, "lower case"),
        # values
        (f"{TIER}a:\n  values: [x]\n  table: [{{else: x}}]\n", 7, 11, "{value: [French label"),
        (f"{TIER}a:\n  values: {{x: [1, 2, 3]}}\n  table: [{{else: x}}]\n", 7, 15, "[French"),
        (f"{TIER}a:\n  values: {{unknown: U}}\n  table: [{{else: unknown}}]\n", 7, 12, "meaning"),
        ("tier: {table: [{else: gold}]}\n", 1, 1, "must declare its values"),
        (f"{TIER}quadrant:\n  table: [{{else: x}}]\n", 6, 1, "must declare its values"),
        # templates
        (f"{TIER}segment:\n  table:\n    - {{else: 'a {{kidn}}'}}\n", 8, 14, "mean 'kind'?"),
        (f"{TIER}segment:\n  table:\n    - {{else: '{{size}}'}}\n", 8, 14, "neither a choice"),
        (f"{TIER}segment:\n  table:\n    - {{else: 'a {{my kind}}'}}\n", 8, 14, "in braces"),
        (f"{TIER}segment:\n  table:\n    - {{else: 'a {{kind'}}\n", 8, 14, "in braces"),
        # circles, told from the rule that stands first
        (f"{TIER}a: {{when: a}}\n", 6, 1, "circle: a → a"),
        (f"{TIER}b: {{when: a}}\na: {{when: b}}\n", 6, 1, "circle: b → a → b"),
        (TIER + THREE, 6, 1, "rules in a circle"),
        (f"{TIER}a:\n  table: [{{else: '{{a}}'}}]\n", 6, 1, "circle: a → a"),
        # contact_every
        (f"{TIER}  contact_every: 14 d\n", 6, 18, "{gold: 14 d"),
        (f"{TIER}  contact_every: {{gld: 14 d}}\n", 6, 19, "did you mean 'gold'?"),
        (f"{TIER}  contact_every: {{gold: 14}}\n", 6, 25, "not a duration"),
        (f"{TIER}  contact_every: {{gold: [1]}}\n", 6, 25, "on one line"),
        (f"{TIER}  contact_every: {{gold: }}\n", 6, 19, "on one line"),
        # scope
        (f"{TIER}scope: vip\n", 6, 1, "scope: {when: condition}"),
        (f"{TIER}scope: {{when: vip, label: A}}\n", 6, 1, "scope: {when: condition}"),
        (f"{TIER}scope: {{when: vipp}}\n", 6, 15, "did you mean 'vip'?"),
        (f"{TIER}scope: {{when: tier = 'gold'}}\n", 6, 15, "can't depend on the rule 'tier'"),
        (f"{TIER}a: {{when: vip}}\nscope: {{when: vip and a}}\n", 7, 15, "the rule 'a'"),
        (LONG_CHAIN + TIER, 1, 1, "over 25 rules"),
        ("".join(f"r{n}: {{when: vip}}\n" for n in range(200)) + TIER, 201, 1, "over 200 rules"),
    ],
)  # fmt: skip
def test_wrong_rules_are_told_in_their_place(
    segments: str, line: int, column: int, words: str
) -> None:
    found = issues(small(segments=segments))
    assert [(i.file, i.line, i.column) for i in found] == [("segments.yaml", line, column)]
    assert words in found[0].text.en


def test_what_depends_on_a_wrong_rule_is_checked_and_not_blamed() -> None:
    segments = (
        "level: {bands: {of: sizee, high: '> 5', low: '<= 5'}}\n"  # the only mistakes: here …
        "big: {when: level = 'high'}\n"
        "sum: {points: {level: {high: 1, lwo: 2}, big: {yes: 1}}}\n"  # … and here
        "again: {when: sum > 1 and big}\n" + TIER
    )
    found = issues(small(segments=segments))
    assert [(issue.line, issue.column) for issue in found] == [(1, 21), (3, 33)]


def test_the_rules_beside_a_circle_are_checked_too() -> None:
    segments = f"a: {{when: b}}\nb: {{when: a}}\nc: {{when: a or sizee > 1}}\n{TIER}"
    assert [issue.line for issue in issues(small(segments=segments))] == [1, 3]


def test_a_text_that_is_a_rule_s_name_makes_no_circle() -> None:
    segments = with_rules("client: {when: kind = 'client'}\nx: {when: sector = 'it''s x'}").segments
    assert [rule.name for rule in segments.rules if rule.name != "tier"] == ["client", "x"]


def test_rules_may_stand_in_any_order() -> None:
    segments = with_rules(
        "c: {points: {b: {x: 1}}}\nb: {bands: {of: a, x: '> 1'}}\na: {points: {size: {'1': 1}}}"
    ).segments
    order = [rule.name for rule in segments.rules]
    assert order.index("a") < order.index("b") < order.index("c")


def test_the_order_of_rules_does_not_vary() -> None:
    first, *others = [compile_rulebook(shipped()).segments for _ in range(3)]
    names = [rule.name for rule in first.rules]
    assert all([rule.name for rule in other.rules] == names for other in others)


def test_only_the_facts_that_rules_read_are_wanted() -> None:
    rulebook = with_rules("a: {when: days_since(last_won) < 3 and vip}")
    assert set(rulebook.tagging.facts) == {"last_won", "vip", "potential"}
    files = small(segments=f"{TIER}  contact_every: {{gold: 14 d}}\n")
    assert "last_logged_contact" in compile_rulebook(files).tagging.facts


def test_bands_without_values_name_their_own() -> None:
    rule = with_rules("a: {bands: {of: size, low: '< 5', high: '>= 5'}}").segments.rule("a")
    assert rule is not None
    assert list(rule.choices) == ["low", "high"]


def test_a_playbook_may_have_tags_that_declare_values() -> None:
    assert compile_rulebook(small(segments=TIER + PRIORITY)).segments.rule("priority")
