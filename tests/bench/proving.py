"""The proof of a table of six criteria, and `rules check` beside merely parsing its YAML."""

from collections.abc import Callable

from ruamel.yaml import YAML

from rules.checking import check
from rules.facts import names_of
from rules.proof import prove
from rules.rulebook import compile_rulebook
from rules.yaml_text import read, tree_of
from service.check import run as check_folder
from service.playbook_folder import read_folder
from service.settings import SHIPPED_PLAYBOOK
from tests.bench.measuring import Aim, Report, at_most, race

NOW = 1_772_000_000_000
TODAY = 20_509

# Every row wants a level of size, of delay and of effort, by all the criteria of the guide.
SIX = """
six:
  values: {a: A, b: B, c: C, d: D}
  table:
    - {potential: "> 500k", sector: Fabrication | Construction, size: ">= 250", then: a}
    - {potential: "> 500k", cycle: short | medium, last_logged_contact: "< 90 d ago", then: a}
    - {potential: "100k..500k", decision_makers: "1", cycle: short, size: "50..249", then: a}
    - {potential: "100k..500k", last_logged_contact: "< 90 d ago", sector: known, then: b}
    - {potential: "> 500k", size: "< 50", decision_makers: "> 2", then: b}
    - {sector: Transport, size: ">= 50", last_logged_contact: "90..365 d ago", then: b}
    - {potential: "< 100k", cycle: short, decision_makers: "1..2", size: "< 50", then: c}
    - {potential: "> 50k", sector: Construction, last_logged_contact: "> 365 d ago", then: c}
    - {cycle: long, decision_makers: "0", then: d}
    - {potential: unknown, size: ">= 250", sector: Fabrication, then: c}
    - {potential: "< 20k", then: d}
    - {else: c}
"""


def run() -> Report:
    """Milliseconds of the proof, and the ratio of the check to its YAML."""
    files, _ = read_folder(SHIPPED_PLAYBOOK)
    segments = f"{SIX}tier: {{values: {{g: G}}, table: [{{else: g}}]}}"
    alone: dict[str, str | bytes] = {
        **{name: files[name] for name in ("team.yaml", "fields.yaml")},
        "segments.yaml": segments, "kpis.yaml": b"", "alerts.yaml": b"start: 2026-01-05",
    }  # fmt: skip
    book = compile_rulebook(alone)
    document = read("segments.yaml", segments)
    names = names_of(book.fields)
    whole = compile_rulebook(files)
    shipped = read("segments.yaml", files["segments.yaml"])
    proofs = race(
        {
            "the table of six criteria": lambda: prove(document, book.segments, names, TODAY),
            "the shipped rules, all of them": lambda: prove(
                shipped, whole.segments, names_of(whole.fields), TODAY
            ),
        },
        rounds=9,
    )
    checks = race(
        {
            "parsing the YAML": lambda: [
                YAML(typ="safe", pure=True).load(content) for content in files.values()
            ],
            "rules check": lambda: _anew(lambda: check_folder(SHIPPED_PLAYBOOK, NOW)),
            "of which without the disk": lambda: _anew(lambda: check(files, NOW)),
        },
        rounds=9,
    )
    rows = "\n".join(f"| {line.name} | {line.seconds * 1000:.1f} |" for line in [*proofs, *checks])
    text = f"### Proving and checking a playbook\n\n| | ms |\n|---|--:|\n{rows}\n"
    aims: list[Aim] = [
        at_most("proof of a table of six criteria", 50, proofs[0].seconds * 1000, " ms"),
        at_most("rules check, time ÷ that of parsing its YAML", 10, checks[1].ratio),
    ]
    return Report(text, aims)


def _anew(checking: Callable[[], object]) -> object:
    """Check as a command does, which has read no file before."""
    tree_of.cache_clear()
    return checking()
