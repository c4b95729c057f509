"""Plain records as a CRM would tell them; a calendar day is noon in Toronto."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from connectors.base import Page
from rules import records as canonical
from rules.records import Kind, Link, Relation, StageKind, Value
from rules.time import Instant, instant_of
from tests.kpi_truth.records import Account, Deal, Step, World

TORONTO = ZoneInfo("America/Toronto")


def pages(world: World, *, facts: Mapping[str, Mapping[str, Value]], stamp: Instant) -> list[Page]:
    """The people, stages, accounts and opportunities of a world.

    People's ids are their keys; `facts` are the bound fields of accounts by their keys.
    """
    steps = {deal.step.name: deal.step for deal in world.deals}
    return [
        Page(kind=kind, records=told, links=links, cursor="1", is_last=True)
        for kind, told, links in (
            (Kind.OWNER, [_owner(each) for each in world.reps], []),
            (Kind.STAGE, [_stage(each) for each in steps.values()], []),
            (Kind.ACCOUNT, [_account(each, facts, stamp) for each in world.accounts], []),
            (Kind.OPPORTUNITY, [_deal(each, stamp) for each in world.deals], _links(world.deals)),
        )
    ]


def noon(day: date | None) -> Instant | None:
    """Noon of a day in Toronto."""
    return None if day is None else instant_of(datetime.combine(day, time(12), tzinfo=TORONTO))


def _links(deals: Sequence[Deal]) -> list[Link]:
    def found() -> Iterator[Link]:
        for deal in deals:
            if deal.account is not None:
                yield Link(
                    relation=Relation.OPPORTUNITY_ACCOUNT, from_id=deal.key, to_id=deal.account,
                    is_primary=True,
                )  # fmt: skip

    return list(found())


def _owner(rep: str) -> canonical.Owner:
    return canonical.Owner(
        external_id=rep, name=rep, email=f"{rep.replace('_', '.')}@example.com", is_active=True
    )


def _stage(step: Step) -> canonical.Stage:
    return canonical.Stage(
        external_id=step.name, pipeline_id=step.pipeline, pipeline_label=step.pipeline,
        label=step.name, position=step.place, probability=float(step.probability),
        kind=StageKind(step.kind),
    )  # fmt: skip


def _account(
    account: Account, facts: Mapping[str, Mapping[str, Value]], stamp: Instant
) -> canonical.Account:
    return canonical.Account(
        external_id=account.key, name=account.key, domain=None, owner_id=account.owner,
        created_at=None, modified_at=stamp, fields=facts[account.key],
    )  # fmt: skip


def _deal(deal: Deal, stamp: Instant) -> canonical.Opportunity:
    return canonical.Opportunity(
        external_id=deal.key, name=deal.key, owner_id=deal.owner, stage_id=deal.step.name,
        amount=deal.amount, currency=deal.currency, home_amount=None, peak_amount=None,
        created_at=noon(deal.created), closes_at=noon(deal.closes), modified_at=stamp,
        fields=dict(deal.members),
    )  # fmt: skip
