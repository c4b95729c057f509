"""What `arpent forecast` prints."""

from collections.abc import Iterator, Sequence

from rules.forecast.forecasts import HOW, Bucket, Forecast, Pace, chance, paced, told
from rules.language import Language, Text, counted, money, number, percent, shown
from service.cli.edge import say
from service.cli.show.kpi_figures import period_of
from service.cli.show.terminal import line, table

__all__ = ["HOW", "calibrated", "forecast"]

_INDENT = "  "


def forecast(found: Forecast, name: Text, fiscal_start: int) -> None:
    """A forecast in a few lines, what adds most below; `fiscal_start` as in `period_of`."""
    for text in _lines(found, name, fiscal_start):
        line(text)
    if found.adds:
        table(
            Text("Ce qui ajoute le plus", "What adds most"),
            [Text("Opportunité", "Opportunity"), Text("Montant", "Amount"),
             Text("Chance d'ici la fin", "Chance by the end"),
             Text("Gagnée, elle ajoute", "Won, it adds")],
            [
                (shown(each.name) or str(each.id), say(_both(each.amount, found)),
                 say(_chance(each.probability)), say(_points(each.gain)))
                for each in found.adds
            ],
        )  # fmt: skip


def _lines(found: Forecast, name: Text, fiscal_start: int) -> Iterator[Text]:
    period = Text(
        *(period_of(found.span, found.period.key, each, fiscal_start) for each in Language)
    )
    yield Text(f"{shown(name.fr)} · {period.fr}", f"{shown(name.en)} · {period.en}")
    told_fr, told_en = (
        told(found.probability, found.p10, found.p90, found.currency, each) for each in Language
    )
    if found.doubt is not None:
        told_fr, told_en = (
            f"{doubt} – {said}" for doubt, said in zip(found.doubt, (told_fr, told_en), strict=True)
        )
    target, won, middle, open_mean = (
        _both(each, found) for each in (found.target, found.won, found.p50, found.open_mean)
    )
    yield Text(
        f"{_INDENT}Objectif {target.fr} : {told_fr}", f"{_INDENT}Target {target.en}: {told_en}"
    )
    deals = counted(
        found.open_count, Text("opportunité ouverte", "open opportunity"),
        Text("opportunités ouvertes", "open opportunities"),
    )  # fmt: skip
    yield Text(
        f"{_INDENT}Médiane {middle.fr} ; gagné {won.fr} ; {deals.fr}, {open_mean.fr} en moyenne",
        f"{_INDENT}Median {middle.en}; won {won.en}; {deals.en}, {open_mean.en} on average",
    )
    yield from _left_out(found)
    for pace, label in (
        (found.measured, Text("Au rythme des 13 dernières semaines", "At the last 13 weeks' pace")),
        (found.planned, Text("Au rythme du plan", "At the plan's pace")),
    ):
        if pace is not None:
            yield _paced(pace, label)
    fr, en = (paced(found.needed, each) for each in Language)
    if fr and en:
        yield Text(f"{_INDENT}Il faut {fr}", f"{_INDENT}It takes {en}")


def _left_out(found: Forecast) -> Iterator[Text]:
    if found.later or found.unknown:
        yield Text(
            f"{_INDENT}Ne comptent pas : {found.later} dues après la période, {found.unknown} sans "
            "montant",
            f"{_INDENT}Not counted: {found.later} due after the period, {found.unknown} without "
            "an amount",
        )


def _paced(pace: Pace, label: Text) -> Text:
    often, wins = (
        Text(*(number(value, each) for each in Language)) for value in (pace.per_month, pace.wins)
    )
    said = _chance(pace.probability or 0.0)
    return Text(
        f"{_INDENT}{label.fr} : {often.fr} opportunités par mois, {wins.fr} ventes à venir, "
        f"probabilité {said.fr}",
        f"{_INDENT}{label.en}: {often.en} opportunities a month, {wins.en} sales to come, "
        f"probability {said.en}",
    )


def _both(minor: int, found: Forecast) -> Text:
    return Text(*(money(round(minor / 100) * 100, found.currency, each) for each in Language))


def _chance(probability: float) -> Text:
    return Text(*(chance(probability, each) for each in Language))


def _points(gain: float) -> Text:
    fr, en = (number(gain * 100, each) for each in Language)
    return Text(f"+ {fr} points", f"+ {en} points")


def calibrated(buckets: Sequence[Bucket]) -> None:
    """What was said beside what happened, by fifths."""
    if not buckets:
        line(
            Text(
                "Rien à comparer encore : un trimestre ou une année doit être finie depuis une "
                "semaine. Ce qui est dit est gardé chaque semaine.",
                "Nothing to compare yet: a quarter or a year must have been over for a week. What "
                "is said is kept each week.",
            )
        )
        return
    table(
        Text("Ce qui était dit, et ce qui est arrivé", "What was said, and what happened"),
        [Text("Dit entre", "Said between"), Text("En moyenne", "On average"),
         Text("Arrivé", "Happened"), Text("Prévisions", "Forecasts")],
        [
            (say(_between(each)), say(_percent(each.said)), say(_percent(each.happened)),
             each.forecasts)
            for each in buckets
        ],
    )  # fmt: skip


def _between(bucket: Bucket) -> Text:
    low, high = _percent(bucket.low), _percent(bucket.high)
    return Text(f"{low.fr} et {high.fr}", f"{low.en} and {high.en}")


def _percent(share: float) -> Text:
    return Text(*(percent(share, each) for each in Language))
