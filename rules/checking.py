"""A playbook checked as `rules check` and `rules publish` do: read whole, then proved.

A published rulebook is only compiled, never proved again: what was once in force must stay
readable whatever the proof comes to know.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from rules.located import Issue, PlaybookError
from rules.proof import Proof, Severity, prove
from rules.rulebook import Rulebook, read_rulebook
from rules.time import Instant, day_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """All there is to say of a playbook; `errors` refuse it.

    `rulebook` is None where a file is wrong, `proof` where its rules could not even be read.
    """

    errors: Sequence[Issue]
    warnings: Sequence[Issue]
    notes: Sequence[Issue]
    rulebook: Rulebook | None
    proof: Proof | None

    def accepted(self) -> Rulebook:
        """The rulebook; raises `PlaybookError` with all errors when there are some."""
        if self.errors or self.rulebook is None:
            raise PlaybookError(self.errors)
        return self.rulebook


def check(files: Mapping[str, str | bytes], now: Instant, unread: Sequence[Issue] = ()) -> Checked:
    """Read and prove a playbook (name → content); dates and ages are compared as of `now`.

    `unread` is what is wrong with files that could not be read at all.
    """
    reading = read_rulebook(files)
    proof = None
    if reading.segments is not None:
        zone = reading.team.zone if reading.team else ZoneInfo("UTC")
        proof = prove(
            reading.documents["segments.yaml"], reading.segments, reading.names,
            day_of(now, zone), reading.team.currency if reading.team else "CAD",
        )  # fmt: skip
    found = {each: proof.of(each) if proof else [] for each in Severity}
    # A file that is there but can't be read is not missing.
    absent = {issue.file for issue in unread}
    issues = [*unread, *(issue for issue in reading.issues if issue.file not in absent)]
    return Checked(
        errors=sorted([*issues, *found[Severity.ERROR]]),
        warnings=found[Severity.WARNING], notes=found[Severity.NOTE],
        rulebook=reading.rulebook, proof=proof,
    )  # fmt: skip
