"""What the acceptance tests share: no setting of this machine, a portal, a terminal."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.sandbox.hubspot import HubSpotSandbox
from rules.rulebook import compile_rulebook
from service.app import read_playbook
from service.settings import SHIPPED_PLAYBOOK
from service.store import rulebooks
from service.store.engine import open_store
from tests import portals
from tests.acceptance.shell import CANARY, Shell
from tests.acceptance.territory import Territory, settled


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the variables of this machine nor a `.env` of the repository are read."""
    for name in list(os.environ):
        if name.startswith("ARPENT_") and not name.startswith("ARPENT_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def elise() -> Iterator[HubSpotSandbox]:
    """The worked case in a portal of its own, served."""
    with portals.elise() as portal:
        yield portal


@pytest.fixture
def territory(elise: HubSpotSandbox, store_url: str) -> Iterator[Territory]:
    """The worked case beside an installation, on both databases."""
    with settled(elise, store_url) as ready:
        yield ready


@pytest.fixture(scope="module")
def served() -> Iterator[HubSpotSandbox]:
    """The worked case, served for the tests of a module that leave it as it is."""
    with portals.elise() as portal:
        portal.add_token(CANARY)
        yield portal


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A terminal in an empty folder, with no setting."""
    return Shell(tmp_path)


@pytest.fixture
def installed(shell: Shell, served: HubSpotSandbox, sqlite_template: Path) -> Shell:
    """A terminal with a store that has its tables, and the key of the portal."""
    folder = shell.folder / ".arpent"
    folder.mkdir()
    shutil.copy(sqlite_template, folder / "arpent.sqlite3")
    shell.settings.update(hubspot_url=served.url, hubspot_token=CANARY)
    return shell


@pytest.fixture(scope="module")
def ready(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store where the shipped playbook is in force, to copy."""
    path = tmp_path_factory.mktemp("ready") / "arpent.sqlite3"
    shutil.copy(sqlite_template, path)
    store = open_store(f"sqlite:///{path}")
    shipped = compile_rulebook(read_playbook(SHIPPED_PLAYBOOK))
    with store.write() as connection:
        rulebooks.publish(connection, shipped, author="ops", reason="essai", now=0)
    store.close()
    return path


@pytest.fixture
def published(installed: Shell, ready: Path) -> Shell:
    """A terminal where the shipped playbook is in force."""
    shutil.copy(ready, installed.folder / ".arpent" / "arpent.sqlite3")
    return installed
