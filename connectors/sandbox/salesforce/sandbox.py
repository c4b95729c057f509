"""The Python face of the emulated Salesforce org: make one, start it, play the people in it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from connectors.sandbox.clock import PortalClock
from connectors.sandbox.emulated import Emulated
from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.salesforce import setup
from connectors.sandbox.salesforce.front import SalesforceFront
from connectors.sandbox.salesforce.gateway import SalesforceGateway
from connectors.sandbox.salesforce.loader import load_folder
from connectors.sandbox.salesforce.org import DELETED_AT, Org
from connectors.sandbox.salesforce.sessions import ALL_FLOWS, ClientApp
from connectors.sandbox.salesforce.switches import SalesforceSwitches
from connectors.sandbox.salesforce.values import outgoing

# Constants that look like keys and open nothing but this sandbox.
SANDBOX_DOMAIN = "arpent-demo"
SANDBOX_CLIENT_KEY = "3MVG9.SANDBOX.CLIENT.KEY"
SANDBOX_CLIENT_SECRET = "0000SANDBOX0000SECRET0000"  # noqa: S105 - not a secret
SANDBOX_SESSION = "00D000000000000!AQ.SANDBOX.SESSION"
SANDBOX_REFRESH_TOKEN = "5Aep861.SANDBOX.REFRESH"  # noqa: S105 - not a secret
SANDBOX_USERNAME = setup.INTEGRATION


class SalesforceSandbox(Emulated):
    """One emulated Salesforce org on 127.0.0.1, in memory.

    `now` is the org's present when it is made (default: the machine's); time runs forward from
    there. A client app, a session, a refresh token and a run-as user are ready.
    """

    def __init__(
        self,
        *,
        now: datetime | None = None,
        time_zone: str = "America/Toronto",
        company_currency: str = "CAD",
        name: str = "Arpent",
        my_domain: str = SANDBOX_DOMAIN,
        is_sandbox: bool = False,
        daily_limit: int = 100_000,
    ) -> None:
        clock = PortalClock(now, time_zone)
        self.org = Org(clock=clock, my_domain=my_domain, is_sandbox=is_sandbox)
        self.org.currency = company_currency
        setup.furnish(self.org, name)
        self.switches.daily_limit = daily_limit
        self.gateway = SalesforceGateway(self.org)
        super().__init__(SalesforceFront(self.gateway))
        self.add_app(SANDBOX_CLIENT_KEY, SANDBOX_CLIENT_SECRET, refresh_token=SANDBOX_REFRESH_TOKEN)
        self.gateway.sessions.begin(self.user_id(SANDBOX_USERNAME), token=SANDBOX_SESSION)
        self.gateway.sessions.logins = 0

    @property
    def switches(self) -> SalesforceSwitches:
        """The org's behaviour."""
        return self.org.switches

    @property
    def org_id(self) -> str:
        """The 18-character id of the org."""
        return self.org.org_id

    @property
    def is_empty(self) -> bool:
        """Whether the org holds no account and no opportunity yet."""
        return not self.org.tables["Account"] and not self.org.tables["Opportunity"]

    @property
    def settings(self) -> Mapping[str, str]:
        """The settings by which Arpent opens it once it runs."""
        return {
            "salesforce_url": self.url,
            "salesforce_client_id": SANDBOX_CLIENT_KEY,
            "salesforce_client_secret": SANDBOX_CLIENT_SECRET,
        }

    def load(self, folder: Path) -> None:
        """Load a folder of CSV files, as an import would have; MalformedFolderError."""
        load_folder(self, folder)

    def add_app(
        self,
        key: str,
        secret: str,
        *,
        run_as: str = SANDBOX_USERNAME,
        public_key: str = "",
        refresh_token: str = "",
        flows: Iterable[str] = ALL_FLOWS,
    ) -> None:
        """Install an External Client App; `public_key` (PEM) proves its JWT assertions."""
        with self.org.lock:
            app = ClientApp(
                key=key, secret=secret, run_as=run_as, public_key=public_key, flows=frozenset(flows)
            )
            if refresh_token:
                app.refresh_tokens[refresh_token] = self.user_id(run_as)
            self.gateway.sessions.apps[key] = app

    def set_password(self, username: str, password: str, security_token: str = "") -> None:
        """Let a user log in by the legacy flows."""
        self.gateway.sessions.passwords[username.lower()] = password + security_token

    def open_session(self, username: str, token: str = "") -> str:
        """Open a session for a user and return its token."""
        with self.org.lock:
            return self.gateway.sessions.begin(self.user_id(username), token=token).token

    def expire_sessions(self) -> None:
        """End every session: the next call of each answers 401."""
        with self.org.lock:
            self.gateway.sessions.expire()

    def user_id(self, username: str) -> str:
        """Return the id of a user; KeyError."""
        found = setup.user_named(self.org, username)
        if found is None:
            raise KeyError(username)
        return found

    def create(self, object_name: str, **values: object) -> str:
        """Create a record as a person would and return its id."""
        return str(self.act("create", object=object_name, values=values)["id"])

    def spend_calls(self, number: int) -> None:
        """Use up calls of the org's day, as another application would."""
        with self.org.lock:
            self.gateway.budget.spend(number)

    def id_of(self, kind: str, loaded_id: str) -> str:
        """Return the id here of a loaded row (`accounts`, `opportunities`, …); KeyError."""
        return self.org.loaded_ids[kind, loaded_id]

    def values_of(self, record_id: str) -> JsonObject:
        """Return a record's values as last written, printed as in JSON; KeyError."""
        with self.org.lock:
            located = self.org.find(record_id)
            if located is None:
                raise KeyError(record_id)
            shown = located[1].values.items()
            return {name: outgoing(value) for name, value in shown if name != DELETED_AT}
