"""Export a table of the playbook to a sheet, and import it back into `segments.yaml`.

An import changes the rows of one table and no other character, and only once the whole playbook is
found right with it. It publishes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from rules.checking import check
from rules.language import Text, cause
from rules.located import Document, PlaybookError, nearest
from rules.rulebook import Reading, read_rulebook
from rules.sheets import (
    FILE,
    THEN,
    Grid,
    SheetError,
    SheetRow,
    in_sheet,
    placed,
    read_sheet,
    require_table,
    sheet_of,
    tables,
)
from rules.splice import spliced
from rules.terms import Name
from rules.time import Instant
from rules.yaml_text import read
from service import csv_sheets, workbooks
from service.app import read_playbook
from service.replacing import replace

_SIZE_LIMIT = 2 * 1024 * 1024
_MARK = "\ufeff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import changes: the lines of a diff, none where the table is as it was."""

    rule: str
    path: Path
    rows: int
    diff: Sequence[str]


def export(folder: Path, rule: str, target: Path | None) -> bytes:
    """A table as CSV, or as XLSX where the target's name ends so; written there if there is one.

    Raises `PlaybookError` for a playbook that can't be read, `SheetError` for a rule that is no
    table and for a file that holds other rows: they may be somebody's work of the afternoon.
    """
    suffix = target.suffix.lower() if target else ".csv"
    _check_suffix(str(target), suffix)
    files = read_playbook(folder)
    document = _segments(files)
    grid = sheet_of(document, rule)
    if suffix == ".csv":
        content = csv_sheets.written(grid)
    else:
        reading = read_rulebook(files)
        content = workbooks.written(rule, grid, _lists(reading, document, rule))
    if target is not None:
        _require_replaceable(target, document, rule, grid)
        write(target, content)
    return content


def run(folder: Path, source: Path, rule: str | None, now: Instant, *, is_dry: bool) -> Imported:
    """Put the rows of a sheet into `segments.yaml`; with `is_dry` only say what would change.

    Raises `SheetError` with what is wrong, at its row and column of the sheet; the file is then as
    it was.
    """
    files = read_playbook(folder)
    document = _segments(files)
    is_named = rule is not None
    rule, grid = _sheet(source, document, rule)
    require_table(document, rule, is_named=is_named)
    rows = read_sheet(grid, source.name, _names(files, document))
    before = files[FILE].decode("utf-8-sig")
    mark = _MARK if files[FILE].startswith(_MARK.encode()) else ""
    after = spliced(before, rule, rows)
    content = (mark + after).encode()
    path = folder / FILE
    if after != before:
        _check({**files, FILE: content}, rule, rows, source.name, now)
        if not is_dry:
            put(path, files[FILE], content)
    return Imported(rule=rule, path=path, rows=len(rows), diff=_diff(before, after))


def _check(
    files: Mapping[str, bytes], rule: str, rows: Sequence[SheetRow], file: str, now: Instant
) -> None:
    errors = check(files, now).errors
    if errors:
        document = read(FILE, files[FILE])
        raise SheetError(*(in_sheet(issue, document, rule, rows, file) for issue in errors))


def _require_replaceable(target: Path, document: Document, rule: str, grid: Grid) -> None:
    if not target.exists():
        return
    try:
        held = _sheet(target, document, rule)[1]
    except SheetError:
        held = []
    if held != grid:
        raise SheetError(
            Text(
                f"{target} existe déjà et contient autre chose : il reste tel quel. « arpent rules "
                "import » reprend ce qu'il contient ; sinon supprimez-le, ou donnez un autre nom.",
                f"{target} exists already and holds something else: it stays as it is. `arpent "
                "rules import` takes over what it holds; else delete it, or give another name.",
            )
        )


def put(path: Path, before: bytes | None, after: bytes) -> None:
    """Put what an import makes of a file in its place; raises `SheetError` where it has changed.

    None stands for a file that was not there.
    """
    now = path.read_bytes() if path.exists() else None
    if now != before:
        raise SheetError(
            Text(
                f"{path.name} vient d'être modifié par ailleurs : relancez l'import.",
                f"{path.name} was just changed by somebody else: import again.",
            )
        )
    write(path, after)


def write(path: Path, content: bytes) -> None:
    """Write a file at once; raises `SheetError` where that can't be done."""
    try:
        replace(path, content)
    except OSError as error:
        why = cause(error)
        raise SheetError(
            Text(
                f"{path} ne s'écrit pas ({why.fr}) : vérifiez le dossier et vos droits.",
                f"{path} can't be written ({why.en}): check the folder and your rights.",
            )
        ) from error


def _diff(before: str, after: str) -> list[str]:
    old, new = (text.replace("\r\n", "\n").split("\n") for text in (before, after))
    return list(unified_diff(old, new, FILE, FILE, lineterm=""))


def _segments(files: Mapping[str, bytes]) -> Document:
    if FILE not in files:
        raise PlaybookError(read_rulebook(files).issues)
    document = read(FILE, files[FILE])
    if document.issues:
        raise PlaybookError(document.issues)
    return document


def _names(files: Mapping[str, bytes], document: Document) -> list[str]:
    """What a column may name: the facts, and the rules that the file has."""
    return [*read_rulebook(files).names, *(document.data or {})]


def _lists(reading: Reading, document: Document, rule: str) -> dict[str, list[str]]:
    """The values to offer in each column that has some."""
    rules = reading.segments.rules if reading.segments else []
    names: dict[str, Name] = {**reading.names, **{each.name: each.as_name for each in rules}}
    lists = {name: [*each.choices, "unknown"] for name, each in names.items() if each.choices}
    values = document.data[rule].get("values")
    return {**lists, THEN: list(values) if isinstance(values, dict) else []}


def _check_suffix(name: str, suffix: str) -> None:
    if suffix not in {".csv", ".xlsx"}:
        raise SheetError(
            Text(
                f"{name} : une feuille est un fichier .csv ou .xlsx.",
                f"{name}: a sheet is a .csv or an .xlsx file.",
            )
        )


def _sheet(source: Path, document: Document, rule: str | None) -> tuple[str, list[list[str]]]:
    """The rule that a file is for, and the grid it holds."""
    suffix = source.suffix.lower()
    _check_suffix(source.name, suffix)
    content = content_of(source)
    if suffix == ".csv":
        return rule or source.stem, csv_sheets.read(content, source.name)
    sheets = workbooks.read(content, source.name)
    titled = {
        name: sheets[name[: workbooks.TITLE_LIMIT]]
        for name in tables(document)
        if name[: workbooks.TITLE_LIMIT] in sheets
    }
    if rule is None:
        rule = next(iter(titled)) if len(titled) == 1 else source.stem if not titled else None
    if rule is None:
        listed = ", ".join(titled)
        text = Text(
            f"plusieurs tables ({listed}) : nommez celle à importer avec --rule",
            f"several tables ({listed}): name the one to import with --rule",
        )
        raise SheetError(placed(source.name, None, None, text))
    if rule in titled:
        return rule, titled[rule]
    if len(sheets) == 1:
        return rule, next(iter(sheets.values()))
    hint = nearest(rule, list(sheets))
    text = Text(
        f"aucune feuille ne s'appelle « {rule} »{hint.fr}", f"no sheet is called '{rule}'{hint.en}"
    )
    raise SheetError(placed(source.name, None, None, text))


def content_of(source: Path) -> bytes:
    """A file that somebody gives; raises `SheetError` where it can't be read or is too large."""
    try:
        with source.open("rb") as opened:
            content = opened.read(_SIZE_LIMIT + 1)
    except OSError as error:
        why = cause(error)
        raise SheetError(
            Text(
                f"{source} ne se lit pas ({why.fr}) : vérifiez le nom et vos droits.",
                f"{source} can't be read ({why.en}): check the name and your rights.",
            )
        ) from error
    if len(content) > _SIZE_LIMIT:
        raise SheetError(placed(source.name, None, None, workbooks.too_large()))
    return content
