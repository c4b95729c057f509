"""HubSpot under the contract: which account it is, what is read, what is written."""

from collections.abc import Iterator, Sequence
from urllib.parse import quote

from connectors.base import (
    Access,
    Allowance,
    Binding,
    CrmField,
    Edit,
    Fatal,
    Identity,
    OwnField,
    Page,
    Provisioned,
    Remark,
    Removed,
    Room,
)
from connectors.crm_clock import zone_of
from connectors.http import READ_SECONDS, WRITE_SECONDS
from connectors.hubspot import setting_up, whole
from connectors.hubspot.client import Client
from connectors.hubspot.cursor import cursor_of
from connectors.hubspot.edits import read_edits
from connectors.hubspot.errors import Refused, wrong_account
from connectors.hubspot.mapping import Json, Mapper
from connectors.hubspot.objects import (
    API_VERSION,
    COMPANIES,
    CONTACTS,
    DEALS,
    STREAMS,
    paths_of,
)
from connectors.hubspot.provisioning import Provisioner
from connectors.hubspot.reading import SAFETY_LAG, Reader
from connectors.hubspot.removing import remove_fields
from connectors.hubspot.tasks import Tasks
from connectors.hubspot.writing import BATCH, Writer
from connectors.known_account import OnKnownAccount
from connectors.pace import Clock
from rules.language import Text
from rules.records import Kind

BASE_URL = "https://api.hubapi.com"

_INTERFACE = "app.hubspot.com"
_PAGES = {Kind.ACCOUNT: COMPANIES, Kind.CONTACT: CONTACTS, Kind.OPPORTUNITY: DEALS}


class HubSpot(OnKnownAccount[Identity]):
    """One HubSpot account, opened by a service key, a private app's token or OAuth. Thread-safe.

    Nothing is read or written before the account is known to be `expected_account_id`, where
    that is given. `safety_lag` is in milliseconds; a read and a write may take so many seconds.
    """

    vendor = "hubspot"
    # 19 requests a second by 140 ms need three; a slow day, and the burst that a fresh window
    # allows, need more.
    senders = 16
    # There are four streams of any length: companies, contacts, deals and activities.
    readers = 4

    def __init__(
        self,
        token: Access,
        *,
        base_url: str = BASE_URL,
        expected_account_id: str | None = None,
        api_version: str = API_VERSION,
        safety_lag: int = SAFETY_LAG,
        clock: Clock | None = None,
        read_seconds: float = READ_SECONDS,
        write_seconds: float = WRITE_SECONDS,
    ) -> None:
        super().__init__()
        self._paths = paths_of(api_version)
        self._client = Client(
            token,
            base_url=base_url,
            clock=clock or Clock(),
            paths=self._paths,
            read_seconds=read_seconds,
            write_seconds=write_seconds,
        )
        self._client.account = expected_account_id
        self._writer = Writer(self._client, self._paths)
        self._tasks = Tasks(self._client, self._paths)
        self._provisioner = Provisioner(self._client, self._paths)
        self._expected = expected_account_id
        self._safety_lag = safety_lag
        self._interface = _INTERFACE

    @property
    def calls(self) -> int:
        """How many requests were sent."""
        return self._client.calls

    @property
    def allowance(self) -> Allowance | None:
        """What the headers of the answers have told of the limits."""
        return self._client.allowance

    def remarks(self) -> Sequence[Remark]:
        """Which keys work, where there are two; whether the OAuth grant outlives a restart."""
        self._known()
        return self._client.remarks()

    def close(self) -> None:
        """Close the connections. Idempotent."""
        self._client.close()

    def identify(self) -> Identity:
        """Ask HubSpot which account this is; refuse another than the expected one."""
        return self._ask_again()

    def _ask(self) -> Identity:
        details = self._client.get(self._paths.account)
        identity = _identity(details)
        if self._expected is not None and identity.account_id != self._expected:
            raise wrong_account(identity.account_id, self._expected)
        self._client.zone = zone_of(identity.time_zone)
        self._client.account = identity.account_id
        interface = str(details.get("uiDomain") or "")
        # The address is shown to people as a link: only HubSpot's own is taken.
        self._interface = interface if interface.endswith(".hubspot.com") else _INTERFACE
        return identity

    def fields(self, kind: Kind) -> Sequence[CrmField]:
        """The declared properties of companies, contacts or deals; none for other kinds."""
        self._known()
        object_type = _PAGES.get(kind)
        return self._provisioner.fields(object_type) if object_type else ()

    def ensure(
        self, group_label: str, fields: Sequence[OwnField], *, dry_run: bool
    ) -> Sequence[Provisioned]:
        """Add our missing properties to companies, in a group of their own."""
        self._known()
        try:
            return self._provisioner.ensure(group_label, fields, dry_run=dry_run)
        except Refused as refused:
            raise _unprovisioned(refused) from refused

    def remove(self, fields: Sequence[OwnField], *, dry_run: bool) -> Sequence[Removed]:
        """Archive our properties of companies, then their group once it is empty."""
        self._known()
        return remove_fields(self._client, self._paths, fields, dry_run=dry_run)

    def headroom(self) -> Room | None:
        """The room for custom properties of companies, by HubSpot's limits-tracking API."""
        self._known()
        return self._provisioner.room()

    def pull(
        self,
        kind: Kind,
        cursor: str | None,
        bindings: Sequence[Binding],
        own_fields: Sequence[str],
    ) -> Iterator[Page]:
        """The stream of a kind; owners and stages are always whole."""
        identity = self._known()
        match kind:
            case Kind.OWNER:
                return whole.owners(self._client, self._paths, cursor)
            case Kind.STAGE:
                return whole.stages(self._client, self._paths)
        object_types = STREAMS[kind]
        mappers = [Mapper(one, bindings, own_fields, identity.currency) for one in object_types]
        reader = Reader(self._client, self._paths, mappers, lag=self._safety_lag)
        return reader.pages(cursor_of(cursor, object_types))

    def batch_for(self, _owed: int) -> int:
        """As many as a batch takes."""
        return BATCH

    def edits(self, external_ids: Sequence[str], own_fields: Sequence[str]) -> Sequence[Edit]:
        """Our properties of some companies with their last change, fifty at a time."""
        self._known()
        return read_edits(self._client, self._paths, external_ids, own_fields)

    def setup_steps(self) -> Sequence[Text]:
        """Where an admin shows and protects our properties."""
        identity = self._known()
        if self._client.is_sandbox:
            return setting_up.rehearsed(self._client.base_url)
        return setting_up.steps(f"https://{self._interface}", identity.account_id)

    def record_url(self, kind: Kind, external_id: str) -> str:
        """The page of a record; for other kinds than accounts, contacts and deals, the home."""
        identity = self._known()
        object_type = _PAGES.get(kind)
        key = quote(external_id, safe="")
        if self._client.is_sandbox:
            base = self._client.base_url
            return f"{base}/{object_type.path}/{key}" if object_type else base
        home = f"https://{self._interface}/contacts/{identity.account_id}"
        return f"{home}/record/{object_type.type_id}/{key}" if object_type else home


def _identity(details: Json) -> Identity:
    key = str(details.get("portalId") or "")
    if not key.isdecimal():
        raise Fatal(
            Text(
                fr="HubSpot n'a pas dit de quel compte il s'agit : vérifiez l'adresse et la clé.",
                en="HubSpot did not say which account this is: check the address and the key.",
            )
        )
    return Identity(
        vendor="hubspot",
        account_id=key,
        name=f"HubSpot {key}",
        time_zone=str(details.get("timeZone") or "UTC"),
        currency=str(details.get("companyCurrency") or "USD"),
    )


def _unprovisioned(refused: Refused) -> Fatal:
    return Fatal(
        Text(
            fr=f"HubSpot a refusé de créer un champ ({refused.status}) : {refused.words} Vérifiez "
            "qu'il reste de la place pour des propriétés personnalisées, puis relancez.",
            en=f"HubSpot refused to create a field ({refused.status}): {refused.words} Check that "
            "there is room for custom properties, then run again.",
        )
    )
