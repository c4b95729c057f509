"""The sums of a plan: each split makes the objective to the cent, shares of time make the whole.

They are checked for the plan as it begins, then for the terms that each revision leaves.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rules.language import Language, Text, money, number
from rules.located import Document, Path
from rules.plan.plan import Plan
from rules.plan.terms import NOT_ALLOTTED

SPLITS = ("sources", "quarters", "segments", "products")
_MONTHS = 12


def check_sums(document: Document, terms: Plan, at: Path, named: set[str] | None = None) -> None:
    """Complain of sums that don't hold in some terms, which the file writes at a path.

    `named` are the keys that a revision names; None for a plan as it begins. What a revision
    leaves as it was is not told again, nor quarters that it merges into ones that are wrong.
    """
    for key in SPLITS:
        if key == "quarters" and terms.before is not None and not _adds_up(terms.before, key):
            continue
        if named is None or named & {key, "objective"}:
            _check_split(document, terms, key, at, is_here=named is None or key in named)
    if named is None or "sources" in named:
        _check_names(document, terms, at)
    if terms.time is not None and (named is None or "time" in named):
        _check_shares(document, terms.time.shares, at)
    if named is None or "seasonality" in named:
        _check_seasonality(document, terms.seasonality, at)


def _adds_up(terms: Plan, key: str) -> bool:
    parts: Mapping[Any, int] = getattr(terms, key)
    return not parts or sum(parts.values()) == terms.objective


def _check_split(document: Document, terms: Plan, key: str, at: Path, *, is_here: bool) -> None:
    """Complain when the parts of a split don't add up to the objective, to the cent."""
    parts: Mapping[Any, int] = getattr(terms, key)
    if _adds_up(terms, key):
        return
    difference = terms.objective - sum(parts.values())
    fr = money(abs(difference), terms.currency, Language.FR)
    en = money(abs(difference), terms.currency, Language.EN)
    if not is_here:
        over = difference < 0
        document.complain(
            (*at, "objective"),
            Text(
                f"{key} ne fait plus l'objectif, à {fr} {'de trop' if over else 'près'} : écrivez "
                f"aussi « {key}: » dans cette révision",
                f"{key} no longer makes the objective, by {en} too {'much' if over else 'little'}: "
                f"write '{key}:' in this revision as well",
            ),
            at_key=True,
        )
        return
    if difference > 0:
        text = Text(
            f"il manque {fr} pour arriver à l'objectif : corrigez une ligne, ou ajoutez "
            f"« {NOT_ALLOTTED}: » avec ce montant",
            f"{en} is missing to make the objective: correct a line, or add "
            f"'{NOT_ALLOTTED}:' with this amount",
        )
    else:
        text = Text(
            f"le total dépasse l'objectif de {fr} : corrigez une ligne ou l'objectif",
            f"the total is {en} over the objective: correct a line or the objective",
        )
    document.complain((*at, key), text, at_key=True)


def _check_names(document: Document, terms: Plan, at: Path) -> None:
    """Complain of a sub-source that has the name of another source: both would be counted alike."""
    taken = {name for name, each in terms.sourcing.items() if isinstance(each, int)}
    for source, parts in terms.sub_sources.items():
        for name in parts:
            if name in taken:
                document.complain(
                    (*at, "sources", source, name),
                    Text(
                        f"« {name} » nomme déjà une autre source : donnez un autre nom à l'une "
                        "des deux",
                        f"'{name}' already names another source: give one of them another name",
                    ),
                    at_key=True,
                )
            taken.add(name)


def _check_shares(document: Document, shares: Mapping[str, float], at: Path) -> None:
    """Complain of shares of time that have no name of their own, or don't make the whole."""
    for name in shares:
        if not name.isidentifier():
            document.complain(
                (*at, "time", name),
                Text(
                    f"« {name} » : le nom d'une part s'écrit en lettres, chiffres et _",
                    f"'{name}': the name of a share is written in letters, digits and _",
                ),
                at_key=True,
            )
    total = _total(shares)
    if shares and total != 1:
        fr, en = _percents(total)
        document.complain(
            (*at, "time"),
            Text(
                f"les parts du temps font {fr} %, et il faut 100 % : corrigez une part, ou ajoutez "
                "celle qui manque",
                f"the shares of time make {en} %, and 100 % is needed: correct a share, or add "
                "the one that is missing",
            ),
            at_key=True,
        )


def _check_seasonality(document: Document, months: Mapping[str, float], at: Path) -> None:
    """Complain of months that take more than the year, or all twelve of which take less."""
    total = _total(months)
    if total > 1 or (len(months) == _MONTHS and total != 1):
        fr, en = _percents(total)
        document.complain(
            (*at, "seasonality"),
            Text(
                f"les mois nommés font {fr} % de l'année : corrigez une part, pour 100 % au plus, "
                "et 100 % tout juste quand les douze mois y sont",
                f"the months named make {en} % of the year: correct a share, for 100 % at most, "
                "and exactly 100 % where all twelve months are there",
            ),
            at_key=True,
        )


def _total(shares: Mapping[str, float]) -> Decimal:
    return sum((Decimal(str(share)) for share in shares.values()), Decimal(0))


def _percents(total: Decimal) -> tuple[str, str]:
    """A share as the number of a percentage, in French and in English."""
    percents = float(total * 100)
    return number(percents, Language.FR, digits=2), number(percents, Language.EN, digits=2)
