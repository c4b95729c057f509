"""`kpis.yaml`, besides the KPIs: their cuts, the activities and the groups of time by name."""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from rules import schema_shapes
from rules.kpi.names import Cut
from rules.language import Language, Text, number
from rules.located import Misfit
from rules.numbers import read_number
from rules.records import ActivityKind
from rules.team import Strict, Words

_HOURS = re.compile(r"(.+?)\s*(h|hours?|heures?|min)", re.IGNORECASE)
_MINUTES = 60
_DAY = 24
KINDS: Mapping[ActivityKind, Text] = {
    ActivityKind.CALL: Text("appel", "call"),
    ActivityKind.MEETING: Text("rencontre", "meeting"),
    ActivityKind.EMAIL: Text("courriel", "e-mail"),
    ActivityKind.NOTE: Text("note", "note"),
}
HOURS = {"type": "string", "pattern": r"^\s*\d.*(?:[hH]|[hH]ours?|[hH]eures?|min)\s*$"}


def read_hours(given: object) -> float:
    """`0.5 h`, `30 min` in hours; raises `Misfit` outside of 0 to 24."""
    found = _HOURS.fullmatch(given.strip()) if isinstance(given, str) else None
    if found is None:
        raise Misfit(
            f"« {given} » n'est pas une durée (écrivez par exemple 0.5 h ou 30 min)",
            f"'{given}' is not a length of time (write for example 0.5 h or 30 min)",
        )
    hours = read_number(found[1]) / (_MINUTES if found[2].lower() == "min" else 1)
    if not 0 <= hours <= _DAY:
        raise Misfit(
            f"« {given} » : une activité dure de 0 h à {_DAY} h",
            f"'{given}': an activity lasts from 0 h to {_DAY} h",
        )
    return hours


def _stored(key: object) -> object:
    """A name of `activities:` or of `groups:`, which plans refer to."""
    if not isinstance(key, str) or not key.isidentifier():
        raise Misfit(
            f"« {key} » : un nom s'écrit en lettres, chiffres et _",
            f"'{key}': a name is written in letters, digits and _",
        )
    return key


Key = Annotated[str, BeforeValidator(_stored)]
Hours = Annotated[float, BeforeValidator(read_hours), WithJsonSchema(HOURS)]
Condition = Annotated[str, WithJsonSchema(schema_shapes.CONDITION)]


class Cuts(Strict):
    """Where the members of a cut come from.

    `source`, `channel` and `product` name bound fields of opportunities, `segment` a rule of
    `segments.yaml` or a bound field of accounts.
    """

    segment: str | None = None
    source: str | None = None
    channel: str | None = None
    product: str | None = None

    @property
    def of_deals(self) -> Mapping[Cut, str]:
        """The bound field of opportunities behind each cut in use."""
        fields = {Cut.SOURCE: self.source, Cut.CHANNEL: self.channel, Cut.PRODUCT: self.product}
        return {cut: field for cut, field in fields.items() if field is not None}

    def told(self, cut: Cut) -> Text | None:
        """Where a member of a cut comes from, in words; None for the whole."""
        name = getattr(self, cut.value, None) if cut is not Cut.WHOLE else None
        return told_of(cut, name)


def told_of(cut: Cut, name: str | None) -> Text | None:
    """How a cut is told, its members coming from a field or a rule."""
    match cut:
        case Cut.SEGMENT:
            return Text(
                f"Par segment : la valeur de « {name} » pour le compte, sans nom s'il n'y a pas de "
                "compte ou pas de valeur.",
                f"By segment: the value of '{name}' for the account, without a name when there is "
                "no account or no value.",
            )
        case Cut.SOURCE | Cut.CHANNEL | Cut.PRODUCT:
            return Text(
                f"Par valeur du champ « {name} » de l'opportunité, sans nom s'il est vide.",
                f"By value of the field '{name}' of the opportunity, without a name when empty.",
            )
        case Cut.TIER:
            return Text(
                "Par niveau d'aujourd'hui du compte, sans nom s'il n'y a pas de compte ou pas de "
                "niveau.",
                "By today's tier of the account, without a name when there is no account or no "
                "tier.",
            )
        case Cut.STAGE:
            return Text("Par nom d'étape.", "By name of the stage.")
        case _:
            return None


class ActivityName(Strict):
    """A kind of logged activity that plans set a rhythm for, with what accounts."""

    label: Words
    of: ActivityKind
    when: Condition | None = None


class Group(Strict):
    """Accounts that share a part of the time; the names are those of the plans' shares."""

    label: Words
    when: Condition


class Time(Strict):
    """How long a logged activity takes, by kind, and the groups that the time is shared among."""

    hours: dict[ActivityKind, Hours]
    groups: dict[Key, Group] = Field(default_factory=dict)


def hours_told(hours: Mapping[ActivityKind, float], language: Language) -> str:
    """`0,5 h pour un appel, …`; a kind that is not named is worth nothing."""
    word = Text("par", "for each").to(language)
    told = (
        f"{number(each, language, digits=2)} h {word} {KINDS[kind].to(language)}"
        for kind, each in hours.items()
    )
    nothing = Text("0 h par activité d'une autre sorte", "0 h for each of another kind")
    return ", ".join([*told, nothing.to(language)])


def hours_plain(hours: Mapping[ActivityKind, float]) -> dict[str, float]:
    """The same as plain data."""
    return {kind.value: each for kind, each in hours.items()}
