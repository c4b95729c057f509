"""What the people of the emulated CRM do after the day of the case."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors import sandbox
from connectors.sandbox.csv_folder import CsvFolder
from connectors.sandbox.hubspot.playing import HubSpotPeople
from connectors.sandbox.hubspot.sandbox import HubSpotSandbox
from connectors.sandbox.year import Act
from connectors.sandbox.year_ahead import Ahead
from connectors.sandbox.year_so_far import Past

ELISE = Path(sandbox.__file__).parent / "cases/elise"
ZONE = ZoneInfo("America/Toronto")
BEGINS, HALF = datetime(2026, 1, 5, 7, tzinfo=ZONE), datetime(2026, 6, 29, 7, tzinfo=ZONE)
KINDS = ("companies", "contacts", "deals", "calls", "meetings", "emails", "notes")
# What HubSpot stamps itself; the rest must be the same, whichever way it came there.
STAMPS = ("hs_createdate", "hs_lastmodifieddate", "lastmodifieddate", "hs_object_id", "createdate")


def ahead(seed: int) -> Sequence[Act]:
    return Ahead(CsvFolder(ELISE), zone=ZONE, since=HALF, seed=seed).acts()


def records(portal: HubSpotSandbox, kind: str) -> list[tuple[tuple[str, str], ...]]:
    found = portal.portal.state.tables[kind].records.values()
    return sorted(
        tuple(sorted(pair for pair in each.values.items() if pair[0] not in STAMPS))
        for each in found
    )


def test_what_the_case_dates_leads_to_the_case(tmp_path: Path) -> None:
    whole = HubSpotSandbox(now=HALF)
    whole.load(ELISE)
    past = Past(ELISE, zone=ZONE, since=BEGINS, until=HALF)
    past.write(tmp_path)
    played = HubSpotSandbox(now=BEGINS)
    played.load(tmp_path)
    assert records(played, "deals") != records(whole, "deals")
    people = HubSpotPeople(played)
    for act in past.acts():
        people.play(act)
    for kind in KINDS:
        assert records(played, kind) == records(whole, kind), kind


def test_a_seed_repeats_itself_and_another_differs() -> None:
    assert ahead(9) == ahead(9)
    assert ahead(9) != ahead(10)


@pytest.mark.parametrize("seed", [9, 2026])
def test_the_rates_are_those_of_the_plan_and_nobody_works_on_holidays(seed: int) -> None:
    acts = ahead(seed)
    opened = [
        act for act in acts
        if act.kind == "opportunity" and act.is_new and int(act.cells["amount"]) >= 10_000
    ]  # fmt: skip
    # Twelve a month over some 116 days of work: 66; 16 is two standard deviations.
    assert 50 <= len(opened) <= 82
    ends = [act.cells["stage"] for act in acts if act.cells.get("stage") in ("Gagnée", "Perdue")]
    assert 0.12 <= ends.count("Gagnée") / len(ends) <= 0.45
    days = {act.at.date() for act in acts}
    assert max(days) <= date(2026, 12, 31)
    quiet = [day for day in days if date(2026, 7, 19) <= day <= date(2026, 8, 1)]
    assert quiet == []
    assert not {date(2026, 7, 1), date(2026, 9, 7), date(2026, 12, 25)} & days
    assert all(day.weekday() < 5 for day in days)
