"""`fields.yaml`: names that rules may use, their choices, and what Arpent writes."""

import pytest

from rules.facts import read_fields
from rules.language import Text
from rules.owned import DriftPolicy, Owned
from rules.records import FieldType
from rules.rulebook import compile_rulebook
from rules.yaml_text import read
from tests.playbooks import FIELDS, issues, shipped, small


@pytest.mark.parametrize(
    ("field", "column", "words"),
    [
        ("Potential: {type: money, hubspot: a}", 3, "lower case"),
        ("my potential: {type: money, hubspot: a}", 3, "without spaces|lower case"),
        ("date: {type: date, hubspot: a}", 3, "reserved word"),
        ("left: {type: number, hubspot: a}", 3, "reserved word"),
        ("account_id: {type: number, hubspot: a}", 3, "reserved word"),
        ("tier_row: {type: number, hubspot: a}", 3, "reserved word"),
        ("owner: {type: text, hubspot: a}", 3, "exists already"),
        ("a: {type: money}", 3, "bound to no field"),
        ("a: {type: money, hubspot: }", 3, "bound to no field"),
        ("a: {hubspot: b}", 6, "'type' is missing"),
        ("a: {type: moni, hubspot: b}", 13, "did you mean 'money'?"),
        ("a: {type: money, hubspt: b}", 20, "did you mean 'hubspot'?"),
        ("a: {type: money, hubspot: [b]}", 29, "a text is needed"),
        ("a: {type: text, hubspot: b, values: {x: y}}", 31, "only goes with type: choice"),
        ("a: {type: choice, hubspot: b, values: {x: }}", 42, "one value or a list"),
        ("a: {type: choice, hubspot: b, values: {x: {y: z}}}", 45, "one value or a list"),
        ("a: {type: choice, hubspot: b, values: {x: o, y: [p, o]}}", 51, "already the option"),
        ("a: {type: choice, hubspot: b, values: {unknown: o}}", 42, "meaning of its own"),
        ("a: {type: choice, hubspot: b, values: {x: o}, labels: {z: Z}}", 58, "not in values"),
        ("a: {type: money, hubspot: b, label: [x]}", 39, "[French, English]"),
        ("a: []", 6, "'key: value'"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_told_in_its_place(field: str, column: int, words: str) -> None:
    found = issues(small(fields=f"{FIELDS}  {field}\n"))
    wanted = [i for i in found if any(word in i.text.en for word in words.split("|"))]
    line = FIELDS.count("\n") + 1
    assert [(i.file, i.line, i.column) for i in wanted[:1]] == [("fields.yaml", line, column)]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ("accounts: {}", "did you mean 'account'?"),
        ("write: {optional: [tier]}", "'tier' is not allowed here"),
        ("write: {optional: segment}", "a list is needed"),
    ],
)
def test_a_wrong_part_is_told(fields: str, words: str) -> None:
    assert any(words in issue.text.en for issue in issues(small(fields=fields)))


def test_the_shipped_fields() -> None:
    rulebook = compile_rulebook(shipped())
    kind = rulebook.fields.account["kind"]
    assert kind.type is FieldType.CHOICE
    assert kind.crm_values()["lead"] == "prospect"
    assert rulebook.fields.account["cycle"].choices()["short"] == Text("court", "short")
    assert rulebook.written == (
        Owned.TIER, Owned.PRIORITY, Owned.NEXT_CONTACT, Owned.WHY,
        Owned.SEGMENT, Owned.QUADRANT, Owned.CONTACT_STATUS,
    )  # fmt: skip


def test_reps_write_the_challenge_and_arpent_does_not() -> None:
    rulebook = compile_rulebook(shipped())
    assert Owned.CHALLENGE in rulebook.own_fields
    assert Owned.CHALLENGE not in rulebook.written


# What becomes of a person's edit.


def test_a_field_without_a_policy_is_challenged() -> None:
    fields = read_fields(
        read("fields.yaml", "write: {drift: {tier: respect}, optional: [segment]}")
    )
    assert fields is not None
    assert fields.drift == {
        "tier": DriftPolicy.RESPECT,
        "priority": DriftPolicy.CHALLENGE,
        "next_contact": DriftPolicy.CHALLENGE,
        "why": DriftPolicy.CHALLENGE,
        "segment": DriftPolicy.CHALLENGE,
    }


def test_a_mistyped_policy_or_field_is_said_with_what_was_meant() -> None:
    document = read("fields.yaml", "write:\n  drift:\n    tier: respekt\n    priorty: reassert\n")
    assert read_fields(document) is None
    told = [(issue.line, issue.column, issue.text.en) for issue in document.issues]
    assert [(line, column) for line, column, _ in told] == [(3, 11), (4, 5)]
    assert "did you mean 'respect'?" in told[0][2]
    assert "did you mean 'priority'?" in told[1][2]
