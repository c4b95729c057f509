"""Users, stages, and the roles of contacts: the few words that all the others refer to. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from connectors import sales_words, values
from connectors.zoho.schema import Declared, Option
from rules.records import ContactRole, Kind, Owner, Quarantine, Stage, StageKind

_LAST_POSITION = 1_000_000
_CERTAIN = 100
# Roles that Zoho comes with, and that are words of no other CRM.
_ROLES = {
    "developer/evaluator": ContactRole.INFLUENCER,
    "engineering lead": ContactRole.INFLUENCER,
    "product manager": ContactRole.INFLUENCER,
}
_KINDS = {
    "open": StageKind.OPEN,
    "closed won": StageKind.WON,
    "closedwon": StageKind.WON,
    "closed lost": StageKind.LOST,
    "closedlost": StageKind.LOST,
}


def strongest(roles: Iterable[object]) -> ContactRole | None:
    """The strongest of a contact's roles; None without any."""
    return sales_words.strongest(roles, _ROLES)


def owner(row: Mapping[str, object], quarantined: list[Quarantine]) -> Owner | None:
    """A user; one without a usable id is set aside."""
    key = _key(row.get("id"))
    if key is None:
        quarantined.append(values.unusable(Kind.OWNER, None, row, "a user without an id"))
        return None
    email = _text(row.get("email"))
    parts = [_text(row.get("first_name")), _text(row.get("last_name"))]
    full = " ".join(part for part in parts if part)
    return Owner(
        external_id=key,
        name=_text(row.get("full_name")) or full or email or key,
        email=email,
        is_active=_word(row.get("status")) == "active",
    )


def stage(
    pipeline: Mapping[str, object],
    place: Mapping[str, object],
    options: Declared | None,
    quarantined: list[Quarantine],
) -> Stage | None:
    """A stage of a pipeline, known by its display value: that is what Zoho's API gives of a deal.

    Whether it wins or loses is its `forecast_type`, never its name; its probability stands with
    the options of the field.
    """
    key = _key(place.get("display_value") or place.get("actual_value"))
    if key is None:
        quarantined.append(values.unusable(Kind.STAGE, None, place, "a stage without a name"))
        return None
    found = _option(key, options)
    told = {**(found.raw if found else {}), **{k: v for k, v in place.items() if v is not None}}
    probability = _probability(key, told.get("probability"), quarantined)
    return Stage(
        external_id=key,
        pipeline_id=_key(pipeline.get("id")) or "stage",
        pipeline_label=_text(pipeline.get("display_value")) or "Zoho",
        label=key,
        position=_position(told.get("sequence_number")),
        probability=probability,
        kind=_kind(told, probability),
    )


def unlisted(options: Declared | None, listed: set[str]) -> Sequence[Option]:
    """The options of the field that no pipeline has: deals of the past were in them."""
    return [
        option
        for option in (options.options if options else ())
        if option.display not in listed and option.display not in {"", "-None-"}
    ]


def _kind(told: Mapping[str, object], probability: float) -> StageKind:
    """What a stage means; without a forecast type, a certain outcome is one."""
    named = _KINDS.get(_word(told.get("forecast_type") or told.get("deal_category")))
    if named is not None:
        return named
    return StageKind.WON if probability * _CERTAIN >= _CERTAIN else StageKind.OPEN


def _option(key: str, options: Declared | None) -> Option | None:
    listed = options.options if options else ()
    return next((one for one in listed if key in {one.display, one.actual}), None)


def _position(raw: object) -> int:
    is_whole = isinstance(raw, int) and not isinstance(raw, bool)
    return raw if is_whole and isinstance(raw, int) and abs(raw) <= _LAST_POSITION else 0


def _probability(key: str, raw: object, quarantined: list[Quarantine]) -> float:
    """Zoho writes a probability as a percentage."""
    try:
        return float(values.number(raw) or 0) / _CERTAIN
    except values.Unreadable as error:
        quarantined.append(values.quarantined(Kind.STAGE, key, "probability", raw, error))
        return 0.0


def _key(raw: object) -> str | None:
    try:
        return values.key(raw)
    except values.Unreadable:
        return None


def _text(raw: object) -> str | None:
    try:
        return values.text(raw)
    except values.Unreadable:
        return None


def _word(raw: object) -> str:
    return " ".join(str(raw or "").lower().split()) if raw is not True else ""
