"""Backtest: what followed for the tiers that rules would have given on a past day.

The playbook on disk and the rules in force on that day are run over the facts as they were known
then (`store.past`), by the same compiled SELECT that tags; then the opportunities opened, won and
lost since are counted by tier. Nothing is written, and no CRM is called. Decisions of people,
delays and holds of that time don't count: rules alone, with the caps of tiers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from connectors.base import Binding
from rules.backtest import (
    Comparison,
    Hindsight,
    Outcome,
    adjacent,
    in_hindsight,
    same_tiers,
)
from rules.language import Text
from rules.located import PlaybookError
from rules.records import FieldType, Kind
from rules.rulebook import Rulebook, compile_rulebook
from rules.time import Day, date_of, day_of
from service import backtest_notes
from service.app import App, read_playbook
from service.store import backtests, connections, followed, past, rulebooks
from service.store.backtests import TierCounts
from service.store.bindings import load_bindings
from service.store.engine import MistakenError, Transaction
from service.store.facts import fact_slots, facts_relation
from service.store.followed import Followed
from service.store.hindsight import Hindsights
from service.store.past import Moment

HORIZON = 180
"""How many days are looked at after the day, where nothing else is said."""


class BacktestError(MistakenError):
    """A day or a horizon of which nothing can be said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A set of rules, and what followed for each of its tiers, from the best.

    `published_on` is None for the playbook on disk.
    """

    hash: str
    published_on: Day | None
    outcomes: Sequence[Outcome]
    comparisons: Sequence[Comparison]
    hindsight: Sequence[Hindsight]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """The rules on disk (`new`) and those of the day (`old`), side by side.

    The window is from the day after `on` to `until`. `old` is None where there is nothing else to
    compare with; `notes` say why, and what else must be known to read the figures.
    """

    on: Day
    until: Day
    currency: str
    new: Trial
    old: Trial | None
    changes: Sequence[Comparison]
    notes: Sequence[Text]


def run(app: App, folder: Path | None, *, on: Day | None, horizon: int = HORIZON) -> Backtest:
    """Backtest the playbook in `folder`, else the one of the settings, as of a day.

    Raises `BacktestError` for a day or a horizon that tells nothing, `PlaybookError` with all that
    is wrong with the playbook on disk.
    """
    book = compile_rulebook(read_playbook(folder or app.settings.playbook))
    today = day_of(app.clock(), book.team.zone)
    day = today - horizon if on is None else on
    _check_days(day, horizon, today)
    moment = Moment.of(day, book.team.zone)
    until = min(day + horizon, today)
    notes = [] if until == day + horizon else [backtest_notes.truncated(until, day + horizon)]
    with app.store.read() as connection:
        past.prepare(connection)
        _check_history(connection, book, moment)
        new = _test(connection, book, None, moment, until)
        old = _old(connection, book, moment, until, notes)
    return Backtest(
        on=day,
        until=until,
        currency=book.team.currency,
        new=new,
        old=old,
        changes=same_tiers(new.outcomes, old.outcomes) if old else (),
        notes=[
            *notes,
            *backtest_notes.nothing_compared(new.outcomes, day, until),
            *backtest_notes.LIMITS,
        ],
    )


def _check_days(day: Day, horizon: int, today: Day) -> None:
    if horizon < 1:
        raise BacktestError(
            Text(
                "--horizon : il faut au moins un jour après la date pour voir ce qui a suivi. "
                "Écrivez par exemple --horizon 180d.",
                "--horizon: at least one day after the date is needed to see what followed. Write "
                "for example --horizon 180d.",
            )
        )
    if day >= today:
        raise BacktestError(
            Text(
                f"--on : le {date_of(day)} n'est pas passé, rien n'a encore suivi. Choisissez un "
                f"jour avant le {date_of(today)}.",
                f"--on: {date_of(day)} is not past, nothing has followed yet. Choose a day before "
                f"{date_of(today)}.",
            )
        )


def _check_history(connection: Transaction, book: Rulebook, moment: Moment) -> None:
    first = past.first_instant(connection)
    if first is None:
        raise BacktestError(
            Text(
                "Rien n'a été lu d'un CRM, et il n'y a pas d'historique. Lancez « arpent pull ».",
                "Nothing was read from a CRM, and there is no history. Run `arpent pull`.",
            )
        )
    if first > moment.instant:
        start = date_of(day_of(first, book.team.zone))
        raise BacktestError(
            Text(
                f"--on : l'historique commence le {start}, rien n'est connu du "
                f"{date_of(moment.day)}. Choisissez un jour à partir du {start}.",
                f"--on: the history starts on {start}, nothing is known of {date_of(moment.day)}. "
                f"Choose a day from {start} on.",
            )
        )


def _old(
    connection: Transaction, book: Rulebook, moment: Moment, until: Day, notes: list[Text]
) -> Trial | None:
    """The rules in force at the moment, else those in force now; adds what must be known to notes.

    None where there are none, or where they mean the same as the playbook on disk.
    """
    known = {each.id: each for each in rulebooks.history(connection)}
    if not known:
        notes.append(backtest_notes.NEVER_PUBLISHED)
        return None
    found = backtests.in_force(connection, moment)
    if found is None:
        notes.append(backtest_notes.none_in_force(moment.day))
    publication = known[max(known) if found is None else found]
    if publication.hash == book.hash:
        notes.append(backtest_notes.SAME_RULES)
        return None
    try:
        old = rulebooks.compiled(connection, publication.id)
    except PlaybookError:
        notes.append(backtest_notes.refused(publication.id))
        return None
    day = day_of(publication.published_at, book.team.zone)
    return _test(connection, old, day, moment, until)


def _test(
    connection: Transaction, book: Rulebook, published_on: Day | None, moment: Moment, until: Day
) -> Trial:
    """Run the rules over the past facts, and count what followed."""
    tagging = book.tagging
    fields = _followed(connection, book)
    sources = past.sources(moment, fields)
    slots = fact_slots(
        {
            kind: {each.name: each.column for each in fields if each.kind is kind}
            for kind in (Kind.ACCOUNT, Kind.OPPORTUNITY)
        }
    )
    relation = facts_relation(tagging.facts, slots, sources=sources, measures=tagging.measures)
    tags = tagging.select(past.with_reps(relation, sources))
    outcomes = _outcomes(book, backtests.by_tier(connection, tags, sources, moment, until))
    hindsights = Hindsights(
        moment=moment, sources=sources, followed=fields, measures=tagging.measures
    )
    return Trial(
        hash=book.hash,
        published_on=published_on,
        outcomes=outcomes,
        comparisons=adjacent(outcomes),
        hindsight=_told(connection, book, hindsights),
    )


def _outcomes(book: Rulebook, counts: Iterable[TierCounts]) -> list[Outcome]:
    """What followed by tier, from the best; accounts without one come last, where there are any."""
    found = {each.tier: each for each in counts}
    outcomes = [
        _outcome(label, found[tier]) if tier in found else Outcome(tier=tier, label=label)
        for tier, label in book.segments.tier.choices.items()
    ]
    return [*outcomes, _outcome(_NO_TIER, found[None])] if None in found else outcomes


def _outcome(label: Text, found: TierCounts) -> Outcome:
    return Outcome(
        tier=found.tier, label=label, accounts=found.accounts, opened=found.opened,
        won=found.won, lost=found.lost, won_amount=found.won_amount,
        unknown_amounts=found.unknown_amounts,
    )  # fmt: skip


def _told(connection: Transaction, book: Rulebook, hindsights: Hindsights) -> list[Hindsight]:
    """What is hindsight, in words."""
    zone, names = book.team.zone, book.tagging.names
    told = []
    for each in hindsights.found(connection, book.tagging.facts):
        # The first whole day that is known is the one on which the history starts.
        since = None if each.since_at is None else day_of(each.since_at, zone)
        day = "" if since is None else date_of(since).isoformat()
        told.append(in_hindsight(each.fact, names[each.fact].label, since, each.accounts, day))
    return told


def _followed(connection: Transaction, book: Rulebook) -> list[Followed]:
    """The bound fields that the rules read; one bound otherwise than it was read is unknown."""
    stored = {(each.kind, each.name): each for each in followed.load(connection)}
    bound = rulebooks.bindings_of(book)
    agreeing: set[tuple[Kind, str]] = set()
    differing: set[tuple[Kind, str]] = set()
    for crm in connections.find_all(connection):
        read = {_key(each): each for each in load_bindings(connection, crm.vendor)}
        for each in bound.get(crm.vendor, ()):
            is_same = _key(each) in read and _is_same(each, read[_key(each)])
            (agreeing if is_same else differing).add(_key(each))
    wanted = [
        (kind, name, types[name].type)
        for kind, types in (
            (Kind.ACCOUNT, book.fields.account),
            (Kind.OPPORTUNITY, book.fields.opportunity),
        )
        for name in types
        if _is_read(book, kind, name)
    ]
    return [
        stored[kind, name]
        if (kind, name) in agreeing - differing and (kind, name) in stored
        else Followed(kind=kind, name=name, type=FieldType(type_))
        for kind, name, type_ in wanted
    ]


def _is_read(book: Rulebook, kind: Kind, name: str) -> bool:
    if kind is Kind.ACCOUNT:
        return name in book.tagging.facts
    return any(name in each.reads for each in book.tagging.measures.values())


def _key(binding: Binding) -> tuple[Kind, str]:
    return binding.kind, binding.name


def _is_same(one: Binding, other: Binding) -> bool:
    """Whether what was read for one binding is what the other one means."""
    return (one.crm_field, one.type, one.values) == (other.crm_field, other.type, other.values)


_NO_TIER = Text("Sans niveau", "No tier")
