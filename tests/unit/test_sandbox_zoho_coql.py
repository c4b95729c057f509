"""The emulated Zoho CRM's query language: its grammar, its limits, what its rows look like."""

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.sandbox_zoho_caller import Caller, question


@pytest.fixture(scope="module")
def zoho() -> Caller:
    """An organisation that no query changes."""
    made = Caller()
    roc = made.insert("Accounts", Account_Name="Roc", Employees=5, Annual_Revenue=10.5)
    ea = made.insert("Accounts", Account_Name="Éa d'Or", Employees=50, Website="ea.example")
    made.insert("Accounts", Account_Name="Sans rien")
    for name, amount, account, stage in (
        ("Scie", 100, roc, "Qualification"),
        ("Rabot", 200, ea, "Closed Won"),
        ("Gouge", 300, ea, "Closed Won"),
    ):
        made.insert("Deals", Deal_Name=name, Amount=amount, Stage=stage,
                    Account_Name={"id": account}, Closing_Date="2026-12-01")  # fmt: skip
    made.insert("Tasks", Subject="T", What_Id={"id": ea}, **{"$se_module": "Accounts"})
    return made


# A condition on accounts and the names that it finds.
@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("Employees = 5", ["Roc"]),
        ("Employees = '5'", ["Roc"]),
        ("Employees != 5", ["Éa d'Or"]),
        ("Employees <> 5", ["Éa d'Or"]),
        ("Employees >= 5", ["Roc", "Éa d'Or"]),
        ("Employees is null", ["Sans rien"]),
        ("Employees is not null and Website is null", ["Roc"]),
        ("Employees between 1 and 10", ["Roc"]),
        ("Employees not between 1 and 10", ["Éa d'Or"]),
        ("Employees in (5, 6)", ["Roc"]),
        ("Employees not in (5, 6)", ["Éa d'Or"]),
        ("Account_Name = 'ROC'", ["Roc"]),
        ("Account_Name = 'Éa d''Or'", ["Éa d'Or"]),
        ('Account_Name = "Éa d\'Or"', ["Éa d'Or"]),
        ("Account_Name like 'Ro%'", ["Roc"]),
        ("Account_Name like '%r%'", ["Roc", "Éa d'Or", "Sans rien"]),
        ("Account_Name like '%rien'", ["Sans rien"]),
        ("Account_Name not like '%rien'", ["Roc", "Éa d'Or"]),
        ("((Employees = 5 or Employees = 50) and Annual_Revenue > 10)", ["Roc"]),
        ("Modified_Time >= '2026-11-23T13:00:00+00:00'", ["Roc", "Éa d'Or", "Sans rien"]),
        ("Modified_Time > '2026-11-24T08:00:00-05:00'", []),
        ("Owner.email = 'integration@arpent.example'", ["Roc", "Éa d'Or", "Sans rien"]),
        ("'Account_Name' = 'Roc'", ["Roc"]),
    ],
)
def test_conditions_find_what_they_say(zoho: Caller, condition: str, names: list[str]) -> None:
    rows = zoho.find("Account_Name", "Accounts", condition)
    assert [row["Account_Name"] for row in rows] == names


# A query that is refused: the code, and a detail of it.
@pytest.mark.parametrize(
    ("text", "code", "detail"),
    [
        ("select id from Accounts", "SYNTAX_ERROR", ("clause", "where")),
        ("update Accounts", "SYNTAX_ERROR", ("clause", "select")),
        ("select id where id is not null", "SYNTAX_ERROR", ("clause", "from")),
        ("select id from Accounts where", "SYNTAX_ERROR", ("near", "")),
        ("select id from Accounts where id = 1 and id = 2 and id = 3", "SYNTAX_ERROR",
         ("near", "and")),
        ("select id from Accounts where (id = 1", "SYNTAX_ERROR", ("near", "")),
        ("select External from Accounts where id = 1", "SYNTAX_ERROR", ("near", "External")),
        ("select id from Accounts where id = 1 ; drop", "SYNTAX_ERROR", ("column", 38)),
        ("select id from Accounts where id = 1 limit x", "SYNTAX_ERROR", ("clause", "limit")),
        ("select id from Accounts where id = 1 limit 2001", "INVALID_QUERY", ("limit", 2000)),
        ("select id from Accounts where id = 1 limit 200 offset 99900", "INVALID_QUERY",
         ("offset", 100_000)),
        ("select Nope from Accounts where id = 1", "INVALID_QUERY", ("column_name", "Nope")),
        ("select id from Accounts where Nope = 1", "INVALID_QUERY", ("column_name", "Nope")),
        ("select id from Accounts where account_name = 'x'", "INVALID_QUERY",
         ("column_name", "account_name")),
        ("select Phone.Nope from Accounts where id = 1", "INVALID_QUERY",
         ("column_name", "Phone.Nope")),
        ("select id from Nope where id = 1", "INVALID_QUERY", ("module", "Nope")),
        ("select id from Notes where id = 1", "INVALID_QUERY", ("module", "Notes")),
        ("select id from Accounts where Description = 'x'", "INVALID_QUERY",
         ("data_type", "textarea")),
        ("select id from Accounts where Employees = 'many'", "INVALID_QUERY",
         ("expected_data_type", "integer")),
        ("select id from Accounts where Phone = 5", "INVALID_QUERY", ("column_name", "Phone")),
        ("select id from Accounts where Modified_Time > '2026-11-24'", "INVALID_QUERY",
         ("expected_data_type", "datetime")),
        ("select id from Accounts where Account_Name like 'Roc'", "INVALID_QUERY",
         ("column_name", "Account_Name")),
        ("select id from Accounts where id = 1 order by id, id", "DUPLICATE_DATA",
         ("column_name", "id")),
        ("select Employees, COUNT(id) from Accounts where id = 1", "SYNTAX_ERROR",
         ("clause", "group by")),
        ("select SUM(Phone) from Accounts where id is not null", "INVALID_QUERY",
         ("data_type", "phone")),
    ],
)  # fmt: skip
def test_wrong_queries_are_refused(
    zoho: Caller, text: str, code: str, detail: tuple[str, object]
) -> None:
    answer = zoho.coql(text)
    assert (answer.status, answer.code) == (400, code)
    assert answer.json["details"][detail[0]] == detail[1]


def test_clauses_have_their_most(zoho: Caller) -> None:
    columns = ", ".join(["Phone"] * 51)
    values = ", ".join(str(number) for number in range(51))
    orders = ", ".join(f"F{number}" for number in range(11))
    criteria = "id = 1"
    for number in range(2, 27):
        criteria = f"({criteria} or id = {number})"
    for text, clause, limit in (
        (question(columns, "Accounts", "id = 1"), "select", 50),
        (question("id", "Accounts", f"id in ({values})"), "in", 50),
        (question("id", "Accounts", criteria), "where", 25),
        (question("id", "Accounts", "id = 1", f"order by {orders}"), "order by", 10),
    ):  # fmt: skip
        answer = zoho.coql(text)
        assert (answer.status, answer.code) == (400, "LIMIT_EXCEEDED")
        assert answer.json["details"] == {"clause": clause, "limit": limit}


def test_rows_have_the_columns_that_were_asked_for(zoho: Caller) -> None:
    text = (
        "select Deal_Name, Account_Name, Account_Name.Account_Name, Account_Name.id, Owner, "
        "Account_Name.Owner.email as mail, Next_Step from Deals where Deal_Name = 'Scie'"
    )
    [row] = zoho.rows(text)
    account = row["Account_Name"]
    assert set(account) == {"name", "id"}
    assert row["Account_Name.Account_Name"] == account["name"] == "Roc"
    assert row["Account_Name.id"] == account["id"]
    assert set(row["Owner"]) == {"name", "id"}
    assert (row["mail"], row["Next_Step"]) == ("integration@arpent.example", None)
    assert row["id"].isdecimal()


def test_rows_are_found_through_look_ups(zoho: Caller) -> None:
    by_name = "select Deal_Name from Deals where Account_Name.Employees = 5"
    assert [row["Deal_Name"] for row in zoho.rows(by_name)] == ["Scie"]
    [account] = zoho.rows("select id from Accounts where Account_Name = 'Roc'")
    for path in ("Account_Name", "Account_Name.id"):
        found = zoho.find("Deal_Name", "Deals", f"{path} = '{account['id']}'")
        assert [row["Deal_Name"] for row in found] == ["Scie"]
    task = "select '$se_module', What_Id, What_Id->Accounts.Employees from Tasks where {}"
    [row] = zoho.rows(task.format("'$se_module' = 'Accounts'"))
    assert (row["$se_module"], row["What_Id->Accounts.Employees"]) == ("Accounts", 50)
    assert zoho.coql("select What_Id.Employees from Tasks where id = 1").code == "INVALID_QUERY"


def names(zoho: Caller, rest: str) -> list[Any]:
    rows = zoho.find("Account_Name", "Accounts", "id is not null", rest)
    return [row["Account_Name"] for row in rows]


def test_rows_are_ordered_and_cut(zoho: Caller) -> None:
    assert names(zoho, "") == ["Roc", "Éa d'Or", "Sans rien"]
    assert names(zoho, "order by Employees") == ["Sans rien", "Roc", "Éa d'Or"]
    assert names(zoho, "order by Employees desc") == ["Éa d'Or", "Roc", "Sans rien"]
    assert names(zoho, "order by Modified_Time, id desc") == ["Sans rien", "Éa d'Or", "Roc"]
    assert names(zoho, "limit 1 offset 1") == ["Éa d'Or"]
    assert names(zoho, "limit 1, 1") == ["Éa d'Or"]
    answer = zoho.coql("select id from Accounts where id is not null limit 2")
    assert answer.json["info"] == {"count": 2, "more_records": True}
    assert zoho.coql("select id from Accounts where id = 1").status == 204


def test_ids_are_compared_as_numbers(zoho: Caller) -> None:
    ids = [row["id"] for row in zoho.rows("select id from Accounts where id is not null")]
    after = zoho.find("id", "Accounts", f"id > '{ids[0]}'", "order by id limit 2000")
    assert [row["id"] for row in after] == ids[1:]
    bare = zoho.find("id", "Accounts", f"id > {ids[1]}")
    assert [row["id"] for row in bare] == ids[2:]


def test_groups_are_counted_and_summed(zoho: Caller) -> None:
    text = (
        "select Stage, COUNT(id) as n, SUM(Amount), MAX(Amount), AVG(Amount), MIN(Closing_Date) "
        "from Deals where id is not null group by Stage"
    )
    rows = {row["Stage"]: row for row in zoho.rows(text)}
    won = rows["Closed Won"]
    assert (won["n"], won["SUM(Amount)"], won["MAX(Amount)"], won["AVG(Amount)"]) == (
        2, 500, 300, 250,
    )  # fmt: skip
    assert won["MIN(Closing_Date)"] == "2026-12-01"


def test_a_query_costs_by_its_limit() -> None:
    zoho = Caller()
    for limit, cost in ((200, 1), (201, 2), (1000, 2), (1001, 3), (2000, 3)):
        before = zoho.sandbox.statistics()["creditsUsed"]
        zoho.coql(question("id", "Accounts", "id is not null", f"limit {limit}"))
        assert zoho.sandbox.statistics()["creditsUsed"] - before == cost


def test_a_window_of_time_finds_what_changed() -> None:
    zoho = Caller()
    first, second = (zoho.insert("Accounts", Account_Name=name) for name in "AB")
    zoho.sandbox.clock.advance(timedelta(minutes=5))
    zoho.sandbox.act("edit", id=first, values={"Phone": "1"})
    since = "2026-11-23T08:05:00-05:00"
    rows = zoho.find("id", "Accounts", f"Modified_Time >= '{since}'")
    assert [row["id"] for row in rows] == [first]
    rows = zoho.find("id", "Accounts", f"Modified_Time < '{since}'")
    assert [row["id"] for row in rows] == [second]


def test_a_body_that_is_no_query_is_refused(zoho: Caller) -> None:
    assert zoho.post("coql", {"query": "select"}).code == "INVALID_DATA"
    assert zoho.post("coql", {"select_query": "x", "more": 1}).code == "INVALID_DATA"
    assert zoho.get("coql").code == "INVALID_REQUEST_METHOD"
