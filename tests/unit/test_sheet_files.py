"""Export and import as people do them: real files, of Excel and of others, kind or hostile."""

from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook, load_workbook

from rules.located import PlaybookError
from rules.rulebook import compile_rulebook
from rules.sheets import SheetError
from service import csv_sheets, editor_schema, sheets, workbooks
from tests.acceptance.shell import Shell
from tests.playbooks import small

NOW = 1_772_000_000_000
SEGMENTS = """\
# Les niveaux.
tier:
  values: {gold: [Or, Gold], silver: [Argent, Silver]}
  table:
    # les grands
    - {potential: ">= 500k", then: gold}   # décidé en mai
    - {kind: client, potential: "< 500k", then: silver}
    # le reste
    - {else: silver}
"""
HEADER = ["potential", "kind", "then", "why (fr)", "why (en)"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    book = tmp_path / "book"
    book.mkdir()
    for name, text in small(segments=SEGMENTS).items():
        (book / name).write_text(str(text), "utf-8")
    return book


def segments(folder: Path) -> str:
    return (folder / "segments.yaml").read_text("utf-8")


def bring(folder: Path, file: Path, rule: str | None = None) -> sheets.Imported:
    return sheets.run(folder, file, rule, NOW, is_dry=False)


def refused(folder: Path, file: Path, rule: str | None = None) -> str:
    """What is said of a file in French; nothing is changed and nothing is left beside."""
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(SheetError) as caught:
        bring(folder, file, rule)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert all(problem.fr != problem.en for problem in caught.value.problems)
    return "\n".join(problem.fr for problem in caught.value.problems)


def workbook(*rows: Sequence[object], title: str = "tier") -> Any:
    book: Any = Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    return book


def saved(book: Any, path: Path) -> Path:
    book.save(path)
    return path


@pytest.mark.parametrize("name", ["tier.csv", "tier.xlsx"])
def test_a_table_goes_out_and_comes_back_unchanged(folder: Path, name: str) -> None:
    file = folder.parent / name
    sheets.export(folder, "tier", file)
    before = (folder / "segments.yaml").read_bytes()
    done = bring(folder, file)
    assert (done.rule, done.diff) == ("tier", [])
    assert (folder / "segments.yaml").read_bytes() == before


@pytest.mark.parametrize("name", ["tier.csv", "tier.xlsx"])
def test_an_export_never_replaces_what_somebody_has_edited(folder: Path, name: str) -> None:
    file = folder.parent / name
    sheets.export(folder, "tier", file)
    sheets.export(folder, "tier", file)
    changed = [HEADER, ["", "", "gold", "", ""]]
    if name == "tier.csv":
        file.write_bytes(csv_sheets.written(changed))
    else:
        saved(workbook(*changed), file)
    before = file.read_bytes()
    with pytest.raises(SheetError, match="exists already"):
        sheets.export(folder, "tier", file)
    file.with_suffix(".txt").write_bytes(b"notes")
    file.with_suffix(".txt").replace(file.with_stem("notes"))
    with pytest.raises(SheetError, match="exists already"):
        sheets.export(folder, "tier", file.with_stem("notes"))
    assert file.read_bytes() == before


def test_a_workbook_is_made_of_texts_with_lists_to_pick_from(folder: Path) -> None:
    content = sheets.export(folder, "tier", folder.parent / "tier.xlsx")
    sheet = load_workbook(BytesIO(content))["tier"]
    assert sheet.freeze_panes == "A2"
    assert sheet["A1"].font.bold
    assert (sheet["A2"].value, sheet["A2"].data_type, sheet["A2"].number_format) == (
        ">= 500k", "s", "@",
    )  # fmt: skip
    offered = {each.formula1 for each in sheet.data_validations.dataValidation}
    assert offered == {'"client,prospect,unknown"', '"gold,silver"'}


def test_a_csv_file_runs_no_formula_and_gives_every_text_back() -> None:
    texts = [
        "=1",
        "@x",
        "-5",
        "+1",
        "'=1",
        "'a",
        " =1",
        ">= 4",
        "a;b",
        'a"b',
        "l1\nl2",
        "1-2",
        "＝1",
    ]
    content = csv_sheets.written([["then"], *([text] for text in texts)])
    assert content.startswith(b"\xef\xbb\xbf")
    for line in content.decode("utf-8-sig").split("\r\n"):
        assert not line.lstrip(' "').startswith(("=", "+", "-", "@", "＝"))
    assert [row[0] for row in csv_sheets.read(content, "x.csv")[1:]] == texts


@pytest.mark.parametrize(
    "content",
    [
        "potential;kind;then;why (fr);why (en)\r\n>= 600k;;gold;élevé;high\r\n;;silver\r\n;;;;\r\n",
        "potential,kind,then,why (fr),why (en)\n>= 600k,,gold,élevé,high\n,,silver,,\n",
        "potential\tkind\tthen\twhy (fr)\twhy (en)\r\n>= 600k\t\tgold\télevé\thigh\n\t\tsilver",
    ],
    ids=["semicolons", "commas", "tabs"],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_whatever_excel_makes_of_a_csv_file_is_read(
    folder: Path, content: str, encoding: str
) -> None:
    file = folder.parent / "tier.csv"
    file.write_bytes(content.encode(encoding, errors="ignore"))
    bring(folder, file)
    assert segments(folder).endswith(
        "    # les grands\n"
        '    - {potential: ">= 600k", then: gold, why: [élevé, high]}   # décidé en mai\n'
        "    # le reste\n    - {else: silver}\n"
    )


def test_numbers_that_excel_made_of_texts_are_read(folder: Path) -> None:
    book = workbook(
        HEADER, [500000, None, "gold"], ["< 500000", "client", "silver"], [], [None, None, "silver"]
    )
    book.active["G9"].number_format = "0.00"
    bring(folder, saved(book, folder.parent / "tier.xlsx"))
    assert "- {potential: 500000, then: gold}   # décidé en mai\n" in segments(folder)


def test_an_error_is_told_at_its_row_and_column_of_the_sheet(folder: Path) -> None:
    book = workbook(HEADER, [">= 500k", None, "gold"], ["< 500k", "cliant", "slver"],
                    [None, None, "silver"])  # fmt: skip
    told = refused(folder, saved(book, folder.parent / "tier.xlsx"))
    assert [each.partition(" : ")[0] for each in told.splitlines()] == [
        "tier.xlsx, ligne 3, colonne kind", "tier.xlsx, ligne 3, colonne then",
    ]  # fmt: skip
    book = workbook(HEADER, [">= 500k", None, "gold"], [], [">= 600k", None, "silver"],
                    [None, None, "silver"])  # fmt: skip
    told = refused(folder, saved(book, folder.parent / "tier.xlsx"))
    assert told.startswith("tier.xlsx, ligne 4 : tier : la ligne 2 ne sert jamais")
    book = workbook(HEADER, [">= 500k", None, "gold"])
    told = refused(folder, saved(book, folder.parent / "tier.xlsx"))
    assert told.startswith("tier.xlsx : tier : aucune ligne ne convient")


def _formula(book: Any) -> None:
    book.active["A2"] = '=HYPERLINK("x")'


def _merged(book: Any) -> None:
    book.active.merge_cells("A2:B2")


def _two(book: Any) -> None:
    book.create_sheet("kinds").append(HEADER)


def _far(book: Any) -> None:
    book.active["XFD1048576"] = "x"


def _headless(book: Any) -> None:
    book.active.delete_rows(1)


@pytest.mark.parametrize(
    ("harm", "fr"),
    [
        (_formula, "tier.xlsx, ligne 2, colonne potential : cette case contient une formule"),
        (_merged, "les cases A2:B2 sont fusionnées"),
        (_two, "plusieurs tables (kinds, tier) : nommez celle à importer avec --rule"),
        (_far, "trop gros"),
        (_headless, "ligne 1 : il manque les colonnes"),
    ],
)
def test_a_workbook_that_is_no_plain_table_is_refused(
    folder: Path, harm: Callable[[Any], None], fr: str
) -> None:
    more = "kinds:\n  table:\n    - {kind: client, then: a}\n    - {else: b}\n"
    (folder / "segments.yaml").write_text(more + SEGMENTS, "utf-8")
    book = workbook(HEADER, [">= 500k", "client", "gold", "a", "b"])
    harm(book)
    assert fr in refused(folder, saved(book, folder.parent / "tier.xlsx"))


def packed(**parts: bytes) -> bytes:
    """A right workbook with other parts put in, or in the place of its own."""
    made = workbooks.written("tier", [HEADER, ["", "", "gold", "", ""]], {})
    content = BytesIO()
    with ZipFile(BytesIO(made)) as before, ZipFile(content, "w", ZIP_DEFLATED) as after:
        names = {name.replace("_", "/").replace("|", "."): part for name, part in parts.items()}
        for name in before.namelist():
            after.writestr(name, names.pop(name, before.read(name)))
        for name, part in names.items():
            after.writestr(name, part)
    return content.getvalue()


_SHEET = "xl_worksheets_sheet1|xml"
_ENTITIES = b'<!DOCTYPE a [<!ENTITY b "bbbb">]><worksheet>&b;</worksheet>'


@pytest.mark.parametrize(
    ("name", "content", "fr"),
    [
        ("tier.xlsx", b"potential;then\n", "ce n'est pas un classeur Excel lisible"),
        ("tier.xlsx", b"", "ce n'est pas un classeur Excel lisible"),
        ("tier.xlsx", b"\xd0\xcf\x11\xe0" + b"\0" * 600, "sans mot de passe"),
        ("tier.xlsx", packed()[:900], "ce n'est pas un classeur Excel lisible"),
        ("tier.xlsx", packed(**{_SHEET: b"<worksheet><sheetData>"}), "pas un classeur"),
        ("tier.xlsx", packed(**{_SHEET: _ENTITIES}), "pas un classeur"),
        ("tier.xlsx", packed(**{_SHEET: _ENTITIES.decode().encode("utf-16")}), "pas un classeur"),
        ("tier.xlsx", packed(**{"xl_media_a|bin": b"\0" * 9_000_000}), "trop gros"),
        ("tier.xlsx", packed(**{"xl_vbaProject|bin": b"x"}), "contient des macros"),
        ("tier.xlsx", b"PK\x03\x04" + b"x" * 10_000_000, "trop gros"),
        ("tier.csv", b"a;" * 5_000_000, "trop gros"),
        ("tier.csv", b"\x89PNG\r\n\x00\x1a", "ce n'est pas un fichier CSV"),
        ("tier.csv", b'then;"' + b"x" * 200_000, "trop longue ou mal fermée"),
        ("tier.csv", b"", "il manque les colonnes"),
        ("tier.xlsm", b"", "une feuille est un fichier .csv ou .xlsx"),
        ("teir.csv", b"then;why (fr);why (en)\ngold;;\n", "n'est pas une table"),
        ("teir.csv", b"then;why (fr);why (en)\ngold;;\n", "Dites laquelle : --rule."),
    ],
)  # fmt: skip
def test_a_hostile_file_changes_nothing(folder: Path, name: str, content: bytes, fr: str) -> None:
    file = folder.parent / name
    file.write_bytes(content)
    assert fr in refused(folder, file)


def test_a_file_that_is_not_there_and_a_sheet_of_another_name(folder: Path) -> None:
    assert "ne se lit pas" in refused(folder, folder.parent / "tier.csv")
    book = workbook(HEADER, title="notes")
    _two(book)
    file = saved(book, folder.parent / "tier.xlsx")
    assert "aucune feuille ne s'appelle « tier »" in refused(folder, file, "tier")


def test_a_playbook_that_is_wrong_elsewhere_is_left_alone(folder: Path) -> None:
    (folder / "team.yaml").write_text("zone: x\n", "utf-8")
    book = workbook(HEADER, [None, None, "silver"])
    assert "team.yaml:1:7: fuseau inconnu" in refused(folder, saved(book, folder / "tier.xlsx"))
    (folder / "segments.yaml").write_text("tier: [\n", "utf-8")
    with pytest.raises(PlaybookError):
        bring(folder, folder / "tier.xlsx")


def test_an_import_keeps_the_mode_and_the_mark_of_a_file(folder: Path) -> None:
    path = folder / "segments.yaml"
    path.write_bytes(SEGMENTS.encode("utf-8-sig"))
    path.chmod(0o640)
    bring(folder, saved(workbook(HEADER, [None, None, "gold"]), folder.parent / "tier.xlsx"))
    assert path.read_bytes().startswith(b"\xef\xbb\xbf# Les niveaux.")
    assert path.stat().st_mode & 0o777 == 0o640
    assert "else: gold" in segments(folder)


def test_the_commands_schema_export_and_import(folder: Path) -> None:
    shell = Shell(folder.parent, {"playbook": str(folder)})
    said = shell.say("rules", "schema")
    assert (said.code, said.out.count(".schema.json")) == (0, 7)
    out = shell.say("rules", "export", "tier").out.splitlines()
    assert out[:2] == ["potential;kind;then;why (fr);why (en)", ">= 500k;;gold;;"]
    assert shell.say("rules", "export", "tier", "-o", "tier.csv").code == 0
    assert "rien de changé" in shell.say("rules", "import", "tier.csv").out
    other = shell.say("rules", "export", "tier", "-o", "les niveaux.csv").out
    assert other.endswith("arpent rules import 'les niveaux.csv' --rule tier\n")
    again = shell.say("rules", "import", "les niveaux.csv", "--rule", "tier")
    assert "rien de changé" in again.out
    sheet = folder.parent / "tier.csv"
    sheet.write_text(sheet.read_text("utf-8-sig").replace(";client;", ";prospect;"), "utf-8")
    before = segments(folder)
    dry = shell.say("rules", "import", "tier.csv", "--dry-run")
    assert '+    - {kind: prospect, potential: "< 500k", then: silver}\n' in dry.out
    assert (dry.code, segments(folder)) == (0, before)
    assert shell.say("rules", "import", "tier.csv", "--json").json["changed"]
    assert segments(folder) == before.replace("kind: client", "kind: prospect")
    sheet.write_text(sheet.read_text("utf-8").replace("prospect", "prsopect"), "utf-8")
    wrong = shell.say("rules", "import", "tier.csv", language="en")
    assert (wrong.code, wrong.out) == (2, "")
    assert wrong.err.startswith("tier.csv, row 3, column kind: 'prsopect' is not a value of kind")


def test_a_folder_without_a_playbook_gets_no_schemas(tmp_path: Path) -> None:
    with pytest.raises(PlaybookError, match="no playbook"):
        editor_schema.run(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_broken_playbook_gets_schemas_too(folder: Path) -> None:
    (folder / "segments.yaml").write_text("tier: {tabel: []}\n", "utf-8")
    assert len(editor_schema.run(folder)) == 7
    files = {path.name: path.read_bytes() for path in folder.glob("*.yaml")}
    with pytest.raises(PlaybookError):
        compile_rulebook(files)
