"""The public holidays of a country or of a part of it, such as Québec: `CA-QC`."""

import re
from functools import lru_cache

import holidays

from rules.located import Misfit, nearest
from rules.time import Day, day_number

_REGION = re.compile(r"([A-Z]{2})(?:-([A-Z0-9]{1,3}))?", re.ASCII)


def read_region(given: object) -> str:
    """`CA-QC` or `CA`, as ISO 3166 has it; raises `Misfit` where no holidays are known."""
    text = given.strip() if isinstance(given, str) else ""
    found = _REGION.fullmatch(text)
    known = _known()
    if found is None or found[1] not in known:
        hint = nearest(text.upper(), [*known, *(f"CA-{each}" for each in known["CA"])])
        raise Misfit(
            f"« {text} » n'est pas un pays{hint.fr} : écrivez par exemple CA-QC ou CA",
            f"'{text}' is not a country{hint.en}: write for example CA-QC or CA",
        )
    country, part = found.groups()
    if part and part not in known[country]:
        parts = [f"{country}-{each}" for each in known[country]]
        hint, listed = nearest(text, parts), ", ".join(parts) or country
        raise Misfit(
            f"« {text} » n'est pas une partie de ce pays{hint.fr} : {listed}",
            f"'{text}' is not a part of this country{hint.en}: {listed}",
        )
    return text


@lru_cache(maxsize=64)
def days_off(region: str | None, year: int) -> frozenset[Day]:
    """The holidays of a calendar year, those that fall on a weekend as they are observed."""
    if region is None:
        return frozenset()
    country, _, part = region.partition("-")
    found = holidays.country_holidays(country, subdiv=part or None, years=year)
    return frozenset(day_number(each) for each in found)


@lru_cache(maxsize=1)
def _known() -> dict[str, list[str]]:
    """The countries with the codes of their parts."""
    return {country: list(parts) for country, parts in holidays.list_supported_countries().items()}
