"""Recognition, opt-in: what deserves a word to a rep, and the ready sentence for it."""

from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from rules import schema_shapes
from rules.alert.words import Template
from rules.kpi.kpis import Days
from rules.language import Text
from rules.located import Document, Misfit, Path, nearest
from rules.numbers import read_number
from rules.team import Strict

LOOKS_BACK = 35
"""Days: an event that the CRM tells late is still told, once, if it is no older."""


class Recognised(StrEnum):
    """What is recognised; the names are also those of the lines."""

    WON_BACK = "won_back"
    RISEN = "risen"
    PRIORITY_WIN = "priority_win"
    REFERRALS = "referrals"


SENTENCES: Mapping[Recognised, Text] = {
    Recognised.WON_BACK: Text(
        "Bravo {rep} : {accounts}, qui dormait, achète de nouveau ({deals}).",
        "Well done {rep}: {accounts}, which was dormant, buys again ({deals}).",
    ),
    Recognised.RISEN: Text(
        "Bravo {rep} : {accounts} a gravi les niveaux.",
        "Well done {rep}: {accounts} has climbed the tiers.",
    ),
    Recognised.PRIORITY_WIN: Text(
        "Bravo {rep} : {deals}, une vente gagnée là où le plan la voulait ({accounts}).",
        "Well done {rep}: {deals}, a win where the plan wanted it ({accounts}).",
    ),
    Recognised.REFERRALS: Text(
        "Bravo {rep} : {n} références depuis le début de l'exercice.",
        "Well done {rep}: {n} referrals since the fiscal year began.",
    ),
}


def _every(given: object) -> int:
    value = read_number(given)
    if value != int(value) or not 1 <= value <= 1_000:  # noqa: PLR2004 - said in the message
        raise Misfit(
            f"« {given} » : écrivez un nombre de 1 à 1 000, comme 5",
            f"'{given}': write a number from 1 to 1,000, as 5",
        )
    return int(value)


def _rising(given: object) -> object:
    if isinstance(given, dict) and given.get("from") == given.get("to"):
        raise Misfit("écrivez deux niveaux différents", "write two different tiers")
    return given


Every = Annotated[int, BeforeValidator(_every), WithJsonSchema(schema_shapes.AMOUNT)]


class WonBack(Strict):
    """A deal won on an account that had bought, but nothing for the days of `after`."""

    after: Days = 365
    text: Template = SENTENCES[Recognised.WON_BACK]


class Risen(Strict):
    """An account that came to the tier `to`, and was of the tier `from` within a year."""

    from_: str = Field(alias="from")
    to: str
    text: Template = SENTENCES[Recognised.RISEN]


class PriorityWin(Strict):
    """A deal won on an account of one of these tiers, or of one of these segments."""

    tiers: list[str] = Field(default_factory=list)
    segments: list[str] = Field(default_factory=list)
    text: Template = SENTENCES[Recognised.PRIORITY_WIN]


class Referrals(Strict):
    """So many more opportunities of the fiscal year whose `field` holds `value`."""

    every: Every = 5
    field: str
    value: str
    text: Template = SENTENCES[Recognised.REFERRALS]


class Recognition(Strict):
    """What is recognised; what is left out is not."""

    won_back: WonBack | None = None
    risen: Annotated[Risen | None, BeforeValidator(_rising)] = None
    priority_win: PriorityWin | None = None
    referrals: Referrals | None = None

    def text(self, name: Recognised) -> Text:
        """The sentence of one that is in use."""
        rule = getattr(self, name.value)
        return rule.text if rule else SENTENCES[name]


def check_recognition(
    document: Document, rules: Recognition, tiers: Collection[str], fields: Collection[str]
) -> None:
    """Complain of tiers and fields that nobody declares."""
    for path, tier in _tiers(rules):
        if tier not in tiers:
            hint = nearest(tier, list(tiers))
            document.complain(
                ("recognition", *path),
                Text(
                    f"« {tier} » n'est pas un niveau de segments.yaml{hint.fr}",
                    f"'{tier}' is not a tier of segments.yaml{hint.en}",
                ),
            )
    wins = rules.priority_win
    if wins and not wins.tiers and not wins.segments:
        document.complain(
            ("recognition", "priority_win"),
            Text(
                "nommez des niveaux (tiers) ou des segments",
                "name tiers or segments",
            ),
            at_key=True,
        )
    if rules.referrals and rules.referrals.field not in fields:
        hint = nearest(rules.referrals.field, list(fields))
        document.complain(
            ("recognition", "referrals", "field"),
            Text(
                f"« {rules.referrals.field} » n'est pas un champ d'opportunité de "
                f"fields.yaml{hint.fr}",
                f"'{rules.referrals.field}' is not an opportunity field of fields.yaml{hint.en}",
            ),
        )


def _tiers(rules: Recognition) -> Iterator[tuple[Path, str]]:
    if rules.risen:
        yield ("risen", "from"), rules.risen.from_
        yield ("risen", "to"), rules.risen.to
    for position, tier in enumerate(rules.priority_win.tiers if rules.priority_win else []):
        yield ("priority_win", "tiers", position), tier
