"""Zoho CRM under the contract: which organization it is, what is read, what is written."""

from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote

from connectors.base import (
    Allowance,
    Binding,
    CrmField,
    Edit,
    Fatal,
    Grant,
    Identity,
    OwnField,
    Page,
    Provisioned,
    Remark,
    Removed,
    Room,
)
from connectors.http import READ_SECONDS, WRITE_SECONDS
from connectors.known_account import OnKnownAccount
from connectors.pace import Clock
from connectors.zoho import org, setting_up, whole
from connectors.zoho.centres import accounts_url, centre_of
from connectors.zoho.client import QUERY_SECONDS, Client
from connectors.zoho.cursor import cursor_of
from connectors.zoho.edits import read_edits
from connectors.zoho.error_words import no_modified_time
from connectors.zoho.mapping import Mapper
from connectors.zoho.objects import (
    ACCOUNTS,
    CONTACTS,
    DEALS,
    MODIFIED,
    STREAMS,
    TASKS,
    Module,
)
from connectors.zoho.provisioning import Provisioner
from connectors.zoho.rates import Rates
from connectors.zoho.reading import BULK_FROM, SAFETY_LAG, SWEEP_EVERY, Reader
from connectors.zoho.remarks import of_edition, of_gaps
from connectors.zoho.roles import Roles
from connectors.zoho.schema import Schema, Schemas, crm_fields
from connectors.zoho.seen import Seen
from connectors.zoho.source import Source
from connectors.zoho.tasks import Tasks
from connectors.zoho.whereabouts import Whereabouts
from connectors.zoho.writing import BATCH, Writer
from rules.language import Text
from rules.records import Kind

_PAGES = {Kind.ACCOUNT: ACCOUNTS, Kind.CONTACT: CONTACTS, Kind.OPPORTUNITY: DEALS}


class Zoho(OnKnownAccount[org.Org]):
    """One organization of Zoho CRM. Thread-safe.

    `accounts` is the accounts server of its data centre; the API is the one that the token names.
    Nothing is read or written before the organization is known to be `expected_account_id` (its
    zgid), where that is given. `safety_lag` and `sweep_every` are in milliseconds; a first load of
    `bulk_from` records or more is a bulk job.
    """

    vendor = "zoho"
    # As many heavy calls as Zoho lets be under way, whatever the edition.
    senders = 10
    # There are four streams of any length: accounts, contacts, opportunities and activities.
    readers = 4

    def __init__(
        self,
        access: Grant,
        *,
        accounts: str = accounts_url("ca"),
        expected_account_id: str | None = None,
        safety_lag: int = SAFETY_LAG,
        sweep_every: int = SWEEP_EVERY,
        bulk_from: int = BULK_FROM,
        clock: Clock | None = None,
        read_seconds: float = READ_SECONDS,
        write_seconds: float = WRITE_SECONDS,
        query_seconds: float = QUERY_SECONDS,
    ) -> None:
        super().__init__()
        clock = clock or Clock()
        self._client = Client(
            access,
            accounts=accounts,
            clock=clock,
            read_seconds=read_seconds,
            write_seconds=write_seconds,
            query_seconds=query_seconds,
        )
        self._expected = expected_account_id
        self._client.account = expected_account_id
        self._safety_lag = safety_lag
        self._sweep_every = sweep_every
        self._bulk_from = bulk_from
        self._schemas = Schemas(self._client, clock)
        self._seen = Seen()
        self._writer = Writer(self._client, lambda: self._schemas.lately(ACCOUNTS.name), self._seen)
        self._tasks = Tasks(
            self._client,
            lambda: self._schemas.of(TASKS.name),
            lambda: self._client.ledger.zone,
        )
        self._provisioner = Provisioner(self._client, self._schemas)
        self._gaps: set[str] = set()

    @property
    def calls(self) -> int:
        """How many requests were sent."""
        return self._client.calls

    @property
    def credits_spent(self) -> int:
        """The API credits that these requests cost."""
        return self._client.ledger.total

    @property
    def allowance(self) -> Allowance | None:
        """The day's credits, as the edition and the answers tell."""
        return self._client.allowance

    def remarks(self) -> Sequence[Remark]:
        """Whether the access will last, the clock agrees, and all deletions are known."""
        edition = self._known().edition
        told = self.allowance
        left = (told.daily, told.daily_left) if told else (None, None)
        return (
            *self._client.remarks(),
            *of_gaps(self._gaps),
            *of_edition(edition.name, *left),
        )

    def close(self) -> None:
        """Close the connections. Idempotent."""
        self._client.close()

    def identify(self) -> Identity:
        """Ask Zoho which organization this is; refuse another than the expected one."""
        return self._ask_again().identity

    def _ask(self) -> org.Org:
        return org.ask(self._client, self._expected)

    def fields(self, kind: Kind) -> Sequence[CrmField]:
        """The declared fields of accounts, contacts or deals; none for other kinds."""
        self._known()
        module = _PAGES.get(kind)
        return crm_fields(self._schemas.of(module.name, is_fresh=True)) if module else ()

    def ensure(
        self, group_label: str, fields: Sequence[OwnField], *, dry_run: bool
    ) -> Sequence[Provisioned]:
        """Make our missing fields of accounts; Zoho has no groups of fields."""
        del group_label
        self.identify()
        return self._provisioner.ensure(self._known().edition, fields, dry_run=dry_run)

    def remove(self, fields: Sequence[OwnField], *, dry_run: bool) -> Sequence[Removed]:
        """Delete our fields of accounts, for good: Zoho keeps no values of a deleted field."""
        self._known()
        return self._provisioner.remove(fields, dry_run=dry_run)

    def headroom(self) -> Room | None:
        """The room for custom fields of accounts in this edition."""
        self.identify()
        return self._provisioner.room(self._known().edition)

    def pull(
        self,
        kind: Kind,
        cursor: str | None,
        bindings: Sequence[Binding],
        own_fields: Sequence[str],
    ) -> Iterator[Page]:
        """The stream of a kind; users and stages are always whole."""
        identity = self._known().identity
        match kind:
            case Kind.OWNER:
                return whole.owners(self._client)
            case Kind.STAGE:
                return whole.stages(self._client, self._schemas)
        schemas = {module: self._readable(module) for module in STREAMS[kind]}
        rates = self._rates(schemas.values(), identity.currency)
        whereabouts = Whereabouts(self._client)
        mappers = [
            Mapper(module, bindings, own_fields, rates, schema, zone=self._client.ledger.zone)
            for module, schema in schemas.items()
        ]
        reader = Reader(
            self._client,
            [self._source(each, whereabouts, self._roles(each)) for each in mappers],
            lag=self._safety_lag,
            bulk_from=self._bulk_from,
            sweep_every=self._sweep_every,
            is_refreshed=any(
                binding.crm_field in schema.computed
                for schema in schemas.values()
                for binding in bindings
                if binding.kind is kind
            ),
            on_gap=self._gaps.add,
        )
        return self._watched(reader.pages(cursor_of(cursor, [each.name for each in schemas])))

    def batch_for(self, _owed: int) -> int:
        """A request's worth: Zoho takes no more at once, and a bulk job costs 500 credits."""
        return BATCH

    def edits(self, external_ids: Sequence[str], own_fields: Sequence[str]) -> Sequence[Edit]:
        """Our fields of some accounts as they are now, with who changed them last."""
        identity = self._known().identity
        if not external_ids:
            return []
        schema = self._schemas.of(ACCOUNTS.name, is_fresh=True)
        mapper = Mapper(ACCOUNTS, (), own_fields, Rates(home=identity.currency), schema)
        source = self._source(mapper, Whereabouts(self._client), None)
        return read_edits(self._client, source, self._seen, external_ids, own_fields)

    def setup_steps(self) -> Sequence[Text]:
        """Where an administrator shows our fields."""
        self._known()
        if self._client.is_sandbox:
            return setting_up.rehearsed(self._client.accounts)
        schema = self._schemas.of(ACCOUNTS.name)
        own = [one.name for one in crm_fields(schema) if one.own is not None]
        return setting_up.steps(self._home(), setting_up.layouts_without(self._client, own))

    def record_url(self, kind: Kind, external_id: str) -> str:
        """The page of an account, a contact or a deal; for other kinds, the home."""
        module = _PAGES.get(kind)
        home = self._home()
        return f"{home}/tab/{module.tab}/{quote(external_id, safe='')}" if module else home

    def _home(self) -> str:
        """The address of the organization in a browser."""
        key = self._known().identity.account_id
        centre = centre_of(self._client.accounts)
        if centre is None:
            return f"{self._client.accounts}/crm/org{key}"
        return f"https://{centre.pages}/crm/org{key}"

    def _readable(self, module: Module) -> Schema:
        """The schema of a module that can be followed."""
        schema = self._schemas.of(module.name, is_fresh=True)
        if MODIFIED not in schema.fields:
            raise Fatal(no_modified_time(module.name))
        return schema

    def _rates(self, schemas: Iterable[Schema], home: str) -> Rates:
        """The rates, asked where some records say their currency."""
        has_several = any(schema.has_currencies for schema in schemas)
        return org.rates(self._client, home) if has_several else Rates(home=home)

    def _source(self, mapper: Mapper, whereabouts: Whereabouts, roles: Roles | None) -> Source:
        name = mapper.module.name
        return Source(
            self._client, mapper, whereabouts, roles, lambda: self._schemas.of(name, is_fresh=True)
        )

    def _roles(self, mapper: Mapper) -> Roles | None:
        """What tells the roles of contacts, where they have no field for it."""
        is_needed = mapper.module is CONTACTS and mapper.role_field is None
        return Roles(self._client) if is_needed else None

    def _watched(self, pages: Iterator[Page]) -> Iterator[Page]:
        for page in pages:
            self._seen.learn_all(page.records)
            yield page
