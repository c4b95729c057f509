"""Owners and stages: the few records that all the others refer to. Pure."""

from collections.abc import Iterable

from connectors import values
from connectors.hubspot.mapping import Json
from rules.records import Kind, Owner, Quarantine, Stage, StageKind


def owner(raw: Json) -> Owner:
    """An owner. A queue is no person: no task can be given to it."""
    email = values.text(raw.get("email"))
    names = [values.text(raw.get(name)) for name in ("firstName", "lastName")]
    is_person = raw.get("type") in {None, "PERSON"}
    return Owner(
        external_id=str(raw["id"]),
        name=" ".join(name for name in names if name) or email or str(raw["id"]),
        email=email,
        is_active=is_person and raw.get("archived") is not True,
    )


def stages(pipelines: Iterable[object], quarantined: list[Quarantine]) -> list[Stage]:
    """The stages of all deal pipelines, in their order within each."""
    found: list[Stage] = []
    for pipeline in pipelines:
        if not isinstance(pipeline, dict) or "id" not in pipeline:
            reason = "a pipeline without an id"
            quarantined.append(values.quarantined(Kind.STAGE, "?", "", pipeline, reason))
            continue
        found.extend(
            _stage(pipeline, stage, quarantined)
            for stage in pipeline.get("stages") or ()
            if isinstance(stage, dict) and "id" in stage
        )
    return found


def _stage(pipeline: Json, stage: Json, quarantined: list[Quarantine]) -> Stage:
    """HubSpot marks a stage closed when its probability is 0 or 1; at 1 it is won."""
    metadata = stage.get("metadata")
    known: Json = metadata if isinstance(metadata, dict) else {}
    key = str(stage["id"])
    try:
        probability = float(values.number(known.get("probability")) or 0.0)
    except values.Unreadable as error:
        raw = known.get("probability")
        quarantined.append(values.quarantined(Kind.STAGE, key, "probability", raw, error))
        probability = 0.0
    kind = StageKind.OPEN
    if str(known.get("isClosed")).lower() == "true":
        kind = StageKind.WON if probability == 1.0 else StageKind.LOST
    order = stage.get("displayOrder")
    return Stage(
        external_id=key,
        pipeline_id=str(pipeline["id"]),
        pipeline_label=values.text(pipeline.get("label")) or str(pipeline["id"]),
        label=values.text(stage.get("label")) or key,
        position=order if isinstance(order, int) else 0,
        probability=probability,
        kind=kind,
    )
