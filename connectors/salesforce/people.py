"""Users, stages, and the roles of contacts: the few words that all the others refer to. Pure."""

from collections.abc import Iterable, Mapping

from connectors import values
from rules.records import ContactRole, Kind, Owner, Quarantine, Stage, StageKind

# Salesforce has one list of stages; sales processes only show some of it.
PIPELINE = "opportunity"

_LAST_POSITION = 1_000_000
# The roles that an org comes with, in English and in French; others weigh none.
_ROLES = {
    "decision maker": ContactRole.DECISION_MAKER,
    "economic decision maker": ContactRole.DECISION_MAKER,
    "economic buyer": ContactRole.DECISION_MAKER,
    "approver": ContactRole.DECISION_MAKER,
    "décideur": ContactRole.DECISION_MAKER,
    "décisionnaire": ContactRole.DECISION_MAKER,
    "décideur économique": ContactRole.DECISION_MAKER,
    "approbateur": ContactRole.DECISION_MAKER,
    "executive sponsor": ContactRole.INFLUENCER,
    "influencer": ContactRole.INFLUENCER,
    "evaluator": ContactRole.INFLUENCER,
    "technical buyer": ContactRole.INFLUENCER,
    "influenceur": ContactRole.INFLUENCER,
    "prescripteur": ContactRole.INFLUENCER,
    "évaluateur": ContactRole.INFLUENCER,
    "parrain exécutif": ContactRole.INFLUENCER,
}
_STRONGEST_FIRST = (ContactRole.DECISION_MAKER, ContactRole.INFLUENCER, ContactRole.OTHER)


def strongest(roles: Iterable[object]) -> ContactRole | None:
    """The strongest of a contact's roles on opportunities and accounts; None without any."""
    held = {
        _ROLES.get(" ".join(str(role).lower().split()), ContactRole.OTHER) for role in roles if role
    }
    return next((role for role in _STRONGEST_FIRST if role in held), None)


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
