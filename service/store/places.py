"""What the lists of a CRM are made of, as the mirror knows it: its users by rep, its stages."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select

from rules.crm_filter import Bound, Choice
from rules.kpi.filters import CutField, Place, StageChoice
from rules.kpi.kpis import Cut
from rules.language import Text
from rules.records import Kind, StageKind
from rules.rulebook import Rulebook
from rules.time import Instant
from service.store import connections
from service.store.connections import CrmConnection
from service.store.rulebooks import bindings_of
from service.store.tables import opportunity, owner, stage


def load(connection: Connection, book: Rulebook, now: Instant) -> Mapping[str, Place]:
    """The place of each connected CRM, by vendor; `now` is the instant of the figures."""
    found = connections.find_all(connection)
    return {
        each.vendor: Place(
            zone=book.team.zone,
            fiscal_start=book.team.fiscal_year,
            currency=book.team.currency,
            home=each.currency,
            currencies=_currencies(connection, each),
            owners=_owners(connection, each, list(book.team.reps)),
            stages=_stages(connection, each),
            fields=_fields(book, each.vendor),
            is_alone=len(found) == 1,
            now=now,
        )
        for each in found
    }


def stage_labels(connection: Connection, vendor: str | None = None) -> list[str]:
    """The labels of the stages of a CRM, or of all, in the order of each pipeline; one of each."""
    query = select(stage.c.label).order_by(
        stage.c.connection_id, stage.c.pipeline_id, stage.c.position, stage.c.id
    )
    if vendor is not None:
        crm = connections.find(connection, vendor)
        query = query.where(stage.c.connection_id == (crm.id if crm else None))
    return list(dict.fromkeys(connection.scalars(query)))


def _currencies(connection: Connection, crm: CrmConnection) -> frozenset[str]:
    query = select(opportunity.c.currency).distinct()
    rows = connection.scalars(
        query.where(opportunity.c.connection_id == crm.id, opportunity.c.currency.is_not(None))
    )
    return frozenset(each for each in rows if each is not None)


def _owners(
    connection: Connection, crm: CrmConnection, reps: Sequence[str]
) -> dict[str, list[Choice]]:
    query = select(owner.c.rep_key, owner.c.external_id, owner.c.name)
    found: dict[str, list[Choice]] = {}
    for rep_key, external_id, name in connection.execute(
        query.where(owner.c.connection_id == crm.id, owner.c.rep_key.in_(reps)).order_by(owner.c.id)
    ):
        found.setdefault(rep_key, []).append(Choice(external_id, name))
    return found


def _stages(connection: Connection, crm: CrmConnection) -> list[StageChoice]:
    query = select(stage.c.kind, stage.c.external_id, stage.c.label)
    return [
        StageChoice(StageKind(kind), Choice(external_id, label))
        for kind, external_id, label in connection.execute(
            query.where(stage.c.connection_id == crm.id).order_by(stage.c.position, stage.c.id)
        )
    ]


def _fields(book: Rulebook, vendor: str) -> dict[Cut, CutField]:
    """The CRM's fields of opportunities behind the cuts of `kpis.yaml`."""
    bound = {each.name: each for each in bindings_of(book)[vendor] if each.kind is Kind.OPPORTUNITY}
    found = {}
    for cut, name in book.kpis.cuts.of_deals.items():
        if name not in bound:
            continue
        entry, options = book.fields.opportunity[name], dict[str, list[str]]()
        for option, value in bound[name].values.items():
            options.setdefault(value, []).append(option)
        label = entry.label or Text(name, name)
        found[cut] = CutField(Bound(bound[name].crm_field, label), options)
    return found
