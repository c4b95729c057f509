"""What is asked of HubSpot to read one object: its list, its search, values and links by id.

The list gives records in the order of their ids; the search only tells ids, and `batch/read`
gives their values, from the store and not from the lagging index. HubSpot may leave out what was
asked for: nothing is concluded from its silence.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

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
from connectors.hubspot.links import (
    Companies,
    associated_companies,
    inline_companies,
    links_of,
)
from connectors.hubspot.mapping import Json, Mapper
from connectors.hubspot.objects import Paths
from rules.records import Link, Record
from rules.time import Instant

SEARCH_CEILING = 10_000
SEARCH_PAGE = 200
SEARCH_RUNS = 3
# HubSpot's front end answers 414 at about 16,200 characters.
LONGEST_URL = 15_000


@dataclass(slots=True, kw_only=True)
class Batch:
    """Some records with their links; `is_done` once the object has nothing more for now."""

    records: Sequence[Record] = ()
    links: Sequence[Link] = ()
    gone: list[str] = field(default_factory=list)
    is_done: bool = False


class Source:
    """One object of the CRM, as it is asked for."""

    def __init__(self, client: Client, paths: Paths, mapper: Mapper) -> None:
        self.mapper = mapper
        self.object_type = mapper.object_type
        self._client = client
        self._objects = f"{paths.objects}/{mapper.object_type.path}"
        self._companies = f"{paths.associations}/{mapper.object_type.path}/companies/batch/read"

    def page(self, *, after: str | None, is_archived: bool) -> Json:
        """One page of the list endpoint, with the values unless the URL would be too long."""
        object_type = self.object_type
        query = [
            ("limit", str(object_type.page_size)),
            ("archived", "true" if is_archived else "false"),
        ]
        if after is not None:
            query.append(("after", after))
        if object_type.relation is not None and not is_archived:
            query.append(("associations", "companies"))
        if self._is_wide():
            query.append(("properties", "hs_object_id"))
        else:
            query.append(("properties", ",".join(self.mapper.properties)))
            if object_type.history:
                query.append(("propertiesWithHistory", ",".join(object_type.history)))
        return self._client.get(self._objects, query)

    def listed(self, raws: Sequence[object], *, is_archived: bool) -> Batch:
        """Records of such a page: the links are inside, save those that must be asked."""
        companies: dict[str, Companies] = {}
        unclear: list[str] = []
        if self.object_type.relation is not None and not is_archived:
            for raw in filter(mapping.identified, raws):
                found = inline_companies(self.object_type, raw)
                if found is None:
                    unclear.append(raw["id"])
                else:
                    companies[raw["id"]] = found
        companies |= self._companies_of(unclear)
        gone: list[str] = []
        if self._is_wide():
            ids = [raw["id"] for raw in filter(mapping.has_key, raws)]
            raws, gone = self._values(ids, is_archived=is_archived)
        return self._batch(raws, companies, gone)

    def modified(self, start: Instant, end: Instant) -> list[str] | None:
        """The ids modified within a closed window, or None when it must be halved.

        Pages after the first are offsets: a record that changes meanwhile leaves the window and
        shifts the others, so a run whose count does not match its total is done again.
        """
        ids: dict[str, None] = {}
        for _ in range(SEARCH_RUNS):
            before = len(ids)
            run, total, is_steady = self._search(start, end)
            if run is None:
                return None
            ids.update(dict.fromkeys(run))
            if is_steady and len(set(run)) >= total:
                return list(ids)
            if before and len(ids) == before:
                return list(ids)
        return None if start < end else list(ids)

    def by_id(self, ids: Sequence[str]) -> Batch:
        """Live records with their links; `page_size` of them at most."""
        raws, gone = self._values(ids, is_archived=False)
        found = [raw["id"] for raw in filter(mapping.identified, raws)]
        return self._batch(raws, self._companies_of(found), gone)

    def _search(self, start: Instant, end: Instant) -> tuple[list[str] | None, int, bool]:
        """One run over a window: its ids (None past the ceiling), its total, and if that held."""
        name = self.object_type.modified
        window: Json = {
            "propertyName": name,
            "operator": "BETWEEN",
            "value": str(start),
            "highValue": str(end),
        }
        body: Json = {
            "filterGroups": [{"filters": [window]}],
            "sorts": [{"propertyName": name, "direction": "ASCENDING"}],
            "properties": ["hs_object_id"],
            "limit": SEARCH_PAGE,
        }
        ids: list[str] = []
        total: int | None = None
        is_steady = True
        after: str | None = None
        trail = Trail()
        while True:
            answer = self._client.post(
                f"{self._objects}/search", body if after is None else {**body, "after": after}
            )
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

    def _is_wide(self) -> bool:
        names = (*self.mapper.properties, *self.object_type.history)
        return sum(len(name) + 1 for name in names) > LONGEST_URL - 500

    def _batch(
        self, raws: Iterable[object], companies: Mapping[str, Companies], gone: list[str]
    ) -> Batch:
        links = links_of(self.object_type, companies)
        return Batch(records=self.mapper.records(raws), links=links, gone=gone)

    def _values(self, ids: Sequence[str], *, is_archived: bool) -> tuple[list[object], list[str]]:
        """The records of some ids from the store, and the ids that exist no more.

        Those exist no more that HubSpot says not to find. What the answer leaves out otherwise,
        or gives without a usable id, is asked one by one: of one, it is known which one it is.
        """
        if not ids:
            return [], []
        body: Json = {
            "inputs": [{"id": key} for key in ids],
            "properties": list(self.mapper.properties),
            "propertiesWithHistory": list(self.object_type.history),
        }
        query = [("archived", "true")] if is_archived else []
        answer = self._client.post(f"{self._objects}/batch/read", body, query)
        given = found_results(answer)
        asked, missing = {*ids}, missing_ids(answer)
        raws: list[object] = [raw for raw in given if raw.get("id") in asked]
        found = {raw.get("id") for raw in given}
        gone = [key for key in ids if key not in found and key in missing]
        unclear = [key for key in ids if key not in found and key not in missing]
        if len(ids) == 1 and unclear:
            if not given:
                raise left_out()
            return [{**given[0], "id": ids[0]}], []
        for key in unclear:
            more, without = self._values([key], is_archived=is_archived)
            raws, gone = raws + more, gone + without
        return raws, gone

    def _companies_of(self, ids: Sequence[str]) -> dict[str, Companies]:
        """The companies of some records, followed to the end; none is an answer too."""
        if self.object_type.relation is None or not ids:
            return {}
        companies: dict[str, Companies] = {key: {} for key in ids}
        trails = {key: Trail() for key in ids}
        inputs: list[Json] = [{"id": key} for key in ids]
        while inputs:
            answer = self._client.post(self._companies, {"inputs": inputs})
            inputs = []
            for result in found_results(answer):
                key = str(member(result, "from").get("id"))
                if key not in companies:
                    continue
                found = associated_companies(self.object_type, objects(result, "to"))
                companies[key].update(found)
                after = trails[key].following(result)
                if after is not None:
                    inputs.append({"id": key, "after": after})
        return companies
