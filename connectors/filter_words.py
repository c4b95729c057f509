"""What a person enters in a CRM to find a figure again, in French and in English. Pure.

The sentences are the same for all CRMs; each brings the labels that its own pages have.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from rules.crm_filter import Among, AtLeast, Bound, Condition, Empty, Filter, Read, What, Within
from rules.language import Language, Text, joined, money
from rules.time import date_of


@dataclass(frozen=True, slots=True)
class Labels:
    """The page where the list is, the labels of its columns, and what else is chosen there."""

    page: Text
    columns: Mapping[What, Text]
    others: tuple[Text, ...] = ()


def words_of(wanted: Filter, labels: Labels) -> Text:
    """The sentences that tell how to make the list and what to read off it."""
    french, english = (_in(wanted, labels, language) for language in Language)
    return Text(french, english)


def _in(wanted: Filter, labels: Labels, language: Language) -> str:
    conditions = [
        *(_condition(wanted, each, labels, language) for each in wanted.conditions),
        *(each.to(language) for each in labels.others),
    ]
    reading = _COUNTED if wanted.read is Read.COUNT else _summed(labels.columns[What.AMOUNT])
    zone = Text(f"Jours de {wanted.zone.key}.", f"Days of {wanted.zone.key}.")
    return " ".join(
        [
            Text("{} :", "{}:").to(language).format(labels.page.to(language)),
            f"{' ; '.join(conditions) if language is Language.FR else '; '.join(conditions)}.",
            reading.to(language),
            zone.to(language),
            *(each.to(language) for each in wanted.cautions),
        ]
    )


_COUNTED = Text("Lisez le nombre de lignes.", "Read how many rows there are.")


def _summed(amount: Text) -> Text:
    return Text(f"Lisez la somme de « {amount.fr} ».", f"Read the sum of “{amount.en}”.")


def _condition(wanted: Filter, condition: Condition, labels: Labels, language: Language) -> str:
    match condition:
        case Among(field, choices):
            listed = [_quoted(each.label, language) for each in choices]
            one, several = Text("est", "is"), Text("est l'un de", "is any of")
            verb = (one if len(listed) == 1 else several).to(language)
            return f"{_label(field, labels, language)} {verb} {joined(listed, language)}"
        case Empty(field):
            verb = Text("est vide", "is empty").to(language)
            return f"{_label(field, labels, language)} {verb}"
        case Within(field, first, last):
            days = Text("du {} au {}", "from {} to {}").to(language)
            days = days.format(date_of(first), date_of(last))
            return f"{_label(field, labels, language)} {days}"
        case AtLeast(minimum):
            least = money(minimum, wanted.currency, language)
            verb = Text("est d'au moins", "is at least").to(language)
            return f"{_label(What.AMOUNT, labels, language)} {verb} {least}"


def _label(field: What | Bound, labels: Labels, language: Language) -> str:
    if isinstance(field, Bound):
        return f"{_quoted(field.label.to(language), language)} ({field.crm_field})"
    return _quoted(labels.columns[field].to(language), language)


def _quoted(written: str, language: Language) -> str:
    return Text(f"« {written} »", f"“{written}”").to(language)
