"""What an administrator does to the fields of the CRM in dictionaries."""

from collections.abc import Callable
from dataclasses import replace

from connectors.base import CrmField
from connectors.memory_pages import Pages
from rules.records import Kind
from rules.time import Instant


class Administered(Pages):
    """The pages of a CRM whose fields come, change and go."""

    def __init__(self, clock: Callable[[], Instant] | None, page_size: int) -> None:
        super().__init__(clock, page_size)
        self._taken_away: dict[tuple[Kind, str], CrmField] = {}

    def declare_field(self, kind: Kind, declared: CrmField) -> None:
        """An admin declares a field of the CRM, in the place of one of the same name."""
        others = [each for each in self.declared.get(kind, []) if each.name != declared.name]
        self.declared[kind] = [*others, declared]

    def change_field(self, kind: Kind, name: str, **changes: object) -> None:
        """An admin gives a declared field another label, another type, other options."""
        self.declare_field(kind, replace(self._declared(kind, name), **changes))  # type: ignore[arg-type]  # the members of a field

    def remove_field(self, kind: Kind, name: str) -> None:
        """An admin takes a declared field away; its values stay behind the scene."""
        self._taken_away[kind, name] = self._declared(kind, name)
        self.declared[kind] = [each for each in self.declared[kind] if each.name != name]
        self.unread.add((kind, name))

    def return_field(self, kind: Kind, name: str) -> None:
        """An admin brings back a field that was taken away, with its values."""
        self.declare_field(kind, self._taken_away.pop((kind, name)))
        self.unread.discard((kind, name))

    def delete_own_field(self, name: str) -> None:
        """An admin deletes one of our fields."""
        del self.own_schema[name]
        self.deleted_schema.add(name)

    def _declared(self, kind: Kind, name: str) -> CrmField:
        return next(each for each in self.declared[kind] if each.name == name)
