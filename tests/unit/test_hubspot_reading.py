"""Reading through a search that shows 10,000 records at most, lags and shifts, without a loss."""

import threading
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import orjson
import pytest
from pydantic import SecretStr

from connectors.base import Binding, Fatal, Page, Retriable
from connectors.hubspot.client import Client
from connectors.hubspot.cursor import cursor_of
from connectors.hubspot.mapping import Mapper
from connectors.hubspot.objects import API_VERSION, COMPANIES, DEALS, STREAMS, ObjectType, paths_of
from connectors.hubspot.reading import SAFETY_LAG, Reader
from connectors.pace import Clock
from rules.records import FieldType, Kind

NOW = 1_795_417_200_000
HOUR = 3_600_000
LOADED = NOW - HOUR


class Portal(Client):
    """HubSpot as far as reading goes: ids with their modified instant, and what was archived."""

    def __init__(self) -> None:
        super().__init__(SecretStr("token"), base_url="http://127.0.0.1:1", clock=Clock())
        self.now = NOW
        self.modified: dict[str, int] = {}
        self.archived: dict[str, int] = {}
        self.companies: dict[str, list[tuple[str, int]]] = {}
        self.asked: list[tuple[str, Any]] = []
        self.moves: list[str] = []
        self.page_limit = 200

    def crm_now(self) -> int:
        return self.now

    def get(self, path: str, query: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
        asked = dict(query)
        self.asked.append((path, asked))
        is_archived = asked["archived"] == "true"
        ids = sorted(self.archived if is_archived else self.modified, key=int)
        after = int(asked.get("after", 0))
        rest = [key for key in ids if int(key) > after]
        shown = rest[: int(asked["limit"])]
        answer: dict[str, Any] = {"results": [self._record(key) for key in shown]}
        if len(rest) > len(shown):
            answer["paging"] = {"next": {"after": shown[-1]}}
        return answer

    def post(
        self, path: str, body: dict[str, Any], query: Sequence[tuple[str, str]] = ()
    ) -> dict[str, Any]:
        assert not query or query == [("archived", "true")]
        self.asked.append((path, body))
        if path.endswith("/search"):
            return self._search(body)
        inputs = [one["id"] for one in body["inputs"]]
        if "associations" in path:
            return {"results": [self._links(key) for key in inputs if key in self.companies]}
        found = [key for key in inputs if key in self.modified]
        answer: dict[str, Any] = {"results": [self._record(key) for key in reversed(found)]}
        if missing := [key for key in inputs if key not in self.modified]:
            answer["errors"] = [{"category": "OBJECT_NOT_FOUND", "context": {"ids": missing}}]
        return answer

    def _search(self, body: dict[str, Any]) -> dict[str, Any]:
        window = body["filterGroups"][0]["filters"][0]
        start, end = int(window["value"]), int(window["highValue"])
        found = sorted((at, int(key)) for key, at in self.modified.items() if start <= at <= end)
        offset = int(body.get("after", 0))
        assert offset < 10_000, "HubSpot answers 400 past 10,000"
        shown = found[offset : offset + min(body["limit"], self.page_limit)]
        answer: dict[str, Any] = {
            "total": len(found),
            "results": [{"id": str(key)} for _, key in shown],
        }
        if offset + len(shown) < len(found):
            answer["paging"] = {"next": {"after": str(offset + len(shown))}}
        for moved in self.moves:
            self.modified[moved] = self.now + 10 * HOUR
        self.moves = []
        return answer

    def _record(self, key: str) -> dict[str, Any]:
        at = self.modified.get(key) or self.archived[key]
        record: dict[str, Any] = {"id": key, "properties": {"hs_lastmodifieddate": str(at)}}
        if key in self.archived:
            record |= {"archived": True, "archivedAt": str(self.archived[key])}
        if key in self.companies:
            listed = [{"id": one, "type": "x"} for one, _ in self.companies[key]]
            record["associations"] = {"companies": {"results": listed}}
        return record

    def _links(self, key: str) -> dict[str, Any]:
        return {
            "from": {"id": key},
            "to": [
                {
                    "toObjectId": int(one),
                    "associationTypes": [{"category": "HUBSPOT_DEFINED", "typeId": number}],
                }
                for one, number in self.companies[key]
            ],
        }

    def calls_to(self, ending: str) -> int:
        return sum(path.endswith(ending) for path, _ in self.asked)


@pytest.fixture
def portal() -> Portal:
    return Portal()


def incremental(until: int = LOADED, **rest: Any) -> str:
    progress = {"until": until, "loading": None, "swept_at": until, "sweep_pages": 1, **rest}
    return orjson.dumps({"v": 1, "o": {"companies": progress, "deals": progress}}).decode()


def read(
    portal: Portal,
    cursor: str | None,
    object_type: ObjectType = COMPANIES,
    bindings: Sequence[Binding] = (),
) -> list[Page]:
    return list(reading(portal, cursor, object_type, bindings))


def reading(
    portal: Portal,
    cursor: str | None,
    object_type: ObjectType = COMPANIES,
    bindings: Sequence[Binding] = (),
) -> Iterator[Page]:
    mapper = Mapper(object_type, bindings, (), "CAD")
    reader = Reader(portal, paths_of(API_VERSION), [mapper], lag=SAFETY_LAG)
    return reader.pages(cursor_of(cursor, [object_type]))


def ids(pages: Sequence[Page]) -> list[str]:
    return [record.external_id for page in pages for record in page.records]


def until(page: Page, path: str = "companies") -> int:
    found: int = orjson.loads(page.cursor)["o"][path]["until"]
    return found


def test_more_changes_than_a_search_shows_are_all_read_once(portal: Portal) -> None:
    portal.modified = {str(key): LOADED + key * 100 for key in range(1, 25_001)}

    found = ids(read(portal, incremental()))

    assert sorted(found, key=int) == sorted(portal.modified, key=int)


def test_more_changes_in_one_millisecond_than_a_search_shows_are_listed(portal: Portal) -> None:
    portal.modified = dict.fromkeys(map(str, range(1, 10_051)), LOADED + 7)

    pages = read(portal, incremental())

    assert set(ids(pages)) == set(portal.modified)
    assert until(pages[-1]) == NOW - SAFETY_LAG


def test_a_record_that_leaves_the_window_does_not_hide_another(portal: Portal) -> None:
    portal.modified = {str(key): LOADED + key for key in range(1, 501)}
    portal.moves = ["1"]

    found = ids(read(portal, incremental()))

    assert {str(key) for key in range(1, 501)} == set(found)


def test_short_pages_are_followed_to_the_end(portal: Portal) -> None:
    portal.modified = {str(key): LOADED + key for key in range(1, 51)}
    portal.page_limit = 7

    assert len(ids(read(portal, incremental()))) == 50
    assert portal.calls_to("/search") == 8


def test_a_page_that_leads_to_itself_ends_the_reading(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = {"total": 500, "results": [], "paging": {"next": {"after": "200"}}}
    monkeypatch.setattr(portal, "_search", lambda _: endless)

    with pytest.raises(Retriable, match="for ever"):
        read(portal, incremental())


def test_no_change_costs_one_search_and_once_an_hour_a_look_at_what_is_archived(
    portal: Portal,
) -> None:
    cursor = incremental(NOW - SAFETY_LAG)
    costs = []
    for _ in range(9):
        portal.asked.clear()
        (page,) = read(portal, cursor)
        assert (list(page.records), page.is_last) == ([], True)
        costs.append([path.rpartition("/")[2] for path, _ in portal.asked])
        cursor = page.cursor
        portal.now += HOUR // 4

    quiet, looked = ["search"], ["search", "companies"]
    assert costs == [quiet, quiet, quiet, quiet, looked, quiet, quiet, quiet, looked]


def test_the_cursor_stays_behind_hubspot_s_clock(portal: Portal) -> None:
    portal.modified = {"1": NOW}

    (page, last) = read(portal, incremental())
    again = read(portal, last.cursor)

    assert ids([page]) == ["1"]
    assert until(last) == NOW - SAFETY_LAG
    assert ids(again) == ["1"]


def test_a_cursor_never_goes_back(portal: Portal) -> None:
    later = NOW - SAFETY_LAG + 5

    assert until(read(portal, incremental(later))[-1]) == later


def test_a_clock_that_moves_meanwhile_is_followed(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal.modified = {"1": NOW + HOUR}

    def answer(body: dict[str, Any]) -> dict[str, Any]:
        portal.now = NOW + 2 * HOUR
        return Portal._search(portal, body)

    monkeypatch.setattr(portal, "_search", answer)

    pages = read(portal, incremental())

    assert ids(pages) == ["1"]
    assert until(pages[-1]) == NOW - SAFETY_LAG
    assert until(read(portal, pages[-1].cursor)[-1]) == NOW + 2 * HOUR - SAFETY_LAG


def test_what_the_index_shows_late_is_read_next_however_long_the_reading_took(
    portal: Portal,
) -> None:
    portal.modified = {str(key): LOADED + key for key in range(1, 151)}
    pages = reading(portal, incremental())

    next(pages)
    portal.now += HOUR
    portal.modified["900"] = NOW - 1  # before the search, in the index after it
    last = list(pages)[-1]

    assert until(last) == NOW - SAFETY_LAG
    assert "900" in ids(read(portal, last.cursor))


def test_what_the_index_still_shows_and_the_store_has_not_is_gone(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal.modified = {"1": LOADED + 1, "2": LOADED + 2}
    searched = Portal._search(portal, _window())
    del portal.modified["2"]
    monkeypatch.setattr(portal, "_search", lambda _: searched)

    pages = read(portal, incremental())

    assert ids(pages) == ["1"]
    assert [key for page in pages for key in page.gone] == ["2"]


def _window() -> dict[str, Any]:
    bounds = {"value": str(LOADED), "highValue": str(NOW)}
    return {"filterGroups": [{"filters": [bounds]}], "limit": 200}


def test_a_batch_read_that_failed_in_part_is_tried_later(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    portal.modified = {"1": LOADED + 1}
    failed = {"results": [], "errors": [{"category": "INTERNAL_ERROR", "message": "Oops"}]}
    searched = Portal._search(portal, _window())

    def post(path: str, *_: object) -> dict[str, Any]:
        return searched if path.endswith("/search") else failed

    monkeypatch.setattr(portal, "post", post)

    with pytest.raises(Retriable, match="Oops"):
        read(portal, incremental())


def test_a_first_load_starts_again_where_it_stopped(portal: Portal) -> None:
    portal.modified = {str(key): LOADED for key in range(1, 251)}
    portal.archived = {"900": LOADED, "901": LOADED}

    whole = read(portal, None)
    resumed = [read(portal, page.cursor) for page in whole[:-1]]

    assert [len(page.records) for page in whole] == [100, 100, 50, 2]
    assert ids(whole) == [*map(str, range(1, 251)), "900", "901"]
    assert [ids(rest) for rest in resumed] == [ids(whole[stop:]) for stop in (1, 2, 3)]
    assert until(whole[-1]) == NOW - SAFETY_LAG


def test_a_first_load_counts_from_its_start(portal: Portal) -> None:
    portal.modified = {"1": LOADED, "2": LOADED}
    pages = reading(portal, None)

    next(pages)
    portal.now += HOUR

    assert until(list(pages)[-1]) == NOW - SAFETY_LAG


def test_only_what_was_archived_since_is_given_again(portal: Portal) -> None:
    portal.archived = {"1": LOADED - 2 * HOUR, "2": LOADED - HOUR + 5}

    (page,) = read(portal, incremental(LOADED - HOUR))

    assert ids([page]) == ["2"]


def test_what_is_archived_while_the_archived_are_read_is_read_next(portal: Portal) -> None:
    portal.archived = {str(key): NOW - 1 for key in range(1_000, 1_150)}
    pages = reading(portal, incremental(swept_at=LOADED - HOUR))

    next(pages)
    portal.now += 2 * HOUR
    portal.archived["7"] = NOW + 1  # on a page that is read already
    last = list(pages)[-1]
    portal.now += HOUR

    assert "7" in ids(read(portal, last.cursor))


def test_a_long_archived_list_is_read_less_often(portal: Portal) -> None:
    portal.archived = {"1": NOW}
    minute = 60_000
    recent = NOW - SAFETY_LAG - 89 * minute

    skipped = read(portal, incremental(recent, sweep_pages=90))
    portal.now += minute
    swept = read(portal, incremental(recent, sweep_pages=90))

    assert ids(skipped) == []
    assert ids(swept) == ["1"]


class Activities(Portal):
    """A portal with more of some activities than of others, each with ids of its own."""

    SIZES: ClassVar = {"calls": 250, "meetings": 120, "emails": 0, "notes": 130}

    def __init__(self) -> None:
        super().__init__()
        self.modified = {
            str(1_000 * place + number): LOADED
            for place, size in enumerate(self.SIZES.values(), start=1)
            for number in range(size)
        }
        self.together = threading.Barrier(len(self.SIZES), timeout=300)

    def get(self, path: str, query: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
        asked = dict(query)
        if asked["archived"] == "true":
            return {"results": []}
        if "after" not in asked:
            # Nobody is let through before all four are here.
            self.together.wait()
        name = path.rpartition("/")[2]
        first = 1_000 * (1 + list(self.SIZES).index(name))
        end = first + self.SIZES[name]
        start = int(asked.get("after", first - 1)) + 1
        shown = [str(number) for number in range(start, min(start + 100, end))]
        paging = {"paging": {"next": {"after": shown[-1]}}} if start + 100 < end else {}
        return {"results": [self._record(key) for key in shown], **paging}


def test_the_objects_of_a_stream_are_read_side_by_side_and_resumed_together() -> None:
    def reading(portal: Portal, cursor: str | None) -> list[Page]:
        object_types = STREAMS[Kind.ACTIVITY]
        mappers = [Mapper(each, (), (), "CAD") for each in object_types]
        reader = Reader(portal, paths_of(API_VERSION), mappers, lag=SAFETY_LAG)
        return list(reader.pages(cursor_of(cursor, object_types)))

    pages = reading(Activities(), None)

    assert [page.is_last for page in pages] == [False] * (len(pages) - 1) + [True]
    assert sorted(ids(pages)) == sorted(Activities().modified)
    for stop, page in enumerate(pages[:-1], start=1):
        portal = Activities()
        portal.together = threading.Barrier(1)
        assert ids(reading(portal, page.cursor)) == ids(pages[stop:])


def test_many_fields_are_read_without_a_long_address(portal: Portal) -> None:
    portal.modified = {"1": LOADED, "2": LOADED}
    wide = [
        Binding(
            kind=Kind.ACCOUNT,
            name=f"f{number}",
            crm_field=f"un_champ_au_nom_plutot_long_{number}",
            type=FieldType.TEXT,
        )
        for number in range(500)
    ]

    pages = read(portal, None, bindings=wide)

    assert ids(pages) == ["2", "1"]
    lists = [asked for path, asked in portal.asked if path.endswith("/companies")]
    assert {asked["properties"] for asked in lists} == {"hs_object_id"}
    assert portal.calls_to("/batch/read") == 1


def test_the_primary_company_is_asked_where_the_list_does_not_tell(portal: Portal) -> None:
    portal.modified = {"1": LOADED, "2": LOADED, "3": LOADED}
    portal.companies = {"1": [("10", 341), ("11", 5)], "2": [("10", 341)]}

    (live, _) = read(portal, None, DEALS)

    assert [(link.from_id, link.to_id, link.is_primary) for link in live.links] == [
        ("2", "10", True),
        ("1", "10", False),
        ("1", "11", True),
    ]
    asked = [body["inputs"] for path, body in portal.asked if "associations" in path]
    assert asked == [[{"id": "1"}]]


def test_deals_come_fifty_at_a_time_with_their_past(portal: Portal) -> None:
    portal.modified = {str(key): LOADED + 1 for key in range(1, 121)}

    pages = read(portal, incremental(), DEALS)

    assert [len(page.records) for page in pages] == [50, 50, 20, 0]
    reads = [body for path, body in portal.asked if path.endswith("deals/batch/read")]
    assert {len(body["inputs"]) for body in reads} == {50, 20}
    assert reads[0]["propertiesWithHistory"] == ["dealstage", "amount"]


@pytest.mark.parametrize("text", ["", "x", "[]", "{}", '{"v":2,"o":{}}', '{"v":1,"o":{"a":1}}'])
def test_a_cursor_of_something_else_is_refused_with_the_next_step(text: str) -> None:
    with pytest.raises(Fatal, match="pull --full"):
        cursor_of(text, [COMPANIES])


def test_a_cursor_is_read_as_it_was_written(portal: Portal) -> None:
    portal.modified = {str(key): LOADED for key in range(1, 102)}
    text = read(portal, None)[0].cursor

    assert cursor_of(text, [COMPANIES]).written() == text
