"""A sheet as an Excel workbook (XLSX): texts only, so that `1-2` never becomes a date.

A workbook that someone sends may be anything: what it would unpack to is weighed before it is, and
formulas, macros, merged cells and entities are refused.
"""

import warnings
import zlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import IllegalCharacterError, InvalidFileException
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from rules.language import Text
from rules.sheets import Grid, SheetError, placed

TITLE_LIMIT = 31
_UNPACKED_LIMIT = 8 * 1024 * 1024
_PARTS_LIMIT = 200
CELLS_LIMIT = 200_000
LIST_LIMIT = 255
_WIDTH_LIMIT = 60
# Rows that a list of values is offered on, so that new ones have it too.
_LISTED_ROWS = 500
# All that a workbook made to do harm, or half of one, makes its reader raise.
_UNREADABLE = (
    BadZipFile, InvalidFileException, ParseError, zlib.error, OSError, EOFError, KeyError,
    ValueError, TypeError, AttributeError, IndexError, RuntimeError, OverflowError,
)  # fmt: skip


_NOTHING = Text("", "")


def written(title: str, grid: Grid, lists: Mapping[str, Sequence[str]]) -> bytes:
    """A workbook of one sheet; `lists` are the values to offer in a column.

    Raises `SheetError` for a text that Excel could not give back as it is.
    """
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)  # noqa: S101 - of a new workbook
    sheet.title = title[:TITLE_LIMIT]
    try:
        for number, row in enumerate(grid, 1):
            for place, text in enumerate(row, 1):
                _write(sheet.cell(number, place), text, is_header=number == 1)
    except IllegalCharacterError as error:
        raise SheetError(_LOST) from error
    sheet.freeze_panes = "A2"
    _fit(sheet, grid)
    for place, name in enumerate(grid[0], 1):
        _offer(sheet, get_column_letter(place), lists.get(name, ()))
    content = BytesIO()
    book.save(content)
    given = read(content.getvalue(), "xlsx")[title[:TITLE_LIMIT]]
    if given != [list(row) for row in grid]:
        raise SheetError(_LOST)
    return content.getvalue()


_LOST = Text(
    "Un texte de cette table ne survit pas à Excel : exportez-la en CSV (-o table.csv).",
    "A text of this table does not survive Excel: export it as CSV (-o table.csv).",
)


def _write(cell: Any, text: str, *, is_header: bool) -> None:  # noqa: ANN401 - openpyxl's Cell
    if text:
        cell.value = text
        # Else `=1` would be a formula.
        cell.data_type = "s"
    cell.number_format = "@"
    cell.font = Font(bold=is_header)


def _fit(sheet: Worksheet, grid: Grid) -> None:
    for place, name in enumerate(grid[0]):
        longest = max(len(line) for row in grid for line in [row[place], name])
        width = min(longest, _WIDTH_LIMIT) + 2
        sheet.column_dimensions[get_column_letter(place + 1)].width = width


def _offer(sheet: Worksheet, column: str, values: Sequence[str]) -> None:
    """A list to pick from; other cells, as `high | medium`, may still be typed."""
    formula = '"' + ",".join(values) + '"'
    is_listable = not any("," in each or '"' in each for each in values)
    if not values or not is_listable or len(formula) > LIST_LIMIT:
        return
    offered = DataValidation(type="list", formula1=formula, allow_blank=True)
    offered.showErrorMessage = False
    offered.add(f"{column}2:{column}{_LISTED_ROWS}")
    sheet.add_data_validation(offered)


def read(content: bytes, file: str) -> dict[str, list[list[str]]]:
    """The sheets of a workbook by title, as grids of texts; raises `SheetError`."""
    other = Text(", ou en CSV", ", or as CSV")
    return {sheet.title: _grid(sheet, file) for sheet in opened(content, file, other).worksheets}


def opened(content: bytes, file: str, other: Text = _NOTHING, *, values: bool = False) -> Workbook:
    """A workbook that is safe to read; with `values`, what its formulas last gave.

    Raises `SheetError`; `other` names another way to bring a file that is none.
    """
    try:
        _weigh(content, file)
        with warnings.catch_warnings():
            # It warns of what it leaves out: pictures, validations, styles.
            warnings.simplefilter("ignore")
            return load_workbook(BytesIO(content), data_only=values)
    except _UNREADABLE as error:
        text = Text(
            "ce n'est pas un classeur Excel lisible (.xlsx sans mot de passe) : "
            f"enregistrez-le à nouveau{other.fr}",
            f"this is no readable Excel workbook (.xlsx without password): save it again{other.en}",
        )
        raise SheetError(placed(file, None, None, text)) from error


def _weigh(content: bytes, file: str) -> None:
    """Refuse what would unpack to too much, entities and macros."""
    with ZipFile(BytesIO(content)) as packed:
        parts = packed.infolist()
        size = sum(part.file_size for part in parts)
        if size > _UNPACKED_LIMIT or len(parts) > _PARTS_LIMIT:
            raise SheetError(placed(file, None, None, too_large()))
        if any("vbaproject" in part.filename.lower() for part in parts):
            raise SheetError(
                placed(
                    file, None, None,
                    Text(
                        "ce classeur contient des macros : enregistrez-le en .xlsx, sans elles",
                        "this workbook holds macros: save it as .xlsx, without them",
                    ),
                )
            )  # fmt: skip
        for part in parts:
            # A part gives no more than the size that was weighed, or is broken.
            unpacked = packed.read(part).replace(b"\0", b"")
            if b"<!DOCTYPE" in unpacked or b"<!ENTITY" in unpacked:
                raise BadZipFile


def too_large() -> Text:
    """What is said of any file that is much larger than a table."""
    return Text(
        "ce fichier est trop gros pour une table de règles : gardez-en la feuille, rien d'autre",
        "this file is too large for a table of rules: keep its sheet, nothing else",
    )


def _grid(sheet: Worksheet, file: str) -> list[list[str]]:
    merged = [str(area) for area in sheet.merged_cells.ranges]
    if merged:
        text = Text(
            f"les cases {', '.join(merged)} sont fusionnées : défusionnez-les",
            f"cells {', '.join(merged)} are merged: unmerge them",
        )
        raise SheetError(placed(file, None, None, text))
    if sheet.max_row * sheet.max_column > CELLS_LIMIT:
        raise SheetError(placed(file, None, None, too_large()))
    rows = list(sheet.iter_rows())
    header = [str(cell.value or "").strip() for cell in rows[0]] if rows else []
    problems: list[Text] = []
    grid = []
    for line, row in enumerate(rows, 1):
        texts = []
        for place, cell in enumerate(row):
            name = header[place] or get_column_letter(place + 1)
            texts.append(_text(cell, problems, file, line, name))
        grid.append(texts)
    if problems:
        raise SheetError(*problems)
    return _trimmed(grid)


def _trimmed(grid: list[list[str]]) -> list[list[str]]:
    """Without the empty rows and columns at the end."""
    width = max((i for row in grid for i, text in enumerate(row, 1) if text), default=0)
    height = max((number for number, row in enumerate(grid, 1) if any(row)), default=0)
    return [row[:width] for row in grid[:height]]


def _text(cell: Any, problems: list[Text], file: str, line: int, column: str) -> str:  # noqa: ANN401 - openpyxl's Cell
    """A cell as people would write it in the playbook."""
    value = cell.value
    if isinstance(cell, Cell) and cell.data_type in {"f", "e"}:
        text = Text(
            "cette case contient une formule ou une erreur : collez-y la valeur seule",
            "this cell holds a formula or an error: paste the bare value into it",
        )
        problems.append(placed(file, line, column, text))
        return ""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return number_text(value, str(cell.number_format))
        case datetime() | date():
            return value.isoformat()[:10]
        case _:
            return str(value)


def number_text(value: float, layout: str) -> str:
    """A number that Excel made of a text: `500000`, `0.5`, `25 %`."""
    if layout.endswith("%"):
        return f"{_bare(value * 100)} %"
    return _bare(value)


def _bare(value: float) -> str:
    # Fifteen digits are what Excel keeps: 0.1 + 0.2 is 0.3.
    text = f"{value:.15g}"
    return f"{float(text):f}".rstrip("0").rstrip(".") if "e" in text else text
