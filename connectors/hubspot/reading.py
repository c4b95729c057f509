"""How a stream is read: whole from the list endpoint, then what changed through the search.

1. First load: the list endpoint, whose `after` is a record's id, so that it is stable and has no
   ceiling; then its archived records. It can stop and resume after any page.
2. Incremental: the search tells the ids of what was modified in a closed window, up to HubSpot's
   own clock; values come from `batch/read`, which reads the store and not the lagging index. A
   search shows 10,000 records at most: a window with more is halved, down to a millisecond, and
   then the first load is done again. The cursor stays behind that clock by a safety lag.
3. Archived records leave the search without being modified: their list is read after it, once an
   hour. A pull that finds nothing new costs one search for each object.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from connectors.base import Page
from connectors.hubspot import mapping
from connectors.hubspot.answers import (
    Trail,
    count,
    found_results,
    left_out,
    member,
    missing_ids,
    objects,
    results,
)
from connectors.hubspot.client import Client
from connectors.hubspot.cursor import Cursor, Loading, Progress
from connectors.hubspot.links import (
    Companies,
    associated_companies,
    inline_companies,
    links_of,
)
from connectors.hubspot.mapping import Json, Mapper
from connectors.hubspot.objects import ObjectType, Paths
from rules.records import Link, Record
from rules.time import Instant

# The search index follows the store after seconds, minutes on a bad day. The search goes up to
# the present, so a change is seen at once where the index is up to date; the cursor stays this
# far behind, so what the index shows later than that is still read at the next pull.
SAFETY_LAG = 10 * 60 * 1000
# HubSpot's clock is known from headers that are cut to the second.
DATE_PRECISION = 1_000
# A pull that took longer, or a clock that has moved, is followed up to the new present.
CATCH_UP = 60 * 1000
SEARCH_CEILING = 10_000
SEARCH_PAGE = 200
SEARCH_RUNS = 3
# HubSpot's front end answers 414 at about 16,200 characters.
LONGEST_URL = 15_000
# The archived list is read once an hour; a long one less often: one page of it per minute, over
# time.
SWEEP_EVERY = 60 * 60 * 1000
SWEEP_PAUSE = 60 * 1000


@dataclass(slots=True, kw_only=True)
class Batch:
    """Some records with their links; `is_done` once the object has nothing more for now."""

    records: Sequence[Record] = ()
    links: Sequence[Link] = ()
    gone: list[str] = field(default_factory=list)
    is_done: bool = False


class Reader:
    """Reads one stream: `mappers` are its objects, in the order in which they are read."""

    def __init__(
        self, client: Client, paths: Paths, mappers: Sequence[Mapper], *, lag: int
    ) -> None:
        self._client = client
        self._paths = paths
        self._mappers = mappers
        self._lag = lag

    def pages(self, cursor: Cursor) -> Iterator[Page]:
        """The pages of the stream from a cursor, which follows along.

        Its objects are read side by side, a step of each at a time: a page has what a step brought.
        """
        reading = [
            (mapper, self._object(mapper, cursor.objects[mapper.object_type.path]))
            for mapper in self._mappers
        ]
        while reading:
            batches = _step([batches for _, batches in reading])
            quarantined = [each for mapper, _ in reading for each in mapper.drain()]
            reading = [
                one for one, batch in zip(reading, batches, strict=True) if not batch.is_done
            ]
            yield Page(
                kind=self._mappers[0].object_type.kind,
                records=[record for batch in batches for record in batch.records],
                cursor=cursor.written(),
                is_last=not reading,
                links=[link for batch in batches for link in batch.links],
                gone=[external_id for batch in batches for external_id in batch.gone],
                quarantined=quarantined,
            )

    def _object(self, mapper: Mapper, progress: Progress) -> Iterator[Batch]:
        if progress.until is None and progress.loading is None:
            progress.loading = Loading(started_at=self._horizon())
        if progress.loading is None:
            yield from self._changes(mapper, progress)
        else:
            yield from self._whole(mapper, progress, progress.loading)

    # The first load.

    def _whole(self, mapper: Mapper, progress: Progress, loading: Loading) -> Iterator[Batch]:
        pages, trail = 0, Trail(loading.after)
        while progress.loading is not None:
            answer = self._list(mapper, after=loading.after, is_archived=loading.is_archived)
            # The answer has told HubSpot's clock anew: ours may have been ahead.
            loading.started_at = min(loading.started_at, self._horizon())
            raws = results(answer)
            batch = self._listed(mapper, raws, is_archived=loading.is_archived)
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

    def _list(self, mapper: Mapper, *, after: str | None, is_archived: bool) -> Json:
        """One page of the list endpoint, with the values unless the URL would be too long."""
        object_type = mapper.object_type
        query = [("limit", str(object_type.page_size)), ("archived", _written(is_archived))]
        if after is not None:
            query.append(("after", after))
        if object_type.relation is not None and not is_archived:
            query.append(("associations", "companies"))
        if self._is_wide(mapper):
            query.append(("properties", "hs_object_id"))
        else:
            query.append(("properties", ",".join(mapper.properties)))
            if object_type.history:
                query.append(("propertiesWithHistory", ",".join(object_type.history)))
        return self._client.get(f"{self._paths.objects}/{object_type.path}", query)

    def _is_wide(self, mapper: Mapper) -> bool:
        names = (*mapper.properties, *mapper.object_type.history)
        return sum(len(name) + 1 for name in names) > LONGEST_URL - 500

    def _listed(self, mapper: Mapper, raws: Sequence[object], *, is_archived: bool) -> Batch:
        """A page of the list: the links are inside, save those that must be asked."""
        object_type = mapper.object_type
        companies: dict[str, Companies] = {}
        unclear: list[str] = []
        if object_type.relation is not None and not is_archived:
            for raw in filter(mapping.identified, raws):
                found = inline_companies(object_type, raw)
                if found is None:
                    unclear.append(raw["id"])
                else:
                    companies[raw["id"]] = found
        companies |= self._companies(object_type, unclear)
        gone: list[str] = []
        if self._is_wide(mapper):
            ids = [raw["id"] for raw in filter(mapping.has_key, raws)]
            raws, gone = self._values(mapper, ids, is_archived=is_archived)
        links = links_of(object_type, companies)
        return Batch(records=mapper.records(raws), links=links, gone=gone)

    # What changed.

    def _changes(self, mapper: Mapper, progress: Progress) -> Iterator[Batch]:
        since = progress.until or 0
        windows = [(since, max(self._present(), since))]
        while windows:
            start, end = windows.pop()
            ids = self._modified(mapper.object_type, start, end)
            if ids is None and start == end:
                # More records share one millisecond than a search can show.
                progress.loading = Loading(started_at=max(since, self._horizon()))
                yield from self._whole(mapper, progress, progress.loading)
                return
            if ids is None:
                middle = (start + end) // 2
                windows += [(middle + 1, end), (start, middle)]
                continue
            size = mapper.object_type.page_size
            for place in range(0, len(ids), size):
                batch = self._read(mapper, ids[place : place + size])
                if place + size >= len(ids):
                    progress.until = max(since, min(end, self._horizon()))
                yield batch
            progress.until = max(since, min(end, self._horizon()))
            if not windows and self._present() - end > CATCH_UP:
                windows.append((end + 1, self._present()))
        yield from self._archived(mapper, progress)

    def _modified(self, object_type: ObjectType, start: Instant, end: Instant) -> list[str] | None:
        """The ids modified within a closed window, or None when it must be halved.

        Pages after the first are offsets: a record that changes meanwhile leaves the window and
        shifts the others, so a run whose count does not match its total is done again.
        """
        ids: dict[str, None] = {}
        for _ in range(SEARCH_RUNS):
            before = len(ids)
            run, total, is_steady = self._search(object_type, start, end)
            if run is None:
                return None
            ids.update(dict.fromkeys(run))
            if is_steady and len(set(run)) >= total:
                return list(ids)
            if before and len(ids) == before:
                return list(ids)
        return None if start < end else list(ids)

    def _search(
        self, object_type: ObjectType, start: Instant, end: Instant
    ) -> tuple[list[str] | None, int, bool]:
        """One run over a window: its ids (None past the ceiling), its total, and if that held."""
        body: Json = {
            "filterGroups": [
                {
                    "filters": [
                        {
                            "propertyName": object_type.modified,
                            "operator": "BETWEEN",
                            "value": str(start),
                            "highValue": str(end),
                        }
                    ]
                }
            ],
            "sorts": [{"propertyName": object_type.modified, "direction": "ASCENDING"}],
            "properties": ["hs_object_id"],
            "limit": SEARCH_PAGE,
        }
        path = f"{self._paths.objects}/{object_type.path}/search"
        ids: list[str] = []
        total: int | None = None
        is_steady = True
        after: str | None = None
        trail = Trail()
        while True:
            answer = self._client.post(path, body if after is None else {**body, "after": after})
            now = count(answer, "total")
            total, is_steady = (now, True) if total is None else (total, is_steady and now == total)
            if total >= SEARCH_CEILING:
                return None, total, is_steady
            ids += [raw["id"] for raw in results(answer) if mapping.has_key(raw)]
            after = trail.following(answer)
            if after is None:
                return ids, total, is_steady
            if after.isdecimal() and int(after) + SEARCH_PAGE > SEARCH_CEILING:
                # Short pages: the last place that a search can show comes before the last result.
                return None, total, is_steady

    def _read(self, mapper: Mapper, ids: Sequence[str]) -> Batch:
        raws, gone = self._values(mapper, ids, is_archived=False)
        found = [raw["id"] for raw in filter(mapping.identified, raws)]
        companies = self._companies(mapper.object_type, found)
        return Batch(
            records=mapper.records(raws),
            links=links_of(mapper.object_type, companies),
            gone=gone,
        )

    def _archived(self, mapper: Mapper, progress: Progress) -> Iterator[Batch]:
        """The records archived since the last sweep, if one is due; the list has no order."""
        if self._horizon() - progress.swept_at < max(
            SWEEP_EVERY, progress.sweep_pages * SWEEP_PAUSE
        ):
            yield Batch(is_done=True)
            return
        since = progress.swept_at
        pages, after, trail = 0, None, Trail()
        while True:
            answer = self._list(mapper, after=after, is_archived=True)
            recent = [raw for raw in results(answer) if mapping.archived_since(raw, since)]
            batch = self._listed(mapper, recent, is_archived=True)
            pages, after = pages + 1, trail.following(answer)
            if after is None:
                progress.swept_at = max(self._horizon(), progress.swept_at)
                progress.sweep_pages = pages
                batch.is_done = True
            if batch.records or batch.is_done:
                yield batch
            if batch.is_done:
                return

    # What both need.

    def _present(self) -> Instant:
        """HubSpot's present, at most a second late; answers tell it anew."""
        return self._client.crm_now() + DATE_PRECISION

    def _horizon(self) -> Instant:
        """Up to when everything is read, once all that is modified until now has been."""
        return self._client.crm_now() - self._lag

    def _values(
        self, mapper: Mapper, ids: Sequence[str], *, is_archived: bool
    ) -> tuple[list[object], list[str]]:
        """The records of some ids from the store, and the ids that exist no more.

        Those exist no more that HubSpot says not to find. What the answer leaves out otherwise,
        or gives without a usable id, is asked one by one: of one, it is known which one it is.
        """
        if not ids:
            return [], []
        body: Json = {
            "inputs": [{"id": key} for key in ids],
            "properties": list(mapper.properties),
            "propertiesWithHistory": list(mapper.object_type.history),
        }
        query = [("archived", "true")] if is_archived else []
        path = f"{self._paths.objects}/{mapper.object_type.path}/batch/read"
        answer = self._client.post(path, body, query)
        given = found_results(answer)
        asked, missing = {*ids}, missing_ids(answer)
        raws: list[object] = [raw for raw in given if raw.get("id") in asked]
        found = {raw.get("id") for raw in given}
        gone = [key for key in ids if key not in found and key in missing]
        unclear = [key for key in ids if key not in found and key not in missing]
        if len(ids) == 1 and unclear:
            if not given:
                raise left_out(len(ids))
            return [{**given[0], "id": ids[0]}], []
        for key in unclear:
            more, without = self._values(mapper, [key], is_archived=is_archived)
            raws, gone = raws + more, gone + without
        return raws, gone

    def _companies(self, object_type: ObjectType, ids: Sequence[str]) -> dict[str, Companies]:
        """The companies of some records, followed to the end; none is an answer too."""
        if object_type.relation is None or not ids:
            return {}
        companies: dict[str, Companies] = {key: {} for key in ids}
        trails = {key: Trail() for key in ids}
        path = f"{self._paths.associations}/{object_type.path}/companies/batch/read"
        inputs: list[Json] = [{"id": key} for key in ids]
        while inputs:
            answer = self._client.post(path, {"inputs": inputs})
            inputs = []
            for result in found_results(answer):
                key = str(member(result, "from").get("id"))
                if key not in companies:
                    continue
                found = associated_companies(object_type, objects(result, "to"))
                companies[key].update(found)
                after = trails[key].following(result)
                if after is not None:
                    inputs.append({"id": key, "after": after})
        return companies


def _step(reading: Sequence[Iterator[Batch]]) -> list[Batch]:
    """The next batch of each; where there are several, each is fetched by a thread."""
    if len(reading) == 1:
        return [next(reading[0])]
    with ThreadPoolExecutor(len(reading), thread_name_prefix="pull-step") as readers:
        return list(readers.map(next, reading))


def _written(is_true: bool) -> str:  # noqa: FBT001 - a conversion
    return "true" if is_true else "false"
