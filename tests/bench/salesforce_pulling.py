"""Pulling accounts out of Salesforce by a bulk job: see `tests.bench.bulk_pulling`.

The bare loop begins a job of the same columns and streams its pages of CSV.
"""

import csv
import io
import json
import sys
from http.client import HTTPConnection
from urllib.parse import urlsplit

from pydantic import SecretStr

from connectors.base import Connector, Identity
from connectors.salesforce.access import ClientCredentials
from connectors.salesforce.bulk import PAGE
from connectors.salesforce.connector import Salesforce
from tests.bench.bulk_pulling import Bulk, Pages
from tests.bench.measuring import Report
from tests.bench.salesforce_canned import ACCOUNT_TYPES, DATA, ORG

IDENTITY = Identity(
    vendor="salesforce", account_id=ORG, name="-", time_zone="America/Toronto", currency="CAD"
)
_COLUMNS = tuple(ACCOUNT_TYPES)


def connected(url: str) -> Connector:
    """A connector to a canned org."""
    access = ClientCredentials(client_id="-", client_secret=SecretStr("-"))
    return Salesforce(access, base_url=url, bulk_from=1_000)


def _pages(url: str) -> Pages:
    server = HTTPConnection(urlsplit(url).netloc)
    query = {"operation": "queryAll", "query": f"SELECT {', '.join(_COLUMNS)} FROM Account"}  # noqa: S608 - constants
    server.request("POST", f"{DATA}jobs/query", json.dumps(query))
    job = json.load(server.getresponse())["id"]
    place = ""
    while place != "null":
        after = f"&locator={place}" if place else ""
        server.request("GET", f"{DATA}jobs/query/{job}/results?maxRecords={PAGE}{after}")
        answer = server.getresponse()
        place = answer.headers["Sforce-Locator"]
        rows = csv.reader(io.TextIOWrapper(answer, "utf-8", newline=""))
        next(rows)
        yield rows
        answer.close()
    server.close()


BULK = Bulk(
    title="Salesforce", identity=IDENTITY, server="tests.bench.salesforce_canned",
    module="tests.bench.salesforce_pulling", connected=connected, columns=_COLUMNS, pages=_pages,
)  # fmt: skip


def run(size: int = 200_000) -> Report:
    """The race and the memory."""
    return BULK.run(size)


if __name__ == "__main__":
    print(BULK.peak(*sys.argv[1:3]))  # noqa: T201 - told to the parent
