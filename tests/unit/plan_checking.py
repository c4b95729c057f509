"""Plans for the tests of `plan check`: the worked case, one that holds together, and changes."""

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import date
from functools import cache
from typing import Any

from rules.language import Language
from rules.located import Path
from rules.plan.plan import Plan
from rules.plan.reading import read_plan
from rules.plan_check.check import Findings, check_plan, check_plans
from rules.plan_check.terms import NOTHING, Measured
from rules.plan_check.values import Change
from rules.rulebook import Rulebook, compile_rulebook
from rules.time import Day, day_number
from rules.yaml_text import read
from tests.playbooks import shipped

Written = dict[str, Any]
"""A plan as a file writes it."""

JUNE = day_number(date(2026, 6, 29))

# The worked case of the guide: every number is its own, and nothing is supposed.
ELISE: Written = {
    "owner": "elise",
    "period": "2026",
    "currency": "CAD",
    "objective": "1 200 000",
    "sources": {"existing": "600 000", "new": "480 000", "referral": "120 000"},
    "quarters": {"q1": "240 000", "q2": "360 000", "q3": "240 000", "q4": "360 000"},
    "accounts": {"existing": "35", "new": "80", "referral": "3"},
    "targets": {
        "opportunities_opened": "12 per month",
        "conversion_rate": "25 %",
        "active_pipeline": "300k",
        "priority_contacted": "90 %",
    },
    "time": {
        "capacity": "32 h per week", "prospects": "50 %", "existing": "30 %", "strategic": "20 %",
    },
    "review": {"every": "6 weeks", "with": "marc"},
    "agreed": {"elise": "2025-12-14", "marc": "2025-12-15"},
}  # fmt: skip

# 12 a month × 12 × 25 % = 36 wins × 33 500 $ = 1 206 000 $; 40 % of 144 = 57.6 opportunities of
# 120 accounts, 48 %; 12 × 33 500 $ × 75/30 = 1 005 000 $.
SOUND: Written = {
    **ELISE,
    "accounts": {"existing": "35", "new": "120", "referral": "3"},
    "assumptions": {"average_won_deal": "33 500", "cycle": "75 d"},
    "targets": {**ELISE["targets"], "active_pipeline": "1 005 000"},
}


@cache
def playbook() -> Rulebook:
    """The shipped playbook."""
    return compile_rulebook(shipped())


def with_plans(*plans: Written, **changed: str) -> Rulebook:
    """The shipped playbook with these plans; `segments="…"` replaces `segments.yaml`."""
    files = {name: text for name, text in shipped().items() if not name.startswith("plans/")}
    files |= {f"{name}.yaml": text for name, text in changed.items()}
    files |= {f"plans/{number}.yaml": json.dumps(plan) for number, plan in enumerate(plans)}
    return compile_rulebook(files)


def plan_of(written: Written) -> Plan:
    """A plan read from a file that says this; it must be right."""
    # JSON is YAML too.
    document = read("plans/elise.yaml", json.dumps(written))
    plan = read_plan(document, playbook().team)
    assert plan is not None, document.issues
    assert [issue.to(Language.EN) for issue in document.issues] == []
    return plan


def found_in(written: Written, measured: Measured = NOTHING, as_of: Day = JUNE) -> Findings:
    """What is found in one plan."""
    book = playbook()
    return check_plan(
        plan_of(written), kpis=book.kpis, team=book.team, rules=book.segments, measured=measured,
        as_of=as_of,
    )  # fmt: skip


def all_found(book: Rulebook, as_of: Day = JUNE, **measured: Measured) -> Findings:
    """What is found in a playbook."""
    return check_plans(book, measured=measured, as_of=as_of)


def names(found: Findings) -> list[str]:
    """The names of the contradictions."""
    return [each.name.value for each in found.contradictions]


def warned(found: Findings) -> list[str]:
    """The names of the warnings."""
    return [each.name.value for each in found.warnings]


def changed(written: Written, path: Path, value: object) -> Written:
    """A plan with another value at a path."""
    copied = deepcopy(written)
    within: Any = copied
    for step in path[:-1]:
        within = within.setdefault(step, {}) if isinstance(within, dict) else within[step]
    within[path[-1]] = value
    return copied


def repaired(written: Written, changes: Sequence[Change]) -> Written:
    """A plan with the lines that a repair names; those of other owners are left out."""
    for change in changes:
        if change.owner == written["owner"]:
            value = change.value
            plain = dict(value) if isinstance(value, Mapping) else value
            written = changed(written, change.path, plain)
    return written
