"""How streams are read: by keyset, in bulk, with what left and what belongs to each record."""

import io
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from connectors.base import Binding, Fatal, Page, Unanswered
from rules.records import Account, Activity, Contact, ContactRole, FieldType, Kind, Opportunity
from tests.unit.zoho_office import (
    Answer,
    Call,
    Json,
    Office,
    Script,
    column,
    connected,
    error,
    opened,
    rows,
)


@pytest.fixture
def office() -> Iterator[Office]:
    with opened(Office()) as found:
        yield found


def ids(pages: Sequence[Page]) -> list[str]:
    return [record.external_id for page in pages for record in page.records]


def account(key: int, stamp: str = "2026-11-20T10:00:00-05:00") -> Json:
    return {"id": str(key), "Account_Name": f"Compte {key}", "Modified_Time": stamp}


def pull(office: Office, kind: Kind = Kind.ACCOUNT, cursor: str | None = None, **more: Any) -> Any:
    bindings = more.pop("bindings", ())
    return list(connected(office, **more).pull(kind, cursor, bindings, ["tier"]))


def test_a_first_load_goes_on_by_the_last_row_and_ends(office: Office) -> None:
    def script(call: Call) -> Answer | None:
        if not call.path.endswith("coql") or "count(" in call.coql:
            return None
        return (
            rows(account(3)) if "id > '2'" in call.coql else rows(account(1), account(2), more=True)
        )

    office.script = script

    pages = pull(office)

    assert ids(pages) == ["1", "2", "3"]
    assert [page.is_last for page in pages] == [False, False, True]
    (first, second) = [call for call in office.asked("order by") if "Accounts" in call.coql]
    assert first.coql.endswith("limit 2000")
    assert "Modified_Time = '2026-11-20T15:00:00+00:00' and id > '2'" in second.coql
    # Resumed after its first page, it goes on from there.
    office.calls.clear()
    assert ids(pull(office, cursor=pages[0].cursor)) == ["3"]


def test_nothing_is_an_end_too_204_and_304(office: Office) -> None:
    office.script = lambda call: (304, b"") if "deleted" in call.path else None

    (page,) = pull(office)

    assert page.is_last
    assert list(page.records) == []


# Only 204 and 304 say that there is nothing.
@pytest.mark.parametrize(
    ("kind", "path", "body"),
    [
        (Kind.ACCOUNT, "/coql", b""),
        (Kind.ACCOUNT, "/coql", {"info": {"more_records": False}}),
        (Kind.ACCOUNT, "/deleted", b""),
        (Kind.ACCOUNT, "/deleted", {"info": {"more_records": False}}),
        (Kind.ACCOUNT, "/settings/fields", {"info": {}}),
        (Kind.OWNER, "/users", {"info": {"more_records": False}}),
        (Kind.STAGE, "/settings/layouts", {"info": {}}),
    ],
)
def test_an_answer_that_lost_its_list_is_no_end(
    office: Office, kind: Kind, path: str, body: object
) -> None:
    cursor = pull(office)[-1].cursor if kind is Kind.ACCOUNT else None
    office.script = lambda call: (200, body) if call.path.endswith(path) else None

    with pytest.raises(Unanswered):
        pull(office, kind, cursor)


def test_a_quiet_pull_asks_for_few_rows_from_the_cursor_on(office: Office) -> None:
    cursor = pull(office)[-1].cursor
    office.calls.clear()
    zoho = connected(office)

    list(zoho.pull(Kind.ACCOUNT, cursor, (), ()))

    (asked,) = office.asked("from Accounts")
    # Five minutes behind Zoho's own clock, which is a second late at most.
    assert "Modified_Time >= '2026-11-22T16:55:01+00:00'" in asked.coql
    assert asked.coql.endswith("limit 200")
    deleted = next(call for call in office.calls if call.path.endswith("/deleted"))
    assert deleted.headers["if-modified-since"] == "2026-11-22T16:55:01+00:00"
    # The organization, the fields, the query, the deleted feed.
    assert zoho.credits_spent == 1 + 1 + 1 + 2


def test_more_than_fifty_columns_are_joined_by_id(office: Office) -> None:
    office.modules["Accounts"] += [column(f"Champ_{number}") for number in range(60)]
    bindings = [
        Binding(kind=Kind.ACCOUNT, name=f"f{n}", crm_field=f"Champ_{n}", type=FieldType.TEXT)
        for n in range(60)
    ]

    def script(call: Call) -> Answer | None:
        if not call.path.endswith("coql") or "count(" in call.coql:
            return None
        if "id in (" in call.coql:
            # It moved out of the window between the two selects.
            return rows({"id": "2", "Champ_59": "deux"})
        if "Account_Name" in call.coql:
            return rows({**account(1), "Champ_0": "a"}, account(2))
        return rows({"id": "1", "Champ_59": "un"})

    office.script = script

    read = {
        one.external_id: one for page in pull(office, bindings=bindings) for one in page.records
    }

    assert read["1"].fields["f0"] == "a"
    assert (read["1"].fields["f59"], read["2"].fields["f59"]) == ("un", "deux")
    assert all(call.coql.count(",") < 100 for call in office.asked("select"))


def test_what_left_becomes_a_tombstone_and_what_came_back_is_there(office: Office) -> None:
    def script(call: Call) -> Answer | None:
        if call.path.endswith("Accounts/deleted"):
            return rows(
                {"id": "8", "type": "recycle", "deleted_time": "2026-11-21T00:00:00-05:00"},
                {"id": "9", "type": "permanent", "deleted_time": "2026-11-21T00:00:00-05:00"},
            )
        if call.path.endswith("coql") and "id in ('8', '9')" in call.coql:
            return rows(account(9))
        return None

    office.script = script

    read = {one.external_id: one for page in pull(office) for one in page.records}

    assert isinstance(read["8"], Account)
    assert read["8"].archived_at == 1_795_237_200_000
    assert isinstance(read["9"], Account)
    assert read["9"].archived_at is None


def test_deals_come_with_their_history_by_query(office: Office) -> None:
    past = {"id": "1", "Potential_Name": {"id": "7"}, "Stage": "Qualification", "Amount": 12,
            "Modified_Time": "2026-10-01T00:00:00-04:00"}  # fmt: skip
    office.script = lambda call: (
        None
        if not call.path.endswith("coql") or "count(" in call.coql
        else rows(past)
        if "DealHistory" in call.coql
        else rows({"id": "7", "Modified_Time": "2026-11-20T10:00:00-05:00"})
    )

    (record,) = [one for page in pull(office, Kind.OPPORTUNITY) for one in page.records]

    assert isinstance(record, Opportunity)
    assert [entry.stage_id for entry in record.stage_entries] == ["Qualification"]
    assert record.peak_amount == 1_200


def test_deals_come_with_their_history_one_by_one_where_it_takes_that(office: Office) -> None:
    def script(call: Call) -> Answer | None:
        if call.path.endswith("Deals/7/Stage_History"):
            return rows({"id": "1", "Stage": "Qualification",
                         "Modified_Time": "2026-10-01T00:00:00-04:00"})  # fmt: skip
        if not call.path.endswith("coql") or "count(" in call.coql:
            return None
        if "DealHistory" in call.coql:
            return 400, error("INVALID_QUERY", "invalid module")
        return rows({"id": "7", "Modified_Time": "2026-11-20T10:00:00-05:00"})

    office.script = script

    (record,) = [one for page in pull(office, Kind.OPPORTUNITY) for one in page.records]

    assert isinstance(record, Opportunity)
    assert [entry.stage_id for entry in record.stage_entries] == ["Qualification"]


@pytest.mark.parametrize("tells_module", [True, False])
def test_activities_lead_to_their_account(office: Office, tells_module: bool) -> None:  # noqa: FBT001 - both answers
    stamp = {"Modified_Time": "2026-11-20T10:00:00-05:00"}

    def told(module: str) -> Json:
        return {"$se_module": module} if tells_module else {}

    found = {
        "from Deals": rows({"id": "20", "Account_Name": {"id": "77"}}),
        "from Accounts": rows({"id": "10"}),
        "from Contacts": rows({"id": "30", "Account_Name": {"id": "88", "name": "x"}}),
        "from Calls": rows(
            {"id": "1", "What_Id": {"id": "10"}, **told("Accounts"), **stamp},
            {"id": "2", "What_Id": {"id": "20", "name": "Presse"}, **told("Deals"), **stamp},
            {"id": "3", "What_Id": None, "Who_Id": {"id": "30"}, **stamp},
            {"id": "4", "What_Id": {"id": "99"}, **told("Campaigns"), **stamp},
        ),
    }

    def script(call: Call) -> Answer | None:
        text = call.coql if call.path.endswith("coql") else ""
        if "$se_module" in text and not tells_module:
            return 400, error("INVALID_QUERY", column_name="$se_module")
        return next((answer for part, answer in found.items() if part in text), None)

    office.script = script

    pages = pull(office, Kind.ACTIVITY)

    assert {(one.from_id, one.to_id) for page in pages for one in page.links} == {
        ("1", "10"), ("2", "77"), ("3", "88"),
    }  # fmt: skip
    assert all(isinstance(one, Activity) for page in pages for one in page.records)


def test_roles_are_read_from_deals_where_contacts_have_no_field_for_them(office: Office) -> None:
    stamp = "2026-11-20T10:00:00-05:00"

    def script(call: Call) -> Answer | None:
        if call.path.endswith("Deals/7/Contact_Roles"):
            return rows({"id": "30", "Contact_Role": {"name": "Decision Maker", "id": "1"}})
        if not call.path.endswith("coql") or "count(" in call.coql:
            return None
        if "from Deals" in call.coql:
            return rows({"id": "7", "Modified_Time": stamp})
        return rows({"id": "30", "Account_Name": {"id": "77"}, "Modified_Time": stamp})

    office.script = script

    found = [one for page in pull(office, Kind.CONTACT) for one in page.records]

    assert isinstance(found[-1], Contact)
    assert found[-1].role is ContactRole.DECISION_MAKER


def test_a_contact_that_changed_keeps_its_role_on_a_deal_of_its_account(office: Office) -> None:
    """Where its list of deals does not tell of those on which it only has a role."""
    stamp = "2026-11-20T10:00:00-05:00"
    contact = rows({"id": "30", "Account_Name": {"id": "77"}, "Modified_Time": stamp})
    cursor = pull(office, Kind.CONTACT)[-1].cursor

    def script(call: Call) -> Answer | None:
        if call.path.endswith("Deals/7/Contact_Roles"):
            return rows({"id": "30", "Contact_Role": {"name": "Decision Maker", "id": "1"}})
        if not call.path.endswith("coql"):
            return None
        if "from Deals where (Account_Name in ('77') and Modified_Time >= " in call.coql:
            return rows({"id": "7"})
        return contact if "from Contacts" in call.coql else None

    office.script = script
    found = [one for page in pull(office, Kind.CONTACT, cursor=cursor) for one in page.records]

    assert isinstance(found[0], Contact)
    assert found[0].role is ContactRole.DECISION_MAKER


def test_a_field_for_roles_spares_the_deals(office: Office) -> None:
    office.modules["Contacts"].append(column("Buying_Role", "picklist", custom=True))

    pull(office, Kind.CONTACT)

    assert office.asked("from Deals") == []


# Bulk read.


def zipped(text: str, name: str = "1.csv") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
    return made.getvalue()


def bulk(body: bytes, *, count: int = 2, states: Sequence[str] = ("COMPLETED",)) -> Script:
    """The script of an organization with 40,000 accounts, whose job gives a body."""
    left = list(states)

    def script(call: Call) -> Answer | None:
        if call.path.endswith("/result"):
            return 200, body
        if call.path.endswith("/crm/bulk/v8/read"):
            return 201, {"data": [{
                "code": "ADDED_SUCCESSFULLY", "status": "success",
                "details": {"id": "55402300000900", "state": "ADDED"},
            }], "info": {}}  # fmt: skip
        if "/crm/bulk/v8/read/" in call.path:
            state = left.pop(0) if len(left) > 1 else left[0]
            path = "/crm/bulk/v8/read/55402300000900/result"
            return 200, {"data": [{"id": "55402300000900", "state": state, "result": {
                "page": 1, "count": count, "download_url": path, "more_records": False,
            }}]}  # fmt: skip
        if call.path.endswith("coql") and "count(" in call.coql:
            return rows({"count(id)": 40_000})
        return None

    return script


CSV = (
    "Id,Account_Name,Modified_Time,Owner\r\n"
    '1,"Scierie\nCôté",2026-11-20T10:00:00-05:00,501\r\n2,,,\r\n'
)


def test_a_large_first_load_is_a_bulk_job(office: Office) -> None:
    office.script = bulk(zipped(CSV), states=("QUEUED", "IN PROGRESS", "COMPLETED"))

    pages = pull(office)

    assert ids(pages) == ["1", "2"]
    assert pages[1].records[0].name == "Scierie\nCôté"
    asked = next(call for call in office.calls if call.path.endswith("/bulk/v8/read"))
    assert asked.body["query"]["module"] == {"api_name": "Accounts"}
    assert "Account_Name" in asked.body["query"]["fields"]
    # The page that is saved before the wait finds the job again.
    office.calls.clear()
    assert ids(pull(office, cursor=pages[0].cursor)) == ["1", "2"]
    assert not [call for call in office.calls if call.method == "POST" and "bulk" in call.path]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (zipped("", "note.txt"), "the archive is empty"),
        (zipped(""), "the archive is empty"),
        (b"", "it is no ZIP archive"),
        (zipped(CSV)[:-30], "it is no ZIP archive"),
        (zipped("Id,Account_Name\r\n1,a\r\n"), "it was cut on its way"),
        (zipped("Id,Account_Name\r\n1\r\n"), "it was cut on its way"),
    ],
)
def test_a_bulk_result_that_can_not_be_read_is_named(
    office: Office, body: bytes, said: str
) -> None:
    office.script = bulk(body)

    with pytest.raises(Unanswered, match=f"“Accounts” can't be read: {said}"):
        pull(office)


def test_a_page_token_that_has_expired_begins_the_load_again(office: Office) -> None:
    usual = bulk(zipped(CSV))
    expired = [True]

    def script(call: Call) -> Answer | None:
        if call.path.endswith("/bulk/v8/read") and "page_token" in call.body["query"]:
            expired.clear()
            return 400, error("EXPIRED_VALUE", "the page token has expired")
        found = usual(call)
        if expired and found is not None and "/crm/bulk/v8/read/" in call.path:
            found[1]["data"][0]["result"] |= {"more_records": True, "next_page_token": "t"}
        return found

    def without_result(call: Call) -> Answer | None:
        return usual(call) if call.path.endswith("/result") else script(call)

    office.script = without_result

    pages = pull(office)

    assert ids(pages) == ["1", "2", "1", "2"]
    assert not expired


@pytest.mark.parametrize("state", ["FAILURE", "ABORTED"])
def test_a_job_that_fails_leaves_the_load_to_queries(office: Office, state: str) -> None:
    usual = bulk(b"", states=(state,))
    office.script = lambda call: (
        usual(call)
        or (
            rows(account(5))
            if call.path.endswith("coql") and "order by Modified_Time" in call.coql
            else None
        )
    )

    assert ids(pull(office)) == ["5"]


def test_a_cursor_that_is_none_is_refused(office: Office) -> None:
    for cursor in ("", "x", "{}", '{"v":9,"o":{}}', '{"v":1,"o":{"Accounts":[]}}'):
        with pytest.raises(Fatal, match="resume point"):
            pull(office, cursor=cursor)


def test_a_column_that_is_gone_is_a_sentence(office: Office) -> None:
    office.script = lambda call: (
        (400, error("INVALID_QUERY", "column given seems to be invalid", column_name="X"))
        if call.path.endswith("coql") and "order by" in call.coql
        else None
    )

    with pytest.raises(Fatal, match="column_name X"):
        pull(office)


def test_a_field_that_goes_between_two_pages_costs_no_record(office: Office) -> None:
    office.modules["Accounts"] += [column("Potentiel"), column("Secteur")]
    bindings = [
        Binding(kind=Kind.ACCOUNT, name=name, crm_field=name.title(), type=FieldType.TEXT)
        for name in ("potentiel", "secteur")
    ]

    def script(call: Call) -> Answer | None:
        if not call.path.endswith("coql") or "order by" not in call.coql:
            return None
        if "id > '1'" not in call.coql:
            office.modules["Accounts"].remove(column("Potentiel"))
            return rows({**account(1), "Potentiel": "5", "Secteur": "FAB"}, more=True)
        if "Potentiel" in call.coql:
            return 400, error("INVALID_QUERY", "column invalid", column_name="Potentiel")
        return rows({**account(2), "Secteur": "DET"})

    office.script = script

    read = {
        one.external_id: one for page in pull(office, bindings=bindings) for one in page.records
    }

    assert read["1"].fields == {"potentiel": "5", "secteur": "FAB"}
    assert read["2"].fields == {"potentiel": None, "secteur": "DET"}


# Users and stages.


def test_users_come_page_by_page(office: Office) -> None:
    def script(call: Call) -> Answer | None:
        if not call.path.endswith("users"):
            return None
        page = call.query["page"]
        user = {"id": page, "full_name": f"Rep {page}", "email": f"{page}@example.org",
                "status": "active" if page == "1" else "inactive"}  # fmt: skip
        return 200, {"users": [user], "info": {"more_records": page == "1"}}

    office.script = script

    pages = pull(office, Kind.OWNER)

    assert [(one.name, one.is_active) for page in pages for one in page.records] == [
        ("Rep 1", True), ("Rep 2", False),
    ]  # fmt: skip


def test_stages_are_those_of_the_pipelines_and_of_the_past(office: Office) -> None:
    maps = [{"id": "1", "display_value": "Qualification", "actual_value": "Qualification",
             "sequence_number": 1, "forecast_type": "Open"}]  # fmt: skip

    def script(call: Call) -> Answer | None:
        if call.path.endswith("settings/layouts"):
            return 200, {"layouts": [{"id": "91", "name": "Standard"}]}
        if call.path.endswith("settings/pipeline"):
            assert call.query == {"layout_id": "91"}
            return 200, {"pipeline": [{"id": "5", "display_value": "Ventes", "maps": maps}]}
        return None

    office.script = script

    (page,) = pull(office, Kind.STAGE)

    assert [(one.external_id, one.pipeline_label) for one in page.records] == [
        ("Qualification", "Ventes"), ("Gagnée", "Zoho"),
    ]  # fmt: skip
