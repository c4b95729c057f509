"""The commands of `arpent`. Each imports its stage when it runs, so that `--help` stays quick."""

from service.cli.commands import cycle, operations, playbook, runs, schedule, testing, undo, writing
from service.cli.commands.options import app

__all__ = [
    "app", "cycle", "operations", "playbook", "runs", "schedule", "testing", "undo", "writing",
]  # fmt: skip
