"""What a portal holds, read from its own state: the answer that the mirror is compared with.

Nothing here is shared with the connector or the store: raw values are read anew, from what
HubSpot's documentation and the playbook say they mean.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from connectors.sandbox.hubspot import HubSpotSandbox

ACTIVITIES = {"calls": "call", "meetings": "meeting", "emails": "email", "notes": "note"}
# Busy, no answer, wrong number.
_NOT_REACHED = {
    "9d9162e7-6cf3-4944-bf63-4dff82258764",
    "73a0d17f-1163-4015-bdd5-ec830791da20",
    "17b47fee-58de-441e-a44c-c6300d46f273",
}
_DECIDES, _WEIGHS = (
    {"DECISION_MAKER", "BUDGET_HOLDER"},
    {"EXECUTIVE_SPONSOR", "INFLUENCER", "CHAMPION", "BLOCKER", "LEGAL_AND_COMPLIANCE"},
)
_PRIMARY = {5, 1}
_EPOCH = date(1970, 1, 1)

Facts = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """What the installation says of itself: zone, reps by address, bound fields by kind.

    A bound field is its playbook name → (property, type, the CRM's option → our word).
    """

    zone: ZoneInfo
    currency: str
    reps: Mapping[str, str]
    bound: Mapping[str, Mapping[str, tuple[str, str, Mapping[str, str]]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Live records by kind and id; the archived ids of each kind; merged id → survivor."""

    live: dict[str, Facts] = field(default_factory=dict)
    archived: dict[str, set[str]] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)


def truth_of(portal: HubSpotSandbox, team: Team) -> Truth:
    """Everything in a portal that a mirror of it should hold."""
    state = portal.portal.state
    reader = _Reader(portal, team)
    with portal.portal.lock:
        truth = Truth(merged=dict(state.tables["companies"].merged))
        truth.live["owner"] = {key: reader.owner(row) for key, row in state.owners.items()}
        truth.live["stage"] = {
            stage["id"]: _stage(pipeline, stage)
            for pipeline in state.pipelines.values()
            for stage in pipeline["stages"]
        }
        plain: list[tuple[str, str, Callable[[Any], dict[str, Any]]]] = [
            ("account", "companies", reader.account),
            ("opportunity", "deals", reader.deal),
            ("contact", "contacts", reader.contact),
        ]
        for kind, name, read in plain:
            reader.add(truth, kind, name, read)
        for name in ACTIVITIES:
            reader.add(truth, "activity", name, reader.activity(name))
    return truth


class _Reader:
    def __init__(self, portal: HubSpotSandbox, team: Team) -> None:
        self._state = portal.portal.state
        self._home = portal.portal.account.currency
        self._team = team

    def add(
        self, truth: Truth, kind: str, name: str, read: Callable[[Any], dict[str, Any]]
    ) -> None:
        """Add the records of one table; their links where they have some."""
        live, archived = truth.live.setdefault(kind, {}), truth.archived.setdefault(kind, set())
        for record in self._state.tables[name].records.values():
            if record.archived:
                archived.add(record.id)
            else:
                live[record.id] = read(record)
                if kind != "account":
                    live[record.id]["companies"] = self._companies(name, record.id)

    def _companies(self, name: str, record: str) -> dict[str, bool]:
        """The live companies of a record, with whether each is the main one; an only one is."""
        companies = self._state.tables["companies"].records
        linked = {
            other: bool(_PRIMARY & set(numbers))
            for other, numbers in self._state.linked(name, record, "companies").items()
            if not companies[other].archived
        }
        return dict.fromkeys(linked, True) if len(linked) == 1 else linked

    def owner(self, row: Mapping[str, Any]) -> dict[str, Any]:
        address = row.get("email")
        name = " ".join(filter(None, [row.get("firstName"), row.get("lastName")]))
        return {
            "name": name or address or row["id"],
            "email": address,
            "is_active": row.get("type", "PERSON") == "PERSON" and not row["archived"],
            "rep_key": self._team.reps.get(address.strip().casefold()) if address else None,
        }

    def account(self, record: Any) -> dict[str, Any]:
        values = record.values
        return {
            "name": values.get("name"),
            "domain": values.get("domain"),
            "owner": values.get("hubspot_owner_id"),
            "created_on": self._day(values["createdate"]),
            "modified_at": milliseconds(values["hs_lastmodifieddate"]),
            **self._bound("account", values),
            **{f"observed_{name}": values.get(f"arpent_{name}") for name in ("tier", "why")},
        }

    def deal(self, record: Any) -> dict[str, Any]:
        values, amount = record.values, _cents(record.values.get("amount"))
        currency = values.get("deal_currency_code") or self._home
        at_home = _cents(values.get("amount_in_home_currency"))
        amounts = [_cents(entry.value) for entry in record.entries("amount")]
        peak = max((one for one in [amount, *amounts] if one is not None), default=None)
        is_ours = currency == self._team.currency
        return {
            "name": values.get("dealname"),
            "owner": values.get("hubspot_owner_id"),
            "stage": values.get("dealstage"),
            "amount": amount,
            "currency": currency,
            "team_amount": amount if is_ours or amount is None else at_home,
            "team_peak_amount": peak if is_ours else at_home if peak == amount else None,
            "created_at": milliseconds(values["createdate"]),
            "closes_on": self._day(values.get("closedate")),
            "modified_at": milliseconds(values["hs_lastmodifieddate"]),
            "stages": _entered(record.entries("dealstage")),
            **self._bound("opportunity", values),
        }

    def contact(self, record: Any) -> dict[str, Any]:
        ticked = set((record.values.get("hs_buying_role") or "").split(";")) - {""}
        role = None
        if ticked:
            role = "influencer" if ticked & _WEIGHS else "other"
            role = "decision_maker" if ticked & _DECIDES else role
        return {"role": role, "modified_at": milliseconds(record.values["lastmodifieddate"])}

    def activity(self, name: str) -> Callable[[Any], dict[str, Any]]:
        def read(record: Any) -> dict[str, Any]:
            values = record.values
            return {
                "kind": ACTIVITIES[name],
                "owner": values.get("hubspot_owner_id"),
                "happened_at": milliseconds(values["hs_timestamp"]),
                "is_contact": _is_contact(name, values),
                "modified_at": milliseconds(values["hs_lastmodifieddate"]),
            }

        return read

    def _bound(self, kind: str, values: Mapping[str, str]) -> dict[str, Any]:
        return {
            f"field_{name}": _meaning(values.get(written), type_name, choices)
            for name, (written, type_name, choices) in self._team.bound[kind].items()
        }

    def _day(self, text: str | None) -> int | None:
        if text is None:
            return None
        moment = datetime.fromtimestamp(milliseconds(text) / 1000, self._team.zone)
        return (moment.date() - _EPOCH).days


def milliseconds(text: str) -> int:
    """An instant of HubSpot's (ISO or epoch milliseconds) as epoch milliseconds."""
    if text.isdigit():
        return int(text)
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def _cents(text: str | None) -> int | None:
    return None if not text else int((Decimal(text) * 100).to_integral_value())


def _meaning(text: str | None, type_name: str, choices: Mapping[str, str]) -> object:
    if not text:
        return None
    match type_name:
        case "money":
            return _cents(text)
        case "number":
            return float(text)
        case "choice":
            return choices.get(text) if choices else text
    return text


def _entered(entries: Iterable[Any]) -> list[tuple[int, str]]:
    """The stages that a deal entered, one after the other."""
    entered: list[tuple[int, str]] = []
    for entry in sorted(entries, key=lambda one: milliseconds(one.timestamp)):
        if entry.value and (not entered or entered[-1][1] != entry.value):
            entered.append((milliseconds(entry.timestamp), entry.value))
    return entered


def _is_contact(name: str, values: Mapping[str, str]) -> bool:
    match name:
        case "calls":
            outcome, status = values.get("hs_call_disposition"), values.get("hs_call_status")
            if outcome in _NOT_REACHED:
                return False
            lasted = float(values.get("hs_call_duration") or 0) > 0
            return status == "COMPLETED" if status else bool(outcome) or lasted
        case "meetings":
            return values.get("hs_meeting_outcome") == "COMPLETED"
        case "emails":
            is_lost = values.get("hs_email_status") in {"BOUNCED", "FAILED"}
            return values.get("hs_email_direction") == "EMAIL" and not is_lost
    return False


def _stage(pipeline: Mapping[str, Any], stage: Mapping[str, Any]) -> dict[str, Any]:
    probability = float(stage["metadata"]["probability"])
    kind = "open"
    if stage["metadata"]["isClosed"] == "true":
        kind = "won" if probability == 1 else "lost"
    return {
        "pipeline_id": pipeline["id"],
        "pipeline_label": pipeline["label"],
        "label": stage["label"],
        "position": stage["displayOrder"],
        "probability": probability,
        "kind": kind,
    }
