"""What an emulated CRM can be told to do otherwise, read and changed by name."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import ClassVar

from connectors.sandbox.exchange import ImpossibleError, JsonObject


@dataclass(slots=True, kw_only=True)
class Switches:
    """The base of a vendor's switches: one field for each, with the likelier answer as default.

    `choices` are the values of those that take only some.
    """

    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    # Seconds by which the `Date` header is off.
    clock_skew_seconds: float = 0.0

    def change(self, values: JsonObject) -> JsonObject:
        """Set several switches and return all; ImpossibleError when one makes no sense."""
        known = {entry.name for entry in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ImpossibleError(
                    f"There is no switch '{name}'; the switches are {', '.join(sorted(known))}."
                )
            self._check_type(name, value)
            self.check(name, value)
        for name, value in values.items():
            setattr(self, name, value)
        return self.as_json()

    def check(self, name: str, value: object) -> None:
        """Raise `ImpossibleError` for a value of the right type that makes no sense."""

    def as_json(self) -> JsonObject:
        """Return every switch with its present value."""
        return asdict(self)

    def _check_type(self, name: str, value: object) -> None:
        if name in self.choices and value not in self.choices[name]:
            allowed = ", ".join(self.choices[name])
            raise ImpossibleError(f"The switch '{name}' is one of {allowed}.")
        present = getattr(self, name)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if isinstance(present, float):
            matches = is_number
        elif isinstance(present, bool):
            matches = isinstance(value, bool)
        else:
            matches = isinstance(value, type(present)) and not isinstance(value, bool)
        if not matches:
            raise ImpossibleError(
                f"The switch '{name}' takes a value like {present!r}, and {value!r} is not one."
            )
