"""Each open question about HubSpot is a switch of the sandbox that really changes an answer.

`PROBES` has one line for each: what a caller sees, which must differ between the two positions.
The document of the connector must list every switch and every fault, in both its positions.
"""

import re
from collections.abc import Callable
from dataclasses import fields
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson
import pytest

from connectors.sandbox.exchange import Request, Response
from connectors.sandbox.faults import Fault
from connectors.sandbox.hubspot import HubSpotSandbox
from connectors.sandbox.hubspot.switches import OTHER_ANSWERS, HubSpotSwitches

PAGE = Path(__file__).parents[2] / "docs" / "hubspot.md"
ROW = re.compile(r"^\| `(\w+)` \| `([^`]*)` \| `([^`]*)` \| (.+) \|$", re.MULTILINE)
SETTING = re.compile(r"^\| `(\w+)` \| `([^`]*)` \| ([^|`][^|]*) \|$", re.MULTILINE)
FAULT = re.compile(r"^\| `(\w+)` \| ([^|`][^|]*) \|$", re.MULTILINE)
OBJECTS, LINKS = "/crm/objects/2026-09", "/crm/associations/2026-09"
COMPANIES = f"{OBJECTS}/companies"


class Answer:
    """What came back."""

    def __init__(self, response: Response) -> None:
        self.status = response.status
        self.headers = response.headers
        self._body = response.body

    def json(self) -> Any:
        return orjson.loads(self._body)


class Caller:
    """A portal, and somebody who calls it; no socket is needed."""

    def __init__(self, sandbox: HubSpotSandbox) -> None:
        self.sandbox = sandbox

    def get(self, path: str) -> Answer:
        return self.send("GET", path)

    def post(self, path: str, body: object) -> Answer:
        return self.send("POST", path, orjson.dumps(body))

    def send(
        self, method: str, path: str, body: bytes = b"", kind: str = "application/json"
    ) -> Answer:
        bare, _, query = path.partition("?")
        headers = {"authorization": f"Bearer {self.sandbox.token}", "content-type": kind}
        request = Request(
            method=method,
            path=bare,
            query=query,
            headers=headers,
            body=body,
            base_url="http://127.0.0.1",
        )
        return Answer(self.sandbox.gateway.answer(request))

    def company(self, **properties: str) -> str:
        return str(self.sandbox.act("create", objectType="companies", properties=properties)["id"])

    def companies(self, number: int) -> list[str]:
        return [self.company(name=f"Roc {place}") for place in range(number)]

    def deals_of(self, company: str, number: int) -> None:
        types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 341}]
        link = {"to": {"id": company}, "types": types}
        for place in range(number):
            given = {"dealname": f"Presse {place}"}
            self.sandbox.act("create", objectType="deals", properties=given, associations=[link])

    def found(self, **search: object) -> Any:
        return self.post(f"{COMPANIES}/search", search).json()

    def linked(self, company: str) -> Answer:
        body = {"inputs": [{"id": company}]}
        return self.post(f"{LINKS}/companies/deals/batch/read", body)

    def updated(self, *rows: dict[str, object]) -> int:
        return self.post(f"{COMPANIES}/batch/update", {"inputs": rows}).status


def called(**switches: object) -> Caller:
    sandbox = HubSpotSandbox()
    sandbox.switches.change({"search_per_second": 100, **switches})
    return Caller(sandbox)


def search_lag_seconds(caller: Caller) -> object:
    caller.company(name="Roc")
    return caller.found()["total"]


def search_lag(caller: Caller) -> object:
    caller.sandbox.switches.change({"search_lag_seconds": 60})
    caller.companies(30)
    caller.sandbox.clock.advance(timedelta(seconds=45))
    return caller.found()["total"] > 0


def short_pages(caller: Caller) -> object:
    caller.companies(60)
    sizes, after = [], "0"
    while after:
        page = caller.found(limit=20, after=after)
        sizes.append(len(page["results"]))
        after = page.get("paging", {}).get("next", {}).get("after", "")
    return sizes == [20, 20, 20]


def lexicographic_ids(caller: Caller) -> object:
    caller.company(name="Roc")
    rule = {"propertyName": "hs_object_id", "operator": "GT", "value": "9"}
    return caller.found(filterGroups=[{"filters": [rule]}])["total"]


def shuffled_results(caller: Caller) -> object:
    names = [f"Roc {number}" for number in range(30)]
    body = {"inputs": [{"properties": {"name": name}} for name in names]}
    made = caller.post(f"{COMPANIES}/batch/create", body).json()["results"]
    return [row["properties"]["name"] for row in made] == names


def batch_update_with_trace(caller: Caller) -> object:
    good, bad = caller.companies(2)
    return caller.updated(
        {"id": good, "objectWriteTraceId": "a", "properties": {"city": "Amos"}},
        {"id": bad, "objectWriteTraceId": "b", "properties": {"numberofemployees": "many"}},
    )


def missing_ids_in_update(caller: Caller) -> object:
    known = caller.company(name="Roc")
    city = {"city": "Amos"}
    return caller.updated({"id": known, "properties": city}, {"id": "404", "properties": city})


def numeric_to_object_id(caller: Caller) -> object:
    company = caller.company(name="Roc")
    caller.deals_of(company, 1)
    return type(caller.linked(company).json()["results"][0]["to"][0]["toObjectId"])


def association_page_size(caller: Caller) -> object:
    company = caller.company(name="Roc")
    caller.deals_of(company, 3)
    return len(caller.linked(company).json()["results"][0]["to"])


def unlinked_as_errors(caller: Caller) -> object:
    return caller.linked(caller.company(name="Roc")).status


def source_type(caller: Caller) -> object:
    made = caller.post(COMPANIES, {"properties": {"name": "Roc"}}).json()["id"]
    read = caller.get(f"{COMPANIES}/{made}?propertiesWithHistory=name").json()
    return read["propertiesWithHistory"]["name"][0]["sourceType"]


def touch_on_same_value(caller: Caller) -> object:
    company = caller.company(name="Roc")
    before = caller.get(f"{COMPANIES}/{company}").json()["updatedAt"]
    caller.sandbox.clock.advance(timedelta(minutes=1))
    caller.updated({"id": company, "properties": {"name": "Roc"}})
    return caller.get(f"{COMPANIES}/{company}").json()["updatedAt"] == before


def merge_creates_new_id(caller: Caller) -> object:
    kept, lost = caller.companies(2)
    body = {"primaryObjectId": kept, "objectIdToMerge": lost}
    return caller.post(f"{COMPANIES}/merge", body).json()["id"] == kept


def reject_archived_owner(caller: Caller) -> object:
    owner = caller.sandbox.act("create_owner", firstName="Ana", email="ana@example.com")["id"]
    caller.sandbox.act("deactivate_owner", id=owner)
    return caller.post(COMPANIES, {"properties": {"hubspot_owner_id": owner}}).status


def property_delay_seconds(caller: Caller) -> object:
    made = {"name": "code", "label": "Code", "type": "string", "fieldType": "text"}
    path = "/crm/properties/2026-09/companies"
    caller.post(path, made | {"groupName": "companyinformation"})
    return caller.get(f"{path}/code").status


def rate_headers(caller: Caller) -> object:
    return [name for name in caller.get(COMPANIES).headers if "ratelimit" in name.lower()] != []


def retry_after_on_429(caller: Caller) -> object:
    caller.sandbox.switches.change({"ten_second_limit": 0})
    return "Retry-After" in caller.get(COMPANIES).headers


def associations_counted_apart(caller: Caller) -> object:
    caller.sandbox.switches.change({"associations_ten_second_limit": 0})
    return caller.linked(caller.company(name="Roc")).status


def oauth_rotates_refresh_token(caller: Caller) -> object:
    first = "na1-first"
    caller.sandbox.add_oauth_app("app", "of-it", first)
    form = urlencode(
        {
            "grant_type": "refresh_token",
            "client_id": "app",
            "client_secret": "of-it",
            "refresh_token": first,
        }
    )
    kind = "application/x-www-form-urlencoded"
    asked = caller.send("POST", "/oauth/2026-09/token", form.encode(), kind)
    return asked.json()["refresh_token"] == first


def longest_address(caller: Caller) -> object:
    return caller.get(f"{COMPANIES}?properties={'a' * 10_000}").status


def clock_skew_seconds(caller: Caller) -> object:
    """The one answer that only a socket gives."""
    with caller.sandbox:
        answered = httpx.get(f"{caller.sandbox.url}{COMPANIES}")
    told = parsedate_to_datetime(answered.headers["Date"])
    return abs(told - caller.sandbox.clock.now()) > timedelta(seconds=10)


PROBES: dict[str, Callable[[Caller], object]] = {
    probe.__name__: probe
    for probe in (
        *(search_lag_seconds, search_lag, short_pages, lexicographic_ids, shuffled_results),
        *(batch_update_with_trace, missing_ids_in_update, numeric_to_object_id),
        *(association_page_size, unlinked_as_errors, source_type, touch_on_same_value),
        *(merge_creates_new_id, reject_archived_owner, property_delay_seconds, rate_headers),
        *(retry_after_on_429, associations_counted_apart, oauth_rotates_refresh_token),
        *(longest_address, clock_skew_seconds),
    )
}


def test_every_open_question_has_a_probe() -> None:
    assert set(PROBES) == set(OTHER_ANSWERS)


@pytest.mark.parametrize("name", PROBES)
def test_a_switch_changes_what_a_caller_sees(name: str) -> None:
    usual = PROBES[name](called())
    other = PROBES[name](called(**{name: OTHER_ANSWERS[name]}))

    assert other != usual


# The document.


def section(title: str) -> str:
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(f"\n### {title}\n")
    assert rest, f"docs/hubspot.md has no section named {title}"
    return re.split(r"\n##", rest)[0]


def shown(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def test_the_page_tells_both_positions_of_every_open_question() -> None:
    usual = HubSpotSwitches().as_json()
    told = {name: (one, other) for name, one, other, _ in ROW.findall(section("Open questions"))}
    assert told == {
        name: (shown(usual[name]), shown(other)) for name, other in OTHER_ANSWERS.items()
    }


def test_the_page_tells_every_other_switch() -> None:
    usual = HubSpotSwitches().as_json()
    told = {name: value for name, value, _ in SETTING.findall(section("The portal"))}
    assert told == {
        name: shown(value) for name, value in usual.items() if name not in OTHER_ANSWERS
    }


def test_the_page_tells_every_fault() -> None:
    assert {name for name, _ in FAULT.findall(section("Faults"))} == {
        entry.name for entry in fields(Fault)
    }
