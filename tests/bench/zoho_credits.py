"""The API credits that Zoho CRM is asked for: a first load of 10,000 accounts, and a quiet day.

The accounts stand in an emulated organization. Everything is pulled once; then every quarter of an
hour for a day, in which nothing changes. The credits are those that the organization has counted.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr

from connectors.base import Connector, Grant
from connectors.pace import Clock
from connectors.sandbox.zoho.sandbox import (
    SANDBOX_CLIENT_ID,
    SANDBOX_CLIENT_SECRET,
    SANDBOX_REFRESH_TOKEN,
    ZohoSandbox,
)
from connectors.zoho.connector import Zoho
from rules.time import instant_of
from service import pull
from tests.bench.measuring import Report
from tests.bench.workspaces import in_file, prepared
from tests.bench.zoho_pulling import IDENTITY

EVERY = timedelta(minutes=15)
PULLS = 24 * 4


def run(accounts: int = 10_000) -> Report:
    """The credits of both."""
    with tempfile.TemporaryDirectory() as name, _filled(accounts) as (portal, connector):
        store, connection_id = prepared(in_file(Path(name)), IDENTITY)

        def spent(pulls: int) -> tuple[int, int]:
            """The calls and the credits of so many pulls, a quarter of an hour before each."""
            calls, credits_before = connector.calls, portal.gateway.credits.spent.total()
            for _ in range(pulls):
                portal.clock.advance(EVERY)
                pull.run(
                    store, connector, connection_id=connection_id, run_id=None,
                    now=lambda: instant_of(portal.clock.now()),
                )  # fmt: skip
            return (
                connector.calls - calls,
                portal.gateway.credits.spent.total() - credits_before,
            )

        first, day = spent(1), spent(PULLS)
        store.close()
    rows = [
        f"| {what} | {calls} | {credits_spent} |"
        for what, (calls, credits_spent) in {
            f"first load of {accounts:,} accounts": first,
            f"a quiet day, {PULLS} pulls": day,
        }.items()
    ]
    head = ["### Credits of Zoho", "", "| | calls | credits |", "|---|--:|--:|"]
    return Report("\n".join([*head, *rows, ""]))


@contextmanager
def _filled(accounts: int) -> Iterator[tuple[ZohoSandbox, Connector]]:
    with ZohoSandbox() as portal:
        for number in range(accounts):
            portal.create("Accounts", Account_Name=f"Compagnie {number} ltée")
        access = Grant(
            client_id=SANDBOX_CLIENT_ID, client_secret=SecretStr(SANDBOX_CLIENT_SECRET),
            refresh_token=lambda: SecretStr(SANDBOX_REFRESH_TOKEN), keep=lambda _: True,
        )  # fmt: skip
        # Tokens last an hour of the organization's.
        clock = Clock(
            monotonic=lambda: portal.clock.now().timestamp(),
            wall=lambda: instant_of(portal.clock.now()),
        )
        connector = Zoho(access, accounts=portal.url, clock=clock)
        yield portal, connector
        connector.close()
