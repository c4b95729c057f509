"""Bad input loses nothing: an emulated HubSpot that answers nonsense, pulled over real HTTP.

A bad field never costs its record, a bad record never costs its page, and the run succeeds; what
was set aside can be seen until it is mended in the CRM.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Row

from connectors.base import Binding
from connectors.hubspot.connector import HubSpot
from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot import HubSpotSandbox
from rules.records import NAMELESS, FieldType, Kind, Quarantine
from rules.time import instant_of
from service import pull, set_aside
from service.store import bindings, quarantines
from service.store.engine import Store
from tests.integration import dirty_values
from tests.integration.dirty_values import Aside, Field, Of
from tests.integration.pages import Workspace, settle
from tests.integration.patience import Patience

TYPES = {
    dirty_values.POTENTIAL: FieldType.MONEY,
    dirty_values.SIZE: FieldType.NUMBER,
    dirty_values.SECTOR: FieldType.TEXT,
    dirty_values.FAMILY: FieldType.CHOICE,
    dirty_values.SINCE: FieldType.DATE,
    dirty_values.ACTIVE: FieldType.YES_NO,
}
BOUND = [
    Binding(
        kind=each.kind,
        name=each.name,
        crm_field=each.crm_name,
        type=of_type,
        values={"FAB": "manufacturing", "DET": "retail"} if of_type is FieldType.CHOICE else {},
    )
    for each, of_type in TYPES.items()
]
GOOD = {
    kind: {each.crm_name: each.good for each, _, _ in dirty_values.ROWS if each.kind is kind}
    for kind in (Kind.ACCOUNT, Kind.OPPORTUNITY)
}
OBJECTS = {Kind.ACCOUNT: "companies", Kind.OPPORTUNITY: "deals"}
A_WHILE = timedelta(minutes=40)
# What the database can't change: once is enough.
on_sqlite = pytest.mark.parametrize("database", ["sqlite"])


@dataclass(frozen=True, slots=True)
class Mirrored:
    """A portal, its mirror, and the connector between them."""

    portal: HubSpotSandbox
    workspace: Workspace
    crm: HubSpot
    slots: Mapping[str, str]

    def pull(self, *, full: bool = False, run_id: int | None = None) -> pull.PullReport:
        """A pull, a while after the last one."""
        self.portal.clock.advance(A_WHILE)
        return pull.run(
            self.workspace.store,
            self.crm,
            connection_id=self.workspace.connection_id,
            run_id=run_id,
            now=lambda: instant_of(self.portal.clock.now()),
            full=full,
        )

    def create(self, kind: Kind, **values: str) -> str:
        """A record with good values."""
        wanted = {name: value for name, value in (GOOD[kind] | values).items() if value}
        wanted.pop("createdate", None)
        made = self.portal.act("create", objectType=OBJECTS[kind], properties=wanted)
        return str(made["id"])

    def spoil(self, *edits: JsonObject) -> None:
        """From now on, answers with records are not what they should be."""
        fault = {"fault": {"spoil": list(edits)}}
        self.portal.set_faults(fault | {"match": {"path": r"/objects/.*(companies|deals)"}})

    def touch(self) -> None:
        """Somebody changes all records, without changing a value."""
        self.portal.clock.advance(A_WHILE)
        for objects in OBJECTS.values():
            self.portal.act("touch_all", objectType=objects)

    def aside(self) -> list[Quarantine]:
        """What is set aside, as people are shown it."""
        with self.workspace.store.read() as connection:
            return quarantines.found(connection, self.workspace.connection_id, limit=1_000)

    def row(self, kind: Kind, external_id: str) -> Row[Any]:
        return self.workspace.row(kind.value, external_id)

    def held(self, field: Field, external_id: str) -> object:
        """What the mirror holds of a field; references as `Of`."""
        found = getattr(
            self.row(field.kind, external_id), self.slots.get(field.name) or field.column
        )
        if field.column in ("owner_id", "stage_id") and found is not None:
            (name,) = [
                each.external_id
                for each in self.workspace.rows("external_ref")
                if (each.kind, each.entity_id) == (field.column.removesuffix("_id"), found)
            ]
            return Of(name)
        return found


@pytest.fixture
def mirrored(store: Store) -> Iterator[Mirrored]:
    workspace = settle(store, vendor="hubspot")
    with store.write() as connection:
        slots = bindings.save_bindings(connection, {"hubspot": BOUND})
    with HubSpotSandbox() as portal:
        portal.portal.commit("owner.saved", owner={**PERSON, "id": "501"})
        for each in BOUND:
            body = {"name": each.crm_field, "label": each.name, **PLAIN}
            assert portal.call("POST", "/crm/properties/2026-09/companies", body)[0] == 201
        clock = Patience(portal).clock
        crm = HubSpot(SecretStr(portal.token), base_url=portal.url, clock=clock)
        yield Mirrored(portal, workspace, crm, slots[Kind.ACCOUNT])
        crm.close()


# How JSON's extensions print these numbers.
WORDS = {"nan": "NaN", "inf": "Infinity"}
PLAIN = {"type": "string", "fieldType": "text", "groupName": "companyinformation"}
PERSON = {
    "type": "PERSON",
    "firstName": "Élise",
    "lastName": "Gagnon",
    "email": "elise@example.org",
    "userId": 7,
    "userIdIncludingInactive": 7,
    "createdAt": "2026-01-01T00:00:00Z",
    "updatedAt": "2026-01-01T00:00:00Z",
    "archived": False,
}


def as_answered(field: Field, external_id: str, raw: object) -> JsonObject:
    return {"at": ["results", external_id, "properties", field.crm_name], "set": raw}


def raw_text(raw: object) -> str:
    """The raw form that people are shown: its text, without what no database holds, cut at 200."""
    written = raw if isinstance(raw, str) else WORDS.get(repr(raw), repr(raw))
    storable = [each for each in written[:200] if each != "\0" and not is_surrogate(each)]
    return "".join(storable)


def is_surrogate(letter: str) -> bool:
    return "\ud800" <= letter <= "\udfff"


def reason_of(field: Field, aside: Aside) -> str:
    """Of a field of the playbook, the reason begins with its name in the CRM."""
    return f"{field.crm_name}: {aside.reason}" if field in TYPES else aside.reason


def test_each_dirty_value_is_cleaned_or_set_aside(mirrored: Mirrored) -> None:
    rows = dirty_values.ROWS
    assert len(rows) >= 80
    ids = [mirrored.create(field.kind) for field, _, _ in rows]
    mirrored.spoil(
        *[as_answered(field, key, raw) for key, (field, raw, _) in zip(ids, rows, strict=True)]
    )

    report = mirrored.pull()

    expected = {
        key: None if isinstance(clean, Aside) else clean
        for key, (_, _, clean) in zip(ids, rows, strict=True)
    }
    held = {key: mirrored.held(field, key) for key, (field, _, _) in zip(ids, rows, strict=True)}
    assert held == expected
    assert {
        (each.kind, each.external_id, each.field, each.raw): each.reason
        for each in mirrored.aside()
    } == {
        (field.kind, key, field.name, raw_text(raw)): reason_of(field, clean)
        for key, (field, raw, clean) in zip(ids, rows, strict=True)
        if isinstance(clean, Aside)
    }
    told = [each.reason for each in map(set_aside.told, mirrored.aside())]
    assert not [reason for reason in told if reason.fr == reason.en]
    counts = report.counts
    assert counts["account.received"] == counts["account.written"]
    assert counts["account.quarantined"] + counts["opportunity.quarantined"] == len(
        mirrored.aside()
    )

    mirrored.portal.set_faults()
    mirrored.touch()
    mirrored.pull()

    assert mirrored.aside() == []


@dataclass(frozen=True, slots=True)
class BadRecord:
    """How one record of a page is spoiled, and what the page then counts.

    `is_known`: the record is written all the same. `raw`: a part of what is shown of one that is
    not.
    """

    edits: Sequence[JsonObject]
    is_known: bool
    counts: Mapping[str, int]
    raw: str = ""


def at(key: str, *path: str) -> list[str]:
    return ["results", key, *path]


BAD_RECORDS = {
    "no id": BadRecord([{"at": at("B", "id"), "remove": True}], False, {"rejected": 1}, "Nordet"),
    "an empty id": BadRecord([{"at": at("B", "id"), "set": ""}], False, {"rejected": 1}, "Nordet"),
    "an id that is a list": BadRecord(
        [{"at": at("B", "id"), "set": ["7"]}], False, {"rejected": 1}, "Nordet"
    ),
    "a NUL in the id": BadRecord(
        [{"at": at("B", "id"), "set": "7\x00"}], False, {"rejected": 1}, "Nordet"
    ),
    "an endless id": BadRecord(
        [{"at": at("B", "id"), "set": "7" * 5_000}], False, {"rejected": 1}, "777"
    ),
    "no properties": BadRecord(
        [{"at": at("B", "properties"), "remove": True}], False, {"rejected": 1}, "createdAt"
    ),
    "properties that are a list": BadRecord(
        [{"at": at("B", "properties"), "set": ["name"]}], False, {"rejected": 1}, "properties"
    ),
    "null for a record": BadRecord([{"at": at("B"), "set": None}], False, {"rejected": 1}, "None"),
    "a text for a record": BadRecord(
        [{"at": at("B"), "set": "502 Bad Gateway"}], False, {"rejected": 1}, "502"
    ),
    # All three records come twice: each counts once, the other is no news.
    "each record twice": BadRecord([{"at": ["results"], "repeat": True}], True, {"older": 3}),
    "the page upside down": BadRecord([{"at": ["results"], "reverse": True}], True, {}),
    "archived is a word": BadRecord([{"at": at("B", "archived"), "set": "no"}], True, {}),
    "no date of change": BadRecord(
        [
            {"at": at("B", "updatedAt"), "remove": True},
            {"at": at("B", "createdAt"), "set": {}},
            {"at": at("B", "properties", "hs_lastmodifieddate"), "set": "jamais"},
        ],
        True,
        {"quarantined": 1},
    ),
}


def named(edits: Sequence[JsonObject], key: str) -> list[JsonObject]:
    """The edits of the record that the table calls B."""
    return [{**edit, "at": [key if step == "B" else step for step in edit["at"]]} for edit in edits]


@on_sqlite
@pytest.mark.parametrize("bad", BAD_RECORDS.values(), ids=BAD_RECORDS)
def test_a_bad_record_costs_neither_its_page_nor_what_was_known_of_it(
    mirrored: Mirrored, bad: BadRecord
) -> None:
    ids = [mirrored.create(Kind.ACCOUNT) for _ in range(3)]
    mirrored.spoil(*named(bad.edits, ids[1]))

    # As a first load meets it, then again in full.
    for is_again in (False, True):
        counts = mirrored.pull(full=is_again).counts

        known = {row.external_id for row in mirrored.workspace.rows("account")}
        assert known == ({*ids} if bad.is_known else {ids[0], ids[2]})
        told = {name: counts.get(f"account.{name}", 0) for name in ("rejected", "older")}
        assert told == {"rejected": 0, "older": 0} | {
            name: count for name, count in bad.counts.items() if name in told
        }
        assert counts["account.received"] == 2 + bad.is_known + sum(told.values())
        assert len(mirrored.aside()) == bad.counts.get("quarantined", told["rejected"])
    if not bad.is_known:
        (aside,) = mirrored.aside()
        assert bad.raw in aside.raw

    mirrored.portal.set_faults()
    mirrored.pull(full=True)

    assert {row.external_id for row in mirrored.workspace.rows("account")} == {*ids}
    assert mirrored.aside() == []


@on_sqlite
@pytest.mark.parametrize("bad", BAD_RECORDS.values(), ids=BAD_RECORDS)
def test_a_record_that_was_known_outlives_a_bad_answer_about_it(
    mirrored: Mirrored, bad: BadRecord
) -> None:
    ids = [mirrored.create(Kind.ACCOUNT) for _ in range(3)]
    mirrored.pull()
    mirrored.spoil(*named(bad.edits, ids[1]))
    mirrored.touch()

    # Its values are asked by its id; then the list is read in full.
    for is_full in (False, True):
        mirrored.pull(full=is_full)

        rows = {row.external_id: row for row in mirrored.workspace.rows("account")}
        assert {key: row.archived_at for key, row in rows.items()} == dict.fromkeys(ids)
        assert {row.name for row in rows.values()} == {"Ferblanterie Nordet"}


@on_sqlite
def test_several_records_without_an_id_are_all_shown(mirrored: Mirrored) -> None:
    ids = [mirrored.create(Kind.ACCOUNT, name=name) for name in ("Un", "Deux", "Trois")]
    mirrored.spoil(*[{"at": at(key, "id"), "remove": True} for key in ids[:2]])

    mirrored.pull()

    assert [each.external_id[:1] for each in mirrored.aside()] == [NAMELESS, NAMELESS]
    assert {name for name in ("Un", "Deux") if name in str(mirrored.aside())} == {"Un", "Deux"}


@on_sqlite
def test_a_date_of_change_in_the_future_does_not_keep_later_changes_out(
    mirrored: Mirrored,
) -> None:
    key = mirrored.create(Kind.ACCOUNT)
    edit = {"at": at(key, "properties", "hs_lastmodifieddate"), "set": "2099-12-31T00:00:00Z"}
    mirrored.spoil(edit)
    mirrored.pull()

    mirrored.portal.set_faults()
    mirrored.portal.act(
        "edit", objectType="companies", id=key, properties={"name": "Tôlerie Nordet"}
    )
    mirrored.pull()

    assert mirrored.row(Kind.ACCOUNT, key).name == "Tôlerie Nordet"


def deal_on(company: object) -> JsonObject:
    return {"results": [{"id": company, "type": "deal_to_company"}]}


LINKS: list[tuple[object, list[str]]] = [
    # No company at all.
    (None, []),
    ({"results": []}, []),
    # One that was never seen joins when it comes.
    (deal_on("999"), ["999"]),
    (deal_on(999), ["999"]),
    # What can't be a company is no link.
    (deal_on("99\x009"), []),
    (deal_on("9" * 5_000), []),
    (deal_on(None), []),
    (deal_on(["999"]), []),
    ({"results": ["999"]}, []),
    ({"results": "999"}, []),
]


def test_links_to_nothing_or_to_nonsense_cost_no_deal(mirrored: Mirrored) -> None:
    ids = [mirrored.create(Kind.OPPORTUNITY) for _ in LINKS]
    mirrored.spoil(
        *[
            {"at": at(key, "associations"), "set": {"companies": companies}}
            for key, (companies, _) in zip(ids, LINKS, strict=True)
        ]
    )

    mirrored.pull()

    workspace = mirrored.workspace
    refs = workspace.rows("external_ref")
    names = {(each.kind, each.entity_id): each.external_id for each in refs}
    linked: dict[str, list[str]] = {key: [] for key in ids}
    for from_id, to_id, _ in workspace.links():
        linked[names["opportunity", from_id]].append(names["account", to_id])
    assert linked == {key: wanted for key, (_, wanted) in zip(ids, LINKS, strict=True)}
    assert len(workspace.rows("opportunity")) == len(LINKS)


@on_sqlite
def test_people_and_stages_may_be_odd_too(mirrored: Mirrored) -> None:
    owners = [
        {"at": at("501", "email"), "set": {"address": "elise@example.org"}},
        {"at": at("501", "firstName"), "set": ["Élise"]},
        {"at": at("501", "lastName"), "set": "Gag\x00non"},
    ]
    stages = [
        {"at": ["results", "default", "stages", "closedwon", "label"], "set": 12},
        {"at": ["results", "default", "stages", "closedlost", "label"], "set": ["Perdue"]},
        {"at": ["results", "default", "stages", "contractsent", "displayOrder"], "set": 10**18},
        {"at": ["results", "default", "stages", "presentationscheduled", "id"], "remove": True},
    ]
    mirrored.portal.set_faults(
        {"match": {"path": "/owners/"}, "fault": {"spoil": owners}},
        {"match": {"path": "/pipelines/"}, "fault": {"spoil": stages}},
    )

    mirrored.pull()

    (owner,) = mirrored.workspace.rows("owner")
    assert (owner.name, owner.email, owner.is_active) == ("Gagnon", None, True)
    labels = {row.external_id: row.label for row in mirrored.workspace.rows("stage")}
    assert (labels["closedwon"], labels["closedlost"]) == ("12", "closedlost")
    assert "presentationscheduled" not in labels
    assert {(each.kind, each.field) for each in mirrored.aside()} == {
        (Kind.OWNER, "email"),
        (Kind.OWNER, "firstName"),
        (Kind.STAGE, "label"),
        (Kind.STAGE, ""),
    }

    mirrored.portal.set_faults()
    mirrored.pull(full=True)

    assert mirrored.aside() == []
