"""The Python face of the emulated Zoho CRM: make one, start it, play the people in it."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from connectors.sandbox.clock import PortalClock
from connectors.sandbox.emulated import Emulated
from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.zoho import setup
from connectors.sandbox.zoho.front import ZohoFront
from connectors.sandbox.zoho.gateway import ZohoGateway
from connectors.sandbox.zoho.loader import load_folder
from connectors.sandbox.zoho.oauth import ALL_SCOPES
from connectors.sandbox.zoho.org import Org
from connectors.sandbox.zoho.switches import ZohoSwitches
from connectors.sandbox.zoho.values import printed

# Constants that look like keys and open nothing but this sandbox.
SANDBOX_CLIENT_ID = "1000.SANDBOX0CLIENT0ID"
SANDBOX_CLIENT_SECRET = "0000sandbox0000secret0000"  # noqa: S105 - not a secret
SANDBOX_REFRESH_TOKEN = "1000.sandbox.refresh"  # noqa: S105 - not a secret


class ZohoSandbox(Emulated):
    """One emulated organization on 127.0.0.1, in memory: accounts server and API in one.

    `now` is its present when it is made (default: the machine's); time runs forward from there.
    A client, a refresh token and the user of the connection are ready.
    """

    def __init__(
        self,
        *,
        now: datetime | None = None,
        time_zone: str = "America/Toronto",
        company_currency: str = "CAD",
        name: str = "Arpent",
        edition: str = "enterprise",
        data_center: str = "ca",
    ) -> None:
        self.org = Org(clock=PortalClock(now, time_zone), data_center=data_center)
        setup.furnish(self.org, name, company_currency)
        self.switches.change({"edition": edition})
        self.gateway = ZohoGateway(self.org)
        super().__init__(ZohoFront(self.gateway))
        self.add_client(SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET)
        self.add_refresh_token(SANDBOX_REFRESH_TOKEN)

    @property
    def switches(self) -> ZohoSwitches:
        """The organization's behaviour."""
        return self.org.switches

    @property
    def org_id(self) -> str:
        """The number of the organization, `zgid`."""
        return self.org.zgid

    @property
    def is_empty(self) -> bool:
        """Whether the organization holds no account and no deal yet."""
        return not self.org.tables["Accounts"] and not self.org.tables["Deals"]

    @property
    def settings(self) -> Mapping[str, str]:
        """The settings by which Arpent opens it once it runs."""
        return {
            "zoho_url": self.url,
            "zoho_client_id": SANDBOX_CLIENT_ID,
            "zoho_client_secret": SANDBOX_CLIENT_SECRET,
            "zoho_refresh_token": SANDBOX_REFRESH_TOKEN,
        }

    def load(self, folder: Path) -> None:
        """Load a folder of CSV files, as an import would have; MalformedFolderError."""
        load_folder(self.org, folder)

    def add_client(self, client_id: str, client_secret: str) -> None:
        """Register a client in the API console."""
        self.gateway.accounts.clients[client_id] = client_secret

    def add_refresh_token(
        self,
        token: str,
        *,
        client_id: str = SANDBOX_CLIENT_ID,
        user: str = setup.INTEGRATION,
        scope: str = ALL_SCOPES,
    ) -> None:
        """Let a user grant a client a refresh token; `scope` is a list with commas."""
        with self.org.lock:
            self.gateway.accounts.grant(token, client_id, self.user_id(user), scope)

    def add_code(self, code: str, refresh_token: str, *, user: str = setup.INTEGRATION) -> None:
        """Let a user make a grant code, good for one refresh token."""
        with self.org.lock:
            accounts = self.gateway.accounts
            made = accounts.grant(refresh_token, SANDBOX_CLIENT_ID, self.user_id(user), ALL_SCOPES)
            accounts.codes[code] = made
            del accounts.grants[refresh_token]

    def open_session(self, refresh_token: str = SANDBOX_REFRESH_TOKEN) -> str:
        """Make an access token, past the throttle, and return it."""
        with self.org.lock:
            accounts = self.gateway.accounts
            return accounts.begin(accounts.grants[refresh_token]).token

    def expire_sessions(self) -> None:
        """End every access token: the next call of each answers 401."""
        with self.org.lock:
            self.gateway.accounts.expire()

    def user_id(self, email: str) -> str:
        """Return the id of a user; KeyError."""
        found = self.org.user_by_email(email)
        if found is None:
            raise KeyError(email)
        return found.id

    def create(self, module: str, **values: object) -> str:
        """Create a record as a person would and return its id."""
        return str(self.act("create", module=module, values=values)["id"])

    def spend_credits(self, number: int) -> None:
        """Use up credits of the organization's day, as another application would."""
        with self.org.lock:
            self.gateway.credits.spend(number, "another application")

    def id_of(self, kind: str, loaded_id: str) -> str:
        """Return the id here of a loaded row (`accounts`, `opportunities`, …); KeyError."""
        return self.org.loaded_ids[kind, loaded_id]

    def values_of(self, record_id: str) -> JsonObject:
        """Return a record's values as last written, printed as in JSON; KeyError."""
        with self.org.lock:
            located = self.org.find(record_id)
            if located is None:
                raise KeyError(record_id)
            module, found = located
            return {
                name: printed(self.org, module.fields[name], value)
                for name, value in found.values.items()
                if name in module.fields
            }
