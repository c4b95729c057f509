"""A workspace of a team in Montréal with one CRM, on both databases."""

import pytest

from service.store.engine import Store
from tests.integration.pages import Workspace, settle


@pytest.fixture
def workspace(store: Store) -> Workspace:
    """A store with a team and a CRM, and no record."""
    return settle(store)
