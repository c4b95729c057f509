"""An org of prepared answers: bulk queries of accounts, and writes that all succeed.

Run as a process: `python -m tests.bench.salesforce_canned RECORDS`. A query job has as many rows as
RECORDS says, in the columns for which it asks; an ingest job has written every row that it was
sent. `GET /stats` tells how many calls there were, without the logins.
"""

import csv
import io
import random
import re
import sys
from collections.abc import Mapping
from functools import cache

import orjson

from tests.bench.wire import Call, Reply, serve, table

DATA = "/services/data/v68.0/"
ORG = "00Dxx0000001gPLEAY"
# What is known of accounts, in the order of the bare loop; what no row has is empty.
ACCOUNT_TYPES: Mapping[str, str] = {
    "Id": "id", "Name": "string", "Website": "url", "OwnerId": "reference", "IsDeleted": "boolean",
    "MasterRecordId": "reference", "CreatedDate": "datetime", "SystemModstamp": "datetime",
    "Industry": "picklist", "NumberOfEmployees": "int", "Lifecyclestage__c": "picklist",
    "Potentiel_Annuel__c": "currency", "Cycle_De_Vente__c": "picklist",
    **{f"arpent_{name}__c": "string" for name in (
        "tier", "priority", "why", "challenge", "segment", "quadrant", "contact_status",
    )},
    "arpent_next_contact__c": "date",
}  # fmt: skip
_SELECTED = re.compile(r"SELECT (.+?) FROM (\w+)")
_ORGANIZATION = {
    "totalSize": 1, "done": True,
    "records": [{
        "Id": ORG, "Name": "Banc", "IsSandbox": False, "TimeZoneSidKey": "America/Toronto",
        "DefaultLocaleSidKey": "fr_CA",
    }],
}  # fmt: skip


@cache
def pages(columns: tuple[str, ...], records: int, size: int) -> list[bytes]:
    """The result of a job, page by page: each with its head."""
    chance = random.Random(3)  # noqa: S311 - reproducible data
    made = []
    for start in range(0, records, size):
        written = io.StringIO(newline="")
        rows = csv.writer(written, lineterminator="\n", quoting=csv.QUOTE_ALL)
        rows.writerow(columns)
        for number in range(start + 1, min(records, start + size) + 1):
            row = _account(number, chance)
            rows.writerow([row.get(name, "") for name in columns])
        made.append(written.getvalue().encode())
    return made


def account_id(number: int) -> str:
    """The id of an account, in 18 characters."""
    return f"001xx{number:010}AAA"


def _account(number: int, chance: random.Random) -> dict[str, object]:
    day = f"2026-0{chance.randrange(1, 7)}-1{chance.randrange(10)}"
    return {
        "Id": account_id(number), "Name": f"Compagnie {number} ltée, Québec",
        "Website": f"https://www.compagnie-{number}.example/fr",
        "OwnerId": f"005xx{chance.randrange(1, 20):010}AAA", "IsDeleted": "false",
        "CreatedDate": "2024-03-01T12:00:00.000Z", "SystemModstamp": f"{day}T08:30:00.000Z",
        "Industry": "Fabrication", "NumberOfEmployees": chance.randrange(1, 500),
        "Lifecyclestage__c": chance.choice(["customer", "lead", "opportunity"]),
        "Potentiel_Annuel__c": f"{chance.randrange(1_000_000)}.0",
        "Cycle_De_Vente__c": chance.choice(["court", "moyen", "long"]),
    }  # fmt: skip


class Org:
    """The org's jobs, by their ids."""

    def __init__(self, records: int) -> None:
        self._records = records
        self._queries: dict[str, tuple[str, ...]] = {}
        self._ingests: dict[str, bytes] = {}
        self._calls = 0

    def answer(self, call: Call) -> Reply:
        """The prepared answer to a call."""
        if call.path == "/stats":
            return _json({"calls": self._calls})
        if call.path == "/services/oauth2/token":
            told = {"access_token": "a-session", "instance_url": "-", "id": f"/id/{ORG}/005"}
            return _json(told)
        self._calls += 1
        path = call.path.removeprefix(DATA)
        if path.startswith("jobs/query"):
            return self._query(call, path.split("/")[2:])
        if path.startswith("jobs/ingest"):
            return self._ingest(call, path.split("/")[2:])
        return self._short(call, path)

    def _short(self, call: Call, path: str) -> Reply:
        if path == "query" and "FROM Organization" in call.query["q"]:
            return _json(_ORGANIZATION)
        if path == "sobjects/Account/describe":
            return _json(
                {"fields": [{"name": each, "type": ACCOUNT_TYPES[each]} for each in ACCOUNT_TYPES]}
            )
        if path == "limits/recordCount":
            return _json({"sObjects": [{"name": "Account", "count": self._records}]})
        if path.endswith("/deleted/"):
            return _json({"deletedRecords": [], "latestDateCovered": call.query["end"]})
        return _json([{"errorCode": "NOT_FOUND", "message": "-"}], status=404)

    def _query(self, call: Call, rest: list[str]) -> Reply:
        if call.method == "POST":
            found = _SELECTED.match(orjson.loads(call.body)["query"])
            assert found is not None
            key = f"750xx{len(self._queries):010}AAA"
            self._queries[key] = tuple(found[1].split(", "))
            return _json({"id": key, "state": "UploadComplete"})
        if rest[1:] == ["results"]:
            size = int(call.query["maxRecords"])
            made = pages(self._queries[rest[0]], self._records, size)
            place = int(call.query.get("locator", 0))
            following = str(place + 1) if place + 1 < len(made) else "null"
            rows = min(size, self._records - place * size)
            return table(made[place], Sforce_Locator=following, Sforce_NumberOfRecords=str(rows))
        if call.method == "DELETE":
            return Reply(status=204)
        return _json({"id": rest[0], "state": "JobComplete"})

    def _ingest(self, call: Call, rest: list[str]) -> Reply:
        match call.method, rest:
            case "POST", []:
                key = f"751xx{len(self._ingests):010}AAA"
                self._ingests[key] = b""
                return _json({"id": key, "state": "Open"})
            case "PUT", [key, _]:
                self._ingests[key] = _written(call.body)
                return Reply(status=201)
            case "GET", [key, "successfulResults", *_]:
                return table(self._ingests[key])
            case "GET", [key, _, *_]:
                return table(b'"sf__Id","sf__Error","Id"\n')
        return _json({"id": rest[0], "state": "JobComplete"})


def _written(body: bytes) -> bytes:
    """The table of rows that were written: each row, with its id and whether it was created."""
    head, *rows = body.decode().splitlines()
    lines = [f'"sf__Id","sf__Created",{head}']
    lines += [f'"{row.partition(",")[0]}","false",{row}' for row in rows]
    return "\n".join([*lines, ""]).encode()


def _json(body: object, *, status: int = 200) -> Reply:
    return Reply(body=orjson.dumps(body), status=status)


if __name__ == "__main__":
    serve(Org(int(sys.argv[1])).answer)
