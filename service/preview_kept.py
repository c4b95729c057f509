"""What stays of the preview of a playbook once it is published: its figures, in some kilobytes."""

import json
from typing import Any

from service.preview_figures import RulesPreview

SIZE_LIMIT = 8_000
"""Bytes of JSON."""

_ROWS = (50, 20, 5, 0)


def as_json(found: RulesPreview) -> str:
    """The figures as JSON, of long lists the largest rows, within `SIZE_LIMIT`.

    `moved` and the other totals are always there; `is_cut` says that rows are missing.
    """
    for rows in _ROWS:
        text = json.dumps(_figures(found, rows), ensure_ascii=False)
        if len(text.encode()) <= SIZE_LIMIT:
            break
    return text


def _figures(found: RulesPreview, rows: int) -> dict[str, Any]:
    steps = [each for each in found.tiers if each.before != each.after]
    steps.sort(key=lambda each: -each.accounts)
    reps = sorted(found.reps, key=lambda each: -each.moved)
    return {
        "in_force": found.in_force,
        "accounts": found.accounts,
        "moved": found.moved,
        "reprioritised": found.reprioritised,
        "behind": found.behind,
        "tiers": [[each.before, each.after, each.accounts] for each in steps[:rows]],
        "entering": [[each.tier, each.accounts] for each in found.entering[:rows]],
        "leaving": [[each.tier, each.accounts] for each in found.leaving[:rows]],
        "reps": [
            {
                "key": each.key, "name": each.name, "moved": each.moved,
                "accounts": [each.before.accounts, each.after.accounts],
                "hours": [each.before.hours, each.after.hours],
            }
            for each in reps[:rows]
        ],
        "writes": [
            {
                "vendor": each.vendor, "values": each.values, "accounts": each.accounts,
                "calls": each.calls, "by_field": dict(each.by_field),
                "would_hold": [field.value for field in each.would_hold],
            }
            for each in found.writes
        ],
        "unread": [each.name for each in found.unread[:rows]],
        "is_cut": any(
            len(some) > rows
            for some in (steps, reps, found.entering, found.leaving, found.unread)
        ),
    }  # fmt: skip
