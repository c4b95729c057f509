"""How a stream is read: whole from the list endpoint, then what changed through the search.

1. First load: the list endpoint, whose `after` is a record's id, so that it is stable and has no
   ceiling; then its archived records. It can stop and resume after any page.
2. Incremental: the search tells the ids of what was modified in a closed window, up to HubSpot's
   own clock. A search shows 10,000 records at most: a window with more is halved, down to a
   millisecond, and then the first load is done again. The cursor stays behind HubSpot's clock at
   the moment of the search by a safety lag, however long the reading takes.
3. Archived records leave the search without being modified: their list is read after it, once an
   hour. A pull that finds nothing new costs one search for each object.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from connectors.base import Page
from connectors.hubspot import mapping
from connectors.hubspot.answers import Trail, results
from connectors.hubspot.client import Client
from connectors.hubspot.cursor import Cursor, Loading, Progress
from connectors.hubspot.mapping import Mapper
from connectors.hubspot.objects import Paths
from connectors.hubspot.source import Batch, Source
from rules.time import Instant

# The search index follows the store after seconds, minutes on a bad day. The search goes up to
# the present, so a change is seen at once where the index is up to date; the cursor stays this
# far behind, so what the index shows later than that is still read at the next pull.
SAFETY_LAG = 10 * 60 * 1000
# HubSpot's clock is known from headers that are cut to the second.
DATE_PRECISION = 1_000
# A pull that took longer, or a clock that has moved, is followed up to the new present.
CATCH_UP = 60 * 1000
# The archived list is read once an hour; a long one less often: one page of it per minute, over
# time.
SWEEP_EVERY = 60 * 60 * 1000
SWEEP_PAUSE = 60 * 1000


class Reader:
    """Reads one stream: `mappers` are its objects, in the order in which they are read."""

    def __init__(
        self, client: Client, paths: Paths, mappers: Sequence[Mapper], *, lag: int
    ) -> None:
        self._client = client
        self._sources = [Source(client, paths, mapper) for mapper in mappers]
        self._lag = lag

    def pages(self, cursor: Cursor) -> Iterator[Page]:
        """The pages of the stream from a cursor, which follows along.

        Its objects are read side by side, a step of each at a time: a page has what a step brought.
        """
        reading = [
            (source, self._object(source, cursor.objects[source.object_type.path]))
            for source in self._sources
        ]
        while reading:
            batches = _step([batches for _, batches in reading])
            quarantined = [each for source, _ in reading for each in source.mapper.drain()]
            reading = [
                one for one, batch in zip(reading, batches, strict=True) if not batch.is_done
            ]
            yield Page(
                kind=self._sources[0].object_type.kind,
                records=[record for batch in batches for record in batch.records],
                cursor=cursor.written(),
                is_last=not reading,
                links=[link for batch in batches for link in batch.links],
                gone=[external_id for batch in batches for external_id in batch.gone],
                quarantined=quarantined,
            )

    def _object(self, source: Source, progress: Progress) -> Iterator[Batch]:
        if progress.loading is None and progress.until is None:
            progress.loading = Loading(started_at=self._horizon())
        if progress.loading is not None:
            yield from self._whole(source, progress, progress.loading)
        elif progress.until is not None:
            yield from self._changes(source, progress, progress.until)

    def _whole(self, source: Source, progress: Progress, loading: Loading) -> Iterator[Batch]:
        pages, trail = 0, Trail(loading.after)
        while progress.loading is not None:
            answer = source.page(after=loading.after, is_archived=loading.is_archived)
            # The answer has told HubSpot's clock anew: ours may have been ahead.
            loading.started_at = min(loading.started_at, self._horizon())
            batch = source.listed(results(answer), is_archived=loading.is_archived)
            after = trail.following(answer)
            pages += loading.is_archived
            if after is not None:
                loading.after = after
            elif not loading.is_archived:
                loading.after, loading.is_archived = None, True
                trail = Trail()
            else:
                progress.until, progress.loading = loading.started_at, None
                progress.swept_at, progress.sweep_pages = loading.started_at, pages
                batch.is_done = True
            yield batch

    def _changes(self, source: Source, progress: Progress, since: Instant) -> Iterator[Batch]:
        # Of the first search: what was modified just before it may not be shown by any of this
        # pull, be it hours until the last record is read.
        horizon = self._horizon()
        windows = [(since, max(self._present(), since))]
        while windows:
            start, end = windows.pop()
            ids = source.modified(start, end)
            horizon = min(horizon, self._horizon())
            if ids is None and start == end:
                # More records share one millisecond than a search can show.
                progress.loading = Loading(started_at=max(since, horizon))
                yield from self._whole(source, progress, progress.loading)
                return
            if ids is None:
                middle = (start + end) // 2
                windows += [(middle + 1, end), (start, middle)]
                continue
            size = source.object_type.page_size
            for place in range(0, len(ids), size):
                batch = source.by_id(ids[place : place + size])
                if place + size >= len(ids):
                    progress.until = max(since, min(end, horizon))
                yield batch
            progress.until = max(since, min(end, horizon))
            if not windows and self._present() - end > CATCH_UP:
                windows.append((end + 1, self._present()))
        yield from self._archived(source, progress)

    def _archived(self, source: Source, progress: Progress) -> Iterator[Batch]:
        """The records archived since the last sweep, if one is due; the list has no order."""
        since, horizon = progress.swept_at, self._horizon()
        if horizon - since < max(SWEEP_EVERY, progress.sweep_pages * SWEEP_PAUSE):
            yield Batch(is_done=True)
            return
        pages, after, trail = 0, None, Trail()
        while True:
            answer = source.page(after=after, is_archived=True)
            # A record archived meanwhile may come on a page that is read already.
            horizon = min(horizon, self._horizon())
            recent = [raw for raw in results(answer) if mapping.archived_since(raw, since)]
            batch = source.listed(recent, is_archived=True)
            pages, after = pages + 1, trail.following(answer)
            if after is None:
                progress.swept_at = max(horizon, since)
                progress.sweep_pages = pages
                batch.is_done = True
            if batch.records or batch.is_done:
                yield batch
            if batch.is_done:
                return

    def _present(self) -> Instant:
        """HubSpot's present, at most a second late; answers tell it anew."""
        return self._client.crm_now() + DATE_PRECISION

    def _horizon(self) -> Instant:
        """Up to when a search or a list that is asked for now shows everything."""
        return self._client.crm_now() - self._lag


def _step(reading: Sequence[Iterator[Batch]]) -> list[Batch]:
    """The next batch of each; where there are several, each is fetched by a thread."""
    if len(reading) == 1:
        return [next(reading[0])]
    with ThreadPoolExecutor(len(reading), thread_name_prefix="pull-step") as readers:
        return list(readers.map(next, reading))
