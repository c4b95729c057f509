"""Mail to the ops, handed in to a server that speaks SMTP on the loopback."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from rules.language import Language, Text
from rules.located import Misfit
from service import incidents, mail
from service.app import App
from service.mail import Letter, MailError, Server
from service.settings import Settings
from service.store.engine import Store
from service.store.tables import metadata
from tests.integration.mailbox import Mailbox, running

NOW = 1_800_000_000_000
CANARY = "canary-password-4f1d"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with running() as server:
        yield server


def app_of(store: Store, mailbox: Mailbox) -> App:
    settings = Settings(
        database_url="sqlite://", mail_to="ops@arpent.example", mail_from="arpent@arpent.example",
        mail_server=SecretStr(mailbox.address),
    )  # fmt: skip
    return App(settings, store, lambda: NOW)


def test_what_begins_and_what_ends_is_mailed_once(store: Store, mailbox: Mailbox) -> None:
    app = app_of(store, mailbox)
    problem = Text("clé refusée : é, ’ et\ndeux lignes", "key refused")
    for _ in range(3):
        incidents.follow(app, "crm", {"hubspot": problem})
        incidents.send_mail(app, Language.FR)
    (first,) = mailbox.received
    assert (first["To"], first["From"]) == ("ops@arpent.example", "arpent@arpent.example")
    assert first["Subject"] == "Arpent – À voir : crm:hubspot"
    assert "clé refusée : é, ’ et\ndeux lignes" in first.get_content()
    for _ in range(3):
        incidents.follow(app, "crm", {"hubspot": None})
        incidents.send_mail(app, Language.FR)
    assert [each["Subject"] for each in mailbox.received[1:]] == ["Arpent – Rétabli : crm:hubspot"]


def test_a_mail_that_did_not_leave_is_tried_again(store: Store, mailbox: Mailbox) -> None:
    app = app_of(store, mailbox)
    mailbox.refuses = True
    incidents.follow(app, "crm", {"hubspot": Text("clé refusée", "key refused")})
    incidents.send_mail(app, Language.EN)
    assert mailbox.received == []
    mailbox.refuses = False
    incidents.send_mail(app, Language.EN)
    incidents.send_mail(app, Language.EN)
    (only,) = mailbox.received
    assert only["Subject"] == "Arpent – Needs attention: crm:hubspot"


def test_without_an_address_nothing_waits_to_be_told(store: Store) -> None:
    app = App(Settings(database_url="sqlite://"), store, lambda: NOW)
    incidents.follow(app, "crm", {"hubspot": Text("clé refusée", "key refused")})
    incidents.send_mail(app, Language.FR)
    with store.read() as connection:
        (row,) = connection.execute(metadata.tables["incident"].select()).all()
    assert (row.told_at, row.ended_at) == (NOW, None)
    incidents.follow(app, "crm", {"hubspot": None})
    with store.read() as connection:
        assert connection.execute(metadata.tables["incident"].select()).all() == []


def test_a_header_is_one_line_whatever_it_is_given(mailbox: Mailbox) -> None:
    server = mail.read_server(SecretStr(mailbox.address))
    subject = "one\r\nBcc: x@y.example"
    mail.send(
        server, Letter(sender="a@b.example", to="c@d.example", subject=subject, body="", key="k")
    )
    (only,) = mailbox.received
    assert only["Bcc"] is None
    assert only["Subject"] == "one Bcc: x@y.example"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("smtp://mail.example", Server(security="smtp", host="mail.example", port=25)),
        ("smtps://mail.example", Server(security="smtps", host="mail.example", port=465)),
        (
            "smtp+starttls://a%40b:p%2Fw@mail.example:2525",
            Server(security="smtp+starttls", host="mail.example", port=2525, user="a@b",
                   password=SecretStr("p/w")),
        ),
    ],
)  # fmt: skip
def test_the_address_of_a_server(given: str, wanted: Server) -> None:
    assert mail.read_server(SecretStr(given)) == wanted


@pytest.mark.parametrize(
    "given",
    [
        f"https://a:{CANARY}@mail.example", f"smtp://a:{CANARY}@:25",
        f"smtp://a:{CANARY}@mail.example:x", f"smtp://a:{CANARY}@mail.example/path", "mail.example",
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_refused_without_being_repeated(given: str) -> None:
    with pytest.raises(Misfit) as refused:
        mail.read_server(SecretStr(given))
    assert CANARY not in str(refused.value)
    assert refused.value.__context__ is None or CANARY not in str(refused.value.__context__)


def test_a_server_that_is_away_is_said_without_its_password() -> None:
    server = mail.read_server(SecretStr(f"smtp://a:{CANARY}@127.0.0.1:1"))
    with pytest.raises(MailError) as failed:
        mail.send(server, Letter(sender="a@b.c", to="d@e.f", subject="", body="", key="k"))
    assert CANARY not in str(failed.value)
