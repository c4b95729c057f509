"""Test: what the rules make of the examples that come with them, and where that is otherwise."""

from collections import defaultdict
from dataclasses import dataclass

from rules.examples import FILE, Example, Mismatch, judged
from rules.language import Text
from rules.located import Issue, PlaybookError
from rules.rulebook import Rulebook
from rules.time import Day, Instant, day_of
from rules.yaml_text import read
from service.store import examples

_RULES = "segments.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An example that came out otherwise; `decided_at` is the line of the row that decided."""

    example: str
    line: int
    column: int
    rule: str
    expected: str
    got: str
    row: int | None
    decided_at: int | None

    @property
    def issue(self) -> Issue:
        """The same as a sentence at its place."""
        where = Text("", "")
        if self.row is not None:
            where = Text(
                f" (ligne {self.row} de la table, {_RULES}:{self.decided_at})",
                f" (row {self.row} of the table, {_RULES}:{self.decided_at})",
            )
        return Issue(
            FILE, self.line, self.column,
            Text(
                f"« {self.example} » : {self.rule} devait être « {self.expected} », et c'est "
                f"« {self.got} »{where.fr}",
                f"'{self.example}': {self.rule} should be '{self.expected}', and it is "
                f"'{self.got}'{where.en}",
            ),
        )  # fmt: skip


def run(rulebook: Rulebook, today: Day) -> list[Failure]:
    """The expectations that the rules don't meet, `today` being that of the team, in order."""
    by_day: dict[Day, list[Example]] = defaultdict(list)
    for example in rulebook.examples:
        by_day[example.on or today].append(example)
    found: list[Mismatch] = []
    for day, several in by_day.items():
        accounts = [example.facts(day) for example in several]
        results = examples.evaluate(rulebook.tagging, accounts, day)
        for example, result in zip(several, results, strict=True):
            found += judged(example, result, rulebook.segments, day)
    failures = [_located(rulebook, each) for each in found]
    return sorted(failures, key=lambda each: (each.line, each.column))


def require(rulebook: Rulebook, now: Instant) -> None:
    """Raise `PlaybookError` when an example does not come out as expected."""
    failures = run(rulebook, day_of(now, rulebook.team.zone))
    if failures:
        raise PlaybookError([each.issue for each in failures])


def _located(rulebook: Rulebook, found: Mismatch) -> Failure:
    expected = found.expected
    decided_at = None
    if found.row is not None:
        places = read(_RULES, rulebook.source[_RULES]).places
        rule = "tier" if expected.name == "why" else expected.name
        decided_at = places[rule, "table", found.row - 1].line
    return Failure(
        example=found.example, line=expected.line, column=expected.column, rule=expected.name,
        expected=expected.written, got=found.got, row=found.row, decided_at=decided_at,
    )  # fmt: skip
