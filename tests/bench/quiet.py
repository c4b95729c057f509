"""A cycle in which nothing has changed: how many requests it costs, and what it writes.

The worked case stands in an emulated CRM. Three cycles write the tags, read back what was written
and look at what is archived; the one after them is counted.
"""

import tempfile
from collections import Counter
from pathlib import Path

from connectors.hubspot.objects import STREAMS
from service.store.tables import metadata
from tests import portals
from tests.acceptance.territory import VENDOR, Territory, settled
from tests.bench.measuring import Report, at_most
from tests.bench.workspaces import in_file, migrated

# What tells that a cycle was done, and how the figures stood then.
OF_THE_CYCLE = {"run", "cursor", "ledger", "lease", "frozen_figure"}
# HubSpot's lists: owners, the stages of deals, and each of its objects.
LISTS = 2 + sum(map(len, STREAMS.values()))
# What is asked besides the streams: which account this is, which fields it has and may have.
CHECKS = ("/account-info/", "/crm/properties/", "/crm/limits/")


def run() -> Report:
    """The counts of the quiet cycle."""
    with tempfile.TemporaryDirectory() as name, portals.elise() as portal:
        url = in_file(Path(name))
        migrated(url).close()
        with settled(portal, url) as territory:
            return _counted(territory)


def _counted(territory: Territory) -> Report:
    for _ in range(3):
        territory.cycle()
        territory.wait()
    before, asked, written = _rows(territory), _asked(territory), len(territory.writes())
    report = territory.cycle()
    after, requests = _rows(territory), _asked(territory) - asked
    streams = {each: n for each, n in requests.items() if not any(one in each for one in CHECKS)}
    checks = requests.total() - sum(streams.values())
    rows = sum(
        ((after[each] - before[each]) | (before[each] - after[each])).total() for each in after
    )
    lines = [f"| {name} | {number} |" for name, number in sorted(streams.items())]
    text = "\n".join(
        [
            "### A cycle in which nothing has changed", "", "| | |", "|---|--:|", *lines,
            f"| checks of the account and its fields | {checks} |",
            f"| records read | {report.pulled[VENDOR].received} |",
            f"| rows of the store written | {rows} |",
            f"| values written in the CRM | {len(territory.writes()) - written} |", "",
        ]
    )  # fmt: skip
    return Report(
        text,
        [
            at_most(
                "quiet cycle: requests ÷ lists that are read", 1, sum(streams.values()) / LISTS
            ),
            at_most("quiet cycle: rows of the store written", 0, rows),
            at_most("quiet cycle: values written in the CRM", 0, len(territory.writes()) - written),
        ],
    )


def _asked(territory: Territory) -> Counter[str]:
    return Counter(territory.portal.statistics()["requests"])


def _rows(territory: Territory) -> dict[str, Counter[str]]:
    """The rows of each table but those of the cycle itself."""
    return {
        name: Counter(map(repr, territory.rows(name)))
        for name in metadata.tables
        if name not in OF_THE_CYCLE
    }
