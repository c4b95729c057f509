"""Explain: why an account is what it is. Reads the same SELECT as tagging, layer by layer."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rules.language import Text
from rules.rulebook import Rulebook
from rules.time import Day, Instant
from service import nearby
from service.explain_rules import Input, Spoken, Step
from service.explain_standing import Standing, standing
from service.nearby import Fall, Missing
from service.store import explanations, ledger, notices, rulebooks
from service.store.engine import Store, Transaction
from service.store.explanations import Found, Known
from service.store.rulebooks import Published
from service.tag import JOB, SCOPE

_RECORD_ID = re.compile(r"(?:0-2|companies|company|Account|Accounts)/(\w+)")


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


class NotFound(Exception):  # noqa: N818 - it was not found
    """No account, or several, by that name."""

    def __init__(self, asked: str, candidates: Sequence[Found]) -> None:
        some = ", ".join(f"{each.name} ({each.external_id})" for each in candidates[:8])
        self.message = (
            Text(f"Plusieurs comptes répondent à « {asked} » : {some}. Précisez l'identifiant.",
                 f"Several accounts match '{asked}': {some}. Give the id.")
            if candidates
            else Text(
                f"Aucun compte « {asked} ». Donnez son nom, son identifiant, ou l'adresse de sa "
                "page dans le CRM.",
                f"No account '{asked}'. Give its name, its id, or the address of its CRM page.",
            )
        )  # fmt: skip
        super().__init__(self.message.en)


def run(store: Store, published: Published, asked: str, today: Day) -> Explanation:
    """Explain the account with this id, name, or pasted CRM address; raises `NotFound`."""
    with store.read() as connection:
        return of_account(connection, published, find(connection, asked), today)


def find(connection: Transaction, asked: str) -> Found:
    """The account with this id, name, or pasted CRM address; raises `NotFound`."""
    pasted = _RECORD_ID.search(asked)
    words = pasted[1] if pasted else asked.strip()
    candidates = explanations.find(connection, words)
    if len(candidates) != 1:
        raise NotFound(asked, candidates)
    return candidates[0]


def of_account(
    connection: Transaction, published: Published, found: Found, today: Day
) -> Explanation:
    """Explain an account that was found."""
    tagging = published.rulebook.tagging
    its = (connection, tagging, published.slots, found.id, today)
    is_new = _has_new_rules(connection, published)
    values = explanations.read(*its, is_new=is_new)
    rivals = explanations.contenders(*its, is_new=is_new) if tagging.has_caps else []
    known = explanations.known(connection, found.id)
    noted = notices.of_account(connection, found.id)
    facts = _facts(published.rulebook, values)
    near = nearby.run(published.rulebook, facts, today)
    spoken = Spoken(published.rulebook, values)
    return Explanation(
        account=found.name, external_id=found.external_id, owner=found.owner,
        is_in_scope=bool(values["is_in_scope"]), tier=values["tier"], priority=values["priority"],
        tier_row=values["tier_row"], next_contact_on=values["next_contact_on"], why=values["why"],
        standing=standing(published.rulebook, found.id, values, rivals),
        missing=near.missing, fall=near.fall,
        inputs=spoken.inputs(known.vendor, noted), steps=spoken.steps(),
        recheck_on=values["recheck_on"], known=known,
        labels=_labels(published.rulebook), version=_version(published),
        rulebook=published.rulebook.hash,
    )  # fmt: skip


def _has_new_rules(connection: Transaction, published: Published) -> bool:
    """Whether the tags so far come from other rules: then no tier is kept."""
    before = ledger.last_period(connection, JOB, scope=SCOPE)
    if before is None:
        return False
    return rulebooks.rules_hash_of(connection, int(before)) != published.rulebook.rules_hash


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
