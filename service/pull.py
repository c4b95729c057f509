"""Pull: bring the mirror up to date with one CRM, some pages at a time.

Pages are fetched while no transaction is open; those of about a second are then written as one
and committed with their last cursor. Whatever happens next, the pull resumes after them. Streams
know nothing of each other and may be read in any order: what refers to a record not yet seen
joins it when it comes.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace

from connectors.base import Binding, Connector, ConnectorError, Page
from rules.owned import Owned
from rules.records import Account, Kind
from rules.time import Instant
from service.store import bindings, cursors, mirror, reps, revalue, sweep
from service.store.context import MirrorContext, load_context
from service.store.engine import Store, Transaction

# Parents first spares a second marking of accounts; nothing depends on it.
ORDER = (
    Kind.OWNER,
    Kind.STAGE,
    Kind.ACCOUNT,
    Kind.CONTACT,
    Kind.OPPORTUNITY,
    Kind.ACTIVITY,
)

# Pages wait to be written together until they hold this many records, or so many milliseconds.
_MOST_RECORDS = 1_000
_LONGEST_WAIT = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamReport:
    """What a stream brought: `received` = written + unchanged + older + rejected.

    `is_full`: it was read from its beginning. `archived` records are gone from the CRM; `held`
    ones look gone, but too many at once to believe it.
    """

    kind: Kind
    is_full: bool
    pages: int = 0
    written: int = 0
    unchanged: int = 0
    older: int = 0
    rejected: int = 0
    quarantined: int = 0
    archived: int = 0
    held: int = 0
    dirtied: int = 0

    @property
    def received(self) -> int:
        """How many records came in."""
        return self.written + self.unchanged + self.older + self.rejected

    def plus(self, pages: int, counts: mirror.PageCounts) -> "StreamReport":
        """This report with some more pages."""
        return replace(
            self,
            pages=self.pages + pages,
            written=self.written + counts.written,
            unchanged=self.unchanged + counts.unchanged,
            older=self.older + counts.older,
            rejected=self.rejected + counts.rejected,
            quarantined=self.quarantined + counts.quarantined,
            archived=self.archived + counts.archived,
            dirtied=self.dirtied + counts.dirtied,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PullReport:
    """What a pull brought, by stream, and how many requests it took."""

    streams: Sequence[StreamReport]
    calls: int

    @property
    def received(self) -> int:
        """How many records came in."""
        return sum(stream.received for stream in self.streams)

    @property
    def counts(self) -> dict[str, int]:
        """The counts of a run: `account.received`, `account.written` …, `calls`; zeros left out."""
        names = ("received", *[each.name for each in fields(StreamReport)])
        counts = {
            f"{stream.kind.value}.{name}": getattr(stream, name)
            for stream in self.streams
            for name in names
            if name not in {"kind", "is_full"}
        }
        return {name: count for name, count in counts.items() if count} | {"calls": self.calls}


def _silent(_: StreamReport) -> None:
    """Tell nobody."""


def run(
    store: Store,
    connector: Connector,
    *,
    connection_id: int,
    run_id: int | None,
    now: Callable[[], Instant],
    kinds: Sequence[Kind] = ORDER,
    full: bool = False,
    own_fields: Sequence[str] = tuple(Owned),
    progress: Callable[[StreamReport], None] = _silent,
) -> PullReport:
    """Pull the streams of a CRM. `progress` hears of each stream after each of its writes.

    `full` reads the streams from their beginning, and takes what is absent for gone. Raises what
    the connector raises, and `StoreError`; all pages until then are kept.
    """
    calls = connector.calls
    with store.write() as connection:
        context = load_context(
            connection, connection_id, run_id=run_id, now=now(), own_fields=own_fields
        )
        reps.match_owners(connection, context.reps, connection_id)
        revalue.fill_unknown(connection, context)
    streams = [
        _stream(store, connector, context, kind, now=now, full=full, progress=progress)
        for kind in ORDER
        if kind in kinds
    ]
    return PullReport(streams=streams, calls=connector.calls - calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """Where a stream starts: `is_full` at its beginning, `is_loading` within a full load."""

    cursor: str | None
    is_full: bool
    is_loading: bool
    bindings: Sequence[Binding]


def _stream(
    store: Store,
    connector: Connector,
    context: MirrorContext,
    kind: Kind,
    *,
    now: Callable[[], Instant],
    full: bool,
    progress: Callable[[StreamReport], None],
) -> StreamReport:
    vendor = connector.vendor
    with store.read() as connection:
        start = _start(connection, vendor, context, kind, full=full)
    report, seen = StreamReport(kind=kind, is_full=start.is_full), sweep.Seen()
    pages = connector.pull(kind, start.cursor, start.bindings, context.own_fields)
    for gathered in _gathered(pages, now):
        at, page = replace(context, now=now()), _joined(gathered)
        with store.write() as connection:
            is_complete = page.is_last or not start.is_loading
            counts = mirror.write_page(connection, at, page, is_complete=is_complete)
            seen.add(counts.seen)
            report = report.plus(len(gathered), counts)
            if page.is_last:
                report = _finish(connection, vendor, at, start, seen=seen, report=report)
        progress(report)
    return report


def _gathered(pages: Iterable[Page], now: Callable[[], Instant]) -> Iterator[list[Page]]:
    """The pages of a stream, by those that are written together; ends after the last one.

    No record is in two pages of a list, so that each keeps the order in which it came and went.
    When the CRM fails, the pages until then are given before the failure is raised.
    """
    waiting: list[Page] = []
    names: set[str] = set()
    since = now()
    try:
        for page in pages:
            its_names = _names(page)
            if waiting and not names.isdisjoint(its_names):
                yield waiting
                waiting, names, since = [], set(), now()
            waiting.append(page)
            names |= its_names
            if page.is_last:
                break
            if len(names) >= _MOST_RECORDS or now() - since >= _LONGEST_WAIT:
                yield waiting
                waiting, names, since = [], set(), now()
    except ConnectorError:
        if waiting:
            yield waiting
        raise
    if waiting:
        yield waiting


def _names(page: Page) -> set[str]:
    """The external ids of the records that a page shows, or says to be gone or merged."""
    names = {record.external_id for record in page.records}
    names.update(page.gone)
    if page.kind is Kind.ACCOUNT:
        for record in page.records:
            if isinstance(record, Account) and record.merged_ids:
                names.update(record.merged_ids)
    return names


def _joined(pages: Sequence[Page]) -> Page:
    """Several pages as one that ends where the last of them does."""
    last = pages[-1]
    if len(pages) == 1:
        return last
    return replace(
        last,
        records=[record for page in pages for record in page.records],
        links=[link for page in pages for link in page.links],
        gone=[external_id for page in pages for external_id in page.gone],
        quarantined=[each for page in pages for each in page.quarantined],
    )


def _start(
    connection: Transaction, vendor: str, context: MirrorContext, kind: Kind, *, full: bool
) -> _Start:
    """A stream resumes where it was, unless a bound field was never read: then it starts over."""
    saved = cursors.load(connection, context.connection_id, kind)
    bound = [each for each in bindings.load_bindings(connection, vendor) if each.kind is kind]
    waits = any(each.kind is kind for each in bindings.waiting(connection, vendor))
    if full or saved is None or (saved.is_complete and waits):
        return _Start(cursor=None, is_full=True, is_loading=True, bindings=bound)
    return _Start(
        cursor=saved.value, is_full=False, is_loading=not saved.is_complete, bindings=bound
    )


def _finish(
    connection: Transaction,
    vendor: str,
    context: MirrorContext,
    start: _Start,
    *,
    seen: sweep.Seen,
    report: StreamReport,
) -> StreamReport:
    """Close a full load, in the transaction of its last page."""
    if start.is_loading:
        bindings.mark_backfilled(connection, vendor, start.bindings)
    if not start.is_full:
        return report
    swept = sweep.archive_absent(connection, context, report.kind, seen)
    return replace(
        report,
        archived=report.archived + swept.archived,
        held=swept.held,
        dirtied=report.dirtied + swept.dirtied,
    )
