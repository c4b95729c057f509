"""How long a write takes to reach the search index: a constant, or drawn with a long tail."""

import math
import zlib

from connectors.sandbox.hubspot.switches import HubSpotSwitches

# Within this many means lies nearly all of an exponential; what is beyond belongs to the tail.
_BODY = 5.0


def seconds(switches: HubSpotSwitches, mark: str) -> float:
    """Return the lag of one write in seconds; `mark` names the write, so that a seed repeats it.

    Tailed: `search_lag_tail_share` of the writes take between five means and
    `search_lag_tail_seconds`, evenly; the others follow an exponential of the mean.
    """
    mean = switches.search_lag_seconds
    if switches.search_lag == "constant":
        return mean
    unit = zlib.crc32(f"{switches.search_lag_seed}:{mark}".encode()) / 2**32
    body = 1 - switches.search_lag_tail_share
    longest = max(switches.search_lag_tail_seconds, _BODY * mean)
    if unit >= body:
        place = (unit - body) / switches.search_lag_tail_share
        return _BODY * mean + place * (longest - _BODY * mean)
    return min(_BODY * mean, -mean * math.log1p(-unit / body))
