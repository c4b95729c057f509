"""Explain: why an account is what it is. Reads the same SELECT as tagging, layer by layer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.registry import account_in
from rules.language import Text, counted
from rules.rulebook import Rulebook
from rules.settling import SettledBy
from rules.time import Day, Instant
from service import nearby
from service.explain_rules import Input, Spoken, Step
from service.explain_standing import Standing, standing
from service.nearby import Fall, Missing
from service.store import evaluations, explanations, notices
from service.store.engine import MistakenError, Store, Transaction
from service.store.explanations import Found, Known
from service.store.rulebooks import Published

_NAMED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """The rules in force: the hash of their meaning, who put them in force, when and why."""

    rulebook: str
    published_at: Instant
    author: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything behind the tags of one account.

    `standing` is how the tier came from the one that the rules give. `missing` is what the better
    tiers ask for, the next tier first; `fall` the day on which the tier is lost if nothing happens.
    `known` is what the store knows of the account besides, `labels` what the tiers are called in
    the team's language.
    """

    account: str
    external_id: str
    owner: str | None
    is_in_scope: bool
    tier: str | None
    priority: str | None
    tier_row: int | None
    next_contact_on: Day | None
    why: str | None
    standing: Standing
    missing: Sequence[Missing]
    fall: Fall | None
    inputs: Sequence[Input]
    steps: Sequence[Step]
    recheck_on: Day | None
    known: Known
    labels: Mapping[str, str]
    version: Version
    rulebook: str


class NotFound(MistakenError):  # noqa: N818 - it was not found
    """No account, or several, by that name; `matches` is how many there are of the latter."""

    def __init__(self, asked: str, candidates: Sequence[Found], matches: int) -> None:
        super().__init__(_several(asked, candidates, matches) if candidates else _none(asked))


def _none(asked: str) -> Text:
    if not asked.strip():
        return Text(
            "Quel compte ? Donnez son nom, son identifiant, ou l'adresse de sa page dans le CRM.",
            "Which account? Give its name, its id, or the address of its CRM page.",
        )
    return Text(
        f"Aucun compte « {asked} ». Donnez son nom, son identifiant, ou l'adresse de sa page dans "
        "le CRM.",
        f"No account '{asked}'. Give its name, its id, or the address of its CRM page.",
    )


def _several(asked: str, candidates: Sequence[Found], matches: int) -> Text:
    some = ", ".join(f"{each.name} ({each.external_id})" for each in candidates)
    others = counted(matches - len(candidates), Text("autre", "more"), Text("autres", "more"))
    more = Text(f", et {others.fr}", f", and {others.en}")
    if matches == len(candidates):
        more = Text("", "")
    return Text(
        f"Plusieurs comptes répondent à « {asked} » : {some}{more.fr}. Précisez le nom, ou donnez "
        "l'identifiant.",
        f"Several accounts match '{asked}': {some}{more.en}. Give more of the name, or the id.",
    )


def run(store: Store, published: Published, asked: str, today: Day) -> Explanation:
    """Explain the account with this id, name, or pasted CRM address; raises `NotFound`."""
    with store.read() as connection:
        return of_account(connection, published, find(connection, asked), today)


def find(connection: Transaction, asked: str) -> Found:
    """The account with this id, name, or pasted CRM address; raises `NotFound`."""
    words = account_in(asked) or asked.strip()
    candidates = explanations.find(connection, words) if words else []
    if len(candidates) != 1:
        raise NotFound(asked, candidates[:_NAMED], len(candidates))
    return candidates[0]


def of_account(
    connection: Transaction, published: Published, found: Found, today: Day
) -> Explanation:
    """Explain an account that was found."""
    tagging = published.rulebook.tagging
    its = (connection, tagging, published.slots, found.id, today)
    is_new = evaluations.has_new_rules(connection, published.rulebook)
    values = explanations.read(*its, is_new=is_new)
    rivals = explanations.contenders(*its, is_new=is_new) if tagging.has_caps else []
    known = explanations.known(connection, found.id)
    noted = notices.of_account(connection, found.id)
    facts = _facts(published.rulebook, values)
    is_imposed = values["settled_by"] == SettledBy.IMPOSED.value
    near = nearby.run(published.rulebook, facts, today, is_imposed=is_imposed)
    spoken = Spoken(published.rulebook, values)
    return Explanation(
        account=found.name, external_id=found.external_id, owner=found.owner,
        is_in_scope=bool(values["is_in_scope"]), tier=values["tier"], priority=values["priority"],
        tier_row=values["tier_row"], next_contact_on=values["next_contact_on"], why=values["why"],
        standing=standing(published.rulebook, found.id, values, rivals, known.owing),
        missing=near.missing, fall=near.fall,
        inputs=spoken.inputs(known.vendor, noted), steps=spoken.steps(),
        recheck_on=values["recheck_on"], known=known,
        labels=_labels(published.rulebook), version=_version(published),
        rulebook=published.rulebook.hash,
    )  # fmt: skip


def _facts(rulebook: Rulebook, values: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of an account, with the days on which the clock moves them."""
    tagging = rulebook.tagging
    return {name: values[name] for name in [*tagging.facts, *tagging.flips]}


def _labels(rulebook: Rulebook) -> dict[str, str]:
    tiers = rulebook.segments.tier.choices
    return {tier: label.to(rulebook.team.language) for tier, label in tiers.items()}


def _version(published: Published) -> Version:
    return Version(
        rulebook=published.rulebook.hash, published_at=published.published_at,
        author=published.author, reason=published.reason,
    )  # fmt: skip
