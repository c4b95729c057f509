"""The sandbox's webhooks: what they tell, how they are signed, sent again and mixed up."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from hubspot.utils.signature import Signature

from connectors.sandbox.hubspot import SANDBOX_PORTAL, HubSpotSandbox

COMPANIES = "/crm/objects/2026-09/companies"
SECRET = "of-the-app"  # noqa: S105 - opens nothing


class Receiver:
    """Somebody's address that hears of changes."""

    def __init__(self) -> None:
        self.status = 204
        self.heard: list[tuple[dict[str, str], str]] = []
        receiver = self

        class Ear(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                receiver.heard.append((dict(self.headers), body))
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                """Say nothing on the terminal."""

        self.server = HTTPServer(("127.0.0.1", 0), Ear)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hubspot"

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for _, body in self.heard for event in json.loads(body)]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def sandbox() -> HubSpotSandbox:
    return HubSpotSandbox(now=datetime(2026, 11, 23, 13, 0, tzinfo=UTC))


def add(sandbox: HubSpotSandbox, **values: str) -> str:
    return str(sandbox.call("POST", COMPANIES, {"properties": values})[1]["id"])


def test_what_changes_is_told_with_who_did_it(sandbox: HubSpotSandbox, receiver: Receiver) -> None:
    sandbox.subscribe(receiver.url, SECRET)
    first, second = add(sandbox, name="Roc"), add(sandbox)
    sandbox.act("edit", objectType="companies", id=first, properties={"city": "Amos"})
    merge = {"primaryObjectId": first, "objectIdToMerge": second}
    survivor = sandbox.act("merge", objectType="companies", **merge)["id"]
    sandbox.call("DELETE", f"{COMPANIES}/{survivor}")
    assert sandbox.deliver_webhooks() == [204]
    told = {event["subscriptionType"]: event for event in receiver.events}
    assert set(told) == {
        f"object.{name}" for name in ("creation", "propertyChange", "merge", "deletion")
    }
    merged = told["object.merge"]
    assert (merged["primaryObjectId"], merged["mergedObjectIds"]) == (int(first), [int(second)])
    assert merged["newObjectId"] == int(survivor)
    [edit] = [event for event in receiver.events if event.get("propertyValue") == "Amos"][:1]
    assert (edit["objectId"], edit["changeSource"]) == (int(first), "CRM_UI")
    assert (edit["portalId"], edit["attemptNumber"]) == (SANDBOX_PORTAL, 0)
    assert sandbox.deliver_webhooks() == []


def test_the_signature_is_what_hubspots_own_client_computes(
    sandbox: HubSpotSandbox, receiver: Receiver
) -> None:
    sandbox.subscribe(receiver.url, SECRET)
    add(sandbox, name="Roc")
    sandbox.deliver_webhooks()
    [(headers, body)] = receiver.heard
    expected = Signature.get_signature(
        client_secret=SECRET,
        request_body=body,
        signature_version="v3",
        http_uri=receiver.url,
        http_method="POST",
        timestamp=headers["X-HubSpot-Request-Timestamp"],
    )
    assert headers["X-HubSpot-Signature-v3"] == expected
    sent = int(headers["X-HubSpot-Request-Timestamp"]) / 1000
    assert 0 <= sent - datetime(2026, 11, 23, 13, 0, tzinfo=UTC).timestamp() < 60


def test_a_body_that_is_refused_is_sent_again_ten_times(
    sandbox: HubSpotSandbox, receiver: Receiver
) -> None:
    subscription = sandbox.subscribe(receiver.url, SECRET)
    add(sandbox)
    receiver.status = 500
    for _ in range(11):
        assert sandbox.deliver_webhooks() == [500]
    assert sandbox.deliver_webhooks() == []
    assert [event["attemptNumber"] for event in receiver.events] == list(range(11))
    assert len({event["eventId"] for event in receiver.events}) == 1
    assert subscription.given_up == 1


def test_events_come_twice_and_in_another_order(
    sandbox: HubSpotSandbox, receiver: Receiver
) -> None:
    sandbox.subscribe(receiver.url, SECRET, duplicated=0.5, shuffled=True, seed=4)
    inputs = [{"properties": {"name": f"Roc {number}"}} for number in range(100)]
    sandbox.call("POST", f"{COMPANIES}/batch/create", {"inputs": inputs})
    assert set(sandbox.deliver_webhooks()) == {204}
    assert all(len(json.loads(body)) < 100 for _, body in receiver.heard)
    counts = Counter(event["eventId"] for event in receiver.events)
    assert set(counts) == set(range(1, 201))
    assert set(counts.values()) == {1, 2}
    first = list(dict.fromkeys(event["eventId"] for event in receiver.events))
    assert first != sorted(first)


def test_links_are_told_when_made_and_when_taken_off(
    sandbox: HubSpotSandbox, receiver: Receiver
) -> None:
    company = add(sandbox)
    deal = sandbox.call("POST", "/crm/objects/2026-09/deals", {"properties": {}})[1]["id"]
    sandbox.subscribe(receiver.url, SECRET)
    path = f"/crm/objects/2026-09/deals/{deal}/associations"
    sandbox.call("PUT", f"{path}/default/companies/{company}")
    sandbox.call("DELETE", f"{path}/companies/{company}")
    sandbox.deliver_webhooks()
    made, gone = receiver.events
    assert (made["fromObjectId"], made["toObjectId"]) == (int(deal), int(company))
    assert made["associationType"] == "DEAL_TO_COMPANY"
    assert (made["associationRemoved"], made["isPrimaryAssociation"]) == (False, True)
    assert gone["associationRemoved"] is True


def test_an_address_that_nobody_serves_keeps_the_events(sandbox: HubSpotSandbox) -> None:
    subscription = sandbox.subscribe("http://127.0.0.1:9/nowhere", SECRET)
    add(sandbox)
    assert sandbox.deliver_webhooks() == [0]
    assert [event["attemptNumber"] for event in subscription.waiting] == [1]
