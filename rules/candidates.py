"""Which fields of a CRM could be what a playbook needs: by their words, their type, their values.

Pure. A field is a candidate by the words of its API name and label, French and English; among the
candidates, a type that reads well and values that are there decide. `service.suggest` looks into
the CRM, `service.init` binds the best.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rules.candidate_words import MEANINGS, OTHERWISE, WORDS, Need
from rules.language import Text
from rules.records import FieldType


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A field as the CRM declares it; `options` are (value, label), `fits` its best type."""

    name: str
    label: str
    fits: FieldType | None = None
    never: frozenset[FieldType] = frozenset()
    options: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """How many records of a sample have a value."""

    count: int
    of: int

    @property
    def share(self) -> float:
        """From 0 to 1; none of none is none."""
        return self.count / self.of if self.of else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a sample shows of a field.

    `samples` are numbers only; `counts` how often each option occurs. Neither ever holds a text
    that somebody typed freely.
    """

    filled: Filled
    by_owner: Mapping[str, Filled] = field(default_factory=dict)
    samples: Sequence[str] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A field that could be it: how near its words are and how well its type goes, from 0 to 1.

    `seen` is None where no sample was read.
    """

    declared: Declared
    words: float
    type: float
    seen: Seen | None = None

    @property
    def score(self) -> float:
        """The rank: words first, then values, then type."""
        share = self.seen.filled.share if self.seen else 0.0
        return 0.5 * self.words + 0.3 * share + 0.2 * self.type

    @property
    def is_clear(self) -> bool:
        """Whether it may be taken without asking."""
        return self.words >= _CLEAR_WORDS and self.type >= _CLEAR_TYPE


_CLEAR_WORDS, _CLEAR_TYPE = 0.6, 0.4
_LONG_ENOUGH = 6
_INSIDE = 0.9

_TYPES: Mapping[Need, Mapping[FieldType, float]] = {
    Need.POTENTIAL: {FieldType.MONEY: 1, FieldType.NUMBER: 1},
    Need.SECTOR: {FieldType.CHOICE: 1, FieldType.TEXT: 0.8},
    Need.SIZE: {FieldType.NUMBER: 1},
    Need.CYCLE: {FieldType.CHOICE: 1},
    Need.KIND: {FieldType.CHOICE: 1},
    Need.DECISION_MAKER: {FieldType.NUMBER: 1, FieldType.CHOICE: 0.8, FieldType.YES_NO: 0.8},
    Need.SOURCE: {FieldType.CHOICE: 1},
    Need.PRODUCT: {FieldType.CHOICE: 1, FieldType.TEXT: 0.8},
}
WANTED: Mapping[Need, FieldType] = {
    Need.POTENTIAL: FieldType.MONEY,
    Need.SECTOR: FieldType.TEXT,
    Need.SIZE: FieldType.NUMBER,
    Need.CYCLE: FieldType.CHOICE,
    Need.KIND: FieldType.CHOICE,
    Need.DECISION_MAKER: FieldType.NUMBER,
    Need.SOURCE: FieldType.CHOICE,
    Need.PRODUCT: FieldType.TEXT,
}
_UNSURE = 0.4

# Without an option for each of these, a field can't be what is needed.
_REQUIRED: Mapping[Need, frozenset[str]] = {
    Need.KIND: frozenset({"client", "prospect"}),
    Need.CYCLE: frozenset({"short", "medium", "long"}),
    Need.SOURCE: frozenset({"existing", "new"}),
}


def folded(written: str) -> list[str]:
    """The words of a name or label: lower case, without accents, cut at capitals and marks."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", written)
    plain = unicodedata.normalize("NFKD", parted).encode("ascii", "ignore").decode().lower()
    return re.findall(r"[a-z0-9]+", plain)


def nearness(need: Need, declared: Declared) -> float:
    """How near the words of a field are to what is needed, from 0 to 1."""
    name, label = folded(declared.name), folded(declared.label)
    if OTHERWISE[need].intersection([*name, *label]):
        return 0.0
    compact = "".join(name)
    best = 0.0
    for phrase, weight in WORDS[need].items():
        words = phrase.split()
        for tokens in (name, label):
            if _holds(tokens, words):
                # What else a name says makes it less sure.
                best = max(best, weight * (0.8 + 0.2 * len(words) / len(tokens)))
        joined = "".join(words)
        if len(joined) >= _LONG_ENOUGH and joined in compact:
            best = max(best, weight * _INSIDE)
    return best


def _holds(tokens: Sequence[str], words: Sequence[str]) -> bool:
    return any(
        list(tokens[at : at + len(words)]) == list(words)
        for at in range(len(tokens) - len(words) + 1)
    )


def fitness(need: Need, declared: Declared) -> float:
    """How well the type of a field goes with what is needed, 0 where it can't."""
    if WANTED[need] in declared.never:
        return 0.0
    if declared.options and need in _REQUIRED:
        return 1.0 if is_usable(need, declared.options) else 0.2
    if declared.fits is None or declared.fits is FieldType.TEXT:
        return _TYPES[need].get(FieldType.TEXT, _UNSURE)
    return _TYPES[need].get(declared.fits, 0.0)


def shortlist(need: Need, fields: Iterable[Declared], limit: int) -> list[Candidate]:
    """The fields that could be it by words and type, the nearest first; no value was read."""
    found = [
        Candidate(declared=each, words=words, type=kind)
        for each in fields
        if (words := nearness(need, each)) and (kind := fitness(need, each))
    ]
    return ranked(found)[:limit]


def ranked(found: Iterable[Candidate]) -> list[Candidate]:
    """Candidates, the best first; of equals, by name."""
    return sorted(found, key=lambda each: (-each.score, each.declared.name))


def meanings(
    need: Need, options: Iterable[tuple[str, str]]
) -> tuple[dict[str, list[str]], list[str]]:
    """The options that mean each value of the playbook, by their words; and those left over."""
    known = MEANINGS.get(need, {})
    meant: dict[str, list[str]] = {}
    left: list[str] = []
    for option, label in options:
        value = _meaning(known, option, label) if is_writable(option) else None
        if value is None:
            left.append(option)
        elif option not in meant.setdefault(value, []):
            meant[value].append(option)
    return {value: meant[value] for value in sorted(meant)}, left


def _meaning(known: Mapping[str, Sequence[str]], option: str, label: str) -> str | None:
    for value, phrases in known.items():
        for tokens in (folded(option), folded(label)):
            if any(_holds(tokens, phrase.split()) for phrase in phrases):
                return value
    return None


def is_writable(name: str) -> bool:
    """Whether a file of rules can name this: it holds no control character."""
    return not any(unicodedata.category(each) in {"Cc", "Cs"} for each in name)


def is_usable(need: Need, options: Iterable[tuple[str, str]]) -> bool:
    """Whether these options say what the rules ask."""
    return _REQUIRED.get(need, frozenset()) <= meanings(need, options)[0].keys()


def reason(candidate: Candidate) -> Text:
    """How a candidate was ranked, in a short phrase."""
    near = Text("nom exact", "exact name") if candidate.words >= _EXACT else Text(
        "nom proche", "near name"
    )  # fmt: skip
    if not candidate.is_clear and candidate.words < _CLEAR_WORDS:
        near = Text("nom voisin, à confirmer", "similar name, to confirm")
    kind = candidate.declared.fits
    spoken = SPOKEN[kind] if kind else Text("type inconnu", "unknown type")
    if candidate.seen is None:
        return Text(f"{near.fr}, {spoken.fr}", f"{near.en}, {spoken.en}")
    share = round(100 * candidate.seen.filled.share)
    return Text(
        f"{near.fr}, {share} % rempli, {spoken.fr}", f"{near.en}, {share}% filled, {spoken.en}"
    )


_EXACT = 0.9
SPOKEN: Mapping[FieldType, Text] = {
    FieldType.TEXT: Text("texte", "text"),
    FieldType.NUMBER: Text("nombre", "number"),
    FieldType.MONEY: Text("montant", "money"),
    FieldType.DATE: Text("date", "date"),
    FieldType.YES_NO: Text("oui/non", "yes or no"),
    FieldType.CHOICE: Text("choix", "choice"),
}
LABELS: Mapping[Need, Text] = {
    Need.POTENTIAL: Text("potentiel", "potential"),
    Need.SECTOR: Text("secteur", "sector"),
    Need.SIZE: Text("effectif", "headcount"),
    Need.CYCLE: Text("cycle de vente", "sales cycle"),
    Need.KIND: Text("type de compte", "account type"),
    Need.DECISION_MAKER: Text("décideur", "decision maker"),
    Need.SOURCE: Text("source de revenus", "revenue source"),
    Need.PRODUCT: Text("produit", "product"),
}
