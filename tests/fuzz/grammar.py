"""Random conditions of every kind that the language has, and random accounts to try them on."""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from connectors.values import FIRST_DAY, LARGEST_MINOR, LARGEST_NUMBER, LAST_DAY
from tests.fuzz import trees
from tests.fuzz.trees import Account, Constant, Field, Node, Value

TODAY = 20_000
NUMBERS = ("size", "open_opportunities")
AMOUNTS = ("potential", "open_amount")
TEXTS = ("sector", "name", "kind")
DATES = ("renewal", "created", "last_won")
CHOICES = ("client", "prospect")

_SIZES = (
    0.0, -0.0, 1.0, 2.0, 2.5, 3.0, -2.0, 12.0, 100.0, 64400.0, 516300.0, 0.1,
    0.2, 0.3, 1 / 3, 1e-9, 9.99e-10, -1e-9, 5e-324, 1e-300, 1e12, 999_999_999_999_999.0,
    float(LARGEST_NUMBER), -float(LARGEST_NUMBER),
)  # fmt: skip
_CENTS = (
    0, 1, -1, 99, 100, 101, 5_000, 10_000_000, 49_999_999, 50_000_000, 50_000_001, 120_000_000,
    -50_000_000, LARGEST_MINOR, -LARGEST_MINOR, LARGEST_MINOR - 1,
)  # fmt: skip
_WORDS = (
    "", " ", "mines", "Mines", "MINES", "École Élémentaire", "ecole elementaire", "L’Œuvre",
    "oeuvre", "l'eau", "L\u2019EAU", "Bois\u00a0Franc", "bois franc", "Ça & là", "100% [coton]*?",
    "a-b", "a\u2011b", "Ñandú", "ÅNGSTRÖM", "Straße", "Ελληνική", "Ёлка", "株式会社",
    "Zoë \u202fInc.", "\\d+.^$|(x)", "é" * 60, "cœur-sœur", "coeur", "Ægir", "ﬁn", "ı", "İ",
    "😀 fête", "tab\tline\n", "'", '"', "--", "?", ":x",
)  # fmt: skip
_SHARES = (0.25, 0.5, 0.125, 0.07, 1.0, 0.007, 0.018, 0.123)
_MULTIPLES = (
    0.0,
    0.5,
    1.0,
    1.1,
    2.0,
    8.2,
    1001.0,
    1200.0,
    -3.0,
    0.001,
    1e6,
    435.5,
    12345.0,
    64400.0,
    516300.0,
)
_DAYS = (TODAY, TODAY - 1, TODAY + 1, TODAY - 90, TODAY - 365, TODAY + 30, FIRST_DAY, LAST_DAY)
_AGES = (0, 1, -1, 30, 89, 90, 91, 365, 1000, -30, 36_500, -36_500)
_ORDERS = tuple(trees.OPERATORS)


def accounts(random: Random, count: int) -> list[Account]:
    """Accounts of whose facts each third or so is unknown."""

    def one_of(values: Sequence[Any]) -> Any:
        return None if random.random() < 0.25 else random.choice(values)

    pools: Mapping[str, Sequence[Any]] = {
        **dict.fromkeys(NUMBERS, _SIZES), **dict.fromkeys(AMOUNTS, _CENTS),
        **dict.fromkeys(DATES, _DAYS), "kind": CHOICES, "sector": _WORDS, "name": _WORDS,
        "vip": (True, False),
    }  # fmt: skip
    return [{name: one_of(pool) for name, pool in pools.items()} for _ in range(count)]


class Grammar:
    """Makes random conditions; each is accepted by the compiler, or the compiler is wrong."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._leaves: Sequence[Callable[[], Node]] = (
            self._numeric, self._monetary, self._dated, self._aged, self._worded, self._among,
            self._between, self._unknown, self._contains, self._chosen, self._flagged,
        )  # fmt: skip

    def condition(self, depth: int = 3) -> Node:
        """A condition of at most this many levels of AND, OR and NOT."""
        draw = self._random.random()
        if depth == 0 or draw < 0.3:
            return self._random.choice(self._leaves)()
        if draw < 0.45:
            return trees.Not(self.condition(depth - 1))
        if draw < 0.5:
            return trees.Marked(self._speaking(depth - 1), self._is(), self._is())
        if draw < 0.55:
            parts = self.condition(depth - 1), self._speaking(depth - 1)
            return trees.Comparison(parts[0], self._random.choice(["=", "<>"]), parts[1])
        several = tuple(self.condition(depth - 1) for _ in range(self._random.randint(2, 3)))
        return trees.All(several) if draw < 0.78 else trees.Any_(several)

    def _speaking(self, depth: int) -> Node:
        """A condition that speaks of a fact: a constant is compared with one."""
        made = self.condition(depth)
        while isinstance(made, trees.Flag) and isinstance(made.name, bool):
            made = self.condition(depth)
        return made

    def _is(self) -> bool:
        return self._random.random() < 0.5

    def _order(self) -> str:
        return self._random.choice(_ORDERS)

    def _numeric(self) -> Node:
        return self._sides(self._number(2), self._plain(), self._number)

    def _monetary(self) -> Node:
        return self._sides(self._amount(2), self._cents(), self._amount)

    def _sides(self, left: Value, constant: Constant, other: Callable[[int], Value]) -> Node:
        """A calculation against a constant, on either side, or against another calculation."""
        right = other(1) if self._random.random() < 0.4 else constant
        sides = (left, right) if self._is() else (right, left)
        return trees.Comparison(sides[0], self._order(), sides[1])

    def _plain(self) -> Constant:
        if self._random.random() < 0.2:
            return Constant("share", self._random.choice(_SHARES))
        near = [each for each in _SIZES if each == 0 or 1e-9 <= abs(each) <= 1e12]
        return Constant("number", self._random.choice([*near, *_MULTIPLES]))

    def _cents(self) -> Constant:
        return Constant("money", self._random.choice(_CENTS[:-3]))

    def _number(self, depth: int) -> Value:
        """A number that is not a mere constant."""
        draw = self._random.random()
        if depth == 0 or draw < 0.5:
            return Field(self._random.choice(NUMBERS))
        if draw < 0.6:
            return trees.Negative(self._number(depth - 1))
        if draw < 0.7:
            return trees.Calculation(self._amount(depth - 1), "/", self._amount(depth - 1))
        if draw < 0.75:
            return trees.Calculation(self._date(1), "-", self._date(1))
        return self._calculated(self._number(depth - 1), self._random.choice("+-*/"), depth)

    def _calculated(self, left: Value, operator: str, depth: int) -> Value:
        right = self._plain() if self._is() else self._number(depth - 1)
        if operator in "+*" and self._is():
            left, right = right, left
        return trees.Calculation(left, operator, right)

    def _amount(self, depth: int) -> Value:
        """An amount that is not a mere constant."""
        draw = self._random.random()
        if depth == 0 or draw < 0.5:
            return Field(self._random.choice(AMOUNTS))
        if draw < 0.6:
            return trees.Negative(self._amount(depth - 1))
        if draw < 0.8:
            other = self._cents() if self._is() else self._amount(depth - 1)
            return trees.Calculation(self._amount(depth - 1), self._random.choice("+-"), other)
        return self._calculated(self._amount(depth - 1), self._random.choice("*/"), depth)

    def _date(self, depth: int) -> Value:
        if depth == 0 or self._random.random() < 0.6:
            return Field(self._random.choice(DATES))
        return trees.Shifted(self._date(depth - 1), self._random.choice(_AGES))

    def _dated(self) -> Node:
        return self._sides(self._date(2), self._day(), self._date)

    def _aged(self) -> Node:
        sides: list[Value] = [
            trees.Age(self._date(1)),
            Constant("days", self._random.choice(_AGES)),
        ]
        self._random.shuffle(sides)
        return trees.Comparison(sides[0], self._order(), sides[1])

    def _worded(self) -> Node:
        left: Value = Field(self._random.choice(["sector", "name"]))
        right: Value = Constant("text", self._random.choice(_WORDS))
        if self._random.random() < 0.2:
            right = Field(self._random.choice(TEXTS))
        return trees.Comparison(left, self._random.choice(["=", "<>", "!="]), right)

    def _chosen(self) -> Node:
        sides: list[Value] = [Field("kind"), Constant("text", self._random.choice(CHOICES))]
        self._random.shuffle(sides)
        return trees.Comparison(sides[0], self._random.choice(["=", "<>"]), sides[1])

    def _among(self) -> Node:
        subjects: Sequence[tuple[Value, Callable[[], Constant]]] = (
            (Field("size"), self._plain),
            (self._amount(1), self._cents),
            (self._date(1), self._day),
            (Field("kind"), lambda: Constant("text", self._random.choice(CHOICES))),
            (Field("name"), lambda: Constant("text", self._random.choice(_WORDS))),
        )
        subject, constant = self._random.choice(subjects)
        values = [constant() for _ in range(self._random.randint(1, 4))]
        return trees.Among(subject, values, self._is())

    def _day(self) -> Constant:
        return Constant("date", self._random.choice(_DAYS))

    def _between(self) -> Node:
        draw = self._random.randrange(4)
        if draw == 0:
            return trees.Between(self._number(1), self._plain(), self._plain(), self._is())
        if draw == 1:
            return trees.Between(self._amount(1), self._amount(1), self._cents(), self._is())
        if draw == 2:
            return trees.Between(self._date(1), self._day(), self._date(1), self._is())
        ages = [Constant("days", self._random.choice(_AGES)) for _ in range(2)]
        return trees.Between(trees.Age(self._date(1)), ages[0], ages[1], self._is())

    def _unknown(self) -> Node:
        fact = Field(self._random.choice([*TEXTS, "vip"]))
        subjects = (fact, self._number(1), self._amount(1), self._date(1))
        return trees.Unknown(self._random.choice(subjects), self._is())

    def _contains(self) -> Node:
        text = self._random.choice([each for each in _WORDS if each.strip()])
        start = self._random.randrange(len(text))
        words = text[start : start + self._random.randint(1, 8)]
        changed = self._random.choice([words, words.upper(), words.lower(), trees.folded(words)])
        subject = Field(self._random.choice(["sector", "name"]))
        return trees.Contains(subject, changed if changed.strip() else text)

    def _flagged(self) -> Node:
        if self._random.random() < 0.2:
            return trees.Flag(self._is())
        if self._is():
            return trees.Flag("vip")
        flag = Constant("yes_no", self._is())
        return trees.Comparison(Field("vip"), self._random.choice(["=", "<>"]), flag)
