"""Repairs: the lines to write in a plan so that an identity is true again."""

from collections.abc import Mapping

from rules.language import Text
from rules.plan.terms import NOT_ALLOTTED
from rules.plan_check.terms import Reading, Terms
from rules.plan_check.values import Change, Part, Provenance, Quantity, Repair, Split, down
from rules.plan_check.words import (
    amount,
    count,
    share,
    written_money,
    written_number,
    written_share,
)

_DOLLAR = 100


def change(terms: Terms, path: tuple[str, ...], value: Part) -> Change:
    """A line of the plan, or of the revision, that these terms come from."""
    if len(path) > 1 and path[0] in terms.kept:
        # Of such a key, a revision replaces all that stands under it.
        value = {**terms.kept[path[0]], path[1]: value}
        path = path[:1]
    return Change(owner=terms.owner, path=(*terms.prefix, *path), value=value)


def declaring(terms: Terms, quantity: Quantity, path: tuple[str, ...], value: str) -> list[Change]:
    """The line that declares a number; none where history speaks first and knows better."""
    if terms.reading is Reading.HISTORY and quantity.provenance is Provenance.MEASURED:
        return []
    return [change(terms, path, value)]


def deal(terms: Terms, known: Quantity, minor: float) -> Repair:
    """Won deals of another size."""
    said = amount(minor, terms.currency)
    return Repair(
        text=Text(
            f"viser {said.fr} par vente gagnée, en moyenne",
            f"aim at {said.en} for each won deal, on average",
        ),
        changes=declaring(
            terms, known, ("assumptions", "average_won_deal"), written_money(minor)
        ),
    )  # fmt: skip


def opportunities(terms: Terms, monthly: float, keeping: Quantity | None = None) -> Repair:
    """More or fewer opportunities; `keeping` is an average deal to declare along."""
    said = count(monthly)
    changes = [
        change(terms, ("targets", "opportunities_opened"), f"{written_number(monthly)} per month")
    ]
    if keeping is None:
        text = Text(
            f"ouvrir {said.fr} opportunités par mois", f"open {said.en} opportunities a month"
        )
    else:
        each = amount(keeping.value, terms.currency)
        text = Text(
            f"ouvrir {said.fr} opportunités par mois, de {each.fr} chacune",
            f"open {said.en} opportunities a month, of {each.en} each",
        )
        minor = round(keeping.value / _DOLLAR) * _DOLLAR
        path = ("assumptions", "average_won_deal")
        changes += declaring(terms, keeping, path, written_money(minor))
    return Repair(text=text, changes=changes)


def conversion(terms: Terms, known: Quantity, ratio: float) -> Repair:
    """Another conversion rate."""
    said = share(ratio)
    return Repair(
        text=Text(f"transformer {said.fr} des opportunités", f"win {said.en} of the opportunities"),
        changes=declaring(terms, known, ("targets", "conversion_rate"), written_share(ratio)),
    )


def cycle(terms: Terms, days: float) -> Repair:
    """Another length of the cycle."""
    said, written = count(days), f"{written_number(days)} d"
    return Repair(
        text=Text(
            f"un cycle de vente de {said.fr} jours", f"a sales cycle of {said.en} days"
        ),
        changes=declaring(terms, terms.cycle, ("assumptions", "cycle"), written),
    )  # fmt: skip


def pipeline(terms: Terms, minor: float) -> Repair:
    """Another target for the active pipeline."""
    said = amount(minor, terms.currency)
    return Repair(
        text=Text(
            f"une cible de pipeline actif de {said.fr}", f"a target of {said.en} of active pipeline"
        ),
        changes=[change(terms, ("targets", "active_pipeline"), written_money(minor))],
    )


def objective(terms: Terms, minor: float) -> Repair:
    """Another objective, its splits in the same proportions."""
    said = amount(minor, terms.currency)
    changes = [change(terms, ("objective",), written_money(minor))]
    changes += [
        change(terms, (name,), scaled(split, terms.objective, round(minor)))
        for name, split in terms.splits.items()
        if split
    ]
    return Repair(
        text=Text(
            f"un objectif de {said.fr}, réparti dans les mêmes proportions",
            f"an objective of {said.en}, split in the same proportions",
        ),
        changes=changes,
    )


def moving(terms: Terms, source: str, minor: float) -> Repair:
    """Ask less of a source, and leave the rest to be allotted."""
    rest = terms.sources[source] - round(minor)
    kept, moved = amount(minor, terms.currency), amount(rest, terms.currency)
    left = terms.sources.get(NOT_ALLOTTED, 0) + rest
    return Repair(
        text=Text(
            f"demander {kept.fr} à « {source} », et répartir les {moved.fr} qui restent",
            f"ask {kept.en} of '{source}', and allot the other {moved.en} elsewhere",
        ),
        changes=[
            change(terms, ("sources",), {
                **{name: _written(part) for name, part in terms.splits["sources"].items()},
                source: written_money(minor),
                NOT_ALLOTTED: written_money(left),
            }),
        ],
    )  # fmt: skip


def scaled(split: Split, whole: int, wanted: int) -> dict[str, Part]:
    """A split of `whole` in the same proportions for `wanted`, adding up to the cent.

    Parts are in whole units of money; what rounding leaves goes to the first of them.
    """
    leaves = dict(_leaves(split))
    shared = {path: round(down(part * wanted / whole, _DOLLAR)) for path, part in leaves.items()}
    first = next(iter(shared))
    shared[first] += wanted - sum(shared.values())
    return {
        name: (
            {each: written_money(shared[name, each]) for each in part}
            if isinstance(part, Mapping)
            else written_money(shared[name,])
        )
        for name, part in split.items()
    }


def _leaves(split: Split) -> list[tuple[tuple[str, ...], int]]:
    found: list[tuple[tuple[str, ...], int]] = []
    for name, part in split.items():
        if isinstance(part, Mapping):
            found += [((name, each), value) for each, value in part.items()]
        else:
            found.append(((name,), part))
    return found


def _written(part: "int | Mapping[str, int]") -> Part:
    if isinstance(part, Mapping):
        return {name: written_money(value) for name, value in part.items()}
    return written_money(part)
