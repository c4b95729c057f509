"""Cells: what they mean for each type, and what is refused, at the alternative that is wrong."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from rules.cells import alternatives, compile_cell
from rules.located import Misfit
from rules.time import date_of
from tests.playbooks import names
from tests.unit.test_conditions import TODAY, accounts, fill, memory, truths

__all__ = ["memory"]  # the fixture is found by its name in this module

NAMES = names()
Meaning = Callable[[Any], bool]


def refusal(name: str, text: str) -> tuple[int | None, str]:
    with pytest.raises(Misfit) as caught:
        compile_cell(text, NAMES[name].term)
    assert caught.value.text.fr
    return caught.value.offset, caught.value.text.en


@pytest.mark.parametrize(
    ("name", "text", "offset", "words"),
    [
        ("kind", "cliant", 0, "did you mean 'client'?"),
        ("kind", "client | prospct", 9, "did you mean 'prospect'?"),
        ("kind", "client or prospct", 10, "did you mean 'prospect'?"),
        ("kind", "client |", 8, "empty cell"),
        ("kind", "| client", 0, "empty cell"),
        ("kind", "", 0, "empty cell"),
        ("kind", "Client", 0, "(values: client, prospect)"),
        ("vip", "maybe", 0, "yes, no or unknown"),
        ("vip", "yes | maybe", 6, "yes, no or unknown"),
        ("size", "> x", 0, "'x' is not a number"),
        ("size", "1 | > x", 4, "'x' is not a number"),
        ("size", "", 0, "is not a number"),
        ("size", ">", 0, "is not a number"),
        ("size", "=> 3", 0, "is not a number"),
        ("size", "<> 3", 0, "is not a number"),
        ("size", "5..1", 0, "first bound is above"),
        ("size", "..5", 0, "is not a number"),
        ("size", "1..", 0, "is not a number"),
        ("size", "1...5", 0, "is not a number"),
        ("size", "100..500k", 0, "like 100k..500k"),
        ("potential", "100..500k", 0, "like 100k..500k"),
        ("potential", "> 1,200", 0, "for thousands, write 1200"),
        ("potential", "> 9999999M", 0, "too large"),
        ("potential", "> 90 d ago", 0, "is not a number"),
        ("renewal", "> 2026-13-01", 0, "is not a date"),
        ("renewal", "2026-12-31..2026-01-01", 0, "first bound is above"),
        ("renewal", "90 d ago", 0, "write for example < 90 d ago"),
        ("renewal", "< 90", 0, "is not a date"),
        ("renewal", "< 3 months ago", 0, "is not a duration"),
        ("renewal", "< 99999 d ago", 0, "too long"),
        ("renewal", "365..90 d ago", 0, "first bound is above"),
        ("renewal", "< 90 d ago | soon", 13, "is not a date"),
    ],
)  # fmt: skip
def test_a_refused_cell_tells_where_and_why(name: str, text: str, offset: int, words: str) -> None:
    found, sentence = refusal(name, text)
    assert words in sentence
    assert found == offset


@pytest.mark.parametrize("text", ["< 90 d ago", "< 90 days ago", "<90j ago", "< 90 jours ago"])
def test_an_age_is_written_in_days_of_either_language(text: str) -> None:
    plain = compile_cell("< 90 d ago", NAMES["renewal"].term)
    assert compile_cell(text, NAMES["renewal"].term).sql.compare(plain.sql)


def test_a_choice_may_contain_a_separator() -> None:
    assert alternatives("oil or gas", ["oil or gas"]) == [(0, "oil or gas")]
    assert alternatives(" a |  b or c", ["oil or gas"]) == [(1, "a"), (6, "b"), (11, "c")]


def test_gold_may_be_called_or() -> None:
    assert [word for _, word in alternatives("or | argent", ["or", "argent"])] == ["or", "argent"]


def test_uses_and_flips_of_all_alternatives() -> None:
    term = compile_cell("< 3 d ago | 10..20 d ago | 2026-01-01", NAMES["renewal"].term)
    assert list(term.uses) == ["renewal"]
    assert len(term.flips) == 3


def _sized(low: float, high: float) -> dict[str, Meaning]:
    return {
        f"{low:g}": lambda value: value == low,
        f"= {low:g}": lambda value: value == low,
        f"> {low:g}": lambda value: value > low,
        f">={low:g}": lambda value: value >= low,
        f"< {low:g}": lambda value: value < low,
        f"<= {low:g}": lambda value: value <= low,
        f"{min(low, high):g}..{max(low, high):g}": (
            lambda value: min(low, high) <= value <= max(low, high)
        ),
    }


def _aged(low: int, high: int) -> dict[str, Meaning]:
    return {
        f"< {low} d ago": lambda day: TODAY - day < low,
        f"> {low} d ago": lambda day: TODAY - day > low,
        f"= {low} d ago": lambda day: TODAY - day == low,
        f"{min(low, high)}..{max(low, high)} d ago": (
            lambda day: min(low, high) <= TODAY - day <= max(low, high)
        ),
        f">= {date_of(TODAY - low).isoformat()}": lambda day: day >= TODAY - low,
    }


def _one_of(meanings: dict[str, Meaning]) -> st.SearchStrategy[tuple[str, Meaning]]:
    return st.sampled_from(list(meanings.items()))


_SMALL = st.sampled_from([0.0, 1.0, 2.5, 3.0])
_FEW = st.integers(0, 5)
PARTS: dict[str, st.SearchStrategy[tuple[str, Meaning]]] = {
    "size": st.builds(_sized, _SMALL, _SMALL).flatmap(_one_of),
    "renewal": st.builds(_aged, _FEW, _FEW).flatmap(_one_of),
    "vip": st.sampled_from(
        [(word, (lambda value, word=word: value is (word == "yes"))) for word in ("yes", "no")]
    ),
    "kind": st.sampled_from(
        [(word, (lambda value, word=word: value == word)) for word in ("client", "prospect")]
    ),
}  # fmt: skip


@st.composite
def _cells(draw: st.DrawFn) -> tuple[str, str, Callable[[Any], bool]]:
    """A fact, a cell about it, and whether the cell holds for a value; unknown never fits."""
    name = draw(st.sampled_from(list(PARTS)))
    parts = draw(st.lists(PARTS[name], min_size=1, max_size=3))
    more = draw(st.sampled_from([[], ["unknown"], ["known"]]))
    separator = draw(st.sampled_from([" | ", "|", " or "]))

    def holds(value: Any) -> bool:
        if value is None:
            return "unknown" in more
        return "known" in more or any(meaning(value) for _, meaning in parts)

    return name, separator.join([*(text for text, _ in parts), *more]), holds


@given(_cells(), st.lists(accounts, min_size=1, max_size=6))
@settings(max_examples=120, deadline=None)
def test_a_cell_means_what_it_says(
    memory: Connection,
    cell: tuple[str, str, Callable[[Any], bool]],
    several: list[dict[str, Any]],
) -> None:
    name, text, holds = cell
    fill(memory, several)
    found = truths(memory, compile_cell(text, NAMES[name].term))
    assert [truth is True for truth in found] == [holds(account[name]) for account in several]
