"""Examples of a playbook: how they are written, and that they are judged by the rules alone."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from rules.examples import COUNTS, FILE
from rules.facts import BUILT_IN_MEASURES
from rules.located import PlaybookError
from rules.rulebook import Rulebook, compile_rulebook
from rules.time import day_number, instant_of
from service import examples
from service.examples import Failure
from tests.acceptance.shell import Shell
from tests.playbooks import SHIPPED, issues, shipped, small

TODAY = 20_000
RULES = """\
scope: {when: vip is not false}
old: {when: days_since(renewal) > 100 or created < '2020-01-01'}
score: {points: {kind: {client: 1.5, unknown: 0}}}
segment: {table: [{else: "{kind} · {sector}"}]}
tier:
  values: {gold: [Or, Gold], silver: [Argent, Silver]}
  contact_every: {gold: 14 d}
  table:
    - {potential: "> 500k", then: gold, why: [grand potentiel, large potential]}
    - else: silver
"""


def playbook(tests: str, rules: str = RULES) -> Rulebook:
    """A small playbook with these examples."""
    return compile_rulebook({**small(segments=rules), FILE: tests})


def failures(*lines: str, on: str = "") -> list[Failure]:
    """What comes out otherwise in one example of these lines."""
    body = "".join(f"    {line}\n" for line in (on, *lines) if line)
    return examples.run(playbook(f"examples:\n  one:\n{body}"), TODAY)


@pytest.mark.parametrize(
    ("given", "expect"),
    [
        ("{potential: 600k}", "{tier: gold, score: 0}"),
        ("{potential: '500 000,01 $'}", "{tier: gold}"),
        ("{potential: 500 000}", "{tier: silver}"),
        # Labels, in either language; the CRM's own value of a choice.
        ("{potential: 600k}", "{tier: Or}"),
        ("{potential: 600k}", "{tier: Gold}"),
        ("{kind: c}", "{score: '1,5'}"),
        ("{kind: client}", "{score: 1.5}"),
        # Unknown is what nobody gives, and can be expected.
        ("{kind: unknown}", "{score: 0, old: unknown}"),
        # Days before and after.
        ("{renewal: 101 d ago}", "{old: yes}"),
        ("{renewal: il y a 100 j}", "{old: unknown}"),
        ("{renewal: 0 d ago, created: 5 w ago}", "{old: non}"),
        ("{renewal: in 3 w, created: dans 2 j}", "{old: no}"),
        # Tags: the reason in part, the next contact, its status; outside the scope, nothing.
        ("{potential: 600k}", "{why: grand potentiel}"),
        ("{potential: 600k}", "{why: Or}"),
        ("{potential: 600k, created: 4 d ago}", "{next_contact: in 10 d, contact_status: never}"),
        (
            "{potential: 600k, last_logged_contact: 20 d ago}",
            "{next_contact: 6 d ago, contact_status: En retard}",
        ),
        ("{vip: no}", "{scope: no, tier: unknown, why: unknown}"),
        ("{vip: oui}", "{scope: yes}"),
        ("{kind: client, sector: L'eau}", "{segment: c · L'eau}"),
    ],
)
def test_an_example_that_holds(given: str, expect: str) -> None:
    assert failures(f"given: {given}", f"expect: {expect}") == []


@pytest.mark.parametrize(
    ("given", "expect", "told"),
    [
        ("{potential: 600k}", "{tier: silver}", ("silver", "gold", 1, 9)),
        ("{}", "{tier: Or}", ("Or", "silver", 2, 10)),
        ("{potential: 600k}", "{why: petit}", ("petit", "Or : grand potentiel", 1, 9)),
        ("{kind: client}", "{score: 2}", ("2", "1.5", None, None)),
        ("{}", "{old: no}", ("no", "unknown", None, None)),
        ("{renewal: 500 d ago}", "{old: no}", ("no", "yes", None, None)),
        ("{vip: no}", "{tier: gold}", ("gold", "unknown", None, None)),
        ("{}", "{scope: no}", ("no", "yes", None, None)),
        ("{created: 0 d ago, potential: 600k}", "{next_contact: in 15 d}",
         ("in 15 d", "in 14 d", None, None)),
    ],
)  # fmt: skip
def test_an_example_that_does_not_tells_what_came_instead(
    given: str, expect: str, told: tuple[str, str, int | None, int | None]
) -> None:
    (found,) = failures(f"given: {given}", f"expect: {expect}")
    assert (found.expected, found.got, found.row, found.decided_at) == told
    assert (found.line, found.column) == (4, 14)
    assert found.example == "one"


def test_a_fixed_date_holds_on_the_day_of_its_example() -> None:
    lines = "given: {renewal: 2026-01-01, created: 2026-01-01}", "expect: {old: no}"
    assert failures(*lines, on="on: 2026-04-11") == []
    assert len(failures(*lines, on="on: 2026-04-12")) == 1


def test_what_every_example_has_can_be_said_otherwise() -> None:
    tests = (
        "always: {potential: 600k, kind: client}\n"
        "examples:\n"
        "  a: {expect: {tier: gold}}\n"
        "  b: {given: {potential: unknown}, expect: {tier: silver, score: 1.5}}\n"
    )
    assert examples.run(playbook(tests), TODAY) == []


def test_failures_stand_in_the_order_of_the_file() -> None:
    tests = (
        "examples:\n"
        "  a: {on: 2026-02-02, expect: {tier: gold}}\n"
        "  b: {expect: {tier: gold}}\n"
        "  c: {on: 2026-02-02, expect: {old: yes, tier: gold}}\n"
    )
    found = examples.run(playbook(tests), TODAY)
    assert [(each.example, each.rule) for each in found] == [
        ("a", "tier"), ("b", "tier"), ("c", "old"), ("c", "tier"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tests", "place", "words"),
    [
        ("- a", (1, 1), "always, examples"),
        ("exemples: {a: {expect: {tier: gold}}}", (1, 1), "did you mean 'examples'"),
        ("always: {}", (1, 1), "write examples"),
        ("always: [a]\nexamples: {a: {expect: {tier: gold}}}", (1, 9), "{field: value"),
        ("examples: {a: b}", (1, 15), "on, given, expect"),
        ("examples: {a: {given: {}}}", (1, 15), "what is expected"),
        ("examples: {a: {expct: {tier: gold}}}", (1, 16), "did you mean 'expect'"),
        ("examples: {a: {given: {sise: 1}, expect: {tier: gold}}}", (1, 24), "'size'"),
        ("examples: {a: {given: {size: x}, expect: {tier: gold}}}", (1, 30), "not a number"),
        ("examples: {a: {given: {kind: clint}, expect: {tier: gold}}}", (1, 30), "'client'"),
        ("examples: {a: {given: {vip: 1}, expect: {tier: gold}}}", (1, 29), "yes, no"),
        ("examples: {a: {given: {size: [1]}, expect: {tier: gold}}}", (1, 30), "one line"),
        ("examples: {a: {given: {name: [1]}, expect: {tier: gold}}}", (1, 30), "one value"),
        ("examples: {a: {given: {renewal: 3}, expect: {tier: gold}}}", (1, 33), "not a date"),
        ("examples: {a: {given: {renewal: x ago}, expect: {tier: gold}}}", (1, 33), "duration"),
        ("examples: {a: {on: 3 d ago, expect: {tier: gold}}}", (1, 20), "not a date"),
        ("examples: {a: {expect: {tier: god}}}", (1, 31), "did you mean 'gold'"),
        ("examples: {a: {expect: {tir: gold}}}", (1, 25), "did you mean 'tier'"),
        ("examples: {a: {expect: {potential: 3}}}", (1, 25), "not a result"),
        ("examples: {a: {expect: {}, given: {}}, a: {}}", (1, 40), "written twice"),
        (
            "examples: {a: {given: {renewal: 2026-01-01}, expect: {tier: gold}}}",
            (1, 33),
            "add the day",
        ),
        (
            "always: {renewal: 2026-01-01}\nexamples: {a: {expect: {tier: gold}}}",
            (1, 19),
            "add the day",
        ),
    ],
)
def test_a_misfit_is_told_at_its_place(tests: str, place: tuple[int, int], words: str) -> None:
    found = issues({**small(segments=RULES), FILE: tests})
    assert [(each.file, each.line, each.column) for each in found[:1]] == [(FILE, *place)]
    assert words in found[0].text.en


def test_examples_do_not_change_the_hash_of_a_playbook() -> None:
    without = compile_rulebook(small(segments=RULES))
    assert without.examples == ()
    assert playbook("examples: {a: {expect: {tier: gold}}}").hash == without.hash
    assert playbook("# rien").hash == without.hash


def test_an_account_without_opportunities_or_contacts_has_none() -> None:
    assert set(COUNTS) == {each.name for each in BUILT_IN_MEASURES.values() if each.is_known}
    rules = RULES.replace("days_since(renewal) > 100", "open_amount = 0 and influencers = 0")
    tests = "examples: {a: {expect: {old: yes}}, b: {given: {open_amount: 1}, expect: {old: no}}}"
    found = examples.run(playbook(tests, rules.replace(" or created < '2020-01-01'", "")), TODAY)
    assert found == []


def test_the_shipped_examples_hold_on_any_day() -> None:
    book = compile_rulebook(shipped())
    assert len(book.examples) >= 10
    for today in (TODAY, TODAY + 1_000, day_number(date(2028, 2, 29))):
        assert examples.run(book, today) == []


def test_a_rule_that_changed_is_caught_by_the_shipped_examples() -> None:
    files = shipped()
    files["segments.yaml"] = files["segments.yaml"].replace('"100k..500k"', '"200k..500k"')
    found = examples.run(compile_rulebook(files), TODAY)
    assert {each.example for each in found} == {"la borne de 100 k$ est comprise"}


def test_publishing_is_refused_while_an_example_comes_out_otherwise() -> None:
    now = instant_of(datetime(2026, 6, 29, tzinfo=UTC))
    examples.require(playbook("examples: {a: {expect: {tier: silver}}}"), now)
    with pytest.raises(PlaybookError, match=r"tests.yaml:1:25: 'a': tier should be 'gold'"):
        examples.require(playbook("examples: {a: {expect: {tier: gold}}}"), now)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A person with a copy of the shipped playbook."""
    for name, text in shipped().items():
        (tmp_path / "playbook" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "playbook" / name).write_text(text, "utf-8")
    return Shell(tmp_path, {"playbook": str(tmp_path / "playbook")})


def test_the_command_says_that_all_is_well(shell: Shell) -> None:
    said = shell.say("rules", "test")
    assert (said.code, said.out) == (0, "28 exemples, tout est comme prévu.\n")
    assert shell.say("rules", "test", str(SHIPPED), language="en").code == 0
    said = shell.say("rules", "test", "--json")
    assert (said.code, said.json["examples"], said.json["failures"]) == (0, 28, [])


def test_the_command_tells_each_failure_and_publishing_is_refused(shell: Shell) -> None:
    path = shell.folder / "playbook" / FILE
    path.write_text("examples:\n  a:\n    expect: {tier: gold}\n", "utf-8")
    said = shell.say("rules", "test")
    assert said.code == 1
    assert "tests.yaml:3:14: « a » : tier devait être « gold »" in said.out
    said = shell.say("rules", "test", "--json")
    assert said.code == 1
    assert said.json["failures"][0]["line"] == 3
    assert shell.say("db", "upgrade").code == 0
    said = shell.say("rules", "publish", "--why", "essai")
    assert said.code == 2
    assert "tests.yaml:3:14" in said.err
    assert shell.say("rules", "history", "--json").json["publications"] == []
    path.write_text("", "utf-8")
    assert "Aucun exemple" in shell.say("rules", "test").out
    assert shell.say("rules", "publish").code == 0
