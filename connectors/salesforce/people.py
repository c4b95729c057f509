"""Users and stages: the few words that all the others refer to. Pure."""

from collections.abc import Mapping

from connectors import values
from rules.records import Kind, Owner, Quarantine, Stage, StageKind

# Salesforce has one list of stages; sales processes only show some of it.
PIPELINE = "opportunity"

_LAST_POSITION = 1_000_000


def owner(row: Mapping[str, object], quarantined: list[Quarantine]) -> Owner | None:
    """A user; one without a usable id is set aside."""
    try:
        key = values.key(row.get("Id"))
    except values.Unreadable:
        key = None
    if key is None:
        quarantined.append(values.unusable(Kind.OWNER, None, row, "a user without an id"))
        return None
    email = _text(row.get("Email"))
    return Owner(
        external_id=key,
        name=_text(row.get("Name")) or email or key,
        email=email,
        is_active=row.get("IsActive") is True,
    )


def stage(row: Mapping[str, object], quarantined: list[Quarantine]) -> Stage | None:
    """A stage, known by its API name: that is what an opportunity holds."""
    try:
        key = values.key(row.get("ApiName") or row.get("MasterLabel"))
    except values.Unreadable:
        key = None
    if key is None:
        quarantined.append(values.unusable(Kind.STAGE, None, row, "a stage without a name"))
        return None
    kind = StageKind.OPEN
    if row.get("IsClosed") is True:
        kind = StageKind.WON if row.get("IsWon") is True else StageKind.LOST
    order = row.get("SortOrder")
    return Stage(
        external_id=key,
        pipeline_id=PIPELINE,
        pipeline_label="Salesforce",
        label=_text(row.get("MasterLabel")) or key,
        position=order if isinstance(order, int) and abs(order) <= _LAST_POSITION else 0,
        probability=_probability(key, row.get("DefaultProbability"), quarantined),
        kind=kind,
    )


def _probability(key: str, raw: object, quarantined: list[Quarantine]) -> float:
    """Salesforce writes a probability as a percentage."""
    try:
        return float(values.number(raw) or 0) / 100
    except values.Unreadable as error:
        quarantined.append(values.quarantined(Kind.STAGE, key, "probability", raw, error))
        return 0.0


def _text(raw: object) -> str | None:
    try:
        return values.text(raw)
    except values.Unreadable:
        return None
