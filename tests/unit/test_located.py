"""YAML with positions: what is refused, what is kept, and where each character stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.language import Language, Text
from rules.located import Document, Issue, PlaybookError, nearest
from rules.yaml_text import read


def found(text: str | bytes) -> list[tuple[int, int, str]]:
    return [(issue.line, issue.column, issue.text.en) for issue in read("a.yaml", text).issues]


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a: 1\na: 2", 2, 1, "'a' is written twice"),
        ("{a: 1, b: {c: 1, c: 2}}", 1, 18, "'c' is written twice"),
        ('"a": 1\na: 2', 2, 1, "written twice"),
        ("a: &x 1", 1, 4, "anchors"),
        ("a: 1\nb: *a", 2, 4, "anchors"),
        ("a: !x 1", 1, 4, "anchors"),
        ("a: !!python/object:os.system x", 1, 4, "anchors"),
        ("a: !x {b: 1}", 1, 4, "anchors"),
        ("a: !x [1]", 1, 4, "anchors"),
        ("[" * 5_000, 1, 19, "deep nesting"),
        ("a:\n\tb: 1", 2, 1, "tab"),
        ("\ta: 1", 1, 1, "tab"),
        ("a: 'x\nb: 1\n", 1, 4, "never closed"),
        ('é: "x', 1, 4, "never closed"),
        ("a: b: c", 1, 5, "colon"),
        ("a: [1\nb: 2", 2, 2, "closing bracket"),
        ("a: @x", 1, 4, "in quotes"),
        ("a: 1\n---\nb: 2", 2, 1, "one file for each"),
        ("a:\n  - 1\n b: 2", 3, 2, "aligned"),
        ("a: 1\nb\nc: 2", 3, 1, "a colon is missing"),
        ("{{a}}: 1", 1, 1, "in quotes"),
        ("when: {{a}}", 1, 8, "in quotes"),
        ("%YAML 9.9\n---\na: 1", 1, 1, "not valid YAML"),
        ('a: "\\q"', 1, 6, "double it"),
        ("a: 1\nb: \x00", 2, 4, "invisible"),
        ("a: 1\r\nb: x\x07", 2, 5, "invisible"),
        # Escapes write what PostgreSQL can't hold, or what no encoding can.
        ('a: "xy\\0"', 1, 7, "invisible"),
        ('a: "\\ud800"', 1, 5, "invisible"),
        (b"a: 1\n\xc3\xa9: \xe9", 2, 4, "UTF-8"),  # Latin-1 after a UTF-8 é
        (b"\xff\xfea\0:\0", 1, 1, "UTF-8"),  # UTF-16
        (b"a: " + b"x" * 256 * 1024, 1, 1, "256 KB"),
        ("a: " + "x" * 256 * 1024, 1, 1, "256 KB"),
    ],
)
def test_a_broken_file_is_refused_at_its_place(
    text: str | bytes, line: int, column: int, words: str
) -> None:
    issues = read("a.yaml", text).issues
    assert [(issue.line, issue.column) for issue in issues] == [(line, column)]
    assert words in issues[0].text.en
    assert issues[0].text.fr != issues[0].text.en


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("", None),
        ("# only a comment\n", None),
        ("---\n...\n", None),
        ("a:", {"a": None}),
        ("a: ~", {"a": None}),
        ("a: ''", {"a": ""}),
        ("a: NO\nb: 010\nc: 2026-01-01\nd: null", {"a": "NO", "b": "010", "c": "2026-01-01",
                                                  "d": "null"}),
        ("\ufeffa: 1", {"a": "1"}),
        (b"\xef\xbb\xbfa: \xc3\xa9", {"a": "é"}),
        ("a: 1\rb: 2", {"a": "1", "b": "2"}),
        ("<<: {a: 1}", {"<<": {"a": "1"}}),
        ("a: 😀", {"a": "😀"}),
        ("- a\n- [b]", ["a", ["b"]]),
    ],
)  # fmt: skip
def test_values_stay_texts(text: str | bytes, data: object) -> None:
    document = read("a.yaml", text)
    assert document.issues == []
    assert document.data == data


def spot(text: str, character: str) -> tuple[int, int]:
    """Where an issue at the first `character` of the value of `a` is told to be."""
    document = read("a.yaml", text)
    value = document.data["a"]
    issue = document.issue(("a",), Text("x", "x"), offset=value.index(character))
    return issue.line, issue.column


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: xxZ", 1, 6),
        ("a: 'xxZ'", 1, 7),
        ('a: "xxZ"', 1, 7),
        ("a: 'it''s Z'", 1, 11),
        ("a: '''''Z'", 1, 9),
        ('a: "\\u00e9\\x41\\"Z"', 1, 17),
        ('a: "x\\\n   yZ"', 2, 5),
        ("a: |\n  Z", 2, 3),
        ("a: |\n  xx\n    yZ", 3, 6),
        ("a: |2- # comment\n  xx\n\n  yZ", 4, 4),
        ("a: >\n  xx\n  yZ\n", 3, 4),
        ("a: >-\n  xx\n\n  yZ\n", 4, 4),
        ("a: xx\n   yy\n\n   Z", 4, 4),
        ('a: "xx\n  yy  \n  Z"', 3, 3),
        ("a:\r\n  - b\r\n".replace("- b", "xZ"), 2, 4),
        ("b: {c: é}\n{}".replace("\n{}", "\na: éZ"), 2, 5),
    ],
)
def test_a_character_of_a_value_is_found_in_its_source(text: str, line: int, column: int) -> None:
    assert spot(text, "Z") == (line, column)


STYLES = st.sampled_from(["{}", "'{}'", '"{}"', "|\n  {}", ">\n  {}"])


@given(STYLES, st.lists(st.sampled_from(["aa", "b", "éé", "c''", "x > 1"]), max_size=9))
def test_positions_hold_in_every_style(style: str, words: list[str]) -> None:
    line_end = "\n  " if style != "{}" else " "
    written = [*(word if "'" in style else word.replace("'", "") for word in words), "Z"]
    text = f"k: v\na: {style.format(line_end.join(written))}\n"
    line = text.count("\n", 0, text.index("Z")) + 1
    assert spot(text, "Z") == (line, text.split("\n")[line - 1].index("Z") + 1)


def test_an_issue_at_a_missing_path_stands_at_its_nearest_parent() -> None:
    document = read("a.yaml", "a:\n  b: {c: 1}")
    issue = document.issue(("a", "b", "x", "y"), Text("x", "x"), at_key=True, offset=3)
    assert (issue.line, issue.column) == (2, 6)
    assert document.issue((), Text("x", "x")).column == 1


@given(st.text(alphabet="ab: \n\t-[]{}'\"|>&*!%@#,?\\0\u2028\x85é😀", max_size=40))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    document = read("a.yaml", text)
    lines = text.count("\n") + text.count("\r") + text.count("\u2028") + text.count("\x85") + 1
    for issue in document.issues:
        assert 1 <= issue.line <= lines + 1
        assert issue.column >= 1
        assert issue.text.fr


@given(st.binary(max_size=30))
def test_any_bytes_are_read_or_refused_in_words(content: bytes) -> None:
    assert isinstance(read("a.yaml", content), Document)


@pytest.mark.parametrize(
    ("text", "line", "column", "words", "meant"),
    [
        ("{USD: {2026-01-01: 1,37}}", 1, 20, "write 1.37 or '1,37'",
         {"USD": {"2026-01-01": "1,37"}}),
        ("a: {new: 1,2M, old: 3}", 1, 10, "write 1.2M", {"a": {"new": "1,2M", "old": "3"}}),
        ("{a: 12,5 %, b: 12,5 %}", 1, 5, "write 12.5 %", {"a": "12,5 %", "b": "12,5 %"}),
        ("{a: 3,5 per week}", 1, 5, "write 3.5 per week", {"a": "3,5 per week"}),
    ],
)  # fmt: skip
def test_a_decimal_comma_within_braces_is_told_as_one(
    text: str, line: int, column: int, words: str, meant: object
) -> None:
    first, *_ = found(text)
    assert first[:2] == (line, column)
    assert words in first[2]
    assert read("a.yaml", text).data == meant


@pytest.mark.parametrize("text", ["{a: 1, 37}", "{a: 1,37: x}", "{a: '1',37}", "[1,37]", "a: 1,37"])
def test_other_commas_are_left_alone(text: str) -> None:
    assert found(text) == []


def test_issues_are_told_in_order_and_in_both_languages() -> None:
    late, early = (Issue("a.yaml", line, 1, Text("non", "no")) for line in (9, 2))
    error = PlaybookError([late, early])
    assert error.issues == [early, late]
    assert str(error) == "a.yaml:2:1: no\na.yaml:9:1: no"
    assert early.to(Language.FR) == "a.yaml:2:1: non"


def test_a_close_word_is_suggested_and_a_far_one_is_not() -> None:
    assert nearest("potental", ["potential", "size"]).en == " (did you mean 'potential'?)"
    assert nearest("xyz", ["potential"]) == Text("", "")
