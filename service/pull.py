"""Pull: bring the mirror up to date with one CRM, some pages at a time.

Streams are fetched side by side, as many as the CRM is worth (`service.streams`). The pages of
about a second are written as one by the caller's thread, and committed with their last cursor;
no transaction waits for the CRM. Whatever happens next, the pull resumes after them. Streams know
nothing of each other and may be written in any order: what refers to a record not yet seen joins
it when it comes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace

from connectors.base import Binding, Connector, Page
from rules.owned import Owned
from rules.records import Kind
from rules.time import Instant
from service import preflight, streams
from service.store import bindings, cursors, mirror, notices, quarantines, reps, revalue, sweep
from service.store.context import MirrorContext, load_context
from service.store.engine import Store, Transaction
from service.store.notices import Notice

# In this order they begin. Parents first spares a second marking; nothing depends on it.
ORDER = (
    Kind.OWNER,
    Kind.STAGE,
    Kind.ACCOUNT,
    Kind.CONTACT,
    Kind.OPPORTUNITY,
    Kind.ACTIVITY,
)


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
    """What a pull brought, by stream, how many requests it took, which fields want a person."""

    streams: Sequence[StreamReport]
    calls: int
    notices: Sequence[Notice] = ()

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
        # Reps and rates that were published since count for the records that are here already.
        reps.match_owners(connection, context.reps, connection_id)
        revalue.fill_unknown(connection, context)
    wanted = [kind for kind in ORDER if kind in kinds]
    writing = {kind: _Writing.begin(store, connector, context, kind, full=full) for kind in wanted}

    def write(kind: Kind, pages: Sequence[Page]) -> None:
        progress(writing[kind].write(store, pages, now()))

    fetched = [streams.Stream(kind, each.fetched(connector), now) for kind, each in writing.items()]
    streams.read(fetched, connector.readers, write)
    preflight.settle(store, connector, connection_id, now())
    with store.read() as connection:
        told = notices.load(connection, connector.vendor)
    reports = [each.report for each in writing.values()]
    return PullReport(streams=reports, calls=connector.calls - calls, notices=told)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """Where a stream starts: `is_full` at its beginning, `is_loading` within a full load."""

    cursor: str | None
    is_full: bool
    is_loading: bool
    bindings: Sequence[Binding]


@dataclass(slots=True, kw_only=True)
class _Writing:
    """A stream on its way into the mirror."""

    vendor: str
    context: MirrorContext
    start: _Start
    report: StreamReport
    seen: sweep.Seen = field(default_factory=sweep.Seen)

    @classmethod
    def begin(
        cls, store: Store, connector: Connector, context: MirrorContext, kind: Kind, *, full: bool
    ) -> "_Writing":
        """A stream of which nothing is written yet."""
        with store.read() as connection:
            start = _start(connection, connector.vendor, context, kind, full=full)
        report = StreamReport(kind=kind, is_full=start.is_full)
        return cls(vendor=connector.vendor, context=context, start=start, report=report)

    def fetched(self, connector: Connector) -> Iterator[Page]:
        """The pages; the CRM is called by whoever asks for them."""
        kind, start = self.report.kind, self.start
        yield from connector.pull(kind, start.cursor, start.bindings, self.context.own_fields)

    def write(self, store: Store, pages: Sequence[Page], now: Instant) -> StreamReport:
        """Write some pages as one, with the end of a full load where they have it."""
        at, page = replace(self.context, now=now), _joined(pages)
        with store.write() as connection:
            is_complete = page.is_last or not self.start.is_loading
            counts = mirror.write_page(connection, at, page, is_complete=is_complete)
            self.seen.add(counts.seen)
            report = self.report.plus(len(pages), counts)
            if page.is_last:
                report = _finish(
                    connection, self.vendor, at, self.start, seen=self.seen, report=report
                )
        self.report = report
        return report


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
    bound = [each for each in bindings.readable(connection, vendor) if each.kind is kind]
    unread = [*bindings.waiting(connection, vendor), *bindings.returning(connection, vendor)]
    waits = any(each.kind is kind for each in unread)
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
        bindings.mark_backfilled(connection, vendor, start.bindings, context.now)
    # Of a record that can't be read, it may not even be known which one it is: none is absent.
    if not start.is_full or report.rejected:
        return report
    quarantines.forget_nameless(connection, context, report.kind)
    swept = sweep.archive_absent(connection, context, report.kind, seen)
    return replace(
        report,
        archived=report.archived + swept.archived,
        held=swept.held,
        dirtied=report.dirtied + swept.dirtied,
    )
