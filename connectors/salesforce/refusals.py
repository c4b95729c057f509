"""What Salesforce's refusal of one record means for its change."""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.base import Outcome, State
from connectors.salesforce import writing_words as words
from connectors.salesforce.errors import MISSING_FIELD, Refused, words_of
from connectors.salesforce.objects import own_name

MISSING_RECORDS = frozenset(
    {
        *("ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND"),
        *("MALFORMED_ID", "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"),
    }
)


def refusal_of(errors: Sequence[Mapping[str, Any]]) -> Refused:
    """The errors of one record as a refusal: the first code, the words and fields of all."""
    named: list[str] = []
    for each in errors:
        fields = each.get("fields")
        named += map(str, fields if isinstance(fields, list) else ())
    said = "; ".join(
        f"{each.get('statusCode') or '?'}: {words_of(each.get('message'))}" for each in errors
    )
    return Refused(400, str(errors[0].get("statusCode") or ""), said, named)


def rejected(external_id: str, refused: Refused) -> Outcome:
    """A refusal of one record, with what to do about it."""
    missing = refused.own_fields if refused.code in MISSING_FIELD else frozenset[str]()
    is_foreign = any(own_name(name) is None for name in refused.named)
    remedy = words.TO_PROVISION if missing else words.BY_CODE.get(refused.code, words.RULED_OUT)
    return Outcome(
        external_id=external_id,
        state=State.REJECTED,
        reason=refused.words,
        remedy=words.MOVED if refused.code in MISSING_RECORDS else remedy,
        # A refusal for a field of somebody else's too would come back without ours.
        missing=frozenset[str]() if is_foreign else missing,
    )
