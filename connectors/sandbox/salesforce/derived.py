"""What Salesforce works out by itself when a record is saved."""

from datetime import date, timedelta

from connectors.sandbox.salesforce.org import Org, Values

_CATEGORIES = {"Best Case": "BestCase", "Most Likely": "MostLikely", "Commit": "Forecast"}
ACTIVITIES = frozenset({"Task", "Event"})
_STAGE_SETS = ("Probability", "ForecastCategoryName")


def complete(org: Org, object_name: str, values: Values, changed: set[str]) -> None:
    """Fill in the derived fields of a record that is about to be saved."""
    if object_name in {"Contact", "User"}:
        parts = (values.get("FirstName"), values.get("LastName"))
        values["Name"] = " ".join(part for part in parts if part)
    elif object_name == "Opportunity":
        _opportunity(org, values, changed)
    elif object_name == "Task":
        _task(org, values)
    elif object_name == "Event":
        _event(org, values, changed)
    if "AccountId" in org.objects[object_name].fields and object_name in ACTIVITIES:
        values["AccountId"] = _account_of(org, values)


def stage_named(org: Org, name: str | None) -> Values:
    """Return the stage with an API name; empty when the administrator has none."""
    return next((row for row in org.rows("OpportunityStage") if row["ApiName"] == name), {})


def _opportunity(org: Org, values: Values, changed: set[str]) -> None:
    stage = stage_named(org, values.get("StageName"))
    if "StageName" in changed:
        for name, source in zip(_STAGE_SETS, ("DefaultProbability", _STAGE_SETS[1]), strict=True):
            if name not in changed:
                values[name] = stage.get(source)
        values["LastStageChangeDate"] = values["SystemModstamp"]
    category = values.get("ForecastCategoryName") or "Pipeline"
    values["ForecastCategory"] = _CATEGORIES.get(category, category)
    values["IsClosed"] = bool(stage.get("IsClosed"))
    values["IsWon"] = bool(stage.get("IsWon"))
    values["HasOpportunityLineItem"] = False
    amount, chance = values.get("Amount"), values.get("Probability")
    values["ExpectedRevenue"] = None
    if amount is not None and chance is not None:
        values["ExpectedRevenue"] = round(amount * chance / 100, 2)
    values.setdefault("PushCount", 0)
    closes = values.get("CloseDate")
    if closes:
        year, quarter, _ = fiscal_period(org, closes)
        values |= {"FiscalYear": year, "FiscalQuarter": quarter, "Fiscal": f"{year} {quarter}"}


def fiscal_period(org: Org, day: date) -> tuple[int, int, int]:
    """Return the fiscal year, quarter and month of a day, by the organization's settings."""
    settings = next(org.rows("Organization"), {})
    start = settings.get("FiscalYearStartMonth") or 1
    offset = (day.month - start) % 12
    starts_in = day.year if day.month >= start else day.year - 1
    named_by_start = start == 1 or bool(settings.get("UsesStartDateAsFiscalYearName"))
    return (starts_in if named_by_start else starts_in + 1), offset // 3 + 1, offset + 1


def _task(org: Org, values: Values) -> None:
    status = next(
        (row for row in org.rows("TaskStatus") if row["ApiName"] == values.get("Status")), {}
    )
    priority = next(
        (row for row in org.rows("TaskPriority") if row["ApiName"] == values.get("Priority")), {}
    )
    was_closed = bool(values.get("IsClosed"))
    values["IsClosed"] = bool(status.get("IsClosed"))
    values["IsHighPriority"] = bool(priority.get("IsHighPriority"))
    if values["IsClosed"] and not was_closed:
        values["CompletedDateTime"] = values["SystemModstamp"]
    elif not values["IsClosed"]:
        values["CompletedDateTime"] = None


def _event(org: Org, values: Values, changed: set[str]) -> None:
    start = values.get("StartDateTime") or values.get("ActivityDateTime")
    if start is None:
        return
    if "DurationInMinutes" in changed or values.get("EndDateTime") is None:
        length = timedelta(minutes=values.get("DurationInMinutes") or 60)
        values["EndDateTime"] = start + length
    values["StartDateTime"] = values["ActivityDateTime"] = start
    values["DurationInMinutes"] = int((values["EndDateTime"] - start).total_seconds() // 60)
    values["ActivityDate"] = start.astimezone(org.zone).date()


def _account_of(org: Org, values: Values) -> str | None:
    """An activity's account: the one it is about, or that of its deal or person."""
    for name in ("WhatId", "WhoId"):
        located = org.find(values.get(name) or "")
        if located is None:
            continue
        kind, found = located
        if kind.name == "Account":
            return found.id
        if found.values.get("AccountId"):
            return str(found.values["AccountId"])
    return None


def history_row(values: Values, before: Values | None) -> Values | None:
    """Return the OpportunityHistory row of a save; None when nothing of it changed."""
    tracked = ("StageName", "Amount", "CloseDate", "Probability")
    if before is not None and all(values.get(name) == before.get(name) for name in tracked):
        return None
    earlier = before or {}
    row = {name: values.get(name) for name in tracked}
    return row | {
        "OpportunityId": values["Id"],
        "ExpectedRevenue": values.get("ExpectedRevenue"),
        "ForecastCategory": values.get("ForecastCategory"),
        "PrevAmount": earlier.get("Amount"),
        "PrevCloseDate": earlier.get("CloseDate"),
        "CurrencyIsoCode": values.get("CurrencyIsoCode"),
    }


def is_archived(org: Org, object_name: str, values: Values) -> bool:
    """Whether an activity is so old that only `queryAll` shows it.

    Closed tasks and past events are archived after 365 days (Salesforce Help, "Archived
    Activities").
    """
    day = values.get("ActivityDate")
    if object_name not in ACTIVITIES or day is None or not values.get("IsClosed", True):
        return False
    return bool((org.now().date() - day).days > org.switches.archive_days)
