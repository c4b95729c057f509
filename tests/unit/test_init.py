"""A first playbook passes its own checks, whatever a CRM calls its people and its fields."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Identity, Room
from rules import candidates
from rules.candidate_words import Need
from rules.candidates import Declared, Filled
from rules.language import Language
from rules.located import PlaybookError
from rules.records import FieldType, Kind, Owner
from rules.rulebook import compile_rulebook
from rules.time import Instant
from service import init, lacking, playbook_writing
from service.init import Asked, InitError
from service.settings import SHIPPED_PLAYBOOK
from service.suggest import Suggested
from tests.playbooks import TIER

# Wednesday 1 July 2026, noon in Toronto.
NOW: Instant = 1_782_921_600_000
SHIPPED = {
    path.relative_to(SHIPPED_PLAYBOOK).as_posix(): path.read_text("utf-8")
    for path in SHIPPED_PLAYBOOK.rglob("*.yaml")
}
# With rules of a few lines, which no name of a CRM reaches.
SHORT = {
    **SHIPPED,
    "segments.yaml": TIER,
    "kpis.yaml": SHIPPED["kpis.yaml"].replace("  segment: industry ", "  # segment: industry "),
    "tests.yaml": "always: {created: 9 d ago}\n\nexamples:\n  a: {expect: {tier: silver}}\n",
}
ACCOUNT = (
    Declared(name="potentiel", label="Potentiel", fits=FieldType.NUMBER),
    Declared(name="industry", label="Industry", fits=FieldType.TEXT),
    Declared(name="effectif", label="Effectif", fits=FieldType.NUMBER),
    Declared(name="cycle", label="Cycle de vente", fits=FieldType.CHOICE,
             options=[("c", "Court"), ("m", "Moyen"), ("l", "Long")]),
    Declared(name="type", label="Type de compte", fits=FieldType.CHOICE,
             options=[("C", "Client"), ("P", "Prospect")]),
)  # fmt: skip
DEAL = (
    Declared(name="source", label="Source", fits=FieldType.CHOICE,
             options=[("n", "Nouveau"), ("e", "Existant")]),
    Declared(name="produit", label="Produit", fits=FieldType.TEXT),
)  # fmt: skip


def owner(name: str, email: str | None, key: str = "1", *, is_active: bool = True) -> Owner:
    return Owner(external_id=key, name=name, email=email, is_active=is_active)


ELISE = owner("Élise Gagnon", "elise@example.org")


def crm(
    account: Sequence[Declared] = ACCOUNT,
    *owners: Owner,
    room: Room | None = None,
    zone: str = "America/Toronto",
) -> Suggested:
    declared = {Kind.ACCOUNT: account, Kind.OPPORTUNITY: DEAL}
    return Suggested(
        identity=Identity(
            vendor="hubspot", account_id="1", name="HubSpot 1", time_zone=zone, currency="CAD"
        ),
        declared=declared,
        own=0,
        candidates={need: candidates.shortlist(need, declared[need.object], 5) for need in Need},
        owners=owners or (ELISE,), accounts=0, contacts=Filled(count=0, of=0), room=room, calls=0,
    )  # fmt: skip


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize(
    "without",
    [{}, {Need.POTENTIAL}, {Need.KIND}, {Need.CYCLE, Need.SIZE}, set(playbook_writing.NEEDS)],
    ids=["all", "no potential", "no kind", "no cycle", "nothing"],
)
def test_a_first_playbook_passes_as_it_stands(language: Language, without: set[Need]) -> None:
    fields = dict.fromkeys(without)
    asked = Asked(language=language, fields=fields, plans=["elise"])
    draft = init.drafted(crm(), asked, NOW)

    book = compile_rulebook(init.written(draft, NOW))

    assert draft.missing == [need for need in playbook_writing.NEEDS if need in without]
    assert {name for name, each in book.fields.account.items() if each.missing} == {
        need.value for need in without if need.object is Kind.ACCOUNT
    }
    assert book.team.language is language
    assert [plan.owner for plan in book.plans] == ["elise"]
    assert book.examples


def test_the_fields_and_options_are_those_of_the_crm() -> None:
    book = compile_rulebook(init.written(init.drafted(crm(), Asked(), NOW), NOW))
    account = book.fields.account
    assert {name: each.hubspot for name, each in account.items()} == {
        "kind": "type", "potential": "potentiel", "sector": "industry", "size": "effectif",
        "cycle": "cycle",
    }  # fmt: skip
    assert account["kind"].values == {"client": ("C",), "prospect": ("P",)}
    assert account["cycle"].crm_values() == {"c": "short", "m": "medium", "l": "long"}


def test_alerts_begin_next_monday() -> None:
    days = [date(2026, 7, 1), date(2026, 7, 5), date(2026, 7, 6)]
    assert [init.next_monday(day) for day in days] == [
        date(2026, 7, 6), date(2026, 7, 6), date(2026, 7, 13),
    ]  # fmt: skip
    assert "start: 2026-07-06" in init.written(init.drafted(crm(), Asked(), NOW), NOW)[
        "alerts.yaml"
    ]  # fmt: skip


def test_no_plan_is_written_for_who_is_not_named() -> None:
    files = init.written(init.drafted(crm(), Asked(), NOW), NOW)
    assert not any(name.startswith("plans/") for name in files)
    with pytest.raises(InitError, match="'Elyse' is not an active owner"):
        init.drafted(crm(), Asked(plans=["Elyse"]), NOW)


@pytest.mark.parametrize("name", ["elise", "Elise GAGNON", "ELISE@example.org"])
def test_a_rep_is_named_by_key_name_or_address(name: str) -> None:
    assert init.drafted(crm(), Asked(plans=[name]), NOW).plans == ["elise"]


def test_reps_are_the_active_owners_with_keys_of_their_own() -> None:
    found = init.members(
        [
            owner("Élise Gagnon", "eg@example.org", "1"),
            owner("Elise Roy", "er@example.org", "2"),
            owner("Zoé", "z@example.org", "3"),
            owner("Zoé", "z2@example.org", "4"),
            owner("李", "li@example.org", "5"),
            owner("Parti", "p@example.org", "6", is_active=False),
            owner("File d'attente", None, "7"),
            owner("Élise (copie)", "EG@example.org", "8"),
        ]
    )
    # Of an address that two have, the first by name is kept.
    assert {each.key: each.email for each in found} == {
        "rep": "li@example.org", "elise_copie": "EG@example.org", "elise_roy": "er@example.org",
        "zoe": "z@example.org", "zoe_2": "z2@example.org",
    }  # fmt: skip


def test_a_small_edition_gets_the_core_only() -> None:
    small = init.drafted(crm(room=Room(limit=10, usage=4)), Asked(), NOW)
    large = init.drafted(crm(room=Room(limit=10, usage=2)), Asked(), NOW)
    written = [compile_rulebook(init.written(each, NOW)).fields.optional for each in (small, large)]
    assert [len(each) for each in written] == [0, 3]


def test_a_zone_of_the_crm_that_nobody_knows_is_not_taken_over() -> None:
    assert init.drafted(crm(zone="Mars/Olympus"), Asked(), NOW).zone == "America/Toronto"
    with pytest.raises(InitError, match=r"Did you mean|not a time zone"):
        init.drafted(crm(), Asked(zone="America/Toronta"), NOW)


def test_a_field_named_by_a_person_must_be_there_and_be_readable() -> None:
    named = Asked(fields={Need.POTENTIAL: "effectif"})
    assert init.drafted(crm(), named, NOW).bound[Need.POTENTIAL].declared.name == "effectif"
    with pytest.raises(InitError, match="no field 'potentiell'"):
        init.drafted(crm(), Asked(fields={Need.POTENTIAL: "potentiell"}), NOW)
    with pytest.raises(InitError, match="does not read as account type"):
        init.drafted(crm(), Asked(fields={Need.KIND: "cycle"}), NOW)


def test_what_is_missing_is_said_with_what_to_create() -> None:
    revenue = Declared(name="annualrevenue", label="Annual revenue", fits=FieldType.NUMBER)
    found = crm((revenue,))
    missing = lacking.of(init.drafted(found, Asked(), NOW), found)
    (potential,) = [each for each in missing if each.need is Need.POTENTIAL]
    assert "À qualifier" in potential.effect.fr
    assert "Potentiel annuel" in potential.remedy.fr
    assert potential.unsure == ["annualrevenue"]


@pytest.mark.parametrize("name", ["team.yaml", "notes.yml", "plans/x.yaml"])
def test_a_folder_that_has_rules_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / "plans").mkdir()
    (tmp_path / name).write_text("à moi", encoding="utf-8")
    with pytest.raises(InitError, match=name):
        init.require_free(tmp_path)
    with pytest.raises(InitError):
        init.save(tmp_path, {name: ""})
    assert (tmp_path / name).read_text("utf-8") == "à moi"


def test_half_a_playbook_is_never_left_behind(tmp_path: Path) -> None:
    (tmp_path / "plans").write_text("un fichier", encoding="utf-8")
    with pytest.raises(InitError, match=r"can't be written .* Nothing was written"):
        init.save(tmp_path, {"team.yaml": "", "plans/elise.yaml": ""})
    (tmp_path / "kpis.yaml").write_text("à moi", encoding="utf-8")
    with pytest.raises(InitError, match=r"kpis.yaml exists already"):
        init.save(tmp_path, {"team.yaml": "", "kpis.yaml": ""})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kpis.yaml", "plans"]
    assert (tmp_path / "kpis.yaml").read_text("utf-8") == "à moi"


def test_a_crm_without_owners_says_so() -> None:
    with pytest.raises(InitError, match="There is none who has an address"):
        init.drafted(replace(crm(), owners=[]), Asked(plans=["elise"]), NOW)


def test_a_field_is_bound_or_missing_and_not_both() -> None:
    files = init.written(init.drafted(crm(), Asked(), NOW), NOW)
    both = files["fields.yaml"].replace("potentiel\n", "potentiel\n    missing: yes\n")
    with pytest.raises(PlaybookError, match="'potential' is bound to a field: remove missing"):
        compile_rulebook({**files, "fields.yaml": both})


# Quotes, colons, comments, line ends, marks of YAML, letters of all kinds.
HOSTILE = st.text(
    st.one_of(
        st.sampled_from("\"':#{}[],&*!|>%@`-?~\\\n\r\t \u0085\u2028\ufeff\u202e😀é"),
        st.characters(exclude_categories=["Cs"], exclude_characters="\x00"),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=30, deadline=None)
@given(
    owners=st.lists(st.tuples(HOSTILE, HOSTILE), max_size=4),
    name=HOSTILE,
    label=HOSTILE,
    options=st.lists(HOSTILE, max_size=4, unique=True),
)
def test_hostile_names_never_break_the_files(
    owners: list[tuple[str, str]], name: str, label: str, options: list[str]
) -> None:
    people = [owner(who, email, str(place)) for place, (who, email) in enumerate(owners)]
    kind = [("C", "Client"), ("P", "Prospect"), *((each, label) for each in options)]
    fields = (
        Declared(name=name, label=f"Potentiel {label}", fits=FieldType.NUMBER),
        Declared(name="k", label="Type de compte", fits=FieldType.CHOICE,
                 options=list(dict(kind).items())),
    )  # fmt: skip
    found = crm(fields, *people)
    asked = Asked(plans=[each.key for each in init.members(people)])
    draft = init.drafted(found, asked, NOW)

    book = compile_rulebook(playbook_writing.files(draft, SHORT))

    reps = [(each.name, each.email) for each in book.team.reps.values()]
    assert reps == [(each.name, each.email) for each in draft.reps]
    bound = draft.bound.get(Need.POTENTIAL)
    assert book.fields.account["potential"].hubspot == (bound and bound.declared.name)
    if Need.KIND in draft.bound:
        meant, _ = candidates.meanings(Need.KIND, fields[1].options)
        values = book.fields.account["kind"].values
        assert {value: list(each) for value, each in values.items()} == meant
    assert len(book.plans) == len(init.members(people))


def test_neither_our_own_user_nor_who_holds_nothing_is_a_rep() -> None:
    people = (
        ELISE, owner("Arpent", "api@example.org", "2"), owner("Ann Admin", "ann@example.org", "3"),
    )  # fmt: skip
    found = crm(ACCOUNT, *people)
    ours = replace(found.identity, user_id="2")

    def named(given: Suggested) -> list[str]:
        return [each.name for each in init.sellers(given)]

    assert named(found) == ["Élise Gagnon", "Arpent", "Ann Admin"]
    assert named(replace(found, identity=ours)) == ["Élise Gagnon", "Ann Admin"]
    assert named(replace(found, identity=ours, holders={"1", "2"})) == ["Élise Gagnon"]
    assert named(replace(found, identity=ours, holders={"9"})) == ["Élise Gagnon", "Ann Admin"]
    known = replace(found, identity=ours, holders={"1"})
    asked = [each.name for each in init.sellers(known, ["ann"])]
    assert asked == ["Élise Gagnon", "Ann Admin"]
    assert init.left_out(known, init.members(init.sellers(known))) == ["Ann Admin", "Arpent"]
