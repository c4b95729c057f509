"""The plans of a playbook's folder, and those that a workbook holds, put beside each other."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rules.language import Language, Text
from rules.located import Data, Document, PlaybookError
from rules.plan.sheet import lines_of
from rules.plan.sheet_merging import merged, with_unshown
from rules.plan.sheet_reading import Found, is_plan, read_plan_sheet
from rules.plan.sheet_sections import Labels
from rules.rulebook import PLANS, Reading, read_rulebook
from rules.sheets import SheetError, placed
from rules.team import Team
from rules.yaml_revision import revised
from service import plan_workbooks
from service.app import read_playbook
from service.plan_labels import labels_of, lists_of, offered_of
from service.plan_workbooks import PlanSheet

_HEAD = "# yaml-language-server: $schema=../.schema/plan.schema.json\n"
_TAB_LIMIT = 31
_NO_TAB = re.compile(r"[\[\]:*?/\\'\x00-\x1f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plans:
    """The files of a playbook, read as far as it goes."""

    files: Mapping[str, bytes]
    reading: Reading
    team: Team
    labels: Labels

    @property
    def language(self) -> Language:
        """That of the team, in which a workbook speaks."""
        return self.team.language

    @property
    def plans(self) -> Mapping[str, Document]:
        """The files of `plans/` by name."""
        found = self.reading.documents.items()
        return {name: document for name, document in found if name.startswith(PLANS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSheet:
    """A sheet that holds a plan, the file that it is for, and that file as it will be."""

    title: str
    found: Found
    file: str
    before: Document | None
    text: str


def open_plans(folder: Path) -> Plans:
    """A playbook on disk; raises `PlaybookError` where its team can't be read."""
    files = read_playbook(folder)
    reading = read_rulebook(files)
    if reading.team is None:
        raise PlaybookError(reading.issues)
    labels = labels_of(reading.documents)
    return Plans(files=files, reading=reading, team=reading.team, labels=labels)


def owner_of(document: Document) -> str:
    """Whose plan a file is, as far as it can be read."""
    return str(document.data.get("owner")) if isinstance(document.data, dict) else ""


def sheets_of(playbook: Plans, plans: Iterable[Document]) -> list[PlanSheet]:
    """The sheets to write, one for each plan."""
    made: list[PlanSheet] = []
    team = playbook.team
    for document in plans:
        owner, period = owner_of(document), str(document.data.get("period"))
        tab = _NO_TAB.sub(" ", f"{owner} {period}").strip()[:_TAB_LIMIT]
        taken = {each.tab.casefold() for each in made}
        while tab.casefold() in taken:
            tab = f"{tab[: _TAB_LIMIT - 3]} {len(made) + 1}"
        name = team.reps[owner].name if owner in team.reps else owner
        heading = Text(
            f"Plan de territoire : {name}, {period}", f"Territory plan: {name}, {period}"
        )
        offered = offered_of(playbook.labels, team, owner)
        lines = list(lines_of(document, playbook.labels, offered, playbook.language))
        lists = lists_of(playbook.labels, team, playbook.language)
        made.append(
            PlanSheet(tab=tab, heading=heading.to(playbook.language), lines=lines, lists=lists)
        )
    return made


def read_sheets(playbook: Plans, content: bytes, file: str) -> tuple[list[HeldSheet], list[str]]:
    """The plans that a workbook holds, and its other sheets."""
    grids = plan_workbooks.read(content, file)
    found = []
    for title, rows in grids.items():
        if is_plan(rows):
            held = read_plan_sheet(rows, playbook.labels)
            found.append(_held(playbook, title, held))
    if not found:
        raise SheetError(
            placed(
                file, None, None,
                Text(
                    "aucune feuille n'y est un plan : il faut une colonne A avec les titres ■ "
                    "(arpent plan export en écrit une)",
                    "no sheet of it is a plan: a column A with the ■ headings is needed (arpent "
                    "plan export writes one)",
                ),
            )
        )  # fmt: skip
    for number, each in enumerate(found):
        if any(each.file == other.file for other in found[:number]):
            text = Text(
                "une autre feuille est déjà ce plan (même représentant et année) : gardez-en une",
                "another sheet is already this plan (same rep, same year): keep one",
            )
            each.found.problems.append((each.found.cells.get(("plan",), ("A1", ""))[0], text))
    return found, [title for title in grids if title not in {each.title for each in found}]


def _held(playbook: Plans, title: str, found: Found) -> HeldSheet:
    file = file_of(playbook, found.data)
    before = playbook.plans.get(file)
    if before is not None and not isinstance(before.data, dict):
        raise PlaybookError(playbook.reading.issues)
    old: Mapping[str, Data] = before.data if before is not None else {}
    data = merged(old, with_unshown(old, found.data))
    source = playbook.files[file].decode("utf-8-sig") if before is not None else _HEAD
    return HeldSheet(
        title=title, found=found, file=file, before=before, text=revised(file, source, data)
    )


def file_of(playbook: Plans, data: Mapping[str, Data]) -> str:
    """The file of a plan: that of its owner and year, else a new one."""
    owner, period = str(data.get("owner", "")), str(data.get("period", ""))
    for name, document in playbook.plans.items():
        known = document.data if isinstance(document.data, dict) else {}
        if (owner_of(document), str(known.get("period"))) == (owner, period):
            return name
    stem = re.sub(r"[^\w-]", "_", owner)[:_TAB_LIMIT] or "plan"
    name = f"{PLANS}{stem}.yaml"
    year = re.sub(r"\D", "", period)[:4]
    return f"{PLANS}{stem}-{year}.yaml" if name in playbook.files else name
