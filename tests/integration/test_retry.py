"""What a CRM refused is sent again: when the value changes, on request, and once a week."""

import pytest

from service.store.engine import Store
from tests.integration.office import DAY, FIELDS, Office

LOCKED = "Locked by an admin."


@pytest.fixture
def office(store: Store) -> Office:
    """A CRM that has refused the values of an account, in a cycle of this week."""
    made = Office(store)
    made.put_accounts("a")
    made.crm.refuse("a", LOCKED)
    made.cycle()
    assert refused(made) == FIELDS
    return made


def refused(office: Office) -> int:
    return sum(row.state == "rejected" for row in office.debts("a"))


def test_what_was_refused_is_sent_again_once_a_week(office: Office) -> None:
    office.now += DAY
    assert office.cycle().pushed["hubspot"].rejections == []

    office.now += 7 * DAY
    values, *tasks = office.cycle().pushed["hubspot"].rejections
    assert (values.count, values.reason.startswith(LOCKED)) == (FIELDS, True)
    assert all(each.count == 1 for each in tasks)

    # The cause is gone, and the week is not over; then it is, and a cycle for one rep leaves it.
    office.crm.accept("a")
    assert office.cycle().pushed["hubspot"].written == 0
    office.now += 7 * DAY
    assert office.cycle(rep_key="elise").pushed["hubspot"].written == 0
    assert office.cycle().pushed["hubspot"].written == FIELDS
    assert refused(office) == 0


def test_a_value_that_changes_is_sent_at_once(office: Office) -> None:
    office.crm.accept("a")
    before = {row.field: row.desired for row in office.debts("a")}
    office.crm.put_account("a", name="a", owner_id="501", fields={"potentiel": "1"})

    written = office.cycle().pushed["hubspot"].written

    changed = {row.field for row in office.debts("a") if row.desired != before[row.field]}
    assert "tier" in changed
    assert written == len(changed)
    assert refused(office) == FIELDS - len(changed)
