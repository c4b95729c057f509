"""How streams are read from Salesforce: windows, places, bulk jobs, deletions, merges."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.base import Binding, Fatal, Page
from connectors.salesforce.connector import Salesforce
from rules.records import (
    Account,
    Activity,
    ActivityKind,
    Contact,
    ContactRole,
    FieldType,
    Kind,
    Link,
    Opportunity,
    Owner,
    Relation,
    Stage,
    StageKind,
)
from rules.time import day_number
from tests.unit.test_pace import Time
from tests.unit.test_salesforce_client import ACCESS, DATA, ORG_ID, Call, Org, Said, error

# The instant MIDNIGHT of the clock is 2026-11-24T06:00:00Z.
NOW = "2026-11-24T06:00:00.000+0000"
ORGANIZATION = {
    "Id": ORG_ID[:15],
    "Name": "Érablière Nordet",
    "IsSandbox": False,
    "TimeZoneSidKey": "America/Toronto",
    "DefaultLocaleSidKey": "fr_CA",
}


def key(prefix: str, number: int) -> str:
    return f"{prefix}5g0000{number:09}"


def fields(*names: str, **types: str) -> Said:
    """A describe with these names, and types by name."""
    listed: list[dict[str, Any]] = [{"name": name, "type": "string"} for name in names]
    listed += [
        {"name": name, "type": kind.removeprefix("="), "calculated": kind.startswith("=")}
        for name, kind in types.items()
    ]
    return Said({"fields": listed})


ALL_FIELDS = (
    *("Id", "SystemModstamp", "IsDeleted", "Name", "Website", "OwnerId", "CreatedDate"),
    *("MasterRecordId", "AccountId", "StageName", "Amount", "CloseDate", "ContactId", "Role"),
    *("ActivityDate", "CompletedDateTime", "IsClosed", "TaskSubtype", "Type", "CallType"),
    *("CallDisposition", "StartDateTime", "IsRecurrence", "IsChild", "arpent_tier__c"),
)


def rows(*records: object, done: bool = True, following: str | None = None) -> Said:
    return Said({"totalSize": len(records), "done": done, "records": records,
                 **({"nextRecordsUrl": following} if following else {})})  # fmt: skip


class Crm:
    """An org that answers queries by the first pattern that their text contains."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, Callable[[Call], Said]]] = []
        self.describe = fields(*ALL_FIELDS, Potentiel__c="currency")
        self.missing: set[str] = set()
        self.org = Org(self.answer)

    def on(self, pattern: str, *said: Said) -> None:
        """What to answer, in turn; the last for ever."""
        left = list(said)
        self.answers.append((pattern, lambda _: left.pop(0) if len(left) > 1 else left[0]))

    def answer(self, call: Call) -> Said:
        path = urlsplit(call.path).path.removeprefix(DATA)
        if path.endswith("/describe"):
            is_missing = path.split("/")[1] in self.missing
            return error(404, "NOT_FOUND", "no such object") if is_missing else self.describe
        if "FROM Organization" in call.soql:
            return rows(ORGANIZATION)
        if "FROM CurrencyType" in call.soql or "FROM DatedConversionRate" in call.soql:
            return self.told(call) or error(400, "INVALID_TYPE", "not supported")
        return self.told(call) or (
            rows() if call.soql else error(404, "NOT_FOUND", "The requested resource is not there")
        )

    def told(self, call: Call) -> Said | None:
        text = f"{call.method} {call.path} {call.soql} {call.body.decode()}"
        for pattern, said in self.answers:
            if pattern in text:
                return said(call)
        return None

    def texts(self, pattern: str) -> list[str]:
        return [call.soql for call in self.org.calls if pattern in call.soql]


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def crm() -> Iterator[Crm]:
    made = Crm()
    yield made
    made.org.close()


@pytest.fixture
def connector(crm: Crm, time: Time) -> Iterator[Salesforce]:
    made = Salesforce(ACCESS, base_url=crm.org.url, clock=time.clock)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _our_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's `Date` is that of this machine: the tests have a time of their own."""
    monkeypatch.setattr("connectors.crm_clock.CrmClock.learn", lambda *_: None)


def account(number: int, **more: object) -> dict[str, object]:
    return {
        "attributes": {"type": "Account"},
        "Id": key("001", number),
        "SystemModstamp": "2026-11-20T10:00:00.000+0000",
        "CreatedDate": "2026-01-02T10:00:00.000+0000",
        "IsDeleted": False,
        "Name": f"Compte {number}",
        **more,
    }


def pulled(
    connector: Salesforce, kind: Kind, cursor: str | None = None, *bindings: Binding
) -> list[Page]:
    return list(connector.pull(kind, cursor, bindings, ["tier"]))


def records(pages: Sequence[Page]) -> dict[str, Any]:
    return {record.external_id: record for page in pages for record in page.records}


POTENTIAL = Binding(
    kind=Kind.ACCOUNT, name="potential", crm_field="potentiel__C", type=FieldType.MONEY
)


def test_the_org_says_who_it_is(connector: Salesforce) -> None:
    identity = connector.identify()

    assert identity.account_id == ORG_ID
    assert (identity.name, identity.time_zone) == ("Érablière Nordet", "America/Toronto")
    assert identity.currency == "CAD"


def test_the_org_that_is_pinned_is_the_only_one(crm: Crm, time: Time) -> None:
    made = Salesforce(
        ACCESS, base_url=crm.org.url, clock=time.clock, expected_account_id=ORG_ID[:15]
    )
    assert made.identify().account_id == ORG_ID
    made.close()


def test_another_org_is_refused_before_anything_is_read(crm: Crm, time: Time) -> None:
    made = Salesforce(
        ACCESS, base_url=crm.org.url, clock=time.clock, expected_account_id="00D000000000001AAA"
    )
    crm.org.login = lambda _: Said({"access_token": "access-token-of-old", "instance_url": "x"})

    with pytest.raises(Fatal, match="production, not a sandbox"):
        list(made.pull(Kind.ACCOUNT, None, (), ()))

    assert [call.soql.partition(" FROM ")[2] for call in crm.org.calls] == ["Organization"]
    made.close()


def test_an_account_carries_what_was_typed(connector: Salesforce, crm: Crm) -> None:
    crm.on(
        "FROM Account",
        rows(
            account(
                1,
                Website="https://www.Nordet.ca/fr",
                OwnerId=key("005", 1),
                Potentiel__c=125000.5,
                arpent_tier__c="gold",
            )
        ),
    )

    pages = pulled(connector, Kind.ACCOUNT, None, POTENTIAL)

    (found,) = records(pages).values()
    assert found == Account(
        external_id=key("001", 1),
        name="Compte 1",
        domain="nordet.ca",
        owner_id=key("005", 1),
        created_at=1_767_348_000_000,
        modified_at=1_795_168_800_000,
        fields={"potential": 12_500_050},
        observed={"tier": "gold"},
    )
    assert pages[-1].is_last
    (text,) = crm.texts("FROM Account")
    assert "Potentiel__c" in text
    assert text.endswith(
        "WHERE SystemModstamp < 2026-11-24T06:00:01Z ORDER BY SystemModstamp, Id LIMIT 2000"
    )


def test_a_field_that_the_org_lacks_is_not_asked_for(connector: Salesforce, crm: Crm) -> None:
    gone = Binding(kind=Kind.ACCOUNT, name="x", crm_field="Parti__c", type=FieldType.TEXT)
    crm.on("FROM Account", rows(account(1)))

    (found,) = records(pulled(connector, Kind.ACCOUNT, None, gone)).values()

    assert found.fields == {"x": None}
    assert "Parti__c" not in crm.texts("FROM Account")[0]


def test_a_short_page_goes_on_from_its_last_row(connector: Salesforce, crm: Crm) -> None:
    crm.on(
        "FROM Account",
        rows(account(1), account(2), done=False, following="/services/data/v68.0/query/0r8-2"),
        rows(account(3)),
    )

    pages = pulled(connector, Kind.ACCOUNT)

    assert list(records(pages)) == [key("001", number) for number in (1, 2, 3)]
    after = crm.texts("FROM Account")[1]
    assert f"SystemModstamp = 2026-11-20T10:00:00Z AND Id > '{key('001', 2)}'" in after


def test_a_reading_resumes_after_any_page(connector: Salesforce, crm: Crm, time: Time) -> None:
    crm.on("FROM Account", rows(account(1), done=False), rows(account(2)))
    first = next(iter(connector.pull(Kind.ACCOUNT, None, (), ())))
    time.now += 86_400

    pages = pulled(connector, Kind.ACCOUNT, first.cursor)

    assert list(records(pages)) == [key("001", 2)]
    # The window is still that of the first call.
    assert "SystemModstamp < 2026-11-24T06:00:01Z" in crm.texts("FROM Account")[1]


def test_the_next_window_overlaps_by_the_lag(connector: Salesforce, crm: Crm, time: Time) -> None:
    crm.on("FROM Account", rows(account(1)), rows(account(2)))
    cursor = pulled(connector, Kind.ACCOUNT)[-1].cursor
    time.now += 60

    pages = pulled(connector, Kind.ACCOUNT, cursor)

    assert list(records(pages)) == [key("001", 2)]
    assert (
        "SystemModstamp >= 2026-11-24T05:50:01Z AND SystemModstamp < 2026-11-24T06:01:01Z"
        in (crm.texts("FROM Account")[1])
    )


def test_a_window_that_takes_too_long_is_halved(connector: Salesforce, crm: Crm) -> None:
    slow = error(400, "QUERY_TIMEOUT", "Your query request was running for too long.")
    crm.on("FROM Account", slow, rows(account(1)), rows(account(2)))

    pages = pulled(connector, Kind.ACCOUNT)

    assert list(records(pages)) == [key("001", 1), key("001", 2)]
    _, second, third = crm.texts("FROM Account")
    assert second.split(" < ")[1][:20] == third.split(" >= ")[1][:20]


def test_a_reading_that_is_refused_says_so(connector: Salesforce, crm: Crm) -> None:
    crm.on("FROM Account", error(400, "MALFORMED_QUERY", "unexpected token"))

    with pytest.raises(Fatal, match="unexpected token"):
        pulled(connector, Kind.ACCOUNT)


# Deleted and merged.


def test_a_deleted_row_is_a_tombstone(connector: Salesforce, crm: Crm) -> None:
    crm.on("FROM Account", rows(account(1, IsDeleted=True)))

    (found,) = records(pulled(connector, Kind.ACCOUNT)).values()

    assert found.archived_at == found.modified_at
    assert crm.org.calls[-1].is_at("queryAll")


def test_deletions_without_a_trace_are_found_in_their_list(
    connector: Salesforce, crm: Crm, time: Time
) -> None:
    cursor = pulled(connector, Kind.ACCOUNT)[-1].cursor
    time.now += 3_600
    soft, hard = key("001", 7), key("001", 8)
    crm.on(
        "/deleted/",
        Said(
            {
                "deletedRecords": [{"id": soft, "deletedDate": NOW}, {"id": hard}],
                "earliestDateAvailable": "2026-11-10T00:00:00.000+0000",
                "latestDateCovered": "2026-11-24T06:59:00.000+0000",
            }
        ),
    )
    crm.on("Id IN", rows(account(7, IsDeleted=True)))

    pages = pulled(connector, Kind.ACCOUNT, cursor)

    assert records(pages)[soft].archived_at is not None
    assert [external_id for page in pages for external_id in page.gone] == [hard]
    (asked,) = [call for call in crm.org.calls if "/deleted/" in call.path]
    span = parse_qs(urlsplit(asked.path).query)
    # From the lag before the first reading: late commits are in it.
    assert span["start"] == ["2026-11-24T05:50:01+00:00"]
    assert span["end"] == ["2026-11-24T07:00:01+00:00"]
    assert connector.remarks() == ()


def test_a_gap_in_the_deletions_is_told(connector: Salesforce, crm: Crm, time: Time) -> None:
    cursor = pulled(connector, Kind.ACCOUNT)[-1].cursor
    time.now += 20 * 86_400
    crm.on("/deleted/", Said({"deletedRecords": []}))

    pulled(connector, Kind.ACCOUNT, cursor)

    (remark,) = connector.remarks()
    assert "pull --full" in remark.text.en


def test_the_survivor_of_a_merge_comes_with_all_that_it_replaced(
    connector: Salesforce, crm: Crm
) -> None:
    loser, survivor, older = key("001", 1), key("001", 2), key("001", 3)
    crm.on("MasterRecordId IN", rows(
        {"Id": loser, "MasterRecordId": survivor}, {"Id": older, "MasterRecordId": survivor}
    ), rows())  # fmt: skip
    crm.on("Id IN", rows(account(2)))
    crm.on("FROM Account", rows(account(1, IsDeleted=True, MasterRecordId=survivor), account(4)))

    found = records(pulled(connector, Kind.ACCOUNT))

    assert set(found) == {survivor, key("001", 4)}
    assert found[survivor].merged_ids == (loser, older)
    assert found[key("001", 4)].merged_ids == ()


# Bulk.


def test_a_large_first_load_is_a_bulk_job(connector: Salesforce, crm: Crm) -> None:
    crm.on("recordCount", Said({"sObjects": [{"count": 200_000, "name": "Account"}]}))
    crm.on("POST /services/data/v68.0/jobs/query", Said({"id": "7505g00000AAAAA"}))
    crm.on("DELETE", Said(status=204))
    head = '"Id","SystemModstamp","IsDeleted","Name","Potentiel__c"\n'
    first = f'{head}"{key("001", 1)}","2026-11-20T10:00:00.000Z","false","Café\n« Été »","12.5"\n'
    second = f'{head}"{key("001", 2)}","2026-11-20T10:00:00.000Z","true","B",""\n'
    crm.on("locator=abc", Said(second.encode(), headers={"Sforce-Locator": "null"}))
    crm.on("/results", Said(first.encode(), headers={"Sforce-Locator": "abc"}))
    crm.on("jobs/query/7505g00000AAAAA", Said({"state": "InProgress"}), Said({"state": "JobComplete"}))  # fmt: skip  # noqa: E501

    pages = pulled(connector, Kind.ACCOUNT, None, POTENTIAL)

    found = records(pages)
    assert found[key("001", 1)].name == "Café\n« Été »"
    assert found[key("001", 1)].fields == {"potential": 1_250}
    assert found[key("001", 2)].archived_at is not None
    assert found[key("001", 2)].fields == {"potential": None}
    (job,) = [call for call in crm.org.calls if call.method == "POST" and call.body]
    assert job.json["operation"] == "queryAll"
    assert "ORDER BY" not in job.json["query"]

    # A reading that stopped goes on with the job where it was.
    again = records(pulled(connector, Kind.ACCOUNT, pages[1].cursor))
    assert set(again) == {key("001", 2)}


def test_a_job_that_is_no_more_is_begun_again(connector: Salesforce, crm: Crm) -> None:
    crm.on("recordCount", Said({"sObjects": [{"count": 200_000, "name": "Account"}]}))
    crm.on("POST /services/data/v68.0/jobs/query", Said({"id": "750A"}), Said({"id": "750B"}))
    crm.on("DELETE", Said(status=204))
    crm.on("jobs/query/750B/results", Said(
        f"Id,SystemModstamp\n{key('001', 1)},2026-11-20T10:00:00.000Z\n".encode(),
        headers={"Sforce-Locator": "null", "Sforce-NumberOfRecords": "1"},
    ))  # fmt: skip
    crm.on("jobs/query/750B", Said({"state": "JobComplete"}))

    assert list(records(pulled(connector, Kind.ACCOUNT))) == [key("001", 1)]


@pytest.mark.parametrize("begun", [error(404, "NOT_FOUND", "?"), Said({"id": "750A"})])
def test_a_load_does_not_begin_jobs_for_ever(begun: Said, connector: Salesforce, crm: Crm) -> None:
    crm.on("recordCount", Said({"sObjects": [{"count": 200_000, "name": "Account"}]}))
    crm.on("POST", begun)
    crm.on("FROM Account", rows(account(1)))

    assert list(records(pulled(connector, Kind.ACCOUNT))) == [key("001", 1)]
    assert len([call for call in crm.org.calls if call.method == "POST"]) <= 3


def test_without_jobs_left_the_load_goes_on_by_pages(connector: Salesforce, crm: Crm) -> None:
    said = "Max bulk v2 query jobs (10000) per 24 hrs has been reached"
    crm.on("recordCount", Said({"sObjects": [{"count": 200_000, "name": "Account"}]}))
    crm.on("POST", error(400, "LIMIT_EXCEEDED", said))
    crm.on("FROM Account", rows(account(1)))

    assert list(records(pulled(connector, Kind.ACCOUNT))) == [key("001", 1)]


# The other kinds.


def test_an_opportunity_has_its_stages_its_peak_and_its_account(
    connector: Salesforce, crm: Crm
) -> None:
    crm.describe = fields(*ALL_FIELDS, "CurrencyIsoCode")
    crm.on("FROM CurrencyType", rows(
        {"IsoCode": "CAD", "ConversionRate": 1, "IsCorporate": True},
        {"IsoCode": "USD", "ConversionRate": 0.8, "IsCorporate": False},
    ))  # fmt: skip
    crm.on("FROM DatedConversionRate", rows(
        {"IsoCode": "USD", "StartDate": "2026-11-01", "NextStartDate": "2026-12-01",
         "ConversionRate": 0.75}
    ))  # fmt: skip
    one = key("006", 1)
    crm.on("FROM OpportunityHistory", rows(*(
        {"Id": key("008", number), "OpportunityId": one, "StageName": stage, "Amount": amount,
         "CreatedDate": f"2026-11-{day:02}T10:00:00.000+0000"}
        for number, stage, amount, day in (
            (3, "Négociation", 900.0, 12), (1, "Prospection", 900.0, 1),
            (2, "Prospection", 1200.0, 5),
        )
    )))  # fmt: skip
    crm.on("FROM Opportunity ", rows({
        "Id": one, "SystemModstamp": "2026-11-20T10:00:00.000+0000", "IsDeleted": False,
        "Name": "Chaudières", "AccountId": key("001", 1), "StageName": "Négociation",
        "Amount": 900.0, "CurrencyIsoCode": "USD", "CloseDate": "2026-11-27",
    }))  # fmt: skip

    pages = pulled(connector, Kind.OPPORTUNITY)

    found = records(pages)[one]
    assert isinstance(found, Opportunity)
    assert (found.amount, found.currency, found.home_amount) == (90_000, "USD", 120_000)
    assert found.peak_amount == 120_000
    assert [entry.stage_id for entry in found.stage_entries] == ["Prospection", "Négociation"]
    # Noon of the day, so that it is the same day in Québec.
    assert found.closes_at == day_number(date(2026, 11, 27)) * 86_400_000 + 43_200_000
    relation = Relation.OPPORTUNITY_ACCOUNT
    assert [link for page in pages for link in page.links] == [
        Link(relation=relation, from_id=one, to_id=key("001", 1), is_primary=True)
    ]


def test_a_contact_has_the_strongest_of_its_roles(connector: Salesforce, crm: Crm) -> None:
    one, two = key("003", 1), key("003", 2)
    crm.missing.add("AccountContactRole")
    crm.on("FROM AccountContactRole", error(400, "INVALID_TYPE", "not supported"))
    crm.on("FROM OpportunityContactRole WHERE ContactId", rows(
        {"ContactId": one, "Role": "Évaluateur"}, {"ContactId": one, "Role": "Decision Maker"}
    ))  # fmt: skip
    crm.on("FROM Contact ", rows(*(
        {"Id": each, "SystemModstamp": "2026-11-20T10:00:00.000+0000", "AccountId": None}
        for each in (one, two)
    )))  # fmt: skip

    found = records(pulled(connector, Kind.CONTACT))

    assert found[one] == Contact(
        external_id=one, role=ContactRole.DECISION_MAKER, modified_at=1_795_168_800_000
    )
    assert found[two].role is None


def test_a_role_that_changes_brings_its_contact(
    connector: Salesforce, crm: Crm, time: Time
) -> None:
    cursor = pulled(connector, Kind.CONTACT)[-1].cursor
    time.now += 3_600
    one = key("003", 1)
    crm.on("FROM OpportunityContactRole WHERE System", rows(
        {"Id": key("00K", 1), "SystemModstamp": NOW, "ContactId": one, "IsDeleted": True}
    ))  # fmt: skip
    crm.on("Id IN", rows({"Id": one, "SystemModstamp": NOW, "AccountId": key("001", 1)}))

    pages = pulled(connector, Kind.CONTACT, cursor)

    assert set(records(pages)) == {one}
    assert [link.to_id for page in pages for link in page.links] == [key("001", 1)]


def activity(number: int, prefix: str, **more: object) -> dict[str, object]:
    return {
        "Id": key(prefix, number),
        "SystemModstamp": NOW,
        "IsDeleted": False,
        "AccountId": key("001", 1),
        **more,
    }


@pytest.mark.parametrize(
    ("task", "kind", "is_contact"),
    [
        ({"TaskSubtype": "Call", "IsClosed": True}, ActivityKind.CALL, True),
        ({"TaskSubtype": "Call", "IsClosed": False}, ActivityKind.CALL, False),
        (
            {"TaskSubtype": "Call", "IsClosed": True, "CallDisposition": "Pas de réponse"},
            ActivityKind.CALL,
            False,
        ),
        (
            {"TaskSubtype": "Call", "IsClosed": True, "CallType": "Internal"},
            ActivityKind.CALL,
            False,
        ),
        (
            {"TaskSubtype": "Call", "IsClosed": True, "CallDisposition": "NO_ANSWER"},
            ActivityKind.CALL,
            False,
        ),
        ({"TaskSubtype": "Email", "IsClosed": True}, ActivityKind.EMAIL, True),
        (
            {"TaskSubtype": "Email", "Type": "Courriel reçu", "IsClosed": True},
            ActivityKind.EMAIL,
            False,
        ),
        (
            {"TaskSubtype": "Task", "Type": "Inbound Email", "IsClosed": True},
            ActivityKind.EMAIL,
            False,
        ),
        ({"TaskSubtype": "Task", "Type": "Appel", "IsClosed": True}, ActivityKind.CALL, True),
        ({"TaskSubtype": "Task", "IsClosed": True}, ActivityKind.NOTE, False),
    ],
)
def test_a_task_is_a_contact_once_somebody_was_reached(
    task: dict[str, object],
    kind: ActivityKind,
    is_contact: bool,  # noqa: FBT001 - of a table
    connector: Salesforce,
    crm: Crm,
) -> None:
    crm.on("FROM Task", rows(activity(1, "00T", ActivityDate="2026-11-20", **task)))

    (found,) = records(pulled(connector, Kind.ACTIVITY)).values()

    assert isinstance(found, Activity)
    assert (found.kind, found.is_contact) == (kind, is_contact)


@pytest.mark.parametrize("word", ["No show", "NO-SHOW", "Annulée"])
def test_a_meeting_that_was_not_held_is_no_contact(
    connector: Salesforce, crm: Crm, word: str
) -> None:
    meeting = activity(1, "00U", StartDateTime="2026-11-20T07:00:00.000+0000", Type=word)
    crm.on("FROM Event", rows(meeting))

    (found,) = records(pulled(connector, Kind.ACTIVITY)).values()

    assert isinstance(found, Activity)
    assert (found.kind, found.is_contact) == (ActivityKind.MEETING, False)


def test_a_meeting_is_a_contact_once_it_has_begun(
    connector: Salesforce, crm: Crm, time: Time
) -> None:
    meeting = activity(1, "00U", StartDateTime="2026-11-24T07:00:00.000+0000")
    crm.on("StartDateTime >=", rows(meeting))
    crm.on("FROM Event", rows(meeting), rows())

    pages = pulled(connector, Kind.ACTIVITY)
    assert [each.is_contact for each in records(pages).values()] == [False]
    time.now += 2 * 3_600
    again = pulled(connector, Kind.ACTIVITY, pages[-1].cursor)

    assert [each.is_contact for each in records(again).values()] == [True]
    (text,) = crm.texts("StartDateTime >=")
    assert "StartDateTime < 2026-11-24T08:00:01Z" in text


def test_users_and_stages_are_whole(connector: Salesforce, crm: Crm) -> None:
    crm.on("FROM User", rows(
        {"Id": key("005", 1), "Name": "Élise Gagnon", "Email": "elise@example.org",
         "IsActive": True},
        done=False, following="/services/data/v68.0/query/0r8-1",
    ))  # fmt: skip
    crm.on("/query/0r8-1", rows({"Id": key("005", 2), "Name": "Parti", "IsActive": False}))
    crm.on("FROM OpportunityStage", rows(
        {"ApiName": "Closed Won", "MasterLabel": "Fermée gagnée", "IsClosed": True, "IsWon": True,
         "DefaultProbability": 100.0, "SortOrder": 8},
        {"ApiName": "Closed Lost", "MasterLabel": "Perdue", "IsClosed": True, "IsWon": False,
         "DefaultProbability": 0.0, "SortOrder": 9},
    ))  # fmt: skip

    owners, stages = pulled(connector, Kind.OWNER), pulled(connector, Kind.STAGE)

    assert records(owners)[key("005", 1)] == Owner(
        external_id=key("005", 1), name="Élise Gagnon", email="elise@example.org", is_active=True
    )
    assert not records(owners)[key("005", 2)].is_active
    assert [page.is_last for page in owners] == [False, True]
    won = records(stages)["Closed Won"]
    assert isinstance(won, Stage)
    assert (won.kind, won.label, won.probability) == (StageKind.WON, "Fermée gagnée", 1.0)
    assert records(stages)["Closed Lost"].kind is StageKind.LOST


def test_a_formula_has_everything_read_once_a_day(
    connector: Salesforce, crm: Crm, time: Time
) -> None:
    crm.describe = fields(*ALL_FIELDS, Potentiel__c="=currency")
    cursor = pulled(connector, Kind.ACCOUNT, None, POTENTIAL)[-1].cursor
    time.now += 3_600
    cursor = pulled(connector, Kind.ACCOUNT, cursor, POTENTIAL)[-1].cursor
    time.now += 86_400
    pulled(connector, Kind.ACCOUNT, cursor, POTENTIAL)

    assert ["SystemModstamp >=" in text for text in crm.texts("FROM Account WHERE System")] == [
        False,
        True,
        False,
    ]


def test_fields_without_room_in_an_address_travel_in_a_body(
    connector: Salesforce, crm: Crm
) -> None:
    names = [f"champ_numero_{number:04}__c" for number in range(900)]
    crm.describe = fields(*ALL_FIELDS, *names)
    bindings = [
        Binding(kind=Kind.ACCOUNT, name=name, crm_field=name, type=FieldType.TEXT) for name in names
    ]
    crm.on("FROM Account", rows(account(1, **{names[0]: "près"})))
    crm.on("POST", Said([{"Id": key("001", 1), names[-1]: "loin"}]))

    (found,) = records(pulled(connector, Kind.ACCOUNT, None, *bindings)).values()

    assert found.fields[names[0]] == "près"
    assert found.fields[names[-1]] == "loin"
    assert all(len(call.path) < 16_384 for call in crm.org.calls)


def test_fields_are_listed_with_what_they_are(connector: Salesforce, crm: Crm) -> None:
    crm.describe = Said({"fields": [
        {"name": "Secteur__c", "label": "Secteur", "type": "picklist", "picklistValues": [
            {"active": True, "label": "Détail", "value": "DET"},
            {"active": False, "label": "Vieux", "value": "OLD"},
        ]},
        {"name": "BillingAddress", "label": "Adresse", "type": "address"},
        {"name": "arpent_tier__c", "label": "Niveau", "type": "picklist"},
    ]})  # fmt: skip

    sector, tier = connector.fields(Kind.ACCOUNT)

    assert (sector.name, sector.options, sector.option_labels) == (
        "Secteur__c", ["DET"], {"DET": "Détail"}
    )  # fmt: skip
    assert sector.fits is FieldType.CHOICE
    assert tier.own == "tier"


def test_the_page_of_a_record_has_an_address(connector: Salesforce, crm: Crm) -> None:
    assert connector.record_url(Kind.ACCOUNT, key("001", 1)) == (
        f"{crm.org.url}/lightning/r/Account/{key('001', 1)}/view"
    )
    assert connector.setup_steps()
