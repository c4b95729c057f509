"""Tables as sheets: there and back is nothing, one changed row is one changed row."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.sheets import SheetError, SheetRow, read_sheet, rows_in, sheet_of
from rules.splice import spliced
from rules.yaml_scalars import scalar
from rules.yaml_text import read
from service import csv_sheets, workbooks

NAMES = ("potential", "size", "kind", "sector", "vip", "renewal")
HEAD = "# en tête\ntier:   # le niveau\n  values: {gold: Or}\n  table:   # première vraie\n"
TAIL = "\n# la suite\nother:\n  when: size > 1   # ici\n"
TABLE = HEAD + """\
    # les grands
    - {potential: "> 500k", vip: yes, then: gold}   # décidé en mai

    # les moyens
    - potential: 100k..500k     # bornes comprises
      # pas les distributeurs
      kind: client
      then: silver   # pour l'instant
      why:
        - 'un potentiel moyen'   # relu par Marc
        - a medium potential
    - {size: ">= 4", then: silver, why: [dix, ten]}
    - else: bronze     # le reste
""" + TAIL  # fmt: skip

texts = st.text(st.sampled_from(list(" =+-@'\"’;,:#|{}[]&*!%<>éà1a\u00a0🦊\\\t\n~$")), max_size=8)
said = texts.filter(lambda text: bool(text.strip()))
cell = st.one_of(
    said,
    st.sampled_from(["> 500k", ">= 4", "< 100k", "-5", "=1", "@x", "'=1", "1-2", "yes", "null",
                     "1,5", "100k..500k", "client | prospect", "< 90 d ago", "2026-01-05", "007"]),
)  # fmt: skip
row = st.builds(
    SheetRow, line=st.just(0), then=cell, cells=st.dictionaries(st.sampled_from(NAMES), cell,
                                                                min_size=1, max_size=4),
    why=st.one_of(st.just(("", "")), st.tuples(texts, texts)),
)  # fmt: skip
tables = st.lists(st.tuples(row, st.booleans()), min_size=1, max_size=5)


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def yaml_of(rows: Sequence[tuple[SheetRow, bool]]) -> str:
    """A file with these rows, in braces or on lines, each with two comments of its own."""
    text = HEAD
    for number, (each, is_flow) in enumerate(rows):
        entries = [f"{name}: {quoted(value)}" for name, value in each.cells.items()]
        entries.append(f"then: {quoted(each.then)}")
        if any(each.why):
            entries.append(f"why: [{quoted(each.why[0])}, {quoted(each.why[1])}]")
        text += f"    # avant {number}\n"
        if is_flow:
            text += f"    - {{{', '.join(entries)}}}   # après {number}\n"
        else:
            first, *others = entries
            text += f"    - {first}   # après {number}\n"
            text += "".join(f"      {entry}\n" for entry in others)
    return text + TAIL


def grid_of(source: str) -> list[list[str]]:
    return sheet_of(read("segments.yaml", source), "tier")


def rows_of(source: str) -> list[SheetRow]:
    return rows_in(read("segments.yaml", source), "tier")


def imported(source: str, grid: Sequence[Sequence[str]]) -> str:
    return spliced(source, "tier", read_sheet(grid, "tier.xlsx", NAMES))


@settings(max_examples=15, deadline=None)
@given(tables)
def test_any_table_comes_back_byte_for_byte_through_both_formats(
    rows: list[tuple[SheetRow, bool]],
) -> None:
    source = yaml_of(rows)
    grid = grid_of(source)
    assert [each.meaning for each in rows_of(source)] == [each.meaning for each, _ in rows]
    through_csv = csv_sheets.read(csv_sheets.written(grid), "tier.csv")
    through_excel = workbooks.read(workbooks.written("tier", grid, {}), "tier.xlsx")["tier"]
    for back in (through_csv, through_excel):
        assert imported(source, back) == source
    # Nothing hangs on the text: the same rows written anew mean the same.
    other = imported(yaml_of(rows[::-1]), through_csv)
    assert [each.meaning for each in rows_of(other)] == [each.meaning for each, _ in rows]


@settings(max_examples=20, deadline=None)
@given(tables, row, st.data())
def test_rows_that_stay_keep_their_text_and_comments(
    rows: list[tuple[SheetRow, bool]], new: SheetRow, data: st.DataObject
) -> None:
    source = yaml_of(rows)
    before = rows_of(source)
    place = data.draw(st.integers(0, len(before)))
    does_replace = data.draw(st.booleans())
    rest = before[place + does_replace :]
    after = [*before[:place], tidy(new), *rest]
    written = spliced(source, "tier", after)
    assert [each.meaning for each in rows_of(written)] == [each.meaning for each in after]
    assert written.startswith(HEAD)
    assert written.endswith(TAIL)
    stays = [number for number in range(len(before)) if not (does_replace and number == place)]
    for number in stays:
        assert f"    # avant {number}\n" in written
        assert f"   # après {number}\n" in written


def tidy(each: SheetRow) -> SheetRow:
    """A row as people type one: no spaces around its texts, a reason in both languages or none."""
    fr, en = (text.strip() for text in each.why)
    cells = {name: text.strip() for name, text in each.cells.items()}
    return replace(each, cells=cells, then=each.then.strip(), why=(fr or en, en or fr))


@settings(max_examples=60, deadline=None)
@given(said, st.booleans())
def test_a_text_written_as_yaml_is_read_back(text: str, is_flow: bool) -> None:  # noqa: FBT001 - of hypothesis
    written = scalar(text, is_flow)
    source = f"a: {{b: {written}}}" if is_flow else f"a:\n  b: {written}"
    found = read("x.yaml", source)
    assert found.issues == []
    assert found.data["a"]["b"].strip() == text.strip()


def test_one_changed_cell_is_the_only_change() -> None:
    grid = grid_of(TABLE)
    assert grid[0] == ["potential", "vip", "kind", "size", "then", "why (fr)", "why (en)"]
    grid[2][0] = "200k..500k"
    assert imported(TABLE, grid) == TABLE.replace("100k..500k  ", "200k..500k  ")


def test_a_changed_reason_keeps_the_comment_beside_it() -> None:
    grid = grid_of(TABLE)
    grid[2][5] = "un potentiel moyen : à suivre"
    assert imported(TABLE, grid) == TABLE.replace(
        "'un potentiel moyen'", '"un potentiel moyen : à suivre"'
    )


def test_a_condition_more_and_one_less() -> None:
    grid = grid_of(TABLE)
    grid[1][1], grid[1][3] = "", "< 3"
    grid[2][1] = "no"
    expected = TABLE.replace('"> 500k", vip: yes, then', '"> 500k", size: "< 3", then')
    expected = expected.replace("kind: client\n", "kind: client\n      vip: no\n")
    assert imported(TABLE, grid) == expected


def test_rows_moved_added_and_removed() -> None:
    grid = grid_of(TABLE)
    grid[1], grid[2] = grid[2], grid[1]
    grid[3] = ["", "", "prospect", "", "silver", "", ""]
    written = imported(TABLE, grid)
    assert [each.then for each in rows_of(written)] == ["silver", "gold", "silver", "bronze"]
    assert written.index("# les moyens") < written.index("# les grands")
    assert "    - {kind: prospect, then: silver}\n    - else: bronze     # le reste\n" in written
    assert '{potential: "> 500k", vip: yes, then: gold}   # décidé en mai\n' in written


def test_a_table_in_brackets_keeps_its_comments() -> None:
    source = (
        "tier:\n  table: [ {size: '1', then: a},  # un\n"
        "    {size: '2', then: b},  # deux\n    {else: c} ]\n"
    )
    grid = grid_of(source)
    grid[2][0] = "3"
    assert imported(source, grid) == source.replace("'2'", "3")
    grid.insert(1, ["0", "a", "", ""])
    assert imported(source, grid).startswith("tier:\n  table: [ {size: 0, then: a}, {size: '1'")


def test_line_ends_of_windows_stay() -> None:
    source = TABLE.replace("\n", "\r\n")
    grid = grid_of(source)
    grid.insert(1, ["", "", "prospect", "", "gold", "a", "b"])
    written = imported(source, grid)
    assert written.count("\r\n") == written.count("\n") == TABLE.count("\n") + 1
    grid = grid_of(source)
    assert imported(source, grid) == source


@pytest.mark.parametrize(
    ("grid", "fr"),
    [
        ([], "ligne 1 : il manque les colonnes then, why (fr), why (en)"),
        ([["kind", "then"]], "il manque les colonnes why (fr), why (en)"),
        ([["knid", "then", "why (fr)", "why (en)"], ["client", "gold", "", ""]],
         "ligne 1, colonne knid : champ ou règle inconnus (vouliez-vous dire « kind » ?)"),
        ([["kind", "kind", "then", "why (fr)", "why (en)"]], "cette colonne paraît deux fois"),
        ([["kind", "then", "why (fr)", "why (en)"], ["", "", "", ""]], "il faut une ligne"),
        ([["kind", "then", "why (fr)", "why (en)"], [], ["client", "", "", ""]],
         "tier.xlsx, ligne 3, colonne then : écrivez ce que donne la ligne"),
        ([["kind", "then", "why (fr)", "why (en)"], ["client", "gold", "", "", "x"]],
         "tier.xlsx, ligne 2 : « x » est dans une colonne sans nom"),
    ],
    ids=["nothing", "no reasons", "no such column", "column twice", "no row", "no result",
         "beside the table"],
)  # fmt: skip
def test_a_sheet_that_is_no_table_is_refused(grid: list[list[str]], fr: str) -> None:
    with pytest.raises(SheetError) as caught:
        read_sheet(grid, "tier.xlsx", NAMES)
    assert any(fr in problem.fr for problem in caught.value.problems)
    assert all(problem.fr != problem.en for problem in caught.value.problems)


def test_a_rule_that_is_no_table_is_told_apart() -> None:
    with pytest.raises(SheetError) as caught:
        sheet_of(read("segments.yaml", TABLE), "teir")
    assert "vouliez-vous dire « tier »" in caught.value.problems[0].fr
