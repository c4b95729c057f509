"""What an organization holds, read from its own state: the answer that the mirror is compared with.

Nothing here is shared with the connector or the store: raw values are read anew, from what Zoho's
documentation and the playbook say they mean.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.sandbox.zoho import ZohoSandbox
from connectors.sandbox.zoho.org import Org, Pipeline, Stage, User
from tests.scenarios.truth import Facts, Team, Truth
from tests.torture.plain_values import cents, day, meaning, milliseconds

_KINDS = {"Open": "open", "Closed Won": "won", "Closed Lost": "lost"}
# What a subject must be for a task to be more than a note.
_SUBJECTS = {"Call": "call", "Email": "email", "Meeting": "meeting"}
_UNREACHED = {"No response/Busy", "Invalid number"}
# Values of a record: dates and instants are Python's own, an absent one is null.
Row = Mapping[str, Any]


def truth_of(sandbox: ZohoSandbox, team: Team) -> Truth:
    """Everything in an organization that a mirror of it should hold."""
    org, reader = sandbox.org, _Reader(sandbox.org, team)
    with org.lock:
        truth = Truth()
        truth.live["owner"] = {
            user.id: reader.owner(user) for user in org.users.values() if user.status != "deleted"
        }
        truth.live["stage"] = {
            stage.display: _stage(pipeline, place, stage)
            for pipeline in org.pipelines
            for place, stage in enumerate(pipeline.stages, 1)
        }
        for kind, module, read in (
            ("account", "Accounts", reader.account),
            ("opportunity", "Deals", reader.deal),
            ("contact", "Contacts", reader.contact),
            ("activity", "Tasks", reader.task),
            ("activity", "Events", reader.event),
            ("activity", "Calls", reader.call),
        ):
            reader.add(truth, kind, module, read)
    return truth


class _Reader:
    def __init__(self, org: Org, team: Team) -> None:
        self._org = org
        self._team = team
        self._now = org.now()
        self._past = sorted(
            (record.values for record in org.tables["DealHistory"].values()),
            key=lambda row: (row["Modified_Time"], int(row["id"])),
        )

    def add(
        self, truth: Truth, kind: str, module: str, read: Callable[[Row], dict[str, Any]]
    ) -> None:
        """Add the records of one module; their account where they have one."""
        live: Facts = truth.live.setdefault(kind, {})
        truth.archived.setdefault(kind, set()).update(
            gone.id for gone in self._org.deleted.values() if gone.module == module
        )
        for record in self._org.tables[module].values():
            live[record.id] = read(record.values)
            if kind != "account":
                account = record.values.get("What_Id" if kind == "activity" else "Account_Name")
                is_there = account in self._org.tables["Accounts"]
                live[record.id]["companies"] = {account: True} if is_there else {}

    def owner(self, user: User) -> dict[str, Any]:
        """A user."""
        return {
            "name": user.full_name,
            "email": user.email,
            "is_active": user.status == "active",
            "rep_key": self._team.reps.get(user.email.casefold()),
        }

    def account(self, row: Row) -> dict[str, Any]:
        """An account; the story gives none a website."""
        return {
            "name": row["Account_Name"],
            "domain": None,
            "owner": row["Owner"],
            "created_on": day(row["Created_Time"].astimezone(self._team.zone).date()),
            "modified_at": milliseconds(row["Modified_Time"]),
            **self._bound("account", "Accounts", row),
            "observed_tier": row.get("Arpent_Tier"),
            "observed_why": row.get("Arpent_Why"),
        }

    def deal(self, row: Row) -> dict[str, Any]:
        """A deal, with what the tracker of its stage tells."""
        past = [each for each in self._past if each["Potential_Name"] == row["id"]]
        amounts = [cents(each.get("Amount")) for each in [row, *past]]
        return {
            "name": row["Deal_Name"],
            "owner": row["Owner"],
            "stage": self._shown("Deals", "Stage", row),
            "amount": cents(row.get("Amount")),
            "currency": self._org.currency,
            "team_amount": cents(row.get("Amount")),
            "team_peak_amount": max((one for one in amounts if one is not None), default=None),
            "created_at": milliseconds(row["Created_Time"]),
            "closes_on": day(row["Closing_Date"]),
            "modified_at": milliseconds(row["Modified_Time"]),
            "stages": _entered(
                (milliseconds(each["Modified_Time"]), self._shown("DealHistory", "Stage", each))
                for each in past
            ),
            **self._bound("opportunity", "Deals", row),
        }

    def contact(self, row: Row) -> dict[str, Any]:
        """A contact; nobody in the story has a role."""
        return {"role": None, "modified_at": milliseconds(row["Modified_Time"])}

    def task(self, row: Row) -> dict[str, Any]:
        """A task: a note unless its subject is one of Zoho's own words.

        Closed on the day on which it was due, it took place then; else at noon of that day.
        """
        kind = _SUBJECTS.get(row["Subject"], "note")
        closed, due = row.get("Closed_Time"), row.get("Due_Date")
        happened_at: datetime = closed or row["Created_Time"]
        is_of_its_day = closed and closed.astimezone(self._org.clock.zone).date() == due
        if due is not None and not is_of_its_day:
            happened_at = datetime(due.year, due.month, due.day, 12, tzinfo=UTC)
        is_contact = kind != "note" and row["Status"] == self._org.done_status
        return self._activity(row, kind, happened_at, is_contact=is_contact)

    def event(self, row: Row) -> dict[str, Any]:
        """A meeting, which is a contact once it has begun."""
        begins = row["Start_DateTime"]
        return self._activity(row, "meeting", begins, is_contact=begins <= self._now)

    def call(self, row: Row) -> dict[str, Any]:
        """A call, which is a contact once it took place and somebody was reached."""
        begins = row["Call_Start_Time"]
        is_made = row["Call_Type"] != "Missed" and row.get("Call_Result") not in _UNREACHED
        if row["Call_Type"] == "Outbound":
            is_made = is_made and row.get("Outgoing_Call_Status", "Completed") == "Completed"
        return self._activity(row, "call", begins, is_contact=is_made and begins <= self._now)

    def _activity(
        self, row: Row, kind: str, happened_at: datetime, *, is_contact: bool
    ) -> dict[str, Any]:
        return {
            "kind": kind,
            "owner": row["Owner"],
            "happened_at": milliseconds(happened_at),
            "is_contact": is_contact,
            "modified_at": milliseconds(row["Modified_Time"]),
        }

    def _bound(self, kind: str, module: str, row: Row) -> dict[str, Any]:
        return {
            f"field_{name}": meaning(self._shown(module, written, row), type_name, choices)
            for name, (written, type_name, choices) in self._team.bound[kind].items()
        }

    def _shown(self, module: str, name: str, row: Row) -> Any:
        """A value; of an option, the name that people read, which is what records give."""
        value, found = row.get(name), self._org.modules[module].find(name)
        return found.label_of(value) if found and isinstance(value, str) else value


def _entered(past: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """The stages that a deal entered, one after the other."""
    entered: list[tuple[int, str]] = []
    for at, stage in past:
        if not entered or entered[-1][1] != stage:
            entered.append((at, stage))
    return entered


def _stage(pipeline: Pipeline, place: int, stage: Stage) -> dict[str, Any]:
    return {
        "pipeline_id": pipeline.id,
        "pipeline_label": pipeline.name,
        "label": stage.display,
        "position": place,
        "probability": stage.probability / 100,
        "kind": _KINDS[stage.forecast_type],
    }
