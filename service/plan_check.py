"""Check the plans of a playbook: what contradicts itself in them, on declared and measured rates.

1. The playbook is one on disk, checked by `service.check`; nothing has to be published.
2. What the store has measured of each rep is read, where there is a store.
3. The plans are checked (`rules.plan_check.check`), and each finding is given its place in a file.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from rules.calendar import Span
from rules.chance.intervals import Z_95, wilson
from rules.kpi.intervals import cycle_at
from rules.kpi.kpis import Cut
from rules.kpi.moment import Moment
from rules.located import Document, Issue
from rules.plan.terms import TEAM
from rules.plan_check.check import Findings, check_plans
from rules.plan_check.terms import Measured, Sample
from rules.plan_check.values import NEW, Finding
from rules.rulebook import PLANS, Rulebook
from rules.time import Day, Instant, day_of
from rules.yaml_text import read
from service.store import figures, plan_rates, schema
from service.store.engine import Store, open_store
from service.store.plan_rates import Rates, Transaction

EXISTING = "existing"
"""The source whose accounts have bought already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A finding and where it stands in the files of the playbook (1-based)."""

    finding: Finding
    issue: Issue


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedPlans:
    """What was found in a playbook; `has_history` tells whether anything was measured.

    `unknown` are the numbers that nobody tells, by owner and period of a plan.
    """

    contradictions: Sequence[Placed]
    warnings: Sequence[Placed]
    unknown: Mapping[tuple[str, int], Sequence[str]]
    book: Rulebook
    has_history: bool

    @property
    def standing(self) -> int:
        """How many contradictions nobody accepts."""
        return sum(each.finding.accepted is None for each in self.contradictions)


def of_book(
    book: Rulebook, now: Instant, *, store: Store | None, owner: str | None = None
) -> CheckedPlans:
    """Check the plans of a playbook, or those of one owner: a key of `team.yaml`, or `team`."""
    today = day_of(now, book.team.zone)
    measured = {} if store is None else measure(store, book, today)
    found = check_plans(book, measured=measured, as_of=today, owner=owner)
    return _placed(book, found, has_history=bool(measured))


def store_if_there(url: str) -> Store | None:
    """The store at a URL, where there is one: a check never makes one.

    Raises `StoreError` for a store that can't be opened, or that another version made.
    """
    if not plan_rates.is_there(url):
        return None
    store = open_store(url)
    try:
        if schema.revision(store) is None:
            store.close()
            return None
        schema.check(store)
    except BaseException:
        store.close()
        raise
    return store


def measure(store: Store, book: Rulebook, as_of: Day) -> Mapping[str, Measured]:
    """What the store knows of each rep of the team, and of the team as a whole."""
    with store.read() as connection:
        found = plan_rates.by_rep(connection, as_of)
        lengths = _lengths(connection, book, as_of)
    team = Rates()
    for key, rates in found.items():
        if key in book.team.reps:
            team.add(rates)
    every = {**found, TEAM: team} if found else {}
    return {key: measured_of(rates, lengths.get(key)) for key, rates in every.items()}


Lengths = Mapping[tuple[int, str], int]
"""How many opportunities ended how (`won`, `lost`, `open`: not yet) after how many days."""


def _lengths(connection: Transaction, book: Rulebook, as_of: Day) -> Mapping[str, Lengths]:
    """Those of each rep and of the team that the KPI `sales_cycle` counts; none without it."""
    kpi = book.kpis.sales_cycle
    if kpi is None:
        return {}
    moment = Moment(as_of=as_of, spans=(Span.YEAR,), fiscal_start=book.team.fiscal_year)
    cycles = figures.sums_of(connection, book, [kpi], (Cut.WHOLE,), moment).cycles
    team: Counter[tuple[int, str]] = Counter()
    for key, events in cycles.items():
        if key in book.team.reps:
            team.update(events)
    return {**cycles, TEAM: team}


def measured_of(rates: Rates, lengths: Lengths | None = None) -> Measured:
    """Counts and sums as numbers with their 95 % intervals.

    `lengths` are those of the KPI `sales_cycle`; without that KPI the won deals alone tell.
    """
    closed = rates.won + rates.lost
    conversion = None
    if closed:
        low, high = wilson(rates.won, closed)
        conversion = Sample(value=rates.won / closed, count=closed, low=low, high=high)
    accounts = {}
    if rates.accounts:
        accounts = {EXISTING: rates.customers, NEW: rates.accounts - rates.customers}
    return Measured(
        conversion=conversion, deal=_deal(rates), cycle=_cycle(lengths or {
            (days, "won"): count for days, count in rates.days.items()
        }), accounts=accounts,
        tiers=dict(rates.tiers),
    )  # fmt: skip


def _deal(rates: Rates) -> Sample | None:
    """The mean amount of the won deals, with the interval of a mean: mean ± z · s / √n."""
    count = rates.priced
    if count < 2:  # noqa: PLR2004 - of a single one, nobody knows how much they vary
        return None
    mean = rates.amount / count
    variance = max(0.0, rates.squares - count * mean * mean) / (count - 1)
    reach = Z_95 * sqrt(variance / count)
    if mean <= 0:
        return None
    return Sample(value=mean, count=count, low=max(0.0, mean - reach), high=mean + reach)


def _cycle(lengths: Lengths) -> Sample | None:
    """The median of `sales_cycle`, with the interval of a median: a half ± z / 2√n of the wins."""
    known = {key: count for key, count in lengths.items() if key[1] != "unknown"}
    won = sum(count for (_, event), count in known.items() if event == "won")
    if not won:
        return None
    reach = Z_95 / (2 * sqrt(won))
    low, median, high = (cycle_at(known, 0.5 + each) for each in (-reach, 0.0, reach))
    if not median:
        return None
    return Sample(value=median, count=won, low=low, high=high)


def _placed(book: Rulebook, found: Findings, *, has_history: bool) -> CheckedPlans:
    documents = {
        name: read(name, text)
        for name, text in book.source.items()
        if name.startswith(PLANS) or name == "segments.yaml"
    }
    return CheckedPlans(
        contradictions=[_place(each, documents) for each in found.contradictions],
        warnings=[_place(each, documents) for each in found.warnings],
        unknown=found.unknown, book=book, has_history=has_history,
    )  # fmt: skip


def _place(finding: Finding, documents: Mapping[str, Document]) -> Placed:
    document = documents["segments.yaml"]
    if finding.period is not None:
        document = next(
            (each for each in documents.values() if _is_of(each, finding)), document
        )  # fmt: skip
    return Placed(finding=finding, issue=document.issue(finding.path, finding.text, at_key=True))


def _is_of(document: Document, finding: Finding) -> bool:
    """Whether a file is the plan of a finding; of no owner, any plan of its year."""
    data = document.data
    if not isinstance(data, dict) or str(data.get("period")) != str(finding.period):
        return False
    return finding.owner is None or data.get("owner") == finding.owner
