"""A sheet as CSV, as Excel in French reads and writes it: `;`, UTF-8 with its mark, CRLF.

A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@` as a formula. Such a cell is written
with an apostrophe before it, and so is one that begins with an apostrophe, whatever spaces come
first; reading takes just that apostrophe off again, so that every text comes back as it was.
"""

import csv
from io import StringIO

from rules.language import Text
from rules.sheets import THEN, Grid, SheetError, placed

_RUN = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "'")
_SEPARATORS = (";", ",", "\t")
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))

LONGEST_CELL = 32_767
"""As in Excel."""


def written(grid: Grid) -> bytes:
    """A grid of texts as a CSV file."""
    text = StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerows([guarded(cell) for cell in row] for row in grid)
    return text.getvalue().encode("utf-8-sig")


def read(content: bytes, file: str) -> list[list[str]]:
    """The grid of a CSV file, whichever separator and encoding; raises `SheetError`."""
    text = _decoded(content, file)
    grids = [_parsed(text, separator, file) for separator in _SEPARATORS]
    named = [grid for grid in grids if grid and THEN in [cell.strip() for cell in grid[0]]]
    found = named[0] if named else grids[0]
    return [[_bare(cell) for cell in row] for row in found]


def guarded(cell: str) -> str:
    """A cell that no spreadsheet runs."""
    return f"'{cell}" if cell.lstrip().startswith(_RUN) else cell


def _bare(cell: str) -> str:
    is_guarded = cell.startswith("'") and cell[1:].lstrip().startswith(_RUN)
    return cell[1:] if is_guarded else cell


def _decoded(content: bytes, file: str) -> str:
    marked = [encoding for mark, encoding in _MARKS if content.startswith(mark)]
    for encoding in marked or ["utf-8", "cp1252"]:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise SheetError(
        placed(
            file, None, None,
            Text(
                "ce n'est pas un fichier CSV : enregistrez la feuille en « CSV UTF-8 »",
                "this is no CSV file: save the sheet as 'CSV UTF-8'",
            ),
        )
    )  # fmt: skip


def _parsed(text: str, separator: str, file: str) -> list[list[str]]:
    try:
        rows = list(csv.reader(StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        raise _unreadable(file) from error
    # Not by the limit of the csv module, which is one for the whole process.
    if any(len(cell) > LONGEST_CELL for row in rows for cell in row):
        raise _unreadable(file)
    return rows


def _unreadable(file: str) -> SheetError:
    return SheetError(
        placed(
            file, None, None,
            Text(
                "ce fichier CSV ne se lit pas : une case y est trop longue ou mal fermée",
                "this CSV file can't be read: a cell is too long or never closed",
            ),
        )
    )  # fmt: skip
