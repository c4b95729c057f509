"""Bad input loses nothing: an emulated Salesforce that answers nonsense, pulled over real HTTP.

A bad field never costs its record, a bad record never costs its page, half a result is none; what
was set aside can be seen until it is mended in the CRM.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from connectors.base import Binding, Fatal, OwnField, Provision, Retriable
from connectors.salesforce.access import ClientCredentials
from connectors.salesforce.connector import Salesforce
from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.salesforce import (
    SANDBOX_CLIENT_KEY,
    SANDBOX_CLIENT_SECRET,
    SalesforceSandbox,
)
from rules.records import FieldType, Kind, Quarantine
from rules.time import instant_of
from service import pull, set_aside
from service.store import bindings, quarantines
from service.store.engine import Store
from tests.integration import dirty_values
from tests.integration.dirty_values import Aside, Field
from tests.integration.pages import Workspace, settle
from tests.integration.patience import Patience
from tests.integration.test_bad_input_hubspot import TYPES, on_sqlite, raw_text

# The fields of the table of dirty values, as an administrator made them here.
NAMES = {
    **{each: f"{each.crm_name.capitalize()}__c" for each in TYPES},
    dirty_values.MONEY: "Amount",
    dirty_values.NAME: "Name",
}
BOUND = [
    Binding(
        kind=each.kind,
        name=each.name,
        crm_field=NAMES[each],
        type=of_type,
        values={"FAB": "manufacturing", "DET": "retail"} if of_type is FieldType.CHOICE else {},
    )
    for each, of_type in TYPES.items()
]
ROWS = [row for row in dirty_values.ROWS if row[0] in NAMES]
GOOD: dict[Kind, JsonObject] = {
    Kind.ACCOUNT: {"Name": "Ferblanterie Nordet"} | {NAMES[each]: each.good for each in TYPES},
    Kind.OPPORTUNITY: {
        "Name": "Presse", "StageName": "Prospecting", "CloseDate": "2026-12-18", "Amount": 100,
    },
}  # fmt: skip
OBJECTS = {Kind.ACCOUNT: "Account", Kind.OPPORTUNITY: "Opportunity"}
NOW = datetime(2026, 11, 23, 13, tzinfo=UTC)
A_WHILE = timedelta(minutes=40)
# Everything that a CSV can lose on its way.
NAMES_OF_PEOPLE = (
    "Érablière Côté & fils",
    'Les "Grands" Vins, inc.',
    "Ligne 1\nLigne 2\r\nLigne 3",
    "Œuvre d’été 🍁 日本",
    "#N/A",
    "=1+1",
)


@dataclass(slots=True)
class Mirrored:
    """An org, its mirror, and the connector between them."""

    org: SalesforceSandbox
    workspace: Workspace
    crm: Salesforce
    slots: dict[str, str]

    def open(self, *, bulk_from: int = 20_000) -> None:
        """Open the org anew."""
        self.crm.close()
        self.crm = opened(self.org, bulk_from)

    def pull(self, *, full: bool = False) -> pull.PullReport:
        """A pull, a while after the last one."""
        self.org.clock.advance(A_WHILE)
        return pull.run(
            self.workspace.store,
            self.crm,
            connection_id=self.workspace.connection_id,
            run_id=None,
            now=lambda: instant_of(self.org.clock.now()),
            full=full,
        )

    def create(self, kind: Kind, **values: object) -> str:
        """A record with good values."""
        return self.org.create(OBJECTS[kind], **(GOOD[kind] | values))

    def spoil(self, *edits: JsonObject) -> None:
        """From now on, answers with records are not what they should be."""
        self.org.set_faults({"match": {"path": "/queryAll"}, "fault": {"spoil": list(edits)}})

    def aside(self) -> list[Quarantine]:
        """What is set aside, as people are shown it."""
        with self.workspace.store.read() as connection:
            return quarantines.found(connection, self.workspace.connection_id, limit=1_000)

    def held(self, field: Field, external_id: str) -> object:
        row = self.workspace.row(field.kind.value, external_id)
        return getattr(row, self.slots.get(field.name) or field.column)

    def names(self) -> dict[str, str]:
        return {row.external_id: row.name for row in self.workspace.rows("account")}


def opened(org: SalesforceSandbox, bulk_from: int = 20_000) -> Salesforce:
    access = ClientCredentials(
        client_id=SANDBOX_CLIENT_KEY, client_secret=SecretStr(SANDBOX_CLIENT_SECRET)
    )
    return Salesforce(access, base_url=org.url, clock=Patience(org).clock, bulk_from=bulk_from)


@pytest.fixture
def mirrored(store: Store) -> Iterator[Mirrored]:
    workspace = settle(store, vendor="salesforce")
    with store.write() as connection:
        slots = bindings.save_bindings(connection, {"salesforce": BOUND})
    with SalesforceSandbox(now=NOW) as org:
        for each in TYPES:
            org.act("create_field", object="Account", name=NAMES[each], type="string")
        made = Mirrored(org, workspace, opened(org), dict(slots[Kind.ACCOUNT]))
        yield made
        made.crm.close()


def test_each_dirty_value_is_cleaned_or_set_aside(mirrored: Mirrored) -> None:
    assert len(ROWS) >= 60
    ids = [mirrored.create(field.kind) for field, _, _ in ROWS]
    mirrored.spoil(
        *[
            {"at": ["records", key, NAMES[field]], "set": raw}
            for key, (field, raw, _) in zip(ids, ROWS, strict=True)
        ]
    )

    mirrored.pull()

    expected = {
        key: None if isinstance(clean, Aside) else clean
        for key, (_, _, clean) in zip(ids, ROWS, strict=True)
    }
    assert {
        key: mirrored.held(field, key) for key, (field, _, _) in zip(ids, ROWS, strict=True)
    } == expected
    assert {(each.external_id, each.field, each.raw): each.reason for each in mirrored.aside()} == {
        (key, field.name, raw_text(raw)): reason_of(field, clean)
        for key, (field, raw, clean) in zip(ids, ROWS, strict=True)
        if isinstance(clean, Aside)
    }
    told = [each.reason for each in map(set_aside.told, mirrored.aside())]
    assert not [reason for reason in told if reason.fr == reason.en]

    mirrored.org.set_faults()
    mirrored.pull(full=True)

    assert mirrored.aside() == []


def reason_of(field: Field, aside: Aside) -> str:
    """Of a field of the playbook, the reason begins with its name in the CRM."""
    return f"{NAMES[field]}: {aside.reason}" if field in TYPES else aside.reason


BAD_RECORDS: dict[str, tuple[JsonObject, bool]] = {
    "no id": ({"at": ["records", "B", "Id"], "remove": True}, False),
    "an id that is none": ({"at": ["records", "B", "Id"], "set": "001; DROP"}, False),
    "an id that is a number": ({"at": ["records", "B", "Id"], "set": 7}, False),
    "a NUL in the id": ({"at": ["records", "B", "Id"], "set": "0015g000004abC\x00"}, False),
    "null for a record": ({"at": ["records", "B"], "set": None}, False),
    "a text for a record": ({"at": ["records", "B"], "set": "502 Bad Gateway"}, False),
    "the page upside down": ({"at": ["records"], "reverse": True}, True),
    "deleted is a word": ({"at": ["records", "B", "IsDeleted"], "set": "no"}, True),
    "no date of change": ({"at": ["records", "B", "SystemModstamp"], "set": "jamais"}, True),
    "a change in the future": (
        {"at": ["records", "B", "SystemModstamp"], "set": "2099-12-31T00:00:00.000+0000"},
        True,
    ),
}


@on_sqlite
@pytest.mark.parametrize("bad", BAD_RECORDS)
def test_a_bad_record_costs_neither_its_page_nor_what_was_known_of_it(
    mirrored: Mirrored, bad: str
) -> None:
    edit, is_known = BAD_RECORDS[bad]
    ids = [mirrored.create(Kind.ACCOUNT, Name=f"Compte {number}") for number in range(3)]
    edit = edit | {"at": [ids[1] if step == "B" else step for step in edit["at"]]}
    mirrored.spoil(edit)

    mirrored.pull()

    assert {*mirrored.names()} == ({*ids} if is_known else {ids[0], ids[2]})
    assert bool(mirrored.aside()) is (not is_known or "no date" in bad)

    # Then it is known, and bad again.
    mirrored.org.set_faults()
    mirrored.pull(full=True)
    assert {*mirrored.names()} == {*ids}
    assert mirrored.aside() == []
    mirrored.spoil(edit)
    mirrored.pull(full=True)
    rows = {row.external_id: row.archived_at for row in mirrored.workspace.rows("account")}
    assert rows == dict.fromkeys(ids)

    mirrored.org.set_faults()
    mirrored.org.act("edit", id=ids[1], values={"Name": "Tôlerie Nordet"})
    mirrored.pull()
    assert mirrored.names()[ids[1]] == "Tôlerie Nordet"


# Bulk results.


@on_sqlite
@pytest.mark.parametrize("has_charset", [False, True])
def test_a_bulk_result_keeps_accents_and_line_breaks(
    mirrored: Mirrored,
    has_charset: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    mirrored.org.switches.change({"bulk_charset": has_charset, "bulk_page_size": 2})
    ids = [mirrored.create(Kind.ACCOUNT, Name=name, Secteur__c=name) for name in NAMES_OF_PEOPLE]
    mirrored.open(bulk_from=1)

    mirrored.pull()

    assert mirrored.names() == dict(zip(ids, NAMES_OF_PEOPLE, strict=True))
    assert [mirrored.held(dirty_values.SECTOR, key) for key in ids] == [*NAMES_OF_PEOPLE]
    assert "POST /services/data/v68.0/jobs/query" in mirrored.org.statistics()["requests"]


HALVES: dict[str, JsonObject] = {
    "half a page": {"truncate": 0.5},
    "fewer rows than it says": {
        "status": 200,
        "body": '"Id","Name"\n',
        "headers": {"Sforce-Locator": "null", "Sforce-NumberOfRecords": "2"},
    },
    "no locator": {"status": 200, "body": '"Id","Name"\n', "headers": {}},
    "rows of another width": {
        "status": 200,
        "body": '"Id","Name"\n"0015g000004abCDEAY"\n',
        "headers": {"Sforce-Locator": "null", "Sforce-NumberOfRecords": "1"},
    },
    "HTML": {"html": True},
}


@on_sqlite
@pytest.mark.parametrize("half", HALVES)
def test_half_a_bulk_result_is_none(mirrored: Mirrored, half: str) -> None:
    """What came before it is kept, and the load goes on from there."""
    mirrored.org.switches.change({"bulk_page_size": 2})
    ids = [mirrored.create(Kind.ACCOUNT, Name=f"Compte {number}") for number in range(5)]
    mirrored.open(bulk_from=1)
    path = {"path": "/jobs/query/750[^/]*/results$"}
    mirrored.org.set_faults({"match": path, "nth": [2, 3, 4, 5, 6], "fault": HALVES[half]})

    with pytest.raises(Retriable) as caught:
        mirrored.pull()
    assert "réessaiera" in caught.value.message.fr
    assert len(mirrored.names()) == 2

    mirrored.org.set_faults()
    mirrored.pull()

    assert {*mirrored.names()} == {*ids}


@on_sqlite
def test_a_bulk_job_that_fails_half_way_gives_way_to_pages(mirrored: Mirrored) -> None:
    ids = [mirrored.create(Kind.ACCOUNT, Name=f"Compte {number}") for number in range(5)]
    mirrored.org.switches.change({"bulk_failure": "InternalServerError : retry limit exceeded"})
    mirrored.open(bulk_from=1)

    mirrored.pull()

    assert {*mirrored.names()} == {*ids}


# What an administrator does.


@on_sqlite
def test_an_access_that_is_revoked_half_way_keeps_what_was_read(mirrored: Mirrored) -> None:
    mirrored.org.switches.change({"page_size": 2})
    ids = [mirrored.create(Kind.ACCOUNT, Name=f"Compte {number}") for number in range(5)]
    gone = {"action": "deactivate_user", "id": mirrored.org.user_id("integration@arpent.example")}
    mirrored.org.set_faults({"match": {"query": "FROM Account "}, "nth": 2, "fault": {"act": gone}})

    with pytest.raises(Fatal) as caught:
        mirrored.pull()
    assert "actif" in caught.value.message.fr
    known = {*mirrored.names()}
    assert 0 < len(known) < len(ids)

    mirrored.org.act("activate_user", id=gone["id"])
    mirrored.open()
    mirrored.pull()
    assert {*mirrored.names()} == {*ids}


@on_sqlite
def test_an_object_that_may_not_be_read_is_told(mirrored: Mirrored) -> None:
    user = mirrored.org.user_id("integration@arpent.example")
    mirrored.create(Kind.ACCOUNT)
    mirrored.pull()
    mirrored.org.act("hide_object", object="Opportunity", user=user)

    with pytest.raises(Fatal) as caught:
        mirrored.pull()

    assert "ensemble d'autorisations" in caught.value.message.fr
    assert len(mirrored.names()) == 1


@on_sqlite
def test_a_currency_without_a_rate_is_unknown_and_never_one_to_one(mirrored: Mirrored) -> None:
    mirrored.org.act("set_currencies", rates={"USD": 0.75})
    known = mirrored.create(Kind.OPPORTUNITY, CurrencyIsoCode="USD", Amount=75)
    strange = mirrored.create(Kind.OPPORTUNITY, CurrencyIsoCode="USD", Amount=75)
    mirrored.spoil({"at": ["records", strange, "CurrencyIsoCode"], "set": "XAF"})
    mirrored.pull()

    rows = {row.external_id: row for row in mirrored.workspace.rows("opportunity")}
    assert (rows[known].currency, rows[known].amount, rows[known].team_amount) == (
        "USD", 7_500, 10_000,
    )  # fmt: skip
    assert (rows[strange].currency, rows[strange].amount, rows[strange].team_amount) == (
        "XAF", 7_500, None,
    )  # fmt: skip


def test_a_field_too_many_is_told_and_none_is_half_made() -> None:
    with SalesforceSandbox(now=NOW) as org:
        there = sum(field.custom for field in org.org.objects["Account"].fields.values())
        org.switches.change({"custom_field_limit": there + 1})
        crm = opened(org)
        wanted = [
            OwnField(name=name, type=FieldType.TEXT, label=name, description="")
            for name in ("tier", "why", "quadrant")
        ]
        made = crm.ensure("Plan de territoire", wanted, dry_run=False)
        crm.close()
        names = org.org.objects["Account"].fields
        assert not [name for name in names if name.startswith("arpent_")]

    assert {each.state for each in made} == {Provision.NO_ROOM}
    notes = [each.note for each in made if each.note]
    assert len(notes) == 3
    assert all(note.fr != note.en for note in notes)
