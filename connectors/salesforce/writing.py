"""How own fields are written: collections of two hundred records; very many, by a bulk job.

The answer lists the records in the order sent, each a success or its errors (`statusCode`, where
an error of the whole request has `errorCode`). A record that somebody else's change locks is sent
again, alone with its likes, a few times; nothing else is tried twice.
"""

from collections.abc import Mapping, Sequence
from itertools import zip_longest

from connectors import batches
from connectors.base import Change, Outcome, State
from connectors.batches import Numbered, Outcomes
from connectors.salesforce import writing_words as words
from connectors.salesforce.client import Client, Json
from connectors.salesforce.errors import LIMIT, LOCKED, Refused
from connectors.salesforce.ingest import Ingest
from connectors.salesforce.objects import full_id, own_field
from connectors.salesforce.refusals import refusal_of, rejected

BATCH = 200
LOCK_TRIES = 4
LOCK_WAIT = 0.25
COLLECTION = "composite/sobjects"
# From here on a job costs fewer calls (Salesforce's own rule).
BULK_FROM = 2_000
# Salesforce takes a job apart by ten thousand rows (Bulk API guide).
JOB = 10_000


class Writer:
    """Writes to one org."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._ingest = Ingest(client)

    def update(self, changes: Sequence[Change]) -> list[Outcome]:
        """Write changes, one outcome each, in their order; failures as `batches.settled` says."""
        names = {change.external_id for change in changes}
        if len(changes) > BULK_FROM and len(names) == len(changes):
            try:
                settled = self._ingest.update(changes)
                return [settled[change.external_id] for change in changes]
            except Refused as refused:
                # The jobs of the day are used up, before anything was written.
                if refused.code != LIMIT:
                    raise
        return self._by_collections(changes)

    def _by_collections(self, changes: Sequence[Change]) -> list[Outcome]:
        outcomes = batches.settled(batches.cut(list(enumerate(changes)), BATCH), self._write)
        return [outcomes[place] for place in range(len(changes))]

    def _write(self, batch: Sequence[Numbered], outcomes: Outcomes) -> None:
        """Write a batch; its locked records again, after a wait that grows."""
        left = batch
        for attempt in range(LOCK_TRIES):
            if attempt:
                self._client.pause(LOCK_WAIT * 2**attempt * (0.5 + self._client.jitter() / 2))
            settled = self._sent(left)
            outcomes |= settled
            left = [one for one in left if settled[one[0]].state is State.DEFERRED]
            if not left:
                return

    def _sent(self, batch: Sequence[Numbered]) -> Outcomes:
        """What one request settles; one that is refused whole is halved down to who is to blame."""
        body: Json = {"allOrNone": False, "records": [_record(change) for _, change in batch]}
        try:
            answer = self._client.write("PATCH", COLLECTION, body)
        except Refused as refused:
            if len(batch) == 1:
                place, change = batch[0]
                return {place: rejected(change.external_id, refused)}
            middle = len(batch) // 2
            return {**self._sent(batch[:middle]), **self._sent(batch[middle:])}
        results = answer if isinstance(answer, list) else []
        return {
            one[0]: _settled(one[1], result)
            for one, result in zip_longest(batch, results[: len(batch)])
        }


def _record(change: Change) -> Json:
    fields = {own_field(name): value or None for name, value in change.values.items()}
    return {"attributes": {"type": "Account"}, "id": change.external_id, **fields}


def _settled(change: Change, result: object) -> Outcome:
    """What the answer says of one record; without a word of it, nothing is known."""
    if not isinstance(result, Mapping):
        return batches.unknown(change.external_id, words.UNMENTIONED)
    told = result.get("id")
    if told is not None and full_id(str(told)) != full_id(change.external_id):
        # An answer about another record says nothing of this one.
        return batches.unknown(change.external_id, words.UNMENTIONED)
    if result.get("success") is True:
        return Outcome(external_id=change.external_id, state=State.APPLIED)
    listed = result.get("errors")
    errors = [each for each in listed if isinstance(each, Mapping)] if listed else []
    if not errors:
        return batches.unknown(change.external_id, words.UNMENTIONED)
    refused = refusal_of(errors)
    if refused.code == LOCKED:
        return Outcome(
            external_id=change.external_id,
            state=State.DEFERRED,
            reason=refused.words,
            remedy=words.LOCKED,
        )
    return rejected(change.external_id, refused)
