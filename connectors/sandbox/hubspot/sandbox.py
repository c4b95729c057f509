"""The Python face of the emulated portal: make one, start it, play the people in it."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from connectors.sandbox.clock import PortalClock
from connectors.sandbox.emulated import Emulated
from connectors.sandbox.exchange import JsonObject, Request
from connectors.sandbox.hubspot import webhooks
from connectors.sandbox.hubspot.front import HubSpotFront
from connectors.sandbox.hubspot.gateway import Gateway
from connectors.sandbox.hubspot.keys import Client, Key
from connectors.sandbox.hubspot.loader import load_folder
from connectors.sandbox.hubspot.portal import DEFAULT_SCOPES, Account, Portal
from connectors.sandbox.hubspot.switches import HubSpotSwitches
from connectors.sandbox.hubspot.webhooks import Subscription
from connectors.sandbox.journal import Journal

# A constant that looks like a key and opens nothing but this sandbox.
SANDBOX_TOKEN = "pat-na1-00000000-0000-4000-8000-000000000sandbox"  # noqa: S105 - not a secret
SANDBOX_PORTAL = 4_242_001
# The hundreds of a status that accepts a webhook.
_ACCEPTED = 2


class HubSpotSandbox(Emulated):
    """One emulated HubSpot portal on 127.0.0.1.

    `now` is the portal's present when it is made (default: the machine's); time runs forward
    from there. A `state_file` keeps everything: give the same file to get the same portal back.
    `scopes` narrows what `token` may do.
    """

    def __init__(
        self,
        *,
        state_file: Path | None = None,
        now: datetime | None = None,
        portal_timezone: str = "America/Toronto",
        company_currency: str = "CAD",
        portal_id: int = SANDBOX_PORTAL,
        token: str = SANDBOX_TOKEN,
        scopes: Iterable[str] | None = None,
        daily_limit: int = 625_000,
        ten_second_limit: int = 190,
    ) -> None:
        clock = PortalClock(now, portal_timezone)
        account = Account(portal_id=portal_id, zone=portal_timezone, currency=company_currency)
        journal = None if state_file is None else Journal(state_file)
        self.portal = Portal(account=account, clock=clock, journal=journal)
        # A portal that was stopped never goes back before its own last write.
        last = self.portal.state.last_at
        if last and datetime.fromisoformat(last) > clock.now():
            clock.set(datetime.fromisoformat(last).astimezone(UTC))
        self.token = token
        self.add_token(token, scopes)
        self.switches.daily_limit = daily_limit
        self.switches.ten_second_limit = ten_second_limit
        self.gateway = Gateway(self.portal)
        super().__init__(HubSpotFront(self.gateway))

    @property
    def switches(self) -> HubSpotSwitches:
        """The portal's behaviour."""
        return self.portal.switches

    @property
    def is_empty(self) -> bool:
        """Whether the portal holds no record and no owner yet."""
        state = self.portal.state
        return not state.owners and not any(table.records for table in state.tables.values())

    @property
    def settings(self) -> Mapping[str, str]:
        """The settings by which Arpent opens it once it runs."""
        return {"hubspot_url": self.url, "hubspot_token": self.token}

    def load(self, folder: Path) -> None:
        """Load a folder of CSV files, as an import would have; MalformedFolderError."""
        load_folder(self, folder)

    def add_token(
        self, token: str, scopes: Iterable[str] | None = None, name: str = "Arpent"
    ) -> None:
        """Let another key in (a second one during a rotation, or one with fewer scopes)."""
        with self.portal.lock:
            application = self.portal.keyring.application(name, _granted(scopes))
            self.portal.keyring.keys[token] = Key(application=application)

    def rotate_token(self, old: str, new: str, grace: timedelta = timedelta(days=7)) -> None:
        """Replace a service key: both work for the grace, then the old one is unknown (401)."""
        with self.portal.lock:
            self.portal.keyring.rotate(old, new, grace)

    def add_oauth_app(
        self,
        client_id: str,
        client_secret: str,
        refresh_token: str,
        *,
        scopes: Iterable[str] | None = None,
        name: str = "Arpent",
        may_edit_associations: bool = True,
    ) -> None:
        """Install an app of OAuth: `refresh_token` is what its owner got at the installation.

        `may_edit_associations` False is a user-level app whose user lacks that right.
        """
        with self.portal.lock:
            application = self.portal.keyring.application(
                name,
                _granted(scopes),
                is_oauth=True,
                may_edit_associations=may_edit_associations,
            )
            self.portal.keyring.clients[client_id] = Client(
                id=client_id,
                secret=client_secret,
                application=application,
                refresh_tokens={refresh_token},
            )

    def revoke_token(self, token: str) -> None:
        """Make a key unknown: 401 `INVALID_AUTHENTICATION`."""
        with self.portal.lock:
            del self.portal.keyring.keys[token]

    def expire_token(self, token: str) -> None:
        """Make a key answer 401 `EXPIRED_AUTHENTICATION`."""
        with self.portal.lock:
            self.portal.keyring.expire(token)

    def generate(self, *, companies: int, deals: int = 0, seed: int = 0, owners: int = 20) -> None:
        """Fill the portal with many records at once: owners (if there are none), companies, deals.

        Deals spread over every pipeline and, with exchange rates set, over their currencies; most
        have one company, some none, two or three. 200,000 records take seconds.
        """
        with self.portal.lock:
            for number in range(0 if self.portal.state.owners else owners):
                email = f"rep{number + 1}@example.com"
                self.act("create_owner", firstName="Rep", lastName=f"{number + 1}", email=email)
            self.act("generate", companies=companies, deals=deals, seed=seed)

    def call(
        self, method: str, path: str, body: object = None, *, token: str = ""
    ) -> tuple[int, JsonObject]:
        """Make an API call without a socket, limits included; return status and JSON body."""
        bare, _, query = path.partition("?")
        request = Request(
            method=method,
            path=bare,
            query=query,
            headers={
                "authorization": f"Bearer {token or self.token}",
                "content-type": "application/json",
            },
            body=b"" if body is None else orjson.dumps(body),
            base_url=self._url or "http://127.0.0.1",
        )
        response = self.gateway.answer(request)
        return response.status, orjson.loads(response.body or b"{}")

    def subscribe(
        self,
        url: str,
        client_secret: str,
        *,
        duplicated: float = 0.0,
        shuffled: bool = False,
        seed: int = 0,
    ) -> Subscription:
        """Subscribe an app to every change from now on; `deliver_webhooks` sends them.

        `duplicated` is the share of events that are sent twice.
        """
        with self.portal.lock:
            made = Subscription(
                url=url,
                secret=client_secret,
                portal_id=self.portal.account.portal_id,
                duplicated=duplicated,
                shuffled=shuffled,
                seed=seed,
            )
            self.portal.subscriptions.append(made)
        return made

    def deliver_webhooks(self) -> list[int]:
        """Send what waits, and what was refused before; return the status of each request.

        The portal can be called meanwhile: a receiver may read what it hears of.
        """
        statuses = []
        for subscription in self.portal.subscriptions:
            with self.portal.lock:
                bodies = subscription.bodies()
            for body in bodies:
                timestamp = round(self.clock.now().timestamp() * 1000)
                statuses.append(webhooks.send(subscription, body, timestamp))
                if statuses[-1] // 100 != _ACCEPTED:
                    with self.portal.lock:
                        subscription.return_(body)
        return statuses

    def id_of(self, kind: str, loaded_id: str) -> str:
        """Return the id here of a loaded row (`companies`, `deals`, `owners`, …); KeyError."""
        return self.portal.state.loaded_ids[kind, loaded_id]

    def values_of(self, kind: str, record_id: str) -> dict[str, str]:
        """Return a copy of a record's values, straight from the state; KeyError."""
        with self.portal.lock:
            return dict(self.portal.state.tables[kind].records[record_id].values)


def _granted(scopes: Iterable[str] | None) -> frozenset[str]:
    return DEFAULT_SCOPES if scopes is None else frozenset(scopes)
