"""How a stream is read: what was modified within a window, then what was deleted.

1. A window goes from where the last one ended, less a safety lag, up to Zoho's present. Its rows
   come in the order of (Modified_Time, id), a page at a time, each asked for by the last row of the
   page before: a reading resumes after any page, days later too, and has no ceiling.
2. A first load is a window without a beginning; a large one is a bulk job. A quiet pull asks for
   200 rows, which cost a third of 2,000.
3. Meetings turn into contacts when they begin, without being modified: those are read again then.
4. Deleted rows are in a feed of their own. Whoever is in it and still there is there.
5. Formulas change without a trace: where the playbook uses one, everything is read once a day.
6. Roles on deals are read from the deals, where contacts have no field for them.
"""

from collections.abc import Callable, Iterator, Sequence

from connectors.base import Page
from connectors.zoho import coql, deletions
from connectors.zoho.answers import Json
from connectors.zoho.bulk import BulkRead
from connectors.zoho.client import Client
from connectors.zoho.coql import Place, Window
from connectors.zoho.cursor import Cursor, Progress, Reading
from connectors.zoho.errors import EXPIRED, MISSING_STATUS, Refused
from connectors.zoho.objects import is_id
from connectors.zoho.roles import FIRST_SPAN, Roles
from connectors.zoho.source import Batch, Source, place_of
from rules.records import Kind
from rules.time import Instant

# What was written this long ago can be seen: overlap of a window with the one before.
SAFETY_LAG = 5 * 60 * 1000
# Zoho's clock is known from headers that are cut to the second, and so are its stamps.
DATE_PRECISION = 1_000
# Where 50 credits for a job become fewer than 3 for each 2,000 rows.
BULK_FROM = 33_000
BULK_PAGE = 5_000
REFRESH_EVERY = 24 * 60 * 60 * 1000
# Two credits a time: what matters less is asked less often.
SWEEP_EVERY = 60 * 60 * 1000
# So many jobs of one load may be lost before it goes on by queries.
MOST_JOBS = 3

_SWEPT_ALWAYS = frozenset({Kind.ACCOUNT, Kind.OPPORTUNITY})


class Reader:
    """Reads one stream: `sources` are its modules, in the order in which they are read.

    `on_gap` is told of a module whose deletions are not known without a gap.
    """

    def __init__(
        self,
        client: Client,
        sources: Sequence[Source],
        *,
        lag: int,
        bulk_from: int,
        sweep_every: int,
        is_refreshed: bool,
        on_gap: Callable[[str], None],
    ) -> None:
        self._client = client
        self._sources = sources
        self._lag = lag
        self._bulk = BulkRead(client)
        self._bulk_from = bulk_from
        self._sweep_every = sweep_every
        self._is_refreshed = is_refreshed
        self._on_gap = on_gap

    def pages(self, cursor: Cursor) -> Iterator[Page]:
        """The pages of the stream from a cursor, which follows along."""
        for source in self._sources:
            for batch in self._module(source, cursor.modules[source.name]):
                is_last = batch.is_done and source is self._sources[-1]
                aside = [one for each in self._sources for one in each.mapper.drain()]
                if batch.records or aside or batch.is_kept or is_last:
                    yield Page(
                        kind=source.module.kind,
                        records=batch.records,
                        cursor=cursor.written(),
                        is_last=is_last,
                        links=batch.links,
                        quarantined=aside,
                    )

    def _module(self, source: Source, progress: Progress) -> Iterator[Batch]:
        """What one module has for now; the last batch is done, and has nothing else to say."""
        if progress.reading is None:
            progress.reading = self._begun(progress)
        yield from self._read(source, progress)
        yield from self._ripened(source, progress)
        yield from self._roles(source, progress)
        yield from self._deleted(source, progress)
        yield Batch(is_done=True)

    def _begun(self, progress: Progress) -> Reading:
        present = self._present()
        since = progress.until
        if since is not None and self._is_refreshed:
            is_stale = present - (progress.loaded_at or 0) >= REFRESH_EVERY
            since = None if is_stale else since
        if since is None:
            progress.loaded_at = progress.ripened_at = present
        return Reading(start=since, end=present if since is None else max(present, since))

    def _read(self, source: Source, progress: Progress) -> Iterator[Batch]:
        jobs_left = MOST_JOBS
        while (reading := progress.reading) is not None:
            if jobs_left and self._is_for_bulk(source, reading):
                try:
                    yield from self._bulk_block(source, progress, reading)
                except Refused as refused:
                    # What is no more is begun again; without jobs it goes on by queries.
                    jobs_left = jobs_left - 1 if _is_lost(refused) else 0
                    progress.reading = Reading(start=None, end=reading.end)
            else:
                yield self._step(source, progress, reading)

    def _is_for_bulk(self, source: Source, reading: Reading) -> bool:
        """Whether a reading is one for bulk jobs: a large first load."""
        if reading.job is not None or reading.following is not None:
            return True
        if reading.start is not None or reading.stamp is not None or not source.module.is_bulk:
            return False
        try:
            rows = self._client.query(coql.count(source.name)).rows
        except Refused:
            return False
        counts = [value for row in rows for value in row.values() if isinstance(value, int)]
        return bool(counts) and counts[0] >= self._bulk_from

    def _bulk_block(self, source: Source, progress: Progress, reading: Reading) -> Iterator[Batch]:
        """A job of up to 200,000 rows, which is begun where there is none yet."""
        if reading.job is None:
            reading.job = self._bulk.start(source.name, source.mapper.fields, reading.following)
            reading.row = 0
            # Saved before the result is waited for, so that a restart finds the job.
            yield Batch(is_kept=True)
        result = self._bulk.wait(source.name, reading.job)
        rows: list[Json] = []
        for row in self._bulk.rows(source.name, result, reading.row):
            rows.append(row)
            if len(rows) == BULK_PAGE:
                reading.row += len(rows)
                yield source.batch(rows, is_first=True)
                rows = []
        batch = source.batch(rows, is_first=True)
        reading.job, reading.following, reading.row = None, result.following, 0
        if result.following is None:
            self._finish(progress, reading)
        yield batch

    def _step(self, source: Source, progress: Progress, reading: Reading) -> Batch:
        after = None
        if reading.stamp is not None and reading.key is not None:
            after = Place(stamp=reading.stamp, key=reading.key)
        is_first = reading.start is None
        limit = coql.SHORT_PAGE if not is_first and after is None else coql.PAGE
        rows, place = source.changed(
            Window(start=reading.start, end=reading.end), after, limit=limit
        )
        batch = source.batch(rows, is_first=is_first)
        if place is None:
            self._finish(progress, reading)
        else:
            reading.stamp, reading.key = place.stamp, place.key
        return batch

    def _finish(self, progress: Progress, reading: Reading) -> None:
        progress.until = max(reading.end - self._lag, progress.until or 0)
        progress.reading = None

    def _ripened(self, source: Source, progress: Progress) -> Iterator[Batch]:
        column, since = source.module.ripens, progress.ripened_at
        present = self._present()
        if column not in source.fields or since is None or since >= present:
            return
        for rows in source.ripened(str(column), Window(start=since, end=present)):
            yield source.batch(rows)
        progress.ripened_at = present

    def _roles(self, source: Source, progress: Progress) -> Iterator[Batch]:
        """Contacts whose roles may have changed, as deals were touched."""
        if source.roles is None:
            return
        present, since = self._present(), progress.roles_at
        is_first = since is None
        window = Window(start=present - FIRST_SPAN if since is None else since, end=present)
        after: Place | None = None
        while True:
            limit = coql.SHORT_PAGE
            try:
                page = self._client.query(coql.touched_deals(window, after, limit=limit))
            except Refused:
                # Deals are hidden from us: nobody has a role there.
                return
            yield self._holders(source, source.roles, page.rows, is_first=is_first)
            if not page.has_more or not page.rows or not source.roles.are_told:
                break
            after = place_of(page.rows)
        progress.roles_at = present - self._lag

    def _holders(
        self, source: Source, roles: Roles, deals: Sequence[Json], *, is_first: bool
    ) -> Batch:
        contacts = roles.on([str(deal["id"]) for deal in deals if is_id(deal.get("id"))])
        if not contacts:
            return Batch()
        return source.batch(source.by_id(contacts), is_first=is_first)

    def _deleted(self, source: Source, progress: Progress) -> Iterator[Batch]:
        present, since = self._present(), progress.swept_at
        is_rare = source.module.kind not in _SWEPT_ALWAYS
        if since is not None and is_rare and present - since < self._sweep_every:
            return
        if since is not None and present - since > deletions.REMEMBERED:
            self._on_gap(source.name)
        asked = None if since is None else since - self._lag
        found = deletions.deleted_since(self._client, source.name, asked)
        progress.swept_at = present
        if found:
            yield self._departed(source, found)

    def _departed(self, source: Source, found: Sequence[Json]) -> Batch:
        """Tombstones, and what was restored meanwhile as it is."""
        alive = source.by_id([row["id"] for row in found])
        there = {row.get("id") for row in alive}
        gone = [row for row in found if row["id"] not in there]
        batch = source.batch(alive)
        buried = source.mapper.records(gone, now=self._client.crm_now())
        return Batch(records=[*batch.records, *buried], links=batch.links)

    def _present(self) -> Instant:
        """Zoho's present, at most a second late; answers tell it anew."""
        return self._client.crm_now() + DATE_PRECISION


def _is_lost(refused: Refused) -> bool:
    """Whether a job, or the token of the one after it, is no more."""
    return refused.code == EXPIRED or refused.status == MISSING_STATUS
