"""When nothing has changed in the CRM, a cycle asks little and writes nothing."""

from collections import Counter
from typing import Any

import pytest

from connectors.sandbox.exchange import Request, Response
from rules.records import Kind
from service.cycle_report import CycleReport
from service.pull import StreamReport
from service.store.tables import metadata
from tests.acceptance.territory import VENDOR, Territory

# What tells that a cycle was done, and how the figures stood.
OF_THE_CYCLE = {"run", "cursor", "ledger", "lease", "frozen_figure"}

API = "2026-09"
# One for each list that is a stream of its own; the search tells what changed.
QUIET = Counter(
    {
        f"GET /crm/owners/{API}": 1,
        f"GET /crm/pipelines/{API}/deals": 1,
        **{
            f"POST /crm/objects/{API}/{each}/search": 1
            for each in ("companies", "contacts", "deals", "calls", "meetings", "emails", "notes")
        },
    }
)
# Which account this is, and whether it still has the fields of the playbook.
CHECKS = ("/account-info/", "/crm/properties/", "/crm/limits/")
# Read whole each time, for the one request.
WHOLE = {Kind.OWNER, Kind.STAGE}
# Where it is kept what the CRM was seen to hold.
ECHOED = {"account"}


def watched(territory: Territory, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """The requests that reach the portal from now on."""
    gateway, asked = territory.portal.gateway, Counter[str]()
    answer = gateway.answer

    def note(request: Request) -> Response:
        asked[f"{request.method} {request.path}"] += 1
        return answer(request)

    monkeypatch.setattr(gateway, "answer", note)
    return asked


def tables(territory: Territory, *, besides: set[str]) -> dict[str, list[Any]]:
    return {
        name: sorted(map(repr, territory.rows(name)))
        for name in metadata.tables
        if name not in besides
    }


def is_check(request: str) -> bool:
    return any(each in request for each in CHECKS)


def concerned(report: CycleReport) -> int:
    """How many accounts were marked or evaluated, and how many requests wrote."""
    dirtied = sum(one.dirtied for one in report.pulled[VENDOR].streams)
    return dirtied + report.tagged.evaluated + report.pushed[VENDOR].calls


def accounts(report: CycleReport) -> StreamReport:
    (found,) = [one for one in report.pulled[VENDOR].streams if one.kind is Kind.ACCOUNT]
    return found


@pytest.mark.parametrize("database", ["sqlite"])
def test_what_we_wrote_comes_back_once_and_then_a_cycle_asks_little(
    territory: Territory, monkeypatch: pytest.MonkeyPatch
) -> None:
    territory.cycle()
    companies = {row.external_id for row in territory.rows("account")}
    written = companies & {row["id"] for row in territory.writes()}
    territory.wait()
    before, place = tables(territory, besides=OF_THE_CYCLE | ECHOED), len(territory.writes())
    # The echo: each account that was written is read again, for what the CRM holds now.
    echo = territory.cycle()
    assert accounts(echo).written == len(written) > 0
    assert concerned(echo) == 0
    assert tables(territory, besides=OF_THE_CYCLE | ECHOED) == before
    # An hour after the first reading, archived records are looked at.
    territory.wait()
    assert concerned(territory.cycle()) == 0
    territory.wait()
    before, asked = tables(territory, besides=OF_THE_CYCLE), watched(territory, monkeypatch)

    quiet = territory.cycle()

    assert {name: times for name, times in asked.items() if not is_check(name)} == QUIET
    received = {one.kind: one.received for one in quiet.pulled[VENDOR].streams}
    assert {kind for kind, number in received.items() if number} == WHOLE
    assert concerned(quiet) == 0
    assert tables(territory, besides=OF_THE_CYCLE) == before
    assert len(territory.writes()) == place
