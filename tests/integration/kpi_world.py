"""A small world of which every figure is worked out by hand: see the lines of `deals`.

It is Wednesday 17 June 2026 in Toronto: week from the 15th, month from the 1st, quarter from
1 April. Anouk has a plan of 1 200 000 $; Bruno has none.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import insert

from rules.records import Kind
from rules.rulebook import Rulebook, compile_rulebook
from rules.time import Instant, day_number, start_of
from service.store import rulebooks
from service.store.bindings import load_slots
from service.store.engine import Store, Transaction
from service.store.tables import metadata
from tests.playbooks import shipped

TEAM = """\
zone: America/Toronto
currency: CAD
reps:
  anouk: {name: Anouk, email: anouk@arpent.example}
  bruno: {name: Bruno, email: bruno@arpent.example}
"""
PLAN = """\
owner: anouk
period: 2026
currency: CAD
objective: 1 200 000
quarters: {q1: 240 000, q2: 360 000, q3: 240 000, q4: 360 000}
sources: {existing: 700 000, new: 500 000}
targets: {opportunities_opened: 11 per month, conversion_rate: 25 %}
activities: {client_calls: 11 per month}
time: {capacity: 32 h per week, prospects: 50 %, existing: 30 %, strategic: 20 %}
"""


def book_of(**files: str) -> Rulebook:
    """The shipped playbook for Anouk and Bruno; `kpis="…"` replaces `kpis.yaml`, and so on."""
    kept = {name: text for name, text in shipped().items() if not name.startswith("plans/")}
    changed = {f"{name}.yaml": text for name, text in files.items()}
    plans = {"plans/anouk.yaml": PLAN}
    return compile_rulebook({**kept, **plans, "team.yaml": TEAM, **changed})


def with_kpis(before: str, after: str) -> Rulebook:
    """The same, with something else in `kpis.yaml`."""
    text = shipped()["kpis.yaml"]
    assert before in text
    return book_of(kpis=text.replace(before, after, 1))


BOOK = book_of()


def day(text: str) -> int:
    """The number of a day: `2026-06-17`."""
    return day_number(date.fromisoformat(text))


AS_OF = day("2026-06-17")
ANOUK, BRUNO, STRANGER = 1, 2, 3
QUALIFICATION, PROPOSITION, WON, LOST = 1, 2, 3, 4
GOLD, SILVER, BRONZE, GONE = 1, 2, 3, 4
_RECORD = {"connection_id": 1, "modified_at": 0, "external_id": "1"}


def at(text: str) -> Instant:
    """Noon or so of a day in Toronto."""
    return start_of(day(text), BOOK.team.zone) + 12 * 3_600_000


def put(connection: Transaction, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that have the same keys or not."""
    for row in rows:
        connection.execute(insert(metadata.tables[table]).values(row))


def filled(store: Store, book: Rulebook = BOOK) -> Store:
    """A store with the rulebook published and the world in it."""
    with store.write() as connection:
        rulebooks.publish(connection, book, author="ops", reason="essai", now=at("2026-01-01"))
        slots = load_slots(connection)
        put(connection, "owner", [
            {"id": place, "connection_id": 1, "external_id": str(place), "name": "x",
             "is_active": True, "rep_key": rep}
            for place, rep in ((ANOUK, "anouk"), (BRUNO, "bruno"), (STRANGER, None))
        ])  # fmt: skip
        _put_stages(connection)
        _put_accounts(connection, slots[Kind.ACCOUNT])
        _put_deals(connection, slots[Kind.OPPORTUNITY])
        _put_history(connection)
        _put_activities(connection)
    return store


def _put_stages(connection: Transaction) -> None:
    stages = (
        (QUALIFICATION, "Qualification", 0.2, "open"),
        (PROPOSITION, "Proposition", 0.6, "open"),
        (WON, "Gagnée", 1, "won"),
        (LOST, "Perdue", 0, "lost"),
    )
    put(connection, "stage", [
        {"id": place, "connection_id": 1, "external_id": str(place), "pipeline_id": "p",
         "pipeline_label": "p", "label": label, "position": place, "probability": probability,
         "kind": kind}
        for place, label, probability, kind in stages
    ])  # fmt: skip


def _put_accounts(connection: Transaction, slots: Mapping[str, str]) -> None:
    for place, owner, tier, kind, sector, potential, archived in (
        (GOLD, ANOUK, "gold", "client", "Fabrication", 10_000_000, None),
        (SILVER, ANOUK, "silver", "prospect", "Construction", None, None),
        (BRONZE, BRUNO, "bronze", "client", None, 5_000_000, None),
        (GONE, ANOUK, "gold", "client", "Fabrication", 10_000_000, 1),
    ):
        put(connection, "account", [
            _RECORD | {"id": place, "pulled_at": 0, "owner_id": owner, "archived_at": archived,
                       slots["kind"]: kind, slots["sector"]: sector, slots["potential"]: potential}
        ])  # fmt: skip
        put(connection, "tag", [
            {"account_id": place, "tier": tier, "is_in_scope": True, "tier_since_at": 0,
             "rulebook_id": 1, "evaluated_at": 0, "is_owed": False}
        ])  # fmt: skip
    put(connection, "tag_history", [
        {"account_id": account, "valid_from_at": at(on), "tier": tier, "rulebook_id": 1}
        for account, on, tier in (
            (GOLD, "2026-02-01", "silver"), (GOLD, "2026-06-10", "gold"),
            (SILVER, "2026-06-05", "silver"),
        )
    ])  # fmt: skip


def _put_deals(connection: Transaction, slots: Mapping[str, str]) -> None:
    deals: Sequence[tuple[Any, ...]] = (
        # Owner, stage, amount, greatest, created, closes, account, source.
        (ANOUK, WON, 1_000_000, 1_000_000, "2026-05-01", "2026-06-16", GOLD, "existing"),
        (ANOUK, WON, -200_000, None, "2026-06-01", "2026-06-02", SILVER, "new"),
        (ANOUK, WON, None, None, "2026-01-10", "2026-04-01", GOLD, None),
        (ANOUK, LOST, 900_000, None, "2026-06-15", "2026-06-17", SILVER, None),
        (ANOUK, PROPOSITION, 2_000_000, 2_000_000, "2026-06-16", "2026-06-30", GOLD, "new"),
        (ANOUK, QUALIFICATION, 500_000, 1_500_000, "2026-06-17", "2026-07-31", GONE, None),
        (ANOUK, QUALIFICATION, 3_000_000, None, None, "2026-06-16", None, None),
        (BRUNO, QUALIFICATION, None, None, "2026-06-10", "2026-06-20", BRONZE, None),
        (STRANGER, WON, 9_000_000, None, "2026-06-01", "2026-06-10", GOLD, None),
        (ANOUK, WON, 7_000_000, None, "2026-06-01", "2026-06-10", None, None),
    )
    for place, (owner, stage, amount, peak, created, closes, account, source) in enumerate(
        deals, 1
    ):
        put(connection, "opportunity", [
            _RECORD | {
                "id": place, "pulled_at": 0, "owner_id": owner, "stage_id": stage,
                "team_amount": amount, "team_peak_amount": peak,
                "created_on": created and day(created), "closes_on": day(closes),
                "archived_at": 1 if amount == 7_000_000 else None, slots["source"]: source,
            }
        ])  # fmt: skip
        if account:
            put(connection, "link", [
                {"relation": "opportunity_account", "from_id": place, "to_id": account,
                 "is_primary": True}
            ])  # fmt: skip
    # The second account of a deal is not its main one.
    put(connection, "link", [
        {"relation": "opportunity_account", "from_id": 1, "to_id": SILVER, "is_primary": False}
    ])  # fmt: skip


def _put_history(connection: Transaction) -> None:
    put(connection, "history", [
        {"kind": "opportunity", "entity_id": deal, "field": "stage_id", "valid_from_at": at(on),
         "valid_from_on": day(on), "value": str(stage)}
        for deal, on, stage in (
            (1, "2026-05-01", QUALIFICATION), (1, "2026-05-10", PROPOSITION),
            (1, "2026-06-01", QUALIFICATION), (1, "2026-06-10", PROPOSITION),
            (1, "2026-06-16", WON), (4, "2026-06-15", QUALIFICATION), (4, "2026-06-17", LOST),
            (5, "2026-06-16", QUALIFICATION), (5, "2026-06-17", PROPOSITION),
            (6, "2026-06-17", QUALIFICATION),
        )
    ])  # fmt: skip
    # Of another field, a value need not be the number of a stage.
    put(connection, "history", [
        {"kind": "opportunity", "entity_id": 1, "field": "bound.product", "valid_from_on": AS_OF,
         "valid_from_at": at("2026-06-17"), "value": "Traçabilité"}
    ])  # fmt: skip


def _put_activities(connection: Transaction) -> None:
    activities: Sequence[tuple[Any, ...]] = (
        (ANOUK, "call", "2026-06-16", True, [GOLD]),
        (ANOUK, "meeting", "2026-06-03", True, [SILVER]),
        (ANOUK, "call", "2026-06-16", False, [GOLD]),
        (ANOUK, "email", "2026-06-04", True, []),
        (ANOUK, "meeting", "2026-06-05", True, [GOLD, SILVER]),
        (ANOUK, "call", "2026-06-06", True, [GONE]),
        (ANOUK, "note", "2026-06-08", False, [SILVER]),
        (BRUNO, "call", "2026-06-09", True, [GOLD]),
        (ANOUK, "call", "2026-06-18", True, [GOLD]),
    )
    for place, (owner, kind, on, is_contact, accounts) in enumerate(activities, 1):
        put(connection, "activity", [
            _RECORD | {"id": place, "owner_id": owner, "kind": kind, "happened_on": day(on),
                       "is_contact": is_contact}
        ])  # fmt: skip
        put(connection, "link", [
            {"relation": "activity_account", "from_id": place, "to_id": account,
             "is_primary": False}
            for account in accounts
        ])  # fmt: skip
