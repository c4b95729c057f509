"""The tree of a condition and what it means, by definition: nothing here knows the compiler.

A yes/no node has a `truth`: True, False, or None for unknown. Any other has a `value`: a number,
an amount in cents, a text, a day, or None for unknown.
"""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt, ne
from typing import Any

Account = Mapping[str, Any]
Truth = bool | None

OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": eq, "<>": ne, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge,
}  # fmt: skip
NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Moment:
    """An account on a day."""

    account: Account
    today: int


@dataclass(frozen=True, slots=True)
class Field:
    """A fact."""

    name: str

    def value(self, moment: Moment) -> Any:
        return moment.account[self.name]


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant, as all its spellings say it: `kind` is that of what it is compared with."""

    kind: str
    is_value: Any

    def value(self, _: Moment) -> Any:
        return self.is_value


@dataclass(frozen=True, slots=True)
class Age:
    """`days_since(date)`: whole days up to today."""

    date: "Value"

    def value(self, moment: Moment) -> Any:
        day = self.date.value(moment)
        return None if day is None else moment.today - day


@dataclass(frozen=True, slots=True)
class Shifted:
    """A date some days later, or earlier."""

    date: "Value"
    days: int

    def value(self, moment: Moment) -> Any:
        day = self.date.value(moment)
        return None if day is None else day + self.days


@dataclass(frozen=True, slots=True)
class Negative:
    """Minus a number or an amount."""

    part: "Value"

    def value(self, moment: Moment) -> Any:
        number = _operand(self.part, moment)
        return None if number is None else -number


@dataclass(frozen=True, slots=True)
class Calculation:
    """`left <operator> right` in floating point; x ÷ 0 is unknown."""

    left: "Value"
    operator: str
    right: "Value"

    def value(self, moment: Moment) -> Any:
        left, right = _operand(self.left, moment), _operand(self.right, moment)
        if left is None or right is None or (self.operator == "/" and right == 0):
            return None
        match self.operator:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*":
                return left * right
            case _:
                return left / right


Value = Field | Constant | Age | Shifted | Negative | Calculation
VALUES = (Field, Constant, Age, Shifted, Negative, Calculation)


def _operand(node: Value, moment: Moment) -> float | None:
    """In a calculation, a number of an account that is next to nothing is nothing."""
    value = node.value(moment)
    if value is None:
        return None
    is_next_to_nothing = isinstance(node, Field) and abs(value) < NOTHING
    return 0.0 if is_next_to_nothing else float(value)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Unknown when either side is."""

    left: "Value | Node"
    operator: str
    right: "Value | Node"

    def truth(self, moment: Moment) -> Truth:
        left, right = _known(self.left, moment), _known(self.right, moment)
        return None if left is None or right is None else OPERATORS[self.operator](left, right)


@dataclass(frozen=True, slots=True)
class Among:
    """`subject IN (…)`, the list being of constants."""

    subject: Value
    values: Sequence[Constant]
    is_denied: bool

    def truth(self, moment: Moment) -> Truth:
        value = self.subject.value(moment)
        if value is None:
            return None
        return (value in [each.is_value for each in self.values]) is not self.is_denied


@dataclass(frozen=True, slots=True)
class Between:
    """Both ends included."""

    subject: Value
    low: Value
    high: Value
    is_denied: bool

    def truth(self, moment: Moment) -> Truth:
        within = All(
            (Comparison(self.subject, ">=", self.low), Comparison(self.subject, "<=", self.high))
        ).truth(moment)
        return opposite(within) if self.is_denied else within


@dataclass(frozen=True, slots=True)
class Unknown:
    """`IS NULL`: never unknown itself."""

    subject: Value
    is_denied: bool

    def truth(self, moment: Moment) -> Truth:
        return (self.subject.value(moment) is None) is not self.is_denied


@dataclass(frozen=True, slots=True)
class Marked:
    """`IS TRUE`, `IS FALSE`: never unknown itself."""

    part: "Node"
    wanted: bool
    is_denied: bool

    def truth(self, moment: Moment) -> Truth:
        return (self.part.truth(moment) is self.wanted) is not self.is_denied


@dataclass(frozen=True, slots=True)
class Contains:
    """A text that contains words, whatever accents and capitals."""

    subject: Field
    words: str

    def truth(self, moment: Moment) -> Truth:
        text = self.subject.value(moment)
        if text is None:
            return None
        marked = unicodedata.normalize("NFC", self.words)
        words = "".join(each for each in marked if not unicodedata.combining(each))
        return folded(words) in folded(text)


@dataclass(frozen=True, slots=True)
class Flag:
    """A yes/no fact, or `true` and `false` themselves."""

    name: str | bool

    def truth(self, moment: Moment) -> Truth:
        if isinstance(self.name, bool):
            return self.name
        flag: Truth = moment.account[self.name]
        return flag


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; that of unknown is unknown."""

    part: "Node"

    def truth(self, moment: Moment) -> Truth:
        return opposite(self.part.truth(moment))


@dataclass(frozen=True, slots=True)
class All:
    """AND: false as soon as one is false, else unknown as soon as one is unknown."""

    parts: Sequence["Node"]

    def truth(self, moment: Moment) -> Truth:
        truths = [part.truth(moment) for part in self.parts]
        if False in truths:
            return False
        return None if None in truths else True


@dataclass(frozen=True, slots=True)
class Any_:  # noqa: N801 - the plain name is that of a type
    """OR: true as soon as one is true, else unknown as soon as one is unknown."""

    parts: Sequence["Node"]

    def truth(self, moment: Moment) -> Truth:
        truths = [part.truth(moment) for part in self.parts]
        if True in truths:
            return True
        return None if None in truths else False


Node = Comparison | Among | Between | Unknown | Marked | Contains | Flag | Not | All | Any_


def opposite(truth: Truth) -> Truth:
    """NOT of a three-valued truth."""
    return None if truth is None else not truth


def _known(side: Value | Node, moment: Moment) -> Any:
    if isinstance(side, VALUES):
        return side.value(moment)
    return side.truth(moment)


def folded(text: str) -> str:
    """A text without accents, capitals, ligatures, odd spaces and apostrophes."""
    plain = text.translate(_ODD)
    bare = "".join(unicodedata.normalize("NFD", each)[0].lower() for each in plain)
    return bare.replace("œ", "oe").replace("æ", "ae")


_ODD = str.maketrans("\u00a0\u202f\u2009’\u2010\u2011", "   '--")
