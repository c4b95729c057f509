"""What an operator should know of a reading that works."""

from collections.abc import Collection, Sequence

from connectors.base import Remark
from rules.language import Text


def of_gaps(names: Collection[str]) -> Sequence[Remark]:
    """Objects whose deletions were not read for longer than Salesforce remembers them."""
    if not names:
        return ()
    listed = ", ".join(sorted(names))
    return (
        Remark(
            is_fine=False,
            text=Text(
                f"des suppressions ont pu échapper à la lecture ({listed}) : Salesforce ne les "
                "retient que quinze jours au plus. Lancez « arpent pull --full ».",
                f"deletions may have been missed ({listed}): Salesforce remembers them for fifteen "
                "days at most. Run “arpent pull --full”.",
            ),
        ),
    )
