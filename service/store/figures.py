"""The sums behind the figures of KPIs: a constant number of statements, whatever is asked."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import case
from sqlalchemy.sql.expression import FromClause

from rules.calendar import Span
from rules.kpi import deal_queries, effort_queries, history_queries, queries
from rules.kpi.base import BaseKpi
from rules.kpi.deals import Proposals, SalesCycle, StageConversion
from rules.kpi.effort import (
    Activities,
    PotentialCaptured,
    PriorityTimeInHours,
    TierMoves,
    TimeShare,
)
from rules.kpi.making import Tally
from rules.kpi.moment import Moment
from rules.kpi.names import BY_DEAL, Cut
from rules.kpi.queries import Relations
from rules.records import ActivityKind, Kind
from rules.rulebook import Rulebook
from rules.terms import Sql
from rules.time import start_of
from service.store.account_values import Wanted, account_values
from service.store.bindings import load_slots
from service.store.engine import Transaction
from service.store.tables import (
    activity,
    history,
    link,
    opportunity,
    owner,
    stage,
    tag_history,
)

PRIOR = "prior"
HAS_ACCOUNT = "has_account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """Activities alike: of a rep and a kind, with the flags that hold; how many in each span."""

    rep: str
    kind: ActivityKind
    flags: frozenset[str]
    counts: Mapping[Span, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What the store tells: sums by (rep, cut, member), activities, and cycles by rep."""

    cells: Mapping[tuple[str, Cut, str], Tally] = field(default_factory=dict)
    logged: Sequence[Logged] = ()
    cycles: Mapping[str, Mapping[tuple[int, str], int]] = field(default_factory=dict)


def activity_flag(name: str) -> str:
    """The flag of the accounts that an activity's name speaks of."""
    return f"activity_{name}"


def group_flag(name: str) -> str:
    """The flag of the accounts of a group of time."""
    return f"group_{name}"


def sums_of(
    connection: Transaction,
    book: Rulebook,
    kpis: Sequence[BaseKpi],
    cuts: Iterable[Cut],
    moment: Moment,
) -> Sums:
    """The sums that some KPIs need, along some cuts; those of other cuts are left out."""
    return _Reading(connection, book, kpis, tuple(cuts), moment).read()


class _Reading:
    """One look at the store: a statement for each relation that the KPIs ask for."""

    def __init__(
        self,
        connection: Transaction,
        book: Rulebook,
        kpis: Sequence[BaseKpi],
        cuts: Sequence[Cut],
        moment: Moment,
    ) -> None:
        self._connection = connection
        self._book = book
        self._kpis = kpis
        self._cuts = cuts
        self._moment = moment
        self._slots = load_slots(connection)
        slots = self._slots.get(Kind.OPPORTUNITY, {})
        named = book.kpis.cuts.of_deals
        self._fields = {cut: slots[name] for cut, name in named.items() if name in slots}
        self._cells: defaultdict[tuple[str, Cut, str], Tally] = defaultdict(Tally)

    def read(self) -> Sums:
        """Run the statements."""
        of_deals = self._along(BY_DEAL)
        staged = [*of_deals, *self._along([Cut.STAGE])]
        self._collect(
            deal_queries.measured_deals(
                self._kpis, self._relations(), self._fields, staged, self._moment
            )
        )
        for kpi in self._kpis:
            if isinstance(kpi, Proposals):
                self._collect(
                    history_queries.proposed(
                        kpi, self._relations(), self._fields, of_deals, self._moment
                    )
                )
            elif isinstance(kpi, StageConversion):
                self._collect(history_queries.passed(kpi, self._relations(), self._moment))
            elif isinstance(kpi, TierMoves):
                self._collect(self._moves())
        potential = next(
            (k.potential for k in self._kpis if isinstance(k, PotentialCaptured)), None
        )
        self._collect(
            effort_queries.measured_accounts(
                self._kpis,
                self._relations(Wanted(segment=self._segment, potential=potential)),
                self._along([Cut.SEGMENT, Cut.TIER]),
                self._moment,
                self._book.segments.tier.contact_every,
            )
        )
        return Sums(cells=self._cells, logged=self._logged(), cycles=self._cycles())

    def _along(self, cuts: Iterable[Cut]) -> list[Cut]:
        """Those of some cuts that are asked for and can be made."""
        can = {Cut.TIER, Cut.STAGE, *self._fields}
        if self._book.kpis.cuts.segment is not None:
            can.add(Cut.SEGMENT)
        return [cut for cut in cuts if cut in self._cuts and cut in can]

    @property
    def _segment(self) -> str | None:
        """What makes the segments, where some KPI needs them."""
        by_name = any(getattr(kpi, "segments", None) for kpi in self._kpis)
        return self._book.kpis.cuts.segment if by_name or Cut.SEGMENT in self._cuts else None

    def _relations(self, wanted: Wanted | None = None) -> Relations:
        asked = Wanted(segment=self._segment) if wanted is None else wanted
        accounts: FromClause = account_values(self._book, self._slots, asked)
        return Relations(
            owner=owner, opportunity=opportunity, stage=stage, activity=activity, link=link,
            history=history, tag_history=tag_history, accounts=accounts,
        )  # fmt: skip

    def _collect(self, statement: Any) -> None:  # noqa: ANN401 - a select or a union
        if statement is None:
            return
        parameters = {"today": self._moment.as_of}
        rows = self._connection.execute(statement, parameters)
        names = list(rows.keys())[3:]
        # A sum that is left out is zero; the greatest of nothing is not.
        greatest = {name for name in names if name.endswith("_max")}
        for cut, member, rep, *values in rows:
            told = zip(names, values, strict=True)
            self._cells[rep, Cut(cut), member].add(
                {
                    name: float(value)
                    for name, value in told
                    if value or (name in greatest and value is not None)
                }
            )

    def _moves(self) -> Any:  # noqa: ANN401 - a select
        zone = self._book.team.zone
        starts = {
            span: start_of(period.first, zone) for span, period in self._moment.periods.items()
        }
        return history_queries.moved(
            self._relations(Wanted()), starts, start_of(self._moment.as_of + 1, zone)
        )

    def _logged(self) -> list[Logged]:
        flags = dict(self._conditions())
        prior = [k.tiers for k in self._kpis if isinstance(k, PriorityTimeInHours)]
        if not any(
            isinstance(kpi, Activities | TimeShare | PriorityTimeInHours) for kpi in self._kpis
        ):
            return []
        relations = self._relations(Wanted(flags=flags))
        columns: dict[str, Sql] = {name: relations.accounts.c[name] for name in flags}
        for tiers in prior:
            columns[PRIOR] = case((relations.accounts.c.tier.in_(tiers), 1), else_=0)
        statement = effort_queries.logged(relations, columns, self._moment)
        rows = self._connection.execute(statement, {"today": self._moment.as_of}).mappings()
        return [
            Logged(
                rep=row["rep_key"],
                kind=ActivityKind(row["kind"]),
                flags=frozenset(name for name in (HAS_ACCOUNT, *columns) if row[name]),
                counts={span: row[f"logged_{span}"] for span in self._moment.spans},
            )
            for row in rows
        ]

    def _conditions(self) -> Iterable[tuple[str, str]]:
        """The conditions over accounts, by the name of their flag."""
        for kpi in self._kpis:
            if isinstance(kpi, Activities):
                for name, each in kpi.names.items():
                    if each.when is not None:
                        yield activity_flag(name), each.when
            elif isinstance(kpi, TimeShare):
                for name, group in kpi.time.groups.items():
                    yield group_flag(name), group.when

    def _cycles(self) -> dict[str, dict[tuple[int, str], int]]:
        found: dict[str, dict[tuple[int, str], int]] = {}
        for kpi in self._kpis:
            if isinstance(kpi, SalesCycle):
                statement = queries.cycles(kpi.window, self._relations(), self._moment)
                for rep, days, event, count in self._connection.execute(statement):
                    found.setdefault(rep, {})[days, event] = count
        return found
