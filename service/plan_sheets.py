"""Export territory plans to a workbook that a manager fills in, and import it back into `plans/`.

An import changes what differs in meaning and no other character, and only once the whole playbook
is found right with it: else all that is wrong is told, by sheet and cell. It publishes nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rules.checking import check
from rules.language import Language, Text
from rules.located import Data, Document, PlaybookError
from rules.plan.sheet_merging import place_of
from rules.plan.sheet_sections import FACTS, in_sheet
from rules.sheets import SheetError, path_at
from rules.team import Team
from rules.time import Instant
from rules.yaml_text import read
from service import plan_workbooks, sheets
from service.plan_books import (
    HeldSheet,
    Plans,
    file_of,
    open_plans,
    owner_of,
    read_sheets,
    sheets_of,
)
from service.plan_labels import called

_MARK = "\ufeff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A value of a plan that an import changes; None where there is none, before or after."""

    where: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedPlan:
    """What an import makes of one sheet; nothing changes where `changes` is empty."""

    sheet: str
    file: str
    is_new: bool
    changes: Sequence[Change]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import makes of a workbook; `left_out` are its sheets that hold no plan."""

    plans: Sequence[ImportedPlan]
    left_out: Sequence[str]


def export(folder: Path, target: Path, owners: Sequence[str] | None = None) -> list[str]:
    """Write the plans, of these owners only if given, into a workbook; their files are returned.

    Raises `PlaybookError` for plans that can't be read, `SheetError` where there is none or where
    the target holds something else: it may be somebody's work of the afternoon.
    """
    _check_suffix(target)
    playbook = open_plans(folder)
    plans = {
        name: document for name, document in playbook.plans.items()
        if owners is None or owner_of(document) in owners
    }  # fmt: skip
    issues = [issue for document in plans.values() for issue in document.issues]
    if issues:
        raise PlaybookError(issues)
    if not plans:
        raise SheetError(
            Text(
                "Aucun plan à exporter : « arpent plan export FICHIER.xlsx --new REP --period "
                "ANNÉE » en prépare un.",
                "No plan to export: `arpent plan export FILE.xlsx --new REP --period YEAR` "
                "prepares one.",
            )
        )
    content = plan_workbooks.written(sheets_of(playbook, plans.values()), playbook.language)
    _require_faithful(playbook, content, target.name, plans)
    if target.exists():
        _require_replaceable(playbook, target, plans)
    sheets.write(target, content)
    return list(plans)


def export_new(folder: Path, target: Path, owner: str, period: int) -> None:
    """Write a workbook with an empty plan to fill in; raises `SheetError` where there is one."""
    _check_suffix(target)
    playbook = open_plans(folder)
    data = {"owner": owner, "period": str(period), "currency": playbook.team.currency}
    taken = file_of(playbook, data)
    if taken in playbook.files:
        raise SheetError(
            Text(
                f"{owner} a déjà un plan pour {period}, dans {taken} : exportez-le sans --new.",
                f"{owner} already has a plan for {period}, in {taken}: export it without --new.",
            )
        )
    if target.exists():
        raise _held(target)
    document = Document(taken, data=data)
    content = plan_workbooks.written(sheets_of(playbook, [document]), playbook.language)
    sheets.write(target, content)


def team_of(folder: Path) -> Team:
    """The team of a playbook; raises `PlaybookError` where it can't be read."""
    return open_plans(folder).team


def run(folder: Path, source: Path, now: Instant, *, is_dry: bool) -> Imported:
    """Put the plans of a workbook into `plans/`; with `is_dry` only say what would change.

    Raises `SheetError` with all that is wrong, at its sheet and cell; no file is then changed.
    """
    _check_suffix(source)
    playbook = open_plans(folder)
    found, left_out = read_sheets(playbook, sheets.content_of(source), source.name)
    files = dict(playbook.files)
    for each in found:
        mark = _MARK if files.get(each.file, b"").startswith(_MARK.encode()) else ""
        files[each.file] = (mark + each.text).encode()
    changed = [each for each in found if files[each.file] != playbook.files.get(each.file)]
    problems = [problem for each in found for problem in _problems(each, source.name)]
    if changed or problems:
        problems += _issues(files, found, source.name, now)
    if problems:
        raise SheetError(*dict.fromkeys(problems))
    if not is_dry:
        _put(folder, playbook.files, {each.file: files[each.file] for each in changed})
    return Imported(plans=[_imported(playbook, each) for each in found], left_out=left_out)


def _at(file: str, sheet: str, cell: str, text: Text) -> Text:
    return Text(
        f"{file}, feuille « {sheet} », cellule {cell} : {text.fr}",
        f"{file}, sheet '{sheet}', cell {cell}: {text.en}",
    )


def _problems(sheet: HeldSheet, file: str) -> Iterator[Text]:
    for cell, text in sheet.found.problems:
        yield _at(file, sheet.title, cell, text)


def _issues(
    files: Mapping[str, bytes], found: Sequence[HeldSheet], file: str, now: Instant
) -> Iterator[Text]:
    """What the playbook would have wrong, at the cell where there is one.

    Of a section that could not be read whole, nothing more is told: sums would not add up.
    """
    by_file = {each.file: each for each in found}
    for issue in check(files, now).errors:
        sheet = by_file.get(issue.file)
        if sheet is None:
            yield Text(issue.to(Language.FR), issue.to(Language.EN))
            continue
        document = read(sheet.file, sheet.text)
        top = str((*path_at(issue, document), "plan")[0])
        if ("plan" if top in FACTS else top) not in sheet.found.troubled:
            place = place_of(issue, document, sheet.found)
            yield _at(file, sheet.title, place, in_sheet(issue.text))


def _imported(playbook: Plans, sheet: HeldSheet) -> ImportedPlan:
    before = dict(_leaves((), sheet.before.data)) if sheet.before else {}
    after = dict(_leaves((), read(sheet.file, sheet.text).data))
    return ImportedPlan(
        sheet=sheet.title,
        file=sheet.file,
        is_new=sheet.before is None,
        changes=[
            Change(
                where=called(path, playbook.labels, playbook.language),
                before=before.get(path), after=after.get(path),
            )
            for path in [*before, *(path for path in after if path not in before)]
            if before.get(path) != after.get(path)
        ],
    )  # fmt: skip


def _leaves(path: tuple[str, ...], value: Data) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each value of a plan by its path; items of lists go by their first word, not their number."""
    match value:
        case dict():
            for name, each in value.items():
                yield from _leaves((*path, name), each)
        case list():
            for each in value:
                word = next(iter(each.values()), "") if isinstance(each, dict) else each
                yield from _leaves((*path, str(word)), each)
        case None:
            return
        case _:
            yield path, str(value)


def _put(folder: Path, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> None:
    for name, content in after.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        sheets.put(path, before.get(name), content)


def _require_faithful(
    playbook: Plans, content: bytes, file: str, plans: Mapping[str, Document]
) -> None:
    """Refuse a workbook that would not give back the plans that it was made of."""
    back, _ = read_sheets(playbook, content, file)
    if any(each.found.problems for each in back) or not _is_held(playbook, back, plans):
        raise SheetError(plan_workbooks.LOST)


def _is_held(playbook: Plans, found: Sequence[HeldSheet], plans: Mapping[str, Document]) -> bool:
    """Whether sheets say just what these files say."""
    texts = {each.file: each.text for each in found}
    return texts == {name: playbook.files[name].decode("utf-8-sig") for name in plans}


def _require_replaceable(playbook: Plans, target: Path, plans: Mapping[str, Document]) -> None:
    try:
        held, _ = read_sheets(playbook, sheets.content_of(target), target.name)
    except (SheetError, PlaybookError) as error:
        raise _held(target) from error
    if any(each.found.problems for each in held) or not _is_held(playbook, held, plans):
        raise _held(target)


def _held(target: Path) -> SheetError:
    return SheetError(
        Text(
            f"{target} existe déjà et contient autre chose : il reste tel quel. « arpent plan "
            "import » reprend ce qu'il contient ; sinon supprimez-le, ou donnez un autre nom.",
            f"{target} exists already and holds something else: it stays as it is. `arpent plan "
            "import` takes over what it holds; else delete it, or give another name.",
        )
    )


def _check_suffix(path: Path) -> None:
    if path.suffix.lower() == ".xlsx":
        return
    is_old = path.suffix.lower() in {".xls", ".xlsm", ".ods", ".csv"}
    raise SheetError(
        Text(
            f"{path.name} : un plan est un classeur .xlsx"
            + (
                " ; dans Excel : Fichier, Enregistrer sous, « Classeur Excel (.xlsx) »."
                if is_old
                else "."
            ),
            f"{path.name}: a plan is an .xlsx workbook"
            + ("; in Excel: File, Save As, 'Excel Workbook (.xlsx)'." if is_old else "."),
        )
    )
