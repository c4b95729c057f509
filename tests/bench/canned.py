"""A server of pre-serialised answers: what it costs to read is then all ours.

Run as a process: `python -m tests.bench.canned RECORDS` prints its address and serves until it is
terminated. It knows one thing, a list of companies in pages of 100.
"""

import asyncio
import json
import random
import sys
from email.utils import formatdate
from urllib.parse import parse_qs, urlsplit

PAGE = 100
ACCOUNT = (
    b'{"portalId":1,"accountType":"STANDARD","timeZone":"America/Toronto","companyCurrency":"CAD",'
    b'"additionalCurrencies":[],"utcOffset":"-04:00","utcOffsetMilliseconds":-14400000,'
    b'"uiDomain":"app.hubspot.com","dataHostingLocation":"na1"}'
)


def pages(records: int) -> dict[str, bytes]:
    """`after` → the body of the page that follows it; the key of the first page is empty."""
    chance = random.Random(3)  # noqa: S311 - reproducible data
    bodies = {}
    for start in range(0, records, PAGE):
        results = [_company(number, chance) for number in range(start + 1, start + PAGE + 1)]
        body: dict[str, object] = {"results": results}
        if start + PAGE < records:
            body["paging"] = {"next": {"after": str(start + PAGE), "link": "-"}}
        bodies[str(start) if start else ""] = json.dumps(body, ensure_ascii=False).encode()
    return bodies


def _company(number: int, chance: random.Random) -> dict[str, object]:
    stamp = f"2026-0{chance.randrange(1, 7)}-1{chance.randrange(10)}T08:30:00.{number % 1000:03}Z"
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


class _Server(asyncio.Protocol):
    def __init__(self, bodies: dict[str, bytes]) -> None:
        self._bodies = bodies
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
        if "/companies" in path and query.get("archived") != ["true"]:
            return self._bodies[query.get("after", [""])[0]]
        return b'{"results":[]}'


async def _serve(records: int) -> None:
    bodies = pages(records)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Server(bodies), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(f"http://127.0.0.1:{port}", flush=True)  # noqa: T201 - told to the parent
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
