"""The sections of a plan's sheet, and what their names are called in both languages."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from rules.language import Text
from rules.plan.terms import NOT_ALLOTTED
from rules.team import MONTHS

MARK = "■"
STEP = " › "
"""Between the names of what a revision changes in depth: `new › prospecting`."""
SPARE_ROWS = 3
LEFT = Text("Reste à répartir", "Left to allot")


class Shape(StrEnum):
    """How a section lies in a sheet."""

    FACTS = "facts"  # keys of the plan itself
    NAMED = "named"  # name, detail, value
    DAYS = "days"  # first day, last day
    ACCEPTED = "accepted"  # finding, until, why
    REVISED = "revised"  # from, section, name, value


class Kind(StrEnum):
    """What a cell holds: its look in Excel, never its meaning."""

    TEXT = "text"
    VALUE = "value"
    MONEY = "money"
    SHARE = "share"
    DAY = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of a sheet.

    `whole` is what its values add up to, the objective, or 1 for shares; `left` names the rest.
    """

    name: str
    title: Text
    columns: Sequence[Text]
    shape: Shape = Shape.NAMED
    kind: Kind = Kind.VALUE
    whole: str = ""
    left: Text = LEFT
    words: Mapping[str, Text] = field(default_factory=dict)


Labels = Mapping[str, Mapping[str, Text]]
"""What names are called, by section: fixed words, and those of the playbook."""

_NAME = Text("Nom", "Name")
_AMOUNT = Text("Montant", "Amount")
_VALUE = Text("Valeur", "Value")
_DETAIL = Text("Détail", "Detail")
_REST = {NOT_ALLOTTED: Text("Non réparti", "Not allotted")}
_MONTHS_FR = (
    "Janvier", "Février", "Mars", "Avril", "Mai", "Juin", "Juillet", "Août", "Septembre",
    "Octobre", "Novembre", "Décembre",
)  # fmt: skip
FACTS = {
    "owner": Text("Représentant", "Rep"),
    "period": Text("Année", "Year"),
    "currency": Text("Monnaie", "Currency"),
    "objective": Text("Objectif", "Objective"),
}
FROM, WHY = "from", "why"
SECTIONS: Sequence[Section] = (
    Section(
        name="plan", title=Text("Plan", "Plan"), columns=(Text("", ""), _VALUE),
        shape=Shape.FACTS, words=FACTS,
    ),
    Section(
        name="sources", title=Text("Sources du revenu", "Revenue sources"),
        columns=(Text("Sous-source", "Sub-source"), _AMOUNT),
        kind=Kind.MONEY, whole="objective", words=_REST,
    ),
    Section(
        name="quarters", title=Text("Trimestres", "Quarters"), columns=(Text("", ""), _AMOUNT),
        kind=Kind.MONEY, whole="objective",
        words={f"q{each}": Text(f"T{each}", f"Q{each}") for each in range(1, 5)} | _REST,
    ),
    Section(
        name="segments", title=Text("Segments", "Segments"), columns=(_DETAIL, _AMOUNT),
        kind=Kind.MONEY, whole="objective", words=_REST,
    ),
    Section(
        name="products", title=Text("Produits", "Products"), columns=(_DETAIL, _AMOUNT),
        kind=Kind.MONEY, whole="objective", words=_REST,
    ),
    Section(
        name="seasonality", title=Text("Saisonnalité", "Seasonality"),
        columns=(Text("", ""), Text("Part de l'année", "Share of the year")),
        kind=Kind.SHARE, whole="1", left=Text("Aux autres mois", "For the other months"),
        words={
            month: Text(french, month.capitalize())
            for month, french in zip(MONTHS, _MONTHS_FR, strict=True)
        },
    ),
    Section(
        name="targets", title=Text("Cibles", "Targets"), columns=(_DETAIL, _VALUE),
    ),
    Section(
        name="activities", title=Text("Activités", "Activities"),
        columns=(_DETAIL, Text("Rythme", "Rate")),
    ),
    Section(
        name="time", title=Text("Temps", "Time"), columns=(_DETAIL, Text("Part", "Share")),
        kind=Kind.SHARE, whole="1",
        words={"capacity": Text("Capacité", "Capacity")},
    ),
    Section(
        name="accounts", title=Text("Comptes visés", "Accounts aimed at"),
        columns=(_DETAIL, Text("Nombre", "Number")),
    ),
    Section(
        name="assumptions", title=Text("Hypothèses", "Assumptions"), columns=(_DETAIL, _VALUE),
        words={
            "average_won_deal": Text("Vente moyenne gagnée", "Average won deal"),
            "cycle": Text("Cycle de vente", "Sales cycle"),
            "opportunities_per_account": Text(
                "Opportunités par compte", "Opportunities per account"
            ),
        },
    ),
    Section(
        name="away", title=Text("Absences (premier jour)", "Away (first day)"),
        columns=(Text("Dernier jour", "Last day"),), shape=Shape.DAYS, kind=Kind.DAY,
    ),
    Section(
        name="review", title=Text("Revue", "Review"), columns=(_DETAIL, _VALUE), kind=Kind.TEXT,
        words={"every": Text("Tous les", "Every"), "with": Text("Avec", "With")},
    ),
    Section(
        name="agreed", title=Text("Accord", "Agreed"), columns=(_DETAIL, Text("Le", "On")),
        kind=Kind.DAY,
    ),
    Section(
        name="accept", title=Text("Constats acceptés", "Accepted findings"),
        columns=(Text("Jusqu'au", "Until"), Text("Pourquoi", "Why")), shape=Shape.ACCEPTED,
    ),
    Section(
        name="revisions", title=Text("Révisions (à partir du)", "Revisions (from)"),
        columns=(Text("Rubrique", "Section"), _NAME, _VALUE), shape=Shape.REVISED,
        words={WHY: Text("Pourquoi", "Why")},
    ),
)  # fmt: skip
BY_NAME: Mapping[str, Section] = {section.name: section for section in SECTIONS}
REQUIRED = ("owner", "period", "currency", "objective")
ACCEPTED = ("finding", "until", "why")


def plain(words: str) -> str:
    """A name without case, accents and spaces to spare: how two ways to type it are compared."""
    bare = unicodedata.normalize("NFKD", words)
    return " ".join(
        "".join(each for each in bare if not unicodedata.combining(each)).split()
    ).casefold()


def in_sheet(text: Text) -> Text:
    """A sentence on a plan's file, with the word that the sheet has for what is not allotted."""
    rest = _REST[NOT_ALLOTTED]
    return Text(
        text.fr.replace(f"« {NOT_ALLOTTED}: »", f"une ligne « {rest.fr} »"),
        text.en.replace(f"'{NOT_ALLOTTED}:'", f"a row '{rest.en}'"),
    )


def sections_words(labels: Labels, section: Section) -> dict[str, Text]:
    """What the names of a section are called; a label that two names share is nobody's."""
    words = {**section.words, **labels.get(section.name, {})}
    if section.shape is Shape.REVISED:
        others = (each for each in SECTIONS if each.shape in {Shape.NAMED, Shape.DAYS})
        words |= FACTS | {each.name: _short(each.title) for each in others}
    taken = [plain(word) for text in words.values() for word in {*map(plain, text)}]

    def is_own(name: str, word: str) -> bool:
        return taken.count(word) == 1 and (word == name or word not in words)

    return {
        name: text
        for name, text in words.items()
        if all(is_own(name, plain(word)) for word in text)
    }


def _short(title: Text) -> Text:
    return Text(*(re.sub(r" \(.*\)", "", each) for each in title))
