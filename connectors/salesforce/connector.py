"""Salesforce under the contract: which org it is, what is read, what is written."""

from collections.abc import Iterable, Iterator, Sequence

from connectors.base import (
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
from connectors.known_account import OnKnownAccount
from connectors.pace import Clock
from connectors.salesforce import org, setting_up, whole
from connectors.salesforce.access import SalesforceAccess
from connectors.salesforce.bulk import BulkQuery
from connectors.salesforce.client import QUERY_SECONDS, Client
from connectors.salesforce.cursor import cursor_of
from connectors.salesforce.edits import read_edits
from connectors.salesforce.error_words import NO_OBJECT
from connectors.salesforce.mapping import Mapper
from connectors.salesforce.objects import (
    ACCOUNT,
    API_VERSION,
    CONTACT,
    OPPORTUNITY,
    STREAMS,
    ObjectType,
    full_id,
    is_id,
    version_of,
)
from connectors.salesforce.provisioning import Provisioner
from connectors.salesforce.rates import Rates
from connectors.salesforce.reading import BULK_FROM, SAFETY_LAG, Reader
from connectors.salesforce.remarks import of_gaps
from connectors.salesforce.schema import Declared, crm_fields, describe
from connectors.salesforce.source import Source
from connectors.salesforce.tasks import Tasks
from connectors.salesforce.writing import BATCH, JOB, Writer
from connectors.salesforce.writing import BULK_FROM as BULK_WRITE_FROM
from rules.language import Text
from rules.records import FieldType, Kind

_PAGES = {Kind.ACCOUNT: ACCOUNT, Kind.CONTACT: CONTACT, Kind.OPPORTUNITY: OPPORTUNITY}


class Salesforce(OnKnownAccount[Identity]):
    """One Salesforce org. Thread-safe.

    `base_url` is the org's own domain (`https://acme.my.salesforce.com`). Nothing is read or
    written before the org is known to be `expected_account_id`, where that is given. `safety_lag`
    is in milliseconds; a first load of more than `bulk_from` records is a bulk job.
    """

    vendor = "salesforce"
    # Updates of accounts under one parent lock each other: few at once.
    senders = 4
    # There are four streams of any length: accounts, contacts, opportunities and activities.
    readers = 4

    _tasks: Tasks

    def __init__(
        self,
        access: SalesforceAccess,
        *,
        base_url: str,
        expected_account_id: str | None = None,
        api_version: str = API_VERSION,
        safety_lag: int = SAFETY_LAG,
        bulk_from: int = BULK_FROM,
        clock: Clock | None = None,
        read_seconds: float = READ_SECONDS,
        write_seconds: float = WRITE_SECONDS,
        query_seconds: float = QUERY_SECONDS,
    ) -> None:
        super().__init__()
        self._client = Client(
            access,
            base_url=base_url,
            clock=clock or Clock(),
            version=version_of(api_version),
            read_seconds=read_seconds,
            write_seconds=write_seconds,
            query_seconds=query_seconds,
        )
        self._expected = None if expected_account_id is None else full_id(expected_account_id)
        self._client.gateway.account = self._expected
        self._safety_lag = safety_lag
        self._bulk_from = bulk_from
        self._writer = Writer(self._client)
        self._tasks = Tasks(self._client, lambda: self._client.gateway.limits.zone)
        self._provisioner = Provisioner(self._client)
        self._gaps: set[str] = set()

    @property
    def calls(self) -> int:
        """How many requests were sent."""
        return self._client.calls

    @property
    def allowance(self) -> Allowance | None:
        """What the headers of the answers have told of the day's calls."""
        return self._client.allowance

    def remarks(self) -> Sequence[Remark]:
        """Whether the login will last, the clock agrees, and all deletions are known."""
        self._known()
        return (*self._client.remarks(), *of_gaps(self._gaps))

    def close(self) -> None:
        """Close the connections. Idempotent."""
        self._client.close()

    def identify(self) -> Identity:
        """Ask Salesforce which org this is; refuse another than the expected one."""
        return self._ask_again()

    def _ask(self) -> Identity:
        identity = org.identify(self._client, self._expected)
        self._client.gateway.limits.zone = zone_of(identity.time_zone)
        self._client.gateway.account = identity.account_id
        return identity

    def fields(self, kind: Kind) -> Sequence[CrmField]:
        """The declared fields of accounts, contacts or opportunities; none for other kinds."""
        self._known()
        object_type = _PAGES.get(kind)
        return crm_fields(self._declared(object_type)) if object_type else ()

    def ensure(
        self, group_label: str, fields: Sequence[OwnField], *, dry_run: bool
    ) -> Sequence[Provisioned]:
        """Make our missing fields of accounts, and show them by permission sets."""
        self._known()
        done = self._provisioner.ensure(group_label, fields, dry_run=dry_run)
        self._tasks.forget()
        return done

    def remove(self, fields: Sequence[OwnField], *, dry_run: bool) -> Sequence[Removed]:
        """Delete our fields of accounts."""
        self._known()
        done = self._provisioner.remove(fields, dry_run=dry_run)
        self._tasks.forget()
        return done

    def headroom(self) -> Room | None:
        """The room for custom fields of accounts."""
        self._known()
        return self._provisioner.room()

    def pull(
        self,
        kind: Kind,
        cursor: str | None,
        bindings: Sequence[Binding],
        own_fields: Sequence[str],
    ) -> Iterator[Page]:
        """The stream of a kind; users and stages are always whole."""
        identity = self._known()
        match kind:
            case Kind.OWNER:
                return whole.owners(self._client)
            case Kind.STAGE:
                return whole.stages(self._client)
        declared = {
            each: found
            for each in STREAMS[kind]
            if (found := self._declared_or_none(each)) is not None
        }
        rates = self._rates(declared.values(), identity.currency)
        zone = self._client.gateway.limits.zone
        mappers = [
            Mapper(each, bindings, own_fields, rates, found.fields, zone=zone)
            for each, found in declared.items()
        ]
        reader = Reader(
            self._client,
            [Source(self._client, mapper) for mapper in mappers],
            lag=self._safety_lag,
            bulk=BulkQuery(self._client),
            bulk_from=self._bulk_from,
            is_refreshed=_has_formulas(kind, bindings, declared.values()),
            basis=rates.hash if _has_money(kind, bindings) else "",
            on_gap=self._gaps.add,
        )
        return reader.pages(cursor_of(cursor, list(declared)))

    def batch_for(self, owed: int) -> int:
        """A collection's worth; where very many are owed, a job's."""
        return JOB if owed > BULK_WRITE_FROM else BATCH

    def edits(self, external_ids: Sequence[str], own_fields: Sequence[str]) -> Sequence[Edit]:
        """Our fields of some accounts as they are now."""
        identity = self._known()
        declared = self._declared(ACCOUNT)
        rates = Rates(home=identity.currency)
        zone = self._client.gateway.limits.zone
        mapper = Mapper(ACCOUNT, (), own_fields, rates, declared.fields, zone=zone)
        return read_edits(
            self._client, mapper, [key for key in external_ids if is_id(key)], own_fields,
            declared,
        )  # fmt: skip

    def setup_steps(self) -> Sequence[Text]:
        """Where an administrator shows our fields."""
        self._known()
        gateway = self._client.gateway
        tracking = setting_up.tracking(gateway.home, self._provisioner.untracked)
        if gateway.is_sandbox:
            return (*setting_up.rehearsed(gateway.address), *tracking)
        return (*setting_up.steps(gateway.home), *tracking)

    def record_url(self, kind: Kind, external_id: str) -> str:
        """The page of an account, a contact or an opportunity; for other kinds, the home."""
        self._known()
        gateway = self._client.gateway
        object_type = _PAGES.get(kind)
        if object_type is None or not is_id(external_id):
            return gateway.home
        return f"{gateway.home}/lightning/r/{object_type.name}/{external_id}/view"

    def _rates(self, declared: Iterable[Declared], home: str) -> Rates:
        """The rates, asked where some records say their currency."""
        has_several = any(each.has_currencies for each in declared)
        return org.rates(self._client, home) if has_several else Rates(home=home)

    def _declared(self, object_type: ObjectType) -> Declared:
        found = describe(self._client, object_type.name)
        if found is None:
            raise Fatal(NO_OBJECT)
        return found

    def _declared_or_none(self, object_type: ObjectType) -> Declared | None:
        if object_type.is_optional:
            return describe(self._client, object_type.name)
        return self._declared(object_type)


def _has_money(kind: Kind, bindings: Sequence[Binding]) -> bool:
    """Whether records of a kind are read with rates of exchange."""
    bound = {each.kind for each in bindings if each.type is FieldType.MONEY}
    return kind is Kind.OPPORTUNITY or kind in bound


def _has_formulas(kind: Kind, bindings: Sequence[Binding], declared: Iterable[Declared]) -> bool:
    """Whether records of a kind are read with fields that change without a trace."""
    bound = {each.crm_field.lower() for each in bindings if each.kind is kind}
    return any(not bound.isdisjoint(each.calculated) for each in declared)
