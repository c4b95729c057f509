"""What the scenarios share: the worked case in a portal of its own, no setting of this machine."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.sandbox.hubspot import HubSpotSandbox
from tests import portals
from tests.scenarios.world import World, opened


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the variables of this machine nor a `.env` of the repository are read."""
    for name in list(os.environ):
        if name.startswith("ARPENT_") and not name.startswith("ARPENT_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def portal() -> Iterator[HubSpotSandbox]:
    """The worked case, served: 120 companies, their deals, contacts and activities."""
    with portals.elise() as served:
        yield served


@pytest.fixture
def world(portal: HubSpotSandbox, store_url: str) -> Iterator[World]:
    """The portal beside an installation, on both databases."""
    with opened(portal, store_url) as ready:
        yield ready
