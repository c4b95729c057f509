"""The roles of contacts on deals, for organizations whose contacts have no field for it.

Zoho lists them deal by deal only (`/Deals/{id}/Contact_Roles`): a credit for each deal. A first
load asks for the deals of the last year; afterwards, those that were touched. Whoever is found
there is read again with all of their deals, so that the strongest role counts: those of their
related list, which may not tell of deals where they only have a role, and those of their account.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from connectors.zoho import coql
from connectors.zoho.answers import Json, Rows, every, listing
from connectors.zoho.client import Client
from connectors.zoho.errors import Forbidden, Refused
from connectors.zoho.objects import identifier, is_id

FIRST_SPAN = 365 * 24 * 60 * 60 * 1000
_AT_ONCE = 4
_MOST = "200"


class Roles:
    """The roles on deals, as far as they were asked for in one pull."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._on: dict[str, dict[str, str]] = {}
        self._of: dict[str, set[str]] = defaultdict(set)
        self._names: dict[str, str] | None = None
        self.are_told = True

    def on(self, deals: Iterable[str]) -> list[str]:
        """The contacts with a role on some deals, each once; their roles are kept."""
        asked = [deal for deal in dict.fromkeys(deals) if deal not in self._on]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for deal, found in zip(asked, pool.map(self._asked, asked), strict=True):
                self._on[deal] = found
                for contact, role in found.items():
                    self._of[contact].add(role)
        return list(dict.fromkeys(one for deal in deals for one in self._on.get(deal, {})))

    def known(self, contact: str) -> list[str]:
        """The roles of a contact on the deals that were asked for."""
        return sorted(self._of.get(contact, ()))

    def all_of(self, contacts: Sequence[Json]) -> None:
        """Ask for all deals of some contacts, given as rows, and the roles there."""
        if not self.are_told:
            return
        accounts = [identifier(row.get("Account_Name")) for row in contacts]
        deals = self._deals_at([account for account in accounts if account is not None])
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for found in pool.map(self._deals_of, [row["id"] for row in contacts]):
                deals += found
        self.on(deals)

    def _deals_at(self, accounts: Sequence[str]) -> list[str]:
        """The deals of some accounts, as far back as a first load asks."""
        since = self._client.crm_now() - FIRST_SPAN
        found: list[str] = []
        for chunk in coql.chunks(accounts):

            def page(last: str | None, chunk: Sequence[str] = chunk) -> Rows:
                return self._client.query(coql.deals_of(chunk, since, last))

            try:
                found += [str(row["id"]) for row in every(page)]
            except (Refused, Forbidden):
                # Deals are hidden from us, or can't be found by their account.
                return found
        return found

    def _deals_of(self, contact: str) -> list[str]:
        answer = self._client.find(
            f"Contacts/{contact}/Deals", [("fields", "id"), ("per_page", _MOST)]
        )
        return [str(row["id"]) for row in listing(answer or {}, "data") if is_id(row.get("id"))]

    def _asked(self, deal: str) -> dict[str, str]:
        if not self.are_told:
            return {}
        try:
            answer = self._client.get(
                f"Deals/{deal}/Contact_Roles", [("fields", "Contact_Role"), ("per_page", _MOST)]
            )
        except Forbidden:
            self.are_told = False
            return {}
        except Refused:
            # The deal was deleted meanwhile, or has no such list.
            return {}
        rows = [row for row in listing(answer, "data") if is_id(row.get("id"))]
        return {str(row["id"]): name for row in rows if (name := self._name_of(row))}

    def _name_of(self, row: Json) -> str | None:
        """The name of a role, which comes as an object, as an id or as itself."""
        told = row.get("Contact_Role")
        if isinstance(told, dict) and told.get("name"):
            return str(told["name"])
        key = identifier(told)
        if key is None:
            return str(told) if isinstance(told, str) and told else None
        if self._names is None:
            listed = listing(self._client.find("Contacts/roles") or {}, "contact_roles")
            self._names = {str(one.get("id")): str(one.get("name") or "") for one in listed}
        return self._names.get(key) or None
