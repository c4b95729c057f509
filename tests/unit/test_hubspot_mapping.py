"""HubSpot's JSON in, canonical records out."""

import pytest

from connectors.base import Binding
from connectors.hubspot import links, mapping, reference
from connectors.hubspot.mapping import Json, Mapper
from connectors.hubspot.objects import (
    CALLS,
    COMPANIES,
    CONTACTS,
    DEALS,
    EMAILS,
    MEETINGS,
    NOTES,
    ObjectType,
)
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
    Quarantine,
    Relation,
    Stage,
    StageEntry,
    StageKind,
)

JULY_13 = 1_783_900_800_000  # 2026-07-13T00:00:00Z
HOUR = 3_600_000

BINDINGS = [
    Binding(kind=Kind.ACCOUNT, name="potential", crm_field="annualrevenue", type=FieldType.MONEY),
    Binding(kind=Kind.ACCOUNT, name="since", crm_field="client_depuis", type=FieldType.DATE),
    Binding(
        kind=Kind.ACCOUNT,
        name="cycle",
        crm_field="cycle",
        type=FieldType.CHOICE,
        values={"Court": "short"},
    ),
    Binding(kind=Kind.OPPORTUNITY, name="source", crm_field="source", type=FieldType.TEXT),
]


def mapper(object_type: ObjectType, own_fields: tuple[str, ...] = ()) -> Mapper:
    return Mapper(object_type, BINDINGS, own_fields, "CAD")


def raw(key: str = "9", properties: Json | None = None, **rest: object) -> Json:
    return {
        "id": key,
        "properties": properties or {},
        "createdAt": "2026-07-13T00:00:00Z",
        "updatedAt": "2026-07-13T01:00:00.250Z",
        "archived": False,
        **rest,
    }


def test_a_company_becomes_an_account() -> None:
    properties = {
        "name": "Érablière Côté",
        "domain": "cote.example",
        "hubspot_owner_id": "501",
        "createdate": "2026-07-13T00:00:00Z",
        "hs_lastmodifieddate": "2026-07-13T01:00:00.250Z",
        "hs_merged_object_ids": "3;4",
        "annualrevenue": "500000.00",
        "client_depuis": "2019-02-04",
        "cycle": "Court",
        "arpent_tier": "gold",
        "arpent_next_contact": "1783900800000",
        "arpent_why": "",
    }

    (record,) = mapper(COMPANIES, ("tier", "next_contact", "why")).records([raw("9", properties)])

    assert record == Account(
        external_id="9",
        name="Érablière Côté",
        domain="cote.example",
        owner_id="501",
        created_at=JULY_13,
        modified_at=JULY_13 + HOUR + 250,
        archived_at=None,
        merged_ids=("3", "4"),
        fields={"potential": 50_000_000, "since": 17_931, "cycle": "short"},
        observed={"tier": "gold", "next_contact": "2026-07-13", "why": None},
    )


def test_only_what_is_used_is_asked_of_hubspot() -> None:
    assert mapper(COMPANIES, ("tier",)).properties == (
        "name",
        "domain",
        "hubspot_owner_id",
        "createdate",
        "hs_lastmodifieddate",
        "hs_merged_object_ids",
        "annualrevenue",
        "client_depuis",
        "cycle",
        "arpent_tier",
    )
    assert mapper(CONTACTS, ("tier",)).properties == ("hs_buying_role", "lastmodifieddate")
    for activity in (CALLS, MEETINGS, EMAILS, NOTES):
        asked = " ".join(mapper(activity).properties)
        assert not {"subject", "body", "title", "text", "html"} & set(asked.split("_"))


def test_a_field_that_can_t_be_read_is_set_aside_and_the_record_stays() -> None:
    one = mapper(COMPANIES)
    properties = {"name": "A", "annualrevenue": "N/A", "cycle": "Très long", "createdate": "hier"}

    (record,) = one.records([raw("9", properties)])

    assert isinstance(record, Account)
    assert (record.name, record.created_at) == ("A", None)
    assert record.fields == {"potential": None, "since": None, "cycle": None}
    assert one.drain() == [
        Quarantine(
            kind=Kind.ACCOUNT,
            external_id="9",
            field="created_at",
            raw="hier",
            reason="not a date",
        ),
        Quarantine(
            kind=Kind.ACCOUNT,
            external_id="9",
            field="potential",
            raw="N/A",
            reason="annualrevenue: not a number",
        ),
        Quarantine(
            kind=Kind.ACCOUNT,
            external_id="9",
            field="cycle",
            raw="Très long",
            reason="cycle: the option “Très long” has no meaning in the playbook",
        ),
    ]
    assert one.drain() == []


@pytest.mark.parametrize(
    "bad", [None, 7, "x", [], {}, {"id": "1"}, {"id": 1, "properties": {}}, {"properties": {}}]
)
def test_a_record_that_is_none_does_not_lose_the_page(bad: object) -> None:
    one = mapper(COMPANIES)

    records = one.records([raw("1"), bad, raw("2")])

    assert [record.external_id for record in records] == ["1", "2"]
    assert [note.reason for note in one.drain()] == ["a record without an id or properties"]


def test_an_archived_company_says_since_when() -> None:
    archived = raw("9", archived=True, archivedAt="2026-07-13T02:00:00Z")
    undated = raw("8", archived=True)

    first, second = mapper(COMPANIES).records([archived, undated])

    assert isinstance(first, Account)
    assert isinstance(second, Account)
    assert first.archived_at == JULY_13 + 2 * HOUR
    assert second.archived_at == second.modified_at == JULY_13 + HOUR + 250


def test_a_day_that_a_person_typed_over_is_observed_as_it_is() -> None:
    (record,) = mapper(COMPANIES, ("next_contact",)).records(
        [raw("9", {"arpent_next_contact": "bientôt"})]
    )

    assert isinstance(record, Account)
    assert record.observed == {"next_contact": "bientôt"}


def test_a_deal_becomes_an_opportunity() -> None:
    deal = raw(
        "40",
        {
            "dealname": "Presse plieuse",
            "hubspot_owner_id": "501",
            "dealstage": "proposal",
            "amount": "1000.005",
            "deal_currency_code": "USD",
            "amount_in_home_currency": "1370.01",
            "createdate": "2026-07-13T00:00:00Z",
            "closedate": "2026-07-13T04:00:00Z",
            "hs_lastmodifieddate": "2026-07-13T05:00:00Z",
            "source": "Salon",
        },
        propertiesWithHistory={
            "dealstage": [
                {"value": "proposal", "timestamp": "2026-07-13T03:00:00Z"},
                {"value": "proposal", "timestamp": "2026-07-13T02:00:00Z"},
                {"value": "", "timestamp": "2026-07-13T01:30:00Z"},
                {"value": "discovery", "timestamp": "2026-07-13T01:00:00Z"},
                {"value": "lost", "timestamp": "hier"},
            ],
            "amount": [{"value": "1000.005"}, {"value": "N/A"}, {"value": "2500"}, {"value": ""}],
        },
    )

    (record,) = mapper(DEALS).records([deal])

    assert record == Opportunity(
        external_id="40",
        name="Presse plieuse",
        owner_id="501",
        stage_id="proposal",
        amount=100_000,
        currency="USD",
        home_amount=137_001,
        peak_amount=250_000,
        created_at=JULY_13,
        closes_at=JULY_13 + 4 * HOUR,
        modified_at=JULY_13 + 5 * HOUR,
        fields={"source": "Salon"},
        stage_entries=(
            StageEntry(stage_id="discovery", entered_at=JULY_13 + HOUR),
            StageEntry(stage_id="proposal", entered_at=JULY_13 + 2 * HOUR),
        ),
    )


@pytest.mark.parametrize(
    ("code", "home", "expected"),
    [
        (None, None, ("CAD", 1_000)),  # an account with one currency
        ("CAD", None, ("CAD", 1_000)),
        ("USD", None, ("USD", None)),  # never converted one to one
        ("USD", "13.70", ("USD", 1_370)),
    ],
)
def test_the_home_amount_is_hubspot_s_or_the_amount_itself(
    code: str | None, home: str | None, expected: tuple[str, int | None]
) -> None:
    properties = {"amount": "10", "deal_currency_code": code, "amount_in_home_currency": home}

    (record,) = mapper(DEALS).records([raw("40", properties)])

    assert isinstance(record, Opportunity)
    assert (record.currency, record.home_amount) == expected


@pytest.mark.parametrize(
    ("ticked", "expected"),
    [
        ("DECISION_MAKER", ContactRole.DECISION_MAKER),
        ("BUDGET_HOLDER", ContactRole.DECISION_MAKER),
        ("CHAMPION", ContactRole.INFLUENCER),
        ("END_USER;INFLUENCER", ContactRole.INFLUENCER),
        ("INFLUENCER;DECISION_MAKER", ContactRole.DECISION_MAKER),
        ("END_USER", ContactRole.OTHER),
        ("made_up", ContactRole.OTHER),
        ("", None),
        (None, None),
    ],
)
def test_the_strongest_buying_role_counts(ticked: str | None, expected: ContactRole | None) -> None:
    contact = raw("30", {"hs_buying_role": ticked, "lastmodifieddate": "2026-07-13T00:00:00Z"})

    (record,) = mapper(CONTACTS).records([contact])

    assert record == Contact(external_id="30", role=expected, modified_at=JULY_13)


NO_ANSWER = "73a0d17f-1163-4015-bdd5-ec830791da20"
CONNECTED = "f240bbac-87c9-4f6e-bf70-924b57d47db7"
ACTIVITIES: list[tuple[ActivityKind, dict[str, str | None], bool]] = [
    (ActivityKind.CALL, {"hs_call_status": "COMPLETED"}, True),
    (ActivityKind.CALL, {"hs_call_status": "COMPLETED", "hs_call_disposition": CONNECTED}, True),
    (ActivityKind.CALL, {"hs_call_status": "COMPLETED", "hs_call_disposition": "custom"}, True),
    (ActivityKind.CALL, {"hs_call_status": "COMPLETED", "hs_call_disposition": NO_ANSWER}, False),
    (ActivityKind.CALL, {"hs_call_status": "NO_ANSWER", "hs_call_duration": "9000"}, False),
    (ActivityKind.CALL, {"hs_call_status": None, "hs_call_disposition": CONNECTED}, True),
    (ActivityKind.CALL, {"hs_call_status": None, "hs_call_disposition": NO_ANSWER}, False),
    (ActivityKind.CALL, {"hs_call_duration": "9000"}, True),
    (ActivityKind.CALL, {"hs_call_duration": "0"}, False),
    (ActivityKind.CALL, {"hs_call_duration": "long"}, False),
    (ActivityKind.CALL, {}, False),
    (ActivityKind.MEETING, {"hs_meeting_outcome": "COMPLETED"}, True),
    (ActivityKind.MEETING, {"hs_meeting_outcome": "NO_SHOW"}, False),
    (ActivityKind.MEETING, {}, False),
    (ActivityKind.EMAIL, {"hs_email_direction": "EMAIL"}, True),
    (ActivityKind.EMAIL, {"hs_email_direction": "EMAIL", "hs_email_status": "SENT"}, True),
    (ActivityKind.EMAIL, {"hs_email_direction": "EMAIL", "hs_email_status": "BOUNCED"}, False),
    (ActivityKind.EMAIL, {"hs_email_direction": "INCOMING_EMAIL"}, False),
    (ActivityKind.EMAIL, {"hs_email_direction": "FORWARDED_EMAIL"}, False),
    (ActivityKind.NOTE, {}, False),
]


@pytest.mark.parametrize(("kind", "properties", "expected"), ACTIVITIES)
def test_a_contact_is_completed_and_outbound_or_two_way(
    kind: ActivityKind, properties: dict[str, str | None], *, expected: bool
) -> None:
    assert mapping.is_contact(kind, properties) is expected


def test_a_call_becomes_an_activity() -> None:
    call = raw(
        "50",
        {
            "hs_timestamp": "2026-07-13T03:00:00Z",
            "hubspot_owner_id": "501",
            "hs_lastmodifieddate": "2026-07-13T04:00:00Z",
            "hs_call_status": "COMPLETED",
        },
    )

    (record,) = mapper(CALLS).records([call])

    assert record == Activity(
        external_id="50",
        kind=ActivityKind.CALL,
        owner_id="501",
        happened_at=JULY_13 + 3 * HOUR,
        is_contact=True,
        modified_at=JULY_13 + 4 * HOUR,
    )


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (
            {"firstName": "Élise", "lastName": "Gagnon", "email": "e@a.example"},
            ("Élise Gagnon", True),
        ),
        ({"email": "e@a.example", "type": "PERSON"}, ("e@a.example", True)),
        ({"lastName": "Gagnon", "archived": True, "userId": None}, ("Gagnon", False)),
        ({"firstName": "Soutien", "type": "QUEUE"}, ("Soutien", False)),
        ({}, ("7", True)),
    ],
)
def test_an_owner_is_active_unless_archived_or_a_queue(
    told: Json, expected: tuple[str, bool]
) -> None:
    name, is_active = expected

    assert reference.owner({"id": "7", **told}, []) == Owner(
        external_id="7", name=name, email=told.get("email"), is_active=is_active
    )


def test_a_stage_is_won_at_probability_one_and_lost_at_zero() -> None:
    def stage(key: str, order: int, metadata: object) -> Json:
        return {"id": key, "label": key.title(), "displayOrder": order, "metadata": metadata}

    quarantined: list[Quarantine] = []
    pipeline = {
        "id": "default",
        "label": "Ventes",
        "stages": [
            stage("open", 0, {"isClosed": "false", "probability": "0.2"}),
            stage("won", 1, {"isClosed": "true", "probability": "1.0"}),
            stage("lost", 2, {"isClosed": "true", "probability": "0.0"}),
            stage("odd", 3, {"isClosed": "false", "probability": "?"}),
            stage("bare", 4, None),
            "not a stage",
        ],
    }

    found = reference.stages([pipeline, "not a pipeline"], quarantined)

    assert [(one.external_id, one.kind, one.probability) for one in found] == [
        ("open", StageKind.OPEN, 0.2),
        ("won", StageKind.WON, 1.0),
        ("lost", StageKind.LOST, 0.0),
        ("odd", StageKind.OPEN, 0.0),
        ("bare", StageKind.OPEN, 0.0),
    ]
    assert found[0] == Stage(
        external_id="open",
        pipeline_id="default",
        pipeline_label="Ventes",
        label="Open",
        position=0,
        probability=0.2,
        kind=StageKind.OPEN,
    )
    assert [(note.external_id[:3], note.reason) for note in quarantined] == [
        ("odd", "not a number"),
        ("?4b", "a stage without an id"),
        ("?61", "a pipeline without an id"),
    ]


def listed(*entries: tuple[str, str], **rest: object) -> Json:
    results = [{"id": key, "type": name} for key, name in entries]
    return {"associations": {"companies": {"results": results, **rest}}}


INLINE: list[tuple[ObjectType, Json, dict[str, bool] | None]] = [
    (DEALS, {}, {}),
    (DEALS, listed(), {}),
    # Each company is listed once for each type.
    (DEALS, listed(("1", "deal_to_company"), ("1", "deal_to_company_unlabeled")), {"1": True}),
    (DEALS, listed(("1", "deal_to_company_unlabeled")), {"1": False}),
    (
        DEALS,
        listed(
            ("2", "deal_to_company_unlabeled"),
            ("1", "deal_to_company_unlabeled"),
            ("1", "deal_to_company"),
        ),
        {"2": False, "1": True},
    ),
    # Several and none of them primary, or two of them: HubSpot must be asked.
    (DEALS, listed(("1", "deal_to_company_unlabeled"), ("2", "partner")), None),
    (DEALS, listed(("1", "deal_to_company"), ("2", "deal_to_company")), None),
    # More of them elsewhere.
    (DEALS, listed(("1", "deal_to_company"), paging={"next": {"after": "x"}}), None),
    # An activity has no primary company.
    (CALLS, listed(("1", "call_to_company"), ("2", "call_to_company")), {"1": False, "2": False}),
]


@pytest.mark.parametrize(("object_type", "record", "expected"), INLINE)
def test_the_companies_within_a_record_are_read_or_must_be_asked(
    object_type: ObjectType, record: Json, expected: dict[str, bool] | None
) -> None:
    assert links.inline_companies(object_type, record) == expected


def test_the_primary_company_is_told_by_the_type_id() -> None:
    def target(key: object, *types: tuple[str, int]) -> Json:
        told = [{"category": category, "typeId": number} for category, number in types]
        return {"toObjectId": key, "associationTypes": told}

    targets = [
        target(1, ("HUBSPOT_DEFINED", 341), ("HUBSPOT_DEFINED", 5)),
        target("2", ("HUBSPOT_DEFINED", 341)),
        target("3", ("USER_DEFINED", 5)),
        "not a target",
    ]

    assert links.associated_companies(DEALS, targets) == {"1": True, "2": False, "3": False}
    assert links.associated_companies(CALLS, targets) == {"1": False, "2": False, "3": False}


def test_an_only_company_is_the_main_one() -> None:
    relation = Relation.OPPORTUNITY_ACCOUNT

    assert links.links_of(DEALS, {"a": {"1": False}, "b": {"1": False, "2": True}, "c": {}}) == [
        Link(relation=relation, from_id="a", to_id="1", is_primary=True),
        Link(relation=relation, from_id="b", to_id="1", is_primary=False),
        Link(relation=relation, from_id="b", to_id="2", is_primary=True),
    ]
    assert links.links_of(COMPANIES, {"a": {"1": True}}) == []
