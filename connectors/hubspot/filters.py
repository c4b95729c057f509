"""A figure's list as HubSpot's people make it, and as the body of a search. Pure.

A search finds no archived record; days are those of the filter's zone, turned into instants, as
HubSpot keeps both dates of a deal as instants. It has no sums: the amounts are asked for and added
by whoever runs it. At most 18 filters in all (HubSpot's guide to the search of the CRM).
"""

import json
from collections.abc import Mapping, Sequence

from connectors.filter_words import Labels, words_of
from connectors.hubspot.mapping import NOT_REACHED
from connectors.hubspot.objects import CALLS, DEALS, EMAILS, MEETINGS, NOTES, ObjectType
from rules.crm_filter import (
    Among,
    AtLeast,
    Bound,
    Condition,
    Empty,
    Filter,
    FilterText,
    NoFilter,
    What,
    Within,
)
from rules.language import Text
from rules.records import ActivityKind

_PAGE = 200
_AMOUNT = "amount_in_home_currency"
_PROPERTIES: Mapping[What, str] = {
    What.OWNER: "hubspot_owner_id",
    What.STAGE: "dealstage",
    What.CREATED: "createdate",
    What.CLOSES: "closedate",
    What.HAPPENED: "hs_timestamp",
    What.AMOUNT: _AMOUNT,
}
_DEAL_LABELS = Labels(
    page=Text("Transactions, vue en tableau", "Deals, table view"),
    columns={
        What.OWNER: Text("Propriétaire de la transaction", "Deal owner"),
        What.STAGE: Text("Phase de la transaction", "Deal stage"),
        What.CREATED: Text("Date de création", "Create date"),
        What.CLOSES: Text("Date de fermeture", "Close date"),
        What.AMOUNT: Text("Montant dans la devise de l'entreprise", "Amount in company currency"),
    },
)
_ACTIVITY_COLUMNS = {
    What.OWNER: Text("Attribuée à", "Activity assigned to"),
    What.HAPPENED: Text("Date de l'activité", "Activity date"),
    What.AMOUNT: _DEAL_LABELS.columns[What.AMOUNT],
}
_REACHED = sorted(NOT_REACHED)
_Json = dict[str, object]
_ANY: Sequence[Sequence[_Json]] = ((),)


def filter_text(wanted: Filter) -> FilterText | NoFilter:
    """The list of a filter, in words and as the body of `POST …/{object}/search`."""
    if wanted.activity is None:
        return _found(wanted, DEALS, _DEAL_LABELS, _ANY)
    match wanted.activity:
        case ActivityKind.CALL:
            return _found(wanted, CALLS, _CALL_LABELS, _COMPLETED_CALLS)
        case ActivityKind.MEETING:
            return _found(wanted, MEETINGS, _MEETING_LABELS, _HELD)
        case ActivityKind.EMAIL:
            return _found(wanted, EMAILS, _EMAIL_LABELS, _SENT)
        case ActivityKind.NOTE:
            return _found(wanted, NOTES, _NOTE_LABELS, _ANY)


def _found(
    wanted: Filter, of: ObjectType, labels: Labels, ways: Sequence[Sequence[_Json]]
) -> FilterText:
    """The search of an object; a record meets all the conditions and one of the ways."""
    shared = [each for condition in wanted.conditions for each in _filters(wanted, condition)]
    properties = [_AMOUNT, _PROPERTIES[What.CLOSES]] if of is DEALS else [_PROPERTIES[What.OWNER]]
    body = {
        "filterGroups": [{"filters": [*shared, *way]} for way in ways],
        "properties": properties,
        "limit": _PAGE,
    }
    return FilterText(words_of(wanted, labels), json.dumps(body, ensure_ascii=False))


def _filters(wanted: Filter, condition: Condition) -> list[_Json]:
    match condition:
        case Among(field, choices):
            keys = [each.key for each in choices]
            return [{"propertyName": _name(field), "operator": "IN", "values": keys}]
        case Empty(field):
            return [{"propertyName": _name(field), "operator": "NOT_HAS_PROPERTY"}]
        case Within(field):
            first, after = wanted.instants(condition)
            between = {"operator": "BETWEEN", "value": str(first), "highValue": str(after - 1)}
            return [{"propertyName": _name(field), **between}]
        case AtLeast():
            return [{"propertyName": _AMOUNT, "operator": "GTE", "value": condition.units}]


def _name(field: What | Bound) -> str:
    return field.crm_field if isinstance(field, Bound) else _PROPERTIES[field]


def _equal(name: str, value: str) -> _Json:
    return {"propertyName": name, "operator": "EQ", "value": value}


def _none_of(name: str, values: Sequence[str]) -> _Json:
    return {"propertyName": name, "operator": "NOT_IN", "values": list(values)}


def _absent(name: str) -> _Json:
    return {"propertyName": name, "operator": "NOT_HAS_PROPERTY"}


# As `mapping.is_contact` tells contacts; NOT_IN finds no record without the property.
_STATUS, _OUTCOME = "hs_call_status", "hs_call_disposition"
_COMPLETED_CALLS: Sequence[Sequence[_Json]] = [
    [_equal(_STATUS, "COMPLETED"), _absent(_OUTCOME)],
    [_equal(_STATUS, "COMPLETED"), _none_of(_OUTCOME, _REACHED)],
    [_absent(_STATUS), _none_of(_OUTCOME, _REACHED)],
    [
        *(_absent(_STATUS), _absent(_OUTCOME)),
        {"propertyName": "hs_call_duration", "operator": "GT", "value": "0"},
    ],
]
_HELD = [[_equal("hs_meeting_outcome", "COMPLETED")]]
_DIRECTION, _SENDING = "hs_email_direction", "hs_email_status"
_SENT = [
    [_equal(_DIRECTION, "EMAIL"), _absent(_SENDING)],
    [_equal(_DIRECTION, "EMAIL"), _none_of(_SENDING, ["BOUNCED", "FAILED"])],
]
_CALL_LABELS = Labels(
    page=Text("Appels, vue en tableau", "Calls, table view"),
    columns=_ACTIVITY_COLUMNS,
    others=(
        Text(
            "« Statut de l'appel » est « Terminé » et « Résultat de l'appel » n'est ni « Occupé », "
            "ni « Sans réponse », ni « Numéro erroné » (sans statut, l'appel compte s'il a un "
            "résultat ou une durée)",
            "“Call status” is “Completed” and “Call outcome” is none of “Busy”, “No answer”, "
            "“Wrong number” (without a status, a call counts if it has an outcome or lasted)",
        ),
    ),
)
_MEETING_LABELS = Labels(
    page=Text("Réunions, vue en tableau", "Meetings, table view"),
    columns=_ACTIVITY_COLUMNS,
    others=(
        Text("« Résultat de la réunion » est « Terminé »", "“Meeting outcome” is “Completed”"),
    ),
)
_EMAIL_LABELS = Labels(
    page=Text("E-mails, vue en tableau", "Emails, table view"),
    columns=_ACTIVITY_COLUMNS,
    others=(
        Text(
            "« Direction de l'e-mail » est « Envoyé » et « Statut d'envoi » n'est ni « Rejeté » ni "
            "« Échec »",
            "“Email direction” is “Outgoing” and “Email send status” is neither “Bounced” nor "
            "“Failed”",
        ),
    ),
)
_NOTE_LABELS = Labels(
    page=Text("Notes, vue en tableau", "Notes, table view"), columns=_ACTIVITY_COLUMNS
)
