"""Plans in Excel as managers have them: filled in by hand, half broken, or made to do harm."""

import json
import shutil
from collections.abc import Callable, Mapping
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import load_workbook

from rules.located import PlaybookError
from rules.rulebook import compile_rulebook
from rules.sheets import SheetError
from service import plan_sheets
from service.app import read_playbook
from tests.hostile_names import HOSTILE
from tests.playbooks import SHIPPED, TEAM, small

NOW = 1_772_000_000_000
PEOPLE = f"""\
{TEAM}reps:
  elise: {{name: Élise Gagnon, manager: marc}}
  marc: {{name: Marc Lavoie}}
"""
PLAN = """\
# Le plan d'Élise, gardé par git.
owner: elise                  # voir team.yaml
period: 2026
currency: CAD
objective: 1 200 000
sources: {existing: 600k, new: {prospecting: 280 000,   # au téléphone
    events: 200 000}, referral: 120 000}
quarters: {q1: 240 000, q2: 360 000, q3: 240 000, q4: 360 000}
segments: {manufacturing: 900 000, not_allotted: 300 000}
seasonality: {july: 4 %}
accounts: {existing: 35, new: 80, referral: 3}
assumptions: {average_won_deal: 33 500, cycle: 75 d, opportunities_per_account: 50 %}
# Les heures de la semaine.
time: {capacity: 32 h per week, prospects: 50 %, existing: 30 %, strategic: 20 %}
away: [2026-07-20..2026-07-31, 2026-12-24]
review: {every: 6 weeks, with: marc}
agreed: {elise: 2025-12-14, marc: 2025-12-15}
accept:
  # connu
  - {finding: pipeline_below_inflow, until: 2026-03-31, why: "cycle : à mesurer"}
revisions:
  - from: 2026-07-01
    why: reprise de 6 comptes
    objective: 1 300 000
    sources: {existing: 700 000, new: {prospecting: 280 000, events: 200 000}, referral: 120 000}
    quarters: {q3: 300 000, q4: 400 000}
    segments: {manufacturing: 1 000 000, not_allotted: 300 000}
    agreed: {elise: 2026-06-28}
"""
FILE = "plans/elise.yaml"


def put(book: Path) -> Path:
    (book / "plans").mkdir(parents=True)
    for name, text in {**small(team=PEOPLE), FILE: PLAN}.items():
        (book / name).write_text(str(text), "utf-8")
    return book


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("exported")
    assert plan_sheets.export(put(folder / "book"), folder / "plans.xlsx") == [FILE]
    return (folder / "plans.xlsx").read_bytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return put(tmp_path / "book")


@pytest.fixture
def file(folder: Path, exported: bytes) -> Path:
    """The workbook of the plan, as exported."""
    target = folder.parent / "plans.xlsx"
    target.write_bytes(exported)
    return target


def bring(folder: Path, file: Path, *, is_dry: bool = False) -> plan_sheets.Imported:
    return plan_sheets.run(folder, file, NOW, is_dry=is_dry)


def text_of(folder: Path) -> str:
    return (folder / FILE).read_bytes().decode()


def row_of(sheet: Any, name: str, heading: str = "") -> int:
    """The row of a name in column A, after a heading where one is given."""
    is_after = not heading
    for (cell,) in sheet.iter_rows(max_col=1):
        is_after = is_after or str(cell.value).startswith(f"■ {heading}")
        if is_after and cell.value == name:
            return int(cell.row)
    raise AssertionError(name)


def edited(file: Path, edit: Callable[[Any], object]) -> Path:
    """The workbook once somebody has changed its first sheet, or put another in it."""
    book = load_workbook(file)
    edit(book.worksheets[0])
    book.save(file)
    return file


def filled(file: Path, **cells: object) -> Path:
    """The workbook with other values in the third column, by the names of rows."""

    def fill(sheet: Any) -> None:
        for name, value in cells.items():
            sheet.cell(row_of(sheet, name), 3).value = value

    return edited(file, fill)


def refused(folder: Path, file: Path) -> list[str]:
    """What is said of a workbook in French; nothing is changed."""
    before = {path: path.read_bytes() for path in folder.rglob("*.yaml")}
    with pytest.raises(SheetError) as caught:
        bring(folder, file)
    assert {path: path.read_bytes() for path in folder.rglob("*.yaml")} == before
    assert all(problem.fr != problem.en for problem in caught.value.problems)
    return [problem.fr for problem in caught.value.problems]


def test_a_plan_goes_out_and_comes_back_without_a_byte_changed(folder: Path, file: Path) -> None:
    done = bring(folder, file)
    assert [(each.file, each.is_new, each.changes) for each in done.plans] == [(FILE, False, [])]
    assert text_of(folder) == PLAN


def test_windows_line_ends_and_a_mark_stay(folder: Path) -> None:
    written = b"\xef\xbb\xbf" + PLAN.replace("\n", "\r\n").encode()
    (folder / FILE).write_bytes(written)
    file = folder.parent / "p.xlsx"
    plan_sheets.export(folder, file)
    bring(folder, file)
    assert (folder / FILE).read_bytes() == written
    bring(folder, filled(file, Capacité="30 h per week"))
    changed = written.replace(b"32 h per week", b"30 h per week")
    assert (folder / FILE).read_bytes() == changed


def test_the_shipped_playbook_goes_out_and_comes_back(tmp_path: Path) -> None:
    folder = tmp_path / "book"
    shutil.copytree(SHIPPED, folder)
    before = {path: path.read_bytes() for path in folder.rglob("*.yaml")}
    plan_sheets.export(folder, tmp_path / "plans.xlsx")
    bring(folder, tmp_path / "plans.xlsx")
    assert {path: path.read_bytes() for path in folder.rglob("*.yaml")} == before


def test_only_what_changed_is_written_anew(folder: Path, file: Path) -> None:
    def edit(sheet: Any) -> None:
        sources = row_of(sheet, "existing", "Sources")
        sheet.cell(sources, 3).value = 650_000
        sheet.cell(row_of(sheet, "new"), 3).value = "230 000 $"
        sheet.cell(row_of(sheet, "Capacité"), 3).value = "30 h per week"

    done = bring(folder, edited(file, edit))
    assert text_of(folder) == (
        PLAN.replace("existing: 600k", "existing: 650 000")
        .replace("prospecting: 280 000,   #", "prospecting: 230 000,   #")
        .replace("32 h per week", "30 h per week")
    ).replace("new: {prospecting: 230 000, events", "new: {prospecting: 280 000, events")
    assert [(each.where, each.before, each.after) for each in done.plans[0].changes] == [
        ("Sources du revenu, existing", "600k", "650 000"),
        ("Sources du revenu, new, prospecting", "280 000", "230 000"),
        ("Temps, Capacité", "32 h per week", "30 h per week"),
    ]


def test_rows_come_and_go_wherever_they_are_put(folder: Path, file: Path) -> None:
    def edit(sheet: Any) -> None:
        row = row_of(sheet, "Non réparti", "Segments")
        sheet.insert_rows(row)  # an empty row in the middle
        sheet.cell(row + 1, 1).value = "bâtiment & génie"
        away = row_of(sheet, "■ Absences (premier jour)")
        sheet.delete_rows(away + 2)
        sheet.cell(away + 2, 1).value = "2026-10-12"
        sheet.delete_rows(row_of(sheet, "pipeline_below_inflow"))
        sheet.delete_rows(row_of(sheet, "Juillet"))

    bring(folder, edited(file, edit))
    assert text_of(folder) == (
        PLAN.replace("not_allotted: 300 000}\nseason", "bâtiment & génie: 300 000}\nseason")
        .replace("seasonality: {july: 4 %}\n", "")
        .replace(", 2026-12-24]", ", 2026-10-12]")
        .replace(PLAN[PLAN.index("accept:") : PLAN.index("revisions:")], "")
    )


def test_a_revision_is_added_by_its_rows(folder: Path, file: Path) -> None:
    def edit(sheet: Any) -> None:
        first = row_of(sheet, "■ Révisions (à partir du)") + 12
        sheet.cell(first, 1).value = datetime(2026, 10, 1)  # noqa: DTZ001 - as Excel keeps a day
        sheet.cell(first, 2).value, sheet.cell(first, 4).value = "pourquoi", "gros client perdu"
        sheet.cell(first + 1, 2).value, sheet.cell(first + 1, 3).value = "TRIMESTRES", "t4"
        sheet.cell(first + 1, 4).value = 400_000

    bring(folder, edited(file, edit))
    added = "  - {from: 2026-10-01, why: gros client perdu, quarters: {q4: 400 000}}\n"
    assert text_of(folder) == PLAN + added
    compile_rulebook(read_playbook(folder))


@pytest.mark.parametrize(
    "value",
    ["1,2M", "1 200 000 $", "1200k", "1\u202f200\u00a0000", 1_200_000, 1_200_000.0],
)
def test_an_amount_is_read_however_it_is_typed(folder: Path, file: Path, value: object) -> None:
    bring(folder, filled(file, Objectif=value))
    assert text_of(folder) == PLAN


@pytest.mark.parametrize(
    ("value", "layout"), [(0.5, "General"), (0.5, "0%"), ("50 %", "@"), ("50%", "@"), ("0,5", "@")]
)
def test_a_share_is_read_however_it_is_typed(
    folder: Path, file: Path, value: object, layout: str
) -> None:
    def edit(sheet: Any) -> None:
        cell = sheet.cell(row_of(sheet, "prospects"), 3)
        cell.value, cell.number_format = value, layout

    bring(folder, edited(file, edit))
    assert text_of(folder) == PLAN


@pytest.mark.parametrize("value", [date(2025, 12, 20), "2025-12-20", " 2025-12-20 "])
def test_a_day_is_read_as_a_date_or_a_text(folder: Path, file: Path, value: object) -> None:
    def edit(sheet: Any) -> None:
        sheet.cell(row_of(sheet, "Élise Gagnon"), 3).value = value

    bring(folder, edited(file, edit))
    assert text_of(folder) == PLAN.replace("2025-12-14", "2025-12-20")


def test_all_that_is_wrong_is_told_at_its_cell(folder: Path, file: Path) -> None:
    def edit(sheet: Any) -> None:
        sheet.cell(row_of(sheet, "T1"), 3).value = "beaucoup"
        sheet.cell(row_of(sheet, "Cycle de vente"), 3).value = 75
        sheet.cell(row_of(sheet, "Avec"), 3).value = ""
        sheet.cell(row_of(sheet, "strategic"), 3).value = 0.3
        sheet.cell(row_of(sheet, "Marc Lavoie"), 3).value = "15/12/2025"

    edited(file, edit)
    sheet: Any = load_workbook(file).worksheets[0]
    told = refused(folder, file)
    quarter, cycle = row_of(sheet, "T1"), row_of(sheet, "Cycle de vente")
    start = "plans.xlsx, feuille « elise 2026 », cellule"
    assert f"{start} C{quarter} : « beaucoup » n'est pas un nombre" in told[0]
    assert f"{start} C{cycle} : « 75 » n'est pas une durée" in told[1]
    assert any("15/12/2025" in each for each in told)


def test_sums_are_told_at_their_heading(folder: Path, file: Path) -> None:
    edited(file, lambda sheet: setattr(sheet.cell(row_of(sheet, "T4"), 3), "value", 350_000))
    sheet = load_workbook(file).worksheets[0]
    (told,) = [each for each in refused(folder, file) if "10 000" in each.replace("\u00a0", " ")]
    assert f"cellule A{row_of(sheet, '■ Trimestres')} :" in told


def test_what_is_not_allotted_is_called_as_in_the_sheet(folder: Path, file: Path) -> None:
    edited(file, lambda sheet: setattr(sheet.cell(row_of(sheet, "T4"), 3), "value", 1))
    (told,) = [each for each in refused(folder, file) if "pour arriver à l'objectif" in each]
    assert "ajoutez une ligne « Non réparti » avec ce montant" in told


def test_one_thing_that_moves_every_row_is_told_once(folder: Path, file: Path) -> None:
    edited(file, lambda sheet: sheet.insert_cols(2))
    assert len(refused(folder, file)) == 1


def test_rows_under_a_heading_that_is_gone_are_not_told_one_by_one(
    folder: Path, file: Path
) -> None:
    edited(file, lambda sheet: sheet.delete_rows(row_of(sheet, "■ Cibles")))
    (told,) = refused(folder, file)
    assert "il manque la rubrique « ■ Cibles »" in told


def changed(place: str, value: object, column: int = 3) -> Callable[[Any], None]:
    def edit(sheet: Any) -> None:
        sheet.cell(row_of(sheet, place), column).value = value

    return edit


def merge(sheet: Any) -> None:
    row = row_of(sheet, "T1")
    sheet.merge_cells(f"A{row}:B{row}")


def nameless(sheet: Any) -> None:
    sheet.cell(row_of(sheet, "T4") + 3, 3).value = 5


def twice(sheet: Any) -> None:
    row = row_of(sheet, "T4") + 3
    sheet.cell(row, 1).value, sheet.cell(row, 3).value = "q1", 5


def misplaced(sheet: Any) -> None:
    row = row_of(sheet, "T4")
    sheet.cell(row, 3).value, sheet.cell(row, 4).value = None, 360_000


BROKEN: Mapping[str, tuple[Callable[[Any], object], str]] = {
    "a heading renamed": (changed("■ Segments", "■ Segmants", 1), "vouliez-vous dire « Segments »"),
    "a heading without its mark": (
        changed("■ Segments", "Mes segments", 1), "il manque la rubrique « ■ Segments »",
    ),
    "a column more": (lambda sheet: sheet.insert_cols(2), "« Valeur » a sa place en C : retirez"),
    "a column more on the right": (
        lambda sheet: sheet.insert_cols(4), "« Valeur » a sa place en D : retirez",
    ),
    "a heading twice": (changed("■ Segments", "■ sources du REVENU", 1), "paraît deux fois"),
    "merged cells": (merge, "fusionnées"),
    "a formula never computed": (changed("T1", "=120000*2"), "ouvrez-le dans Excel"),
    "a value without a name": (nameless, "nommez cette ligne"),
    "a name without a value": (changed("manufacturing", None), "écrivez la valeur"),
    "a name twice": (twice, "paraît deux fois"),
    "a value in the wrong column": (misplaced, "mettez-la en C"),
    "10 kB of text": (changed("T1", "x" * 10_000), "trop long : au plus 1000 caractères"),
    "no objective": (changed("Objectif", None), "« Objectif » : écrivez la valeur"),
    "an unknown rep": (changed("Représentant", "elisee"), "vouliez-vous dire « elise »"),
    "no year": (changed("Année", "l'an prochain"), "n'est pas une année"),
    "a reason left out": (changed("pipeline_below_inflow", "", 3), "écrivez la valeur"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_usual_error_is_told_and_nothing_is_written(folder: Path, file: Path, name: str) -> None:
    edit, words = BROKEN[name]
    told = refused(folder, edited(file, edit))
    assert any(words in each and "feuille « elise 2026 », cellule" in each for each in told), told
    assert all(len(each) < 400 for each in told)


def test_a_sheet_emptied_of_everything_but_its_headings_is_told(folder: Path, file: Path) -> None:
    def edit(sheet: Any) -> None:
        for row in sheet.iter_rows(min_row=4):
            if not str(row[0].value).startswith("■"):
                for cell in row:
                    cell.value = None

    told = refused(folder, edited(file, edit))
    assert any("« Représentant » : écrivez la valeur" in each for each in told)


def test_a_cell_in_error_is_told(folder: Path, file: Path) -> None:
    def edit(sheet: Any) -> None:
        cell = sheet.cell(row_of(sheet, "T1"), 3)
        cell.value, cell.data_type = "#REF!", "e"

    assert any("en erreur dans Excel" in each for each in refused(folder, edited(file, edit)))


def test_a_formula_counts_for_what_it_last_gave(folder: Path, file: Path) -> None:
    edited(file, changed("Capacité", '=CONCATENATE(30;" h per week")'))
    packed = {name: ZipFile(file).read(name) for name in ZipFile(file).namelist()}
    sheet = packed["xl/worksheets/sheet1.xml"].decode()
    start = sheet.index("CONCATENATE")
    head, tail = sheet[:start], sheet[start:]
    # As Excel saves it: the kind of the result, and the result beside the formula.
    opening = head.rindex("<c ")
    head = head[:opening] + head[opening:].replace("<c ", '<c t="str" ', 1).replace(' t="n"', "")
    tail = tail.replace("<v></v>", "<v>30 h per week</v>", 1).replace(
        "<v />", "<v>30 h per week</v>", 1
    )
    packed["xl/worksheets/sheet1.xml"] = (head + tail).encode()
    with ZipFile(file, "w", ZIP_DEFLATED) as again:
        for name, content in packed.items():
            again.writestr(name, content)
    bring(folder, file)
    assert text_of(folder) == PLAN.replace("32 h per week", "30 h per week")


def test_forty_hostile_names_come_back_and_none_is_a_formula(folder: Path) -> None:
    names = [name for name in HOSTILE if name.strip() == name and name.isprintable()]
    names += [f"{sign}{text}" for sign in "=+-@" for text in ("1", "A1", "x y", '"q"', "a: b", "#")]
    quoted = [json.dumps(name, ensure_ascii=False) for name in dict.fromkeys(names)]
    assert len(quoted) > 40
    splits = ", ".join(f"{each}: 1" for each in quoted)
    written = PLAN.replace(
        "manufacturing: 900 000, not_allotted: 300 000}\nseason",
        f"{splits}, not_allotted: {1_200_000 - len(quoted)}}}\nseason",
    )
    (folder / FILE).write_text(written, "utf-8")
    file = folder.parent / "p.xlsx"
    plan_sheets.export(folder, file)
    sheet: Any = load_workbook(file).worksheets[0]
    cells = [cell for row in sheet.iter_rows(max_col=4) for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d"}
    bring(folder, file)
    assert text_of(folder) == written


@pytest.mark.parametrize("text", ['=HYPERLINK("http://x")', "@SUM(A1)", "+1+1", "-2+3", "=1"])
def test_a_text_is_never_a_formula(folder: Path, text: str) -> None:
    quoted = text.replace('"', '\\"')
    written = PLAN.replace('"cycle : à mesurer"', f'"{quoted}"').replace("manufacturing", '"=A1"')
    (folder / FILE).write_text(written, "utf-8")
    file = folder.parent / "p.xlsx"
    plan_sheets.export(folder, file)
    sheet: Any = load_workbook(file).worksheets[0]
    formulas = [cell.value for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert len(formulas) == 6
    assert all(formula.startswith(("=ROUND($C$8-SUM(C", "=ROUND(1-SUM(C")) for formula in formulas)
    row = row_of(sheet, "pipeline_below_inflow")
    assert (sheet.cell(row, 3).value, sheet.cell(row, 3).data_type) == (text, "s")
    bring(folder, file)
    assert text_of(folder) == written


def test_a_new_plan_is_prepared_filled_in_and_written(folder: Path) -> None:
    file = folder.parent / "new.xlsx"
    plan_sheets.export_new(folder, file, "marc", 2027)
    assert any("« Objectif » : écrivez la valeur" in each for each in refused(folder, file))
    done = bring(folder, filled(file, Objectif="600 000", T1="300k", T3=300_000))
    assert [(each.file, each.is_new) for each in done.plans] == [("plans/marc.yaml", True)]
    assert (folder / "plans/marc.yaml").read_text("utf-8") == (
        "# yaml-language-server: $schema=../.schema/plan.schema.json\n"
        "owner: marc\nperiod: 2027\ncurrency: CAD\nobjective: 600 000\n"
        "quarters: {q1: 300 000, q3: 300 000}\n"
    )
    with pytest.raises(SheetError, match="already has a plan"):
        plan_sheets.export_new(folder, folder.parent / "again.xlsx", "marc", 2027)


def test_next_years_plan_is_the_sheet_with_another_year(folder: Path, file: Path) -> None:
    def edit(sheet: Any) -> None:
        sheet.cell(row_of(sheet, "Année"), 3).value = 2027
        first = row_of(sheet, "■ Absences (premier jour)")
        sheet.delete_rows(first + 1, 2)
        for name in ("pipeline_below_inflow",):
            sheet.delete_rows(row_of(sheet, name))
        sheet.delete_rows(row_of(sheet, "■ Révisions (à partir du)") + 1, 20)

    done = bring(folder, edited(file, edit))
    assert [each.file for each in done.plans] == ["plans/elise-2027.yaml"]
    assert text_of(folder) == PLAN
    assert len(compile_rulebook(read_playbook(folder)).plans) == 2


def test_a_dry_run_tells_and_writes_nothing(folder: Path, file: Path) -> None:
    done = bring(folder, filled(file, Capacité="30 h per week"), is_dry=True)
    assert len(done.plans[0].changes) == 1
    assert text_of(folder) == PLAN


def test_sheets_of_ones_own_are_left_out_and_a_removed_one_changes_nothing(
    folder: Path, file: Path
) -> None:
    edited(file, lambda sheet: sheet.parent.create_sheet("Mes calculs"))
    assert bring(folder, file).left_out == ["Mes calculs"]
    book = load_workbook(file)
    del book[book.sheetnames[0]]
    book.save(file)
    assert "aucune feuille n'y est un plan" in refused(folder, file)[0]


def test_an_export_never_replaces_what_somebody_has_edited(folder: Path, file: Path) -> None:
    plan_sheets.export(folder, file)
    filled(file, Capacité="30 h per week")
    before = file.read_bytes()
    with pytest.raises(SheetError, match="exists already"):
        plan_sheets.export(folder, file)
    with pytest.raises(SheetError, match="exists already"):
        plan_sheets.export_new(folder, file, "marc", 2027)
    assert file.read_bytes() == before


def test_a_file_that_changes_during_an_import_is_not_lost(folder: Path, file: Path) -> None:
    filled(file, Capacité="30 h per week")
    broken = PLAN.replace("1 200 000", "1 200 001", 1)
    (folder / FILE).write_text(broken, "utf-8")
    # What is on disk now is what the sheet is put beside: the objective goes back as well.
    bring(folder, file)
    assert text_of(folder) == PLAN.replace("32 h", "30 h")


def bomb() -> bytes:
    content = BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", b" " * 20_000_000)
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("p.xlsx", lambda: b"\xd0\xcf\x11\xe0 old", "classeur Excel lisible"),
        ("p.xlsx", lambda: b"PK\x03\x04 half", "classeur Excel lisible"),
        ("p.xlsx", bomb, "trop gros"),
        ("p.xlsx", lambda: b"0" * 3_000_000, "trop gros"),
        ("p.xls", lambda: b"", "Enregistrer sous"),
        ("p.pdf", lambda: b"", "un plan est un classeur .xlsx"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_workbook_is_refused(
    folder: Path, name: str, content: Callable[[], bytes], words: str
) -> None:
    file = folder.parent / name
    file.write_bytes(content())
    assert words in refused(folder, file)[0]


def test_a_plan_that_cannot_be_read_is_mended_in_its_file_first(folder: Path) -> None:
    (folder / FILE).write_text("owner: [elise\n", "utf-8")
    with pytest.raises(PlaybookError):
        plan_sheets.export(folder, folder.parent / "p.xlsx")
    (folder / FILE).write_text("owner: elise\nsources: [600 000]\n", "utf-8")
    with pytest.raises((PlaybookError, SheetError)):
        plan_sheets.export(folder, folder.parent / "p.xlsx")
