"""The proof of tables, bands and points: every gap, and every row that can never win.

What a cell asks is known exactly, and so is what facts can be, so the proof looks at every
combination that matters, through the other rules down to the facts: a finding is real, and none
is missed. Only a `when` is opaque to it: it may be yes, no or unknown whatever the facts say.

An account that lacks an input is unrated, which is no gap. Findings are
- errors: a row, a band or a cell that can never count; a tag without a result for some account;
- warnings: such a tag that only some `when` or the scope may allow; another rule that gives
  nothing where the rules that use it do not say what unknown means; a table that is too large;
- notes: a rule that gives nothing where that is provided for; an `else` that no account reaches.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations
from typing import Any

from rules import verdicts
from rules.cells import UNKNOWN, alternatives
from rules.diagrams import Node, TooLarge, first_way, is_possible, result_at
from rules.language import Language, Text
from rules.located import Document, Issue
from rules.outcomes import STEP_LIMIT, Ladder, Outcomes, Rung
from rules.owned import Owned
from rules.segments import TAGS, Segments
from rules.shapes import Rule
from rules.terms import Name
from rules.time import Day


class Severity(StrEnum):
    """What a finding does: an error refuses the playbook, the others are only told."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Kind(StrEnum):
    """What was found: accounts without a result, a row without accounts, or too much to say."""

    GAP = "gap"
    DEAD = "dead"
    UNPROVED = "unproved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing proved of a rule.

    `path` is where it stands under the rule; `account` is an example, with a value (None where it
    is unknown) for each fact that rules judge and each `when`; without one where there is none.
    """

    kind: Kind
    severity: Severity
    rule: str
    path: tuple[str | int, ...]
    issue: Issue
    account: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The findings in order; the rules that were proved; the opaque ones, each with its users."""

    findings: Sequence[Finding]
    proved: Sequence[str]
    opaque: Mapping[str, Sequence[str]]

    def of(self, severity: Severity) -> list[Issue]:
        """The findings of one severity."""
        return [each.issue for each in self.findings if each.severity is severity]


def prove(
    document: Document,
    segments: Segments,
    facts: Mapping[str, Name],
    today: Day,
    currency: str = "CAD",
) -> Proof:
    """What can be said for sure of the rules of `segments.yaml`, read from `document`.

    Days and ages of one date are compared as of `today`.
    """
    prover = _Prover(document, segments, facts, today, currency)
    for rule in segments.rules:
        prover.add(rule)
    return Proof(
        findings=sorted(prover.findings, key=lambda finding: finding.issue),
        proved=prover.proved,
        opaque=prover.opaque,
    )


@dataclass(slots=True)
class _Prover:
    document: Document
    segments: Segments
    facts: Mapping[str, Name]
    today: Day
    currency: str
    findings: list[Finding] = field(default_factory=list)
    proved: list[str] = field(default_factory=list)
    opaque: dict[str, list[str]] = field(default_factory=dict)
    _exact: Outcomes = field(init=False)
    _free: Outcomes = field(init=False)

    def __post_init__(self) -> None:
        # A tier that a person imposes may let a row win that its table never would.
        self._exact = Outcomes(self.segments, self.facts, self.today, is_tier_free=False)
        self._free = self._exact
        if any(Owned.TIER in rule.term.uses for rule in self.segments.rules):
            self._free = Outcomes(self.segments, self.facts, self.today, is_tier_free=True)

    @property
    def _views(self) -> list[Outcomes]:
        return [self._exact] if self._free is self._exact else [self._exact, self._free]

    def add(self, rule: Rule) -> None:
        """Prove a rule, and let those that use it know what it gives."""
        known = len(self.findings)
        try:
            for outcomes in self._views:
                outcomes.diagrams.steps = STEP_LIMIT
                ladders = outcomes.ladders(rule)
                for ladder in ladders:
                    self._climb(rule, ladder, outcomes)
                outcomes.settle(rule, ladders)
        except TooLarge:
            del self.findings[known:]
            for outcomes in self._views:
                outcomes.close(rule)
            self._find(Kind.UNPROVED, Severity.WARNING, rule, (rule.shape,), verdicts.TOO_LARGE)
            return
        if rule.shape != "when":
            self.proved.append(rule.name)

    def _climb(self, rule: Rule, ladder: Ladder, outcomes: Outcomes) -> None:
        """Follow the accounts that are left from rung to rung."""
        diagrams = outcomes.diagrams
        left = diagrams.end(True)
        wins: list[Node] = []
        for rung in ladder.rungs:
            wins.append(diagrams.both(left, rung.holds))
            if outcomes is self._free and not is_possible(wins[-1]):
                self._tell_dead(rule, ladder, len(wins) - 1, wins)
            left = diagrams.both(left, diagrams.inverse(rung.holds))
        if outcomes is self._exact:
            self._note_opaque(rule, ladder)
            if rule.shape != "points":
                self._tell_gap(rule, ladder, left)

    def _note_opaque(self, rule: Rule, ladder: Ladder) -> None:
        for name in ladder.names:
            for each in self._exact.names_in(self._exact.seen(name, rule)) & self._exact.opaque:
                users = self.opaque.setdefault(each, [])
                if rule.name not in users:
                    users.append(rule.name)

    def _tell_gap(self, rule: Rule, ladder: Ladder, left: Node) -> None:
        """Accounts that know all that is asked, and for which nothing holds."""
        outcomes, diagrams = self._exact, self._exact.diagrams
        # First those that no `when` could save; where there are none, those that one may.
        left = self._knowing(rule, [n for n in ladder.names if n not in outcomes.opaque], left)
        gap = left
        for name in outcomes.names_in(left) & outcomes.opaque:
            gap = diagrams.always(gap, outcomes.variable(name))
        if not is_possible(gap):
            gap = self._knowing(rule, ladder.names, left)
        if not is_possible(gap):
            return
        way = first_way(gap)
        example = self._example(rule, ladder.names, way, outcomes)
        if rule.name in TAGS:
            conditions = sorted(outcomes.names_in(gap) & outcomes.opaque)
            if outcomes.names_in(gap) & set(self.segments.scope.uses):
                conditions.append("scope")
            text = verdicts.gap(rule, example, conditions)
            severity = Severity.WARNING if conditions else Severity.ERROR
        else:
            is_expected = _is_expected(self.segments, rule)
            severity = Severity.NOTE if is_expected else Severity.WARNING
            text = (
                verdicts.expected_gap(example)
                if is_expected
                else verdicts.unrated_gap(rule, example)
            )
        account = outcomes.account(way)
        self._find(Kind.GAP, severity, rule, (rule.shape,), text, account=account, at_key=True)

    def _knowing(self, rule: Rule, names: Sequence[str], left: Node) -> Node:
        """Of the accounts that are left, those for which these names are known."""
        for name in names:
            seen = self._exact.seen(name, rule)
            known = self._exact.diagrams.mapped(seen, lambda value: value is not None)
            left = self._exact.diagrams.both(left, known)
        return left

    def _tell_dead(self, rule: Rule, ladder: Ladder, number: int, wins: Sequence[Node]) -> None:
        rung, outcomes = ladder.rungs[number], self._free
        if not rung.cells:
            self._find(Kind.DEAD, Severity.NOTE, rule, rung.path, verdicts.USELESS_ELSE)
            return
        account = None
        if is_possible(rung.holds):
            way = first_way(rung.holds)
            account = outcomes.account(way)
            takers = [
                index
                for index, won in enumerate(wins)
                if is_possible(outcomes.diagrams.both(rung.holds, won))
            ]
            taker = next(index for index in takers if result_at(wins[index], way))
            text = verdicts.covered(
                verdicts.named(rule, ladder, [number]),
                verdicts.named(rule, ladder, takers),
                self._example(rule, ladder.names, way, outcomes),
                verdicts.named(rule, ladder, [taker]),
            )
        else:
            text = verdicts.impossible(
                verdicts.named(rule, ladder, [number]), self._contradiction(rule, rung, outcomes)
            )
        at_key = rule.shape != "table"
        self._find(Kind.DEAD, Severity.ERROR, rule, rung.path, text, account=account, at_key=at_key)

    def _contradiction(self, rule: Rule, rung: Rung, outcomes: Outcomes) -> list[str]:
        """The fewest cells of a row that can't hold together, as written."""
        for count in range(1, len(rung.cells)):
            for cells in combinations(rung.cells, count):
                together = outcomes.diagrams.end(True)
                for name, text in cells:
                    together = outcomes.diagrams.both(together, outcomes.cell(rule, name, text))
                if not is_possible(together):
                    return [f"{name}: {text}" for name, text in cells]
        return [f"{name}: {text}" for name, text in rung.cells]

    def _example(
        self, rule: Rule, names: Sequence[str], way: Mapping[int, int], outcomes: Outcomes
    ) -> Text:
        """What an account is, in the words of the playbook and for the names of a rule."""

        def spoken(name: str, language: Language) -> str:
            domain = outcomes.domain(name)
            value = result_at(outcomes.seen(name, rule), way)
            word = domain.spoken(value, language, self.currency, self.today)
            return f"{domain.name.label.to(language)} {word}"

        return Text(*(", ".join(spoken(name, language) for name in names) for language in Language))

    def _find(
        self,
        kind: Kind,
        severity: Severity,
        rule: Rule,
        path: tuple[str | int, ...],
        text: Text,
        *,
        account: Mapping[str, Any] | None = None,
        at_key: bool = False,
    ) -> None:
        told = Text(f"{rule.name} : {text.fr}", f"{rule.name}: {text.en}")
        issue = self.document.issue((rule.name, *path), told, at_key=at_key)
        self.findings.append(
            Finding(
                kind=kind, severity=severity, rule=rule.name, path=path, issue=issue,
                account=account,
            )
        )  # fmt: skip


def _is_expected(segments: Segments, rule: Rule) -> bool:
    """Whether every rule that uses another one says what it makes of an unknown."""
    users = [each for each in segments.rules if rule.name in each.term.uses]
    return all(_provides(user, rule.name) for user in users)


def _provides(rule: Rule, name: str) -> bool:
    return rule.shape == "when" or any(_unknowns(rule, name))


def _unknowns(rule: Rule, name: str) -> Iterator[bool]:
    """Of each cell of a rule about a name, whether it is for the unknown; an else is."""
    body = rule.written
    match rule.shape:
        case "table":
            yield from (not row.cells or "{" in row.then for row in rule.rows)
            cells = [cell.text for row in rule.rows for cell in row.cells if cell.name == name]
        case "bands":
            cells = [text for value, text in body.items() if value != "of"]
        case _:
            cells = list(body[name])
    yield from (UNKNOWN in {part for _, part in alternatives(text)} for text in cells)
