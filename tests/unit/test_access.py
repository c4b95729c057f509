"""The refresh token that outlives a restart, and the shelf beside its file."""

import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.base import Fatal, Grant, Misconfigured, Pass
from service import access, ground
from service.sealing import NO_KEYS, Sealing
from tests.unit.test_sealing import NEW, OLD

SETTING, REFRESH = "ARPENT_ACME_REFRESH_TOKEN_FILE", "refresh-token"
LEFT = Pass(token=SecretStr("access-token"), renew_at=1, ends_at=2, account_id="7")


def granted(
    given: SecretStr | None = None,
    file: Path | None = None,
    *,
    sealing: Sealing = NO_KEYS,
    client_id: str = "an-id",
) -> Grant:
    return access.keeping(
        client_id=client_id, client_secret=SecretStr("secret"), given=given, file=file,
        setting=SETTING, sealing=sealing,
    )  # fmt: skip


def used(grant: Grant) -> Pass | None:
    """What a connector reads as it opens the CRM: the shelf, in its turn."""
    assert grant.shelf is not None
    assert grant.shelf.try_turn()
    try:
        return grant.shelf.read()
    finally:
        grant.shelf.end_turn()


def left(grant: Grant, token: str = REFRESH) -> Grant:
    """A grant with a refresh token kept, and an access token on its shelf."""
    assert grant.shelf is not None
    assert grant.keep(SecretStr(token))
    grant.shelf.leave(LEFT)
    return grant


def contents(folder: Path) -> dict[str, str]:
    return {each.name: each.read_text(encoding="utf-8") for each in folder.iterdir()}


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


def test_with_a_key_nothing_in_the_files_is_plain(tmp_path: Path) -> None:
    file = tmp_path / "refresh"
    left(granted(file=file, sealing=Sealing([OLD])))

    again = granted(file=file, sealing=Sealing([OLD]))
    assert again.refresh_token() == SecretStr(REFRESH)
    assert used(again) == LEFT
    written = contents(tmp_path)
    assert sorted(written) == ["refresh", "refresh.access", "refresh.turn"]
    for secret in (REFRESH, "access-token", "an-id"):
        assert secret not in "".join(written.values())
    for each in tmp_path.iterdir():
        assert stat.S_IMODE(each.stat().st_mode) == 0o600


@pytest.mark.parametrize("before", [NO_KEYS, Sealing([OLD])])
def test_what_was_plain_or_under_an_older_key_is_sealed_at_the_first_use(
    before: Sealing, tmp_path: Path
) -> None:
    """The CRM need not replace anything for that: the older key can go after one command."""
    file = tmp_path / "refresh"
    left(granted(file=file, sealing=before))
    was = contents(tmp_path)

    assert used(granted(file=file, sealing=Sealing([NEW, OLD]))) == LEFT

    assert used(granted(file=file, sealing=Sealing([NEW]))) == LEFT
    now = contents(tmp_path)
    assert now["refresh"] != was["refresh"]
    assert "access-token" not in now["refresh.access"]
    assert used(granted(file=file, sealing=Sealing([NEW]))) == LEFT
    # Once is enough.
    assert contents(tmp_path) == now


def test_a_file_is_not_sealed_out_of_turn(tmp_path: Path) -> None:
    """Another process may be about to write the next token."""
    file = tmp_path / "refresh"
    left(granted(file=file))
    was = contents(tmp_path)
    grant = granted(file=file, sealing=Sealing([OLD]))

    assert grant.shelf is not None
    assert grant.shelf.read() == LEFT

    assert contents(tmp_path) == was


@pytest.mark.parametrize("sealing", [NO_KEYS, Sealing([NEW])])
def test_a_wrong_key_is_told_and_nothing_is_lost(sealing: Sealing, tmp_path: Path) -> None:
    file = tmp_path / "refresh"
    left(granted(file=file, sealing=Sealing([OLD])))
    was = contents(tmp_path)
    grant = granted(SecretStr("of the settings"), file, sealing=sealing)

    with pytest.raises(Misconfigured, match="ARPENT_SECRET_KEYS") as raised:
        grant.refresh_token()
    assert f"{file} ({SETTING})" in raised.value.message.fr
    with pytest.raises(Misconfigured, match="ARPENT_SECRET_KEYS"):
        used(grant)

    assert contents(tmp_path) | {"refresh.turn": ""} == was | {"refresh.turn": ""}


def test_an_access_token_under_another_key_is_told_too(tmp_path: Path) -> None:
    """There may be no file of the refresh token: a CRM that never replaces it."""
    file = tmp_path / "refresh"
    left(granted(file=file, sealing=Sealing([OLD])))
    file.unlink()
    was = (tmp_path / "refresh.access").read_text(encoding="utf-8")

    with pytest.raises(Misconfigured, match=r"refresh\.access"):
        used(granted(SecretStr(REFRESH), file))

    assert (tmp_path / "refresh.access").read_text(encoding="utf-8") == was


def test_the_files_of_another_application_are_refused(tmp_path: Path) -> None:
    sealing = Sealing([OLD])
    file = tmp_path / "refresh"
    left(granted(file=file, sealing=sealing))

    with pytest.raises(Misconfigured, match="another application"):
        granted(file=file, sealing=sealing, client_id="another-id").refresh_token()
    (tmp_path / "refresh.access").replace(file)
    with pytest.raises(Misconfigured, match="another use"):
        granted(file=file, sealing=sealing).refresh_token()


def test_an_empty_file_begins_with_the_token_of_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "refresh"
    file.touch()
    grant = granted(SecretStr(REFRESH), file, sealing=Sealing([OLD]))

    assert used(grant) is None

    assert grant.refresh_token() == SecretStr(REFRESH)
    assert file.read_bytes() == b""


def test_a_folder_that_can_not_be_written_leaves_a_plain_file_readable(tmp_path: Path) -> None:
    file = tmp_path / "refresh"
    left(granted(file=file))
    # The name of a new file beside it would be too long for any system.
    long = file.rename(tmp_path / ("r" * 247))
    file.with_name("refresh.access").rename(long.with_name(f"{long.name}.access"))
    grant = granted(file=long, sealing=Sealing([OLD]))

    assert used(grant) == LEFT

    assert long.read_text(encoding="utf-8") == REFRESH


@pytest.mark.parametrize(
    ("before", "now", "said"), [
        (NO_KEYS, NO_KEYS, "plain text: put a key in ARPENT_SECRET_KEYS"),
        (NO_KEYS, Sealing([NEW]), "not sealed by the first key"),
        (Sealing([OLD]), Sealing([NEW, OLD]), "not sealed by the first key"),
        (Sealing([NEW]), Sealing([NEW, OLD]), None),
        # Said where the CRM is opened.
        (Sealing([OLD]), Sealing([NEW]), None),
        (Sealing([OLD]), NO_KEYS, None),
    ],
)  # fmt: skip
def test_doctor_looks_how_a_token_is_kept(before: Sealing, now: Sealing, said: str | None) -> None:
    found = ground.token(now, "here", before.seal(REFRESH, "a use"))

    assert (found is None) is (said is None)
    assert said is None or found is None or said in found.en
