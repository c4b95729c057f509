"""The digests as kept, and where reps are to go, on both databases."""

from dataclasses import replace

from sqlalchemy import select

from rules.digest.digest import Audience
from rules.language import Language
from rules.records import Kind
from service.digest_material import Material
from service.store import digests, record_pages, visits
from service.store.digests import DigestState, KeptDigest
from service.store.engine import Store
from service.store.rehearsing import rehearsing
from service.store.tables import account
from tests.integration.office import DAY, Office, shipped


def kept(week: str = "2026-W27", recipient: str = "elise") -> KeptDigest:
    return KeptDigest(
        period=week, audience=Audience.REP, recipient=recipient, channel="mail", to_ops=False,
        message_key=f"{week}/{recipient}", body="{}", composed_at=10, state=DigestState.OWED,
    )  # fmt: skip


def test_one_is_owed_once_claimed_once_and_stays_sent(store: Store) -> None:
    with store.write() as connection:
        assert digests.keep(connection, [kept(), kept(recipient="marc")]) == 2
        assert digests.keep(connection, [kept()]) == 0
    with store.write() as connection:
        first, second = digests.owed(connection, 100)
        assert (first.recipient, second.recipient) == ("elise", "marc")
        assert digests.claim(connection, first, until=500)
        assert not digests.claim(connection, first, until=500)
        assert [each.recipient for each in digests.owed(connection, 499)] == ["marc"]
        (again, _) = digests.owed(connection, 500)
        assert again.attempts == 1
        digests.settle(connection, again, DigestState.SENT, now=501)
        digests.settle(connection, again, DigestState.OWED, now=502, reason="too late")
    with store.read() as connection:
        (found,) = digests.listed(connection, recipient="elise")
    assert (found.state, found.sent_at, found.reason) == (DigestState.SENT, 501, None)


def test_weeks_are_counted_and_listed_the_latest_first(store: Store) -> None:
    weeks = ["2025-W52", "2026-W01", "2026-W02"]
    with store.write() as connection:
        digests.keep(connection, [kept(week) for week in weeks])
        assert digests.earlier(connection, Audience.REP, "2026-W02") == {"elise": 2}
        assert digests.earlier(connection, Audience.MANAGER, "2026-W02") == {}
        assert [each.period for each in digests.listed(connection, count=2)] == weeks[:0:-1]


def test_what_is_rehearsed_is_taken_back(store: Store) -> None:
    with rehearsing(store) as trial:
        with trial.write() as connection:
            digests.keep(connection, [kept()])
        with trial.read() as connection:
            assert len(digests.owed(connection, 100)) == 1
    with store.read() as connection:
        assert digests.owed(connection, 100) == []


def test_where_to_go_is_by_priority_tier_and_day(store: Store) -> None:
    office = Office(store)
    office.put_accounts("Nordet inc.", "Acier Roy", "Bois Sud")
    office.put_accounts("Ailleurs", owner="502")
    office.cycle()
    monday = 20_633
    asked = {"priorities": ["p1", "p2", "p3", "p4"], "tiers": ["gold", "silver"]}
    with store.read() as connection:
        found = visits.due_by(connection, ["elise"], monday + 400, count=2, **asked)
        nothing = visits.due_by(connection, ["elise"], 0, count=2, **asked)
        quiet = visits.uncontacted(connection, ["elise"], monday, tiers=["silver"], count=2)
    assert [each.name for each in found["elise"].first] == ["Acier Roy", "Bois Sud"]
    assert found["elise"].due == 3
    assert nothing == {}
    assert (quiet["elise"].count, quiet["elise"].total) == (3, 3)


def test_a_record_has_the_address_that_its_crm_gave_when_it_was_connected(store: Store) -> None:
    office = Office(store)
    office.put_accounts("nordet")
    office.cycle()
    with store.read() as connection:
        number = connection.execute(select(account.c.id)).scalar_one()
        external_id = connection.execute(select(account.c.external_id)).scalar_one()
        asked = [(Kind.ACCOUNT, number), (Kind.ACCOUNT, number + 1), (Kind.OPPORTUNITY, number)]
        assert record_pages.pages(connection, asked) == {
            (Kind.ACCOUNT, number): office.crm.record_url(Kind.ACCOUNT, external_id)
        }
        assert record_pages.pages(connection, []) == {}


def test_a_reason_is_in_the_language_of_who_reads_it(store: Store) -> None:
    office = Office(store)
    office.put_accounts("Nordet inc.")
    office.cycle()
    told = {}
    for language in Language:
        book = shipped()
        elise = book.team.reps["elise"].model_copy(update={"language": language})
        team = book.team.model_copy(update={"reps": {**book.team.reps, "elise": elise}})
        # Long after the look, when the account is due.
        material = Material(store, replace(book, team=team), now=office.now + 60 * DAY)
        (visit,) = material.reps["elise"].visits.first
        told[language] = visit.why or ""
    row = shipped().segments.tier.rows
    assert any(told[Language.EN].endswith(each.why.en) for each in row)
    assert any(told[Language.FR].endswith(each.why.fr) for each in row)
    assert told[Language.EN] != told[Language.FR]
