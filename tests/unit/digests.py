"""Digests in few words."""

from collections.abc import Sequence

from rules.alert.evidence import Evidence
from rules.alert.false_alarms import FalseAlarms
from rules.alert.lines import Channel, LineKind, Recipient, WeekLine
from rules.calendar import Span, week_of
from rules.digest.material import OfRep, OfWeek, Uncontacted, Visit, Visits, Waiting
from rules.kpi.figures import Figure
from rules.kpi.names import Cut, KpiName, Unit
from rules.language import Language, Text
from rules.time import Day

MONDAY: Day = 20_633
"""29 June 2026."""
UNITS = {
    KpiName.REVENUE_WON: Unit.MONEY,
    KpiName.OPPORTUNITIES_OPENED: Unit.COUNT,
    KpiName.ACTIVE_PIPELINE: Unit.MONEY,
    KpiName.CONVERSION_RATE: Unit.RATIO,
    KpiName.PRIORITY_CONTACTED: Unit.RATIO,
}


def week(name: str = "Indicateur") -> OfWeek:
    return OfWeek(
        week=week_of(MONDAY), as_of=MONDAY - 1, since=MONDAY - 28, currency="CAD",
        labels={kpi: Text(name, name) for kpi in UNITS},
        false_alarms=FalseAlarms(
            series=80, watch_lines=31.0, confirmed_episodes=8.0, below_target=2_400.0
        ),
    )  # fmt: skip


def figure(kpi: KpiName, value: float, expected: float, subject: str = "elise") -> Figure:
    return Figure(
        subject=subject, kpi=kpi, cut=Cut.WHOLE, member="", span=Span.QUARTER, period="2026-Q2",
        first=MONDAY - 90, as_of=MONDAY - 1, unit=UNITS[kpi], value=value, numerator=None,
        denominator=None, low=value * 0.5, high=value * 1.5, target=expected * 2,
        expected=expected, definition="d", doubt=None,
    )  # fmt: skip


def line(kind: LineKind, text: str, *, severity: float = 1.0, rep: str = "elise") -> WeekLine:
    return WeekLine(
        period="2026-W27", rule="rule", subject=rep, kind=kind, rep=rep, assignee=rep,
        recipient=Recipient.REP, channel=Channel.DIGEST, severity=severity, text=Text(text, text),
        body=Text(text, text), action=Text(f"Faites {text}", f"Do {text}"),
        evidence=Evidence(period="2026-W27"), is_new=True, is_silent=False,
    )  # fmt: skip


def rep(
    name: str = "Élise Gagnon",
    *,
    names: Sequence[str] = ("Nordet inc.",),
    lines: Sequence[WeekLine] = (),
    language: Language = Language.FR,
    key: str = "elise",
) -> OfRep:
    first = [
        Visit(account_id=place, name=each, tier="gold", priority="p1", why=f"Or : {each}",
              due_on=MONDAY - 10 + place)
        for place, each in enumerate(names)
    ]  # fmt: skip
    return OfRep(
        key=key, name=name, language=language, visits=Visits(first=first, due=len(first) + 60),
        figures=[figure(kpi, 120_000_00.0, 100_000_00.0) for kpi in UNITS], lines=lines,
        uncontacted=Uncontacted(count=9, total=40, names=list(names)[:5]),
        waiting=Waiting(count=3, days=12, account=names[0]),
    )  # fmt: skip
