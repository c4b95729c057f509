"""Fair timing: the contestants take turns, the median of each is compared with the reference."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One contestant: its median seconds, and how many times the reference's that is."""

    name: str
    seconds: float
    ratio: float


def race(contestants: Mapping[str, Callable[[], object]], *, rounds: int = 3) -> list[Line]:
    """Run each contestant in turn, `rounds` times; the first is the reference."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, work in contestants.items():
            started = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - started)
    medians = {name: statistics.median(each) for name, each in times.items()}
    reference = next(iter(medians.values()))
    return [Line(name, seconds, seconds / reference) for name, seconds in medians.items()]


def table(title: str, lines: list[Line], *, records: int) -> str:
    """A Markdown table of a race over so many records."""
    rows = [
        f"| {line.name} | {line.seconds:.2f} | {records / line.seconds:,.0f} | {line.ratio:.2f} |"
        for line in lines
    ]
    head = ["| | s | records/s | × reference |", "|---|--:|--:|--:|"]
    return "\n".join([f"### {title}", "", *head, *rows, ""])
