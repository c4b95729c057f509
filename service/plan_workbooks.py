"""Plans as an Excel workbook: a sheet for each, with the sums that tell what is left to allot.

Written texts are never formulas; those of the sums stand beside what is read back. Reading takes
the value that a formula last gave, and refuses what has none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils.exceptions import IllegalCharacterError
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from rules.language import Language, Text
from rules.plan.sheet import Line, figure_of
from rules.plan.sheet_reading import Row, SheetCell
from rules.plan.sheet_sections import LEFT, MARK, Kind, Section, Shape
from rules.sheets import SheetError, placed
from service import workbooks

_MONEY, _CENTS, _WHOLE_SHARE, _SHARE, _DAY = "#,##0", "#,##0.00", "0%", "0.0###%", "yyyy-mm-dd"
_WIDTHS = {"A": 38, "B": 26, "C": 26, "D": 42, "E": 18, "F": 16}
_HEAD = PatternFill("solid", start_color="FFDCE6F1")
_GROUPED = 10_000
_READ = 4
"""The columns that are read; sums stand in those after them."""
_GUIDE = Text(
    "Remplissez les cases ; une ligne vide ne compte pas, et gardez les titres ■ tels quels. "
    "Colonnes E et F : calculs, jamais lus. Ensuite : arpent plan import FICHIER --dry-run",
    "Fill in the cells; an empty row does not count, and keep the ■ headings as they are. "
    "Columns E and F: sums, never read. Then: arpent plan import FILE --dry-run",
)
LOST = Text(
    "Un texte de ce plan ne survit pas à Excel : corrigez-le dans son fichier, puis exportez-le.",
    "A text of this plan does not survive Excel: correct it in its file, then export it.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSheet:
    """A sheet to write: its tab, its first line, its lines, and the values to offer by name."""

    tab: str
    heading: str
    lines: Sequence[Line]
    lists: Mapping[str, Sequence[str]]


def written(sheets: Sequence[PlanSheet], language: Language) -> bytes:
    """A workbook; raises `SheetError` for a text that Excel can't hold."""
    book = Workbook()
    book.remove(book.worksheets[0])
    try:
        for each in sheets:
            _write(book.create_sheet(each.tab), each, language)
    except IllegalCharacterError as error:
        raise SheetError(LOST) from error
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def _write(sheet: Worksheet, plan: PlanSheet, language: Language) -> None:
    for column, width in _WIDTHS.items():
        sheet.column_dimensions[column].width = width
    _text(sheet["A1"], plan.heading)
    sheet["A1"].font = Font(bold=True, size=14)
    _text(sheet["A2"], _GUIDE.to(language))
    objective = ""
    start = 4
    for number, line in enumerate(plan.lines, start):
        for place, (text, kind) in enumerate(line.cells, 1):
            _put(sheet.cell(number, place), text, kind)
        if line.is_title:
            for place in range(1, _READ + 3):
                sheet.cell(number, place).font = Font(bold=True)
                sheet.cell(number, place).fill = _HEAD
    for name, first, last in _extents(plan.lines, start):
        if name == "plan":
            objective = f"$C${last}"
        line = plan.lines[first - start]
        if line.section.whole:
            whole = objective if line.section.whole == "objective" else line.section.whole
            _text(sheet.cell(first, _READ + 1), line.section.left.to(language))
            area = f"C{first + 1}:C{last}"
            _sum(sheet.cell(first, _READ + 2), line.section, whole, area)
    _offer(sheet, plan, start)


def _extents(lines: Sequence[Line], start: int) -> list[tuple[str, int, int]]:
    """Each section with the row of its title and its last one."""
    titles = [number for number, line in enumerate(lines, start) if line.is_title]
    ends = [*(each - 1 for each in titles[1:]), start + len(lines) - 1]
    return [
        (lines[first - start].section.name, first, last)
        for first, last in zip(titles, ends, strict=True)
    ]


def _sum(cell: Any, section: Section, whole: str, area: str) -> None:  # noqa: ANN401 - openpyxl's Cell
    """What is left to allot, counted by Excel, in red while it is due and not nothing."""
    is_due, kind = section.left == LEFT, section.kind
    cell.value = f"=ROUND({whole}-SUM({area}),4)"
    layout = _WHOLE_SHARE if kind is Kind.SHARE else _MONEY
    cell.number_format = f"[Red]{layout};[Red]-{layout};0" if is_due else layout


def _offer(sheet: Worksheet, plan: PlanSheet, start: int) -> None:
    """Lists to pick from; anything else may still be typed."""
    for name, first, last in _extents(plan.lines, start):
        rows = {
            f"{name}.{line.cells[0][0]}": f"C{number}"
            for number, line in enumerate(plan.lines[first - start : last - start + 1], first)
        }
        areas = {name: f"A{first + 1}:A{last}", **rows}
        if plan.lines[first - start].section.shape is Shape.REVISED:
            areas[name] = f"B{first + 1}:B{last}"
        for key, area in areas.items():
            formula = '"' + ",".join(plan.lists.get(key, ())) + '"'
            is_listable = not any("," in each or '"' in each for each in plan.lists.get(key, ()))
            if plan.lists.get(key) and is_listable and len(formula) <= workbooks.LIST_LIMIT:
                offered = DataValidation(type="list", formula1=formula, allow_blank=True)
                offered.showErrorMessage = False
                offered.add(area)
                sheet.add_data_validation(offered)


def _text(cell: Any, text: str) -> None:  # noqa: ANN401 - openpyxl's Cell
    cell.value = text
    # Else `=1` would be a formula, now or once somebody edits the cell.
    cell.data_type = "s"
    if not text.startswith(MARK):
        cell.quotePrefix = text.startswith(("=", "+", "-", "@", "'"))


def _put(cell: Any, text: str, kind: Kind) -> None:  # noqa: ANN401 - openpyxl's Cell
    figure = None if kind in {Kind.TEXT, Kind.DAY} else figure_of(text)
    day = _day(text) if kind is Kind.DAY else None
    cell.alignment = Alignment(wrap_text=len(text) > _WIDTHS["D"], vertical="top")
    cell.number_format = {
        Kind.MONEY: _MONEY, Kind.SHARE: _WHOLE_SHARE, Kind.DAY: _DAY, Kind.TEXT: "@",
    }.get(kind, "General")  # fmt: skip
    if day is not None:
        cell.value = day
        cell.number_format = _DAY
    elif figure is not None:
        value, is_share = figure
        cell.value = int(value) if value == int(value) and not is_share else value
        cell.number_format = _layout(value, kind, is_share=is_share)
    elif text:
        _text(cell, text)
        cell.number_format = "@"


def _layout(value: float, kind: Kind, *, is_share: bool) -> str:
    if is_share or kind is Kind.SHARE:
        return _WHOLE_SHARE if round(value * 100, 6) == round(value * 100) else _SHARE
    if value != int(value):
        return _CENTS if kind is Kind.MONEY else "General"
    return _MONEY if kind is Kind.MONEY or value >= _GROUPED else "0"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-01-01") else None
    except ValueError:
        return None


def read(content: bytes, file: str) -> dict[str, list[Row]]:
    """The sheets of a workbook by tab, four columns wide; raises `SheetError`."""
    book = workbooks.opened(content, file)
    for sheet in book.worksheets:
        if sheet.max_row * sheet.max_column > workbooks.CELLS_LIMIT:
            raise SheetError(placed(file, None, None, workbooks.too_large()))
    # Of the formulas, only what they last gave counts; the sums beside are not read.
    has_formulas = any(
        getattr(cell, "data_type", "") == "f"
        for sheet in book.worksheets
        for row in sheet.iter_rows(max_col=min(_READ, sheet.max_column))
        for cell in row
    )
    values = workbooks.opened(content, file, values=True) if has_formulas else book
    return {sheet.title: _rows(sheet, values[sheet.title]) for sheet in book.worksheets}


_MERGED = Text(
    "ces cases sont fusionnées : défusionnez-les", "these cells are merged: unmerge them"
)
_NO_RESULT = Text(
    "cette formule n'a pas de résultat dans le fichier : ouvrez-le dans Excel, enregistrez-le, "
    "puis importez-le ; ou écrivez la valeur",
    "this formula has no result in the file: open it in Excel, save it, then import it; or write "
    "the value",
)
_IN_ERROR = Text(
    "cette case est en erreur dans Excel : corrigez sa formule, ou écrivez la valeur",
    "this cell is in error in Excel: correct its formula, or write the value",
)


def _rows(sheet: Worksheet, values: Worksheet) -> list[Row]:
    merged = {
        area.coord.partition(":")[0]: area for area in sheet.merged_cells.ranges
        if area.min_col <= _READ
    }  # fmt: skip
    # Of a heading, one more: a column that was added has moved its last word there.
    width = min(_READ + 1, sheet.max_column)
    return [
        [
            _cell(cell, values[cell.coordinate], is_merged=cell.coordinate in merged)
            for cell in (row if str(row[0].value).startswith(MARK) else row[:_READ])
        ]
        for row in sheet.iter_rows(max_col=width)
    ]


def _cell(cell: Any, result: Any, *, is_merged: bool) -> SheetCell:  # noqa: ANN401 - openpyxl's Cell
    place = cell.coordinate
    value = result.value
    if is_merged:
        return SheetCell(str(value or ""), place, _MERGED)
    if getattr(result, "data_type", "") == "e":
        return SheetCell("", place, _IN_ERROR)
    if value is None and getattr(cell, "data_type", "") == "f":
        return SheetCell("", place, _NO_RESULT)
    match value:
        case None:
            text = ""
        case bool():
            text = "yes" if value else "no"
        case int() | float():
            text = workbooks.number_text(value, str(cell.number_format))
        case datetime() | date():
            text = value.isoformat()[:10]
        case _:
            text = str(value)
    return SheetCell(text, place)
