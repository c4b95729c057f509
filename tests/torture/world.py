"""A small territory in an emulated portal, the people around it, and what Arpent does there.

Four stages, each with the present at which it begins and what people have changed before it:

1. `first`: everything is read, tagged and reviewed; the values and a task are written.
2. `later`: records came, changed and went, a rep has edited a value of ours.
3. `overtaken`: the next review; while a batch is on its way, another playbook is published.
4. `undone`: what the first cycle wrote is taken back and its task closed.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from connectors.sandbox.hubspot import HubSpotSandbox
from rules.owned import Owned
from rules.rulebook import Rulebook, compile_rulebook
from service import lease, owe, tag, undo, worker
from service.app import App, read_playbook
from service.cli.commands.options import recorded
from service.settings import SHIPPED_PLAYBOOK
from service.store import rulebooks
from service.store.tables import push_journal

VENDOR = "hubspot"
ZONE = ZoneInfo("America/Toronto")
CLIENT, SECRET, REFRESH = "an-app", "its-secret", "its-refresh-token"
CALL_TO_COMPANY, DEAL_TO_COMPANY = 182, 341
PLENTY = 10_000_000
# In this order they are made, so that each has the same id in every portal.
COMPANIES = 8
HIGH, MEDIUM, LOW = "660000", "230000", "36000"


def at(day: int, hour: int, month: int = 7) -> datetime:
    """An instant of summer 2026 in Montréal."""
    return datetime(2026, month, day, hour, 5, tzinfo=ZONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A part of the story: `work` is what a process of Arpent does, alone with the store."""

    name: str
    changed_at: datetime
    change: Callable[[HubSpotSandbox], None]
    begins_at: datetime
    work: Callable[[App], None]
    # What another command does while a batch of values is on its way.
    meanwhile: Callable[[App], None] | None = None


def portal() -> HubSpotSandbox:
    """A portal that nobody serves yet, as Arpent finds it."""
    made = HubSpotSandbox(now=at(29, 7, month=6))
    made.switches.change(
        {
            "ten_second_limit": PLENTY,
            "search_per_second": PLENTY,
            "daily_limit": PLENTY,
            "oauth_ten_second_limit": PLENTY,
        }
    )
    made.add_oauth_app(CLIENT, SECRET, REFRESH)
    _declare(made)
    elise = made.act(
        "create_owner", firstName="Élise", lastName="Gagnon", email="elise@arpent.example"
    )
    for number in range(1, COMPANIES + 1):
        potential = (HIGH, MEDIUM, LOW)[number % 3]
        company(made, f"Compte {number}", str(elise["id"]), potential)
    for number in (1, 2):
        _linked(
            made, "deals", number, DEAL_TO_COMPANY, dealname=f"Affaire {number}", amount="20000",
            pipeline="default", dealstage="qualifiedtobuy", hubspot_owner_id=str(elise["id"]),
        )  # fmt: skip
    return made


def _declare(made: HubSpotSandbox) -> None:
    """The custom properties that the shipped playbook reads."""
    for kind, group, name, choices in (
        ("companies", "companyinformation", "potentiel_annuel", ()),
        ("companies", "companyinformation", "cycle_de_vente", ("court", "moyen", "long")),
        ("deals", "dealinformation", "source", ("Client existant", "Nouveau client", "Référence")),
        ("deals", "dealinformation", "product", ("Maintenance", "Planification")),
    ):
        shape: dict[str, Any] = {"type": "number", "fieldType": "number"}
        if choices:
            options = [{"label": each, "value": each} for each in choices]
            shape = {"type": "enumeration", "fieldType": "select", "options": options}
        body = {"name": name, "label": name, "groupName": group, **shape}
        status, answer = made.call("POST", f"/crm/v3/properties/{kind}", body)
        assert status == 201, answer


def company(made: HubSpotSandbox, name: str, owner: str, potential: str) -> str:
    """A prospect of a rep."""
    values = {
        "name": name, "lifecyclestage": "lead", "hubspot_owner_id": owner,
        "potentiel_annuel": potential,
    }  # fmt: skip
    return str(made.act("create", objectType="companies", properties=values)["id"])


def number_of(made: HubSpotSandbox, number: int) -> str:
    """The id of the company made in this place."""
    return sorted(made.portal.state.tables["companies"].records, key=int)[number - 1]


def _linked(made: HubSpotSandbox, kind: str, number: int, association: int, **values: str) -> None:
    tie = {
        "to": {"id": number_of(made, number)},
        "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": association}],
    }
    made.act("create", objectType=kind, properties=values, associations=[tie])


def _edit(made: HubSpotSandbox, number: int, **values: str) -> None:
    made.act("edit", objectType="companies", id=number_of(made, number), properties=values)


def _nobody(made: HubSpotSandbox) -> None:
    """Nobody has changed anything."""
    del made


def _days_later(made: HubSpotSandbox) -> None:
    """Records come, change and go; a rep edits a value of ours."""
    (elise,) = made.portal.state.owners
    company(made, "Nouveau compte", elise, HIGH)
    _edit(made, 1, potentiel_annuel=HIGH)
    _edit(made, 3, potentiel_annuel="")
    _edit(made, 5, arpent_tier="bronze")
    made.act("archive", objectType="companies", id=number_of(made, 8))
    _linked(made, "calls", 2, CALL_TO_COMPANY, hs_timestamp="2026-06-30T14:00:00Z")
    deal = min(made.portal.state.tables["deals"].records, key=int)
    made.act("edit", objectType="deals", id=deal, properties={"dealstage": "closedwon"})


def _a_week_later(made: HubSpotSandbox) -> None:
    """Accounts turn out to be larger; for the other playbook, the second one is large."""
    _edit(made, 7, potentiel_annuel=HIGH)
    _edit(made, 2, potentiel_annuel="400000")


def cycle(app: App) -> None:
    """What the worker does at a tick."""
    worker.tick(app, [VENDOR])


def take_back(app: App) -> None:
    """`arpent undo` of the first run that wrote something."""
    with app.store.read() as connection:
        undone = connection.execute(select(func.min(push_journal.c.run_id))).scalar_one()
    with (
        app.connector(VENDOR) as connector,
        lease.held(app, VENDOR) as renew,
        recorded(app, "undo") as (run_id, counts),
    ):
        app.connect(connector)
        report = undo.run(app, connector, app.published().rulebook, undone, run_id, renew=renew)
        counts.update(report.counts())


def publish_another(app: App) -> None:
    """`arpent rules publish` of the other playbook and `arpent tag`, by somebody else."""
    with app.store.write() as connection:
        is_new = rulebooks.publish(
            connection, other_rulebook(), author="ops", reason="essai", now=app.clock()
        )
    if is_new:
        published = app.published()
        tag.run(app.store, published, app.clock())
        owe.run(app.store, published.rulebook, app.connection(VENDOR).id)


def _compiled(changed: Mapping[bytes, bytes]) -> Rulebook:
    files = read_playbook(SHIPPED_PLAYBOOK)
    for before, after in changed.items():
        assert before in files["segments.yaml"]
        files["segments.yaml"] = files["segments.yaml"].replace(before, after)
    compiled = compile_rulebook(files)
    # Whoever reads it from a store finds it compiled, in each process made of this one.
    return rulebooks._compiled(json.dumps(dict(compiled.source), ensure_ascii=False))


_BOOKS: dict[str, Rulebook] = {}


def shipped_rulebook() -> Rulebook:
    """The playbook that is in force at first."""
    return _BOOKS.setdefault("shipped", _BOOKS.get("shipped") or _compiled({}))


def other_rulebook() -> Rulebook:
    """The playbook that is published on the way: accounts are larger in it."""
    changed = {b'"> 500k"': b'"> 300k"', b'"100k..500k"': b'"100k..300k"'}
    return _BOOKS.setdefault("other", _BOOKS.get("other") or _compiled(changed))


STAGES = (
    Stage(
        name="first", changed_at=at(29, 7, month=6), change=_nobody,
        begins_at=at(29, 8, month=6), work=cycle,
    ),
    Stage(
        name="later", changed_at=at(1, 9), change=_days_later, begins_at=at(1, 10), work=cycle
    ),
    Stage(
        name="overtaken", changed_at=at(6, 8), change=_a_week_later, begins_at=at(6, 9),
        work=cycle, meanwhile=publish_another,
    ),
    Stage(
        name="undone", changed_at=at(7, 9), change=_nobody, begins_at=at(7, 10), work=take_back
    ),
)  # fmt: skip
WRITTEN = tuple(f"arpent_{each.value}" for each in Owned if each is not Owned.CHALLENGE)
