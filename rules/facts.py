"""What rules can speak of: the facts that every account has, and the bound fields of the playbook.

The store gives them as one relation with a typed column for each name (`service.store.facts`).
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from rules import schema_shapes
from rules.cells import KNOWN, UNKNOWN
from rules.conditions import compile_condition, name_fault
from rules.language import Text
from rules.located import Document, Misfit, Path, nearest
from rules.measure_reading import Measure, read_measures
from rules.measures import NAMES, Function, Measured, Recorded, measure
from rules.models import model_of
from rules.owned import BY_PEOPLE, CORE, OPTIONAL, DriftPolicy, Owned
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


def _computed(
    name: str, record: Recorded, function: Function, subject: str | None, when: str
) -> tuple[str, Measured]:
    known = NAMES[record]
    return name, measure(
        name, BUILT_IN[name][1], record=record, function=function,
        subject=None if subject is None else known[subject],
        when=compile_condition(when, known), flip=NEXT_LOGGED_CONTACT,
    )  # fmt: skip


# Those of the facts that are computed from the records of an account.
BUILT_IN_MEASURES: Mapping[str, Measured] = dict([
    _computed(
        "last_logged_contact", Recorded.ACTIVITY, Function.MAX, "happened", "is_contact",
    ),
    _computed("last_won", Recorded.OPPORTUNITY, Function.MAX, "closes", "state = 'won'"),
    _computed("open_opportunities", Recorded.OPPORTUNITY, Function.COUNT, None, "state = 'open'"),
    _computed("open_amount", Recorded.OPPORTUNITY, Function.SUM, "amount", "state = 'open'"),
    _computed(
        "decision_makers", Recorded.CONTACT, Function.COUNT, None, "role = 'decision_maker'"
    ),
    _computed("influencers", Recorded.CONTACT, Function.COUNT, None, "role = 'influencer'"),
])  # fmt: skip

VENDORS = ("hubspot", "salesforce", "zoho")


def _listed(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return tuple(value)
    raise Misfit("écrivez une valeur ou une liste", "write one value or a list")


Listed = Annotated[tuple[str, ...], BeforeValidator(_listed), WithJsonSchema(schema_shapes.OPTIONS)]


class Field_(Strict):  # noqa: N801 - pydantic owns the plain name
    """A CRM field that rules may use; `values` names the CRM's options for a choice.

    `labels` are what people read where a value is shown (else the CRM's first option). A field
    that is `missing` stands for one that the CRM lacks so far: rules may name it, and it is unknown
    everywhere.
    """

    label: Words | None = None
    type: FieldType
    hubspot: str | None = None
    salesforce: str | None = None
    zoho: str | None = None
    missing: bool = False
    values: dict[str, Listed] = Field(default_factory=dict)

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
    optional: list[
        Literal["segment", "quadrant", "contact_status", "imposed_tier", "imposed_until"]
    ] = Field(default_factory=list)
    drift: Drift = Drift()


class Fields(Strict):
    """`fields.yaml`: the only place where CRM field names appear."""

    account: dict[str, Field_] = Field(default_factory=dict)
    opportunity: dict[str, Field_] = Field(default_factory=dict)
    measures: dict[str, Measure] = Field(default_factory=dict)
    write: Write = Write()

    @property
    def optional(self) -> tuple[Owned, ...]:
        """The opt-in own fields, in the order of `rules.owned`."""
        return tuple(owned for owned in OPTIONAL if owned.value in self.write.optional)

    @property
    def drift(self) -> Mapping[str, DriftPolicy]:
        """What becomes of a person's edit of each field that a push may write."""
        written = (field for field in (*CORE, *self.optional) if field not in BY_PEOPLE)
        return {field.value: getattr(self.write.drift, field.value) for field in written}


def read_fields(document: Document) -> Fields | None:
    """`fields.yaml`, its names and choices checked."""
    fields = model_of(document, Fields)
    if fields is None:
        return None
    for kind, entries in (("account", fields.account), ("opportunity", fields.opportunity)):
        for name, entry in entries.items():
            _check(document, (kind, name), name, entry)
    _measures(fields, document)
    return fields


def _check(document: Document, path: tuple[str, str], name: str, entry: Field_) -> None:
    if fault := name_fault(name):
        document.complain(path, fault, at_key=True)
    if path[0] == "account" and name in BUILT_IN:
        document.complain(
            path,
            _is_computed(name),
            at_key=True,
        )
    _check_bound(document, path, name, entry)
    if entry.values and entry.type is not FieldType.CHOICE:
        document.complain(
            (*path, "values"),
            Text("values ne va qu'avec type: choice", "values only goes with type: choice"),
            at_key=True,
        )
    _check_values(document, path, entry)


def _check_bound(document: Document, path: Path, name: str, entry: Field_) -> None:
    is_bound = any(getattr(entry, vendor) for vendor in VENDORS)
    if not is_bound and not entry.missing:
        document.complain(
            path,
            Text(
                f"« {name} » n'est lié à aucun champ : ajoutez son nom interne dans un CRM "
                f"({', '.join(VENDORS)}), ou missing: yes si le CRM n'en a pas encore",
                f"'{name}' is bound to no field: add its internal name in a CRM "
                f"({', '.join(VENDORS)}), or missing: yes if the CRM has none so far",
            ),
            at_key=True,
        )
    if is_bound and entry.missing:
        document.complain(
            (*path, "missing"),
            Text(
                f"« {name} » est lié à un champ : retirez missing",
                f"'{name}' is bound to a field: remove missing",
            ),
            at_key=True,
        )


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
    # What is wrong with a measure was told when the file was read.
    measures = _measures(fields, Document("fields.yaml"))
    return {**measures, **built_in, **BUILT_IN_MEASURES, **_bound(fields.account)}


def _bound(entries: Mapping[str, Field_]) -> dict[str, Name]:
    return {
        name: Name(
            name=name,
            type=entry.type,
            label=entry.label or Text(name, name),
            choices=entry.choices(),
        )
        for name, entry in entries.items()
    }


def _measures(fields: Fields, document: Document) -> dict[str, Name]:
    taken = {
        name: Text(
            f"« {name} » est déjà un champ du compte : choisissez un autre nom",
            f"'{name}' is already a field of the account: choose another name",
        )
        for name in fields.account
    }
    taken |= {name: _is_computed(name) for name in BUILT_IN}
    return read_measures(document, fields.measures, _bound(fields.opportunity), taken)


def _is_computed(name: str) -> Text:
    return Text(
        f"« {name} » existe déjà : Arpent le calcule, choisissez un autre nom",
        f"'{name}' exists already: Arpent computes it, choose another name",
    )
