"""What must be known to read the figures of a backtest, in sentences (`service.backtest`)."""

from collections.abc import Sequence

from rules.backtest import Outcome
from rules.language import Text
from rules.time import Day, date_of

NEVER_PUBLISHED = Text(
    "Rien n'est publié : il n'y a pas d'anciennes règles à comparer.",
    "Nothing is published: there are no old rules to compare with.",
)
SAME_RULES = Text(
    "Le playbook sur disque veut dire la même chose que les règles de ce jour-là : il n'y a "
    "qu'un seul jeu de règles.",
    "The playbook on disk means the same as the rules of that day: there is only one set of rules.",
)
LIMITS = (
    Text(
        "Règles seules, avec leurs plafonds : les décisions des personnes, les délais et les gels "
        "de ce temps-là ne comptent pas.",
        "Rules alone, with their caps: decisions of people, delays and freezes of that time don't "
        "count.",
    ),
    Text(
        "Les liens entre fiches sont ceux d'aujourd'hui, et une activité compte le jour où elle a "
        "eu lieu, même consignée plus tard.",
        "Links between records are those of today, and an activity counts on the day on which it "
        "happened, even if it was logged later.",
    ),
    Text(
        "Un taux différent n'est pas une cause : de meilleurs comptes gagnent plus, quelles que "
        "soient les règles. Et où peu de comptes font toutes les ventes, les intervalles sont trop "
        "étroits.",
        "A different rate is no cause: better accounts win more, whatever the rules. And where few "
        "accounts make all the sales, the intervals are too narrow.",
    ),
)


def truncated(until: Day, wanted: Day) -> Text:
    """The window stops today, before its horizon."""
    return Text(
        f"L'horizon irait jusqu'au {date_of(wanted)} : il s'arrête aujourd'hui, le "
        f"{date_of(until)}, et les opportunités encore ouvertes ne comptent pas.",
        f"The horizon would reach {date_of(wanted)}: it stops today, {date_of(until)}, and "
        "opportunities that are still open don't count.",
    )


def nothing_compared(outcomes: Sequence[Outcome], day: Day, until: Day) -> list[Text]:
    """Why there is nothing to compare; nothing where there is."""
    if not any(each.accounts for each in outcomes):
        return [
            Text(
                f"Aucun compte de la portée n'était créé le {date_of(day)} : rien ne se compare. "
                "Un compte importé porte la date de l'importation ; choisissez un jour plus "
                "récent.",
                f"No account in scope was created by {date_of(day)}: nothing can be compared. An "
                "imported account bears the date of the import; choose a later day.",
            )
        ]
    is_closed = any(each.closed for each in outcomes)
    return [] if is_closed else [_none_closed(day, until)]


def _none_closed(day: Day, until: Day) -> Text:
    return Text(
        f"Aucune opportunité de ces comptes n'a été fermée après le {date_of(day)} et jusqu'au "
        f"{date_of(until)} : rien ne se compare. Choisissez un autre jour, ou un horizon plus "
        "long.",
        f"No opportunity of these accounts was closed after {date_of(day)} and up to "
        f"{date_of(until)}: nothing can be compared. Choose another day, or a longer horizon.",
    )


def none_in_force(day: Day) -> Text:
    """Nothing was published yet on the day."""
    return Text(
        f"Aucun playbook n'était publié le {date_of(day)} : les anciennes règles sont celles en "
        "vigueur maintenant.",
        f"No playbook was published on {date_of(day)}: the old rules are those in force now.",
    )


def refused(publication_id: int) -> Text:
    """The rules of the day can't be read any more."""
    return Text(
        f"La publication {publication_id}, en vigueur ce jour-là, n'est plus acceptée par cette "
        "version : il n'y a pas d'anciennes règles à comparer.",
        f"Publication {publication_id}, in force on that day, is not accepted by this version any "
        "more: there are no old rules to compare with.",
    )
