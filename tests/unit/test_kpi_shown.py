"""What `arpent kpi` prints of figures: tables that fit, doubts said, CSV that runs nothing."""

import csv
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from rules.calendar import Span
from rules.kpi.figures import TEAM, Figure
from rules.kpi.kpis import Cut, KpiName, Unit
from rules.language import Language, Text
from rules.rulebook import Rulebook, compile_rulebook
from rules.team import Team
from rules.time import day_number
from service.cli.show import kpi as show
from service.cli.show import kpi_csv
from service.cli.show.kpi_figures import attainment_of, period_of, quantity, value_of
from service.kpi_rows import KpiRow, rows
from tests.hostile_names import HOSTILE
from tests.playbooks import shipped

FIRST, AS_OF = day_number(date(2026, 6, 1)), day_number(date(2026, 6, 29))
DOUBT = Text("non concluant : 38 % des montants vides", "not conclusive: 38% of amounts empty")
WON = Figure(
    subject="elise", kpi=KpiName.REVENUE_WON, cut="", member="", span=Span.MONTH,
    period="2026-06", first=FIRST, as_of=AS_OF, unit=Unit.MONEY, value=5_250_000, numerator=4,
    denominator=4, low=1_000_000, high=9_000_000, target=12_000_000, expected=10_000_000,
    definition="fce238a4042c", doubt=None,
)  # fmt: skip
RATE = replace(
    WON, kpi=KpiName.CONVERSION_RATE, unit=Unit.RATIO, value=0.2, numerator=1, denominator=5,
    low=0.05, high=0.5, target=0.25, expected=0.25,
)  # fmt: skip
CALLS = replace(
    WON, kpi=KpiName.ACTIVITIES, cut="activity", member="client_calls", unit=Unit.COUNT, value=17,
    numerator=17, denominator=None, low=None, high=None, target=17.6, expected=16,
)  # fmt: skip


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return compile_rulebook(shipped())


def row(figure: Figure = WON, name: str = "Élise", **options: Any) -> KpiRow:
    member = Text(figure.member, figure.member) if figure.cut else None
    label = Text("Ventes gagnées", "Revenue won")
    return KpiRow(figure=figure, name=Text(name, name), label=label, member=member, **options)


PEOPLE = Team.model_validate({"zone": "America/Toronto", "currency": "CAD"})


def told(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """What is printed in a terminal of some columns, in a language."""

    def print_in(width: int, language: str, *args: Any, how: Any = show.figures) -> str:
        monkeypatch.setenv("ARPENT_LANGUAGE", language)
        console = Console(
            file=sys.stdout, width=width, highlight=False, emoji=False, force_terminal=False
        )
        monkeypatch.setattr(show, "console", console)
        how(*args)
        return capsys.readouterr().out

    return print_in


def test_attainment_is_of_what_is_expected_to_date_with_its_band() -> None:
    assert told(attainment_of(row(), Language.FR)) == "52 % (10 à 90 %)"
    assert told(attainment_of(row(), Language.EN)) == "52% (10 to 90%)"
    assert told(attainment_of(row(CALLS), Language.FR)) == "106 %"


@pytest.mark.parametrize(
    "changed", [{"expected": None}, {"expected": 0}, {"value": None}, {"doubt": DOUBT}]
)
def test_no_attainment_without_something_to_attain(changed: Mapping[str, Any]) -> None:
    assert attainment_of(row(replace(WON, **changed)), Language.FR) == "–"


def test_a_doubt_stands_in_the_place_of_the_value() -> None:
    doubtful = replace(WON, doubt=DOUBT)
    assert value_of(doubtful, "CAD", Language.FR) == DOUBT.fr
    assert value_of(doubtful, "CAD", Language.EN) == DOUBT.en
    assert row(doubtful).to_json()["value"] == 5_250_000
    assert row(doubtful).to_json()["doubt"] == DOUBT


@pytest.mark.parametrize(
    ("value", "unit", "fr", "en"),
    [
        (5_250_000, Unit.MONEY, "52 500 $", "$52,500"),
        (5_250_049, Unit.MONEY, "52 500 $", "$52,500"),
        (-120_000, Unit.MONEY, "-1 200 $", "-$1,200"),
        (0.254, Unit.RATIO, "25 %", "25%"),
        (10.87, Unit.COUNT, "10,9", "10.9"),
        (61.4, Unit.DAYS, "61 j", "61 d"),
        (3.24, Unit.TIMES, "3,2 ×", "3.2 ×"),
        (1, Unit.YES_NO, "oui", "yes"),
        (0, Unit.YES_NO, "non", "no"),
        (None, Unit.MONEY, "–", "–"),
    ],
)
def test_a_value_is_written_as_its_language_does(
    value: float | None, unit: Unit, fr: str, en: str
) -> None:
    assert told(quantity(value, unit, "CAD", Language.FR)) == fr
    assert told(quantity(value, unit, "CAD", Language.EN)) == en


def test_a_rate_tells_of_how_many_and_a_ratio_of_sums_does_not() -> None:
    assert told(value_of(RATE, "CAD", Language.FR)) == "20 % (1/5)"
    sums = replace(RATE, numerator=2_000_000, denominator=10_000_000)
    assert told(value_of(sums, "CAD", Language.FR)) == "20 %"


def test_shares_of_time_tell_hours() -> None:
    time = replace(RATE, kpi=KpiName.TIME_SHARE, value=0.32, numerator=3.8, denominator=11.75)
    assert told(value_of(time, "CAD", Language.FR)) == "32 % (3,8/11,8 h)"
    months = replace(time, value=0.26, numerator=109.2, denominator=420)
    assert told(value_of(months, "CAD", Language.EN)) == "26% (109/420 h)"


NOTHING = replace(
    WON, value=0, numerator=0, denominator=0, low=None, high=None, target=None, expected=None
)  # fmt: skip


@pytest.mark.parametrize(
    ("figure", "is_told"),
    [
        (NOTHING, False),
        (replace(NOTHING, target=0, expected=0), True),
        (replace(NOTHING, denominator=3), True),
        # No account covered out of forty is the news of the week; none of none is not.
        (replace(NOTHING, kpi=KpiName.PRIORITY_COVERED, denominator=40), True),
        (replace(NOTHING, kpi=KpiName.PRIORITY_TIME, value=None, target=0.8, doubt=DOUBT), False),
        (replace(NOTHING, kpi=KpiName.COVERAGE, denominator=36_000_000), True),
        (replace(NOTHING, kpi=KpiName.COVERAGE, value=None, denominator=0, doubt=DOUBT), True),
        (replace(NOTHING, kpi=KpiName.COVERAGE, value=None, denominator=None), False),
        (replace(NOTHING, kpi=KpiName.CONVERSION_RATE, value=None, target=0.25, doubt=DOUBT), True),
    ],
)
def test_zero_of_something_is_told_and_nothing_of_nothing_is_not(
    figure: Figure, *, is_told: bool
) -> None:
    assert row(figure).is_told is is_told


@pytest.mark.parametrize(
    ("span", "period", "fr", "en"),
    [
        (Span.WEEK, "2026-W26", "semaine 2026-W26", "week 2026-W26"),
        (Span.MONTH, "2026-06", "juin 2026", "June 2026"),
        (Span.QUARTER, "2026-Q2", "T2 2026", "Q2 2026"),
        (Span.YEAR, "2026", "année 2026", "year 2026"),
    ],
)
def test_a_period_has_a_name(span: Span, period: str, fr: str, en: str) -> None:
    assert (period_of(span, period, Language.FR), period_of(span, period, Language.EN)) == (fr, en)


@pytest.mark.parametrize(
    ("span", "period", "fr", "en"),
    [
        (Span.MONTH, "2027-02", "février 2027", "February 2027"),
        (Span.QUARTER, "2026-Q4", "T4 2026-2027", "Q4 2026-2027"),
        (Span.YEAR, "2026", "exercice 2026-2027", "fiscal year 2026-2027"),
    ],
)
def test_a_fiscal_year_of_two_years_is_named_after_both(
    span: Span, period: str, fr: str, en: str
) -> None:
    april = [period_of(span, period, language, fiscal_start=4) for language in Language]
    assert april == [fr, en]


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_table_fits_and_begins_with_what_is_attained(
    printed: Any, width: int, language: str
) -> None:
    big = replace(WON, value=123_456_700, target=120_000_000, expected=119_999_900)
    doubtful = replace(WON, doubt=DOUBT)
    out = printed(width, language, [row(), row(RATE), row(big), row(CALLS), row(doubtful)], PEOPLE)
    lines = out.splitlines()
    assert max(map(len, lines)) <= width
    heads = next(line for line in lines if "Indicateur" in line or "KPI" in line)
    first, value = (
        ("Atteinte", "Valeur") if language == "fr" else ("Attained", "Value")
    )  # fmt: skip
    assert heads.index(first) < heads.index(value)
    assert ("1 234 567 $" if language == "fr" else "$1,234,567") in told(out)
    words = " ".join(told(out).split())
    assert ("non concluant : 38" if language == "fr" else "not conclusive: 38%") in words


def test_a_frozen_figure_stands_beside_todays(printed: Any) -> None:
    late = replace(WON, value=6_250_000)
    meant_otherwise = replace(WON, definition="other")
    listed = [row(today=late), row(today=WON), row(today=meant_otherwise), row(today=None)]
    out = told(printed(80, "fr", listed, "2026-W26", PEOPLE, how=show.frozen))
    assert "juin 2026, au dimanche de 2026-W26 : gelé / aujourd'hui" in out
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "Ventes gagnées 52 500 $ 62 500 $ +10 000 $" in lines
    assert "Ventes gagnées 52 500 $ 52 500 $ =" in lines
    assert any("définition changée" in line for line in lines)
    assert "Ventes gagnées 52 500 $ – –" in lines


def test_a_frozen_rate_moves_by_points_and_other_days_are_not_compared(printed: Any) -> None:
    listed = [
        row(RATE, today=replace(RATE, value=0.197)),
        row(today=replace(WON, first=WON.first + 90, value=6_250_000)),
    ]
    out = told(printed(80, "fr", listed, "2026-W26", PEOPLE, how=show.frozen))
    assert "-0,3 pt" in out
    assert "+10 000" not in out
    assert "période" in out


def test_a_length_has_no_attainment() -> None:
    cycle = replace(WON, kpi=KpiName.SALES_CYCLE, unit=Unit.DAYS, value=60, target=75, expected=75)
    assert row(cycle).attainment is None
    assert row(cycle).band is None


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_inert_in_the_table(printed: Any, name: str) -> None:
    figure = replace(WON, cut="product", member=name)
    out = printed(80, "fr", [row(figure, name=name)], PEOPLE)
    assert "\x1b" not in out
    assert "\u202e" not in out
    if name.isprintable() and name.isascii() and len(name) < 20:
        assert name in out


@pytest.mark.parametrize("language", Language)
def test_forty_hostile_names_are_inert_in_csv(language: Language) -> None:
    figures = [row(replace(WON, cut="product", member=name), name=name) for name in HOSTILE]
    text = kpi_csv.written(figures, language)
    assert text.startswith("\ufeff")
    separator = ";" if language is Language.FR else ","
    read = list(csv.reader(StringIO(text[1:], newline=""), delimiter=separator))
    assert len(read) == len(HOSTILE) + 1
    head, *body = read
    assert tuple(head) == kpi_csv.COLUMNS
    for cells, name in zip(body, HOSTILE, strict=True):
        assert len(cells) == len(head)
        for column in ("name", "member"):
            cell = cells[head.index(column)]
            assert cell.removeprefix("'") == name or cell == name
            assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))


def test_numbers_are_bare_in_csv_as_excel_of_the_language_reads_them() -> None:
    negative = replace(RATE, value=-0.25, low=-1.5)
    french = _cells(kpi_csv.written([row(), row(negative)], Language.FR), ";")
    english = _cells(kpi_csv.written([row(), row(negative)], Language.EN), ",")
    assert [french[0][name] for name in ("attainment", "value", "low", "target")] == [
        "0,525", "52500", "10000", "120000",
    ]  # fmt: skip
    assert [english[0][name] for name in ("attainment", "value")] == ["0.525", "52500"]
    assert (french[1]["value"], french[1]["low"]) == ("-0,25", "-1,5")
    assert french[0]["as_of"] == "2026-06-29"


def test_csv_of_a_frozen_week_has_today_beside() -> None:
    doubtful = replace(WON, value=6_250_000, doubt=DOUBT)
    text = kpi_csv.written([row(today=doubtful), row()], Language.FR, is_frozen=True)
    first, second = _cells(text, ";")
    assert (first["value"], first["today"], first["today_doubt"]) == ("52500", "62500", DOUBT.fr)
    assert second["today"] == ""


def _cells(text: str, separator: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text[1:], newline=""), delimiter=separator))


def test_rows_are_chosen_ordered_and_named(book: Rulebook) -> None:
    team = replace(WON, subject=TEAM)
    weekly = replace(WON, span=Span.WEEK)
    cut = replace(WON, cut="segment", member="")
    found = rows(
        book, [RATE, CALLS, WON, weekly, cut, team, replace(WON, subject="marc")],
        subjects=["elise", TEAM], span=Span.MONTH, cut=Cut.WHOLE,
    )  # fmt: skip
    assert [(each.figure.subject, each.figure.kpi) for each in found] == [
        ("elise", KpiName.CONVERSION_RATE), ("elise", KpiName.REVENUE_WON),
        ("elise", KpiName.ACTIVITIES), (TEAM, KpiName.REVENUE_WON),
    ]  # fmt: skip
    assert found[2].member == Text("Appels aux clients", "Client calls")
    assert found[3].name == Text("Équipe", "Team")
    (alone,) = rows(book, [WON, cut], subjects=["elise"], span=Span.MONTH, cut=Cut.SEGMENT)
    assert alone.member == Text("sans valeur", "no value")


def test_members_stand_in_the_order_of_the_playbook_under_its_words(book: Rulebook) -> None:
    def members(cut: str, kpi: KpiName, *names: str, **more: Any) -> list[Text | None]:
        figures = [replace(WON, kpi=kpi, cut=cut, member=name) for name in names]
        found = rows(
            book, figures, subjects=["elise"], span=Span.MONTH,
            cut=more.pop("along", Cut(cut)), **more,
        )  # fmt: skip
        return [each.member for each in found]

    assert members("source", KpiName.REVENUE_WON, "", "zzz", "new", "existing") == [
        Text("Client existant", "Client existant"), Text("Nouveau client", "Nouveau client"),
        Text("zzz", "zzz"), Text("sans valeur", "no value"),
    ]  # fmt: skip
    stages = {"along": Cut.WHOLE, "stages": ["Qualification", "Découverte"]}
    assert members("stage", KpiName.STAGE_CONVERSION, "Découverte", "Qualification", **stages) == [
        Text("Qualification", "Qualification"), Text("Découverte", "Découverte"),
    ]  # fmt: skip
    assert members("move", KpiName.TIER_MOVES, "bronze>gold", along=Cut.WHOLE) == [
        Text("Bronze → Or", "Bronze → Gold")
    ]


def test_what_is_there_only_today_is_shown_beside_nothing(book: Rulebook) -> None:
    options: Mapping[str, Any] = {"subjects": ["elise"], "span": Span.MONTH, "cut": Cut.WHOLE}
    frozen_only = rows(book, [WON], today=[], **options)
    assert [each.today for each in frozen_only] == [None]
    (new,) = rows(book, [], today=[WON], **options)
    assert (new.figure.value, new.today, new.is_told) == (None, WON, True)
