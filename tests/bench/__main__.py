"""`make bench`: every benchmark as Markdown, and how the aims are met.

`python -m tests.bench PART …` runs some parts only; `--save` also puts what is printed into
docs/benchmarks.md, in place of the figures there.
"""

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from service.__main__ import collect_rarely
from service.store.engine import sqlite_driver
from tests.bench import (
    attaining,
    engines,
    growing,
    kpis,
    proving,
    pulling,
    pushing,
    quiet,
    salesforce_pulling,
    salesforce_pushing,
    tagging,
    zoho_credits,
    zoho_pulling,
    zoho_pushing,
)
from tests.bench.measuring import Aim, Report

PARTS: Mapping[str, Callable[[], Report]] = {
    "pull": pulling.run,
    "pull-postgres": pulling.run_on_postgres,
    "tag": tagging.run,
    "tag-postgres": tagging.run_on_postgres,
    "engines": engines.run,
    "push": pushing.run,
    "quiet": quiet.run,
    "salesforce-pull": salesforce_pulling.run,
    "salesforce-push": salesforce_pushing.run,
    "zoho-pull": zoho_pulling.run,
    "zoho-push": zoho_pushing.run,
    "zoho-credits": zoho_credits.run,
    "growth": growing.run,
    "kpis": kpis.run,
    "kpis-postgres": kpis.run_on_postgres,
    "attainment": attaining.run,
    "proof": proving.run,
}
PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def main(arguments: Sequence[str]) -> None:
    """Run the parts that are named, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--save", action="store_true", help=f"put the figures into {PAGE.name}")
    given = parser.parse_args(arguments)
    unknown = set(given.parts) - set(PARTS)
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    collect_rarely()
    started = time.monotonic()
    texts, aims = [], list[Aim]()
    for name in given.parts or PARTS:
        report = PARTS[name]()
        _say(report.text)
        texts.append(report.text)
        aims += report.aims
    summary = _summary(aims, time.monotonic() - started)
    _say(summary)
    if given.save:
        page = PAGE.read_text(encoding="utf-8")
        before, after = page.partition(BEGIN)[0], page.partition(END)[2]
        figures = "\n".join([BEGIN, "", summary, *texts, END])
        PAGE.write_text(before + figures + after, encoding="utf-8")


def _summary(aims: Sequence[Aim], seconds: float) -> str:
    """How the aims are met, and on which machine."""
    driver = sqlite_driver()[0]
    rows = [
        f"| {aim.what} | {aim.wanted} | {aim.found} | {'yes' if aim.is_met else '**no**'} |"
        for aim in aims
    ]
    machine = (
        f"Measured in {seconds / 60:.0f} min on {os.cpu_count()} cores ({platform.machine()}), "
        f"load at the end {os.getloadavg()[0]:.1f}, Python {platform.python_version()}, "
        f"SQLite {driver.sqlite_version}."
    )
    head = ["| aim | wanted | found | met |", "|---|--:|--:|---|"]
    return "\n".join([machine, "", *head, *rows, ""])


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the figures are the output


if __name__ == "__main__":
    main(sys.argv[1:])
