"""A backtest over 6,000 opportunities that nobody here made, beside what the files themselves tell.

The data lies beside the repository, in `../shared/data/olga`; without it the test is skipped.
"""

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from connectors.sandbox.hubspot import HubSpotSandbox, load_folder
from rules.time import day_number
from service import backtest, pull
from service.store.tables import account
from tests.acceptance.territory import Territory, settled
from tests.acceptance.test_olga import AS_OF, DATA, PLAYBOOK

ON, HORIZON = date(2026, 1, 1), 150
UNTIL = ON + timedelta(days=HORIZON)
TIERS = {"Enterprise": "gold", "Mid-Market": "silver", "SMB": "bronze"}

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the olga data is not beside the project")


@pytest.fixture
def olga(tmp_path: Path, sqlite_template: Path) -> Iterator[Territory]:
    """The data in a portal, pulled once."""
    database = tmp_path / "arpent.sqlite3"
    database.write_bytes(sqlite_template.read_bytes())
    with HubSpotSandbox(now=AS_OF, company_currency="USD", ten_second_limit=100_000) as portal:
        load_folder(portal, DATA)
        with settled(portal, f"sqlite:///{database}", playbook=PLAYBOOK) as territory:
            app = territory.app
            crm = app.connect(territory.connector)
            pull.run(
                app.store, territory.connector, connection_id=crm.id, run_id=None, now=app.clock
            )
            # The files don't tell when an account was created: long ago, here.
            with app.store.write() as connection:
                connection.execute(update(account).values(created_on=day_number(date(2022, 1, 1))))
            yield territory


def expected() -> Counter[tuple[str, str]]:
    """How many were opened, won and lost in the window, by tier, from the files alone."""
    with (DATA / "accounts.csv").open(encoding="utf-8") as opened:
        tiers = {row["id"]: TIERS[row["segment"]] for row in csv.DictReader(opened)}
    counts: Counter[tuple[str, str]] = Counter()
    with (DATA / "opportunities.csv").open(encoding="utf-8") as opened:
        for row in csv.DictReader(opened):
            tier = tiers[row["account_id"]]
            if ON < date.fromisoformat(row["created"]) <= UNTIL:
                counts[tier, "opened"] += 1
            if row["is_closed"] == "True" and ON < date.fromisoformat(row["close_date"]) <= UNTIL:
                counts[tier, "won" if row["is_won"] == "True" else "lost"] += 1
    return counts


def test_what_followed_is_what_the_files_tell(olga: Territory) -> None:
    found = backtest.run(olga.app, None, on=day_number(ON), horizon=HORIZON)
    counted = Counter(
        {
            (each.tier, name): getattr(each, name)
            for each in found.new.outcomes
            for name in ("opened", "won", "lost")
        }
    )
    assert +counted == expected()
    # The market of an account was read in June for the first time.
    assert "market" in {each.fact for each in found.new.hindsight}
