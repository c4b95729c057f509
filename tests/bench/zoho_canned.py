"""An organization of Zoho CRM of prepared answers: accounts by bulk read, writes that all succeed.

Run as a process: `python -m tests.bench.zoho_canned RECORDS [LATENCY AT_ONCE]`. A bulk job has as
many rows as RECORDS says, in the columns for which it asks, in a ZIP. A write is answered after
LATENCY seconds; where more than AT_ONCE of them are under way, one more is refused with 429, and
counted. `GET /stats` gives the counts, `POST /reset` forgets them.
"""

import asyncio
import csv
import io
import random
import sys
import zipfile
from collections.abc import Mapping
from functools import cache

import orjson

from tests.bench.wire import Call, Reply, serve

ORG = "110001234567"
_API = "/crm/v8/"
_BULK = "/crm/bulk/v8/read"
ACCOUNT_TYPES: Mapping[str, str] = {
    "id": "bigint", "Account_Name": "text", "Website": "website", "Owner": "ownerlookup",
    "Created_Time": "datetime", "Modified_Time": "datetime", "Industry": "text",
    "Employees": "integer", "arpent_tier": "text", "arpent_priority": "text",
    "arpent_next_contact": "date", "arpent_why": "text", "arpent_challenge": "text",
}  # fmt: skip


@cache
def archive(columns: tuple[str, ...], records: int) -> bytes:
    """The result of a job: a ZIP with one CSV."""
    chance = random.Random(3)  # noqa: S311 - reproducible data
    written = io.StringIO(newline="")
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow(["Id", *columns])
    for number in range(1, records + 1):
        row = _account(number, chance)
        rows.writerow([row["id"], *[row.get(name, "") for name in columns]])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("accounts.csv", written.getvalue())
    return packed.getvalue()


def _account(number: int, chance: random.Random) -> dict[str, object]:
    day = f"2026-0{chance.randrange(1, 7)}-1{chance.randrange(10)}"
    return {
        "id": account_id(number), "Account_Name": f"Compagnie {number} ltée, Québec",
        "Website": f"https://www.compagnie-{number}.example/fr",
        "Owner": str(5_843_104_000_000_200_000 + chance.randrange(20)),
        "Created_Time": "2024-03-01T08:00:00-05:00", "Modified_Time": f"{day}T08:30:00-04:00",
        "Industry": "Fabrication", "Employees": chance.randrange(1, 500),
    }  # fmt: skip


def account_id(number: int) -> str:
    """The id of an account."""
    return str(5_843_104_000_001_000_000 + number)


class Org:
    """The organization's jobs, and the writes under way."""

    def __init__(self, records: int, latency: float, at_once: int) -> None:
        self._records, self._latency, self._at_once = records, latency, at_once
        self._columns: tuple[str, ...] = ()
        self._under_way = 0
        self._calls = self._refused = 0

    def answer(self, call: Call) -> Reply:
        """The prepared answer to a call."""
        if call.path == "/stats":
            return _json({"calls": self._calls, "refused": self._refused})
        if call.path == "/reset":
            self._calls = self._refused = 0
            return _json({})
        if call.path == "/oauth/v2/token":
            return _json({"access_token": "1000.a", "expires_in": 3600})
        self._calls += 1
        if call.method == "PUT":
            return self._written(call)
        if call.path.startswith(_BULK):
            return self._bulk(call)
        return self._short(call.path.removeprefix(_API))

    def _short(self, path: str) -> Reply:
        if path == "org":
            license_details = {"paid": True, "paid_type": "enterprise"}
            told = {"zgid": ORG, "company_name": "Banc", "time_zone": "America/Toronto",
                    "iso_code": "CAD", "license_details": license_details}  # fmt: skip
            return _json({"org": [told]})
        if path == "settings/fields":
            fields = [
                {"id": str(number), "api_name": name, "field_label": name, "data_type": kind,
                 "custom_field": name.startswith("arpent")}
                for number, (name, kind) in enumerate(ACCOUNT_TYPES.items())
            ]  # fmt: skip
            return _json({"fields": fields})
        if path == "coql":
            return _json({"data": [{"count(id)": self._records}], "info": {}})
        return Reply(status=204)

    def _bulk(self, call: Call) -> Reply:
        if call.method == "POST":
            self._columns = tuple(orjson.loads(call.body)["query"]["fields"])
            return _json({"data": [{"status": "success", "details": {"id": "1"}}]})
        if call.path.endswith("/result"):
            return Reply(body=archive(self._columns, self._records), kind="application/zip")
        found = {"count": self._records, "more_records": False}
        return _json({"data": [{"state": "COMPLETED", "result": found}]})

    def _written(self, call: Call) -> Reply:
        if self._under_way >= self._at_once:
            self._refused += 1
            return _json({"code": "TOO_MANY_REQUESTS", "status": "error"}, status=429)
        self._under_way += 1
        asyncio.get_running_loop().call_later(self._latency, self._leave)
        rows = orjson.loads(call.body)["data"]
        told = [
            {"code": "SUCCESS", "status": "success", "details": {"id": row["id"]}} for row in rows
        ]
        return _json({"data": told}, after=self._latency)

    def _leave(self) -> None:
        self._under_way -= 1


def _json(body: object, *, status: int = 200, after: float = 0.0) -> Reply:
    return Reply(body=orjson.dumps(body), status=status, after=after)


if __name__ == "__main__":
    latency, at_once = sys.argv[2:] or ("0", "1000")
    serve(Org(int(sys.argv[1]), float(latency), int(at_once)).answer)
