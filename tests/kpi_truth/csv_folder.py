"""A folder of CSV files, as the emulated CRMs load it, read as plain records."""

import csv
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.kpi_truth.records import Account, Deal, Deed, Step, World

TORONTO = ZoneInfo("America/Toronto")
Row = dict[str, str]


def world_of(
    folder: Path,
    *,
    reps: Mapping[str, str],
    steps: Mapping[str, Step],
    tiers: Mapping[str, str | None],
    currency: str,
    segment: str = "",
) -> World:
    """The records of a folder: `reps` by id of the owner, tiers by id of the account.

    `segment` is the column of accounts that the cut of this name comes from.
    """
    return World(
        reps=list(reps.values()),
        deals=[_deal(row, reps, steps) for row in _rows(folder, "opportunities")],
        accounts=[_account(row, reps, tiers, segment) for row in _rows(folder, "accounts")],
        deeds=[_deed(row, reps) for row in _rows(folder, "activities")],
        currency=currency,
    )


def _rows(folder: Path, name: str) -> Iterator[Row]:
    path = folder / f"{name}.csv"
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)


def _cents(written: str) -> int | None:
    return int(Decimal(written) * 100) if written else None


def _day(written: str) -> date | None:
    return date.fromisoformat(written) if written else None


def _deal(row: Row, reps: Mapping[str, str], steps: Mapping[str, Step]) -> Deal:
    past = [each.split("@") for each in (row.get("stage_history") or "").split(";") if each]
    return Deal(
        key=row["id"],
        owner=reps.get(row["owner_id"]),
        step=steps[row["stage"]],
        amount=_cents(row["amount"]),
        currency=row["currency"],
        created=_day(row["created"]),
        closes=_day(row["close_date"]),
        account=row["account_id"] or None,
        members={"source": row["source"] or None, "product": row["product"] or None},
        entries=[(steps[name], date.fromisoformat(day)) for name, day in past],
    )


def _account(
    row: Row, reps: Mapping[str, str], tiers: Mapping[str, str | None], segment: str
) -> Account:
    return Account(
        key=row["id"],
        owner=reps.get(row.get("owner_id") or ""),
        tier=tiers.get(row["id"]),
        segment=row.get(segment) or None,
        potential=_cents(row.get("potentiel_annuel") or ""),
        facts={"stage": row.get("lifecyclestage") or None},
        is_in_scope=row["id"] in tiers,
    )


def _deed(row: Row, reps: Mapping[str, str]) -> Deed:
    """A call that was answered, a meeting that was held, an e-mail that was sent is done."""
    kind, status = row["type"], row["status"]
    is_done = {
        "call": status == "COMPLETED",
        "meeting": status == "COMPLETED",
        "email": row["direction"] == "EMAIL",
        "note": False,
    }[kind]
    moment = datetime.fromisoformat(row["timestamp"])
    return Deed(
        key=row["id"],
        kind=kind,
        owner=reps.get(row["owner_id"]),
        day=moment.astimezone(TORONTO).date(),
        is_done=is_done,
        accounts=[row["account_id"]] if row["account_id"] else [],
    )
