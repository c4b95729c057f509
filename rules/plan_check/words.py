"""Numbers of a check of a plan as people read them, and as a plan writes them."""

from babel.numbers import format_percent

from rules.language import Language, Text, money, number
from rules.plan_check.values import Kind, Provenance, Quantity

_PROVENANCES = {
    Provenance.DECLARED: Text("déclaré", "declared"),
    Provenance.MEASURED: Text("mesuré", "measured"),
    Provenance.SUPPOSED: Text("supposé", "supposed"),
}

NAMES = {
    "objective": Text("objectif de l'année", "objective of the year"),
    "opportunities_opened": Text("opportunités ouvertes", "opportunities opened"),
    "sources": Text("à apporter", "to be brought in"),
    "opportunities": Text("opportunités de l'année", "opportunities of the year"),
    "conversion_rate": Text("taux de transformation", "conversion rate"),
    "average_won_deal": Text("vente gagnée moyenne", "average won deal"),
    "cycle": Text("cycle de vente", "sales cycle"),
    "active_pipeline": Text("pipeline actif", "active pipeline"),
    "accounts": Text("comptes", "accounts"),
    "opportunities_per_account": Text("opportunités par compte", "opportunities per account"),
    "capacity": Text("capacité", "capacity"),
    "activities": Text("activités prévues", "planned activities"),
    "contacts": Text("contacts dus selon la cadence", "contacts due under the cadence"),
    "sum_of_plans": Text("somme des plans", "sum of the plans"),
}


def amount(minor: float, currency: str) -> Text:
    """Money to the dollar."""
    whole = round(minor / 100) * 100
    return Text(money(whole, currency, Language.FR), money(whole, currency, Language.EN))


def count(value: float, digits: int = 1) -> Text:
    """A number with at most so many decimals."""
    return Text(
        number(value, Language.FR, digits=digits), number(value, Language.EN, digits=digits)
    )


def share(ratio: float) -> Text:
    """A ratio as a percentage, with a decimal where it has one."""
    return Text(
        format_percent(ratio, format="#,##0.#\u00a0%", locale=Language.FR.locale),
        format_percent(ratio, format="#,##0.#%", locale=Language.EN.locale),
    )


def told(quantity: Quantity, currency: str) -> Text:
    """A number with its unit."""
    value = quantity.value
    match quantity.kind:
        case Kind.MONEY:
            return amount(value, currency)
        case Kind.RATIO:
            return share(value)
        case Kind.COUNT:
            return count(value)
        case Kind.DAYS:
            days = count(value)
            return Text(f"{days.fr} jours", f"{days.en} days")
        case Kind.HOURS:
            hours = count(value)
            return Text(f"{hours.fr} h par semaine", f"{hours.en} h a week")
        case Kind.MONTHLY:
            return pace_of(value)


def pace_of(monthly: float) -> Text:
    """`12 par mois`: the opportunities of a plan."""
    rate = count(monthly)
    return Text(f"{rate.fr} par mois", f"{rate.en} a month")


def provenance(quantity: Quantity) -> Text:
    """`mesuré (n = 48)`: where a number comes from."""
    word = _PROVENANCES[quantity.provenance]
    if quantity.count is None:
        return word
    return Text(f"{word.fr} (n = {quantity.count})", f"{word.en} (n = {quantity.count})")


def named(quantity: Quantity) -> Text:
    """What a number is: `taux de transformation`, `comptes (new)`."""
    return label_of(quantity.name)


def label_of(name: str) -> Text:
    """What a number of this name is; a member stands after a point."""
    whole, _, member = name.partition(".")
    label = NAMES.get(whole, Text(whole, whole))
    return Text(f"{label.fr} ({member})", f"{label.en} ({member})") if member else label


def written_money(minor: float) -> str:
    """Money as a plan writes it: `33 334`, cents only where there are some."""
    whole, cents = divmod(round(minor), 100)
    digits = f"{whole:,}".replace(",", " ")
    return f"{digits}.{cents:02}" if cents else digits


def written_number(value: float) -> str:
    """A number as a plan writes it: `12`, `12.5`."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def written_share(ratio: float) -> str:
    """A share as a plan writes it: `72 %`."""
    return f"{written_number(ratio * 100)} %"
