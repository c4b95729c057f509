"""Conditions: one SQL boolean expression, type-checked, compiled to SQLAlchemy.

The text goes through sqlglot (`rules.syntax`), then through an exact whitelist of node classes;
every literal becomes a bound parameter and every name is looked up, so no text of a rule file ever
reaches a database as SQL. Unknown (NULL) follows SQL: a comparison with an unknown is unknown, and
an unknown condition does not hold.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import and_, literal, not_, null, or_
from sqlalchemy.sql.elements import Grouping
from sqlglot import TokenType, exp

from rules.arithmetic import SMALLEST_NUMBER, calculated, constant, opposite, shifted
from rules.containing import contains
from rules.language import Text
from rules.located import Misfit, nearest
from rules.numbers import DAYS_LIMIT, NUMBER_LIMIT, read_day
from rules.records import FieldType
from rules.syntax import Condition, ConditionError, read_condition, too_deep, unknown_function
from rules.terms import RESERVED_NAMES, SQL_TYPES, TYPE_NAMES, Name, Sql, Term, age_compared

DEPTH_LIMIT = 40
NAME_LIMIT = 48

_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=", exp.NEQ: "!=", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
}  # fmt: skip
# What a node may consist of: BETWEEN SYMMETRIC, IN (SELECT …), a.b and the like set other parts.
_ARGUMENTS = {"this", "expression", "expressions", "low", "high", "quoted", "is_string"}
_CONSTANTS = {TokenType.TRUE, TokenType.FALSE, TokenType.NULL}
_CURLY = "‘’“”«»"
_YES_NO = {
    "true": "true", "yes": "true", "oui": "true", "false": "false", "no": "false", "non": "false",
}  # fmt: skip
_MIRRORED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_NUMERIC = (FieldType.NUMBER, FieldType.MONEY)


@dataclass(frozen=True, slots=True)
class _Literal:
    """A constant as written; what it is compared with settles its type.

    `kind` is TEXT for what stands in quotes, NUMBER for digits, YES_NO for true and false. A
    number has its `amount`; that of `25 %` is a share.
    """

    value: str
    kind: FieldType
    offset: int
    amount: float = 0.0
    is_share: bool = False


@dataclass(frozen=True, slots=True)
class _Age:
    """`days_since(date)`: only ever compared with a whole number of days."""

    date: Term
    offset: int


_Part = Term | _Literal | _Age


def compile_condition(text: str, names: Mapping[str, Name]) -> Term:
    """A condition as a yes/no term over `names`; raises `ConditionError` at the first misfit."""
    condition = read_condition(text)
    return _Compiler(condition, names).yes_no(condition.tree)


def name_fault(name: str) -> Text | None:
    """Why a field or a rule can't bear a name; None when it can."""
    if not name.isidentifier() or name != name.lower() or len(name.encode()) > NAME_LIMIT:
        return Text(
            f"« {name} » : un nom s'écrit en minuscules, chiffres et _, au plus {NAME_LIMIT}",
            f"'{name}': a name is written in lower case, digits and _, at most {NAME_LIMIT}",
        )
    number = Name(name=name, type=FieldType.NUMBER, label=Text(name, name), choices={})
    try:
        compile_condition(f"{name} = 1", {name: number})
    except ConditionError:
        is_usable = False
    else:
        is_usable = name not in RESERVED_NAMES and not name.endswith("_row")
    if is_usable:
        return None
    return Text(
        f"« {name} » est un mot réservé : choisissez un autre nom",
        f"'{name}' is a reserved word: choose another name",
    )


def _whole(term: Term) -> Sql:
    """An operand that may itself be a condition: `(size > 3) = (vip = true)` keeps its brackets."""
    return Grouping(term.sql) if term.type is FieldType.YES_NO else term.sql


class _Compiler:
    """Visits a tree by the exact class of each node; what is not listed is refused."""

    def __init__(self, condition: Condition, names: Mapping[str, Name]) -> None:
        tree, tokens, self._numbers = condition
        self._names = names
        self._depth = 0
        # Unlike names and literals, TRUE, FALSE and NULL bear no position in the tree.
        constants = tree.walk(bfs=False)
        self._starts = {
            id(node): token.start
            for node, token in zip(
                (node for node in constants if isinstance(node, exp.Boolean | exp.Null)),
                (token for token in tokens if token.token_type in _CONSTANTS),
                strict=False,
            )
        }
        self._visits: dict[type[exp.Expr], Callable[..., _Part]] = {
            exp.Paren: lambda node: self._part(node.this),
            exp.And: lambda node: self._joined(node, and_),
            exp.Or: lambda node: self._joined(node, or_),
            exp.Not: self._not,
            exp.In: self._in,
            exp.Between: self._between,
            exp.Is: self._is,
            exp.Column: self._name,
            exp.Literal: self._literal,
            exp.Boolean: self._boolean,
            exp.Null: self._null,
            exp.Neg: self._negative,
            exp.Anonymous: self._function,
            exp.Contains: self._contains,
            exp.Add: lambda node: self._arithmetic(node, "+"),
            exp.Sub: lambda node: self._arithmetic(node, "-"),
            exp.Mul: lambda node: self._arithmetic(node, "*"),
            exp.Div: lambda node: self._arithmetic(node, "/"),
            **dict.fromkeys(_COMPARISONS, self._comparison),
        }

    def yes_no(self, node: exp.Expr) -> Term:
        """A node that must be true or false."""
        part = self._part(node)
        if isinstance(part, _Literal) and part.kind is FieldType.YES_NO:
            return self._constant(part, Term(type=FieldType.YES_NO, sql=null()))
        if isinstance(part, Term) and part.type is FieldType.YES_NO:
            return part
        raise ConditionError(
            self._offset(node),
            "il faut ici une condition (vraie ou fausse), par exemple potential > 100000",
            "a condition (true or false) is needed here, for example potential > 100000",
        )

    def _part(self, node: exp.Expr) -> _Part:
        visit = self._visits.get(type(node))
        parts = {key for key, value in node.args.items() if value}
        if visit is None or not parts <= _ARGUMENTS:
            raise ConditionError(
                self._offset(node),
                "cette construction n'est pas admise dans une condition (comparaisons, AND, OR, "
                "NOT, IN, BETWEEN, IS NULL, days_since et contains seulement)",
                "this construct is not allowed in a condition (comparisons, AND, OR, NOT, IN, "
                "BETWEEN, IS NULL, days_since and contains only)",
            )
        if self._depth == DEPTH_LIMIT:
            raise too_deep(self._offset(node))
        self._depth += 1
        part = visit(node)
        self._depth -= 1
        return part

    def _offset(self, node: exp.Expr) -> int:
        """Where a node begins: operators bear no position, so that of its leftmost leaf."""
        starts = [part.meta.get("start", self._starts.get(id(part))) for part in node.walk()]
        return min((start for start in starts if start is not None), default=0)

    def _joined(self, node: exp.Binary, join: Callable[..., Sql]) -> Term:
        """Operands of a chain of ANDs, or of ORs, side by side: a long chain is not a deep one."""
        first, *others = [self.yes_no(each) for each in node.flatten(unnest=False)]
        return first.becoming(
            FieldType.YES_NO, join(first.sql, *(other.sql for other in others)), *others
        )

    def _not(self, node: exp.Not) -> Term:
        term = self.yes_no(node.this)
        return term.becoming(FieldType.YES_NO, not_(term.sql))

    def _boolean(self, node: exp.Boolean) -> _Part:
        word = "true" if node.this else "false"
        return _Literal(word, FieldType.YES_NO, self._offset(node))

    def _null(self, node: exp.Null) -> _Part:
        raise ConditionError(
            self._offset(node),
            "rien n'est jamais égal à NULL : écrivez IS NULL ou IS NOT NULL",
            "a comparison with NULL is never true: write IS NULL or IS NOT NULL",
        )

    def _literal(self, node: exp.Literal) -> _Literal:
        value, offset = str(node.this), self._offset(node)
        if node.is_string:
            return _Literal(value, FieldType.TEXT, offset)
        spelled = self._numbers.get(offset)
        if spelled is None:
            return _Literal(value, FieldType.NUMBER, offset, float(value))
        return _Literal(
            spelled.written, FieldType.NUMBER, offset, spelled.value, is_share=spelled.is_share
        )

    def _negative(self, node: exp.Neg) -> _Part:
        part = self._part(node.this)
        if isinstance(part, _Literal) and part.kind is FieldType.NUMBER:
            value = f"-{part.value}".removeprefix("--")
            return replace(part, value=value, amount=-part.amount)
        return opposite(self._numeric(part, node))

    def _name(self, node: exp.Column) -> Term:
        identifier = node.this
        name = str(identifier.this)
        offset = self._offset(node)
        if identifier.args.get("quoted"):
            raise ConditionError(
                offset,
                f"les guillemets doubles nomment un champ : pour un texte, écrivez '{name}'",
                f"double quotes name a field: for text write '{name}'",
            )
        if node.table or name not in self._names:
            hint = nearest(name, list(self._names))
            if name[0] in _CURLY:
                hint = Text(" (un texte s'écrit entre '…')", " (text is written between '…')")
            elif (word := _YES_NO.get(name.lower())) is not None:
                hint = Text(f" (écrivez {word})", f" (write {word})")
            raise ConditionError(
                offset, f"champ inconnu « {name} »{hint.fr}", f"unknown field '{name}'{hint.en}"
            )
        return self._names[name].term

    def _function(self, node: exp.Anonymous) -> _Age:
        name = str(node.this).lower()
        if name != "days_since" or len(node.expressions) != 1:
            raise unknown_function(self._offset(node), name)
        part = self._part(node.expressions[0])
        if not isinstance(part, Term) or part.type is not FieldType.DATE:
            raise ConditionError(
                self._offset(node),
                "days_since() demande un champ de type date",
                "days_since() needs a date field",
            )
        return _Age(part, self._offset(node))

    def _contains(self, node: exp.Contains) -> Term:
        subject, words = self._part(node.this), self._part(node.expression)
        if not (
            isinstance(subject, Term)
            and subject.type is FieldType.TEXT
            and isinstance(words, _Literal)
            and words.kind is FieldType.TEXT
        ):
            raise ConditionError(
                self._offset(node),
                "écrivez contains(champ de texte, 'mot')",
                "write contains(text field, 'word')",
            )
        try:
            found = contains(subject.sql, words.value)
        except Misfit as error:
            raise ConditionError(words.offset, *error.text) from error
        return subject.becoming(FieldType.YES_NO, found)

    def _comparison(self, node: exp.Binary) -> Term:
        operator = _COMPARISONS[type(node)]
        left, right = self._part(node.left), self._part(node.right)
        if isinstance(left, _Literal) or isinstance(right, _Age):
            left, right, operator = right, left, _MIRRORED[operator]
        return self._compared(left, operator, right, node)

    def _compared(self, left: _Part, operator: str, right: _Part, node: exp.Expr) -> Term:
        match left, right:
            case _Age(), _Literal():
                return age_compared(left.date, operator, self._days(right))
            case Term(), _Literal():
                term = self._constant(right, left)
                return self._with_operator(left, operator, term, node)
            case Term(), Term() if self._comparable(left, right):
                return self._with_operator(left, operator, right, node)
            case _Literal(), _Literal():
                raise ConditionError(
                    self._offset(node),
                    "deux constantes : comparez un champ",
                    "two constants: compare a field",
                )
            case Term(), Term():
                hint = Text("", "")
                if FieldType.DATE in {left.type, right.type}:
                    hint = Text(
                        " (une date s'écrit 'AAAA-MM-JJ', entre guillemets)",
                        " (a date is written 'YYYY-MM-DD', in quotes)",
                    )
                raise ConditionError(
                    self._offset(node),
                    f"on ne compare pas {TYPE_NAMES[left.type].fr} à {TYPE_NAMES[right.type].fr}"
                    f"{hint.fr}",
                    f"{TYPE_NAMES[left.type].en} can't be compared with "
                    f"{TYPE_NAMES[right.type].en}{hint.en}",
                )
        raise ConditionError(
            self._offset(node),
            "days_since(date) se compare à un nombre entier de jours",
            "days_since(date) is compared with a whole number of days",
        )

    @staticmethod
    def _comparable(left: Term, right: Term) -> bool:
        texts = (FieldType.TEXT, FieldType.CHOICE)
        return left.type is right.type or (left.type in texts and right.type in texts)

    def _with_operator(self, left: Term, operator: str, right: Term, node: exp.Expr) -> Term:
        is_ordered = left.type in {*_NUMERIC, FieldType.DATE}
        if operator not in {"=", "!="} and not is_ordered:
            raise ConditionError(
                self._offset(node),
                f"{TYPE_NAMES[left.type].fr} ne se compare que par =, <> ou IN",
                f"{TYPE_NAMES[left.type].en} is only compared by =, <> or IN",
            )
        compared = _whole(left).op(operator, is_comparison=True)(_whole(right))
        return left.becoming(FieldType.YES_NO, compared, right)

    def _days(self, constant: _Literal) -> int:
        days = self._number(constant) if constant.kind is FieldType.NUMBER else 0.5
        if not days.is_integer() or abs(days) > DAYS_LIMIT:
            raise ConditionError(
                constant.offset,
                f"il faut ici un nombre entier de jours, au plus {DAYS_LIMIT}",
                f"a whole number of days is needed here, at most {DAYS_LIMIT}",
            )
        return int(days)

    @staticmethod
    def _number(constant: _Literal) -> float:
        size = abs(constant.amount)
        if size > NUMBER_LIMIT:
            raise ConditionError(
                constant.offset,
                f"« {constant.value} » est trop grand",
                f"'{constant.value}' is too large",
            )
        if 0 < size < SMALLEST_NUMBER:
            raise ConditionError(
                constant.offset,
                f"« {constant.value} » est trop petit",
                f"'{constant.value}' is too small",
            )
        return constant.amount

    def _constant(self, constant: _Literal, like: Term) -> Term:
        """A constant read as the type of the term that it is compared with."""
        value: object
        kind = constant.kind
        is_amount = like.type is FieldType.MONEY
        if (
            like.type in _NUMERIC
            and kind is FieldType.NUMBER
            and not (constant.is_share and is_amount)
        ):
            number = self._number(constant)
            value = round(number * 100) if is_amount else number
        elif like.type is FieldType.DATE and kind is FieldType.TEXT:
            try:
                value = read_day(constant.value)
            except Misfit as error:
                raise ConditionError(constant.offset, *error.text) from error
        elif like.type is FieldType.YES_NO and constant.value in _YES_NO:
            value = _YES_NO[constant.value] == "true"
        elif like.type in {FieldType.TEXT, FieldType.CHOICE} and kind is FieldType.TEXT:
            value = self._choice(constant, like)
        else:
            raise ConditionError(
                constant.offset,
                f"« {constant.value} » ne se compare pas à {TYPE_NAMES[like.type].fr}",
                f"'{constant.value}' can't be compared with {TYPE_NAMES[like.type].en}",
            )
        return Term(type=like.type, sql=literal(value, SQL_TYPES[like.type]))

    @staticmethod
    def _choice(constant: _Literal, like: Term) -> str:
        if like.choices and constant.value not in like.choices:
            hint = nearest(constant.value, like.choices)
            raise ConditionError(
                constant.offset,
                f"« {constant.value} » n'est pas une valeur de {like.uses[0]}{hint.fr} "
                f"(valeurs : {', '.join(like.choices)})",
                f"'{constant.value}' is not a value of {like.uses[0]}{hint.en} "
                f"(values: {', '.join(like.choices)})",
            )
        return constant.value

    def _in(self, node: exp.In) -> Term:
        term = self._term(node.this)
        parts = [self._part(each) for each in node.expressions]
        values = [self._constant(part, term) for part in parts if isinstance(part, _Literal)]
        if len(values) != len(parts) or not values:
            raise ConditionError(
                self._offset(node),
                "IN demande une liste de constantes",
                "IN needs a list of constants",
            )
        return term.becoming(FieldType.YES_NO, or_(*(term.sql == value.sql for value in values)))

    def _between(self, node: exp.Between) -> Term:
        part = self._part(node.this)
        low = self._compared(part, ">=", self._part(node.args["low"]), node)
        high = self._compared(part, "<=", self._part(node.args["high"]), node)
        return low.becoming(FieldType.YES_NO, and_(low.sql, high.sql), high)

    def _is(self, node: exp.Is) -> Term:
        term = self._term(node.this)
        match node.expression:
            case exp.Null():
                return term.becoming(FieldType.YES_NO, _whole(term).is_(None))
            case exp.Boolean() if term.type is FieldType.YES_NO:
                return term.becoming(FieldType.YES_NO, _whole(term).is_(bool(node.expression.this)))
        raise ConditionError(
            self._offset(node), "écrivez IS NULL ou IS NOT NULL", "write IS NULL or IS NOT NULL"
        )

    def _term(self, node: exp.Expr) -> Term:
        part = self._part(node)
        if isinstance(part, Term):
            return part
        raise ConditionError(
            self._offset(node),
            "il faut ici un champ, et non une constante ou days_since()",
            "a field is needed here, not a constant or days_since()",
        )

    def _numeric(self, part: _Part, node: exp.Expr) -> Term:
        if isinstance(part, _Literal) and part.kind is FieldType.NUMBER:
            return constant(self._number(part))
        if isinstance(part, Term) and part.type in _NUMERIC:
            return part
        raise ConditionError(
            self._offset(node),
            "un calcul ne se fait qu'avec des nombres, des montants et des dates",
            "only numbers, amounts and dates can be calculated with",
        )

    def _arithmetic(self, node: exp.Binary, operator: str) -> Term:
        """`+ - * /`; a constant that is added to an amount is an amount, to a date, days."""
        left, right = self._part(node.left), self._part(node.right)
        if operator in "+-":
            if isinstance(left, Term) and isinstance(right, _Literal):
                if left.type is FieldType.DATE and right.kind is FieldType.NUMBER:
                    days = self._days(right)
                    return shifted(left, days if operator == "+" else -days)
                right = self._beside(left, right)
            elif isinstance(left, _Literal) and isinstance(right, Term):
                if right.type is FieldType.DATE and operator == "+":
                    return shifted(right, self._days(left))
                left = self._beside(right, left)
        terms = [
            part
            if isinstance(part, Term) and part.type is FieldType.DATE
            else self._numeric(part, node)
            for part in (left, right)
        ]
        try:
            return calculated(terms[0], operator, terms[1])
        except Misfit as error:
            raise ConditionError(self._offset(node), *error.text) from error

    def _beside(self, term: Term, part: _Literal) -> _Part:
        """A constant added to a term, as an amount or a date where the term is one."""
        if term.type is FieldType.MONEY:
            amount = self._constant(part, term)
            cents = float(round(part.amount * 100))
            return replace(amount, sql=constant(cents).sql, reach=constant(cents).reach)
        return self._constant(part, term) if term.type is FieldType.DATE else part
