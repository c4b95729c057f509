"""Owners and stages: the few records that all the others refer to. Pure.

A value that can't be read is quarantined, and the record stays.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from connectors import values
from connectors.hubspot.mapping import Json, has_key
from rules.records import Kind, Owner, Quarantine, Stage, StageKind

T = TypeVar("T")

# A place beyond is nonsense, and more than a column of the store can hold.
_LAST_POSITION = 1_000_000


class _Reading:
    """The members of one record, and what is set aside of them."""

    def __init__(
        self, kind: Kind, raw: Mapping[str, object], quarantined: list[Quarantine]
    ) -> None:
        self._kind, self._raw, self._quarantined = kind, raw, quarantined

    def read(self, name: str, parse: Callable[[object], T | None]) -> T | None:
        found = self._raw.get(name)
        try:
            return parse(found)
        except values.Unreadable as error:
            key = str(self._raw["id"])
            self._quarantined.append(values.quarantined(self._kind, key, name, found, error))
            return None


def owner(raw: Json, quarantined: list[Quarantine]) -> Owner:
    """An owner. A queue is no person: no task can be given to it."""
    reading = _Reading(Kind.OWNER, raw, quarantined)
    email = reading.read("email", values.text)
    names = [reading.read(name, values.text) for name in ("firstName", "lastName")]
    is_person = raw.get("type") in (None, "PERSON")
    return Owner(
        external_id=raw["id"],
        name=" ".join(name for name in names if name) or email or raw["id"],
        email=email,
        is_active=is_person and raw.get("archived") is not True,
    )


def stages(pipelines: Iterable[object], quarantined: list[Quarantine]) -> list[Stage]:
    """The stages of all deal pipelines, in their order within each."""
    found: list[Stage] = []
    for pipeline in pipelines:
        if not has_key(pipeline):
            reason = "a pipeline without an id"
            quarantined.append(values.unusable(Kind.STAGE, None, pipeline, reason))
            continue
        listed = pipeline.get("stages")
        for stage in listed if isinstance(listed, list) else ():
            if has_key(stage):
                found.append(_stage(pipeline, stage, quarantined))
            else:
                reason = "a stage without an id"
                quarantined.append(values.unusable(Kind.STAGE, None, stage, reason))
    return found


def _stage(pipeline: Json, stage: Json, quarantined: list[Quarantine]) -> Stage:
    """HubSpot marks a stage closed when its probability is 0 or 1; at 1 it is won."""
    metadata = stage.get("metadata")
    known: Json = metadata if isinstance(metadata, dict) else {}
    key = stage["id"]
    reading = _Reading(Kind.STAGE, {**stage, **known, "id": key}, quarantined)
    told: int | float | None = reading.read("probability", values.number)
    probability = float(told or 0)
    kind = StageKind.OPEN
    if str(known.get("isClosed")).lower() == "true":
        kind = StageKind.WON if probability == 1.0 else StageKind.LOST
    order = stage.get("displayOrder")
    return Stage(
        external_id=key,
        pipeline_id=pipeline["id"],
        pipeline_label=_label(pipeline),
        label=reading.read("label", values.text) or key,
        position=order if isinstance(order, int) and abs(order) <= _LAST_POSITION else 0,
        probability=probability,
        kind=kind,
    )


def _label(pipeline: Json) -> str:
    try:
        return values.text(pipeline.get("label")) or str(pipeline["id"])
    except values.Unreadable:
        return str(pipeline["id"])
