"""Values as CRMs send them: what each is read as, and what is set aside with which reason."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import values
from connectors.values import Unreadable
from rules.records import NAMELESS, FieldType, Kind

NOON = 1_783_944_000_000  # 2026-07-13T12:00:00Z
DAY = 20_647  # 2026-07-13

READ = [
    # numbers
    (FieldType.NUMBER, "24.00", 24),
    (FieldType.NUMBER, " 1.5 ", 1.5),
    (FieldType.NUMBER, "-3", -3),
    (FieldType.NUMBER, "1e3", 1000),
    (FieldType.NUMBER, 7, 7),
    (FieldType.NUMBER, "", None),
    (FieldType.NUMBER, None, None),
    (FieldType.NUMBER, "1e15", 10**15),
    (FieldType.NUMBER, "-999999999999999.5", -999_999_999_999_999.5),
    # amounts: cents, half to even
    (FieldType.MONEY, "1200", 120_000),
    (FieldType.MONEY, "0.125", 12),
    (FieldType.MONEY, "0.135", 14),
    (FieldType.MONEY, "-0.015", -2),
    (FieldType.MONEY, "1234567.8901234567", 123_456_789),
    (FieldType.MONEY, "90071992547409.91", 2**53 - 1),
    (FieldType.MONEY, "", None),
    # days: never shifted
    (FieldType.DATE, "2026-07-13", DAY),
    (FieldType.DATE, "2026-07-13T00:00:00Z", DAY),
    (FieldType.DATE, "1783900800000", DAY),
    (FieldType.DATE, "1783900800000.0", DAY),
    (FieldType.DATE, 1_783_900_800_000, DAY),
    (FieldType.DATE, None, None),
    # texts
    (FieldType.TEXT, "Érablière", "Érablière"),
    (FieldType.TEXT, "E\u0301rable", "Érable"),
    (FieldType.TEXT, "a\x00b\ud800c", "abc"),
    (FieldType.TEXT, "\x00", None),
    (FieldType.TEXT, "x" * 5_000, "x" * 4_000),
    (FieldType.TEXT, "é" * 5_000, "é" * 2_000),
    (FieldType.TEXT, "x" + "🍁" * 1_000, "x" + "🍁" * 999),
    (FieldType.TEXT, 12, "12"),
    (FieldType.TEXT, True, "true"),
    # yes or no
    (FieldType.YES_NO, "true", True),
    (FieldType.YES_NO, "FALSE", False),
    (FieldType.YES_NO, True, True),
    (FieldType.YES_NO, "", None),
    # choices
    (FieldType.CHOICE, "FAB", "manufacturing"),
    (FieldType.CHOICE, None, None),
]


@pytest.mark.parametrize(("kind", "raw", "expected"), READ)
def test_a_value_is_read(kind: FieldType, raw: object, expected: object) -> None:
    read = values.parser(kind, {"FAB": "manufacturing"})(raw)

    assert (read, type(read)) == (expected, type(expected))


SET_ASIDE = [
    (FieldType.NUMBER, "N/A", "not a number"),
    (FieldType.NUMBER, "1 200", "not a number"),
    (FieldType.NUMBER, "1_200", "not a number"),
    (FieldType.NUMBER, "NaN", "not a finite number"),
    (FieldType.NUMBER, "Infinity", "not a finite number"),
    (FieldType.NUMBER, "1e400", "too large a number"),
    (FieldType.NUMBER, "1e999999999", "too large a number"),
    (FieldType.NUMBER, "-1000000000000000.1", "too large a number"),
    (FieldType.NUMBER, True, "not a number"),
    (FieldType.NUMBER, ["1"], "not a number"),
    (FieldType.MONEY, "à confirmer", "not a number"),
    (FieldType.MONEY, "-inf", "not a finite number"),
    (FieldType.MONEY, "1e400", "too large an amount"),
    (FieldType.MONEY, "1e999999999", "too large an amount"),
    (FieldType.MONEY, "90071992547409.92", "too large an amount"),
    (FieldType.DATE, "1970-01-01", "a date outside 1990–2100"),
    (FieldType.DATE, "0001-01-01", "a date outside 1990–2100"),
    (FieldType.DATE, "9999-12-31", "a date outside 1990–2100"),
    (FieldType.DATE, "0", "a date outside 1990–2100"),
    (FieldType.DATE, "2026-02-30", "not a date"),
    (FieldType.DATE, "infinity", "not a date"),
    (FieldType.DATE, "9" * 40, "not a date"),
    (FieldType.DATE, {"day": 1}, "not a date"),
    (FieldType.TEXT, ["a"], "not a text"),
    (FieldType.TEXT, {}, "not a text"),
    (FieldType.YES_NO, "oui", "neither true nor false"),
    (FieldType.YES_NO, 1, "neither true nor false"),
    (FieldType.CHOICE, "fab", "the option “fab” has no meaning in the playbook"),
    (FieldType.CHOICE, "FAB;DET", "the option “FAB;DET” has no meaning in the playbook"),
]


PLAIN = st.from_regex(r"[0-9]{0,16}(\.[0-9]{0,4})?", fullmatch=True).filter(
    lambda written: any(each.isdecimal() for each in written)
)


@given(written=PLAIN)
def test_plain_figures_are_read_to_the_cent(written: str) -> None:
    exact = Fraction(Decimal(written))
    if exact * 100 > values.LARGEST_MINOR:
        with pytest.raises(Unreadable):
            values.money(written)
    else:
        assert values.money(written) == round(exact * 100)
    if exact <= values.LARGEST_NUMBER:
        assert values.number(written) == (int(exact) if exact == int(exact) else float(exact))


@pytest.mark.parametrize(("kind", "raw", "reason"), SET_ASIDE)
def test_a_value_that_means_nothing_is_set_aside(kind: FieldType, raw: object, reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        values.parser(kind, {"FAB": "manufacturing"})(raw)

    assert str(caught.value) == reason


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2026-07-13T12:00:00Z", NOON),
        ("2026-07-13T12:00:00.123Z", NOON + 123),
        ("2026-07-13T08:00:00-04:00", NOON),
        ("2026-07-13T12:00:00", NOON),
        (str(NOON), NOON),
        (f"{NOON}.0", NOON),
        (NOON, NOON),
        ("1969-12-31T23:59:59.999Z", -1),
        ("-1", -1),
        ("", None),
        (None, None),
    ],
)
def test_an_instant_is_read(raw: object, expected: int | None) -> None:
    assert values.instant(raw) == expected


def test_a_choice_without_meanings_is_taken_as_it_is() -> None:
    assert values.choice({})("FAB;DET") == "FAB;DET"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
HOSTILE = st.sampled_from(["1e400", "-0", "١٢", "0x10", "2026-W01-1", "20260713", "--1", ".", "1."])


@given(raw=JSON | HOSTILE)
def test_whatever_json_holds_is_read_or_set_aside(raw: object) -> None:
    for kind in FieldType:
        try:
            read = values.parser(kind, {})(raw)
        except Unreadable:
            continue
        assert not isinstance(read, str) or (
            len(read.encode()) <= 4_000 and "\x00" not in read and read.encode("utf-8")
        )
        if kind is FieldType.MONEY and read is not None:
            assert isinstance(read, int)
            assert abs(read) < 2**53


def test_what_is_set_aside_is_kept_as_received_cut_short() -> None:
    note = values.quarantined(Kind.ACCOUNT, "7", "potential", "à" * 300, Unreadable("no"))

    assert (note.external_id, note.field, note.reason) == ("7", "potential", "no")
    assert note.raw == "à" * 200


@pytest.mark.parametrize(
    ("raw", "expected"),
    [("501", "501"), (501, "501"), ("closedwon", "closedwon"), ("", None), (None, None)],
)
def test_an_id_is_read(raw: object, expected: str | None) -> None:
    assert values.key(raw) == expected


@pytest.mark.parametrize("raw", ["5\x000", "\ud800", "a\nb", "x" * 201, ["501"], {}, 5.0, True])
def test_what_can_t_be_an_id_is_set_aside(raw: object) -> None:
    with pytest.raises(Unreadable, match="not a usable record id"):
        values.key(raw)


def test_records_without_an_id_go_by_names_of_their_own() -> None:
    notes = [
        values.unusable(Kind.ACCOUNT, name, raw, "a record without an id")
        for name, raw in [(None, {"a": 1}), (None, {"a": 2}), ("7", {"a": 3}), ("7\0", {"a": 1})]
    ]

    assert [note.external_id.startswith(NAMELESS) for note in notes] == [True, True, False, True]
    assert notes[0].external_id != notes[1].external_id
    assert notes[0].external_id == notes[3].external_id
    assert notes[2].external_id == "7"
