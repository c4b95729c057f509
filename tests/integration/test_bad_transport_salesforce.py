"""Whatever goes wrong on the way loses nothing: cycles against an org that fails in every way.

A fault hits reads, writes and tasks once, then, for some, everything as long as it lasts; then it
is over. In the end the mirror equals the CRM, what was owed is written, and no task is there twice.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.sandbox.salesforce import SANDBOX_CLIENT_SECRET
from service import provision
from tests.integration.bad_transport import Trouble, endure
from tests.integration.bad_transport_salesforce import TROUBLES
from tests.integration.line import Line, lines_of
from tests.integration.line_salesforce import SalesforceLine, settled_line

PLACES = (
    {"method": "GET", "path": "/queryAll"},
    {"method": "PATCH", "path": "/composite/sobjects$"},
    {"method": "POST", "path": "/sobjects/Task$"},
)


@pytest.fixture(scope="module")
def settled(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SalesforceLine]:
    with settled_line(sqlite_template, tmp_path_factory.mktemp("line")) as line:
        yield line


@pytest.fixture
def line(settled: SalesforceLine) -> Iterator[Line]:
    yield from lines_of(settled)


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_nothing_is_lost_on_the_way(
    line: SalesforceLine, trouble: Trouble, capsys: pytest.CaptureFixture[str]
) -> None:
    endure(line, trouble, PLACES, "/services/data/")
    written = "".join(capsys.readouterr())
    assert SANDBOX_CLIENT_SECRET not in written
    assert "Traceback" not in written


# What an administrator forbids.


def validate(line: SalesforceLine, key: str) -> None:
    rule = {
        "object": "Account",
        "condition": f"Id = '{key}'",
        "message": "Le code postal est obligatoire",
    }
    line.org.switches.change({"validation_rules": [rule]})


def restrict(line: SalesforceLine, _: str) -> None:
    line.org.act(
        "change_field", object="Account", name="arpent_tier__c", restricted=True, values=["autre"]
    )


def close_the_field(line: SalesforceLine, _: str) -> None:
    for row in list(line.org.org.rows("FieldPermissions")):
        if row["Field"] == "Account.arpent_tier__c":
            line.org.act("edit", id=row["Id"], values={"PermissionsEdit": False})


FORBIDDEN: dict[str, tuple[Callable[[SalesforceLine, str], None], str, bool]] = {
    "a validation rule": (validate, "Le code postal est obligatoire", False),
    "a restricted picklist": (restrict, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", True),
    "a field that may not be edited": (
        close_the_field,
        "Unable to create/update fields: arpent_tier__c",
        True,
    ),
}


@pytest.mark.parametrize("forbidden", FORBIDDEN)
def test_what_an_administrator_forbids_is_told_and_the_rest_is_written(
    line: SalesforceLine, forbidden: str
) -> None:
    forbid, words, is_for_all = FORBIDDEN[forbidden]
    first, *others = line.accounts
    line.work()
    forbid(line, first)

    line.cycle()

    names = {row.id: row.external_id for row in line.rows("account")}
    states = {(names[row.account_id], row.field): row for row in line.rows("outbox")}
    refused = states[first, "tier"]
    # What is missing is owed: it is sent as soon as it is there.
    assert refused.state == ("owed" if "edited" in forbidden else "rejected")
    assert words in refused.reason
    assert "relancez" in refused.reason or "arpent fields ensure" in refused.reason
    for key in others:
        assert (states[key, "tier"].state == "settled") is not is_for_all

    line.org.switches.change({"validation_rules": []})
    if is_for_all:
        # As the sentence says: `arpent fields ensure` mends it.
        provision.run(line.crm, line.app.published().rulebook, dry_run=False)
    line.recover()


def test_a_duplicate_rule_that_warns_keeps_no_tag_away(line: SalesforceLine) -> None:
    """People see its warning and go on; so does a write that says so."""
    rule = {"object": "Account", "field": "OwnerId"}
    line.org.switches.change({"duplicate_rules": [rule]})
    line.work()

    assert line.cycle() == {}
    line.org.switches.change({"duplicate_rules": []})
    line.check()
