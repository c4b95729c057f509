"""How own fields are written: PUT, a hundred accounts at a time, every item's outcome read.

`"trigger": []` keeps the customer's workflows, approvals and blueprints from running because a tier
was written. Zoho takes any value for a picklist and ignores a field that it lacks, so both are
checked here first. Nothing is tried twice, but a value of a picklist that Zoho refuses by its
display value, which is written by its lasting name.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connectors import batches, values
from connectors.base import Change, Outcome, State
from connectors.batches import Numbered, Outcomes
from connectors.zoho import writing_words as words
from connectors.zoho.answers import Json
from connectors.zoho.client import Client
from connectors.zoho.errors import (
    INVALID_DATA,
    LOCKED,
    MISSING_STATUS,
    Refused,
    words_of,
)
from connectors.zoho.objects import MODIFIED, is_id, moment
from connectors.zoho.schema import Declared, Schema
from connectors.zoho.seen import PEOPLE_S, Seen

BATCH = 100
PATH = "Accounts"

_NUMBERS = frozenset({"double", "currency", "percent", "integer", "bigint"})
_GONE = frozenset({"NOT_FOUND", "RECORD_NOT_FOUND", "INVALID_ID"})
_NOT_ALLOWED = frozenset({"AUTHORIZATION_FAILED", "NO_PERMISSION", "PERMISSION_DENIED"})


class Writer:
    """Writes to one organization; `schema` gives the fields of accounts."""

    def __init__(self, client: Client, schema: Callable[[], Schema], seen: Seen) -> None:
        self._client = client
        self._schema = schema
        self._seen = seen
        self._by_actual = False

    def update(self, changes: Sequence[Change]) -> list[Outcome]:
        """Write changes, one outcome each, in their order; failures as `batches.settled` says."""
        schema = self._schema()
        numbered = list(enumerate(changes))
        refused = {
            place: refusal
            for place, change in numbered
            if (refusal := _refusal(change, schema)) is not None
        }
        left = [one for one in numbered if one[0] not in refused]
        # A change of what people write goes alone: its condition counts for a whole request.
        outcomes = refused | batches.settled(
            batches.cut(left, BATCH, _is_of_people),
            lambda batch, outcomes: outcomes.update(self._written(batch, schema)),
        )
        return [outcomes[place] for place, _ in numbered]

    def _written(self, batch: Sequence[Numbered], schema: Schema) -> Outcomes:
        """What a batch settles; options that Zoho refuses by one name are written by the other."""
        by_actual = self._by_actual
        settled = self._sent(batch, schema, by_actual=by_actual)
        refused = [one for one in batch if _is_of_an_option(settled[one[0]], one[1], schema)]
        if refused:
            again = self._sent(refused, schema, by_actual=not by_actual)
            if any(outcome.state is State.APPLIED for outcome in again.values()):
                self._by_actual = not by_actual
            settled |= again
        return settled

    def _sent(self, batch: Sequence[Numbered], schema: Schema, *, by_actual: bool) -> Outcomes:
        """What one request settles; one that is refused whole is halved down to who is to blame."""
        body: Json = {
            "data": [_record(change, schema, by_actual=by_actual) for _, change in batch],
            "trigger": [],
        }
        try:
            found = self._client.write(
                "PUT", PATH, body, listed="data", headers=self._unless_modified(batch)
            )
        except Refused as refused:
            if len(batch) == 1:
                return {batch[0][0]: _rejected(batch[0][1], refused)}
            middle = len(batch) // 2
            return {
                **self._sent(batch[:middle], schema, by_actual=by_actual),
                **self._sent(batch[middle:], schema, by_actual=by_actual),
            }
        return {
            place: self._settled(change, _item(found, number, change.external_id))
            for number, (place, change) in enumerate(batch)
        }

    def _unless_modified(self, batch: Sequence[Numbered]) -> dict[str, str]:
        """The header that spares what a person has typed since; it counts for the whole request."""
        if len(batch) != 1 or not _is_of_people(batch[0][1]):
            return {}
        at = self._seen.of(batch[0][1].external_id)
        return {} if at is None else {"If-Unmodified-Since": moment(at)}

    def _settled(self, change: Change, item: Json | None) -> Outcome:
        """What the answer says of one record; without a word of it, nothing is known."""
        if not item:
            return batches.unknown(change.external_id, words.UNMENTIONED)
        told = item.get("details")
        details: Mapping[str, Any] = told if isinstance(told, dict) else {}
        if item.get("code") == "SUCCESS" or item.get("status") == "success":
            self._seen.update(change.external_id, _instant(details.get(MODIFIED)))
            return Outcome(external_id=change.external_id, state=State.APPLIED)
        code = str(item.get("code") or "")
        said = words_of(item.get("message") or code, details)
        return _rejected(change, Refused(400, code, said, details))


def _is_of_people(change: Change) -> bool:
    return not PEOPLE_S.isdisjoint(change.values)


def _refusal(change: Change, schema: Schema) -> Outcome | None:
    """Why a change can't be written as it is: Zoho would not say so."""
    missing = [name for name in change.values if schema.own_in_use(name) is None]
    if missing:
        return Outcome(
            external_id=change.external_id, state=State.REJECTED, reason=words.no_field(missing),
            remedy=words.TO_PROVISION, missing=frozenset(missing),
        )  # fmt: skip
    if not is_id(change.external_id):
        return Outcome(
            external_id=change.external_id, state=State.REJECTED,
            reason="not an id of Zoho's", remedy=words.GONE,
        )  # fmt: skip
    for name, value in change.values.items():
        declared = schema.own_in_use(name)
        if declared and declared.options and value and not _has(declared, value):
            return Outcome(
                external_id=change.external_id, state=State.REJECTED,
                reason=words.no_option(declared.name, value), remedy=words.TO_PROVISION,
            )  # fmt: skip
    return None


def _has(declared: Declared, value: str) -> bool:
    return any(one.is_used and value in {one.actual, one.display} for one in declared.options)


def _record(change: Change, schema: Schema, *, by_actual: bool) -> Json:
    record: Json = {"id": change.external_id}
    for name, value in change.values.items():
        declared = schema.own_in_use(name)
        if declared is not None:
            record[declared.name] = _value(declared, value, by_actual=by_actual)
    return record


def _value(declared: Declared, value: str | None, *, by_actual: bool) -> object:
    if not value:
        return None
    if declared.options:
        return declared.actual(value) if by_actual else declared.display(value)
    if declared.type == "boolean":
        return value == "true"
    if declared.type in _NUMBERS:
        try:
            return values.number(value)
        except values.Unreadable:
            return value
    return value


def _item(found: Sequence[Json], number: int, key: str) -> Json | None:
    """The item of a record: that which names it, else the one in its place."""
    for item in found:
        details = item.get("details")
        if isinstance(details, dict) and details.get("id") == key:
            return item
    there = found[number] if number < len(found) else None
    details = there.get("details") if there else None
    named = details.get("id") if isinstance(details, dict) else None
    return None if is_id(named) else there


def _is_of_an_option(outcome: Outcome, change: Change, schema: Schema) -> bool:
    """Whether a rejection blames a picklist of ours whose option is known to be there."""
    if outcome.state is not State.REJECTED:
        return False
    names = (
        found.name for name in change.values if (found := schema.own_in_use(name)) and found.options
    )
    return any(name in outcome.reason for name in names)


def _rejected(change: Change, refused: Refused) -> Outcome:
    if refused.code in LOCKED:
        return Outcome(
            external_id=change.external_id, state=State.DEFERRED, reason=refused.words,
            remedy=words.LOCKED,
        )  # fmt: skip
    remedy = words.RULED_OUT
    is_id_wrong = refused.code == INVALID_DATA and refused.details.get("api_name") == "id"
    if refused.status == MISSING_STATUS or refused.code in _GONE or is_id_wrong:
        remedy = words.GONE
    elif refused.code in _NOT_ALLOWED:
        remedy = words.NOT_ALLOWED
    return Outcome(
        external_id=change.external_id, state=State.REJECTED, reason=refused.words, remedy=remedy
    )


def _instant(raw: object) -> int | None:
    try:
        return values.instant(raw)
    except values.Unreadable:
        return None
