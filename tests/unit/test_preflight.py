"""Preflight: a schema that changed under the playbook is told before anything is read."""

import pytest

from connectors.base import Binding, CrmField
from connectors.memory import Memory
from rules.records import FieldType, Kind
from service import preflight


def binding(crm_field: str = "potentiel", kind: FieldType = FieldType.MONEY) -> Binding:
    return Binding(kind=Kind.ACCOUNT, name="potential", crm_field=crm_field, type=kind)


def declared(name: str = "potentiel", **traits: object) -> CrmField:
    given: dict[str, object] = {"label": name, "type": "number", **traits}
    return CrmField(name=name, **given)  # type: ignore[arg-type]  # the traits of a field


def told(bound: Binding, *fields: CrmField) -> list[str]:
    crm = Memory()
    for each in fields:
        crm.declare_field(bound.kind, each)
    problems = preflight.run(crm, [bound])
    assert crm.calls == 1
    for problem in problems:
        assert problem.reason.fr.startswith("fields.yaml, account.potential : ")
    return [problem.reason.en for problem in problems]


def test_a_field_that_is_there_is_fine_whatever_its_label() -> None:
    assert told(binding(), declared(label="Potentiel annuel estimé")) == []


def test_a_field_that_vanished_is_named_with_its_nearest() -> None:
    (problem,) = told(binding(), declared("potentiels"))

    assert "has no field 'potentiel'" in problem
    assert "potentiels" in problem


@pytest.mark.parametrize(
    ("kind", "is_fine"), [(FieldType.MONEY, False), (FieldType.DATE, True), (FieldType.TEXT, True)]
)
def test_a_field_that_was_retyped_is_told_where_it_cannot_be_read(
    kind: FieldType,
    is_fine: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    never = (FieldType.NUMBER, FieldType.MONEY, FieldType.YES_NO)

    problems = told(binding(kind=kind), declared(type="date", never=never))

    assert (not problems) is is_fine
    assert (
        is_fine
        or "is of type 'date' in memory. Expected: a field that reads as 'money'" in problems[0]
    )


def test_an_option_that_was_removed_is_named() -> None:
    sector = Binding(
        kind=Kind.ACCOUNT,
        name="potential",
        crm_field="secteur",
        type=FieldType.CHOICE,
        values={"FAB": "manufacturing", "DET": "retail"},
    )

    (problem,) = told(sector, declared("secteur", options=["DET", "SRV"]))

    assert "'FAB' is not an option of secteur (accounts)" in problem
    assert "Found: DET, SRV" in problem


def test_an_option_is_known_by_either_of_its_names() -> None:
    sector = Binding(
        kind=Kind.ACCOUNT,
        name="potential",
        crm_field="secteur",
        type=FieldType.CHOICE,
        values={"FAB": "manufacturing", "DET": "retail"},
    )
    relabelled = declared("secteur", options=["Usine", "DET"], option_aliases={"Usine": "FAB"})
    crm = Memory()
    crm.declare_field(Kind.ACCOUNT, relabelled)

    assert told(sector, relabelled) == []
    assert preflight.unknown_options(crm, [sector]) == []


def test_a_lost_field_goes_by_the_name_that_the_crm_gives_it() -> None:
    crm = Memory()
    crm.declare_field(Kind.ACCOUNT, declared("Arpent_Tier", own="tier"))

    named = preflight.own_names(crm, ["tier", "why"])

    assert named == {"tier": "Arpent_Tier", "why": None}
    told = [preflight.lost_own("zoho", name, called).reason.en for name, called in named.items()]
    assert "the field Arpent_Tier of accounts" in told[0]
    assert "the field arpent_why of accounts" in told[1]


def test_kinds_that_the_playbook_does_not_bind_cost_no_call() -> None:
    crm = Memory()

    assert preflight.run(crm, []) == []
    assert crm.calls == 0


def test_one_word_of_a_value_is_enough_for_another_crm_has_the_others() -> None:
    values = {"customer": "client", "Client": "client", "lead": "prospect", "Piste": "prospect"}
    kind = Binding(
        kind=Kind.ACCOUNT,
        name="potential",
        crm_field="secteur",
        type=FieldType.CHOICE,
        values=values,
    )

    assert not told(kind, declared("secteur", options=["Client", "Piste"]))
    (problem,) = told(kind, declared("secteur", options=["Client"]))
    assert "'lead', 'Piste' is not an option of secteur" in problem
