"""The webhooks of an app: what changed, signed, to somebody's address, more than once if need be.

Sent when `HubSpotSandbox.deliver_webhooks` is called, never by themselves, so that a rehearsal
decides when, how often and in which order. As HubSpot documents them: fewer than 100 events in a
body, unordered, possibly repeated; an answer that is no 2xx within five seconds is tried again,
ten times; version 3 of the signature.
"""

import base64
import hashlib
import hmac
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import orjson

from connectors.sandbox.clock import epoch_milliseconds
from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot.vocabulary import TYPES

_LARGEST_BODY = 99
_SECONDS, _RETRIES = 5.0, 10
_APP, _SUBSCRIPTION = 31_999_999, 5_000_001


@dataclass(slots=True, kw_only=True)
class Subscription:
    """Where an app's events go, and how badly: the share sent twice, and whether shuffled."""

    url: str
    secret: str
    portal_id: int
    duplicated: float = 0.0
    shuffled: bool = False
    seed: int = 0
    waiting: list[JsonObject] = field(default_factory=list)
    given_up: int = 0
    numbered: int = 0

    def take(self, event: JsonObject) -> None:
        """Keep what an event of the portal means to a subscriber."""
        describe = _DESCRIPTIONS.get(event["kind"])
        for details in describe(event) if describe and event["method"] != "LOAD" else ():
            self.numbered += 1
            self.waiting.append(
                {
                    "eventId": self.numbered,
                    "subscriptionId": _SUBSCRIPTION,
                    "portalId": self.portal_id,
                    "appId": _APP,
                    "occurredAt": epoch_milliseconds(event["at"]),
                    "attemptNumber": 0,
                    "changeSource": event["source"]["type"],
                    "sourceId": event["source"]["id"],
                    **details,
                }
            )

    def bodies(self) -> list[list[JsonObject]]:
        """Take what waits, as the bodies in which it is sent now."""
        chance = random.Random(self.seed)  # noqa: S311 - a reproducible disorder
        rows, self.waiting = self.waiting, []
        rows = rows + [row for row in rows if chance.random() < self.duplicated]
        if self.shuffled:
            chance.shuffle(rows)
        return [rows[start : start + _LARGEST_BODY] for start in range(0, len(rows), _LARGEST_BODY)]

    def return_(self, body: list[JsonObject]) -> None:
        """Keep a body that was not accepted for another attempt, ten times at most."""
        for row in {row["eventId"]: row for row in body}.values():
            if row["attemptNumber"] >= _RETRIES:
                self.given_up += 1
            else:
                self.waiting.append(row | {"attemptNumber": row["attemptNumber"] + 1})


def send(subscription: Subscription, body: list[JsonObject], timestamp: int) -> int:
    """Post one body with its signature; return the status, 0 when nobody answered in time."""
    raw = orjson.dumps(body)
    text = f"POST{subscription.url}".encode() + raw + str(timestamp).encode()
    digest = hmac.new(subscription.secret.encode(), text, hashlib.sha256).digest()
    headers = {
        "Content-Type": "application/json",
        "X-HubSpot-Signature-Version": "v3",
        "X-HubSpot-Signature-v3": base64.b64encode(digest).decode(),
        "X-HubSpot-Request-Timestamp": str(timestamp),
    }
    try:
        answer = httpx.post(subscription.url, content=raw, headers=headers, timeout=_SECONDS)
    except httpx.TransportError:
        return 0
    return answer.status_code


def _about(event: JsonObject, name: str, record_id: str, **details: object) -> JsonObject:
    about = {"subscriptionType": f"object.{name}", "objectId": int(record_id)}
    return about | {"objectTypeId": TYPES[event["type"]].type_id, **details}


def _changes(event: JsonObject) -> list[JsonObject]:
    return [
        _about(event, "propertyChange", event["id"], propertyName=name, propertyValue=value)
        for name, value in event["values"].items()
    ]


def _created(event: JsonObject) -> list[JsonObject]:
    return [_about(event, "creation", event["id"], changeFlag="CREATED"), *_changes(event)]


def _archived(event: JsonObject) -> list[JsonObject]:
    return [_about(event, "deletion", event["id"], changeFlag="DELETED")]


def _restored(event: JsonObject) -> list[JsonObject]:
    return [_about(event, "restore", event["id"], changeFlag="RESTORED")]


def _merged(event: JsonObject) -> list[JsonObject]:
    primary, *others = event["from"]
    merged = {
        "primaryObjectId": int(primary),
        "mergedObjectIds": [int(other) for other in others],
        "newObjectId": int(event["id"]),
        "numberOfPropertiesMoved": 0,
    }
    return [_about(event, "merge", event["id"], **merged)]


def _linked(event: JsonObject) -> list[JsonObject]:
    source, target = event["from"], event["to"]
    is_removed = event["kind"] == "link.removed"
    ends = (TYPES[source[0]].singular, TYPES[target[0]].singular)
    return [
        {
            "subscriptionType": "object.associationChange",
            "associationType": "_to_".join(ends).upper(),
            "fromObjectId": int(source[1]),
            "toObjectId": int(target[1]),
            "associationRemoved": is_removed,
            "isPrimaryAssociation": not is_removed and bool({1, 2, 5, 6} & set(event["types"])),
        }
    ]


_DESCRIPTIONS: dict[str, Callable[[JsonObject], list[JsonObject]]] = {
    "record.created": _created,
    "record.changed": _changes,
    "record.archived": _archived,
    "record.purged": _archived,
    "record.restored": _restored,
    "record.merged": _merged,
    "link.added": _linked,
    "link.removed": _linked,
}
