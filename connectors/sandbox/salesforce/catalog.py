"""Short words to write down the fields of standard objects."""

from typing import Any

from connectors.sandbox.salesforce.fields import Field, ObjectType, choices

_SYSTEM_WRITE: dict[str, Any] = {"createable": False, "updateable": False}


def text(name: str, label: str, length: int = 255, **more: Any) -> Field:  # noqa: ANN401 - members of Field
    """A line of text."""
    return Field(name=name, type="string", label=label, length=length, **_open(more))


def area(name: str, label: str, length: int = 32_000, **more: Any) -> Field:  # noqa: ANN401 - members of Field
    """Text of several lines."""
    return Field(name=name, type="textarea", label=label, length=length, **_open(more))


def kind(type_name: str, name: str, label: str, length: int = 0, **more: Any) -> Field:  # noqa: ANN401 - members of Field
    """A field of a type without more to say: phone, url, email, date, datetime, address."""
    return Field(name=name, type=type_name, label=label, length=length, **_open(more))


def flag(name: str, label: str, **more: Any) -> Field:  # noqa: ANN401 - members of Field
    """A check box, false until it is set."""
    more = {"nillable": False, "defaulted": True, "default": False} | more
    return Field(name=name, type="boolean", label=label, **more)


def number(name: str, label: str, precision: int, scale: int = 0, **more: Any) -> Field:  # noqa: ANN401 - members of Field
    """A decimal number."""
    type_name = more.pop("type", "double")
    return Field(
        name=name, type=type_name, label=label, precision=precision, scale=scale, **_open(more)
    )


def whole(name: str, label: str, digits: int = 8, **more: Any) -> Field:  # noqa: ANN401 - members of Field
    """A whole number."""
    return Field(name=name, type="int", label=label, precision=digits, **_open(more))


def pick(name: str, label: str, values: str, default: str = "", **more: Any) -> Field:  # noqa: ANN401 - members of Field
    """A picklist; `values` are separated by |."""
    listed = choices(values.split("|") if values else (), default)
    more = {"length": 255, "defaulted": bool(default), "default": default or None} | more
    return Field(name=name, type="picklist", label=label, choices=listed, **_open(more))


def link(name: str, label: str, *targets: str, **more: Any) -> Field:  # noqa: ANN401 - members of Field
    """A look-up; its relationship is its name without `Id`."""
    more = {"relationship": name.removesuffix("Id")} | more
    return Field(name=name, type="reference", label=label, reference_to=targets, **_open(more))


def system(made: Field) -> Field:
    """The same field, written by Salesforce alone."""
    made.createable = made.updateable = made.permissionable = False
    made.defaulted = True
    return made


def _open(more: dict[str, Any]) -> dict[str, Any]:
    """Fields of standard objects obey field permissions unless they are required."""
    is_required = more.get("nillable") is False
    return {"permissionable": not is_required} | more


def make(name: str, label: str, prefix: str | None, *fields: Field, **more: Any) -> ObjectType:  # noqa: ANN401 - members of ObjectType
    """Build an object with its system fields around its own."""
    plural = more.pop("plural", f"{label}s")
    has_bin = more.pop("has_bin", True)
    own_id = Field(
        name="Id", type="id", label=f"{label} ID", nillable=False, defaulted=True,
        id_lookup=True, **_SYSTEM_WRITE,
    )  # fmt: skip
    listed = [own_id]
    if has_bin:
        listed.append(system(flag("IsDeleted", "Deleted")))
    listed += [*fields, *_stamps()]
    return ObjectType(
        name=name,
        label=label,
        plural=plural,
        prefix=prefix,
        fields={made.name: made for made in listed},
        **more,
    )


def _stamps() -> list[Field]:
    stamps = [
        kind("datetime", "CreatedDate", "Created Date"),
        link("CreatedById", "Created By ID", "User"),
        kind("datetime", "LastModifiedDate", "Last Modified Date"),
        link("LastModifiedById", "Last Modified By ID", "User"),
        kind("datetime", "SystemModstamp", "System Modstamp"),
    ]
    for made in stamps:
        made.nillable = False
    return [system(made) for made in stamps]


def read_only(*fields: Field) -> list[Field]:
    """The same fields, shown but never written by a client."""
    for made in fields:
        made.createable = made.updateable = False
    return list(fields)
