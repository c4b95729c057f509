"""What `rules backtest` prints."""

from collections.abc import Iterator
from typing import Any

from rules.backtest import Comparison, Hindsight, Outcome
from rules.language import Text, money, number, percent
from rules.time import date_of
from service.backtest import Backtest, Trial
from service.cli.edge import language, say
from service.cli.show.terminal import line, table

_NEW, _OLD = Text("nouvelles", "new"), Text("anciennes", "old")


def backtest(found: Backtest) -> None:
    """A table by tier, a row for each set of rules; what it proves; what to know of its figures."""
    since, until = date_of(found.on), date_of(found.until)
    title = Text(
        f"Niveaux au {since}, et ce qui a suivi jusqu'au {until}",
        f"Tiers on {since}, and what followed until {until}",
    )
    columns = (
        Text("Niveau", "Tier"), Text("Règles", "Rules"), Text("Comptes", "Accounts"),
        Text("Ouvertes", "Opened"), Text("Gagnées", "Won"), Text("Perdues", "Lost"),
        Text("Taux de gain", "Win rate"), Text("Intervalle à 95 %", "95% interval"),
        Text("Gagné", "Amount won"), Text("Par compte", "Per account"),
    )  # fmt: skip
    table(title, columns, _rows(found))
    for trial, which in _sets(found):
        for each in trial.comparisons:
            line(
                Text(
                    f"Règles {which.fr} – {each.text.fr}",
                    f"{which.en.capitalize()} rules – {each.text.en}",
                )
            )
    for each in found.changes:
        line(each.text)
    for hindsight in _hindsights(found):
        line(hindsight.text)
    for note in found.notes:
        line(note)


def plain(found: Backtest) -> dict[str, Any]:
    """The same as plain data; amounts in minor units, rates from 0 to 1."""
    return {
        "on": date_of(found.on).isoformat(),
        "until": date_of(found.until).isoformat(),
        "currency": found.currency,
        "new": _trial(found.new),
        "old": _trial(found.old) if found.old else None,
        "changes": [_comparison(each) for each in found.changes],
        "notes": found.notes,
    }


def _sets(found: Backtest) -> list[tuple[Trial, Text]]:
    return [(found.new, _NEW), *([(found.old, _OLD)] if found.old else [])]


def _rows(found: Backtest) -> Iterator[list[object]]:
    """The tiers of the new rules, then those that only the old ones have."""
    sets = [(which, {each.tier: each for each in trial.outcomes}) for trial, which in _sets(found)]
    for tier in dict.fromkeys(tier for _, outcomes in sets for tier in outcomes):
        for which, outcomes in sets:
            if tier in outcomes:
                yield [say(outcomes[tier].label), say(which), *_figures(outcomes[tier], found)]


def _figures(outcome: Outcome, found: Backtest) -> list[object]:
    spoken = language()
    rate, per_account = outcome.win_rate, outcome.won_per_account
    low, high = (percent(each, spoken) for each in outcome.interval)
    dash = "–"
    won = money(outcome.won_amount, found.currency, spoken)
    unknown = outcome.unknown_amounts
    if unknown:
        told = number(unknown, spoken, digits=0)
        won = f"{won} {say(Text(f'(+ {told} sans montant)', f'(+ {told} without amount)'))}"
    return [
        *(
            number(count, spoken, digits=0)
            for count in (outcome.accounts, outcome.opened, outcome.won, outcome.lost)
        ),
        dash if rate is None else percent(rate, spoken),
        dash if rate is None else f"{low} – {high}",
        won,
        # Cents of an average say nothing.
        dash if per_account is None else money(round(per_account, -2), found.currency, spoken),
    ]


def _hindsights(found: Backtest) -> list[Hindsight]:
    """Each fact once, though both sets of rules read it."""
    told = {each.text: each for trial, _ in _sets(found) for each in trial.hindsight}
    return list(told.values())


def _trial(trial: Trial) -> dict[str, Any]:
    published = trial.published_on
    return {
        "hash": trial.hash,
        "published_on": None if published is None else date_of(published).isoformat(),
        "tiers": [_outcome(each) for each in trial.outcomes],
        "comparisons": [_comparison(each) for each in trial.comparisons],
        "hindsight": [
            {
                "fact": each.fact,
                "since": None if each.since_on is None else date_of(each.since_on).isoformat(),
                "accounts": each.accounts,
                "text": each.text,
            }
            for each in trial.hindsight
        ],
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "tier": outcome.tier,
        "label": outcome.label,
        "accounts": outcome.accounts,
        "opened": outcome.opened,
        "won": outcome.won,
        "lost": outcome.lost,
        "win_rate": outcome.win_rate,
        "interval": outcome.interval if outcome.closed else None,
        "won_amount": outcome.won_amount,
        "won_without_amount": outcome.unknown_amounts,
        "won_per_account": outcome.won_per_account,
    }


def _comparison(comparison: Comparison) -> dict[str, Any]:
    return {"finding": comparison.finding, "text": comparison.text}
