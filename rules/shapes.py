"""The four shapes of a rule, compiled: `bands`, `table`, `points`, `when`. There is no fifth.

Each becomes one SQL expression over the names it reads; unknown inputs give an unknown result
unless the shape says what unknown means.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Integer, and_, case, literal, null

from rules.cells import KNOWN, UNKNOWN, alternatives, compile_cell
from rules.conditions import compile_condition
from rules.language import Language, Text, joined
from rules.located import Document, Misfit, Path, nearest
from rules.numbers import read_number
from rules.records import FieldType
from rules.syntax import ConditionError
from rules.team import read_words
from rules.terms import Name, Sql, Term

SHAPES = ("bands", "table", "points", "when")
ROW_LIMIT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One condition of a row, as written, about one name."""

    name: str
    text: str
    term: Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of a table: it wins when it is the first whose cells all hold. `then` as written."""

    cells: Sequence[Cell]
    then: str
    why: Text

    @property
    def condition(self) -> Sql | None:
        """All cells together; None for the last `else` row."""
        return and_(*(cell.term.sql for cell in self.cells)) if self.cells else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A named rule. A table has `rows` and is computed through the number of the row that won.

    `written` is the shape as the file has it, once found right.
    """

    name: str
    shape: str
    label: Text
    type: FieldType
    choices: Mapping[str, Text]
    term: Term
    rows: Sequence[Row] = ()
    contact_every: Mapping[str, int] = field(default_factory=dict)
    written: Any = None

    @property
    def as_name(self) -> Name:
        """The rule as other rules refer to it."""
        return Name(name=self.name, type=self.type, label=self.label, choices=self.choices)

    @property
    def row_name(self) -> str:
        """The column that holds the number of the row that won (1 is the first)."""
        return f"{self.name}_row"


class ShapeReader:
    """Reads one rule of a document; what is wrong is complained about and gives None."""

    def __init__(
        self, document: Document, rule: str, names: Mapping[str, Name], language: Language
    ) -> None:
        self._document = document
        self._rule = rule
        self._names = names
        self._language = language

    def when(self, path: Path, text: object) -> Term | None:
        """A `when` at a path of the document."""
        if not isinstance(text, str):
            self._complain(path, "écrivez une condition", "write a condition")
            return None
        try:
            return compile_condition(text, self._names)
        except ConditionError as error:
            self._document.complain(path, error.text, offset=error.offset)
            return None

    def bands(self, path: Path, data: Any, choices: Mapping[str, Text]) -> Term | None:  # noqa: ANN401 - raw YAML
        """`{of: name, value: cell, …}`: the first value whose cell holds."""
        if not isinstance(data, dict) or "of" not in data or len(data) < 2:  # noqa: PLR2004 - of, and a band
            self._complain(
                path,
                "écrivez {of: champ, valeur: condition, …}",
                "write {of: field, value: condition, …}",
            )
            return None
        subject = self._subject((*path, "of"), data["of"])
        if subject is None:
            return None
        cells = {
            value: self._cell((*path, value), text, subject)
            for value, text in data.items()
            if value != "of" and self._is_choice((*path, value), value, choices)
        }
        found = {value: cell for value, cell in cells.items() if cell is not None}
        if len(found) < len(data) - 1:
            return None
        return subject.becoming(
            FieldType.CHOICE,
            case(*((cell.sql, literal(value)) for value, cell in found.items()), else_=null()),
            *found.values(),
        )

    def points(self, path: Path, data: Any) -> Term | None:  # noqa: ANN401 - raw YAML
        """`{name: {cell: points, …}, …}`: the first cell that holds in each group; groups add."""
        if not isinstance(data, dict) or not data:
            self._complain(
                path,
                "écrivez des groupes {champ: {valeur: points}}",
                "write groups {field: {value: points}}",
            )
            return None
        groups = [self._group((*path, name), name, cells) for name, cells in data.items()]
        terms = [term for term in groups if term is not None]
        if len(terms) < len(groups):
            return None
        total = terms[0].sql
        for term in terms[1:]:
            total = total + term.sql
        return terms[0].becoming(FieldType.NUMBER, total, *terms[1:])

    def _group(self, path: Path, name: str, cells: Any) -> Term | None:  # noqa: ANN401 - raw YAML
        subject = self._subject(path, name, at_key=True)
        if subject is None:
            return None
        if not isinstance(cells, dict) or not cells:
            self._complain(path, "écrivez {valeur: points}", "write {value: points}")
            return None
        terms: list[Term] = []
        branches: list[tuple[Sql, Sql]] = []
        for text, points in cells.items():
            term = self._cell((*path, text), text, subject, at_key=True)
            try:
                value = read_number(points)
            except Misfit as error:
                self._document.complain((*path, text), error.text)
                continue
            if term is not None:
                terms.append(term)
                branches.append((term.sql, literal(value)))
        if len(branches) < len(cells):
            return None
        unknown: list[tuple[Sql, Sql]] = [(subject.sql.is_(None), null())]
        listed = case(*branches, *unknown, else_=literal(0.0))
        return subject.becoming(FieldType.NUMBER, listed, *terms)

    def rows(self, path: Path, data: Any, choices: Mapping[str, Text]) -> list[Row] | None:  # noqa: ANN401 - raw YAML
        """The rows of a table, in order."""
        if not isinstance(data, list) or not data:
            self._complain(path, "écrivez une liste de lignes", "write a list of rows")
            return None
        if len(data) > ROW_LIMIT:
            self._complain(
                (*path, ROW_LIMIT),
                f"plus de {ROW_LIMIT} lignes : découpez cette règle en plusieurs",
                f"over {ROW_LIMIT} rows: split this rule into several",
            )
            return None
        rows = [
            self._row((*path, index), row, choices, is_last=index == len(data) - 1)
            for index, row in enumerate(data)
        ]
        found = [row for row in rows if row is not None]
        return found if len(found) == len(rows) else None

    def _row(
        self,
        path: Path,
        row: Any,  # noqa: ANN401 - raw YAML
        choices: Mapping[str, Text],
        *,
        is_last: bool,
    ) -> Row | None:
        if not isinstance(row, dict) or ("then" in row) == ("else" in row):
            self._complain(
                path,
                "une ligne est {champ: condition, …, then: valeur}, ou {else: valeur}",
                "a row is {field: condition, …, then: value}, or {else: value}",
            )
            return None
        result_key = "then" if "then" in row else "else"
        names = [name for name in row if name not in {"then", "else", "why"}]
        if result_key == "else" and (names or not is_last):
            self._complain(
                (*path, "else"),
                "else est seul sur la dernière ligne",
                "else stands alone on the last row",
            )
            return None
        if result_key == "then" and not names:
            self._complain(
                path,
                "cette ligne n'a pas de condition : écrivez else",
                "this row has no condition: write else",
            )
            return None
        cells = [self._row_cell((*path, name), name, row[name]) for name in names]
        result = row[result_key]
        is_valid = self._is_result((*path, result_key), result, choices)
        why = self._why(path, row, cells)
        if not is_valid or why is None or any(cell is None for cell in cells):
            return None
        return Row(cells=[cell for cell in cells if cell], then=result, why=why)

    def _is_result(self, path: Path, result: object, choices: Mapping[str, Text]) -> bool:
        if isinstance(result, str):
            return self._is_choice(path, result, choices, at_key=False)
        self._complain(path, "écrivez une valeur", "write one value", at_key=True)
        return False

    def _row_cell(self, path: Path, name: str, text: object) -> Cell | None:
        subject = self._subject(path, name, at_key=True)
        term = self._cell(path, text, subject) if subject else None
        return Cell(name=name, text=str(text), term=term) if term else None

    def _why(
        self,
        path: Path,
        row: Any,  # noqa: ANN401 - raw YAML
        cells: Sequence[Cell | None],
    ) -> Text | None:
        """What the row says of itself: as written, else made of its cells."""
        if "why" not in row:
            found = [cell for cell in cells if cell]
            return Text(*(self._spoken(found, language) for language in (Language.FR, Language.EN)))
        try:
            return read_words(row["why"])
        except Misfit as error:
            self._document.complain((*path, "why"), error.text)
            return None

    def _spoken(self, cells: Sequence[Cell], language: Language) -> str:
        missing = [self._names[cell.name] for cell in cells if cell.text.strip() == UNKNOWN]
        if missing:
            lacks = Text("il manque", "missing").to(language)
            return f"{lacks} {joined((name.label.to(language) for name in missing), language)}"
        others = Text("les autres comptes", "all other accounts")
        spoken = [_spoken_cell(cell, self._names[cell.name], language) for cell in cells]
        return ", ".join(spoken) or others.to(language)

    def _subject(self, path: Path, name: object, *, at_key: bool = False) -> Term | None:
        if isinstance(name, str) and name in self._names:
            return self._names[name].term
        hint = nearest(str(name), list(self._names))
        self._complain(
            path,
            f"champ ou règle inconnus « {name} »{hint.fr}",
            f"unknown field or rule '{name}'{hint.en}",
            at_key=at_key,
        )
        return None

    def _cell(
        self, path: Path, text: object, subject: Term, *, at_key: bool = False
    ) -> Term | None:
        if not isinstance(text, str):
            self._complain(
                path,
                "une case est un texte ; séparez les valeurs par | (haut | moyen)",
                "a cell is one text; separate values by | (high | medium)",
                at_key=at_key,
            )
            return None
        try:
            return compile_cell(text, subject)
        except Misfit as error:
            self._document.complain(path, error.text, at_key=at_key, offset=error.offset)
            return None

    def _is_choice(
        self, path: Path, value: str, choices: Mapping[str, Text], *, at_key: bool = True
    ) -> bool:
        if not choices or value in choices:
            return True
        hint = nearest(value, list(choices))
        listed = ", ".join(choices)
        self._complain(
            path,
            f"« {value} » n'est pas dans values{hint.fr} (valeurs : {listed})",
            f"'{value}' is not in values{hint.en} (values: {listed})",
            at_key=at_key,
        )
        return False

    def _complain(self, path: Path, fr: str, en: str, *, at_key: bool = False) -> None:
        self._document.complain(path, Text(fr, en), at_key=at_key)


_SPOKEN = {KNOWN: Text("connu", "known"), UNKNOWN: Text("inconnu", "unknown")}


def _spoken_cell(cell: Cell, name: Name, language: Language) -> str:
    label = name.label.to(language)
    values = [part for _, part in alternatives(cell.text, list(name.choices))]
    if name.type is FieldType.YES_NO and values[0].lower() in {"yes", "oui"}:
        return label
    if name.type is FieldType.YES_NO and values[0].lower() in {"no", "non"}:
        return f"{Text('sans', 'no').to(language)} {label}"
    words = [
        name.choices.get(value, _SPOKEN.get(value, Text(value, value))).to(language)
        for value in values
    ]
    return f"{label} {Text(' ou ', ' or ').to(language).join(words)}"


def row_number(rows: Sequence[Row]) -> Sql:
    """The number of the first row that holds, from 1; NULL when none does."""
    conditions = [(row.condition, number) for number, row in enumerate(rows, 1)]
    branches = [(sql, literal(number, Integer)) for sql, number in conditions if sql is not None]
    last = literal(len(rows), Integer) if conditions[-1][0] is None else null()
    return case(*branches, else_=last) if branches else last
