"""Playbooks at random: every shape of rule, over facts of every type, with and without a budget."""

import random
from collections.abc import Mapping, Sequence

from rules.rulebook import Rulebook, compile_rulebook
from tests.playbooks import FIELDS, small

TIERS = ("gold", "silver", "bronze", "unrated")
# What a cell may ask of each fact; TODAY of the tests is 2024-10-04.
CELLS: Mapping[str, Sequence[str]] = {
    "potential": ("> 500k", ">= 100k", "< 100k", "100k..500k", "unknown", "> 1M | unknown"),
    "size": ("> 3", "1..5", "0", "<= 2.5", "unknown", "known"),
    "kind": ("client", "prospect", "client | unknown", "known"),
    "sector": ("bois", "mines | bois", "unknown"),
    "vip": ("yes", "no", "unknown", "no | unknown"),
    "renewal": ("< 30 d ago", "30..90 d ago", "> 90 d ago | unknown", ">= 2024-10-01"),
    "last_logged_contact": ("< 14 d ago", "< 90 d ago", "14..365 d ago", "> 365 d ago | unknown"),
    "last_won": ("< 730 d ago", "> 365 d ago", "unknown"),
    "open_opportunities": ("0", "> 0", "1..2"),
    "decision_makers": ("0", "1", "> 1"),
}
CONDITIONS = (
    "potential > 100k and kind = 'client'", "days_since(renewal) < 60 or vip",
    "last_won is not null and days_since(last_won) < 730", "size * 2 > 5 or decision_makers > 0",
    "not (vip and sector = 'bois')", "renewal > created", "open_amount > potential / 4",
    "size between 1 and 4 or days_since(last_logged_contact) >= 14", "kind in ('prospect')",
)  # fmt: skip
SCOPES = ("true", "kind is not null", "owner is not null", "days_since(created) < 700 or vip")


def written(chance: random.Random) -> str:
    """The `segments.yaml` of a random playbook."""
    cells = dict(CELLS)
    lines = [f'scope: {{when: "{chance.choice(SCOPES)}"}}']
    for number in range(chance.randint(1, 4)):
        name = f"r{number}"
        rule, known = _rule(chance, cells)
        lines.append(f"{name}: {rule}")
        cells[name] = known
    tier = [
        "tier:",
        f"  values: {{{', '.join(f'{tier}: [{tier}, {tier}]' for tier in TIERS)}}}",
        f"  table: [{_rows(chance, cells, TIERS, chance.randint(2, 5))}]",
    ]
    if chance.random() < 0.7:
        tier.append("  contact_every: {gold: 14 d, silver: 30 d, bronze: 90 d}")
    if chance.random() < 0.7:
        tier += _budget(chance)
    cells["tier"] = (*TIERS, "gold | silver", "unknown")
    priority = ["p1", "p2", "p3"]
    return "\n".join(
        [
            *lines, *tier, "priority:", "  values: {p1: P1, p2: P2, p3: P3}",
            f"  table: [{_rows(chance, cells, priority, chance.randint(1, 3))}]", "",
        ]
    )  # fmt: skip


def playbook(seed: int) -> Rulebook:
    """A random playbook over the fields of `tests.playbooks`."""
    chance = random.Random(seed)  # noqa: S311 - reproducible playbooks
    return compile_rulebook(small(fields=FIELDS, segments=written(chance)))


def _rule(chance: random.Random, cells: Mapping[str, Sequence[str]]) -> tuple[str, Sequence[str]]:
    """A rule of a random shape, and what cells may ask of it."""
    match chance.randrange(4):
        case 0:
            of = chance.choice(list(CELLS))
            first, *others = chance.sample(CELLS[of], min(3, len(CELLS[of])))
            keyed = zip("bc", others, strict=False)
            bands = [f'a: "{first}"', *(f'{key}: "{each}"' for key, each in keyed)]
            return f"{{bands: {{of: {of}, {', '.join(bands)}}}}}", ("a", "a | unknown", "known")
        case 1:
            groups = [
                f"{name}: {{{', '.join(_points(chance, cells[name]))}}}"
                for name in chance.sample(list(cells), 2)
            ]
            return f"{{points: {{{', '.join(groups)}}}}}", ("> 1", "<= 1", "2..4", "unknown")
        case 2:
            return f'{{when: "{chance.choice(CONDITIONS)}"}}', ("yes", "no", "unknown")
        case _:
            rows = _rows(chance, cells, ("x", "y", "z"), chance.randint(1, 3))
            return f"{{table: [{rows}]}}", ("known", "unknown")


def _points(chance: random.Random, cells: Sequence[str]) -> list[str]:
    chosen = chance.sample(list(cells), min(2, len(cells)))
    return [f'"{cell}": {chance.choice([0, 1, 2, 3])}' for cell in chosen]


def _rows(
    chance: random.Random, cells: Mapping[str, Sequence[str]], results: Sequence[str], number: int
) -> str:
    rows = []
    for _ in range(number):
        names = chance.sample(list(cells), chance.randint(1, 3))
        asked = ", ".join(f'{name}: "{chance.choice(cells[name])}"' for name in names)
        rows.append(f"{{{asked}, then: {chance.choice(results)}}}")
    return ", ".join([*rows, f"{{else: {chance.choice(results)}}}"])


def _budget(chance: random.Random) -> list[str]:
    """Caps small enough to be met, a delay, a margin, a freeze: some or all of them."""
    rank = chance.choice(["potential", "size"])
    lines = []
    if chance.random() < 0.8:
        silver = f", silver: {chance.randint(1, 2)} per owner" if chance.random() < 0.5 else ""
        lines.append(f"  cap: {{gold: {chance.randint(1, 2)} per owner{silver}, rank: {rank}}}")
        lines.append("  demote: {after: 21 d, margin: 10 %}")
    elif chance.random() < 0.7:
        lines.append(f"  demote: {{after: {chance.choice([1, 21])} d, margin: 25 %, of: {rank}}}")
    if chance.random() < 0.5:
        lines.append("  freeze: last 5 business days of quarter")
    return lines
