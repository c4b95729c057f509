"""Names of a query become fields of the org, as the user sees them; and how a path is read."""

from dataclasses import dataclass
from typing import Any

from connectors.sandbox.salesforce.derived import is_archived
from connectors.sandbox.salesforce.errors import SalesforceError
from connectors.sandbox.salesforce.fields import Field, ObjectType
from connectors.sandbox.salesforce.org import Org, Values
from connectors.sandbox.salesforce.permissions import may_read, may_see_object
from connectors.sandbox.salesforce.relationships import children_named
from connectors.sandbox.salesforce.soql_tokens import Token, refusal

# Salesforce follows at most five relationships upwards.
_FARTHEST = 5


@dataclass(frozen=True, slots=True)
class Path:
    """A field, and the look-ups that lead to it from the queried object."""

    steps: tuple[Field, ...]
    field: Field
    name: str


@dataclass(frozen=True, slots=True)
class Scope:
    """Who asks, about which object, in which text. An empty user sees everything."""

    org: Org
    user_id: str
    kind: ObjectType
    source: str

    def bind(self, token: Token) -> Path:
        """Find the field of a path; SalesforceError `INVALID_FIELD`."""
        names = token.text.split(".")
        kind, steps = self.kind, []
        if len(names) > 1 and names[0].lower() == kind.name.lower():
            names = names[1:]
        if len(names) - 1 > _FARTHEST:
            raise refusal(
                "INVALID_FIELD", self.source, token.place,
                f"The relationship path '{token.text}' is longer than {_FARTHEST} levels.",
            )  # fmt: skip
        for name in names[:-1]:
            look_up = kind.find_relationship(name)
            if look_up is None or not self._sees(kind, look_up):
                raise self._no_relationship(token, name)
            steps.append(look_up)
            target = "Name" if look_up.is_polymorphic else look_up.reference_to[0]
            kind = self.org.objects[target]
        field = kind.find(names[-1])
        if field is None or not self._sees(kind, field):
            raise self._no_column(token, names[-1], kind)
        shown = [str(step.relationship) for step in steps]
        return Path(tuple(steps), field, ".".join([*shown, field.name]))

    def _sees(self, kind: ObjectType, field: Field) -> bool:
        return not self.user_id or may_read(self.org, self.user_id, kind, field)

    def _no_column(self, token: Token, name: str, kind: ObjectType) -> SalesforceError:
        return refusal(
            "INVALID_FIELD",
            self.source,
            token.place,
            f"No such column '{name}' on entity '{kind.name}'. If you are attempting to use a "
            "custom field, be sure to append the '__c' after the custom field name. Please "
            "reference your WSDL or the describe call for the appropriate names.",
        )

    def _no_relationship(self, token: Token, name: str) -> SalesforceError:
        return refusal(
            "INVALID_FIELD",
            self.source,
            token.place,
            f"Didn't understand relationship '{name}' in field path. If you are attempting to use "
            "a custom relationship, be sure to append the '__r' after the custom relationship "
            "name. Please reference your WSDL or the describe call for the appropriate names.",
        )


def queried(
    org: Org, user_id: str, token: Token, source: str, *, is_tooling: bool = False
) -> ObjectType:
    """Find the object of FROM; SalesforceError `INVALID_TYPE`."""
    kind = org.find_object(token.text, is_tooling=is_tooling)
    if kind is None or not may_see_object(org, user_id, kind):
        raise refusal(
            "INVALID_TYPE",
            source,
            token.place,
            f"sObject type '{token.text}' is not supported. If you are attempting to use a custom "
            "object, be sure to append the '__c' after the entity name. Please reference your "
            "WSDL or the describe call for the appropriate names.",
        )
    return kind


def child_look_up(scope: Scope, token: Token) -> tuple[ObjectType, Field, str]:
    """Find the object, the look-up and the proper name of a relationship to children."""
    wanted = token.text.lower()
    for kind in filter(scope.org.has, scope.org.objects.values()):
        for field in kind.fields.values():
            name = children_named(scope.kind, kind, field)
            is_meant = name is not None and name.lower() == wanted
            if name and is_meant and may_see_object(scope.org, scope.user_id, kind):
                return kind, field, name
    raise refusal(
        "INVALID_TYPE",
        scope.source,
        token.place,
        f"Didn't understand relationship '{token.text}' in FROM part of query call. If you are "
        "attempting to use a custom relationship, be sure to append the '__r' after the custom "
        "relationship name. Please reference your WSDL or the describe call for the appropriate "
        "names.",
    )


def parent(org: Org, values: Values, step: Field) -> Values | None:
    """Return the record that a look-up points to, as a reader sees it."""
    record_id = values.get(step.name)
    found = org.seen(record_id) if record_id else None
    if found is None or not step.is_polymorphic:
        return found
    kind = org.object_of(str(record_id))
    return found | {"Type": kind.name if kind else None}


def value_at(org: Org, values: Values, path: Path) -> Any:  # noqa: ANN401 - any field's value
    """Return the value at the end of a path; None when a look-up on the way is empty."""
    for step in path.steps:
        found = parent(org, values, step)
        if found is None:
            return None
        values = found
    return value_of(org, values, path.field)


def value_of(org: Org, values: Values, field: Field) -> Any:  # noqa: ANN401 - any field's value
    """Return a field's value; formulas and compound addresses are worked out."""
    if field.formula:
        kind = org.object_of(values["Id"])
        if kind is None:
            return None
        scope = Scope(org, "", kind, field.formula)
        return value_at(org, values, scope.bind(Token("name", field.formula, 0)))
    if field.type == "address":
        return _address(values, field.name.removesuffix("Address"))
    if field.name == "IsArchived":
        kind = org.object_of(values["Id"])
        return kind is not None and is_archived(org, kind.name, values)
    if field.type == "boolean":
        return bool(values.get(field.name))
    return values.get(field.name)


def _address(values: Values, prefix: str) -> dict[str, Any] | None:
    parts = ("City", "Country", "PostalCode", "State", "Street")
    found = {part[0].lower() + part[1:]: values.get(f"{prefix}{part}") for part in parts}
    if not any(found.values()):
        return None
    nothing = {"geocodeAccuracy": None, "latitude": None, "longitude": None}
    return dict(sorted((found | nothing).items()))
