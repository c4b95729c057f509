"""The digests of the week: when, to whom, and that none is missing whatever happens."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from rules.digest.digest import Audience
from rules.rulebook import compile_rulebook
from rules.time import Instant, instant_of, moment_of
from service import agenda, digest, digest_reading
from service.app import App, read_playbook
from service.delivery import sending
from service.delivery.sending import CLAIM_MS, GIVE_UP_MS
from service.settings import SHIPPED_PLAYBOOK, Settings, SettingsError, load_settings
from service.store import digests, requests, rulebooks
from service.store.digests import DigestState, KeptDigest
from service.store.engine import MistakenError, Store
from service.store.requests import Request, Wanted
from service.store.tables import metadata
from tests.integration.mailbox import Mailbox, running
from tests.integration.office import DAY, LOOK, MINUTE, Died, Office

HOUR = 60 * MINUTE
WEEK = 7 * DAY
OPS, ELISE, MARC = "ops@arpent.example", "elise@arpent.example", "marc@arpent.example"
CANARY = "canary-4f1d9a"


@pytest.fixture
def database() -> str:
    """What is asked of the store is the same on both: `test_store_digests.py`."""
    return "sqlite"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with running() as server:
        yield server


@pytest.fixture
def office(store: Store) -> Office:
    found = Office(store)
    found.put_accounts("Nordet inc.", "Acier Roy")
    return found


def mailing(office: Office, mailbox: Mailbox, **settings: Any) -> App:
    given: dict[str, Any] = {
        "database_url": "sqlite://", "mail_from": "arpent@arpent.example", "mail_to": OPS,
        "mail_server": SecretStr(mailbox.address),
    }  # fmt: skip
    return office.settled(office.app.store, Settings(**(given | settings)))


def tick(office: Office, app: App, *, after: Instant = MINUTE) -> None:
    """A cycle, and the digests, some time later."""
    office.now += after - MINUTE
    office.cycle()
    digest.run(app)


def to(mailbox: Mailbox) -> list[tuple[str, str]]:
    """(recipient, subject) of every mail received."""
    return [(str(each["To"]), str(each["Subject"])) for each in mailbox.received]


def skip_ops(office: Office) -> None:
    """Everybody has had two digests, weeks ago."""
    kept = [
        KeptDigest(
            period=week, audience=audience, recipient=recipient, channel="mail", to_ops=True,
            message_key="", body="{}", composed_at=0, state=DigestState.SENT, sent_at=0,
        )
        for week in ("2026-W01", "2026-W02")
        for audience, recipient in (
            (Audience.REP, "elise"), (Audience.MANAGER, "marc"), (Audience.TEAM, "team"),
        )
    ]  # fmt: skip
    with office.app.store.write() as connection:
        digests.keep(connection, kept)


def test_a_third_one_leaves_the_ops(office: Office, mailbox: Mailbox) -> None:
    app = mailing(office, mailbox)
    skip_ops(office)
    tick(office, app)
    assert to(mailbox) == [(ELISE, "Votre semaine du 29 juin : 2 comptes à voir")]


def test_the_first_two_of_each_go_to_ops_then_to_each(office: Office, mailbox: Mailbox) -> None:
    app = mailing(office, mailbox)
    for _ in range(2):
        tick(office, app)
        tick(office, app, after=DAY + MINUTE)
        office.now += WEEK - DAY - 2 * MINUTE
    assert {recipient for recipient, _ in to(mailbox)} == {OPS}
    assert [subject for _, subject in to(mailbox)][:2] == [
        "[Élise Gagnon] Votre semaine du 29 juin : 2 comptes à voir",
        "[Marc Lavoie] Votre rencontre de la semaine du 29 juin",
    ]
    mailbox.received.clear()
    tick(office, app)
    assert [recipient for recipient, _ in to(mailbox)] == [ELISE]
    tick(office, app, after=DAY - 5 * MINUTE)
    assert len(mailbox.received) == 1, "the manager's comes a whole day after the rep's"
    tick(office, app, after=10 * MINUTE)
    assert [recipient for recipient, _ in to(mailbox)] == [ELISE, MARC, OPS]
    told = mailbox.received[1].get_body(("plain",))
    assert told is not None
    assert "message remis" in told.get_content()


def test_it_waits_for_its_hour_and_for_the_review(office: Office, mailbox: Mailbox) -> None:
    app = mailing(office, mailbox)
    office.now = LOOK - HOUR
    tick(office, app)
    assert office.rows("digest") == []
    office.now = LOOK + MINUTE
    digest.run(app)
    assert office.rows("digest") == [], "the look of the week is not done"
    tick(office, app)
    assert [row.recipient for row in office.rows("digest")] == ["elise"]


def test_twice_is_once(office: Office, mailbox: Mailbox) -> None:
    app = mailing(office, mailbox)
    for _ in range(3):
        tick(office, app)
        digest.run(app)
    assert len(mailbox.received) == 1
    lines = [row for row in office.rows("ledger") if row.job == digest.JOB]
    assert sorted((row.scope, row.period) for row in lines) == [
        ("rep/elise", "2026-W27"), ("rep/marc", "2026-W27"),
    ]  # fmt: skip


def test_three_days_late_is_caught_up_and_the_manager_still_waits(
    office: Office, mailbox: Mailbox
) -> None:
    app = mailing(office, mailbox)
    office.now = LOOK + 3 * DAY
    tick(office, app)
    assert len(mailbox.received) == 1
    tick(office, app, after=DAY + MINUTE)
    assert len(mailbox.received) == 3


def test_of_sunday_evening_the_manager_reads_on_monday(office: Office, mailbox: Mailbox) -> None:
    app = mailing(office, mailbox)
    office.now = LOOK + 6 * DAY + 12 * HOUR
    tick(office, app)
    tick(office, app, after=DAY + MINUTE)
    periods = [(row.audience, row.period) for row in office.rows("digest")]
    assert ("manager", "2026-W27") in periods
    assert ("rep", "2026-W28") in periods
    assert ("manager", "2026-W28") not in periods


@pytest.mark.parametrize("monday", [(2026, 3, 9), (2026, 11, 2)])
def test_a_change_of_hour_moves_nothing(
    office: Office, mailbox: Mailbox, monday: tuple[int, int, int]
) -> None:
    zone = ZoneInfo("America/Toronto")
    seven = instant_of(datetime(*monday, 7, tzinfo=zone))
    app = mailing(office, mailbox)
    office.now = seven - 2 * MINUTE
    tick(office, app)
    week = f"{monday[0]}-W{datetime(*monday, tzinfo=zone).isocalendar().week:02}"
    assert week not in [row.period for row in office.rows("digest")]
    tick(office, app)
    assert week in [row.period for row in office.rows("digest")]
    assert moment_of(office.now, zone).hour == 7


def test_killed_between_send_and_record_it_comes_again_with_the_same_id(
    office: Office, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = mailing(office, mailbox)
    office.cycle()

    def die(*_: Any, **__: Any) -> None:
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(digests, "settle", die)
        with pytest.raises(Died):
            digest.run(app)
    assert len(mailbox.received) == 1
    digest.run(app)
    assert len(mailbox.received) == 1, "another worker may still be sending it"
    office.now += CLAIM_MS
    digest.run(app)
    office.now += CLAIM_MS
    digest.run(app)
    first, second = mailbox.received
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Date"] == second["Date"]
    assert [row.state for row in office.rows("digest")] == ["sent"]


@pytest.mark.parametrize("name", ["keep", "claim"])
def test_killed_anywhere_else_none_is_missing_nor_sent_twice(
    office: Office, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    app = mailing(office, mailbox)
    office.cycle()
    real: Callable[..., Any] = getattr(digests, name)

    def die(*given: Any, **named: Any) -> None:
        real(*given, **named)
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr(digests, name, die)
        with suppress(Died):
            digest.run(app)
    assert mailbox.received == []
    digest.run(app)
    assert len(mailbox.received) == 1


def test_a_server_that_is_away_is_asked_again_and_told(office: Office, mailbox: Mailbox) -> None:
    app = mailing(office, mailbox)
    mailbox.refuses = True
    tick(office, app)
    (row,) = office.rows("digest")
    assert (row.state, row.attempts) == ("owed", 1)
    assert "n'a pas pris le message (destinataire refusé" in row.reason
    (problem,) = office.rows("incident")
    assert problem.subject == "digest:mail"
    mailbox.refuses = False
    digest.run(app)
    assert mailbox.received == [], "not at once"
    office.now += 5 * MINUTE
    digest.run(app)
    assert len(mailbox.received) == 1
    assert all(row.ended_at is not None for row in office.rows("incident"))


def test_an_address_that_is_refused_holds_up_nobody_else(office: Office, mailbox: Mailbox) -> None:
    app = mailing(office, mailbox)
    skip_ops(office)
    ana = b"  ana: {name: Ana Roy, email: ana@arpent.example, manager: marc}\n"
    republish(office, "team.yaml", b"  elise: {", ana + b"  elise: {")
    office.crm.put_owner("503", name="Ana Roy", email="ana@arpent.example")
    office.put_accounts("Bois Sud", owner="503")
    with app.store.write() as connection:
        digests.keep(connection, [_of_ana(week) for week in ("2026-W01", "2026-W02")])
    mailbox.unknown = {"ana@arpent.example"}
    tick(office, app)
    # Hers is the first to be sent, and both go in the one call.
    assert [row.state for row in office.rows("digest") if row.period == "2026-W27"] == [
        "owed", "sent",
    ]  # fmt: skip
    assert [each for each, _ in to(mailbox) if each != OPS] == [ELISE]
    (hers,) = [row for row in office.rows("digest") if row.state == "owed"]
    assert "destinataire refusé : voyez son adresse dans team.yaml" in hers.reason


def _of_ana(week: str) -> KeptDigest:
    return KeptDigest(
        period=week, audience=Audience.REP, recipient="ana", channel="mail", to_ops=True,
        message_key="", body="{}", composed_at=0, state=DigestState.SENT, sent_at=0,
    )  # fmt: skip


def test_what_was_taken_is_not_sent_again_for_a_rude_farewell(
    office: Office, mailbox: Mailbox
) -> None:
    app = mailing(office, mailbox)
    mailbox.farewell = "421 too busy to say goodbye"
    tick(office, app)
    tick(office, app, after=HOUR)
    assert len(mailbox.received) == 1
    assert [row.state for row in office.rows("digest")] == ["sent"]


def test_who_is_away_reads_nothing_and_the_manager_reads_why(
    office: Office, mailbox: Mailbox
) -> None:
    app = mailing(office, mailbox)
    skip_ops(office)
    republish(
        office, "plans/elise.yaml", b"period: 2026",
        b"period: 2026\naway: [2026-06-29..2026-07-03]",
    )  # fmt: skip
    assert [each.digest.audience for each in digest.preview(app)] == [], "nothing was pulled yet"
    tick(office, app)
    assert {each.digest.audience for each in digest.preview(app)} == {
        Audience.MANAGER, Audience.TEAM,
    }  # fmt: skip
    tick(office, app, after=DAY + HOUR)
    assert {row.audience for row in office.rows("digest") if row.period == "2026-W27"} == {
        "manager", "team",
    }  # fmt: skip
    (told,) = [each for each in mailbox.received if each["To"] == MARC]
    text = told.get_body(("plain",))
    assert text is not None
    assert "absent cette semaine, sans message" in text.get_content()
    # The week after, there is one again.
    office.now += WEEK - DAY
    tick(office, app)
    assert "Votre semaine du 6 juill." in str([subject for _, subject in to(mailbox)])


def test_after_a_week_it_is_given_up_and_stays_readable(office: Office, mailbox: Mailbox) -> None:
    app = mailing(office, mailbox)
    mailbox.refuses = True
    tick(office, app)
    office.now += GIVE_UP_MS
    sending.send_owed(app)
    (row,) = office.rows("digest")
    assert row.state == "failed"
    (kept,) = digest_reading.find(app, "elise")
    assert kept.state is DigestState.FAILED
    assert "Nordet inc." in kept.body


def test_without_a_server_it_is_kept_for_reading(office: Office) -> None:
    tick(office, office.app)
    (row,) = office.rows("digest")
    assert row.state == "kept"
    assert "ARPENT_MAIL_SERVER" in row.reason
    assert digest_reading.find(office.app, "Élise Gagnon", week="2026-W27")[0].recipient == "elise"
    for asked, week in (("personne", None), ("elise", "2026-W01")):
        with pytest.raises(MistakenError):
            digest_reading.find(office.app, asked, week=week)


def test_nothing_leaves_while_the_worker_is_paused(office: Office, mailbox: Mailbox) -> None:
    app = mailing(office, mailbox)
    office.cycle()
    with app.store.write() as connection:
        pause = Request(author="ops", reason="", at=office.now)
        requests.ask(connection, Wanted.PAUSE, pause)
    digest.run(app)
    assert office.rows("digest") == []


def test_while_nothing_may_be_written_only_ops_read(office: Office, mailbox: Mailbox) -> None:
    skip_ops(office)
    tick(office, mailing(office, mailbox, read_only=True))
    assert {recipient for recipient, _ in to(mailbox)} == {OPS}


def test_before_the_start_only_ops_read(office: Office, mailbox: Mailbox) -> None:
    republish(office, "alerts.yaml", b"start: 2026-01-05", b"start: 2027-01-04")
    app = mailing(office, mailbox)
    skip_ops(office)
    tick(office, app)
    assert {recipient for recipient, _ in to(mailbox)} == {OPS}


def republish(office: Office, name: str, old: bytes, new: bytes) -> None:
    files = read_playbook(SHIPPED_PLAYBOOK)
    assert old in files[name]
    files[name] = files[name].replace(old, new)
    with office.app.store.write() as connection:
        rulebooks.publish(
            connection, compile_rulebook(files), author="ops", reason="", now=office.now
        )


def test_each_reads_in_their_own_language(office: Office, mailbox: Mailbox) -> None:
    email = b"email: elise@arpent.example,"
    republish(office, "team.yaml", email, email + b" language: en,")
    app = mailing(office, mailbox)
    tick(office, app)
    tick(office, app, after=DAY + MINUTE)
    subjects = [subject for _, subject in to(mailbox)]
    assert subjects[0] == "[Élise Gagnon] Your week of Jun 29: 2 accounts to see"
    assert subjects[1] == "[Marc Lavoie] Votre rencontre de la semaine du 29 juin"


class Hook(ThreadingHTTPServer):
    """A webhook that keeps what it is sent, and answers as it is told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Posted)
        self.taken: list[tuple[str, dict[str, Any]]] = []
        self.status = 200

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Posted(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((self.path, json.loads(body)))
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", f"{self.server.address}/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def hooked() -> Iterator[Hook]:
    server = Hook()
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def channelled(office: Office, mailbox: Mailbox, hook: Hook) -> App:
    host = hook.address.removeprefix("http://")
    return mailing(
        office, mailbox, slack_url=SecretStr(f"{hook.address}/slack/{CANARY}"),
        teams_url=SecretStr(f"{hook.address}/teams/{CANARY}"),
        apprise_urls=SecretStr(f"json://{host}/apprise/{CANARY}"),
    )  # fmt: skip


def celebrate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the digest of a channel have something to say of a team of one."""
    monkeypatch.setattr("rules.digest.team._FEWEST", 1)


def test_a_channel_gets_the_team_s_alone(
    office: Office, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    celebrate(monkeypatch)
    with hooked() as hook:
        app = channelled(office, mailbox, hook)
        skip_ops(office)
        tick(office, app)
        tick(office, app, after=DAY + MINUTE)
        assert sorted(path for path, _ in hook.taken) == [
            f"/apprise/{CANARY}", f"/slack/{CANARY}", f"/teams/{CANARY}",
        ]  # fmt: skip
        for _, payload in hook.taken:
            text = json.dumps(payload, ensure_ascii=False)
            assert "L'équipe, semaine du 29 juin" in text
            assert "Élise" not in text
            assert "Nordet" not in text
    rows = office.rows("digest")
    assert {row.audience for row in rows if row.channel != "mail"} == {"team"}
    assert {row.state for row in rows} == {"sent"}


def test_a_channel_gets_nothing_in_the_first_weeks(
    office: Office, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    celebrate(monkeypatch)
    with hooked() as hook:
        app = channelled(office, mailbox, hook)
        tick(office, app)
        tick(office, app, after=DAY + MINUTE)
        assert hook.taken == []
    assert {recipient for recipient, _ in to(mailbox)} == {OPS}


@pytest.mark.parametrize("status", [302, 403, 500])
def test_a_channel_that_refuses_is_told_without_its_secret(
    office: Office, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    celebrate(monkeypatch)
    with hooked() as hook:
        app = channelled(office, mailbox, hook)
        skip_ops(office)
        hook.status = status
        tick(office, app)
        tick(office, app, after=DAY + MINUTE)
        assert all("elsewhere" not in path for path, _ in hook.taken)
    rows = [
        row for row in office.rows("digest") if row.channel != "mail" and row.audience == "team"
    ]
    assert [(row.state, row.attempts) for row in rows] == [("owed", 1)] * 3
    told = [str(row.reason) for row in rows] + [row.text_fr for row in office.rows("incident")]
    assert len(told) == 6
    assert all(CANARY not in each for each in told)


def test_the_preview_shows_every_message_and_writes_nothing(
    office: Office, mailbox: Mailbox
) -> None:
    office.put_accounts("Hydro Sud")
    app = mailing(office, mailbox)
    # Everything is pulled and tagged, and the look of the week is not done yet.
    office.now = LOOK - 2 * HOUR
    office.cycle()
    before = {table.name: office.rows(table.name) for table in metadata.sorted_tables}
    office.now = LOOK + HOUR
    found = digest.preview(app)
    assert [each.digest.audience for each in found] == list(Audience)
    assert {(each.channel, each.to_ops) for each in found} == {("mail", True)}
    assert {table.name: office.rows(table.name) for table in metadata.sorted_tables} == before
    assert mailbox.received == []
    # Done and sent, it shows the same again.
    tick(office, app)
    digest.run(app)
    again = digest.preview(app)
    assert [each.digest.subject for each in again] == [each.digest.subject for each in found]


def test_of_two_workers_one_sends(office: Office, mailbox: Mailbox) -> None:
    app = mailing(office, mailbox)
    seen: list[int] = []

    def meanwhile() -> None:
        mailbox.when_taken = lambda: None
        seen.append(sending.send_owed(mailing(office, mailbox)).sent)

    mailbox.when_taken = meanwhile
    tick(office, app)
    assert seen == [0]
    assert len(mailbox.received) == 1


def test_a_rep_who_comes_on_wednesday_has_theirs_then(office: Office, mailbox: Mailbox) -> None:
    app = mailing(office, mailbox)
    tick(office, app)
    office.crm.put_owner("503", name="Ana Roy", email="ana@arpent.example")
    office.put_accounts("Bois Sud", owner="503")
    line = b"  elise: {"
    ana = b"  ana: {name: Ana Roy, email: ana@arpent.example, manager: marc}\n"
    republish(office, "team.yaml", line, ana + line)
    tick(office, app, after=2 * DAY)
    assert "ana" in [row.recipient for row in office.rows("digest") if row.audience == "rep"]


@pytest.mark.parametrize(
    "url", ["http://hooks.example/x", "ftp://a", f"https://u:{CANARY}@h.example/", "x", ""]
)
@pytest.mark.parametrize("name", ["slack_url", "teams_url"])
def test_the_address_of_a_channel_is_checked_without_being_repeated(name: str, url: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings(database_url="sqlite://", **{name: SecretStr(url)})
    assert f"ARPENT_{name.upper()}" in str(refused.value)
    assert CANARY not in str(refused.value)


def test_the_addresses_of_channels_are_secrets() -> None:
    settings = Settings(
        database_url="sqlite://", apprise_urls=SecretStr(f"discord://{CANARY}/a  slack://b/{CANARY}"),
        slack_url=SecretStr(f"https://hooks.example/{CANARY}"),
    )  # fmt: skip
    values = {each.get_secret_value() for each in settings.secrets}
    assert {f"discord://{CANARY}/a", f"slack://b/{CANARY}"} <= values
    assert CANARY not in repr(settings)


def test_the_schedule_says_when_they_leave_and_when_they_did(
    office: Office, mailbox: Mailbox
) -> None:
    app = mailing(office, mailbox)
    assert agenda.run(app).digests == "monday 07:00 + 24 h"
    assert agenda.run(app).digest_at is None
    tick(office, app)
    assert agenda.run(app).digest_at == office.now
