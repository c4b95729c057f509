"""Keep what was said each week, from the first, and hold it against what happened.

Once a week, beside the frozen figures and as of the same Sunday: the year and the quarter of
everybody who has a plan. A week that was missed is not made up: what was likely then can't be told
from the records of today. A period that is over gets its outcome a week later, so that what people
enter late counts.
"""

from collections.abc import Mapping, Sequence

from rules.calendar import DAYS_PER_WEEK, Span, period_of, week_of
from rules.forecast.forecasts import Bucket, calibration, told
from rules.kpi.figures import TEAM
from rules.language import Language, Text
from rules.rulebook import Rulebook
from rules.time import Instant, day_of
from service.forecast import forecasts_in
from service.store import forecast_inputs, forecasts, ledger
from service.store.engine import Store, Transaction
from service.store.forecasts import KeptForecast

JOB = "forecast"
SPANS = (Span.YEAR, Span.QUARTER)


def record(store: Store, book: Rulebook, *, now: Instant, run_id: int) -> int:
    """Keep the forecasts of the week before that of `now`, once; returns how many."""
    today = day_of(now, book.team.zone)
    sunday = week_of(today).first - 1
    week = week_of(sunday).key
    with store.read() as connection:
        if ledger.is_done(connection, JOB, scope=ledger.WORKSPACE, period=week):
            return 0
        # Long at scale, and only read: no transaction that writes is open meanwhile.
        found = forecasts_in(connection, book, as_of=sunday, spans=SPANS, with_ranks=False)
        outcomes = _outcomes(connection, book, sunday - DAYS_PER_WEEK + 1)
    with store.write() as connection:
        if not ledger.enter(
            connection, JOB, scope=ledger.WORKSPACE, period=week, run_id=run_id, now=now
        ):
            return 0
        for period, won in outcomes.items():
            forecasts.settle(connection, period, won)
        return forecasts.keep(connection, week, found, now)


def recorded(store: Store, week: str, span: Span = Span.YEAR) -> Mapping[str, KeptForecast]:
    """Subject → what was said in a week (`2026-W26`) of the year, or of the quarter."""
    with store.read() as connection:
        found = forecasts.listed(connection, week=week)
    return {each.subject: each for each in found if each.span is span}


def sentence(kept: KeptForecast, currency: str) -> Text | None:
    """`probabilité 62 % (P10–P90 …)` of a forecast; None where it is not conclusive."""
    if not kept.is_conclusive:
        return None
    fr, en = (
        told(kept.probability, kept.p10, kept.p90, currency, language) for language in Language
    )
    return Text(fr, en)


def calibrated(store: Store, subject: str | None = None) -> Sequence[Bucket]:
    """Of the conclusive forecasts whose period is over: what was said, and how often it came."""
    with store.read() as connection:
        found = forecasts.listed(connection, subject=subject)
    pairs = [
        (each.probability, reached)
        for each in found
        if each.is_conclusive and (reached := each.is_reached) is not None
    ]
    return calibration(pairs)


def _outcomes(
    connection: Transaction, book: Rulebook, before: int
) -> Mapping[str, Mapping[str, int]]:
    """Period → subject → what it has brought, of those that ended before a day."""
    found: dict[str, Mapping[str, int]] = {}
    for span, key, last in forecasts.unsettled(connection, before):
        period = period_of(span, last, book.team.fiscal_year)
        if period.key != key:
            # The fiscal year begins in another month since: nobody knows these days any more.
            continue
        won = forecast_inputs.won_in(connection, period, last)
        totals = {rep: each.total for rep, each in won.items() if rep in book.team.reps}
        found[key] = totals | {TEAM: sum(totals.values())}
    return found
