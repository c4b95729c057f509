"""How the settings of `alerts.yaml` are written: windows, quiet days, limits, sending."""

import re
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from rules import schema_shapes
from rules.calendar import DAYS_PER_WEEK
from rules.kpi.kpis import written
from rules.located import Misfit
from rules.numbers import read_day, read_day_range, read_days, read_number, read_share
from rules.time import Day
from rules.working_days import DayRange

TASKS_LIMIT = 20
_LONGEST = 52
_LATER = re.compile(r"(\d{1,3}) h(?:ours?)? later")
_SEND = re.compile(
    r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday) ([01]\d|2[0-3]):[0-5]\d"
)


def _weeks(given: object) -> list[int]:
    if not isinstance(given, list) or not given:
        raise Misfit(
            "écrivez une liste de durées, comme [4 w, 8 w, 13 w]",
            "write a list of durations, as [4 w, 8 w, 13 w]",
        )
    weeks = []
    for text in given:
        days = read_days(text) if isinstance(text, str) else 0
        if days < DAYS_PER_WEEK or days % DAYS_PER_WEEK:
            raise Misfit(
                f"« {text} » : une fenêtre compte des semaines entières, comme 4 w",
                f"'{text}': a window is made of whole weeks, as 4 w",
            )
        if days > _LONGEST * DAYS_PER_WEEK:
            raise Misfit(
                f"« {text} » : une fenêtre va jusqu'à 52 w", f"'{text}': a window is up to 52 w"
            )
        weeks.append(days // DAYS_PER_WEEK)
    if len(set(weeks)) < len(weeks):
        raise Misfit("une fenêtre est écrite deux fois", "a window is written twice")
    return weeks


def _quiet(given: object) -> list[DayRange]:
    if not isinstance(given, list):
        raise Misfit(
            "écrivez une liste de jours, comme [2026-06-24, 2026-12-21..2027-01-03]",
            "write a list of days, as [2026-06-24, 2026-12-21..2027-01-03]",
        )
    return [read_day_range(each) for each in given]


def _minimum(given: object) -> int:
    """`36`, or `36 closed`."""
    text = given.removesuffix(" closed") if isinstance(given, str) else given
    value = read_number(text)
    if value != int(value) or not 1 <= value <= 10_000:  # noqa: PLR2004 - said in the message
        raise Misfit(
            f"« {given} » : écrivez un nombre de 1 à 10 000, comme 36",
            f"'{given}': write a number from 1 to 10,000, as 36",
        )
    return int(value)


def _places(given: object) -> int:
    value = read_number(given)
    if value != int(value) or not 1 <= value <= TASKS_LIMIT:
        raise Misfit(
            f"« {given} » : écrivez un nombre de 1 à {TASKS_LIMIT}",
            f"'{given}': write a number from 1 to {TASKS_LIMIT}",
        )
    return int(value)


def _discovery(given: object) -> float:
    value = read_share(given)
    if not 0 < value <= 0.5:  # noqa: PLR2004 - said in the message
        raise Misfit(
            f"« {given} » : écrivez une part de plus de 0 % et d'au plus 50 %, comme 10 %",
            f"'{given}': write a share over 0 % and up to 50 %, as 10 %",
        )
    return value


def _sent_at(given: object) -> str:
    if not isinstance(given, str) or not _SEND.fullmatch(given.strip().lower()):
        raise Misfit(
            f"« {given} » n'est pas un moment de la semaine (monday 07:00)",
            f"'{given}' is not a time of the week (monday 07:00)",
        )
    return given.strip().lower()


def _later(given: object) -> int:
    found = _LATER.fullmatch(given.strip().lower()) if isinstance(given, str) else None
    if found is None or int(found[1]) > 120:  # noqa: PLR2004 - said in the message
        raise Misfit(
            f"« {given} » : écrivez un délai en heures, au plus 120, comme 24 h later",
            f"'{given}': write a delay in hours, up to 120, as 24 h later",
        )
    return int(found[1])


Weeks = Annotated[list[int], BeforeValidator(_weeks), WithJsonSchema(schema_shapes.DURATIONS)]
Start = Annotated[Day, written(read_day, least=0), WithJsonSchema(schema_shapes.DAY)]
Quiet = Annotated[
    list[DayRange],
    BeforeValidator(_quiet),
    WithJsonSchema({"type": "array", "items": schema_shapes.DAY_RANGE}),
]
Minimum = Annotated[int, BeforeValidator(_minimum), WithJsonSchema(schema_shapes.TEXT)]
Places = Annotated[int, BeforeValidator(_places), WithJsonSchema(schema_shapes.AMOUNT)]
Discovery = Annotated[float, BeforeValidator(_discovery), WithJsonSchema(schema_shapes.SHARE)]
SentAt = Annotated[str, BeforeValidator(_sent_at), WithJsonSchema(schema_shapes.TEXT)]
Later = Annotated[int, BeforeValidator(_later), WithJsonSchema(schema_shapes.TEXT)]
