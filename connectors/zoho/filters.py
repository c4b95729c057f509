"""A figure's list as Zoho's people make it, and as COQL. Pure.

A closing date is a calendar day, the creation of a record an instant: days become instants of the
filter's zone there. Conditions are bracketed in pairs, a list has at most 50 values
(`connectors.zoho.coql`). A sum adds the amounts as they are written, in whichever currency.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce

from connectors import sales_words
from connectors.filter_words import Labels, words_of
from connectors.zoho.activities import DONE_WORDS, NOT_REACHED_WORDS
from connectors.zoho.coql import chunks, named, quoted
from connectors.zoho.objects import CALLS, DEALS, Module, moment
from rules.crm_filter import (
    Among,
    AtLeast,
    Bound,
    Condition,
    Empty,
    Filter,
    FilterText,
    NoFilter,
    Read,
    What,
    Within,
)
from rules.language import Text
from rules.records import ActivityKind
from rules.time import date_of

_COLUMNS: Mapping[What, str] = {
    What.OWNER: "Owner",
    What.STAGE: "Stage",
    What.CREATED: "Created_Time",
    What.CLOSES: "Closing_Date",
    What.HAPPENED: "Call_Start_Time",
    What.AMOUNT: "Amount",
}
_DEAL_LABELS = Labels(
    page=Text("Affaires, vue en liste", "Deals, list view"),
    columns={
        What.OWNER: Text("Propriétaire de l'affaire", "Deal Owner"),
        What.STAGE: Text("Étape", "Stage"),
        What.CREATED: Text("Heure de création", "Created Time"),
        What.CLOSES: Text("Date de clôture", "Closing Date"),
        What.AMOUNT: Text("Montant", "Amount"),
    },
)


def filter_text(wanted: Filter) -> FilterText | NoFilter:
    """The list of a filter, in words and as a query that counts or adds."""
    if wanted.activity is None:
        return _found(wanted, DEALS, _DEAL_LABELS)
    match wanted.activity:
        case ActivityKind.CALL:
            return _found(wanted, CALLS, _CALL_LABELS, _REACHED)
        case ActivityKind.MEETING:
            return NoFilter(_NO_MEETINGS)
        case ActivityKind.EMAIL:
            return NoFilter(_NO_EMAILS)
        case ActivityKind.NOTE:
            return NoFilter(_NO_NOTES)


def _found(wanted: Filter, of: Module, labels: Labels, others: Sequence[str] = ()) -> FilterText:
    conditions = [*(_condition(wanted, each) for each in wanted.conditions), *others]
    read = "count(id)" if wanted.read is Read.COUNT else f"sum({_COLUMNS[What.AMOUNT]})"
    query = f"select {read} as figure from {of.name} where {_all(conditions)}"  # noqa: S608 - texts are quoted, names checked
    return FilterText(words_of(wanted, labels), query)


def _condition(wanted: Filter, condition: Condition) -> str:
    match condition:
        case Among(field, choices):
            return _among(_name(field), [each.key for each in choices])
        case Empty(field):
            return f"{_name(field)} is null"
        case Within(What.HAPPENED | What.CREATED as field):
            return _instants(wanted, condition, _COLUMNS[field])
        case Within(field, first, last):
            return f"{_name(field)} between '{date_of(first)}' and '{date_of(last)}'"
        case AtLeast():
            return f"Amount >= {condition.units}"


def _instants(wanted: Filter, days: Within, name: str) -> str:
    first, after = wanted.instants(days)
    return _all([f"{name} >= '{moment(first)}'", f"{name} <= '{moment(after - 1)}'"])


def _among(name: str, values: Sequence[str]) -> str:
    return _any(f"{name} in ({', '.join(map(quoted, some))})" for some in chunks(values))


def _none_of(name: str, values: Sequence[str]) -> str:
    """Neither of some values; an empty field is none of them, whatever `not in` makes of it."""
    return _any([f"{name} is null", f"{name} not in ({', '.join(map(quoted, values))})"])


def _all(conditions: Iterable[str]) -> str:
    """All of some conditions, bracketed in pairs."""
    return reduce(lambda one, other: f"({one} and {other})", conditions)


def _any(conditions: Iterable[str]) -> str:
    return reduce(lambda one, other: f"({one} or {other})", conditions)


def _name(field: What | Bound) -> str:
    return named(field.crm_field) if isinstance(field, Bound) else _COLUMNS[field]


# As `activities.is_contact` tells contacts, as far as every organization has the fields.
_REACHED = (
    "Call_Type != 'Missed'",
    _any(
        [
            _any(["Call_Type = 'Inbound'", "Outgoing_Call_Status is null"]),
            _among("Outgoing_Call_Status", DONE_WORDS),
        ]
    ),
    _none_of("Call_Result", [*NOT_REACHED_WORDS, *sales_words.NOT_REACHED_WORDS]),
)
_AMOUNT = _DEAL_LABELS.columns[What.AMOUNT]
_CALL_LABELS = Labels(
    page=Text("Appels, vue en liste", "Calls, list view"),
    columns={
        What.OWNER: Text("Propriétaire de l'appel", "Call Owner"),
        What.HAPPENED: Text("Heure de début de l'appel", "Call Start Time"),
        What.AMOUNT: _AMOUNT,
    },
    others=(
        Text(
            "« Type d'appel » n'est pas « Manqué », « Statut de l'appel sortant » est vide ou "
            "« Terminé », et « Résultat de l'appel » ne dit pas que personne n'a répondu",
            "“Call Type” isn't “Missed”, “Outgoing Call Status” is empty or “Completed”, and "
            "“Call Result” does not say that nobody answered",
        ),
    ),
)
_NO_MEETINGS = Text(
    "Zoho n'a pas de champ à lui pour l'issue d'une rencontre : aucune vue n'en retire celles qui "
    "n'ont pas eu lieu.",
    "Zoho has no field of its own for what became of a meeting: no view leaves out those that were "
    "not held.",
)
_NO_EMAILS = Text(
    "Dans Zoho, un courriel consigné est une tâche que seul son objet distingue : aucune vue ne "
    "les isole.",
    "In Zoho, a logged e-mail is a task that only its subject tells apart: no view singles them "
    "out.",
)
_NO_NOTES = Text(
    "Est une note toute autre tâche, qui n'est ni un appel, ni un courriel, ni une rencontre : "
    "aucune vue ne les isole.",
    "Any other task is a note, being no call, no e-mail and no meeting: no view singles them out.",
)
