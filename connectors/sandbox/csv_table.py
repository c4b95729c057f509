"""Reading the CSV files of a folder, with the place of every mistake; guessing column types."""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from pathlib import Path

_ENUMERATION_MAXIMUM = 12
_ROWS_FOR_EACH_VALUE = 2
_PADDED = re.compile(r"[+-]?0\d")
_YES = {"true", "1", "yes", "oui", "vrai"}
_NO = {"false", "0", "no", "non", "faux", ""}


class MalformedFolderError(Exception):
    """A folder of CSV files cannot be loaded; the message says where and what to correct."""

    def __init__(self, path: Path, sentence: str, line: int = 0, column: str = "") -> None:
        place = str(path)
        if line:
            place += f", line {line}"
        if column:
            place += f", column {column}"
        super().__init__(f"{place}: {sentence}")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file: its cells by column, stripped."""

    path: Path
    line: int
    cells: dict[str, str]

    def text(self, column: str) -> str:
        """Return a cell; empty when the column or the value is missing."""
        return self.cells.get(column, "")

    def wrong(self, column: str, sentence: str) -> MalformedFolderError:
        """Build the error about one of this row's cells."""
        return MalformedFolderError(self.path, sentence, self.line, column)

    def required(self, column: str) -> str:
        """Return a cell that may not be empty."""
        text = self.text(column)
        if not text:
            raise self.wrong(column, "this cell must not be empty; fill it or remove the row.")
        return text

    def number(self, column: str) -> str:
        """Return a number as written, or nothing."""
        text = self.text(column)
        if text and not is_number(text):
            raise self.wrong(
                column, f"'{text}' is not a number; write it with digits and a point, as 12500.50."
            )
        return text

    def quantity(self, column: str) -> float | None:
        """Return a number, or nothing."""
        text = self.number(column)
        return float(text) if text else None

    def flag(self, column: str) -> bool:
        """Return a yes or no."""
        text = self.text(column).lower()
        if text not in _YES | _NO:
            raise self.wrong(column, f"'{text}' is neither true nor false.")
        return text in _YES

    def moment(self, column: str) -> date | datetime | None:
        """Return a day, or an instant (without a zone if it was written so), or nothing."""
        text = self.text(column)
        if not text:
            return None
        found = read_moment(text)
        if found is None:
            raise self.wrong(
                column, f"'{text}' is not a date; write it as 2026-11-23 or 2026-11-23T14:00:00Z."
            )
        return found

    def day(self, column: str, zone: tzinfo) -> date | None:
        """Return a day, that of an instant by the calendar of a zone, or nothing."""
        found = self.moment(column)
        return found.astimezone(zone).date() if isinstance(found, datetime) else found


@dataclass(frozen=True, slots=True)
class Table:
    """One file: its columns in order and its rows."""

    path: Path
    columns: list[str]
    rows: list[Row]


def read_table(path: Path, required: Iterable[str]) -> Table:
    """Read a CSV file in UTF-8 (with or without a mark); MalformedFolderError."""
    if not path.is_file():
        raise MalformedFolderError(path, "this file is missing; add it to the folder.")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            columns = [name.strip() for name in next(reader, [])]
            for name in required:
                if name not in columns:
                    raise MalformedFolderError(path, "this column is missing; add it.", 1, name)
            rows = [
                _row(path, reader.line_num, columns, cells)
                for cells in reader
                if any(cell.strip() for cell in cells)
            ]
    except UnicodeDecodeError as error:
        raise MalformedFolderError(
            path, "this file is not UTF-8 text; save it as UTF-8."
        ) from error
    except csv.Error as error:
        raise MalformedFolderError(path, f"this file is not valid CSV: {error}.") from error
    _refuse_repeated_ids(rows)
    return Table(path, columns, rows)


def _row(path: Path, line: int, columns: list[str], cells: list[str]) -> Row:
    if len(cells) > len(columns):
        raise MalformedFolderError(
            path, f"{len(cells)} cells for {len(columns)} columns; quote cells with commas.", line
        )
    return Row(path, line, {name: cell.strip() for name, cell in zip(columns, cells, strict=False)})


def _refuse_repeated_ids(rows: list[Row]) -> None:
    lines: dict[str, int] = {}
    for row in rows:
        name = row.required("id")
        if name in lines:
            raise row.wrong("id", f"'{name}' is already the id of line {lines[name]}.")
        lines[name] = row.line


def is_number(text: str) -> bool:
    """Tell whether a text is a finite decimal number."""
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def read_moment(text: str) -> date | datetime | None:
    """Read an ISO day or instant; None when it is neither."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Guess:
    """What a column holds: `number`, `date`, `datetime`, `enumeration` (of `choices`), `string`."""

    type: str
    choices: tuple[str, ...] = ()


def guess(values: list[str]) -> Guess:
    """Guess a column's type from its non-empty values.

    Numbers, then days and instants, then an enumeration (at most 12 distinct values, with two
    rows each on average), else text. Digits with leading zeros are codes, not numbers.
    """
    if not values:
        return Guess("string")
    if all(is_number(text) and not _PADDED.match(text) for text in values):
        return Guess("number")
    moments = [read_moment(text) for text in values]
    if all(moment is not None for moment in moments):
        has_time = any(isinstance(moment, datetime) for moment in moments)
        return Guess("datetime") if has_time else Guess("date")
    distinct = tuple(sorted(set(values)))
    is_repeated = len(values) >= _ROWS_FOR_EACH_VALUE * len(distinct)
    if len(distinct) <= _ENUMERATION_MAXIMUM and is_repeated:
        return Guess("enumeration", distinct)
    return Guess("string")
