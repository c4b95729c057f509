"""Which account an activity is about: its own, that of its deal, or that of its contact.

`What_Id` leads to any module and `$se_module` says to which; where it doesn't, deals and accounts
are asked. What was found is kept for the time of a pull.
"""

from collections.abc import Iterable, Sequence

from connectors.zoho import coql
from connectors.zoho.answers import Json
from connectors.zoho.client import Client
from connectors.zoho.errors import Forbidden, Refused
from connectors.zoho.mapping import ACCOUNT, identified, module_of
from connectors.zoho.objects import identifier

_ACCOUNTS, _DEALS, _CONTACTS = "Accounts", "Deals", "Contacts"


class Whereabouts:
    """The accounts of deals and contacts, as far as they were asked for."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._of: dict[str, dict[str, str | None]] = {_DEALS: {}, _CONTACTS: {}, _ACCOUNTS: {}}

    def attach(self, rows: Sequence[Json]) -> None:
        """Put its account at each row."""
        named = [row for row in rows if identified(row)]
        told = {_DEALS: self._pointed(named, _DEALS), "": self._pointed(named, None)}
        self._learn(_DEALS, [*told[_DEALS], *told[""]])
        unknown = [key for key in told[""] if self._of[_DEALS].get(key) is None]
        self._learn(_ACCOUNTS, unknown)
        for row in named:
            row[ACCOUNT] = self._by_what(row)
        left = [row for row in named if row[ACCOUNT] is None]
        self._learn(_CONTACTS, [key for row in left if (key := identifier(row.get("Who_Id")))])
        for row in left:
            row[ACCOUNT] = self._of[_CONTACTS].get(identifier(row.get("Who_Id")) or "")

    def _by_what(self, row: Json) -> str | None:
        key, module = identifier(row.get("What_Id")), module_of(row)
        if key is None:
            return None
        if module == _ACCOUNTS:
            return key
        if module is not None and module != _DEALS:
            return None
        return self._of[_DEALS].get(key) or self._of[_ACCOUNTS].get(key)

    @staticmethod
    def _pointed(rows: Iterable[Json], module: str | None) -> list[str]:
        found = (identifier(row.get("What_Id")) for row in rows if module_of(row) == module)
        return list(dict.fromkeys(key for key in found if key is not None))

    def _learn(self, module: str, keys: Sequence[str]) -> None:
        known = self._of[module]
        column = "id" if module == _ACCOUNTS else "Account_Name"
        for chunk in coql.chunks(key for key in keys if key not in known):
            try:
                found = self._client.query(coql.among(module, ("id", column), "id", chunk)).rows
            except (Refused, Forbidden):
                # A module that is hidden from us: nothing leads through it.
                found = []
            known.update(dict.fromkeys(chunk))
            known.update({str(row.get("id")): identifier(row.get(column)) for row in found})
