"""The commands of `arpent`. Each imports its stage when it runs, so that `--help` stays quick."""

from service.cli.commands import (
    backtesting,
    beginning,
    challenges,
    cycle,
    digests,
    editing,
    forecast,
    kpi,
    operations,
    plan_sheets,
    plans,
    playbook,
    previewing,
    review,
    runs,
    schedule,
    testing,
    undo,
    writing,
)
from service.cli.commands.options import app

__all__ = [
    "app", "backtesting", "beginning", "challenges", "cycle", "digests", "editing", "forecast",
    "kpi", "operations", "plan_sheets", "plans", "playbook", "previewing", "review", "runs",
    "schedule", "testing", "undo", "writing",
]  # fmt: skip
