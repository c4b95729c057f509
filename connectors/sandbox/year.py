"""A year of a case, as the dated acts of its people in whichever CRM they work in.

`year_so_far` tells what a folder of CSV files itself dates, `year_ahead` what goes on after it from
a seed. The words are those of the folder's columns; each CRM's `playing` turns them into its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

# What an act is about; the last four are the activities.
Kind = Literal["account", "contact", "opportunity", "call", "meeting", "email", "note"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that somebody does: a record that is made, or cells of it that are changed.

    `key` names the record as the folder does. `cells` are columns of the folder and their new
    texts; those that name another record (`account_id`, …) link a new one to it.
    """

    at: datetime
    kind: Kind
    key: str
    cells: Mapping[str, str] = field(default_factory=dict)
    is_new: bool = False


class People(Protocol):
    """Who works in an emulated CRM."""

    def play(self, act: Act) -> None:
        """Do one act, at its own instant; KeyError for a record that is not there."""

    def finish_tasks(self, *, older_than: datetime) -> int:
        """Complete every open task that was made before an instant; how many there were."""

    def tasks(self) -> list[tuple[str, str]]:
        """The subject of every task, done or not, and the day it was made; oldest first."""
