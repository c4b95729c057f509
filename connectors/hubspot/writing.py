"""How own fields are written. Nothing here is tried twice.

A batch of a hundred is one request. HubSpot may accept it in part (207, told by the trace id or
the record id) or refuse it whole because of one record (400, or 423 where somebody else's change
locks it): it is then halved until the record at fault stands alone. Answers come in any order; a
record that they don't mention is unknown.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from connectors import batches, values
from connectors.base import Change, Outcome, State
from connectors.batches import Numbered, Outcomes
from connectors.hubspot.answers import member, objects
from connectors.hubspot.client import Client
from connectors.hubspot.errors import (
    LOCKED_SECONDS,
    MISSING_PROPERTY,
    MISSING_RECORD,
    MISSING_STATUS,
    Locked,
    Refused,
    words_of,
)
from connectors.hubspot.mapping import Json
from connectors.hubspot.objects import OWN_PREFIX, Paths
from rules.language import Text
from rules.owned import DAYS
from rules.time import date_of

BATCH = 100
# Once so many records are known to be locked, the rest of a refused batch waits without a search.
MOST_LOCKED = 3
NORMALISED = "PROPERTY_VALUE_NORMALIZED"


class Writer:
    """Writes to one account."""

    def __init__(self, client: Client, paths: Paths) -> None:
        self._client = client
        self._companies = f"{paths.objects}/companies"

    def update(self, changes: Sequence[Change]) -> list[Outcome]:
        """Write changes, one outcome each, in their order; failures as `batches.settled` says."""
        outcomes = batches.settled(batches.cut(list(enumerate(changes)), BATCH), self._write)
        return [outcomes[place] for place in range(len(changes))]

    def _write(self, batch: Sequence[Numbered], outcomes: Outcomes) -> None:
        """Write a batch; halve it as long as one record makes HubSpot refuse it whole."""
        if not batch:
            return
        try:
            answer = self._client.write(
                "POST", f"{self._companies}/batch/update", {"inputs": [_input(o) for o in batch]}
            )
        except Refused as refused:
            blamed = _blamed(refused, batch)
            if blamed:
                outcomes.update((place, _rejected(change, refused)) for place, change in blamed)
                self._write([one for one in batch if one not in blamed], outcomes)
            elif len(batch) == 1:
                outcomes[batch[0][0]] = _rejected(batch[0][1], refused)
            else:
                self._write_halves(batch, outcomes)
        except Locked as locked:
            known = sum(outcome.state is State.DEFERRED for outcome in outcomes.values())
            if len(batch) == 1 or known >= MOST_LOCKED:
                outcomes.update((place, _deferred(change, locked)) for place, change in batch)
            else:
                self._write_halves(batch, outcomes)
        else:
            outcomes.update(_settled(batch, answer))

    def _write_halves(self, batch: Sequence[Numbered], outcomes: Outcomes) -> None:
        middle = len(batch) // 2
        self._write(batch[:middle], outcomes)
        self._write(batch[middle:], outcomes)


def _input(numbered: Numbered) -> Json:
    place, change = numbered
    return {
        "id": change.external_id,
        "objectWriteTraceId": str(place),
        "properties": {OWN_PREFIX + name: value or "" for name, value in change.values.items()},
    }


def _settled(batch: Sequence[Numbered], answer: Json) -> Outcomes:
    """What an accepted batch says of each of its records, wherever it says it."""
    by_id = {change.external_id: place for place, change in batch}
    changes = dict(batch)
    succeeded: set[int] = set()
    warned: dict[int, list[Json]] = defaultdict(list)
    for result in objects(answer, "results"):
        places = set(_places(result, by_id, changes.keys()))
        succeeded |= places
        for place in places:
            warned[place] += objects(result, "warnings")
    for warning in objects(answer, "warnings"):
        for place in set(_places(member(warning, "context"), by_id, changes.keys())):
            warned[place].append(warning)
    outcomes: Outcomes = {}
    for error in objects(answer, "errors"):
        for place in _places(member(error, "context"), by_id, changes.keys()):
            outcomes[place] = _failed(changes[place], error)
    for place, change in batch:
        if place in outcomes:
            continue
        if place in succeeded:
            outcomes[place] = _applied(change, warned[place])
        else:
            outcomes[place] = batches.unknown(change.external_id, _UNMENTIONED)
    return outcomes


def _applied(change: Change, warnings: Sequence[Json]) -> Outcome:
    """A success; HubSpot warns where it keeps a value in another form than ours."""
    kept: dict[str, str | None] = {}
    for warning in warnings:
        context = member(warning, "context")
        names = _several(context.get("propertyName"))
        name = names[0].removeprefix(OWN_PREFIX) if len(names) == 1 else ""
        if warning.get("category") == NORMALISED and name in change.values:
            kept[name] = _as_observed(name, context.get("normalizedValue"))
    return Outcome(
        external_id=change.external_id,
        state=State.APPLIED,
        reason="; ".join(words_of(warning.get("message")) for warning in warnings),
        normalised=kept,
    )


def _as_observed(name: str, raw: object) -> str | None:
    """A value as the next pull will read it; a day may come in another of HubSpot's forms."""
    is_day = name in DAYS
    try:
        if is_day and (day := values.day(raw)) is not None:
            return date_of(day).isoformat()
        return values.text(raw)
    except values.Unreadable:
        return raw if isinstance(raw, str) else None


def _failed(change: Change, error: Json) -> Outcome:
    """An error of one record within a batch that was accepted in part."""
    category = str(error.get("category") or "")
    words = words_of(error.get("message") or category)
    if "LOCK" in category.upper():
        return Outcome(external_id=change.external_id, state=State.DEFERRED, reason=words)
    status = MISSING_STATUS if category == MISSING_RECORD else 400
    return _rejected(change, Refused(status, category, words, objects(error, "errors")))


def _places(
    told: Mapping[str, Any], by_id: Mapping[str, int], places: Collection[int]
) -> Iterable[int]:
    """The changes that a result or an error is about, by trace id and by record id."""
    for trace in _several(told.get("objectWriteTraceId")):
        if trace.isdecimal() and int(trace) in places:
            yield int(trace)
    for name in ("id", "ids"):
        for key in _several(told.get(name)):
            if key in by_id:
                yield by_id[key]


def _several(told: object) -> list[str]:
    if told is None:
        return []
    return [str(one) for one in told] if isinstance(told, list) else [str(told)]


def _blamed(refused: Refused, batch: Sequence[Numbered]) -> list[Numbered]:
    """The records at fault in a refused batch, where the refusal names them.

    A property that does not exist blames every record that writes it: no use in halving.
    """
    if MISSING_PROPERTY in refused.codes:
        unknown = refused.properties
        return [
            (place, change)
            for place, change in batch
            if not unknown or any(OWN_PREFIX + name in unknown for name in change.values)
        ]
    by_id = {change.external_id: place for place, change in batch}
    places = {place for place, _ in batch}
    blamed: set[int] = set()
    for detail in refused.details:
        context = detail.get("context")
        if isinstance(context, Mapping):
            blamed.update(_places(context, by_id, places))
    return [one for one in batch if one[0] in blamed]


def _missing(refused: Refused) -> frozenset[str]:
    """The own fields that do not exist, where a refusal names them."""
    if MISSING_PROPERTY not in refused.codes:
        return frozenset()
    return frozenset(
        name.removeprefix(OWN_PREFIX) for name in refused.properties if name.startswith(OWN_PREFIX)
    )


def _rejected(change: Change, refused: Refused) -> Outcome:
    if refused.status == MISSING_STATUS or refused.category == MISSING_RECORD:
        remedy = _MOVED
    elif refused.required:
        remedy = _to_fill(refused.required)
    elif MISSING_PROPERTY in refused.codes or "allowed options" in refused.words:
        remedy = _TO_PROVISION
    else:
        remedy = _RULED_OUT
    return Outcome(
        external_id=change.external_id, state=State.REJECTED, reason=refused.words, remedy=remedy,
        missing=_missing(refused),
    )  # fmt: skip


def _to_fill(names: Sequence[str]) -> Text:
    listed = ", ".join(names)
    return Text(
        fr=f"Une règle de votre administrateur exige une valeur dans {listed} avant toute écriture "
        "sur ce compte : remplissez la fiche, ou assouplissez la règle (Paramètres → Propriétés), "
        "puis relancez.",
        en=f"A rule of your administrator wants a value in {listed} before anything is written to "
        "this account: fill in the record, or relax the rule (Settings → Properties), then run "
        "again.",
    )


_MOVED = Text(
    fr="Ce compte n'existe plus sous cet identifiant dans HubSpot : il a été supprimé ou fusionné. "
    "Relancez un « pull » pour suivre le changement.",
    en="This account no longer exists under this id in HubSpot: it was deleted or merged. Pull "
    "again to follow the change.",
)
_TO_PROVISION = Text(
    fr="Un champ d'Arpent, ou l'un de ses choix, manque dans HubSpot : lancez « arpent fields "
    "ensure ».",
    en="A field of Arpent, or one of its options, is missing in HubSpot: run “arpent fields "
    "ensure”.",
)
_RULED_OUT = Text(
    fr="HubSpot applique une règle de votre administrateur à ce compte : corrigez la fiche ou la "
    "règle, puis relancez.",
    en="HubSpot applies a rule of your administrator to this account: correct the record or the "
    "rule, then run again.",
)
_UNMENTIONED = Text(
    fr="HubSpot n'a rien dit de ce compte dans sa réponse : on ignore si l'écriture a eu lieu. "
    "Elle sera refaite.",
    en="HubSpot said nothing of this account in its answer: whether the write took place is "
    "unknown. It will be done again.",
)


def _deferred(change: Change, locked: Locked) -> Outcome:
    """Written later: after the wait that HubSpot asks for, where it asks for a longer one."""
    asked = locked.retry_after or 0.0
    return Outcome(
        external_id=change.external_id,
        state=State.DEFERRED,
        reason=locked.message.en,
        remedy=locked.message,
        wait=asked if asked > LOCKED_SECONDS else None,
    )
