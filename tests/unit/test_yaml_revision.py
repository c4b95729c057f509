"""A file of plain data comes to say something else, and nothing else of it moves."""

import random
from copy import deepcopy
from typing import Any

import pytest

from rules.yaml_revision import revised
from rules.yaml_text import read

SOURCE = """\
# head
owner: elise   # who
sources: {existing: 600 000, new: {prospecting: 280 000,   # phone
    events: 200 000}, referral: 120 000}  # all
# above quarters
quarters:
  # first
  q1: 240 000   # one

  q2: "360 000"
targets:
away: [2026-07-20..2026-07-31,
   2026-08-01]
accept:
  # known
  - finding: x   # f
    why: "a: b"
  - {finding: y, why: 'it''s'}
# rev
revisions:
- from: 2026-07-01
  # c
  quarters: {q3: 1}
  why: >
    long
    text
- {from: 2026-08-01}
time: {capacity: 32 h per week, prospects: 50 %}
"""


def data() -> Any:
    return deepcopy(read("plan.yaml", SOURCE).data)


def test_what_says_the_same_stays_byte_for_byte() -> None:
    assert revised("plan.yaml", SOURCE, data()) == SOURCE


def test_each_change_touches_its_own_text_alone() -> None:
    wanted = data()
    wanted["sources"]["new"]["events"] = "210 000"
    wanted["quarters"]["q3"] = "5"
    wanted["targets"] = {"proposals": "3 per week"}
    wanted["accept"].pop(0)
    wanted["away"].append("2026-12-24")
    wanted["revisions"][0]["quarters"] = {"q4": "7"}
    del wanted["time"]["prospects"]
    wanted["note"] = "a: b"
    assert revised("plan.yaml", SOURCE, wanted) == (
        SOURCE.replace("events: 200 000", "events: 210 000")
        .replace("\ntargets:", "\n  q3: 5\ntargets: {proposals: 3 per week}")
        .replace("   2026-08-01]", "   2026-08-01, 2026-12-24]")
        .replace('  - finding: x   # f\n    why: "a: b"\n', "")
        .replace("{q3: 1}", "{q4: 7}")
        .replace(", prospects: 50 %", "")
        + 'note: "a: b"\n'
    )  # fmt: skip


def test_a_file_of_comments_is_written_whole() -> None:
    wanted = {"owner": "élise", "sources": {"=x": "1", "a, b": "2"}, "away": ["2026-07-01"]}
    text = revised("plan.yaml", "# new\n", wanted)
    assert text == '# new\nowner: élise\nsources: {"=x": 1, "a, b": 2}\naway: [2026-07-01]\n'


def changed(found: Any, chance: random.Random) -> None:
    """Change, add or remove something, anywhere."""
    keys = list(found) if isinstance(found, dict) else list(range(len(found)))
    key, what = chance.choice(keys), chance.random()
    if what < 0.15 and len(keys) > 1:
        del found[key]
    elif what < 0.3 and isinstance(found, dict):
        name = chance.choice(["new", "a b: c", "=1", '"k', "é"])
        found[name] = chance.choice(
            ["1", "{x}", "a, b", {"n": "2"}, ["u", "v: w"], "x" * 120, {"k" * 60: "v" * 50}]
        )
    elif what < 0.4:
        found[key] = chance.choice(["9 999 $", "a # b", {"m": "3"}, ["p"], "@SUM"])
    elif isinstance(found[key], dict | list):
        changed(found[key], chance)
    else:
        found[key] = "other"


@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
@pytest.mark.parametrize("end", ["", "\n"])
def test_whatever_changes_the_file_says_it(line_break: str, end: str) -> None:
    source = (SOURCE.rstrip() + end).replace("\n", line_break)
    for seed in range(25):
        wanted, chance = data(), random.Random(seed)  # noqa: S311 - the same every time
        for _ in range(chance.randrange(1, 4)):
            changed(wanted, chance)
        # It raises where what it wrote would not be read as wanted.
        text = revised("plan.yaml", source, wanted)
        assert text.startswith("# head") or "owner" not in wanted
