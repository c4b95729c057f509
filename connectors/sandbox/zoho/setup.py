"""Furnishing a new organization: its people, profiles, stages, layouts, roles of contacts."""

from collections.abc import Iterable

from connectors.sandbox.zoho.fields import Choice, Layout
from connectors.sandbox.zoho.modules import CONTACT_ROLES, STAGES, currency_fields
from connectors.sandbox.zoho.org import (
    ADMINISTRATOR,
    STANDARD,
    Currency,
    Org,
    Pipeline,
    Stage,
    User,
)

ADMIN = "admin@arpent.example"
INTEGRATION = "integration@arpent.example"
_CATEGORIES = {"Open": "Pipeline", "Closed Won": "Closed", "Closed Lost": "Omitted"}
_WITH_MONEY = ("Accounts", "Deals", "DealHistory")


def furnish(org: Org, name: str, currency: str) -> None:
    """Give a new organization what every one has, and the user of the connection."""
    org.name, org.currency = name, currency
    org.profiles = {org.mint(): ADMINISTRATOR, org.mint(): STANDARD}
    org.roles = {org.mint(): "CEO", org.mint(): "Manager"}
    org.contact_roles = {org.mint(): role for role in CONTACT_ROLES}
    org.currencies = [Currency(id=org.mint(), code=currency, rate=1.0, is_base=True)]
    for module in org.modules.values():
        module.layouts = [Layout(id=org.mint(), name="Standard")]
    set_stages(org, STAGES)
    add_user(org, ADMIN, "Ada", "Admin", ADMINISTRATOR)
    add_user(org, INTEGRATION, "Arpent", "Integration", ADMINISTRATOR)


def add_user(
    org: Org, email: str, first_name: str, last_name: str, profile: str = STANDARD
) -> User:
    """Let a person log in; KeyError for an unknown profile."""
    now = org.now()
    made = User(
        id=org.mint(),
        first_name=first_name,
        last_name=last_name,
        email=email,
        profile=org.named(org.profiles, profile),
        role=org.named(org.roles, "Manager" if profile == STANDARD else "CEO"),
        created=now,
        modified=now,
    )
    org.users[made.id] = made
    return made


def set_stages(
    org: Org, stages: Iterable[tuple[str, int, str]], pipeline: str = "Standard (Standard)"
) -> None:
    """Let the organization's one pipeline have these stages: name, chance, forecast type."""
    made = [
        Stage(
            id=org.mint(),
            actual=label,
            display=label,
            probability=probability,
            forecast_type=kind,
            category=_CATEGORIES[kind],
        )
        for label, probability, kind in stages
    ]
    org.pipelines = [Pipeline(id=org.mint(), name=pipeline, stages=made)]
    renew_stage_choices(org)


def renew_stage_choices(org: Org) -> None:
    """Let the pick lists of stages and pipelines show what the pipelines hold."""
    found = {entry.actual: entry for made in org.pipelines for entry in made.stages}
    for module, field in (("Deals", "Stage"), ("DealHistory", "Stage"),
                          ("DealHistory", "Moved_To__s")):  # fmt: skip
        org.modules[module].fields[field].choices = [
            Choice(id=entry.id, actual=entry.actual, display=entry.display)
            for entry in found.values()
        ]
    org.modules["Deals"].fields["Pipeline"].choices = [
        Choice(id=made.id, actual=made.name, display=made.name) for made in org.pipelines
    ]


def set_currencies(org: Org, rates: dict[str, float]) -> None:
    """Switch several currencies on: code → units of it for one of the home currency."""
    org.is_multi_currency = True
    org.currencies = [
        Currency(id=org.mint(), code=code, rate=float(rate), is_base=code == org.currency)
        for code, rate in {org.currency: 1.0, **rates}.items()
    ]
    for name in _WITH_MONEY:
        module = org.modules[name]
        for field in currency_fields():
            if field.api_name in module.fields:
                continue
            field.choices = [
                Choice(id="", actual=entry.code, display=entry.code) for entry in org.currencies
            ]
            org.number(field)
            module.fields[field.api_name] = field
        for record in org.tables[name].values():
            bare = {"Currency": org.currency, "Exchange_Rate": 1.0}
            record.values = bare | record.values
