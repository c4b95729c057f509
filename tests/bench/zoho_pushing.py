"""Pushing changed values to Zoho CRM, beside what ten calls in flight allow at best.

A server answers each batch of a hundred accounts after 140 ms and refuses the eleventh call that is
under way. At best, ten calls are always under way.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from math import ceil

import httpx

from connectors.base import Change
from tests.bench.measuring import Report, at_least, at_most
from tests.bench.workspaces import served
from tests.bench.zoho_canned import account_id
from tests.bench.zoho_pulling import connected

LATENCY, AT_ONCE = 0.14, 10


def run(records: int = 50_000) -> Report:
    """The push by the connector, from as many threads as it asks for."""
    limits = ("1", str(LATENCY), str(AT_ONCE))
    with served("tests.bench.zoho_canned", *limits) as url:
        connector = connected(url)
        connector.identify()
        size = connector.batch_for(records)
        batches = [
            [Change(external_id=account_id(number), values={"tier": "gold"})
             for number in range(start, start + size)]
            for start in range(1, records + 1, size)
        ]  # fmt: skip
        connector.update(batches[0])
        httpx.post(f"{url}/reset")
        started = time.perf_counter()
        with ThreadPoolExecutor(connector.senders) as pool:
            for _ in pool.map(connector.update, batches):
                pass
        seconds = time.perf_counter() - started
        counts = httpx.get(f"{url}/stats").json()
        connector.close()
    ideal = ceil(len(batches) / AT_ONCE) * LATENCY
    what = f"Zoho, {records:,} changes"
    aims = [
        at_least(f"{what}: ideal ÷ time", 0.95, ideal / seconds),
        at_most(f"{what}: calls refused, too many at once", 0, counts["refused"]),
    ]
    title = f"Pushing {records:,} changes to Zoho, {LATENCY * 1000:.0f} ms a call, ten at once"
    head = ["| | calls | s | ideal s | ideal ÷ s | refused |", "|---|--:|--:|--:|--:|--:|"]
    row = (
        f"| connector | {counts['calls']} | {seconds:.2f} | {ideal:.2f} | {ideal / seconds:.2f} "
        f"| {counts['refused']} |"
    )
    return Report("\n".join([f"### {title}", "", *head, row, ""]), aims)
