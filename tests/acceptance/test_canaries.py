"""Twelve secrets, put wherever Arpent can be given one, appear nowhere else.

Everything that is printed, logged, stored, backed up or previewed is searched for them, as they are
and as they may be written on the wire, while the CRM repeats in its errors what it was sent.
"""

import base64
import os
import signal
import sys
import traceback
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import quote_plus

import pytest
import urllib3
from pydantic import SecretStr
from sqlalchemy import make_url, select

from connectors.hubspot import opening as hubspot
from connectors.sandbox.hubspot import HubSpotSandbox
from service import access, doctor, mail
from service.app import open_app
from service.cli import edge
from service.settings import Settings, load_settings
from service.store.engine import open_store
from service.store.tables import metadata
from tests.acceptance.shell import Shell, ended

PLACES = (
    *("key", "second key", "client secret", "refresh token", "database password"),
    *("mail password", "user in the CRM's address", "parameter of the CRM's address"),
    *("authorization code", "mistyped setting"),
)
CANARIES = {place: f"cnry{number:02}xQ7vZp3Lk" for number, place in enumerate(PLACES, 1)}
KEY, NEXT, CLIENT_SECRET, REFRESH, DATABASE, MAIL, USER, PARAMETER, CODE, TYPO = CANARIES.values()
HOMES = {".env", "arpent.toml", "client_secret", "token", "token.access", "token.turn"}
OTHER_KEY = urlsafe_b64encode(bytes([9] * 32)).decode()
QUICK = {"retry_after": 0}
STEPS = (
    "fields ensure", "run", "pull", "preview -o before.json", "push", "rules explain 20009",
    "rules history", "runs list", "runs show 1", "schedule show", "doctor", "status",
    "status --json", "db backup copy", "undo 1 --dry-run",
)  # fmt: skip


class Search:
    """What was said and left behind, and what must not be in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []
        self.secrets = dict(CANARIES)

    def forms(self) -> Iterator[tuple[str, bytes]]:
        for place, secret in self.secrets.items():
            raw = secret.encode()
            yield from ((place, each) for each in {raw, quote_plus(secret).encode()})
            yield place, base64.b64encode(raw).rstrip(b"=")

    def files(self, *, homes: bool = False) -> list[Path]:
        found = [path for path in self.folder.rglob("*") if path.is_file()]
        return [path for path in found if (path.name in HOMES) is homes]

    def hits(self, *, homes: bool = False) -> set[tuple[str, str]]:
        """Each secret that is somewhere, and where."""
        texts = {str(path): path.read_bytes() for path in self.files(homes=homes)}
        if not homes:
            texts |= {f"said {n}": text.encode() for n, text in enumerate(self.said)}
        return {
            (place, name) for name, text in texts.items() for place, form in self.forms()
            if form in text
        }  # fmt: skip


class Person:
    """Somebody who runs commands in a folder; what they answer is kept for the search."""

    def __init__(self, shell: Shell, search: Search) -> None:
        self.shell = shell
        self.search = search

    def run(self, line: str, **settings: str) -> int:
        """Run a command within this process; returns its code."""
        out, err = StringIO(), StringIO()
        edge._written_language.cache_clear()
        code: object = None
        with (
            patch.dict(os.environ, self.shell.environment(**settings), clear=True),
            patch.object(sys, "argv", ["arpent", *line.split()]),
            redirect_stdout(out),
            redirect_stderr(err),
            chdir(self.shell.folder),
        ):
            try:
                edge.main()
            except SystemExit as error:
                code = error.code
        self.search.said += [out.getvalue(), err.getvalue()]
        return code if isinstance(code, int) else 0


@pytest.fixture
def search(tmp_path: Path) -> Search:
    return Search(tmp_path)


@pytest.fixture
def person(published: Shell, elise: HubSpotSandbox, search: Search) -> Person:
    """Both keys, the mail server and a mistyped setting are in place; the rules are published."""
    elise.add_token(KEY)
    elise.rotate_token(KEY, NEXT)
    published.settings |= {
        "hubspot_url": elise.url, "hubspot_token": KEY, "mail_to": "ops@arpent.example",
        "mail_from": "arpent@arpent.example", "mail_server": f"smtp://ops:{MAIL}@127.0.0.1:1",
    }  # fmt: skip
    write(published.folder / ".env", f"ARPENT_HUBSPOT_TOKEN_NEXT={NEXT}\n")
    return Person(published, search)


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)


def repeating(status: int, *sent: str, path: str = "^/crm|^/account") -> dict[str, Any]:
    """A fault whose body, and the phrase beside its status, repeat what was sent."""
    echo = " ".join(f"Authorization: Bearer {each} / {each}" for each in sent)
    body = {
        "status": "error", "category": "VALIDATION_ERROR", "message": f"bad request: {echo}",
        "error": "invalid_request", "error_description": echo,
        "errors": [{"message": echo, "code": "X", "context": {"sent": [echo]}}],
    }  # fmt: skip
    return {"match": {"path": path}, "fault": {"status": status, "body": body, **QUICK}}


def broken(*_args: object, **options: Any) -> None:
    """A defect that quotes what it was given, the credential as well."""
    raise RuntimeError(f"unexpected headers {options['headers']}")


def test_the_keys_and_the_mail_password(
    person: Person, elise: HubSpotSandbox, search: Search
) -> None:
    assert [person.run(each) for each in STEPS[:5]] == [0] * 5
    for line in STEPS[5:]:
        person.run(line)
    assert search.files()
    for status in (401, 403, 500):
        elise.set_faults(repeating(status, KEY, NEXT))
        assert person.run("pull") == 1
        person.run("doctor", language="en")
    elise.set_faults({"match": {"path": "^/crm"}, "fault": {"status": 302, "headers": {
        "Location": f"https://elsewhere.example/?code={CODE}"}}})  # fmt: skip
    assert person.run("pull") == 1
    # Each value is refused one by one, in words that end up in the store.
    elise.act("edit", objectType="companies", id="20009", properties={"potentiel_annuel": "1"})
    elise.set_faults(repeating(400, KEY, NEXT, path="batch/update"))
    assert person.run("run --full --json") == 1
    assert person.run("runs show 12") in (0, 2)
    person.run("status")
    elise.set_faults()
    with patch.object(urllib3.PoolManager, "urlopen", broken):
        assert person.run("pull") == 1
        assert "unexpected headers" in search.said[-1]
        assert "Traceback" in search.said[-1]

    assert search.hits() == set()
    assert {place for place, _ in search.hits(homes=True)} == {"second key"}


def test_the_log_of_a_worker(person: Person, elise: HubSpotSandbox, search: Search) -> None:
    elise.set_faults(repeating(403, KEY, NEXT))
    process = person.shell.start("worker")
    assert process.stderr
    # It tells of the incident once the cycle has come to its end.
    told = next((line for line in process.stderr if "incident" in line), "")
    said = ended(process, signal.SIGTERM)
    search.said += [told, said.out, said.err]

    assert said.code == 0
    assert "incident" in told
    assert search.hits() == set()


@pytest.fixture
def granted(
    person: Person, elise: HubSpotSandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Person:
    """An OAuth application in place of the keys: its secret and its token in files of their own."""
    elise.add_oauth_app("app-1", CLIENT_SECRET, REFRESH)
    elise.switches.oauth_rotates_refresh_token = True
    del person.shell.settings["hubspot_token"]
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    write(secrets / "arpent_hubspot_client_secret", CLIENT_SECRET)
    HOMES.add("arpent_hubspot_client_secret")
    monkeypatch.setitem(Settings.model_config, "secrets_dir", secrets)
    write(tmp_path / ".env", "ARPENT_HUBSPOT_CLIENT_ID=app-1\n")
    write(tmp_path / "arpent.toml", f'hubspot_refresh_token = "{REFRESH}"\n')
    person.shell.settings["hubspot_refresh_token_file"] = str(tmp_path / "token")
    return person


def test_an_oauth_grant(
    granted: Person, elise: HubSpotSandbox, search: Search, tmp_path: Path
) -> None:
    assert [granted.run(each) for each in ("fields ensure", "run")] == [0, 0]
    granted.run("doctor")
    assert granted.run("db backup b") == 0
    issued = [key for key, held in elise.portal.keyring.keys.items() if held.client_id]
    replaced = (tmp_path / "token").read_text(encoding="utf-8").strip()
    assert replaced != REFRESH
    search.secrets |= {"access token": issued[-1], "new refresh token": replaced}
    elise.set_faults(repeating(403, *issued))
    assert granted.run("pull") == 1
    for status in (400, 401, 500):
        (tmp_path / "token.access").unlink(missing_ok=True)
        elise.set_faults(repeating(status, CLIENT_SECRET, replaced, path="^/oauth"))
        assert granted.run("pull") == 1
        granted.run("doctor")
    elise.set_faults()
    (tmp_path / "token.access").unlink(missing_ok=True)
    with patch.object(urllib3.PoolManager, "urlopen", lambda *_, **given: broken_form(**given)):
        assert granted.run("pull") == 1

    assert search.hits() == set()
    homes = {"client secret", "refresh token", "new refresh token"}
    assert homes <= {place for place, _ in search.hits(homes=True)}


def test_an_oauth_grant_under_a_key(
    granted: Person, elise: HubSpotSandbox, search: Search, tmp_path: Path
) -> None:
    """Once a key is set, the tokens that Arpent keeps are in clear in no file at all."""
    assert granted.run("doctor", language="en") == 1
    assert "keeps a token in plain text" in search.said[-2]
    key, old = (urlsafe_b64encode(bytes([each] * 32)).decode() for each in (7, 8))
    write(tmp_path / "secrets" / "arpent_secret_keys", f"{key}\n{old}\n")
    HOMES.add("arpent_secret_keys")
    application = elise.portal.keyring.clients["app-1"]
    (kept,) = application.refresh_tokens
    assert (tmp_path / "token").read_text(encoding="utf-8") == kept

    # What was plain is sealed, then what HubSpot gives next.
    granted.run("doctor", language="en")
    assert "nothing in plain text, or under an older key" in search.said[-2]
    (tmp_path / "token.access").unlink()
    assert granted.run("fields ensure") == 0
    granted.run("doctor")
    assert granted.run("db backup b") == 0
    (replaced,) = application.refresh_tokens
    assert replaced != kept
    issued = [each for each, held in elise.portal.keyring.keys.items() if held.client_id]
    was = (tmp_path / "token").read_bytes()
    assert granted.run("fields ensure", secret_keys=OTHER_KEY, language="en") == 2
    assert "No key of ARPENT_SECRET_KEYS opens the file" in search.said[-1]
    assert granted.run("status", secret_keys=f"{key[:-3]}") == 2
    assert (tmp_path / "token").read_bytes() == was

    search.secrets |= {
        "key": key, "old key": old, "wrong key": OTHER_KEY, "access token": issued[-1],
        "earlier refresh token": kept, "new refresh token": replaced, "mistyped key": key[:-3],
    }  # fmt: skip
    assert search.hits() == set()
    homes = {name for _, name in search.hits(homes=True)}
    assert {Path(name).name for name in homes} == {
        "arpent.toml", "arpent_hubspot_client_secret", "arpent_secret_keys",
    }  # fmt: skip


def broken_form(**given: Any) -> None:
    """A defect that quotes the body that it was to send."""
    raise ValueError(given["body"])


@pytest.mark.parametrize(
    "url", [
        f"http://me:{USER}@127.0.0.1", f"https://api.hubapi.com/?hapikey={PARAMETER}",
        f"http://key:{USER}", f"https://{USER}:x@[bad",
    ],
)  # fmt: skip
def test_a_key_within_an_address(person: Person, search: Search, url: str) -> None:
    assert person.run("pull", hubspot_url=url) == 2
    assert "ARPENT_HUBSPOT_URL" in search.said[-1]
    assert search.hits() == set()


def test_settings_that_are_refused(person: Person, search: Search, tmp_path: Path) -> None:
    write(tmp_path / ".env", f"ARPENT_HUBSPOT_TOKNE={TYPO}\n")
    assert person.run("status") == 2
    assert "ARPENT_HUBSPOT_TOKNE" in search.said[-1]
    (tmp_path / ".env").unlink()
    assert person.run("status", mail_server=f"smtp://ops@host:{MAIL}") == 2
    assert person.run("status", hubspot_client_secret=CLIENT_SECRET, mail_server="x") == 2
    write(tmp_path / "arpent.toml", f'hubspot_token = "{KEY}\n')
    assert person.run("status") == 2
    assert search.hits() == set()


def test_the_password_of_a_database(person: Person, search: Search, store_url: str) -> None:
    if store_url.startswith("sqlite"):
        for url, code in (
            (f"postgresql+nope://u:{DATABASE}@h/b", 1), (f"post gres://u:{DATABASE}@[h/b", 2)
        ):  # fmt: skip
            assert person.run("status", database_url=url) == code
        assert person.run("pull", database_url=f"postgresql://u:{DATABASE}@127.0.0.1:1/b") == 1
        assert search.hits() == set()
        return
    url = make_url(store_url).set(password=DATABASE).render_as_string(hide_password=False)
    person.shell.settings["database_url"] = url
    for line in ("rules publish", "fields ensure", "run", "status", "db backup copy"):
        assert person.run(line) == 0
    person.run("doctor")
    person.run("pull", database_url=url.replace("schema=workspace", "schema=nowhere"))
    store = open_store(store_url)
    with store.read() as connection:
        rows = [
            row for table in metadata.sorted_tables for row in connection.execute(select(table))
        ]
    store.close()
    search.said.append(repr(rows))
    assert len(rows) > 100
    assert search.hits() == set()


def shown(thing: object) -> str:
    """Every way in which Python shows a thing."""
    held = vars(thing) if hasattr(thing, "__dict__") and not isinstance(thing, SecretStr) else ""
    return f"{thing!r} {thing!s} {held!r}"


def chained(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and all that led to it, whether or not a trace would show it."""
    seen: list[BaseException] = []
    waiting = [error]
    while waiting:
        each = waiting.pop()
        if each is not None and each not in seen:
            seen.append(each)
            waiting += [each.__cause__, each.__context__]
    yield from seen


def test_what_python_shows(
    person: Person, elise: HubSpotSandbox, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(person.shell.folder)
    for name, value in person.shell.environment().items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    with_password = load_settings(database_url=f"postgresql://u:{DATABASE}@127.0.0.1:1/b")
    assert make_url(with_password.database_url).password == DATABASE
    opening = hubspot.access_of(settings, access.keeping)
    search.said += [shown(each) for each in (settings, with_password, opening)]
    search.said.append(with_password.model_dump_json() + str(with_password.model_dump()))
    app = open_app(settings)
    errors: list[BaseException] = []
    with app.connector("hubspot") as connector:
        connector.identify()
        inside: list[object] = [connector]
        while inside:
            thing = inside.pop()
            search.said.append(shown(thing))
            held = list(vars(thing).values()) if hasattr(thing, "__dict__") else []
            inside += [each for each in held if type(each).__module__.startswith("connectors")]
        for status in (400, 401, 403, 500):
            elise.set_faults(repeating(status, KEY, NEXT))
            try:
                connector.identify()
            except Exception as error:  # noqa: BLE001 - whichever it is, it is looked at
                errors.append(error)
    search.said += [shown(each) for each in doctor.run(settings)]
    app.store.close()
    tries = (
        lambda: load_settings(hubspot_url=f"http://key:{USER}"),
        lambda: load_settings(mail_server=f"smtp://ops@host:{MAIL}"),
        lambda: open_store(f"post gres://u:{DATABASE}@[h/b"),
        lambda: open_store(with_password.database_url),
        lambda: mail.reach(mail.read_server(settings.secrets[-1])),
    )
    for each in tries:
        try:
            each()
        except Exception as error:  # noqa: BLE001 - whichever it is, it is looked at
            errors.append(error)
    assert len(errors) >= 8
    for caught in errors:
        search.said += [shown(each) for each in chained(caught)]
        search.said.append("".join(traceback.format_exception(caught)))
    assert search.hits() == set()
