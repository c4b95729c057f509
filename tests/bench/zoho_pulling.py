"""Pulling accounts out of Zoho CRM by a bulk read: see `tests.bench.bulk_pulling`.

The bare loop begins a job of the same columns, takes its ZIP and reads the CSV that is in it.
"""

import csv
import io
import json
import sys
import zipfile
from http.client import HTTPConnection
from urllib.parse import urlsplit

from pydantic import SecretStr

from connectors.base import Connector, Grant, Identity
from connectors.zoho.connector import Zoho
from tests.bench.bulk_pulling import Bulk, Pages
from tests.bench.measuring import Report
from tests.bench.zoho_canned import ACCOUNT_TYPES, ORG

IDENTITY = Identity(
    vendor="zoho", account_id=ORG, name="-", time_zone="America/Toronto", currency="CAD"
)
_COLUMNS = tuple(ACCOUNT_TYPES)
_JOBS = "/crm/bulk/v8/read"


def connected(url: str) -> Connector:
    """A connector to a canned organization."""
    access = Grant(
        client_id="-", client_secret=SecretStr("-"), refresh_token=lambda: SecretStr("-"),
        keep=lambda _: True,
    )  # fmt: skip
    return Zoho(access, accounts=url, bulk_from=1_000)


def _pages(url: str) -> Pages:
    server = HTTPConnection(urlsplit(url).netloc)
    query = {"query": {"module": {"api_name": "Accounts"}, "fields": _COLUMNS[1:]}}
    server.request("POST", _JOBS, json.dumps(query))
    job = json.load(server.getresponse())["data"][0]["details"]["id"]
    server.request("GET", f"{_JOBS}/{job}")
    assert json.load(server.getresponse())["data"][0]["state"] == "COMPLETED"
    server.request("GET", f"{_JOBS}/{job}/result")
    with zipfile.ZipFile(io.BytesIO(server.getresponse().read())) as archive:
        (member,) = archive.namelist()
        with archive.open(member) as raw:
            rows = csv.reader(io.TextIOWrapper(raw, "utf-8", newline=""))
            next(rows)
            yield rows
    server.close()


BULK = Bulk(
    title="Zoho", identity=IDENTITY, server="tests.bench.zoho_canned",
    module="tests.bench.zoho_pulling", connected=connected, columns=_COLUMNS, pages=_pages,
)  # fmt: skip


def run(size: int = 100_000) -> Report:
    """The race and the memory."""
    return BULK.run(size)


if __name__ == "__main__":
    print(BULK.peak(*sys.argv[1:3]))  # noqa: T201 - told to the parent
