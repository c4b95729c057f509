"""What HubSpot's answers tell an operator besides what was asked."""

from collections.abc import Sequence

from connectors.base import Remark
from rules.language import Text

# `Date` is cut to the second and answers take their time; a minute is a clock that is wrong.
MOST_APART = 60_000


def of_clock(offset: int | None) -> Sequence[Remark]:
    """Whether this machine's clock agrees with HubSpot's, which is `offset` milliseconds later."""
    if offset is None or abs(offset) <= MOST_APART:
        return ()
    minutes = max(1, round(abs(offset) / 60_000))
    way = Text("retarde", "is slow") if offset > 0 else Text("avance", "is fast")
    return (
        Remark(
            is_fine=False,
            text=Text(
                f"l'horloge de cette machine {way.fr} d'environ {minutes} min sur celle de "
                "HubSpot : les échéances et les semaines seront fausses. Activez la mise à "
                "l'heure automatique (NTP).",
                f"this machine's clock {way.en} by about {minutes} min against HubSpot's: due "
                "dates and weeks will be wrong. Turn automatic time (NTP) on.",
            ),
        ),
    )
