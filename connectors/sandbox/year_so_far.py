"""What the files of a case date themselves: how it stood on a day, and what was done since.

A folder holds its case as of one day. Each opportunity has its stages with their dates, each
activity its instant, each account the day of its creation: that is enough to go back to an earlier
day and to do again, one by one, what led to the case. A meeting that is planned after the day of
the case is entered in the week before it.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.sandbox.csv_folder import CsvFolder
from connectors.sandbox.csv_table import Row, Table
from connectors.sandbox.year import Act, Kind

CUSTOMER = "customer"
# What a customer was called before anything was sold to it.
_BEFORE_A_SALE = "opportunity"
_OPENED, _MADE, _PLANNED, _MOVED = time(7, 30), time(8), time(16, 30), time(15)
_OUTCOME = ("stage", "is_closed", "is_won", "loss_reason", "stage_history")
_KINDS: Mapping[str, Kind] = {
    "call": "call", "meeting": "meeting", "email": "email", "note": "note",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """An opportunity that enters a stage."""

    label: str
    day: date


class Past:
    """The case of a folder, cut in two at an instant; MalformedFolderError."""

    def __init__(self, folder: Path, *, zone: ZoneInfo, since: datetime, until: datetime) -> None:
        self._folder = folder
        self._zone = zone
        self._since = since
        self._until = until
        self.files = CsvFolder(folder)
        self._first_sales = _first_sales(self.files.opportunities.rows)

    def write(self, folder: Path) -> None:
        """Write the case as it stood when the year begins, as a folder of the same files."""
        files = self.files
        accounts = [row for row in files.accounts.rows if self._is_before(self._created(row))]
        known = {row.text("id") for row in accounts}
        _write(folder, files.owners, [row.cells for row in files.owners.rows])
        _write(folder, files.accounts, [self._account(row) for row in accounts])
        _write(
            folder, files.contacts,
            [row.cells for row in files.contacts.rows if row.text("account_id") in known],
        )  # fmt: skip
        _write(
            folder, files.opportunities,
            [
                self._opportunity(row)
                for row in files.opportunities.rows
                if self._is_before(self._at(_steps(row)[0].day, _MADE))
            ],
        )  # fmt: skip
        _write(
            folder, files.activities,
            [row.cells for row in files.activities.rows if self._is_before(self._entered(row))],
        )  # fmt: skip

    def acts(self) -> list[Act]:
        """What was done from then until the day of the case, in order."""
        found = [*self._account_acts(), *self._opportunity_acts(), *self._activity_acts()]
        return sorted(
            (act for act in found if self._since <= act.at < self._until),
            key=lambda act: act.at,
        )

    def _account_acts(self) -> Iterator[Act]:
        contacts = list(self.files.contacts.rows)
        for row in self.files.accounts.rows:
            at, key = self._created(row), row.text("id")
            yield Act(at=at, kind="account", key=key, cells=self._account(row), is_new=True)
            for number, contact in enumerate(
                each for each in contacts if each.text("account_id") == key
            ):
                entered = at + timedelta(minutes=5 + number)
                yield _made("contact", contact.cells, entered)
            sold = self._first_sales.get(key)
            if sold is not None and row.text("lifecyclestage") == CUSTOMER:
                cells = {"lifecyclestage": CUSTOMER}
                yield Act(at=self._at(sold, _PLANNED), kind="account", key=key, cells=cells)

    def _opportunity_acts(self) -> Iterator[Act]:
        for row in self.files.opportunities.rows:
            first, *others = _steps(row)
            cells = _as_of(row, first)
            yield _made("opportunity", cells, self._at(first.day, _MADE))
            for number, step in enumerate(others):
                at = self._at(step.day, _MOVED) + timedelta(minutes=number)
                moved = {"stage": step.label}
                if row.flag("is_closed") and step is others[-1]:
                    moved |= {"close_date": row.text("close_date")}
                    moved |= {"loss_reason": row.text("loss_reason")}
                yield Act(at=at, kind="opportunity", key=row.text("id"), cells=moved)

    def _activity_acts(self) -> Iterator[Act]:
        for row in self.files.activities.rows:
            yield _made(_KINDS[row.text("type").lower()], row.cells, self._entered(row))

    def _account(self, row: Row) -> dict[str, str]:
        """The account as it was called before its first sale, if that came in the year."""
        sold = self._first_sales.get(row.text("id"))
        is_later = sold is None or not self._is_before(self._at(sold, _PLANNED))
        if row.text("lifecyclestage") == CUSTOMER and is_later and sold is not None:
            return {**row.cells, "lifecyclestage": _BEFORE_A_SALE}
        return dict(row.cells)

    def _opportunity(self, row: Row) -> dict[str, str]:
        """The opportunity in the last stage that it had reached."""
        steps = _steps(row)
        reached = [
            step
            for number, step in enumerate(steps)
            if self._is_before(self._at(step.day, _MOVED if number else _MADE))
        ]
        if len(reached) == len(steps):
            return dict(row.cells)
        history = ";".join(f"{step.label}@{step.day.isoformat()}" for step in reached)
        return _as_of(row, reached[-1]) | {"stage_history": history}

    def _entered(self, row: Row) -> datetime:
        """When an activity was entered: as it happened, a planned one before the case's day."""
        moment = row.moment("timestamp")
        at = _local(moment, self._zone) if moment else self._since
        return at if at < self._until else self._until - timedelta(days=3) + timedelta(hours=8)

    def _created(self, row: Row) -> datetime:
        day = row.day("created", self._zone)
        return self._at(day, _OPENED) if day else self._since - timedelta(days=1)

    def _at(self, day: date, hour: time) -> datetime:
        return datetime.combine(day, hour, tzinfo=self._zone)

    def _is_before(self, at: datetime) -> bool:
        return at < self._since


def _first_sales(rows: Iterable[Row]) -> dict[str, date]:
    """Account → the day of its first sale."""
    found: dict[str, date] = {}
    for row in rows:
        if row.flag("is_won"):
            day, key = _steps(row)[-1].day, row.text("account_id")
            found[key] = min(day, found.get(key, day))
    return found


def _steps(row: Row) -> list[Step]:
    """The stages of an opportunity; one without a history entered its stage when it was made."""
    found = [
        Step(label, date.fromisoformat(day[:10]))
        for label, _, day in (part.rpartition("@") for part in row.text("stage_history").split(";"))
        if label
    ]
    return found or [Step(row.required("stage"), date.fromisoformat(row.required("created")[:10]))]


def _as_of(row: Row, step: Step) -> dict[str, str]:
    """An opportunity while it was open, in a stage."""
    left = {name: text for name, text in row.cells.items() if name not in _OUTCOME}
    return {**left, "stage": step.label, "is_closed": "False", "is_won": "False"}


def _made(kind: Kind, cells: Mapping[str, str], at: datetime) -> Act:
    return Act(at=at, kind=kind, key=cells["id"], cells=cells, is_new=True)


def _local(moment: date | datetime, zone: ZoneInfo) -> datetime:
    if isinstance(moment, datetime):
        return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)
    return datetime.combine(moment, time(), tzinfo=zone)


def _write(folder: Path, table: Table, rows: Sequence[Mapping[str, str]]) -> None:
    with (folder / table.path.name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, table.columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
