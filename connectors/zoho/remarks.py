"""What an operator should know of a reading that works."""

from collections.abc import Collection, Sequence

from connectors.base import Remark
from rules.language import Text


def of_gaps(names: Collection[str]) -> Sequence[Remark]:
    """Modules whose deletions were not read for longer than Zoho remembers them."""
    if not names:
        return ()
    listed = ", ".join(sorted(names))
    return (
        Remark(
            is_fine=False,
            text=Text(
                f"des suppressions ont pu échapper à la lecture ({listed}) : Zoho ne retient la "
                "corbeille que soixante jours. Lancez « arpent pull --full ».",
                f"deletions may have been missed ({listed}): Zoho remembers its recycle bin for "
                "sixty days only. Run “arpent pull --full”.",
            ),
        ),
    )


def of_edition(name: str, credits_: int | None, left: int | None) -> Sequence[Remark]:
    """Which edition this is, and what it allows."""
    if credits_ is None:
        return ()
    # Zoho keeps silent until half is spent.
    rest = (
        Text("plus de la moitié", "more than half") if left is None else Text(f"{left}", f"{left}")
    )
    return (
        Remark(
            is_fine=True,
            text=Text(
                f"édition {name} : {credits_} crédits d'API par 24 heures, il en reste {rest.fr}",
                f"{name} edition: {credits_} API credits in 24 hours, {rest.en} are left",
            ),
        ),
    )
