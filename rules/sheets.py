"""A table as a sheet, for people who edit it in Excel: a grid of texts, and back.

The first line names the columns: each field or rule that a row asks about, then `then`, `why (fr)`
and `why (en)`. Cells are as written in the playbook; an empty one asks nothing, and a row that asks
nothing is the `else` of the table.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from rules.language import Text
from rules.located import Document, Issue, Path, nearest

THEN, WHY_FR, WHY_EN = "then", "why (fr)", "why (en)"
RESULTS = (THEN, WHY_FR, WHY_EN)
FILE = "segments.yaml"
Grid = Sequence[Sequence[str]]
_WHY_PARTS = 2


class SheetError(Exception):
    """A sheet that can't be used, or made; `problems` are all that is wrong with it, in order."""

    def __init__(self, *problems: Text) -> None:
        self.problems = problems
        super().__init__("\n".join(problem.en for problem in problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """A row of a table as a sheet has it; `line` is that of the sheet, from 1."""

    line: int
    cells: Mapping[str, str]
    then: str
    why: tuple[str, str]

    @property
    def meaning(self) -> tuple[frozenset[tuple[str, str]], str, tuple[str, str]]:
        """What makes two rows the same."""
        return frozenset(self.cells.items()), self.then, self.why

    def said_in_both(self) -> "SheetRow":
        """The same row; a reason in one language only is said in both."""
        fr, en = (text if text.strip() else "" for text in self.why)
        return replace(self, why=(fr or en, en or fr))


def _said(text: object) -> bool:
    return isinstance(text, str) and bool(text.strip())


def tables(document: Document) -> list[str]:
    """The rules that are tables, as far as the file can be read."""
    data = document.data if isinstance(document.data, dict) else {}
    return [
        name for name, body in data.items()
        if isinstance(body, dict) and isinstance(body.get("table"), list) and body["table"]
    ]  # fmt: skip


def require_table(document: Document, rule: str, *, is_named: bool = True) -> None:
    """Raise `SheetError` where a rule is no table; one not `is_named` was the name of a file."""
    known = tables(document)
    if rule not in known:
        hint, listed = nearest(rule, known), ", ".join(known)
        way = Text("", "") if is_named else Text(" Dites laquelle : --rule.", " Say which: --rule.")
        raise SheetError(
            Text(
                f"« {rule} » n'est pas une table de {FILE}{hint.fr}. Celles qui y sont : {listed}."
                f"{way.fr}",
                f"'{rule}' is no table of {FILE}{hint.en}. Those it has: {listed}.{way.en}",
            )
        )


def sheet_of(document: Document, rule: str) -> list[list[str]]:
    """A table as a grid, its first line being the names of the columns."""
    rows = rows_in(document, rule)
    columns = list(dict.fromkeys(name for row in rows for name in row.cells))
    body = [[*(row.cells.get(name, "") for name in columns), row.then, *row.why] for row in rows]
    return [[*columns, *RESULTS], *body]


def rows_in(document: Document, rule: str) -> list[SheetRow]:
    """The rows that a file has now; raises `SheetError` where one is no row."""
    require_table(document, rule)
    return [
        _row_in(document, (rule, "table", index), row)
        for index, row in enumerate(document.data[rule]["table"])
    ]


def _row_in(document: Document, path: Path, row: object) -> SheetRow:
    if isinstance(row, dict) and ("then" in row) != ("else" in row):
        cells = {name: text for name, text in row.items() if name not in {"then", "else", "why"}}
        result, why = row.get("then", row.get("else")), row.get("why", "")
        pair = why if isinstance(why, list) else [why, why]
        texts = [*cells.values(), result, *pair]
        is_text = all(isinstance(text, str) for text in texts)
        if len(pair) == _WHY_PARTS and is_text and all(map(_said, [*cells.values(), result])):
            line = int(path[-1]) + 2
            return SheetRow(line=line, cells=cells, then=str(result), why=(pair[0], pair[1]))
    issue = document.issue(
        path,
        Text(
            "cette ligne ne tient pas dans une feuille : corrigez-la d'abord (arpent rules check)",
            "this row does not fit into a sheet: correct it first (arpent rules check)",
        ),
    )
    where = f"{issue.file}:{issue.line}:{issue.column}"
    raise SheetError(Text(f"{where}: {issue.text.fr}", f"{where}: {issue.text.en}"))


def read_sheet(grid: Grid, file: str, names: Collection[str]) -> list[SheetRow]:
    """The rows of a sheet; raises `SheetError` with all that is wrong, by line and column.

    Empty lines and columns don't count; `names` are the facts and rules that a column may name.
    """
    header = [cell.strip() for cell in grid[0]] if grid else []
    problems = _header_problems(header, file, names)
    if problems:
        raise SheetError(*problems)
    rows = []
    for line, given in enumerate(grid[1:], 2):
        texts = [text.replace("\r\n", "\n") for text in given]
        if not any(text.strip() for text in texts):
            continue
        problems += _row_problems(header, texts, file, line)
        found = dict(zip(header, texts, strict=False))
        then, *why = (found.get(name, "") for name in RESULTS)
        cells = {
            name: text for name, text in found.items()
            if text.strip() and name and name not in RESULTS
        }  # fmt: skip
        rows.append(SheetRow(line=line, cells=cells, then=then, why=(why[0], why[1])))
    if not rows:
        problems.append(placed(file, 2, None, Text("il faut une ligne", "a row is needed")))
    if problems:
        raise SheetError(*problems)
    return rows


def _header_problems(header: Sequence[str], file: str, names: Collection[str]) -> list[Text]:
    missing = [name for name in RESULTS if name not in header]
    if missing:
        listed = ", ".join(missing)
        return [
            placed(
                file, 1, None,
                Text(
                    f"il manque les colonnes {listed} : la première ligne nomme les colonnes, "
                    "comme dans une feuille exportée (arpent rules export)",
                    f"the columns {listed} are missing: the first line names the columns, as in "
                    "an exported sheet (arpent rules export)",
                ),
            )
        ]  # fmt: skip
    problems = []
    for index, name in enumerate(header):
        if name and name in header[:index]:
            text = Text("cette colonne paraît deux fois", "this column appears twice")
            problems.append(placed(file, 1, name, text))
        elif name and name not in names and name not in RESULTS:
            hint = nearest(name, list(names))
            text = Text(f"champ ou règle inconnus{hint.fr}", f"unknown field or rule{hint.en}")
            problems.append(placed(file, 1, name, text))
    return problems


def _row_problems(header: Sequence[str], texts: Sequence[str], file: str, line: int) -> list[Text]:
    outside = next(
        (text for index, text in enumerate(texts)
         if text.strip() and (index >= len(header) or not header[index])), None
    )  # fmt: skip
    if outside is not None:
        text = Text(
            f"« {outside} » est dans une colonne sans nom : nommez-la, ou videz la case",
            f"'{outside}' is in a column without a name: name it, or empty the cell",
        )
        return [placed(file, line, None, text)]
    place = header.index(THEN)
    if place >= len(texts) or not texts[place].strip():
        text = Text("écrivez ce que donne la ligne", "write what the row gives")
        return [placed(file, line, THEN, text)]
    return []


def placed(file: str, line: int | None, column: str | None, text: Text) -> Text:
    """A sentence at its place in a sheet: `tier.xlsx, ligne 4, colonne potential : …`."""
    fr = ", ".join([file, *([f"ligne {line}"] if line else []),
                    *([f"colonne {column}"] if column else [])])  # fmt: skip
    en = ", ".join([file, *([f"row {line}"] if line else []),
                    *([f"column {column}"] if column else [])])  # fmt: skip
    return Text(f"{fr} : {text.fr}", f"{en}: {text.en}")


def in_sheet(
    issue: Issue, document: Document, rule: str, rows: Sequence[SheetRow], file: str
) -> Text:
    """An issue of a playbook made from a sheet, at its place there; elsewhere, at its own."""
    path = path_at(issue, document) if issue.file == document.file else ()
    if path[:2] != (rule, "table"):
        where = f"{issue.file}:{issue.line}:{issue.column}"
        return Text(f"{where}: {issue.text.fr}", f"{where}: {issue.text.en}")
    if len(path) < 3:  # noqa: PLR2004 - rule, table, row
        return placed(file, None, None, issue.text)
    row = rows[int(path[2])]
    return placed(file, row.line, _column(path[3:]), issue.text)


def path_at(issue: Issue, document: Document) -> Path:
    """The innermost value that begins at or before an issue."""
    starts = []
    for path, place in document.places.items():
        starts.append(((place.line, place.column), len(path), path))
        # An item of a list has no key of its own.
        if path and isinstance(path[-1], str):
            starts.append(((place.key_line, place.key_column), len(path), path))
    before = [each for each in starts if each[0] <= (issue.line, issue.column)]
    return max(before, key=lambda each: each[:2])[2] if before else ()


def _column(rest: Path) -> str | None:
    match rest:
        case ():
            return None
        case ("else", *_):
            return THEN
        case ("why", 1, *_):
            return WHY_EN
        case ("why", *_):
            return WHY_FR
        case (name, *_):
            return str(name)
    return None
