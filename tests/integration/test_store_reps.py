"""Which owner is which rep, by e-mail address, at a pull and at a publication alike."""

import pytest

from service.store import reps
from service.store.engine import Store
from tests.integration.office import Office


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        ("elise@arpent.example", "elise"),
        (" ELISE@Arpent.Example ", "elise"),
        ("elise@arpent.exemple", None),
        ("", None),
        (None, None),
    ],
)
def test_an_address_is_compared_in_any_case(email: str | None, expected: str | None) -> None:
    assert reps.rep_of({"elise@arpent.example": "elise"}, email) == expected


def test_owners_are_tied_again_and_their_accounts_evaluated(store: Store) -> None:
    office = Office(store)
    office.put_accounts("hers")
    office.put_accounts("his", owner="502")
    office.cycle()
    keys = {row.external_id: row.rep_key for row in office.rows("owner")}
    assert keys == {"501": "elise", "502": "marc"}
    with store.write() as connection:
        assert reps.match_owners(connection, reps.load(connection)) == 0
        assert reps.match_owners(connection, {"marc@arpent.example": "marc"}) == 1
    keys = {row.external_id: row.rep_key for row in office.rows("owner")}
    assert keys == {"501": None, "502": "marc"}
    (waiting,) = office.rows("dirty")
    assert waiting.account_id in {row.account_id for row in office.debts("hers")}
    office.cycle()
    assert {row.rep_key for row in office.rows("owner")} == {"elise", "marc"}
