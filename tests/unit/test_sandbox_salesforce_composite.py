"""Several calls in one, calls with a condition, compressed answers, and the feeds of changes.

Key sets of the answers are those that public tests of other clients recorded: CumulusCI's
`TestCompositeParallelSalesforce` and `TestCountSObjects` cassettes, restforce's `get_deleted` and
`get_updated` fixtures.
"""

import gzip
from typing import Any

import orjson
import pytest

from tests.unit.salesforce_caller import DATA, Caller, called

# What a subrequest's answer says, in its recorded order.
SUBANSWER = ["body", "httpHeaders", "httpStatusCode", "referenceId"]
DELETED = {"deletedRecords", "earliestDateAvailable", "latestDateCovered"}
UPDATED = {"ids", "latestDateCovered"}
SPAN = "start=2026-11-22T16:00:00%2B00:00&end=2026-11-22T18:00:00%2B00:00"


def part(method: str, path: str, reference: str, body: object = None) -> dict[str, Any]:
    made = {"method": method, "url": f"{DATA}/{path}", "referenceId": reference}
    return made | ({} if body is None else {"body": body})


def composite(caller: Caller, *parts: dict[str, Any], is_one: bool = False) -> list[dict[str, Any]]:
    answer = caller.sent("POST", "composite", {"allOrNone": is_one, "compositeRequest": [*parts]})
    assert answer.status == 200, answer.text
    return list(answer.json()["compositeResponse"])


def test_a_composite_has_the_recorded_shape_and_follows_its_references() -> None:
    caller = called()
    answers = composite(
        caller,
        part("POST", "sobjects/Account", "first", {"Name": "Érable"}),
        part("POST", "sobjects/Contact", "second", {"LastName": "c", "AccountId": "@{first.id}"}),
        part("GET", "query/?q=SELECT+Account.Name+FROM+Contact+WHERE+Id='@{second.id}'", "third"),
        part("GET", "sobjects/Account/@{third.records[0].Nothing}", "fourth"),
        part("GET", "query/?q=select+count()+from+XYZZY", "fifth"),
        part("GET", "sobjects/Foo", "sixth"),
    )
    assert [list(answer) for answer in answers] == [SUBANSWER] * 6
    assert [answer["httpStatusCode"] for answer in answers] == [201, 201, 200, 400, 400, 404]
    made = answers[0]["body"]["id"]
    assert answers[0]["httpHeaders"] == {"Location": f"{DATA}/sobjects/Account/{made}"}
    assert answers[1]["httpHeaders"]["Location"].startswith(f"{DATA}/sobjects/Contact/")
    assert answers[2]["body"]["records"][0]["Account"]["Name"] == "Érable"
    assert answers[3]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert answers[4]["body"][0]["errorCode"] == "INVALID_TYPE"
    assert (
        "\nselect count() from XYZZY\n                    ^\nERROR at Row:1:Column:21\n"
        in (answers[4]["body"][0]["message"])
    )
    assert answers[5]["body"] == [
        {"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}
    ]
    assert caller.sandbox.statistics()["usedToday"] == 1


def test_a_composite_of_all_or_none_puts_everything_back() -> None:
    caller = called()
    row = {"attributes": {"type": "Account"}, "Name": "in a collection"}
    answers = composite(
        caller,
        part("POST", "sobjects/Account", "one", {"Name": "a"}),
        part("POST", "composite/sobjects", "two", {"records": [row]}),
        part("POST", "sobjects/Account", "three", {}),
        part("POST", "sobjects/Account", "four", {"Name": "b"}),
        is_one=True,
    )
    codes = [answer["body"][0]["errorCode"] for answer in answers]
    halted = "PROCESSING_HALTED"
    assert codes == [halted, halted, "REQUIRED_FIELD_MISSING", halted]
    assert caller.names("Name != null") == []
    assert caller.sandbox.history() == [
        write for write in caller.sandbox.history() if write["objectType"] != "Account"
    ]


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([part("GET", "limits", f"r{number}") for number in range(26)], "LIMIT_EXCEEDED"),
        ([part("GET", "query?q=x", f"r{number}") for number in range(6)], "LIMIT_EXCEEDED"),
        ([part("GET", "limits", "same"), part("GET", "limits", "same")], "JSON_PARSER_ERROR"),
        ([part("GET", "limits", "1 2")], "JSON_PARSER_ERROR"),
        ([], "JSON_PARSER_ERROR"),
    ],
)
def test_a_composite_knows_its_bounds(parts: list[dict[str, Any]], code: str) -> None:
    refused = called().sent("POST", "composite", {"compositeRequest": parts})
    assert (refused.status, refused.json()[0]["errorCode"]) == (400, code)


def test_a_composite_holds_no_composite_and_no_job() -> None:
    inner = {"compositeRequest": [part("GET", "limits", "x")]}
    answers = composite(
        called(),
        part("POST", "composite", "one", inner),
        part("POST", "jobs/query", "two", {"operation": "query", "query": "SELECT Id FROM User"}),
        part("GET", "composite/batch", "three"),
    )
    assert [answer["httpStatusCode"] for answer in answers] == [404, 404, 404]


def test_a_batch_describes_many_and_halts_where_it_is_told_to() -> None:
    caller = called()
    names = ("Account", "Nothing", "User")
    requests = [{"method": "GET", "url": f"v68.0/sobjects/{name}/describe"} for name in names]
    answer = caller.sent("POST", "composite/batch", {"batchRequests": requests}).json()
    assert answer["hasErrors"] is True
    assert [row["statusCode"] for row in answer["results"]] == [200, 404, 200]
    assert [row["result"]["name"] for row in answer["results"][::2]] == ["Account", "User"]
    body = {"batchRequests": requests, "haltOnError": True}
    halted = caller.sent("POST", "composite/batch", body).json()["results"]
    assert [row["statusCode"] for row in halted] == [200, 404, 412]
    assert halted[2]["result"][0]["errorCode"] == "BATCH_PROCESSING_HALTED"
    made = {"method": "POST", "url": "v68.0/sobjects/Account", "richInput": {"Name": "a"}}
    answer = caller.sent("POST", "composite/batch", {"batchRequests": [made]}).json()
    assert (answer["hasErrors"], answer["results"][0]["statusCode"]) == (False, 201)


# Conditions.


def test_a_describe_that_did_not_change_is_not_sent_again() -> None:
    caller = called()
    caller.later()
    stamp = caller.get("sobjects/Account/describe").headers["Last-Modified"]
    again = caller.get("sobjects/Account/describe", if_modified_since=stamp)
    assert (again.status, again.text) == (304, "")
    caller.later()
    caller.sandbox.act("create_field", object="Account", name="New__c", type="string")
    fresh = caller.get("sobjects/Account/describe", if_modified_since=stamp)
    assert fresh.status == 200
    assert "New__c" in {field["name"] for field in fresh.json()["fields"]}
    caller.later()
    stamp = fresh.headers["Last-Modified"]
    caller.sandbox.act("close_field", object="Account", name="Industry")
    hidden = caller.get("sobjects/Account/describe", if_modified_since=stamp)
    assert hidden.status == 200
    assert "Industry" not in {field["name"] for field in hidden.json()["fields"]}
    assert caller.get("sobjects/Account/describe", if_modified_since="never").status == 200


def test_a_row_is_changed_only_as_the_client_knows_it() -> None:
    caller = called()
    made = caller.account()
    path = f"sobjects/Account/{made}"
    read = caller.get(path)
    tag, since = read.headers["ETag"], read.headers["Last-Modified"]
    assert caller.get(path, if_none_match=tag).status == 304
    assert caller.get(path, if_modified_since=since).status == 304
    assert caller.sent("PATCH", path, {"Name": "b"}, if_match=f'"other", {tag}').status == 204
    late = caller.sent("PATCH", path, {"Name": "c"}, if_match=tag)
    assert (late.status, late.json()[0]["errorCode"]) == (412, "PRECONDITION_FAILED")
    assert caller.get(path, if_none_match=tag).status == 200
    assert caller.sent("PATCH", path, {"Name": "c"}, if_match="*").status == 204
    caller.later()
    assert caller.sent("PATCH", path, {"Name": "d"}, if_unmodified_since=since).status == 204
    assert caller.sent("PATCH", path, {"Name": "e"}, if_unmodified_since=since).status == 412
    assert caller.sent("PATCH", path, {"Name": "e"}, if_unmodified_since="soon").status == 400
    assert caller.sandbox.values_of(made)["Name"] == "d"


def test_only_accounts_have_tags() -> None:
    caller = called()
    contact = caller.sandbox.create("Contact", LastName="c")
    path = f"sobjects/Contact/{contact}"
    assert "ETag" not in caller.get(path).headers
    assert caller.sent("PATCH", path, {"Title": "x"}, if_match='"other"').status == 204


# Compression.


def test_answers_are_compressed_for_those_who_ask() -> None:
    caller = called()
    for number in range(30):
        caller.account(Name=f"Érablière {number}\nde là-bas")
    path = "query?q=SELECT+Id,Name+FROM+Account"
    plain, packed = caller.get(path), caller.get(path, accept_encoding="gzip, deflate")
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.body) < len(plain.body) / 3
    unpacked = orjson.loads(gzip.decompress(packed.body))
    assert unpacked["records"] == plain.json()["records"]
    job = caller.bulk_query("SELECT Id, Name FROM Account").json()["id"]
    page = f"jobs/query/{job}/results"
    sheet = caller.get(page, accept_encoding="gzip")
    assert (sheet.headers["Content-Type"], sheet.headers["Content-Encoding"]) == (
        "text/csv",
        "gzip",
    )
    assert gzip.decompress(sheet.body) == caller.get(page).body
    assert "Érablière 7\nde là-bas" in caller.get(page).text


# Feeds.


def test_the_feeds_have_the_recorded_members() -> None:
    caller = called()
    kept, gone = caller.account(), caller.account()
    caller.sandbox.act("delete", id=gone)
    caller.later(120)
    updated = caller.get(f"sobjects/Account/updated/?{SPAN}").json()
    deleted = caller.get(f"sobjects/Account/deleted/?{SPAN}").json()
    assert (set(updated), set(deleted)) == (UPDATED, DELETED)
    assert updated["ids"] == [kept]
    assert [set(row) for row in deleted["deletedRecords"]] == [{"id", "deletedDate"}]
    assert deleted["deletedRecords"][0]["id"] == gone
    assert deleted["earliestDateAvailable"] == "2026-11-07T17:02:00.000+0000"


@pytest.mark.parametrize(
    ("feed", "span"),
    [
        ("updated", "start=2026-11-22T16:00:10Z&end=2026-11-22T16:00:50Z"),  # one minute at least
        ("updated", "start=2026-11-22T17:00:00Z&end=2026-11-22T16:00:00Z"),  # in this order
        ("updated", "start=2026-10-22T16:00:00Z&end=2026-11-22T16:00:00Z"),  # 30 days back
        ("deleted", "start=2026-11-07T16:00:00Z&end=2026-11-22T16:00:00Z"),  # 15 days back
        ("deleted", "start=soon&end=2026-11-22T16:00:00Z"),
        ("deleted", "end=2026-11-22T16:00:00Z"),
    ],
)
def test_a_span_that_no_feed_covers_is_refused(feed: str, span: str) -> None:
    refused = called().get(f"sobjects/Account/{feed}?{span}")
    assert (refused.status, refused.json()[0]["errorCode"]) == (400, "INVALID_REPLICATION_DATE")


def test_a_feed_with_too_many_ids_is_refused_and_a_shorter_one_is_not() -> None:
    caller = called(replication_id_limit=2)
    gone = [caller.account() for _ in range(3)]
    caller.later(120)
    assert caller.get(f"sobjects/Account/updated?{SPAN}").json()[0]["errorCode"] == (
        "EXCEEDED_ID_LIMIT"
    )
    for one in gone:
        caller.sandbox.act("delete", id=one)
    caller.later(120)
    refused = caller.get(f"sobjects/Account/deleted?{SPAN}")
    assert refused.json()[0]["errorCode"] == "EXCEEDED_ID_LIMIT"
    caller.sandbox.act("undelete", id=gone[0])
    assert caller.get(f"sobjects/Account/deleted?{SPAN}").status == 200


def test_a_purged_deletion_log_says_since_when_it_is_whole() -> None:
    caller = called()
    gone = caller.account()
    caller.sandbox.act("delete", id=gone)
    caller.later(7200)
    assert caller.get(f"sobjects/Account/deleted?{SPAN}").json()["deletedRecords"]
    caller.sandbox.switches.deletion_log_seconds = 3600.0
    found = caller.get(f"sobjects/Account/deleted?{SPAN}").json()
    assert (found["deletedRecords"], found["earliestDateAvailable"][:16]) == (
        [],
        "2026-11-22T18:00",
    )


# Fields that were deleted, activities, and the failures of a query job.


def test_the_name_of_a_deleted_field_may_be_blocked_for_fifteen_days() -> None:
    for is_blocked in (False, True):
        caller = called(deleted_name_is_blocked=is_blocked)
        caller.made("Account.X__c")
        caller.sandbox.act("delete_field", object="Account", name="X__c")
        again = caller.made("Account.X__c")
        assert again.status == (400 if is_blocked else 201)
        caller.later(16 * 86_400)
        if is_blocked:
            assert again.json()[0]["errorCode"] == "DUPLICATE_DEVELOPER_NAME"
            assert caller.made("Account.X__c").status == 201


def test_a_deleted_field_counts_until_it_is_gone_for_good() -> None:
    caller = called(custom_field_limit=1)
    caller.made("Account.X__c")
    caller.sandbox.act("delete_field", object="Account", name="X__c")
    assert caller.made("Account.Y__c").status == 400
    caller.later(16 * 86_400)
    assert caller.made("Account.Y__c").status == 201


def test_an_external_id_of_activities_upserts_tasks() -> None:
    caller = called()
    caller.made("Activity.Key__c", externalId=True, unique=True)
    for kind in ("Task", "Event"):
        caller.sandbox.act("open_field", object=kind, name="Key__c")
    body = {"Subject": "appeler", "Status": "Not Started", "Priority": "Normal"}
    first = caller.sent("PATCH", "sobjects/Task/Key__c/k%201", body)
    second = caller.sent("PATCH", "sobjects/Task/Key__c/k%201", {"Subject": "rappeler"})
    assert [(answer.status, answer.json()["created"]) for answer in (first, second)] == [
        (201, True), (200, False)]  # fmt: skip
    assert caller.sandbox.values_of(first.json()["id"])["Subject"] == "rappeler"


def test_a_query_job_may_fail_with_words_of_its_own() -> None:
    caller = called(bulk_failure="InternalServerError : retried too often", bulk_seconds=5.0)
    job = caller.bulk_query("SELECT Id FROM Account").json()
    assert job["state"] == "UploadComplete"
    caller.later(10)
    found = caller.get(f"jobs/query/{job['id']}").json()
    assert (found["state"], found["errorMessage"]) == (
        "Failed",
        caller.sandbox.switches.bulk_failure,
    )
    assert caller.get(f"jobs/query/{job['id']}/results").status == 400


def test_a_share_of_the_rows_is_locked_and_the_same_each_time() -> None:
    told = []
    for _ in range(2):
        caller = called(lock_row_percent=30.0, lock_row_seed=4)
        made = [caller.account() for _ in range(60)]
        rows = [{"attributes": {"type": "Account"}, "id": one, "Site": "x"} for one in made]
        answer = caller.sent("PATCH", "composite/sobjects", {"records": rows}).json()
        told.append([row["success"] for row in answer])
    assert 5 < told[0].count(False) < 35
    assert told[0] == told[1]


def test_a_token_is_introspected_by_its_app() -> None:
    caller = called()
    told = caller.introspected(caller.token()["access_token"])
    assert (told["active"], told["username"]) == (True, "integration@arpent.example")
    assert told["exp"] - told["iat"] == 7200
    assert caller.introspected("unknown") == {"active": False}
