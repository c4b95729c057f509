"""A server of pre-serialised answers: what it costs to read is then all ours.

Run as a process: `python -m tests.bench.canned RECORDS` prints its address and serves until it is
terminated. It knows three lists, each of so many records and serialised when first asked for:
companies, deals with their histories and companies, and calls with their companies.
"""

import asyncio
import json
import random
import sys
from collections.abc import Callable, Mapping
from email.utils import formatdate
from functools import cache
from urllib.parse import parse_qs, urlsplit

ACCOUNT = (
    b'{"portalId":1,"accountType":"STANDARD","timeZone":"America/Toronto","companyCurrency":"CAD",'
    b'"additionalCurrencies":[],"utcOffset":"-04:00","utcOffsetMilliseconds":-14400000,'
    b'"uiDomain":"app.hubspot.com","dataHostingLocation":"na1"}'
)


Json = dict[str, object]


@cache
def pages(name: str, records: int) -> Mapping[str, bytes]:
    """`after` → the body of the page that follows it; the key of the first page is empty."""
    chance = random.Random(3)  # noqa: S311 - reproducible data
    make, size = LISTS[name]
    bodies = {}
    for start in range(0, records, size):
        results = [make(number, chance) for number in range(start + 1, start + size + 1)]
        body: Json = {"results": results}
        if start + size < records:
            body["paging"] = {"next": {"after": str(start + size), "link": "-"}}
        bodies[str(start) if start else ""] = json.dumps(body, ensure_ascii=False).encode()
    return bodies


def _company(number: int, chance: random.Random) -> Json:
    stamp = _stamp(number, chance)
    return {
        "id": str(number),
        "properties": {
            "name": f"Compagnie {number} ltée", "domain": f"compagnie-{number}.example",
            "hubspot_owner_id": str(chance.randrange(1, 20)),
            "createdate": "2024-03-01T12:00:00Z", "hs_lastmodifieddate": stamp,
            "hs_object_id": str(number), "hs_merged_object_ids": None,
            "lifecyclestage": chance.choice(["customer", "lead", "opportunity"]),
            "potentiel_annuel": str(chance.randrange(1_000_000)), "industry": "Fabrication",
            "numberofemployees": str(chance.randrange(1, 500)),
            "cycle_de_vente": chance.choice(["court", "moyen", "long"]),
            "arpent_tier": None, "arpent_priority": None, "arpent_next_contact": None,
            "arpent_why": None, "arpent_challenge": None, "arpent_segment": None,
            "arpent_quadrant": None, "arpent_contact_status": None,
        },
        "createdAt": "2024-03-01T12:00:00Z", "updatedAt": stamp, "archived": False,
    }  # fmt: skip


def _deal(number: int, chance: random.Random) -> Json:
    stamp = _stamp(number, chance)
    amount = f"{chance.randrange(1_000, 90_000)}.{chance.randrange(100):02}"
    stages = [f"stage{place}" for place in range(1, chance.randrange(2, 6))]
    company = {"id": str(1 + number // 2), "type": "deal_to_company"}
    return {
        "id": str(number),
        "properties": {
            "dealname": f"Renouvellement {number}", "dealstage": stages[-1], "amount": amount,
            "deal_currency_code": "CAD", "hubspot_owner_id": str(chance.randrange(1, 20)),
            "amount_in_home_currency": amount, "createdate": "2025-11-01T12:00:00Z",
            "closedate": "2026-06-30T16:00:00Z", "hs_lastmodifieddate": stamp,
            "hs_object_id": str(number),
        },
        "propertiesWithHistory": {
            "dealstage": [
                _past(stage, f"2026-01-{place + 1:02}T09:00:00.000Z")
                for place, stage in reversed(list(enumerate(stages)))
            ],
            "amount": [_past(amount, stamp), _past("1000", "2025-11-01T12:00:00Z")],
        },
        "associations": _associated(company, company | {"type": "deal_to_company_unlabeled"}),
        "createdAt": "2025-11-01T12:00:00Z", "updatedAt": stamp, "archived": False,
    }  # fmt: skip


def _call(number: int, chance: random.Random) -> Json:
    stamp = _stamp(number, chance)
    return {
        "id": str(number),
        "properties": {
            "hs_timestamp": stamp, "hubspot_owner_id": str(chance.randrange(1, 20)),
            "hs_lastmodifieddate": stamp, "hs_call_status": "COMPLETED",
            "hs_call_disposition": None, "hs_call_duration": str(chance.randrange(600_000)),
            "hs_object_id": str(number),
        },
        "associations": _associated({"id": str(1 + number // 2), "type": "call_to_company"}),
        "createdAt": stamp, "updatedAt": stamp, "archived": False,
    }  # fmt: skip


def _stamp(number: int, chance: random.Random) -> str:
    return f"2026-0{chance.randrange(1, 7)}-1{chance.randrange(10)}T08:30:00.{number % 1000:03}Z"


def _past(value: str, timestamp: str) -> Json:
    return {"value": value, "timestamp": timestamp, "sourceType": "CRM_UI"}


def _associated(*results: Mapping[str, str]) -> Json:
    return {"companies": {"results": list(results)}}


# By the path of the list: how a record looks, and how many a page holds.
LISTS: Mapping[str, tuple[Callable[[int, random.Random], Json], int]] = {
    "companies": (_company, 100),
    "deals": (_deal, 50),
    "calls": (_call, 100),
}


class _Server(asyncio.Protocol):
    def __init__(self, records: int) -> None:
        self._records = records
        self._transport: asyncio.Transport | None = None
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, self._received = self._received.split(b"\r\n\r\n", 1)
            target = urlsplit(head.split(b" ", 2)[1].decode())
            query = parse_qs(target.query)
            body = self._answer(target.path, query)
            headers = (
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                # A limit so high that the rate governor never waits.
                "X-HubSpot-RateLimit-Max: 1000000\r\n"
                "X-HubSpot-RateLimit-Interval-Milliseconds: 10000\r\n"
                f"Date: {formatdate(usegmt=True)}\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            assert self._transport is not None
            self._transport.write(headers.encode() + body)

    def _answer(self, path: str, query: dict[str, list[str]]) -> bytes:
        if path.startswith("/account-info/"):
            return ACCOUNT
        name = path.rpartition("/")[2]
        if name in LISTS and query.get("archived") != ["true"]:
            return pages(name, self._records)[query.get("after", [""])[0]]
        return b'{"results":[]}'


async def _serve(records: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Server(records), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(f"http://127.0.0.1:{port}", flush=True)  # noqa: T201 - told to the parent
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
