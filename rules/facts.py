"""What rules can speak of: the facts that every account has, and the bound fields of the playbook.

The store gives them as one relation with a typed column for each name (`service.store.facts`).
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from rules.cells import KNOWN, UNKNOWN
from rules.conditions import name_fault
from rules.language import Text
from rules.located import Document, Misfit, Path, nearest
from rules.models import model_of
from rules.owned import CORE, OPTIONAL, DriftPolicy, Owned
from rules.records import FieldType
from rules.team import Strict, Words
from rules.terms import Name

BUILT_IN: Mapping[str, tuple[FieldType, Text]] = {
    "name": (FieldType.TEXT, Text("nom", "name")),
    "domain": (FieldType.TEXT, Text("domaine", "domain")),
    "owner": (FieldType.TEXT, Text("responsable", "owner")),
    "created": (FieldType.DATE, Text("date de création", "creation date")),
    "last_logged_contact": (
        FieldType.DATE,
        Text("dernier contact consigné", "last logged contact"),
    ),
    "last_won": (FieldType.DATE, Text("dernière vente gagnée", "last won opportunity")),
    "open_opportunities": (
        FieldType.NUMBER,
        Text("opportunités ouvertes", "open opportunities"),
    ),
    "open_amount": (FieldType.MONEY, Text("montant ouvert", "open amount")),
    "decision_makers": (FieldType.NUMBER, Text("décideurs connus", "known decision makers")),
    "influencers": (FieldType.NUMBER, Text("influenceurs connus", "known influencers")),
}

# A contact planned for a later day becomes the last one on that day: the relation also has this
# column, the first such day, so that the account is evaluated again then.
NEXT_LOGGED_CONTACT = "next_logged_contact"
FLIPPING = {"last_logged_contact": NEXT_LOGGED_CONTACT}

VENDORS = ("hubspot", "salesforce", "zoho")


def _listed(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return tuple(value)
    raise Misfit("écrivez une valeur ou une liste", "write one value or a list")


class Field_(Strict):  # noqa: N801 - pydantic owns the plain name
    """A CRM field that rules may use; `values` names the CRM's options for a choice.

    `labels` are what people read where a value is shown (else the CRM's first option).
    """

    label: Words | None = None
    type: FieldType
    hubspot: str | None = None
    salesforce: str | None = None
    zoho: str | None = None
    values: dict[str, Annotated[tuple[str, ...], BeforeValidator(_listed)]] = Field(
        default_factory=dict
    )

    labels: dict[str, Words] = Field(default_factory=dict)

    def choices(self) -> dict[str, Text]:
        """The values with their labels."""
        return {
            value: self.labels.get(value, Text(options[0], options[0]))
            for value, options in self.values.items()
        }

    def crm_values(self) -> dict[str, str]:
        """The CRM's option → the playbook's value."""
        return {option: value for value, options in self.values.items() for option in options}


class Drift(Strict):
    """What becomes of a person's edit, by field; `challenge` where nothing else is said."""

    tier: DriftPolicy = DriftPolicy.CHALLENGE
    priority: DriftPolicy = DriftPolicy.CHALLENGE
    next_contact: DriftPolicy = DriftPolicy.CHALLENGE
    why: DriftPolicy = DriftPolicy.CHALLENGE
    segment: DriftPolicy = DriftPolicy.CHALLENGE
    quadrant: DriftPolicy = DriftPolicy.CHALLENGE
    contact_status: DriftPolicy = DriftPolicy.CHALLENGE


class Write(Strict):
    """What Arpent writes on an account besides the five core fields."""

    group: Words = Text("Plan de territoire", "Territory plan")
    optional: list[Literal["segment", "quadrant", "contact_status"]] = Field(default_factory=list)
    drift: Drift = Drift()


class Fields(Strict):
    """`fields.yaml`: the only place where CRM field names appear."""

    account: dict[str, Field_] = Field(default_factory=dict)
    opportunity: dict[str, Field_] = Field(default_factory=dict)
    write: Write = Write()

    @property
    def optional(self) -> tuple[Owned, ...]:
        """The opt-in own fields, in the order of `rules.owned`."""
        return tuple(owned for owned in OPTIONAL if owned.value in self.write.optional)

    @property
    def written(self) -> tuple[Owned, ...]:
        """The own fields that a push writes: all but the challenge, which reps write."""
        return (*(owned for owned in CORE if owned is not Owned.CHALLENGE), *self.optional)

    @property
    def drift(self) -> Mapping[str, DriftPolicy]:
        """What becomes of a person's edit of each field that a push writes."""
        return {field.value: getattr(self.write.drift, field.value) for field in self.written}


def read_fields(document: Document) -> Fields | None:
    """`fields.yaml`, its names and choices checked."""
    fields = model_of(document, Fields)
    if fields is None:
        return None
    for kind, entries in (("account", fields.account), ("opportunity", fields.opportunity)):
        for name, entry in entries.items():
            _check(document, (kind, name), name, entry)
    return fields


def _check(document: Document, path: tuple[str, str], name: str, entry: Field_) -> None:
    if fault := name_fault(name):
        document.complain(path, fault, at_key=True)
    if path[0] == "account" and name in BUILT_IN:
        document.complain(
            path,
            Text(
                f"« {name} » existe déjà : Arpent le calcule, choisissez un autre nom",
                f"'{name}' exists already: Arpent computes it, choose another name",
            ),
            at_key=True,
        )
    if not any(getattr(entry, vendor) for vendor in VENDORS):
        document.complain(
            path,
            Text(
                f"« {name} » n'est lié à aucun champ : ajoutez hubspot: nom_interne",
                f"'{name}' is bound to no field: add hubspot: internal_name",
            ),
            at_key=True,
        )
    if entry.values and entry.type is not FieldType.CHOICE:
        document.complain(
            (*path, "values"),
            Text("values ne va qu'avec type: choice", "values only goes with type: choice"),
            at_key=True,
        )
    _check_values(document, path, entry)


def _check_values(document: Document, path: Path, entry: Field_) -> None:
    for value in entry.values:
        if value in {KNOWN, UNKNOWN}:
            document.complain(
                (*path, "values", value),
                Text(
                    f"« {value} » a déjà un sens dans les cases : choisissez une autre valeur",
                    f"'{value}' has a meaning of its own in cells: choose another value",
                ),
                at_key=True,
            )
    bound: dict[str, str] = {}
    for value, options in entry.values.items():
        for option in options:
            if bound.setdefault(option, value) != value:
                document.complain(
                    (*path, "values", value),
                    Text(
                        f"« {option} » est déjà l'option de « {bound[option]} »",
                        f"'{option}' is already the option of '{bound[option]}'",
                    ),
                )
    for value in entry.labels.keys() - entry.values.keys():
        hint = nearest(value, list(entry.values))
        document.complain(
            (*path, "labels", value),
            Text(
                f"« {value} » n'est pas dans values{hint.fr}",
                f"'{value}' is not in values{hint.en}",
            ),
            at_key=True,
        )


def names_of(fields: Fields) -> dict[str, Name]:
    """Every fact that rules can name."""
    built_in = {
        name: Name(name=name, type=kind, label=label, choices={})
        for name, (kind, label) in BUILT_IN.items()
    }
    bound = {
        name: Name(
            name=name,
            type=entry.type,
            label=entry.label or Text(name, name),
            choices=entry.choices(),
        )
        for name, entry in fields.account.items()
    }
    return built_in | bound
