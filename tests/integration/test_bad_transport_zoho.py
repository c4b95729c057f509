"""Whatever goes wrong on the way loses nothing: cycles against a Zoho that fails in every way.

A fault hits reads, writes and tasks once, then, for some, everything as long as it lasts; then it
is over. In the end the mirror equals the CRM, what was owed is written, and no task is there twice.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.sandbox.zoho import SANDBOX_CLIENT_SECRET
from service import provision
from tests.integration.bad_transport import Trouble, endure
from tests.integration.bad_transport_zoho import TROUBLES
from tests.integration.line import TIERS, Line, lines_of
from tests.integration.line_zoho import ZohoLine, settled_line

PLACES = (
    {"method": "POST", "path": "/coql$"},
    {"method": "PUT", "path": "/Accounts$"},
    {"method": "POST", "path": "/Tasks$"},
)


@pytest.fixture(scope="module")
def settled(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZohoLine]:
    with settled_line(sqlite_template, tmp_path_factory.mktemp("line")) as line:
        yield line


@pytest.fixture
def line(settled: ZohoLine) -> Iterator[Line]:
    yield from lines_of(settled)


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_nothing_is_lost_on_the_way(
    line: ZohoLine, trouble: Trouble, capsys: pytest.CaptureFixture[str]
) -> None:
    endure(line, trouble, PLACES, "/crm/v8/")
    written = "".join(capsys.readouterr())
    assert SANDBOX_CLIENT_SECRET not in written
    assert "Traceback" not in written


# What an administrator forbids.


def validate(line: ZohoLine, key: str) -> None:
    name = line.sandbox.values_of(key)["Account_Name"]
    rule = {
        "module": "Accounts",
        "field": "Account_Name",
        "condition": f"Account_Name = '{name}'",
        "message": "Le code postal est obligatoire",
    }
    line.sandbox.switches.change({"validation_rules": [rule]})


def remove_options(line: ZohoLine, _: str) -> None:
    tier = line.sandbox.org.modules["Accounts"].fields["Arpent_Tier"]
    tier.choices = [each for each in tier.choices if each.actual not in TIERS.values()]
    # As some seconds later: what was read just before a write is taken for true.
    line.crm._schemas.changed("Accounts")


FORBIDDEN: dict[str, tuple[Callable[[ZohoLine, str], None], str, bool]] = {
    "a validation rule": (validate, "Le code postal est obligatoire", False),
    "options that are gone": (remove_options, "Arpent_Tier", True),
}


@pytest.mark.parametrize("forbidden", FORBIDDEN)
def test_what_an_administrator_forbids_is_told_and_the_rest_is_written(
    line: ZohoLine, forbidden: str
) -> None:
    forbid, words, is_for_all = FORBIDDEN[forbidden]
    first, *others = line.accounts
    line.work()
    forbid(line, first)

    line.cycle()

    names = {row.id: row.external_id for row in line.rows("account")}
    states = {(names[row.account_id], row.field): row for row in line.rows("outbox")}
    refused = states[first, "tier"]
    assert refused.state in {"owed", "rejected"}
    assert words in refused.reason
    assert "relancez" in refused.reason or "arpent fields ensure" in refused.reason
    for key in others:
        assert (states[key, "tier"].state == "settled") is not is_for_all

    line.sandbox.switches.change({"validation_rules": []})
    if is_for_all:
        # As the sentence says: `arpent fields ensure` mends it.
        provision.run(line.crm, line.app.published().rulebook, dry_run=False)
    line.recover()
