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

from rules.cells import UNKNOWN, alternatives
from rules.diagrams import Node, TooLarge, first_way, is_possible, result_at
from rules.language import Language, Text, joined
from rules.located import Document, Issue
from rules.outcomes import STEP_LIMIT, Ladder, Outcomes, Rung
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
        self._exact, self._free = (
            Outcomes(self.segments, self.facts, self.today, is_tier_free=is_tier_free)
            for is_tier_free in (False, True)
        )

    def add(self, rule: Rule) -> None:
        """Prove a rule, and let those that use it know what it gives."""
        known = len(self.findings)
        try:
            for outcomes in (self._exact, self._free):
                outcomes.diagrams.steps = STEP_LIMIT
                ladders = outcomes.ladders(rule)
                for ladder in ladders:
                    self._climb(rule, ladder, outcomes)
                outcomes.settle(rule, ladders)
        except TooLarge:
            del self.findings[known:]
            for outcomes in (self._exact, self._free):
                outcomes.close(rule)
            self._find(Kind.UNPROVED, Severity.WARNING, rule, (rule.shape,), _TOO_LARGE)
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
            text = _gap(rule, example, conditions)
            severity = Severity.WARNING if conditions else Severity.ERROR
        else:
            is_expected = _is_expected(self.segments, rule)
            severity = Severity.NOTE if is_expected else Severity.WARNING
            text = _expected_gap(example) if is_expected else _unrated_gap(rule, example)
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
            self._find(Kind.DEAD, Severity.NOTE, rule, rung.path, _USELESS_ELSE)
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
            text = _covered(
                _named(rule, ladder, [number]),
                _named(rule, ladder, takers),
                self._example(rule, ladder.names, way, outcomes),
                _named(rule, ladder, [taker]),
            )
        else:
            text = _impossible(
                _named(rule, ladder, [number]), self._contradiction(rule, rung, outcomes)
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


# What is said.

_TOO_LARGE = Text(
    f"trop de combinaisons pour être démontré (plus de {STEP_LIMIT} étapes) : découpez cette "
    "règle en plusieurs, ou essayez-la avec « arpent preview »",
    f"too many combinations to prove (over {STEP_LIMIT} steps): split this rule into several, or "
    "try it with `arpent preview`",
)
_USELESS_ELSE = Text(
    "la ligne else ne sert à aucun compte : les autres les prennent tous",
    "the else row serves no account: the others take them all",
)


def _gap(rule: Rule, example: Text, conditions: Sequence[str] = ()) -> Text:
    """Accounts without a result, if these opaque rules allow them."""
    allowed = Text("", "")
    if conditions:
        fr, en = (joined(conditions, language) for language in Language)
        allowed = Text(f" (si {fr} le permet : non démontré)", f" (if {en} allows it: not proved)")
    if rule.shape == "bands":
        return Text(
            f"aucune bande ne convient{allowed.fr}, par exemple à {example.fr} : élargissez-en "
            "une, ou ajoutez-en une",
            f"no band fits{allowed.en}, for example, {example.en}: widen one, or add one",
        )
    return Text(
        f"aucune ligne ne convient à certains comptes{allowed.fr}, par exemple {example.fr} : "
        "ajoutez une ligne, ou {else: …} à la fin",
        f"no row fits some accounts{allowed.en}, for example {example.en}: add a row, or "
        "{else: …} at the end",
    )


def _unrated_gap(rule: Rule, example: Text) -> Text:
    text = _gap(rule, example)
    return Text(
        f"{text.fr} ; sinon le résultat est inconnu, et une règle qui s'en sert ne dit pas "
        "qu'en faire (unknown)",
        f"{text.en}; otherwise the result is unknown, and a rule that uses it does not say what "
        "then (unknown)",
    )


def _expected_gap(example: Text) -> Text:
    return Text(
        f"sans résultat pour certains comptes, par exemple {example.fr} ; les règles qui s'en "
        "servent prévoient l'inconnu",
        f"no result for some accounts, for example {example.en}; the rules that use it provide "
        "for the unknown",
    )


def _named(rule: Rule, ladder: Ladder, numbers: Sequence[int]) -> Text:
    """`la ligne 3`, `les lignes 1 et 2`, `la bande « low »`, `la case « > 2 »`."""
    words = {
        "table": (Text("la ligne", "row"), Text("les lignes", "rows")),
        "bands": (Text("la bande", "band"), Text("les bandes", "bands")),
        "points": (Text("la case", "cell"), Text("les cases", "cells")),
    }[rule.shape][len(numbers) > 1]
    names = [
        str(number + 1) if rule.shape == "table" else f"« {ladder.rungs[number].path[-1]} »"
        for number in numbers
    ]
    fr, en = (joined(names, language) for language in Language)
    return Text(
        f"{words.fr} {fr}", f"{words.en} {en.replace('« ', chr(39)).replace(' »', chr(39))}"
    )


def _covered(dead: Text, takers: Text, example: Text, taker: Text) -> Text:
    takes_fr = "prennent" if takers.fr.startswith("les") else "prend"
    takes_en = "take" if takers.fr.startswith("les") else "takes"
    return Text(
        f"{dead.fr} ne sert jamais : {takers.fr} {takes_fr} déjà tous ses comptes (par exemple "
        f"{example.fr}, pour {taker.fr}) ; placez-la plus haut, ou retirez-la",
        f"{dead.en} never counts: {takers.en} already {takes_en} all its accounts (for example "
        f"{example.en}, for {taker.en}); move it up, or remove it",
    )


def _impossible(dead: Text, cells: Sequence[str]) -> Text:
    written = [f"« {cell} »" for cell in cells]
    quoted = [f"'{cell}'" for cell in cells]
    if len(cells) == 1:
        return Text(
            f"{dead.fr} ne sert jamais : aucun compte n'a {written[0]} ; corrigez-la, ou "
            "retirez-la",
            f"{dead.en} never counts: no account has {quoted[0]}; correct it, or remove it",
        )
    return Text(
        f"{dead.fr} ne sert jamais : {joined(written, Language.FR)} ne vont jamais ensemble ; "
        "corrigez-la, ou retirez-la",
        f"{dead.en} never counts: {joined(quoted, Language.EN)} never go together; correct it, or "
        "remove it",
    )
