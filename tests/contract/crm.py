"""A CRM that must keep the contract, as the suite plays its people: one adapter for each CRM."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from connectors.base import Binding, Connector, OwnField, Provision
from rules.records import FieldType, Kind

POTENTIAL = Binding(
    kind=Kind.ACCOUNT, name="potential", crm_field="potentiel", type=FieldType.MONEY
)
SECTOR = Binding(
    kind=Kind.ACCOUNT,
    name="sector",
    crm_field="secteur",
    type=FieldType.CHOICE,
    values={"FAB": "manufacturing", "DET": "retail"},
)


class Crm(ABC):
    """A CRM with one active owner, a stage of each kind, and text fields for dirty values."""

    connector: Connector
    account_id: str
    owner_id = "501"
    # An id of the CRM's form that no record has.
    missing_id = "404404"
    open_stage = "appointmentscheduled"
    won_stage = "closedwon"
    lost_stage = "closedlost"
    # The fields that `put_accounts` fills in, under their names in the CRM.
    potential = POTENTIAL
    sector = SECTOR
    # An own field and a value that it does not take.
    refused_value = ("tier", "platinum")
    calls_to_identify = 1
    # What the CRM lacks.
    # How many accounts an opportunity may have; None where that has no end.
    accounts_per_opportunity: int | None = None
    # What becomes of a field that was deleted and is wanted again: it comes back with its values,
    # it is made anew, or its name is not free for some time.
    remade = Provision.REVIVED
    # Whether it tells when a field was last changed.
    tells_last_change = True
    # Whether the answer to a write tells the form in which values are kept.
    tells_kept_form = True
    # Whether it tells into which account another was merged.
    tells_survivor = True
    # How many calls 230 changes take.
    calls_to_write_three_batches = 3

    @abstractmethod
    def put_accounts(self, rows: Sequence[Mapping[str, str]]) -> list[str]:
        """Create accounts with a `name` and, as typed, a `potentiel` and a `secteur`."""

    @abstractmethod
    def rename_account(self, account: str, name: str) -> None: ...

    @abstractmethod
    def put_opportunity(self, amount: str, stage: str, accounts: Sequence[str]) -> str:
        """Create an opportunity on some accounts, the first of them the main one."""

    @abstractmethod
    def move_opportunity(self, opportunity: str, stage: str) -> None: ...

    @abstractmethod
    def put_contact(self, account: str) -> str: ...

    @abstractmethod
    def put_call(self, account: str, *, is_completed: bool) -> str: ...

    @abstractmethod
    def archive(self, kind: Kind, external_id: str) -> None: ...

    @abstractmethod
    def merge(self, loser: str, winner: str) -> str:
        """Merge two accounts; returns the id of the survivor."""

    @abstractmethod
    def edit_own_field(self, account: str, name: str, value: str) -> None: ...

    @abstractmethod
    def declare(self, own_field: OwnField) -> None:
        """An admin makes a field that bears our name."""

    @abstractmethod
    def lose_the_next_answer(self) -> None: ...

    @abstractmethod
    def tasks(self) -> int:
        """How many tasks exist in the CRM."""

    @abstractmethod
    def finish_task(self, task_id: str) -> None:
        """A person completes a task."""

    @abstractmethod
    def put_off_task(self, task_id: str, status: str | None = None) -> None:
        """A person says that a task waits; `status` is the CRM's other word for it."""

    @abstractmethod
    def move_task(self, task_id: str, day: str) -> None:
        """A person moves a task to another day (`2026-12-24`)."""

    @abstractmethod
    def delete_task(self, task_id: str) -> None: ...

    @abstractmethod
    def is_task_done(self, task_id: str) -> bool: ...

    @abstractmethod
    def task_text(self, task_id: str) -> tuple[str, str]:
        """The subject and the body of a task."""

    @abstractmethod
    def lock(self, account: str) -> None:
        """Somebody else's change holds an account."""

    @abstractmethod
    def unlock(self, account: str) -> None: ...

    @abstractmethod
    def keep_upper_case(self, name: str) -> None:
        """The CRM keeps the values of one of our fields in upper case."""

    @abstractmethod
    def limit_fields(self, more: int) -> None:
        """The CRM takes so many more own fields."""

    @abstractmethod
    def delete_own_field(self, name: str) -> None:
        """An admin deletes one of our fields."""

    def outlast_deletions(self) -> None:  # noqa: B027 - most CRMs have no such time
        """So much time passes that the names of deleted fields are free."""

    @abstractmethod
    def settle(self) -> None:
        """Time passes: what comes next is later than what the cursors have seen."""

    @abstractmethod
    def catch_up(self) -> None:
        """Time passes, less than `settle`: what was just changed can be found by now."""

    def put_account(self, name: str = "Ferblanterie Nordet", **row: str) -> str:
        return self.put_accounts([{"name": name, **row}])[0]
