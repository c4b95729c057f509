"""A tree written as a condition: the same meaning in all the ways that ops may spell it."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from tests.fuzz import trees
from tests.fuzz.trees import Node, Value

_OR, _AND, _NOT, _COMPARED, _SUM, _PRODUCT, _SIGN, _WHOLE = range(1, 9)
_SPACES = (" ", "\u00a0", "\u202f")
_EPOCH = date(1970, 1, 1)


class Writer:
    """Writes trees, choosing spellings, capitals, spaces and parentheses at random."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def write(self, node: Node) -> str:
        """A condition of this meaning."""
        return self._node(node)[0]

    def _word(self, word: str) -> str:
        return self._random.choice([word, word, word.upper(), word.title()])

    def _gap(self) -> str:
        return self._random.choice(["", " ", " ", "  ", "\n  "])

    def _at(self, written: tuple[str, int], level: int) -> str:
        """A part, between parentheses where its level needs them, or anyway."""
        text, own = written
        if own < level or self._random.random() < 0.1:
            return f"({self._gap()}{text})"
        return text

    def _node(self, node: Node) -> tuple[str, int]:
        match node:
            case trees.All(parts):
                return self._joined(parts, "and", _AND), _AND
            case trees.Any_(parts):
                return self._joined(parts, "or", _OR), _OR
            case trees.Not(part):
                return f"{self._word('not')} {self._at(self._node(part), _NOT)}", _NOT
            case trees.Flag() | trees.Contains():
                return self._alone(node), _WHOLE
        return self._compared(node), _COMPARED

    def _alone(self, node: trees.Flag | trees.Contains) -> str:
        match node:
            case trees.Contains(subject, words):
                return f"{self._word('contains')}({subject.name}, {_quoted(words)})"
            case trees.Flag(bool(name)):
                return self._word(str(name).lower())
            case trees.Flag(name):
                return str(name)
        raise AssertionError(node)

    def _joined(self, parts: Sequence[Node], word: str, level: int) -> str:
        texts = [self._at(self._node(part), level + 1) for part in parts]
        return f" {self._word(word)} ".join(texts)

    def _denied(self, node: trees.Among | trees.Between | trees.Unknown | trees.Marked) -> str:
        return f"{self._word('not')} " if node.is_denied else ""

    def _compared(self, node: Node) -> str:
        match node:
            case trees.Comparison(left, operator, right):
                gap = self._gap() or " "
                return f"{self._side(left)}{gap}{operator}{gap}{self._side(right)}"
            case trees.Among(subject, values):
                listed = f",{self._random.choice([' ', '  '])}".join(
                    self._constant(value, is_listed=True) for value in values
                )
                text = self._at(self._value(subject), _WHOLE)
                return f"{text} {self._denied(node)}{self._word('in')}{self._gap()}({listed})"
            case trees.Between(subject, low, high):
                ends = f"{self._side(low)} {self._word('and')} {self._side(high)}"
                return f"{self._side(subject)} {self._denied(node)}{self._word('between')} {ends}"
            case trees.Unknown(subject):
                text = self._at(self._value(subject), _WHOLE)
                return f"{text} {self._word('is')} {self._denied(node)}{self._word('null')}"
            case trees.Marked(part, wanted):
                text, word = self._at(self._node(part), _WHOLE), str(wanted).lower()
                return f"{text} {self._word('is')} {self._denied(node)}{self._word(word)}"
        raise AssertionError(node)

    def _side(self, side: Value | Node) -> str:
        if isinstance(side, trees.VALUES):
            return self._at(self._value(side), _SUM)
        return self._at(self._node(side), _SUM)

    def _value(self, node: Value) -> tuple[str, int]:
        match node:
            case trees.Field(name):
                return name, _WHOLE
            case trees.Constant():
                text = self._constant(node)
                return text, _SIGN if text.startswith("-") else _WHOLE
            case trees.Age(day):
                return f"{self._word('days_since')}({self._value(day)[0]})", _WHOLE
            case trees.Shifted(day, days):
                sign = "-" if days < 0 else "+"
                text = f"{self._at(self._value(day), _SUM)} {sign} {self._number(abs(days))}"
                return text, _SUM
            case trees.Negative(part):
                return f"-{self._at(self._value(part), _WHOLE)}", _SIGN
            case trees.Calculation(left, operator, right):
                level = _SUM if operator in "+-" else _PRODUCT
                first = self._at(self._value(left), level)
                return f"{first} {operator} {self._at(self._value(right), level + 1)}", level
        raise AssertionError(node)

    def _constant(self, node: trees.Constant, *, is_listed: bool = False) -> str:
        value = node.is_value
        match node.kind:
            case "text":
                return _quoted(value)
            case "date":
                return f"'{(_EPOCH + timedelta(days=value)).isoformat()}'"
            case "yes_no":
                return self._word(str(value).lower())
        text = self._signless(node.kind, Decimal(str(abs(value))), is_listed=is_listed)
        return f"-{text}" if value < 0 else text

    def _signless(self, kind: str, value: Decimal, *, is_listed: bool) -> str:
        match kind:
            case "money":
                dollar = self._random.choice(["", "", "", " $", "$"])
                return f"{self._number(value / 100, is_listed=is_listed)}{dollar}"
            case "share":
                comma = self._comma(is_listed=is_listed)
                text = f"{(value * 100).normalize():f}".replace(".", comma)
                return f"{text}{self._random.choice(['%', ' %'])}"
        return self._number(value, is_listed=is_listed)

    def _comma(self, *, is_listed: bool) -> str:
        return "." if is_listed else self._random.choice(".,")

    def _number(self, value: Decimal | int, *, is_listed: bool = False) -> str:
        """`1200000`, `1 200 000`, `1200k`, `1,2M`: one of those that are exact."""
        number = Decimal(value)
        choice = self._random.random()
        comma = self._comma(is_listed=is_listed)
        plain = f"{number.normalize():f}"
        if choice < 0.5 or number < 1:
            whole, _, decimals = plain.partition(".")
            is_ambiguous = comma == "," and len(decimals) == 3
            return plain if is_ambiguous or is_listed else plain.replace(".", comma)
        space = self._random.choice(_SPACES)
        if choice < 0.7:
            whole, _, decimals = plain.partition(".")
            grouped = f"{int(whole):,}".replace(",", space)
            return f"{grouped}{comma}{decimals}" if decimals else grouped
        scale, letter = (1_000, "kK") if choice < 0.85 else (1_000_000, "mM")
        scaled = f"{(number / scale).normalize():f}"
        if len(scaled) < 10:
            gap = self._random.choice(["", "", space])
            return f"{scaled.replace('.', comma)}{gap}{self._random.choice(letter)}"
        return plain


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
