"""Works out the expected figures of the olga portfolio from its CSV files alone.

The acceptance tests compare what Arpent measures with the file that this script prints, so it
shares no line with the product: standard library only, no import from the project, and each
figure is the plain reading of its definition in the README beside it.

    python tests/acceptance/expected/olga.py FOLDER > tests/acceptance/expected/olga.json
"""

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

Json: TypeAlias = "int | str | Mapping[str, Json] | None"

AS_OF = date(2026, 6, 30)
AS_OF_INSTANT = "2026-06-30T12:00:00-04:00"
TIME_ZONE = "America/Toronto"
CURRENCY = "USD"
OPENED_MINIMUM_CENTS = 1_000_000
CONVERSION_WINDOW = timedelta(days=90)
PIPELINE_HORIZON = timedelta(days=180)
MONTHS = range(1, AS_OF.month + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opportunity:
    """One row of `opportunities.csv`; days are local calendar days, the amount is in cents."""

    account: str
    owner: str
    stage: str
    cents: int
    created: date
    close_day: date
    is_closed: bool
    is_won: bool


def read_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a UTF-8 CSV file, each as header → text."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def to_cents(amount: str) -> int:
    """Return an amount such as `9000.0` in cents; a fraction of a cent is an error."""
    cents = Decimal(amount) * 100
    if cents != cents.to_integral_value():
        raise ValueError(f"The amount {amount!r} has a fraction of a cent: correct the CSV.")
    return int(cents)


def to_flag(text: str) -> bool:
    """Return the truth of `True` or `False`; anything else is an error."""
    return {"True": True, "False": False}[text]


def to_opportunity(row: dict[str, str]) -> Opportunity:
    """Return the opportunity of a row; a row in another currency than the team's is an error."""
    if row["currency"] != CURRENCY:
        raise ValueError(f"Opportunity {row['id']} is in {row['currency']}, expected {CURRENCY}.")
    return Opportunity(
        account=row["account_id"],
        owner=row["owner_id"],
        stage=row["stage"],
        cents=to_cents(row["amount"]),
        created=date.fromisoformat(row["created"]),
        close_day=date.fromisoformat(row["close_date"]),
        is_closed=to_flag(row["is_closed"]),
        is_won=to_flag(row["is_won"]),
    )


def count_opened(mine: Iterable[Opportunity], month: int) -> int:
    """Count the opportunities of 10,000 USD or more created in a month of 2026, to the as-of."""
    return sum(
        (each.created.year, each.created.month) == (AS_OF.year, month)
        and each.created <= AS_OF
        and each.cents >= OPENED_MINIMUM_CENTS
        for each in mine
    )


def conversion(mine: Iterable[Opportunity]) -> dict[str, Json]:
    """Return won, closed and their quotient (six decimals) over as-of − 90 days < day ≤ as-of."""
    recent = [
        each
        for each in mine
        if each.is_closed and AS_OF - CONVERSION_WINDOW < each.close_day <= AS_OF
    ]
    won = sum(each.is_won for each in recent)
    closed = len(recent)
    rate = None if closed == 0 else f"{Decimal(won) / Decimal(closed):.6f}"
    return {"won": won, "closed": closed, "rate": rate}


def active_pipeline(mine: Iterable[Opportunity]) -> dict[str, Json]:
    """Return the count and the cents of what is open and closes within as-of .. + 180 days."""
    active = [
        each.cents
        for each in mine
        if not each.is_closed and AS_OF <= each.close_day <= AS_OF + PIPELINE_HORIZON
    ]
    return {"count": len(active), "cents": sum(active)}


def measure_owner(mine: list[Opportunity]) -> dict[str, Json]:
    """Return the four KPIs of one owner for June 2026 and the monthly flow of KPI 1."""
    return {
        "june_2026": {
            "opportunities_opened": count_opened(mine, AS_OF.month),
            "conversion_rate": conversion(mine),
            "active_pipeline": active_pipeline(mine),
            # No activity in the data and no owner on its accounts: nothing is due to anyone.
            "priority_contacted": {"contacted": 0, "due": 0, "rate": None},
        },
        "opportunities_opened_by_month": {
            f"{AS_OF.year}-{month:02d}": count_opened(mine, month) for month in MONTHS
        },
        "opportunities": len(mine),
        "won_count": sum(each.is_won for each in mine),
        "won_cents": sum(each.cents for each in mine if each.is_won),
    }


def count_by(values: Iterable[str]) -> dict[str, int]:
    """Return value → number of times, in the order of the values."""
    return dict(sorted(Counter(values).items()))


def measure_store(
    opportunities: list[Opportunity], accounts: dict[str, str], owner_count: int
) -> dict[str, Json]:
    """Return the figures of the whole store; `accounts` is id → name."""
    stages = sorted({each.stage for each in opportunities})
    won = [each for each in opportunities if each.is_won]
    closed_in_2026 = [
        each for each in opportunities if each.is_closed and each.close_day.year == AS_OF.year
    ]
    return {
        "accounts": len(accounts),
        "owners": owner_count,
        "opportunities": len(opportunities),
        "open_count": sum(not each.is_closed for each in opportunities),
        "won_count": len(won),
        "lost_count": sum(each.is_closed and not each.is_won for each in opportunities),
        "won_cents": sum(each.cents for each in won),
        "opportunities_by_stage": count_by(each.stage for each in opportunities),
        "cents_by_stage": {
            stage: sum(each.cents for each in opportunities if each.stage == stage)
            for stage in stages
        },
        "stage_entries": {
            "present_stage": count_by(each.stage for each in opportunities),
            "closing_stage_by_month_of_2026": {
                stage: count_by(
                    f"{each.close_day:%Y-%m}" for each in closed_in_2026 if each.stage == stage
                )
                for stage in sorted({each.stage for each in closed_in_2026})
            },
        },
        "opportunities_by_account_name": dict.fromkeys(sorted(accounts.values()), 0)
        | count_by(accounts[each.account] for each in opportunities),
    }


def measure_folder(folder: Path) -> dict[str, Json]:
    """Return every expected figure for the CSV files of a folder."""
    opportunities = [to_opportunity(row) for row in read_rows(folder / "opportunities.csv")]
    accounts = {row["id"]: row["name"] for row in read_rows(folder / "accounts.csv")}
    owners = {row["id"]: row["name"] for row in read_rows(folder / "owners.csv")}
    return {
        "as_of": AS_OF_INSTANT,
        "time_zone": TIME_ZONE,
        "currency": CURRENCY,
        "store": measure_store(opportunities, accounts, len(owners)),
        "owners": {
            name: measure_owner([each for each in opportunities if each.owner == owner])
            for owner, name in sorted(owners.items())
        },
    }


def main() -> int:
    """Print the figures of the folder given as argument; 2 when it is missing or incomplete."""
    match sys.argv[1:]:
        case [folder] if (Path(folder) / "opportunities.csv").is_file():
            text = json.dumps(measure_folder(Path(folder)), ensure_ascii=False, indent=2)
            sys.stdout.write(text + "\n")
            return 0
        case [folder]:
            sys.stderr.write(f"{folder} has no opportunities.csv: give the folder of olga.\n")
            return 2
        case _:
            sys.stderr.write("One argument is needed: the folder that holds the olga CSV files.\n")
            return 2


if __name__ == "__main__":
    sys.exit(main())
