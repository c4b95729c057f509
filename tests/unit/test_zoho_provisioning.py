"""Own fields in Zoho: room first, five a call, names read back, labels, profiles, layouts."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors.base import Change, OwnField, Provision, Removal
from connectors.zoho import setting_up
from connectors.zoho.objects import is_named, planned_name
from connectors.zoho.tasks import Tasks
from rules.owned import CHALLENGES, LABELS, TYPES, Owned
from rules.records import FieldType, Kind
from tests.unit.zoho_office import (
    Answer,
    Call,
    Json,
    Office,
    column,
    connected,
    error,
    opened,
    options,
    success,
)

TIER = OwnField(
    name="tier", type=FieldType.CHOICE, label="Niveau", description="Calculé par Arpent.",
    options=(("gold", "Or"), ("silver", "Argent")),
)  # fmt: skip
WHY = OwnField(name="why", type=FieldType.TEXT, label="Pourquoi", description="")
CHALLENGE = OwnField(
    name="challenge", type=FieldType.CHOICE, label="Contester", description="",
    options=tuple((key, text.fr) for key, text in CHALLENGES.items()),
)  # fmt: skip
ALL = [
    OwnField(name=each.value, type=TYPES[each], label=LABELS[each].fr, description="")
    for each in Owned
]


class Setup:
    """The settings of an organization: fields are made, relabelled, deleted."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.refusals: dict[str, Json] = {}
        self.derive: Callable[[str], str] = lambda label: label.replace(" ", "_")
        self.profiles: list[Json] = []
        office.script = self.answer

    def answer(self, call: Call) -> Answer | None:
        path = call.path.removeprefix("/crm/v8/")
        if path == "users" and call.query.get("type") == "CurrentUser":
            return 200, {"users": [{"id": "1", "profile": {"id": "71", "name": "Arpent"}}]}
        if path == "settings/profiles" and self.profiles:
            return 200, {"profiles": self.profiles}
        if not path.startswith("settings/fields") or call.method == "GET":
            return None
        return self._changed(call, self.office.modules[call.query["module"]])

    def _changed(self, call: Call, listed: list[Json]) -> Answer:
        if call.method == "POST":
            return 201, {"fields": [self._make(listed, one) for one in call.body["fields"]]}
        key = call.path.rpartition("/")[2]
        (found,) = [one for one in listed if one["id"] == key]
        if call.method == "DELETE":
            listed.remove(found)
            return 200, {"fields": [success(key)]}
        change = call.body["fields"][0]
        if (said := self.refusals.get(str(change.get("field_label")))) is not None:
            return 400, {"fields": [said]}
        found |= change
        return 200, {"fields": [success(key)]}

    def _make(self, listed: list[Json], one: Json) -> Json:
        label = one["field_label"]
        if (said := self.refusals.get(label)) is not None:
            return said
        made = column(self.derive(label), one["data_type"], custom=True, **one)
        listed.append(made | {"field_label": label})
        return success(made["id"])

    def sent(self, method: str, module: str = "Accounts") -> list[Any]:
        return [
            call.body["fields"] if call.body else call.path
            for call in self.office.calls
            if call.method == method and call.query.get("module") == module
        ]


@pytest.fixture
def setup() -> Iterator[Setup]:
    with opened(Office()) as office:
        yield Setup(office)


def ensure(setup: Setup, *fields: OwnField, dry_run: bool = False) -> list[Provision]:
    found = connected(setup.office).ensure("Plan", fields, dry_run=dry_run)
    return [one.state for one in found]


def test_fields_are_made_in_english_and_relabelled(setup: Setup) -> None:
    found = connected(setup.office).ensure("Plan", [TIER, WHY], dry_run=False)

    assert [(one.state, one.crm_field, one.note) for one in found] == [
        (Provision.CREATED, "Arpent_Tier", None), (Provision.CREATED, "Arpent_Why", None),
    ]  # fmt: skip
    (made,) = setup.sent("POST")
    assert made[0] == {
        "field_label": "Arpent Tier",
        "data_type": "picklist",
        "tooltip": {"name": "info_icon", "value": "Calculé par Arpent."},
        "pick_list_values": [
            {"display_value": "Or", "actual_value": "gold"},
            {"display_value": "Argent", "actual_value": "silver"},
        ],
    }
    assert setup.sent("PATCH") == [[{"field_label": "Niveau"}], [{"field_label": "Pourquoi"}]]
    assert ensure(setup, TIER, WHY) == [Provision.PRESENT] * 2


def test_five_a_call(setup: Setup) -> None:
    zoho = connected(setup.office)

    zoho.ensure("Plan", ALL, dry_run=False)

    assert [len(made) for made in setup.sent("POST")] == [5, 5]
    # Ten credits for each field, the key of tasks among them.
    assert zoho.credits_spent >= 110


def test_a_dry_run_makes_nothing(setup: Setup) -> None:
    assert ensure(setup, TIER, WHY, dry_run=True) == [Provision.CREATED] * 2
    assert setup.sent("POST") == []


def test_an_edition_without_room_makes_none(setup: Setup) -> None:
    setup.office.paid_type = "standard"
    setup.office.modules["Accounts"] += [
        column(f"Champ_{number}", custom=True) for number in range(9)
    ]
    zoho = connected(setup.office)

    found = zoho.ensure("Plan", [TIER, WHY], dry_run=False)

    assert [one.state for one in found] == [Provision.NO_ROOM] * 2
    assert found[0].note is not None
    assert "Standard edition of Zoho allows 10" in found[0].note.en
    assert setup.sent("POST") == []
    room = zoho.headroom()
    assert room is not None
    assert (room.limit, room.usage, room.left) == (10, 9, 1)
    assert ensure(setup, TIER) == [Provision.CREATED]


@pytest.mark.parametrize(
    ("edition", "limit"), [("professional", 155), ("ultimate", 500), ("CRM Plus", 500)]
)
def test_the_room_is_that_of_the_edition(setup: Setup, edition: str, limit: int) -> None:
    setup.office.paid_type = edition

    room = connected(setup.office).headroom()

    assert room is not None
    assert room.limit == limit


def test_an_edition_that_does_not_say_has_no_room_to_tell(setup: Setup) -> None:
    setup.office.paid_type = "free"

    assert connected(setup.office).headroom() is None


@pytest.mark.parametrize(
    ("said", "state", "words"),
    [
        (error("LIMIT_EXCEEDED", "limit exceeded"), Provision.NO_ROOM, "no room left"),
        (error("DUPLICATE_DATA", "duplicate data"), Provision.CONFLICT, "called “Arpent Tier”"),
        (error("NOT_ALLOWED", "not allowed"), Provision.CONFLICT, "administrator's profile"),
    ],
)
def test_a_field_that_is_refused_does_not_take_the_others_along(
    setup: Setup, said: Json, state: Provision, words: str
) -> None:
    setup.refusals["Arpent Tier"] = said

    tier, why = connected(setup.office).ensure("Plan", [TIER, WHY], dry_run=False)

    assert (tier.state, why.state) == (state, Provision.CREATED)
    assert tier.note is not None
    assert words in tier.note.en


def test_the_name_that_zoho_derives_is_read_back(setup: Setup) -> None:
    setup.derive = lambda label: label.replace(" ", "_") + "1"

    (tier,) = connected(setup.office).ensure("Plan", [TIER], dry_run=False)

    assert (tier.state, tier.crm_field) == (Provision.CREATED, "Arpent_Tier1")
    assert ensure(setup, TIER) == [Provision.PRESENT]


def test_a_name_by_which_it_can_not_be_found_again_is_told(setup: Setup) -> None:
    setup.derive = lambda label: f"Champ_{len(label)}"

    (tier,) = connected(setup.office).ensure("Plan", [TIER], dry_run=False)

    assert tier.state is Provision.CONFLICT
    assert tier.note is not None
    assert "Champ_11" in tier.note.en


def test_a_label_that_is_taken_leaves_the_english_one(setup: Setup) -> None:
    setup.refusals["Niveau"] = error("DUPLICATE_DATA", "duplicate data")

    (tier,) = connected(setup.office).ensure("Plan", [TIER], dry_run=False)

    assert tier.state is Provision.CREATED
    assert tier.note is not None
    assert "keeps the label “Arpent Tier”" in tier.note.en


def test_a_relabelled_field_is_recognised(setup: Setup) -> None:
    listed = setup.office.modules["Accounts"]
    listed.append(column("Arpent_Why", custom=True, field_label="Raison"))

    assert ensure(setup, WHY) == [Provision.PRESENT]
    (own,) = [one for one in connected(setup.office).fields(Kind.ACCOUNT) if one.own]
    assert (own.name, own.own, own.label) == ("Arpent_Why", "why", "Raison")


def test_a_field_of_another_type_is_left_alone(setup: Setup) -> None:
    setup.office.modules["Accounts"].append(column("Arpent_Tier", custom=True))

    (tier,) = connected(setup.office).ensure("Plan", [TIER], dry_run=False)
    (removed,) = connected(setup.office).remove([TIER], dry_run=False)

    assert tier.state is Provision.CONFLICT
    assert removed.state is Removal.FOREIGN
    assert setup.sent("DELETE") == []


def test_a_field_that_is_in_no_layout_is_told_and_not_asked_for(setup: Setup) -> None:
    unused = column("Arpent_Why", custom=True, field_label="Pourquoi", type="unused")
    setup.office.modules["Accounts"].append(unused)
    zoho = connected(setup.office)

    (why,) = zoho.ensure("Plan", [WHY], dry_run=False)
    (outcome,) = zoho.update([Change(external_id="1", values={"why": "a"})])
    list(zoho.pull(Kind.ACCOUNT, None, (), ["why"]))

    assert why.state is Provision.CONFLICT
    assert why.note is not None
    assert "Drag “Pourquoi”" in why.note.en
    assert outcome.missing == {"why"}
    assert "Arpent_Why" not in "".join(call.coql for call in setup.office.asked("from Accounts"))


def test_missing_options_are_added_after_those_there(setup: Setup) -> None:
    there = options(("gold", "Or massif"), ("vip", "VIP"))
    setup.office.modules["Accounts"].append(
        column("Arpent_Tier", "picklist", custom=True, pick_list_values=there)
    )

    assert ensure(setup, TIER) == [Provision.UPDATED]

    ((change,),) = setup.sent("PATCH")
    assert change["pick_list_values"] == [
        {"id": "9000", "display_value": "Or massif", "actual_value": "gold"},
        {"id": "9001", "display_value": "VIP", "actual_value": "vip"},
        {"display_value": "Argent", "actual_value": "silver"},
    ]


def test_reps_read_what_is_computed_and_write_what_is_theirs(setup: Setup) -> None:
    setup.profiles = [
        {"id": "70", "name": "Administrator"}, {"id": "71", "name": "Arpent"},
        {"id": "72", "name": "Ventes"},
    ]  # fmt: skip

    ensure(setup, TIER, CHALLENGE)

    ((tier, challenge),) = setup.sent("POST")
    assert {one["id"]: one["permission_type"] for one in tier["profiles"]} == {
        "70": "read_write", "71": "read_write", "72": "read_only",
    }  # fmt: skip
    assert {one["permission_type"] for one in challenge["profiles"]} == {"read_write"}


def key_of(setup: Setup) -> object:
    """The field of tasks that holds our key, where there is one."""
    tasks = connected(setup.office)._tasks
    assert isinstance(tasks, Tasks)
    return tasks._key()


def test_tasks_get_an_external_field_for_the_key_where_that_can_be_had(setup: Setup) -> None:
    ensure(setup, TIER)

    ((key,),) = setup.sent("POST", "Tasks")
    assert key["external"] == {"type": "org", "show": False}
    assert key_of(setup) is not None


def test_an_organization_that_refuses_it_is_served_all_the_same(setup: Setup) -> None:
    setup.refusals["Arpent Alert Key"] = error("LIMIT_EXCEEDED")

    assert ensure(setup, TIER) == [Provision.CREATED]
    assert key_of(setup) is None


def test_leaving_takes_our_fields_away_and_no_other(setup: Setup) -> None:
    ensure(setup, TIER, WHY)
    zoho = connected(setup.office)
    before = {one.name for one in zoho.fields(Kind.ACCOUNT)}

    dry = [one.state for one in zoho.remove([TIER, WHY, CHALLENGE], dry_run=True)]
    done = [one.state for one in zoho.remove([TIER, WHY, CHALLENGE], dry_run=False)]

    assert dry == done == [Removal.REMOVED, Removal.REMOVED, Removal.ABSENT]
    after = {one.name for one in zoho.fields(Kind.ACCOUNT)}
    assert before - after == {"Arpent_Tier", "Arpent_Why"}


def test_layouts_that_need_a_click_are_named(setup: Setup) -> None:
    def layout(name: str, *fields: str) -> Json:
        return {"name": name, "sections": [{"fields": [{"api_name": each} for each in fields]}]}

    setup.office.script = lambda call: (
        (200, {"layouts": [layout("Standard", "Arpent_Tier"), layout("Partenaires")]})
        if call.path.endswith("settings/layouts")
        else None
    )
    zoho = connected(setup.office)
    zoho.identify()

    names = setting_up.layouts_without(zoho._client, ["Arpent_Tier"])

    assert names == ["Partenaires"]
    steps = setting_up.steps("https://crm.zohocloud.ca/crm/org1", names)
    assert "“Partenaires”" in steps[0].en
    assert all("https://crm.zohocloud.ca/crm/org1" in step.fr for step in steps)


@pytest.mark.parametrize(
    ("api_name", "name", "is_ours"),
    [
        ("Arpent_Tier", "tier", True), ("arpent_next_contact", "next_contact", True),
        ("ArpentNextContact2", "next_contact", True), ("Arpent_Tier", "why", False),
        ("Tier", "tier", False), ("Arpent_Tier_Old", "tier", False),
    ],
)  # fmt: skip
def test_our_fields_are_told_by_name(api_name: str, name: str, is_ours: bool) -> None:  # noqa: FBT001 - a parameter of the table
    assert is_named(api_name, name) is is_ours


def test_every_label_that_a_name_is_derived_from_fits() -> None:
    assert all(len(planned_name(each.value)) <= 25 for each in Owned)
    assert len({planned_name(each.value) for each in Owned}) == len(Owned)
