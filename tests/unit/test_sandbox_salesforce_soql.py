"""SOQL in the emulated org: what is refused and with which code, and that answers are right.

The random queries are checked against plain Python over plain dictionaries, written from the
SOQL reference alone.
"""

import random
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from connectors.sandbox.salesforce import SANDBOX_USERNAME, SalesforceSandbox
from connectors.sandbox.salesforce.errors import SalesforceError
from connectors.sandbox.salesforce.soql_dates import span_of
from connectors.sandbox.salesforce.soql_query import answered, printed_rows

NOW = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
ID = "001000000000001AAA"
BAD = [
    # (text, errorCode, a part of the message)
    ("SELEC Id FROM Account", "MALFORMED_QUERY", "unexpected token: 'SELEC'"),
    ("SELECT", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
    ("SELECT FROM Account", "MALFORMED_QUERY", "unexpected token: 'FROM'"),
    ("SELECT * FROM Account", "MALFORMED_QUERY", "unexpected token: '*'"),
    ("SELECT Id Name FROM Account", "MALFORMED_QUERY", "unexpected token: 'Name'"),
    ("SELECT Id, FROM Account", "MALFORMED_QUERY", "unexpected token: 'FROM'"),
    ("SELECT Id FROM", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
    ("SELECT Id FROM Account a", "MALFORMED_QUERY", "unexpected token: 'a'"),
    ("SELECT Id FROM Account;", "MALFORMED_QUERY", "character ';'"),
    ("SELECT Id FROM Account WHERE", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
    ("SELECT Id FROM Account WHERE Name", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
    ("SELECT Id FROM Account WHERE Name =", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
    ("SELECT Id FROM Account WHERE Name == 'a'", "MALFORMED_QUERY", "unexpected token: '='"),
    ("SELECT Id FROM Account WHERE Name = 'a", "MALFORMED_QUERY", "mismatched character"),
    ('SELECT Id FROM Account WHERE Name = "a"', "MALFORMED_QUERY", "no viable alternative"),
    ("SELECT Id FROM Account WHERE Name = 'O'Brien'", "MALFORMED_QUERY", ""),
    (r"SELECT Id FROM Account WHERE Name = 'a\q'", "MALFORMED_QUERY", "Illegal character"),
    ("SELECT Id FROM Account WHERE Name = :name", "MALFORMED_QUERY", "unexpected token: ':'"),
    ("SELECT Id FROM Account WHERE (Name = 'a'", "MALFORMED_QUERY", "'<EOF>'"),
    ("SELECT Id FROM Account WHERE Name = 'a')", "MALFORMED_QUERY", "unexpected token: ')'"),
    ("SELECT Id FROM Account WHERE Name = 'a' AND", "MALFORMED_QUERY", "'<EOF>'"),
    ("SELECT Id FROM Account WHERE Name='a' AND Name='b' OR Name='c'", "MALFORMED_QUERY", "'OR'"),
    ("SELECT Id FROM Account WHERE Name='a' OR Name='b' AND Name='c'", "MALFORMED_QUERY", "'AND'"),
    ("SELECT Id FROM Account WHERE Name='a' AND NOT Name='b'", "MALFORMED_QUERY", "'NOT'"),
    ("SELECT Id FROM Account WHERE NOT Name='a' AND Name='b'", "MALFORMED_QUERY", "'AND'"),
    ("SELECT Id FROM Account WHERE Name IN ()", "MALFORMED_QUERY", "unexpected token: ')'"),
    ("SELECT Id FROM Account WHERE Name IN ('a',)", "MALFORMED_QUERY", "unexpected token: ')'"),
    ("SELECT Id FROM Account WHERE Name IN 'a'", "MALFORMED_QUERY", ""),
    ("SELECT Id FROM Account WHERE Name NOT LIKE 'a%'", "MALFORMED_QUERY", "'LIKE'"),
    ("SELECT Id FROM Account WHERE Name IS NULL", "MALFORMED_QUERY", "unexpected token: 'IS'"),
    ("SELECT Id FROM Account WHERE Name BETWEEN 1 AND 2", "MALFORMED_QUERY", "'BETWEEN'"),
    ("SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contact)", "MALFORMED_QUERY", ""),
    ("SELECT Id FROM Account ORDER Name", "MALFORMED_QUERY", "unexpected token: 'Name'"),
    ("SELECT Id FROM Account ORDER BY", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
    ("SELECT Id FROM Account ORDER BY Name DOWN", "MALFORMED_QUERY", "unexpected token: 'DOWN'"),
    ("SELECT Id FROM Account ORDER BY Name NULLS", "MALFORMED_QUERY", "'<EOF>'"),
    ("SELECT Id FROM Account ORDER BY Description", "MALFORMED_QUERY", "can not be sorted"),
    ("SELECT Id FROM Account LIMIT", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
    ("SELECT Id FROM Account LIMIT -1", "MALFORMED_QUERY", "unexpected token: '-1'"),
    ("SELECT Id FROM Account LIMIT 1.5", "MALFORMED_QUERY", "unexpected token: '1.5'"),
    ("SELECT Id FROM Account LIMIT ten", "MALFORMED_QUERY", "unexpected token: 'ten'"),
    ("SELECT Id FROM Account OFFSET 1 LIMIT 2", "MALFORMED_QUERY", "unexpected token: 'LIMIT'"),
    ("SELECT Id FROM Account LIMIT 1 WHERE Name='a'", "MALFORMED_QUERY", "'WHERE'"),
    ("SELECT Id FROM Account OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "2000"),
    ("SELECT Id FROM Account GROUP BY ROLLUP(Id)", "MALFORMED_QUERY", "unexpected token: '('"),
    ("SELECT Id FROM Account WITH SECURITY_ENFORCED", "MALFORMED_QUERY", "'WITH'"),
    ("SELECT Id FROM Account FOR UPDATE", "MALFORMED_QUERY", "unexpected token: 'FOR'"),
    ("SELECT Id FROM Account ALL ROWS", "MALFORMED_QUERY", "unexpected token: 'ALL'"),
    ("SELECT Id FROM Account USING SCOPE mine", "MALFORMED_QUERY", "'USING'"),
    ("SELECT COUNT(), Id FROM Account", "MALFORMED_QUERY", "unexpected token: ','"),
    ("SELECT COUNT() FROM Account ORDER BY Name", "MALFORMED_QUERY", "grouped or aggregated"),
    ("SELECT FIELDS(ALL) FROM Account LIMIT 200", "MALFORMED_QUERY", "unexpected token: '('"),
    ("SELECT toLabel(Type) FROM Account", "MALFORMED_QUERY", "unexpected token: '('"),
    ("SELECT Id, (SELECT Id FROM Contact) FROM Account", "INVALID_TYPE", "relationship 'Contact'"),
    ("SELECT Id FROM Account, Contact", "MALFORMED_QUERY", "unexpected token: ','"),
    ("SELECT Id FROM Foo", "INVALID_TYPE", "sObject type 'Foo' is not supported"),
    ("SELECT Id FROM Name", "INVALID_TYPE", "sObject type 'Name' is not supported"),
    ("SELECT Id FROM Account.Owner", "MALFORMED_QUERY", "unexpected token"),
    ("SELECT Foo FROM Account", "INVALID_FIELD", "No such column 'Foo' on entity 'Account'"),
    ("SELECT Foo__c FROM Account", "INVALID_FIELD", "No such column 'Foo__c'"),
    ("SELECT Id, id FROM Account", "INVALID_FIELD", "duplicate field selected: Id"),
    ("SELECT Foo.Name FROM Account", "INVALID_FIELD", "Didn't understand relationship 'Foo'"),
    ("SELECT Owner.Foo FROM Account", "INVALID_FIELD", "No such column 'Foo' on entity 'User'"),
    ("SELECT CurrencyIsoCode FROM Account", "INVALID_FIELD", "No such column 'CurrencyIsoCode'"),
    ("SELECT What.Amount FROM Task", "INVALID_FIELD", "No such column 'Amount' on entity 'Name'"),
    ("SELECT Id FROM Account WHERE Foo = 'a'", "INVALID_FIELD", "No such column 'Foo'"),
    ("SELECT Id FROM Account ORDER BY Foo", "INVALID_FIELD", "No such column 'Foo'"),
    ("SELECT Id FROM Account WHERE Name = 5", "INVALID_FIELD", "should be enclosed in quotes"),
    ("SELECT Id FROM Account WHERE Name = TODAY", "INVALID_FIELD", "must be of type string"),
    ("SELECT Id FROM Account WHERE AnnualRevenue = '5'", "INVALID_FIELD", "not be enclosed"),
    ("SELECT Id FROM Account WHERE IsDeleted = 'true'", "INVALID_FIELD", "of type boolean"),
    ("SELECT Id FROM Account WHERE IsDeleted > true", "INVALID_QUERY_FILTER_OPERATOR", ""),
    ("SELECT Id FROM Account WHERE CreatedDate > '2026-01-01'", "INVALID_FIELD", "dateTime"),
    ("SELECT Id FROM Account WHERE CreatedDate > 2026-01-01", "INVALID_FIELD", "dateTime"),
    ("SELECT Id FROM Opportunity WHERE CloseDate > 2026-01-01T00:00:00Z", "INVALID_FIELD", "date"),
    ("SELECT Id FROM Account WHERE CreatedDate > 2026-01-01T00:00:00", "MALFORMED_QUERY", ""),
    ("SELECT Id FROM Account WHERE CreatedDate > 2026-13-01T00:00:00Z", "MALFORMED_QUERY", ""),
    ("SELECT Id FROM Opportunity WHERE CloseDate > 2026-02-30", "MALFORMED_QUERY", "Invalid date"),
    ("SELECT Id FROM Account WHERE CreatedDate = LAST_N_DAYS", "INVALID_FIELD", "dateTime"),
    ("SELECT Id FROM Account WHERE CreatedDate = SOMEDAY", "INVALID_FIELD", "dateTime"),
    ("SELECT Id FROM Account WHERE CreatedDate IN (TODAY)", "MALFORMED_QUERY", "'TODAY'"),
    ("SELECT Id FROM Account WHERE Id LIKE '001%'", "INVALID_QUERY_FILTER_OPERATOR", "on id field"),
    ("SELECT Id FROM Account WHERE Id = 'abc'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID"),
    ("SELECT Id FROM Account WHERE AnnualRevenue LIKE '5%'", "INVALID_QUERY_FILTER_OPERATOR", ""),
    ("SELECT Id FROM Account WHERE Description = 'a'", "INVALID_FIELD", "can not be filtered"),
    ("SELECT Id FROM Account WHERE BillingAddress = 'a'", "INVALID_FIELD", "can not be filtered"),
    ("", "MALFORMED_QUERY", "<EOF>"),
    ("SELECT Id FROM Account WHERE Name = '" + "x" * 4001 + "'", "MALFORMED_QUERY", "4000"),
    ("SELECT Id FROM Account WHERE Name = '" + "x" * 100_000, "MALFORMED_QUERY", "100000"),
]  # fmt: skip


@pytest.fixture(scope="module")
def sandbox() -> SalesforceSandbox:
    made = SalesforceSandbox(now=NOW)
    chance = random.Random(7)  # noqa: S311 - the same org each time, not a secret
    owners = [str(made.act("create_user", username=f"r{number}@arpent.example", first_name="R",
                           last_name=f"Ré{number}")["id"]) for number in range(3)]  # fmt: skip
    for number in range(120):
        values: dict[str, Any] = {"Name": chance.choice(["Érable", "erable", "Z", "a_b", "A%"]) + (
            str(number % 7))}  # fmt: skip
        if chance.random() < 0.7:
            values["AnnualRevenue"] = float(chance.randrange(5))
        if chance.random() < 0.7:
            values["Industry"] = chance.choice(["Banking", "Retail", "Other"])
        values["OwnerId"] = chance.choice(owners)
        made.create("Account", **values)
    return made


def run(sandbox: SalesforceSandbox, text: str) -> list[dict[str, Any]]:
    user = sandbox.user_id(SANDBOX_USERNAME)
    answer = answered(sandbox.org, user, text, with_deleted=False)
    return printed_rows(sandbox.org, answer, answer.rows, "/services/data/v68.0")


@pytest.mark.parametrize(("text", "code", "words"), BAD)
def test_what_is_unknown_is_refused_by_name(
    sandbox: SalesforceSandbox, text: str, code: str, words: str
) -> None:
    with pytest.raises(SalesforceError) as caught:
        run(sandbox, text)
    assert caught.value.code == code
    assert words in caught.value.message


def test_there_are_enough_bad_texts() -> None:
    assert len({text for text, _, _ in BAD}) >= 60


def test_a_refusal_points_at_its_row_and_column(sandbox: SalesforceSandbox) -> None:
    with pytest.raises(SalesforceError) as caught:
        run(sandbox, "SELECT Id,\n  Foo FROM Account")
    assert caught.value.message.startswith(
        "\n  Foo FROM Account\n  ^\nERROR at Row:2:Column:3\nNo such column 'Foo' on entity"
    )


def test_names_are_found_in_any_case_and_shown_in_their_own(sandbox: SalesforceSandbox) -> None:
    row = run(sandbox, "select ID, oWNER.nAME from ACCOUNT limit 1")[0]
    assert set(row) == {"attributes", "Id", "Owner"}
    assert set(row["Owner"]) == {"attributes", "Name"}
    assert row["attributes"]["url"] == f"/services/data/v68.0/sobjects/Account/{row['Id']}"


def test_an_id_is_found_by_either_form(sandbox: SalesforceSandbox) -> None:
    whole = run(sandbox, "SELECT Id FROM Account LIMIT 1")[0]["Id"]
    for text in (whole, whole[:15]):
        query = "SELECT Id FROM Account WHERE Id = "
        assert [row["Id"] for row in run(sandbox, f"{query}'{text}'")] == [whole]


def test_a_keyset_reads_every_row_once(sandbox: SalesforceSandbox) -> None:
    wanted = [row["Id"] for row in run(sandbox, "SELECT Id FROM Account ORDER BY Id")]
    found: list[str] = []
    last = "000000000000000"
    query = "SELECT Id FROM Account WHERE Id > "
    while rows := run(sandbox, f"{query}'{last}' ORDER BY Id LIMIT 17"):
        found += [row["Id"] for row in rows]
        last = found[-1]
    assert found == wanted
    assert len(set(found)) == 120


# A condition in SOQL, and the same in Python over the record as the API shows it.
Condition = tuple[str, Callable[[dict[str, Any]], bool]]


def _like(pattern: str, text: str) -> bool:
    regular = "".join({"%": ".*", "_": "."}.get(sign, re.escape(sign)) for sign in pattern)
    return re.fullmatch(regular, text, re.IGNORECASE | re.DOTALL) is not None


def _number(chance: random.Random) -> Condition:
    value, sign = chance.randrange(5), chance.choice(["=", "!=", "<", "<=", ">", ">="])
    tests: dict[str, Callable[[float | None], bool]] = {
        "=": lambda found: found == value,
        "!=": lambda found: found != value,
        "<": lambda found: found is not None and found < value,
        "<=": lambda found: found is not None and found <= value,
        ">": lambda found: found is not None and found > value,
        ">=": lambda found: found is not None and found >= value,
    }
    return f"AnnualRevenue {sign} {value}", lambda row: tests[sign](row["AnnualRevenue"])


def _choice(chance: random.Random) -> Condition:
    wanted = chance.sample(["banking", "RETAIL", "Other", "None"], chance.randrange(1, 4))
    lowered = {text.lower() for text in wanted}
    shown = ", ".join(f"'{text}'" for text in wanted)
    if chance.random() < 0.5:
        return f"Industry IN ({shown})", lambda row: (row["Industry"] or "").lower() in lowered
    return f"Industry NOT IN ({shown})", lambda row: (row["Industry"] or "").lower() not in lowered


def _text(chance: random.Random) -> Condition:
    if chance.random() < 0.3:
        return "Industry = null", lambda row: row["Industry"] is None
    if chance.random() < 0.3:
        return "Industry != ''", lambda row: row["Industry"] is not None
    if chance.random() < 0.3:
        return "Owner.Name LIKE '%ré1'", lambda row: _like("%ré1", row["Owner"]["Name"])
    pattern = chance.choice(["É%", "%3", "_rable%", "a%", "%b_"])
    return f"Name LIKE '{pattern}'", lambda row: _like(pattern, row["Name"])


def _condition(chance: random.Random, depth: int) -> Condition:
    if depth == 0 or chance.random() < 0.3:
        return chance.choice([_number, _choice, _text])(chance)
    joint = chance.choice(["AND", "OR", "NOT"])
    text, test = _condition(chance, depth - 1)
    if joint == "NOT":
        return f"NOT ({text})", lambda row: not test(row)
    parts = [(text, test), *(_condition(chance, depth - 1) for _ in range(chance.randrange(1, 3)))]
    joined = f" {joint} ".join(f"({part})" for part, _ in parts)
    decide = all if joint == "AND" else any
    return joined, lambda row: decide(one(row) for _, one in parts)


@pytest.mark.parametrize("seed", range(60))
def test_random_conditions_agree_with_plain_python(sandbox: SalesforceSandbox, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a reproducible query, not a secret
    fields = "SELECT Id, Name, AnnualRevenue, Industry, Owner.Name FROM Account"
    every = run(sandbox, fields)
    for _ in range(5):
        text, test = _condition(chance, 3)
        found = {row["Id"] for row in run(sandbox, f"{fields} WHERE {text}")}
        assert found == {row["Id"] for row in every if test(row)}, text


@pytest.mark.parametrize("way", ["ASC", "DESC"])
@pytest.mark.parametrize("nulls", ["FIRST", "LAST"])
def test_an_order_puts_nulls_where_it_is_told(
    sandbox: SalesforceSandbox, way: str, nulls: str
) -> None:
    query = "SELECT AnnualRevenue FROM Account ORDER BY AnnualRevenue"
    text = f"{query} {way} NULLS {nulls}, Id"
    found = [row["AnnualRevenue"] for row in run(sandbox, text)]
    filled = sorted((one for one in found if one is not None), reverse=way == "DESC")
    empty = [one for one in found if one is None]
    assert found == (empty + filled if nulls == "FIRST" else filled + empty)
    assert empty


def test_limit_and_offset_cut_a_window(sandbox: SalesforceSandbox) -> None:
    every = run(sandbox, "SELECT Id FROM Account ORDER BY Name, Id")
    assert (
        run(sandbox, "SELECT Id FROM Account ORDER BY Name, Id LIMIT 9 OFFSET 30") == every[30:39]
    )
    assert run(sandbox, "SELECT Id FROM Account ORDER BY Name, Id LIMIT 0") == []


@pytest.mark.parametrize(
    ("word", "first", "last"),
    [
        # The present is Wednesday 25 November 2026; the fiscal year starts in April.
        ("TODAY", date(2026, 11, 25), date(2026, 11, 25)),
        ("YESTERDAY", date(2026, 11, 24), date(2026, 11, 24)),
        ("TOMORROW", date(2026, 11, 26), date(2026, 11, 26)),
        ("THIS_WEEK", date(2026, 11, 22), date(2026, 11, 28)),
        ("LAST_WEEK", date(2026, 11, 15), date(2026, 11, 21)),
        ("NEXT_WEEK", date(2026, 11, 29), date(2026, 12, 5)),
        ("THIS_MONTH", date(2026, 11, 1), date(2026, 11, 30)),
        ("LAST_MONTH", date(2026, 10, 1), date(2026, 10, 31)),
        ("NEXT_MONTH", date(2026, 12, 1), date(2026, 12, 31)),
        ("THIS_QUARTER", date(2026, 10, 1), date(2026, 12, 31)),
        ("NEXT_QUARTER", date(2027, 1, 1), date(2027, 3, 31)),
        ("THIS_YEAR", date(2026, 1, 1), date(2026, 12, 31)),
        ("LAST_YEAR", date(2025, 1, 1), date(2025, 12, 31)),
        ("THIS_FISCAL_YEAR", date(2026, 4, 1), date(2027, 3, 31)),
        ("LAST_FISCAL_YEAR", date(2025, 4, 1), date(2026, 3, 31)),
        ("THIS_FISCAL_QUARTER", date(2026, 10, 1), date(2026, 12, 31)),
        ("LAST_90_DAYS", date(2026, 8, 27), date(2026, 11, 25)),
        ("LAST_N_DAYS:3", date(2026, 11, 22), date(2026, 11, 25)),
        ("NEXT_N_DAYS:3", date(2026, 11, 26), date(2026, 11, 28)),
        ("LAST_N_WEEKS:2", date(2026, 11, 8), date(2026, 11, 21)),
        ("LAST_N_MONTHS:2", date(2026, 9, 1), date(2026, 10, 31)),
        ("NEXT_N_MONTHS:2", date(2026, 12, 1), date(2027, 1, 31)),
        ("LAST_N_QUARTERS:1", date(2026, 7, 1), date(2026, 9, 30)),
        ("N_DAYS_AGO:5", date(2026, 11, 20), date(2026, 11, 20)),
        ("N_MONTHS_AGO:1", date(2026, 10, 1), date(2026, 10, 31)),
        ("last_n_fiscal_years:1", date(2025, 4, 1), date(2026, 3, 31)),
    ],
)
def test_a_relative_date_covers_its_days(word: str, first: date, last: date) -> None:
    assert span_of(word, date(2026, 11, 25), 4) == (first, last + timedelta(days=1))


def test_days_begin_in_the_zone_of_the_org(sandbox: SalesforceSandbox) -> None:
    # 15:00 in Greenwich is 10:00 in Toronto, whose day began at 05:00 in Greenwich.
    assert len(run(sandbox, "SELECT Id FROM Account WHERE CreatedDate = TODAY")) == 120
    text = "SELECT Id FROM Account WHERE CreatedDate >= 2026-11-25T10:00:00-05:00"
    assert len(run(sandbox, text)) == 120
    assert run(sandbox, "SELECT Id FROM Account WHERE CreatedDate < TODAY") == []
