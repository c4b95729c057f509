"""Rows of Zoho as canonical records: dirty values set aside, both names of options, rates."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.base import Binding
from connectors.zoho import people
from connectors.zoho.mapping import ACCOUNT, HISTORY, ROLES, Mapper
from connectors.zoho.objects import ACCOUNTS, CALLS, CONTACTS, DEALS, EVENTS, TASKS, Module
from connectors.zoho.rates import Rates
from connectors.zoho.schema import Schema, _declared
from rules.records import (
    Account,
    Activity,
    ActivityKind,
    Contact,
    ContactRole,
    FieldType,
    Kind,
    Opportunity,
    StageKind,
)
from tests.unit.zoho_office import NOW, Json, column, options, standard

TIER = column("Arpent_Tier", "picklist", custom=True, pick_list_values=options(("gold", "Or")))
DAY = column("Arpent_Next_Contact", "date", custom=True)


def schema(module: Module, *more: Json) -> Schema:
    declared = [_declared(raw) for raw in (*standard()[module.name], *more)]
    return Schema(module=module.name, fields={one.name: one for one in declared if one})


def mapper(module: Module, *more: Json, bindings: Any = (), rates: Rates | None = None) -> Mapper:
    own = ["tier", "next_contact"]
    rates = rates or Rates(home="CAD")
    return Mapper(module, bindings, own, rates, schema(module, *more))


def row(**more: Any) -> Json:
    return {"id": "554023000000527001", "Modified_Time": "2026-11-20T10:00:00-05:00", **more}


def test_an_account_is_read_whichever_way_its_lookups_come() -> None:
    found = mapper(ACCOUNTS, TIER, DAY)
    json = row(
        Account_Name="Scierie", Website="https://www.Scierie.example/contact",
        Owner={"id": "501", "name": "Élise"}, Arpent_Tier="Or", Arpent_Next_Contact="2026-12-01",
    )  # fmt: skip
    csv = {**json, "Owner": "501"}

    for one in (json, csv):
        (record,) = found.records([one], now=NOW)
        assert isinstance(record, Account)
        assert (record.name, record.domain, record.owner_id) == (
            "Scierie", "scierie.example", "501",
        )  # fmt: skip
        assert record.observed == {"tier": "gold", "next_contact": "2026-12-01"}
        assert record.modified_at == 1_795_186_800_000
    assert found.drain() == []


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("FAB", "manufacturing"), ("Usine", "manufacturing"), ("Magasin", "retail"),
        # Of the one option the label, of the other the lasting name: the label counts.
        ("DET", "manufacturing"), ("SRV", None),
    ],
)  # fmt: skip
def test_an_option_means_the_same_by_either_name(given: str, meant: str | None) -> None:
    is_shared = given in ("DET", "SRV")
    named = [("FAB", "DET"), ("DET", "SRV")] if is_shared else [("FAB", "Usine"), ("M", "Magasin")]
    field = column("Secteur", "picklist", custom=True, pick_list_values=options(*named))
    bound = Binding(
        kind=Kind.ACCOUNT, name="sector", crm_field="Secteur", type=FieldType.CHOICE,
        values={"FAB": "manufacturing", "M": "retail"},
    )  # fmt: skip
    found = mapper(ACCOUNTS, field, bindings=[bound])

    (record,) = found.records([row(Secteur=given)], now=NOW)

    assert isinstance(record, Account)
    assert record.fields == {"sector": meant}
    assert bool(found.drain()) is (meant is None)


@pytest.mark.parametrize(
    ("given", "observed"),
    [
        # Either name of an option; what somebody typed; nothing chosen; nothing.
        ("Or", "gold"), ("gold", "gold"), ("Platine", "Platine"), ("-None-", None), (None, None),
    ],
)  # fmt: skip
def test_a_choice_of_ours_is_told_by_its_lasting_name(
    given: str | None, observed: str | None
) -> None:
    (record,) = mapper(ACCOUNTS, TIER).records([row(Arpent_Tier=given)], now=NOW)

    assert isinstance(record, Account)
    assert record.observed["tier"] == observed


def test_dirty_values_are_set_aside_and_the_record_stays() -> None:
    potential = Binding(
        kind=Kind.ACCOUNT, name="potential", crm_field="Potentiel", type=FieldType.MONEY
    )
    sector = Binding(
        kind=Kind.ACCOUNT, name="sector", crm_field="Secteur", type=FieldType.CHOICE,
        values={"Fabrication": "manufacturing"},
    )  # fmt: skip
    listed = column("Secteur", "picklist", pick_list_values=options(("FAB", "Fabrication")))
    found = mapper(ACCOUNTS, column("Potentiel"), listed, bindings=[potential, sector])

    dirty, clean, by_reference = found.records(
        [
            row(Potentiel="à confirmer", Secteur="XYZ", Modified_Time="hier"),
            row(Potentiel="125000.50", Secteur="Fabrication"),
            row(Potentiel=12, Secteur="FAB"),
        ],
        now=NOW,
    )

    assert isinstance(dirty, Account)
    assert isinstance(clean, Account)
    assert isinstance(by_reference, Account)
    assert dirty.fields == {"potential": None, "sector": None}
    assert clean.fields == {"potential": 12_500_050, "sector": "manufacturing"}
    assert by_reference.fields == {"potential": 1_200, "sector": "manufacturing"}
    aside = {one.field: one.raw for one in found.drain()}
    assert aside == {"potential": "à confirmer", "sector": "XYZ", "modified_at": "hier"}


def test_a_row_without_an_id_is_set_aside_whole() -> None:
    found = mapper(ACCOUNTS)

    assert found.records([{"Account_Name": "?"}, "rien", None, row(id="x")], now=NOW) == []
    assert len(found.drain()) == 4


def test_a_deal_has_its_money_its_account_and_its_past() -> None:
    found = mapper(DEALS)
    past = [
        {"id": "2", "Stage": "Closed Won", "Amount": 900, "Modified_Time": "2026-11-02T00:00:00Z"},
        {"id": "1", "Stage": "Qualification", "Amount": 1200,
         "Modified_Time": "2026-10-01T00:00:00-04:00"},
        {"id": "3", "Stage": "Gagnée", "Amount": 950, "Modified_Time": "2026-11-03T00:00:00Z"},
    ]  # fmt: skip
    deal = row(
        Deal_Name="Presse", Stage="Closed Won", Amount=900.0, Closing_Date="2026-11-30",
        Account_Name={"id": "77"}, **{HISTORY: past},
    )  # fmt: skip

    (record,) = found.records([deal], now=NOW)

    assert isinstance(record, Opportunity)
    assert (record.amount, record.home_amount, record.peak_amount) == (90_000, 90_000, 120_000)
    assert (record.currency, record.stage_id) == ("CAD", "Gagnée")
    # The same stage saved twice, by either of its names, is entered once.
    assert [entry.stage_id for entry in record.stage_entries] == ["Qualification", "Gagnée"]
    assert [link.to_id for link in found.links([deal])] == ["77"]


@pytest.mark.parametrize(
    ("currency", "own", "home"),
    [
        ("CAD", None, 100_000),
        ("USD", "0.8", 125_000),
        # Without a rate of its own, that of the organization; without any, unknown.
        ("USD", None, 136_986),
        ("EUR", None, None),
        ("EUR", "zéro", None),
    ],
)
def test_an_amount_is_turned_into_the_home_currency(
    currency: str, own: str | None, home: int | None
) -> None:
    several = (column("Currency", "picklist"), column("Exchange_Rate", "double"))
    found = mapper(DEALS, *several, rates=Rates(home="CAD", current={"USD": Decimal("0.73")}))

    (record,) = found.records([row(Amount=1000, Currency=currency, Exchange_Rate=own)], now=NOW)

    assert isinstance(record, Opportunity)
    assert record.home_amount == home


@pytest.mark.parametrize(
    ("module", "values", "kind", "is_contact"),
    [
        # A meeting counts once it has begun.
        (EVENTS, {"Start_DateTime": "2026-11-20T09:00:00-05:00"}, ActivityKind.MEETING, True),
        (EVENTS, {"Start_DateTime": "2026-11-27T09:00:00-05:00"}, ActivityKind.MEETING, False),
        # Unless the organization notes that it was not held.
        (EVENTS, {"Start_DateTime": "2026-11-20T09:00:00-05:00", "Meeting_Outcome": "No_show"},
         ActivityKind.MEETING, False),
        (EVENTS, {"Start_DateTime": "2026-11-20T09:00:00-05:00", "Meeting_Outcome": "Completed"},
         ActivityKind.MEETING, True),
        # A call that took place; scheduled; missed; nobody there.
        (CALLS, {"Call_Type": "Outbound"}, ActivityKind.CALL, True),
        (CALLS, {"Call_Type": "Inbound"}, ActivityKind.CALL, True),
        (CALLS, {"Call_Type": "Outbound", "Outgoing_Call_Status": "Scheduled"},
         ActivityKind.CALL, False),
        (CALLS, {"Call_Type": "Missed"}, ActivityKind.CALL, False),
        (CALLS, {"Call_Type": "Outbound", "Call_Result": "No response/Busy"},
         ActivityKind.CALL, False),
        # A task by Zoho's own words; open; nothing but a note.
        (TASKS, {"Subject": "Email", "Status": "Completed"}, ActivityKind.EMAIL, True),
        (TASKS, {"Subject": "Courriel", "Status": "Terminé"}, ActivityKind.EMAIL, True),
        (TASKS, {"Subject": "Call", "Status": "Not Started"}, ActivityKind.CALL, False),
        (TASKS, {"Subject": "À relancer", "Closed_Time": "2026-11-20T09:00:00Z"},
         ActivityKind.NOTE, False),
        (TASKS, {"Subject": "x", "Task_Type": "Réunion", "Closed_Time": "2026-11-20T09:00:00Z"},
         ActivityKind.MEETING, True),
        # An e-mail of the customer's is no contact of the rep's.
        (TASKS, {"Subject": "x", "Task_Type": "Courriel reçu", "Status": "Completed"},
         ActivityKind.EMAIL, False),
    ],
)  # fmt: skip
def test_an_activity_is_a_contact_or_not(
    module: Module, values: Mapping[str, str], kind: ActivityKind, is_contact: bool  # noqa: FBT001 - a parameter of the table
) -> None:  # fmt: skip
    times = {"Call_Start_Time": "2026-11-20T09:00:00-05:00"} if module is CALLS else {}
    found = mapper(module)

    (record,) = found.records([row(**times, **values, **{ACCOUNT: "77"})], now=NOW)

    assert isinstance(record, Activity)
    assert (record.kind, record.is_contact) == (kind, is_contact)
    assert [link.to_id for link in found.links([row(**{ACCOUNT: "77"})])] == ["77"]


def test_a_task_takes_place_at_noon_of_its_day() -> None:
    (record,) = mapper(TASKS).records([row(Due_Date="2026-11-20")], now=NOW)

    assert isinstance(record, Activity)
    assert record.happened_at == 1_795_176_000_000


@pytest.mark.parametrize(
    ("closed", "expected"),
    [
        # 23:30 in Toronto, where it is still the day; the day after; not closed yet.
        ("2026-11-21T04:30:00Z", 1_795_235_400_000),
        ("2026-11-21T05:30:00Z", 1_795_176_000_000),
        (None, 1_795_176_000_000),
    ],
)
def test_a_task_closed_on_its_day_took_place_at_that_moment(
    closed: str | None, expected: int
) -> None:
    found = mapper(TASKS)
    found._zone = ZoneInfo("America/Toronto")

    (record,) = found.records([row(Due_Date="2026-11-20", Closed_Time=closed)], now=NOW)

    assert isinstance(record, Activity)
    assert record.happened_at == expected


def test_a_list_or_an_object_in_a_field_of_another_type_is_set_aside() -> None:
    bindings = [
        Binding(kind=Kind.ACCOUNT, name=name.lower(), crm_field=name, type=FieldType.TEXT)
        for name in ("Note", "Tags", "Parent")
    ]
    declared = (
        column("Note", "text"), column("Tags", "multiselectpicklist"), column("Parent", "lookup"),
    )  # fmt: skip
    found = mapper(ACCOUNTS, *declared, bindings=bindings)

    (record,) = found.records(
        [row(Note=["a"], Tags=["a", "b"], Parent={"id": "7", "name": "Siège"})], now=NOW
    )

    assert isinstance(record, Account)
    assert dict(record.fields) == {"note": None, "tags": "a; b", "parent": "Siège"}
    assert [one.field for one in found.drain()] == ["note"]


def test_the_strongest_role_of_a_contact_counts() -> None:
    found = mapper(CONTACTS, column("Buying_Role", "picklist"))

    by_field, by_deals, none = found.records(
        [
            row(Buying_Role="Influencer"),
            row(**{ROLES: ["Evaluator", "Decision Maker", "Autre"]}),
            row(Buying_Role=None),
        ],
        now=NOW,
    )

    assert [
        record.role for record in (by_field, by_deals, none) if isinstance(record, Contact)
    ] == [
        ContactRole.INFLUENCER,
        ContactRole.DECISION_MAKER,
        None,
    ]


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ({"display_value": "Signé", "forecast_type": "Closed Won"}, StageKind.WON),
        ({"display_value": "Closed Won", "forecast_type": "Open"}, StageKind.OPEN),
        ({"display_value": "Parti", "forecast_type": "Closed Lost"}, StageKind.LOST),
        ({"display_value": "Conclu", "probability": 100}, StageKind.WON),
    ],
)
def test_a_stage_is_won_or_lost_by_its_forecast_type_never_by_its_name(
    place: Json, kind: StageKind
) -> None:
    stage = people.stage({"id": "1", "display_value": "Ventes"}, place, None, [])

    assert stage is not None
    assert (stage.kind, stage.pipeline_label) == (kind, "Ventes")


def test_an_impossible_probability_is_set_aside() -> None:
    aside: list[Any] = []

    stage = people.stage({}, {"display_value": "A", "probability": "beaucoup"}, None, aside)

    assert stage is not None
    assert stage.probability == 0.0
    assert [one.raw for one in aside] == ["beaucoup"]
