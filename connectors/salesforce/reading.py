"""How a stream is read: what was modified within a window, then what was deleted.

1. A window goes from where the last one ended, less a safety lag, up to Salesforce's present. Its
   rows come in the order of (SystemModstamp, Id), a page at a time, each asked for by the last
   row of the page before: a reading resumes after any page, days later too. SystemModstamp is the
   moment of the write, and a row can be seen only after its commit: hence the lag.
2. A first load is a window without a beginning; a large one is a bulk job.
3. A window that takes Salesforce too long is halved.
4. Events turn into contacts when they begin, without being modified: those are read again then.
5. Deleted rows are among the others for two weeks; the list of deletions tells of those that left
   without a trace, and is read at each pull.
6. Formulas change without a trace: where the playbook uses one, everything is read once a day. So
   do amounts in the home currency when a rate of exchange changes: everything is read then.
"""

from collections.abc import Callable, Iterator, Sequence

from connectors.base import Page
from connectors.salesforce import deletions
from connectors.salesforce.bulk import BulkQuery
from connectors.salesforce.client import Client, Json
from connectors.salesforce.cursor import Cursor, Progress, Reading
from connectors.salesforce.errors import LIMIT, MISSING_STATUS, SLOW, Refused, unreadable
from connectors.salesforce.soql import Place, Window
from connectors.salesforce.source import Batch, Source, pointed
from rules.time import Instant

# What was written this long ago is committed: overlap of a window with the one before.
SAFETY_LAG = 10 * 60 * 1000
# Salesforce's clock is known from headers that are cut to the second, and so are its stamps.
DATE_PRECISION = 1_000
# From ten pages on, a bulk job costs less.
BULK_FROM = 20_000
REFRESH_EVERY = 24 * 60 * 60 * 1000
# Where the halving of a window without a beginning starts.
_EARLIEST = 915_148_800_000
_NARROWEST = 2_000
# So many jobs of one load may be lost before it goes on by pages.
MOST_JOBS = 3
NOT_IN_BULK = frozenset({LIMIT, "INVALIDENTITY", "INVALID_TYPE", "FAILED", "ABORTED"})


class Reader:
    """Reads one stream: `sources` are its objects, in the order in which they are read.

    `basis` are the rates with which records are read, all of one digest; `on_gap` is told of an
    object whose deletions are not known without a gap.
    """

    def __init__(
        self,
        client: Client,
        sources: Sequence[Source],
        *,
        lag: int,
        bulk: BulkQuery,
        bulk_from: int,
        is_refreshed: bool,
        basis: str,
        on_gap: Callable[[str], None],
    ) -> None:
        self._client = client
        self._sources = sources
        self._lag = lag
        self._bulk = bulk
        self._bulk_from = bulk_from
        self._is_refreshed = is_refreshed
        self._basis = basis
        self._on_gap = on_gap

    def pages(self, cursor: Cursor) -> Iterator[Page]:
        """The pages of the stream from a cursor, which follows along."""
        for source in self._sources:
            for batch in self._object(source, cursor.objects[source.name]):
                is_last = batch.is_done and source is self._sources[-1]
                aside = [one for each in self._sources for one in each.mapper.drain()]
                if batch.records or batch.gone or aside or batch.is_kept or is_last:
                    yield Page(
                        kind=source.object_type.kind,
                        records=batch.records,
                        cursor=cursor.written(),
                        is_last=is_last,
                        links=batch.links,
                        gone=batch.gone,
                        quarantined=aside,
                    )

    def _object(self, source: Source, progress: Progress) -> Iterator[Batch]:
        """What one object has for now; the last batch is done, and has nothing else to say."""
        is_pointer = source.object_type.refers_to is not None
        if is_pointer and progress.until is None and progress.reading is None:
            # A first load of the records themselves reads what refers to them.
            progress.until = self._present() - self._lag
            progress.swept_at = self._present()
        else:
            if progress.reading is None:
                progress.reading = self._begun(source, progress)
            yield from self._read(source, progress)
            yield from self._ripened(source, progress)
            yield from self._deleted(source, progress)
        yield Batch(is_done=True)

    def _begun(self, source: Source, progress: Progress) -> Reading:
        present = self._present()
        since = progress.until
        if since is not None and self._is_refreshed:
            is_stale = present - (progress.loaded_at or 0) >= REFRESH_EVERY
            since = None if is_stale else since
        if progress.basis != self._basis and source.object_type.refers_to is None:
            since = None
        if since is None:
            progress.loaded_at = progress.ripened_at = present
            progress.basis = self._basis
            if progress.swept_at is None:
                progress.swept_at = present
        end = present if since is None else max(present, since)
        return Reading(start=since, end=end, target=end)

    def _read(self, source: Source, progress: Progress) -> Iterator[Batch]:
        jobs_left = MOST_JOBS if source.object_type.refers_to is None else 0
        while (reading := progress.reading) is not None:
            if jobs_left and reading.start is None and self._is_large(source, reading):
                had_job = reading.job is not None
                try:
                    yield self._bulk_step(source, progress, reading)
                except Refused as refused:
                    # A job that is no more is begun again; without jobs it goes on by pages.
                    is_lost = had_job and refused.status == MISSING_STATUS
                    if not is_lost and not _is_for_pages(refused):
                        raise unreadable(refused, source.name) from refused
                    jobs_left = jobs_left - 1 if is_lost else 0
                    reading.job = reading.locator = None
            else:
                yield self._step(source, progress, reading)

    def _is_large(self, source: Source, reading: Reading) -> bool:
        """Whether a first load is one for a bulk job; Salesforce's count is approximate."""
        if reading.job is not None:
            return True
        if reading.stamp is not None:
            return False
        answer = self._client.find("limits/recordCount", [("sObjects", source.name)]) or {}
        listed = answer.get("sObjects")
        counts = [
            each.get("count")
            for each in (listed if isinstance(listed, list) else ())
            if isinstance(each, dict) and each.get("name") == source.name
        ]
        return bool(counts) and isinstance(counts[0], int) and counts[0] > self._bulk_from

    def _bulk_step(self, source: Source, progress: Progress, reading: Reading) -> Batch:
        """A page of the job, which is begun where there is none yet."""
        if reading.job is None:
            window = Window(start=reading.start, end=reading.end)
            reading.job = self._bulk.start(source.in_bulk(window))
            # Saved before the result is waited for, so that a restart finds the job.
            return Batch(is_kept=True)
        if reading.locator is None:
            self._bulk.wait(reading.job)
        page = self._bulk.page(reading.job, reading.locator)
        batch = source.batch(page.rows)
        reading.locator = page.locator
        if page.locator is None:
            self._bulk.end(reading.job)
            self._finish(progress, reading)
        return batch

    def _step(self, source: Source, progress: Progress, reading: Reading) -> Batch:
        after = None
        if reading.stamp is not None and reading.key is not None:
            after = Place(stamp=reading.stamp, key=reading.key)
        try:
            rows, place = source.changed(Window(start=reading.start, end=reading.end), after)
        except Refused as refused:
            if refused.code in SLOW and _halve(reading):
                return Batch()
            raise unreadable(refused, source.name) from refused
        column = source.object_type.refers_to
        batch = source.batch(rows) if column is None else self._referred(rows, column)
        if place is None:
            self._finish(progress, reading)
        else:
            reading.stamp, reading.key = place.stamp, place.key
        return batch

    def _referred(self, rows: Sequence[Json], column: str) -> Batch:
        """The records to which rows refer, as they are now."""
        return self._sources[0].by_id(pointed(rows, column))

    def _finish(self, progress: Progress, reading: Reading) -> None:
        """Go on with the rest of a window that was halved; else all of it is read."""
        if reading.end < reading.target:
            target = reading.target
            progress.reading = Reading(start=reading.end, end=target, target=target)
            return
        progress.until = max(reading.target - self._lag, progress.until or 0)
        progress.reading = None

    def _ripened(self, source: Source, progress: Progress) -> Iterator[Batch]:
        column, since = source.object_type.ripens, progress.ripened_at
        present = self._present()
        if column is None or since is None or since >= present:
            return
        try:
            rows = source.ripened(column, Window(start=since, end=present))
        except Refused as refused:
            raise unreadable(refused, source.name) from refused
        progress.ripened_at = present
        yield source.batch(rows)

    def _deleted(self, source: Source, progress: Progress) -> Iterator[Batch]:
        present, since = self._present(), progress.swept_at
        if since is None or present - since < deletions.SPAN:
            return
        found = deletions.deleted_since(self._client, source.name, since - self._lag, present)
        if found.has_gap:
            self._on_gap(source.name)
        progress.swept_at = max(since, found.until)
        column = source.object_type.refers_to
        if found.ids and column is None:
            yield source.by_id(found.ids)
        elif found.ids:
            yield self._referred(source.rows_of(found.ids), str(column))

    def _present(self) -> Instant:
        """Salesforce's present, at most a second late; answers tell it anew."""
        return self._client.crm_now() + DATE_PRECISION


def _is_for_pages(refused: Refused) -> bool:
    """Whether a refusal of a job says nothing of the same query by pages."""
    return refused.code in NOT_IN_BULK or refused.status == MISSING_STATUS


def _halve(reading: Reading) -> bool:
    """Narrow a window that takes too long; whether that was possible."""
    start = max(reading.stamp or 0, reading.start or 0) or _EARLIEST
    if reading.end - start <= _NARROWEST:
        return False
    reading.end = (start + reading.end) // 2
    return True
