"""With ARPENT_READ_ONLY a CRM can be read, and no call that writes gets through."""

import inspect
from collections.abc import Callable

import pytest

from connectors.base import Change, Connector, OwnField, Task
from connectors.memory import Memory
from rules.records import FieldType
from service.read_only import READS, ReadOnly, guarded, switched_off

TASK = Task(key="k", subject="s", body="b", due_at=0, owner_id="1", account_id="a")
FIELD = OwnField(name="tier", type=FieldType.CHOICE, label="Niveau", description="")
WRITES: dict[str, Callable[[Connector], object]] = {
    "update": lambda crm: crm.update([Change(external_id="a", values={"tier": "gold"})]),
    "create_task": lambda crm: crm.create_task(TASK),
    "update_task": lambda crm: crm.update_task("1", TASK),
    "complete_task": lambda crm: crm.complete_task("1"),
    "remove": lambda crm: crm.remove([FIELD], dry_run=False),
    "ensure": lambda crm: crm.ensure("Arpent", [FIELD], dry_run=False),
}


@pytest.fixture
def crm() -> Memory:
    made = Memory(clock=lambda: 0)
    made.put_account("a", name="a")
    return made


@pytest.mark.parametrize("name", WRITES)
def test_what_writes_is_refused_before_it_leaves(crm: Memory, name: str) -> None:
    before = crm.calls
    with pytest.raises(ReadOnly) as raised:
        WRITES[name](guarded(crm, switched_off()))
    assert "ARPENT_READ_ONLY" in raised.value.message.fr
    assert (crm.calls, crm.written, crm.tasks, crm.own_schema) == (before, [], {}, {})


def test_what_reads_goes_through(crm: Memory) -> None:
    reader = guarded(crm, switched_off())
    assert reader.identify() == crm.identity
    assert (reader.vendor, reader.senders) == (crm.vendor, crm.senders)
    assert reader.find_task(TASK) is None
    (found,) = reader.ensure("Arpent", [FIELD], dry_run=True)
    assert (found.field, crm.own_schema) == ("tier", {})


def test_each_call_of_the_contract_is_known_to_read_or_to_write() -> None:
    members = {name for name, _ in inspect.getmembers(Connector) if not name.startswith("_")}
    contract = members | set(Connector.__annotations__)
    assert contract == READS | set(WRITES)
