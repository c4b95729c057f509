"""The refresh token that outlives a restart, and the shelf beside its file."""

import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.base import Fatal, Grant
from service import access

SETTING, REFRESH = "ARPENT_ACME_REFRESH_TOKEN_FILE", "refresh-token"


def granted(given: SecretStr | None = None, file: Path | None = None) -> Grant:
    return access.keeping(
        client_id="an-id", client_secret=SecretStr("secret"), given=given, file=file,
        setting=SETTING,
    )  # fmt: skip


def test_a_file_begins_with_the_token_of_the_settings_and_keeps_what_comes(tmp_path: Path) -> None:
    file = tmp_path / "refresh"
    given = SecretStr(REFRESH)
    grant = granted(given, file)
    assert grant.refresh_token() == SecretStr(REFRESH)

    assert grant.keep(SecretStr("newer"))

    assert grant.refresh_token() == SecretStr("newer")
    # Another process, or this one after a restart.
    assert granted(given, file).refresh_token() == SecretStr("newer")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_what_another_process_writes_is_read(tmp_path: Path) -> None:
    file = tmp_path / "refresh"
    file.write_text("first\n", encoding="utf-8")
    grant = granted(file=file)
    assert grant.refresh_token() == SecretStr("first")

    file.write_text("second\n", encoding="utf-8")

    assert grant.refresh_token() == SecretStr("second")


def test_without_a_file_a_new_token_lives_as_long_as_the_process() -> None:
    grant = granted(SecretStr(REFRESH))

    assert not grant.keep(SecretStr("newer"))

    assert grant.refresh_token() == SecretStr("newer")


def test_a_file_that_can_not_be_written_does_not_hide_the_token_in_force(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    file = folder / "refresh"
    file.write_text(REFRESH, encoding="utf-8")
    grant = granted(file=file)
    assert grant.refresh_token() == SecretStr(REFRESH)
    file.unlink()
    folder.rmdir()

    assert not grant.keep(SecretStr("newer"))

    assert grant.refresh_token() == SecretStr("newer")


def test_a_file_that_can_not_be_read_is_told(tmp_path: Path) -> None:
    file = tmp_path / "refresh"
    file.write_bytes(b"\xff\xfe\xff")

    with pytest.raises(Fatal, match=SETTING):
        granted(file=file).refresh_token()
