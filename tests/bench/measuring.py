"""Fair timing: the contestants take turns, and the best of each is compared with the reference."""

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Line:
    """One contestant: its best seconds, and how many times the reference's that is."""

    name: str
    seconds: float
    ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """Something that should hold, what was measured of it, and whether that is good enough."""

    what: str
    wanted: str
    found: str
    is_met: bool


@dataclass(frozen=True, slots=True)
class Report:
    """What a benchmark prints: its tables as Markdown, and how its aims were met."""

    text: str
    aims: Sequence[Aim] = ()


def at_least(what: str, wanted: float, found: float, unit: str = "") -> Aim:
    """An aim that a figure be as great as wanted."""
    return Aim(
        what=what, wanted=f"≥ {wanted:g}{unit}", found=f"{found:.2f}{unit}", is_met=found >= wanted
    )


def at_most(what: str, wanted: float, found: float, unit: str = "") -> Aim:
    """An aim that a figure be no greater than wanted."""
    return Aim(
        what=what, wanted=f"≤ {wanted:g}{unit}", found=f"{found:.2f}{unit}", is_met=found <= wanted
    )


def seconds_of(work: Callable[[], object]) -> float:
    """How long it takes, without the litter of what ran before."""
    gc.collect()
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def race(contestants: Mapping[str, Callable[[], object]], *, rounds: int = 3) -> list[Line]:
    """Run each contestant `rounds` times, in turn and then in the opposite turn.

    The first one is the reference. The best time counts: what else the machine did can only have
    made the others longer.
    """
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(rounds):
        names = list(contestants) if number % 2 == 0 else list(contestants)[::-1]
        for name in names:
            times[name].append(seconds_of(contestants[name]))
    best = {name: min(each) for name, each in times.items()}
    reference = next(iter(best.values()))
    return [Line(name, seconds, seconds / reference) for name, seconds in best.items()]


def table(title: str, lines: Sequence[Line], *, records: int) -> str:
    """A Markdown table of a race over so many records."""
    rows = [
        f"| {line.name} | {line.seconds:.2f} | {records / line.seconds:,.0f} | {line.ratio:.2f} |"
        for line in lines
    ]
    head = ["| | s | records/s | × reference |", "|---|--:|--:|--:|"]
    return "\n".join([f"### {title}", "", *head, *rows, ""])


def growth(seconds: Mapping[int, float]) -> float:
    """The exponent by which the time grows with the size: 1 is in proportion.

    It is the slope of the straight line that fits the logarithms of both best.
    """
    points = [(log(size), log(each)) for size, each in seconds.items()]
    across = sum(x for x, _ in points) / len(points)
    up = sum(y for _, y in points) / len(points)
    covariance = sum((x - across) * (y - up) for x, y in points)
    return covariance / sum((x - across) ** 2 for x, _ in points)


def peak() -> float:
    """The most megabytes that this process ever had in memory.

    From Linux itself: what `getrusage` tells starts at the peak of the process that began ours.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (found,) = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(found) / 1024
