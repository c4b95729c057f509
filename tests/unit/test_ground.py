"""What an installation stands on: room, network disks, private files, the mail server."""

import socket
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors import crm_clock
from service import ground
from service.settings import Settings

MB = 1_000_000
MOUNTS = """\
overlay / overlay rw 0 0
server:/share /srv/team\\040data nfs4 rw 0 0
/dev/sda1 /srv/team\\040data/local ext4 rw 0 0
"""


@pytest.mark.parametrize(
    ("free", "size", "is_enough"),
    [
        (500 * MB, 1 * MB, True),
        (500 * MB - 1, 1 * MB, False),
        # Twice the file: a backup, and what it grows by.
        (2_000 * MB, 1_000 * MB, True),
        (2_000 * MB - 1, 1_000 * MB, False),
    ],
)
def test_a_disk_needs_room(free: int, size: int, *, is_enough: bool) -> None:
    found = ground.room(free, size)
    assert (found is None) is is_enough
    assert found is None or "ARPENT_DATABASE_URL" in found.fr


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/data/arpent.sqlite3", None),
        ("/srv/team data/arpent.sqlite3", "nfs4"),
        ("/srv/team data/local/arpent.sqlite3", None),
    ],
)
def test_a_disk_of_another_machine_is_told(path: str, kind: str | None) -> None:
    found = ground.network(Path(path), MOUNTS)
    assert (found is None) is (kind is None)
    assert found is None or (kind or "") in found.en


def test_a_file_that_others_can_read_is_told(tmp_path: Path) -> None:
    private, shared = tmp_path / "private", tmp_path / "shared"
    for path, mode in ((private, 0o600), (shared, 0o640)):
        path.write_text("x")
        path.chmod(mode)
    (told,) = ground.open_to_others([private, shared, tmp_path / "absent"])
    assert told.fr.endswith(f"(0640) : chmod 600 {shared}")


def test_only_files_with_a_secret_must_be_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("ARPENT_HUBSPOT_TOKEN=a-key-of-some-length\n")
    (tmp_path / "arpent.toml").write_text('language = "fr"\n')
    given = Settings(hubspot_token=SecretStr("a-key-of-some-length"))
    assert ground.private_files(given, None) == [tmp_path / ".env"]


def test_a_mail_server_that_does_not_answer_is_told() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = SecretStr(f"smtp://ops:a-password@127.0.0.1:{port}")
    told = ground.look_at_mail(Settings(mail_server=address))
    assert told is not None
    assert told.en.startswith(f"127.0.0.1:{port} does not answer (ConnectionRefusedError)")
    assert ground.look_at_mail(Settings()) is None


@pytest.mark.parametrize(
    ("offset", "words"),
    [(None, ""), (60_000, ""), (-60_000, ""), (300_000, "is slow by about 5 min"),
     (-61_000, "is fast by about 1 min")],
)  # fmt: skip
def test_a_clock_that_is_wrong_is_told(offset: int | None, words: str) -> None:
    told = crm_clock.remarks(offset, "HubSpot")
    assert [words in each.text.en for each in told] == ([True] if words else [])
