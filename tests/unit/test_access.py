"""What the settings hold to open HubSpot, and the refresh token that outlives a restart."""

import os
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.base import Access, Fatal, Grant, Rotation
from service import access
from service.settings import Settings, SettingsError, load_settings

KEY, NEXT, SECRET, REFRESH = "pat-key", "pat-next", "client-secret", "refresh-token"


@pytest.fixture(autouse=True)
def _empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith("ARPENT_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def settings(**given: object) -> Settings:
    return load_settings(database_url="sqlite:///x", **given)


def granted(**given: object) -> Grant:
    found = access.hubspot(
        settings(hubspot_client_id="an-id", hubspot_client_secret=SecretStr(SECRET), **given)
    )
    assert isinstance(found, Grant)
    return found


OPENINGS: list[tuple[dict[str, object], Access | None]] = [
    ({}, None),
    ({"hubspot_token": SecretStr("  ")}, None),
    ({"hubspot_token": SecretStr(KEY)}, SecretStr(KEY)),
    ({"hubspot_token": SecretStr(KEY), "hubspot_token_next": SecretStr(" ")}, SecretStr(KEY)),
    (
        {"hubspot_token": SecretStr(KEY), "hubspot_token_next": SecretStr(NEXT)},
        Rotation(current=SecretStr(KEY), following=SecretStr(NEXT)),
    ),
]


@pytest.mark.parametrize(("given", "opening"), OPENINGS)
def test_hubspot_is_opened_by_one_key_or_two(
    given: dict[str, object], opening: Access | None
) -> None:
    assert access.hubspot(settings(**given)) == opening


ILL_MATCHED: list[tuple[dict[str, object], str]] = [
    ({"hubspot_client_id": "an-id"}, "ARPENT_HUBSPOT_CLIENT_SECRET, ARPENT_HUBSPOT_REFRESH_TOKEN"),
    ({"hubspot_refresh_token": SecretStr(REFRESH)}, "ARPENT_HUBSPOT_CLIENT_ID"),
    ({"hubspot_token_next": SecretStr(NEXT)}, "ARPENT_HUBSPOT_TOKEN_NEXT"),
    (
        {
            "hubspot_token": SecretStr(KEY),
            "hubspot_client_id": "an-id",
            "hubspot_client_secret": SecretStr(SECRET),
            "hubspot_refresh_token": SecretStr(REFRESH),
        },
        "ARPENT_HUBSPOT_TOKEN and ARPENT_HUBSPOT_CLIENT_ID",
    ),
]


@pytest.mark.parametrize(("given", "names"), ILL_MATCHED)
def test_settings_that_do_not_go_together_are_told(given: dict[str, object], names: str) -> None:
    with pytest.raises(SettingsError) as raised:
        settings(**given)

    (problem,) = raised.value.problems
    assert problem.en.startswith(names)
    assert problem.fr != problem.en
    for secret in (KEY, NEXT, SECRET, REFRESH):
        assert secret not in problem.fr


def test_a_file_begins_with_the_token_of_the_settings_and_keeps_what_comes(tmp_path: Path) -> None:
    file = tmp_path / "refresh"
    given = {"hubspot_refresh_token": SecretStr(REFRESH), "hubspot_refresh_token_file": file}
    grant = granted(**given)
    assert grant.refresh_token() == SecretStr(REFRESH)

    assert grant.keep(SecretStr("newer"))

    assert grant.refresh_token() == SecretStr("newer")
    # Another process, or this one after a restart.
    assert granted(**given).refresh_token() == SecretStr("newer")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_what_another_process_writes_is_read(tmp_path: Path) -> None:
    file = tmp_path / "refresh"
    file.write_text("first\n", encoding="utf-8")
    grant = granted(hubspot_refresh_token_file=file)
    assert grant.refresh_token() == SecretStr("first")

    file.write_text("second\n", encoding="utf-8")

    assert grant.refresh_token() == SecretStr("second")


def test_without_a_file_a_new_token_lives_as_long_as_the_process() -> None:
    grant = granted(hubspot_refresh_token=SecretStr(REFRESH))

    assert not grant.keep(SecretStr("newer"))

    assert grant.refresh_token() == SecretStr("newer")


def test_a_file_that_can_not_be_written_does_not_hide_the_token_in_force(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    file = folder / "refresh"
    file.write_text(REFRESH, encoding="utf-8")
    grant = granted(hubspot_refresh_token_file=file)
    assert grant.refresh_token() == SecretStr(REFRESH)
    file.unlink()
    folder.rmdir()

    assert not grant.keep(SecretStr("newer"))

    assert grant.refresh_token() == SecretStr("newer")


def test_a_file_that_can_not_be_read_is_told(tmp_path: Path) -> None:
    file = tmp_path / "refresh"
    file.write_bytes(b"\xff\xfe\xff")

    with pytest.raises(Fatal, match="ARPENT_HUBSPOT_REFRESH_TOKEN_FILE"):
        granted(hubspot_refresh_token_file=file).refresh_token()
