"""Provision: create our own fields in the CRM, with labels in the team's language."""

from collections.abc import Mapping, Sequence

from connectors.base import Connector, OwnField, Provision, Provisioned
from rules.language import Language, Text
from rules.owned import CHALLENGES, DESCRIPTIONS, LABELS, TYPES, Owned
from rules.rulebook import Rulebook
from rules.tagging import CONTACT_STATUS


def run(connector: Connector, rulebook: Rulebook, *, dry_run: bool) -> Sequence[Provisioned]:
    """Ensure the own fields of these rules; `dry_run` only says what it would do."""
    language = rulebook.team.language
    group = rulebook.fields.write.group.to(language)
    return connector.ensure(group, own_fields(rulebook), dry_run=dry_run)


def has_changed(found: Sequence[Provisioned]) -> bool:
    """Whether the CRM takes more than it did: what it refused deserves another try."""
    more = {Provision.CREATED, Provision.REVIVED, Provision.UPDATED}
    return any(each.state in more for each in found)


def missing(found: Sequence[Provisioned]) -> int:
    """How many fields the CRM does not have so far, so that each takes a place there."""
    absent = {Provision.CREATED, Provision.REVIVED, Provision.NO_ROOM}
    return sum(each.state in absent for each in found)


def ready(found: Sequence[Provisioned]) -> list[str]:
    """The names of the fields that the CRM has and that can be written."""
    stuck = {Provision.CONFLICT, Provision.NO_ROOM}
    return [each.field for each in found if each.state not in stuck]


def own_fields(rulebook: Rulebook) -> list[OwnField]:
    """The own fields that this rulebook needs in a CRM, as it labels them."""
    language = rulebook.team.language
    return [_own_field(each, rulebook, language) for each in rulebook.own_fields]


def _own_field(owned: Owned, rulebook: Rulebook, language: Language) -> OwnField:
    rule = rulebook.segments.rule(owned)
    label = rule.label if rule else LABELS[owned]
    choices: Mapping[str, Text] = rule.choices if rule else {}
    if owned is Owned.CHALLENGE:
        choices = CHALLENGES
    elif owned is Owned.IMPOSED_TIER:
        choices = rulebook.segments.tier.choices
    elif owned is Owned.CONTACT_STATUS:
        choices = CONTACT_STATUS
    return OwnField(
        name=owned.value,
        type=TYPES[owned],
        label=label.to(language),
        description=DESCRIPTIONS[owned].to(language),
        options=[(value, words.to(language)) for value, words in choices.items()],
    )
