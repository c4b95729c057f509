"""Playbooks for tests: the shipped one, and one of a few lines whose files can be replaced."""

from pathlib import Path

import pytest

from rules.facts import BUILT_IN
from rules.language import Text
from rules.located import Issue, PlaybookError
from rules.records import FieldType
from rules.rulebook import Rulebook, compile_rulebook
from rules.terms import Name

SHIPPED = Path(__file__).parent.parent / "rules" / "playbook"

TEAM = "zone: America/Toronto\ncurrency: CAD\nlanguage: fr\n"
FIELDS = """\
account:
  potential: {type: money, hubspot: a}
  size: {type: number, hubspot: b}
  kind: {type: choice, hubspot: c, values: {client: c, prospect: p}}
  sector: {type: text, hubspot: d}
  vip: {type: yes_no, hubspot: e}
  renewal: {type: date, hubspot: f}
"""
TIER = """\
tier:
  values: {gold: [Or, Gold], silver: [Argent, Silver]}
  table:
    - {potential: "> 500k", then: gold}
    - {else: silver}
"""
# Where the bound fields of FIELDS sit.
SLOTS = {
    "potential": "money_1", "size": "number_1", "kind": "text_1", "sector": "text_2",
    "vip": "yes_no_1", "renewal": "date_1",
}  # fmt: skip

BOUND = {
    "potential": (FieldType.MONEY, ()),
    "size": (FieldType.NUMBER, ()),
    "kind": (FieldType.CHOICE, ("client", "prospect")),
    "sector": (FieldType.TEXT, ()),
    "vip": (FieldType.YES_NO, ()),
    "renewal": (FieldType.DATE, ()),
}


def shipped() -> dict[str, str]:
    """The files of the playbook that comes with Arpent."""
    return {
        path.relative_to(SHIPPED).as_posix(): path.read_text("utf-8")
        for path in SHIPPED.rglob("*.yaml")
    }


def small(**changed: str | bytes) -> dict[str, str | bytes]:
    """A playbook of a few lines; `segments="…"` replaces `segments.yaml`, and so on."""
    files: dict[str, str | bytes] = {
        "team": TEAM, "fields": FIELDS, "segments": TIER, "kpis": "", "alerts": "start: 2026-01-01",
    }  # fmt: skip
    return {f"{name}.yaml": content for name, content in {**files, **changed}.items()}


def with_rules(rules: str) -> Rulebook:
    """A compiled small playbook with more rules before its tier."""
    return compile_rulebook(small(segments=f"{rules}\n{TIER}"))


def issues(files: dict[str, str | bytes]) -> list[Issue]:
    """All that is wrong with a playbook; both languages are checked to say something."""
    with pytest.raises(PlaybookError) as caught:
        compile_rulebook(files)
    found = caught.value.issues
    assert found
    for issue in found:
        assert issue.text.fr.strip()
        assert issue.text.en.strip()
        assert issue.line >= 1
        assert issue.column >= 1
    return found


def names() -> dict[str, Name]:
    """The facts that a rule of the small playbook can name."""
    built_in = {name: (kind, ()) for name, (kind, _) in BUILT_IN.items()}
    return {
        name: Name(
            name=name, type=kind, label=Text(name, name),
            choices={choice: Text(choice, choice) for choice in choices},
        )
        for name, (kind, choices) in {**built_in, **BOUND}.items()
    }  # fmt: skip
