"""A figure's list as Salesforce's people make it, and as SOQL. Pure.

A close date is a calendar day, the creation of a record an instant: days become instants of the
filter's zone there. An activity is a task (calls, e-mails) or an event (meetings). A sum of amounts
is in the org's own currency (Salesforce's documentation of aggregates over several currencies).
"""

from collections.abc import Mapping, Sequence

from connectors import sales_words
from connectors.filter_words import Labels, words_of
from connectors.salesforce.objects import EVENT, OPPORTUNITY, TASK, ObjectType
from connectors.salesforce.soql import moment, named, quoted
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
    What.OWNER: "OwnerId",
    What.STAGE: "StageName",
    What.CREATED: "CreatedDate",
    What.CLOSES: "CloseDate",
    What.AMOUNT: "Amount",
}
_OPPORTUNITY_LABELS = Labels(
    page=Text("Opportunités, vue de liste ou rapport", "Opportunities, list view or report"),
    columns={
        What.OWNER: Text("Propriétaire de l'opportunité", "Opportunity Owner"),
        What.STAGE: Text("Étape", "Stage"),
        What.CREATED: Text("Date de création", "Created Date"),
        What.CLOSES: Text("Date de clôture", "Close Date"),
        What.AMOUNT: Text("Montant", "Amount"),
    },
)
_ASSIGNED = Text("Attribué à", "Assigned To")
_AMOUNT = _OPPORTUNITY_LABELS.columns[What.AMOUNT]
_TASK_COLUMNS = {
    What.OWNER: _ASSIGNED,
    What.HAPPENED: Text("Date d'échéance", "Due Date"),
    What.AMOUNT: _AMOUNT,
}
_EVENT_COLUMNS = {**_TASK_COLUMNS, What.HAPPENED: Text("Début", "Start")}


def filter_text(wanted: Filter) -> FilterText | NoFilter:
    """The list of a filter, in words and as a query that counts or adds."""
    if wanted.activity is None:
        return _found(wanted, OPPORTUNITY, _OPPORTUNITY_LABELS)
    match wanted.activity:
        case ActivityKind.CALL:
            return _found(wanted, TASK, _CALL_LABELS, _CALLS)
        case ActivityKind.EMAIL:
            return _found(wanted, TASK, _EMAIL_LABELS, _EMAILS)
        case ActivityKind.MEETING:
            return _found(wanted, EVENT, _MEETING_LABELS, _MEETINGS)
        case ActivityKind.NOTE:
            return NoFilter(_NO_NOTES)


def _found(
    wanted: Filter, of: ObjectType, labels: Labels, others: Sequence[str] = ()
) -> FilterText:
    conditions = [*(_condition(wanted, each, of) for each in wanted.conditions), *others]
    read = "COUNT(Id)" if wanted.read is Read.COUNT else f"SUM({_COLUMNS[What.AMOUNT]})"
    query = f"SELECT {read} figure FROM {of.name} WHERE {' AND '.join(conditions)}"  # noqa: S608 - texts are quoted, names checked
    return FilterText(words_of(wanted, labels), query)


def _condition(wanted: Filter, condition: Condition, of: ObjectType) -> str:
    match condition:
        case Among(field, choices):
            return _among(_name(field), [each.key for each in choices])
        case Empty(field):
            return f"{_name(field)} = null"
        case Within(What.HAPPENED):
            return _happened(wanted, condition, of)
        case Within(What.CREATED):
            return _instants(wanted, condition, "CreatedDate")
        case Within(field, first, last):
            name = _name(field)
            return f"{name} >= {date_of(first)} AND {name} <= {date_of(last)}"
        case AtLeast():
            return f"Amount >= {condition.units}"


def _happened(wanted: Filter, days: Within, of: ObjectType) -> str:
    """An event begins at an instant; a task is of its day, else of when it was closed."""
    if of is EVENT:
        return _instants(wanted, days, "StartDateTime")
    dated = f"ActivityDate >= {date_of(days.first)} AND ActivityDate <= {date_of(days.last)}"
    closed = _instants(wanted, days, "CompletedDateTime")
    return f"(({dated}) OR (ActivityDate = null AND {closed}))"


def _instants(wanted: Filter, days: Within, name: str) -> str:
    first, after = wanted.instants(days)
    # SOQL knows seconds: an instant within one belongs to it.
    return f"{name} >= {moment(first)} AND {name} <= {moment(after - 1)}"


def _among(name: str, values: Sequence[str]) -> str:
    return f"{name} IN ({', '.join(map(quoted, values))})"


def _none_of(name: str, values: Sequence[str]) -> str:
    """Neither of some values; an empty field is none of them, whatever NOT IN makes of it."""
    return f"({name} = null OR {name} NOT IN ({', '.join(map(quoted, values))}))"


def _name(field: What | Bound) -> str:
    return named(field.crm_field) if isinstance(field, Bound) else _COLUMNS[field]


def _spelt(words: Sequence[str]) -> list[str]:
    """Words as they may be written, with what parts them; SOQL looks at no case."""
    return list(dict.fromkeys(each for word in words for each in (word, word.replace(" ", "_"))))


def _of_kind(kind: ActivityKind, subtypes: Sequence[str]) -> str:
    """A task's subtype tells its kind; any other task is what its type says."""
    others = f"({_none_of('TaskSubtype', ['Call', 'Email', 'ListEmail'])}"
    typed = _among("Type", _spelt(sales_words.KIND_WORDS[kind]))
    return f"({_among('TaskSubtype', subtypes)} OR {others} AND {typed}))"


# As `activities.is_contact` tells contacts.
_CALLS = (
    "IsClosed = true",
    _of_kind(ActivityKind.CALL, ["Call"]),
    _none_of("CallType", ["Internal"]),
    _none_of("CallDisposition", _spelt(sales_words.NOT_REACHED_WORDS)),
)
_EMAILS = (
    "IsClosed = true",
    _of_kind(ActivityKind.EMAIL, ["Email", "ListEmail"]),
    _none_of("Type", _spelt(sales_words.RECEIVED_WORDS)),
)
_MEETINGS = (
    "IsChild = false",
    "IsRecurrence = false",
    _none_of("Type", _spelt(sales_words.NOT_HELD_WORDS)),
)
_CALL_LABELS = Labels(
    page=Text("Tâches, vue de liste ou rapport", "Tasks, list view or report"),
    columns=_TASK_COLUMNS,
    others=(
        Text(
            "« Sous-type de tâche » est « Appel », « Fermé » est vrai et « Résultat de l'appel » "
            "ne dit pas que personne n'a répondu",
            "“Task Subtype” is “Call”, “Closed” is true and “Call Result” does not say that "
            "nobody answered",
        ),
    ),
)
_EMAIL_LABELS = Labels(
    page=_CALL_LABELS.page,
    columns=_TASK_COLUMNS,
    others=(
        Text(
            "« Sous-type de tâche » est « E-mail », « Fermé » est vrai et « Type » ne dit pas que "
            "le courriel a été reçu",
            "“Task Subtype” is “Email”, “Closed” is true and “Type” does not say that the e-mail "
            "was received",
        ),
    ),
)
_MEETING_LABELS = Labels(
    page=Text("Événements, rapport d'activités", "Events, activity report"),
    columns=_EVENT_COLUMNS,
    others=(
        Text(
            "le début est passé, « Type » ne dit pas que la rencontre n'a pas eu lieu, et les "
            "copies des invités ne comptent pas",
            "it has begun, “Type” does not say that the meeting was not held, and the copies of "
            "guests do not count",
        ),
    ),
)
_NO_NOTES = Text(
    "Est une note toute autre tâche, qui n'est ni un appel, ni un courriel, ni une rencontre : "
    "aucune vue ne les isole.",
    "Any other task is a note, being no call, no e-mail and no meeting: no view singles them out.",
)
