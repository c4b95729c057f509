"""The hand-made territory of `hand/`: as plain records, and as a CRM would tell it.

Its days are written beside its instants, by hand. Before 20 March 2026 three things were otherwise:
`a3` was silver, `d21` was Anouk's, and `d22` was still open.
"""

import csv
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from connectors.base import Page
from rules import records as canonical
from rules.records import ActivityKind, Kind, Link, Relation, StageEntry, StageKind
from rules.time import Instant, instant_of
from tests.kpi_truth.records import Account, Deal, Deed, Move, Shown, Step, World

FOLDER = Path(__file__).parent / "hand"
TORONTO = ZoneInfo("America/Toronto")
CADENCE = {"gold": 14, "silver": 30, "bronze": 90}
HOURS = {"call": 0.5, "meeting": 2, "email": 0.25, "note": 0.25}
RATES = {"USD": [(date(2026, 1, 1), Decimal("1.40")), (date(2026, 3, 16), Decimal("1.35"))]}
GROUPS: dict[str, Callable[[Account], bool]] = {
    "strategic": lambda account: account.tier == "gold",
    "existing": lambda account: account.facts["sort"] == "client",
    "prospects": lambda account: account.facts["sort"] == "prospect",
}
# In cents, of the quarter that ends on 31 March 2026; the team has the plans of its people.
QUOTAS = {"anouk": 10_000_000, "bruno": 3_000_000, "dora": 0, "team": 13_000_000}
Row = dict[str, str]


class Expected(NamedTuple):
    """A figure that was worked out by hand."""

    as_of: date
    span: str
    subject: str
    kpi: str
    cut: str
    member: str
    shown: Shown


@cache
def rows(name: str) -> list[Row]:
    """A table of the folder."""
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def expected() -> Iterator[Expected]:
    """The figures that were worked out by hand."""
    for row in rows("expected"):
        parts = [_number(row[name]) for name in ("value", "numerator", "denominator")]
        shown = Shown(parts[0], parts[1], parts[2])
        yield Expected(
            date.fromisoformat(row["as_of"]), row["span"], row["subject"], row["kpi"],
            row["cut"], row["member"], shown,
        )  # fmt: skip


@cache
def world() -> World:
    """The territory as it is today."""
    reps = {row["owner"]: row["rep"] or "zoe" for row in rows("owners")}
    steps = {row["name"]: _step(row) for row in rows("stages")}
    return World(
        reps=[row["rep"] for row in rows("owners") if row["rep"]],
        deals=[_deal(row, reps, steps) for row in rows("deals")],
        accounts=[_account(row, reps) for row in rows("accounts")],
        deeds=[_deed(row, reps) for row in rows("activities")],
        moves=[Move("a3", date(2026, 3, 20), "silver", "gold")],
        rates=RATES,
    )


def pages(*, is_early: bool) -> Iterator[Page]:
    """All that a CRM tells before 20 March 2026, or afterwards."""
    at = "2026-03-05T12:00Z" if is_early else "2026-03-20T12:00Z"
    stamp = _instant(at)
    yield _page(Kind.OWNER, [_owner(row) for row in rows("owners")])
    yield _page(Kind.STAGE, [_stage(row) for row in rows("stages")])
    yield _page(
        Kind.ACCOUNT, [_told_account(_then(row, is_early), stamp) for row in rows("accounts")]
    )
    deals = [_then(row, is_early) for row in rows("deals")]
    yield _page(
        Kind.OPPORTUNITY,
        [_told_deal(row, stamp) for row in deals],
        [
            Link(relation=Relation.OPPORTUNITY_ACCOUNT, from_id=row["deal"], to_id=row["account"],
                 is_primary=True)
            for row in deals
            if row["account"]
        ],
    )  # fmt: skip
    yield _page(
        Kind.ACTIVITY,
        [_told_deed(row, stamp) for row in rows("activities")],
        [
            Link(relation=Relation.ACTIVITY_ACCOUNT, from_id=row["activity"], to_id=account)
            for row in rows("activities")
            for account in _listed(row["accounts"])
        ],
    )


def _then(row: Row, is_early: bool) -> Row:  # noqa: FBT001 - private, one call each
    key = row.get("account", "") if "level" in row else row["deal"]
    if is_early and key == "a3":
        return {**row, "level": "silver"}
    if is_early and key == "d21":
        return {**row, "owner": "O1"}
    if is_early and key == "d22":
        return {**row, "stage": "Négociation", "entries": row["entries"].split(";")[0]}
    return row


def _page(kind: Kind, told: list[canonical.Record], links: list[Link] | None = None) -> Page:
    return Page(kind=kind, records=told, links=links or [], cursor="1", is_last=True)


def _number(written: str) -> float | None:
    return float(written) if written else None


def _cents(written: str) -> int | None:
    return int(Decimal(written) * 100) if written else None


def _day(written: str) -> date | None:
    return date.fromisoformat(written) if written else None


def _instant(written: str) -> Instant:
    return instant_of(datetime.fromisoformat(written))


def _noon(written: str) -> Instant:
    """Noon in Toronto of a day."""
    return instant_of(datetime.fromisoformat(f"{written}T12:00").replace(tzinfo=TORONTO))


def _listed(written: str) -> list[str]:
    return written.split(";") if written else []


def _step(row: Row) -> Step:
    return Step(row["name"], row["kind"], int(row["place"]), Decimal(row["probability"]))


def _deal(row: Row, reps: dict[str, str], steps: dict[str, Step]) -> Deal:
    entries = [each.split("@") for each in _listed(row["entries"])]
    return Deal(
        key=row["deal"],
        owner=reps.get(row["owner"]),
        step=steps[row["stage"]],
        amount=_cents(row["amount"]),
        highest=_cents(row["highest"]),
        currency=row["currency"],
        created=_day(row["created_day"]),
        closes=_day(row["closes"]),
        account=row["account"] or None,
        members={"source": row["source"] or None},
        entries=[(steps[name], date.fromisoformat(day)) for name, day in entries],
        is_archived=bool(row["archived"]),
    )


def _account(row: Row, reps: dict[str, str]) -> Account:
    return Account(
        key=row["account"],
        owner=reps.get(row["owner"]),
        tier=row["level"],
        segment=row["industry"] or None,
        potential=_cents(row["potential"]),
        facts={"sort": row["sort"]},
        is_in_scope=bool(row["owner"]),
        is_archived=bool(row["archived"]),
    )


def _deed(row: Row, reps: dict[str, str]) -> Deed:
    return Deed(
        key=row["activity"],
        kind=row["kind"],
        owner=reps.get(row["owner"]),
        day=_day(row["day"]),
        is_done=row["done"] == "yes",
        accounts=_listed(row["accounts"]),
        is_archived=bool(row["archived"]),
    )


def _owner(row: Row) -> canonical.Owner:
    return canonical.Owner(
        external_id=row["owner"], name=row["rep"] or "Zoé", email=row["email"], is_active=True
    )


def _stage(row: Row) -> canonical.Stage:
    return canonical.Stage(
        external_id=row["name"], pipeline_id="sales", pipeline_label="Ventes", label=row["name"],
        position=int(row["place"]), probability=float(row["probability"]),
        kind=StageKind(row["kind"]),
    )  # fmt: skip


def _told_account(row: Row, stamp: Instant) -> canonical.Account:
    fields = {
        "level": row["level"],
        "sort": row["sort"],
        "industry": row["industry"] or None,
        "potential": _cents(row["potential"]),
    }
    return canonical.Account(
        external_id=row["account"], name=row["account"], domain=None,
        owner_id=row["owner"] or None, created_at=_instant("2025-01-01T12:00Z"),
        modified_at=stamp, archived_at=stamp if row["archived"] else None, fields=fields,
    )  # fmt: skip


def _told_deal(row: Row, stamp: Instant) -> canonical.Opportunity:
    entries = [each.split("@") for each in _listed(row["entries"])]
    return canonical.Opportunity(
        external_id=row["deal"],
        name=row["deal"],
        owner_id=row["owner"] or None,
        stage_id=row["stage"],
        amount=_cents(row["amount"]),
        currency=row["currency"],
        home_amount=None,
        peak_amount=_cents(row["highest"]),
        created_at=_instant(row["created"]) if row["created"] else None,
        closes_at=_noon(row["closes"]) if row["closes"] else None,
        modified_at=stamp,
        archived_at=stamp if row["archived"] else None,
        fields={"source": row["source"] or None},
        stage_entries=[StageEntry(stage_id=name, entered_at=_noon(day)) for name, day in entries],
    )


def _told_deed(row: Row, stamp: Instant) -> canonical.Activity:
    return canonical.Activity(
        external_id=row["activity"], kind=ActivityKind(row["kind"]), owner_id=row["owner"] or None,
        happened_at=_instant(row["at"]), is_contact=row["done"] == "yes", modified_at=stamp,
        archived_at=stamp if row["archived"] else None,
    )  # fmt: skip
