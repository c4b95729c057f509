"""A grammar of SOQL that nobody here wrote judges the queries of the connector and of the tests.

It is `@jetstreamapp/soql-parser-js`, which needs Node; `npm ci` in `tests/oracles` installs it.
"""

import ast
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import orjson
import pytest

from connectors.sandbox.salesforce import SANDBOX_USERNAME
from connectors.sandbox.salesforce.errors import SalesforceError
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.salesforce.soql_query import answered
from tests.unit.salesforce_caller import called
from tests.unit.test_salesforce_soql import every_text

FOLDER = Path(__file__).parents[1] / "oracles"
GRAMMAR = FOLDER / "node_modules" / "@jetstreamapp" / "soql-parser-js"
TESTS = sorted(Path(__file__).parents[1].glob("*/test_sandbox_salesforce_*.py"))
SHORT_ID = re.compile(r"'(0[0-9A-Za-z]{10})'")
# Texts that neither grammar may take.
NONSENSE = (
    "SELECT",
    "SELECT Id",
    "SELECT Id, FROM Account",
    "SELECT Id FROM Account WHERE",
    "SELECT Id FROM Account WHERE Name = ",
    "SELECT Id FROM Account WHERE Name LIKE",
    "SELECT Id FROM Account WHERE Name = 'a",
    "SELECT Id FROM Account WHERE (Name = 'a'",
    "SELECT Id FROM Account WHERE Name IN ()",
    "SELECT Id FROM Account LIMIT ten",
    "SELECT Id FROM Account GROUP Name",
    "SELECT Id, (SELECT Id FROM Contacts FROM Account",
    "UPDATE Account SET Name = 'a'",
)


@pytest.fixture(scope="module")
def org() -> Org:
    return called().sandbox.org


@pytest.fixture(scope="module")
def verdicts(org: Org) -> Mapping[str, str | None]:
    """What the grammar says of each text: nothing, or why it is no query."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not on this machine, and the independent grammar needs it.")
    if not GRAMMAR.is_dir():
        pytest.skip("The independent grammar is not installed: run `npm ci` in tests/oracles.")
    texts = {*every_text().values(), *taken(org), *NONSENSE}
    done = subprocess.run(
        [node, "soql.mjs"],
        cwd=FOLDER,
        input=orjson.dumps({text: text for text in texts}),
        capture_output=True,
        check=True,
    )
    return dict(orjson.loads(done.stdout))


def constants(path: Path) -> set[str]:
    """Every whole query that a test writes down."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        entry.value
        for entry in ast.walk(tree)
        if isinstance(entry, ast.Constant)
        and isinstance(entry.value, str)
        and entry.value.upper().startswith("SELECT ")
    }


def taken(org: Org) -> set[str]:
    """The queries of the tests that a plain org takes."""
    return {text for path in TESTS for text in constants(path) if is_taken(org, text)}


def is_taken(org: Org, text: str) -> bool:
    """Whether an org takes a text, except perhaps for names that only other orgs know."""
    for is_tooling in (False, True):
        try:
            answered(org, "", text, with_deleted=True, is_tooling=is_tooling)
        except SalesforceError as error:
            if "No such column" in error.message:
                return True
        else:
            return True
    return False


def test_every_query_of_the_connector_is_soql(verdicts: Mapping[str, str | None]) -> None:
    texts = every_text()
    assert len(texts) > 20
    assert {name: verdicts[text] for name, text in texts.items() if verdicts[text]} == {}


def test_the_emulated_org_answers_every_query_of_the_connector() -> None:
    caller = called()
    caller.sandbox.act("set_currencies", rates={"USD": 0.7}, dated=[["USD", "2026-01-01", 0.7]])
    for name in ("arpent_tier__c", "arpent_alert_key__c"):
        for kind in ("Account", "Task"):
            caller.sandbox.act("create_field", object=kind, name=name, type="string")
    org, user = caller.sandbox.org, caller.sandbox.user_id(SANDBOX_USERNAME)
    refused: dict[str, list[str]] = {}
    for name, given in every_text().items():
        # The texts name records by ids that are too short to be any.
        text = SHORT_ID.sub(r"'\g<1>0000'", given)
        for is_tooling in (False, True):
            try:
                answered(org, user, text, with_deleted=True, is_tooling=is_tooling)
            except SalesforceError as error:
                refused.setdefault(name, []).append(error.message)
    assert {name: words for name, words in refused.items() if len(words) > 1} == {}


def test_every_query_that_the_emulated_org_takes_in_the_tests_is_soql(
    org: Org, verdicts: Mapping[str, str | None]
) -> None:
    texts = taken(org)
    assert len(texts) > 50
    assert {text: verdicts[text] for text in texts if verdicts[text]} == {}


def test_the_independent_grammar_refuses_nonsense(verdicts: Mapping[str, str | None]) -> None:
    assert [text for text in NONSENSE if not verdicts[text]] == []


def test_the_emulated_org_refuses_nonsense(org: Org) -> None:
    assert [text for text in NONSENSE if is_taken(org, text)] == []
