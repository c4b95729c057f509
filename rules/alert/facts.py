"""The facts of `alerts.yaml`: what needs no statistics, by a built-in kind or by a condition.

A built-in kind brings its words, its settings and whose business it is; a fact of one's own,
`when`, is a condition over the facts and the tags of an account.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import Field, WithJsonSchema

from rules import schema_shapes
from rules.alert.lines import Channel, Recipient
from rules.alert.words import Template
from rules.kpi.kpis import Days, written
from rules.language import Text
from rules.located import Document, Path, nearest
from rules.numbers import read_number, read_share
from rules.team import Strict


class FactKind(StrEnum):
    """The built-in kinds."""

    SILENT_ACCOUNTS = "silent_accounts"
    OLD_DEALS = "old_deals"
    CLOSE_DATE_PAST = "close_date_past"
    OVER_CAPACITY = "over_capacity"
    REVIEW_LATE = "review_late"
    NO_AGREEMENT = "no_agreement"
    OWNER_MISSING = "owner_missing"
    ORPHANED_ACCOUNTS = "orphaned_accounts"


class OnePer(StrEnum):
    """What an episode of a fact is about: all the accounts of an owner, or one account."""

    OWNER = "owner"
    ACCOUNT = "account"


class Gravity(StrEnum):
    """Which alerts go first where there is no room for all."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


GRAVITIES: Mapping[Gravity, float] = {Gravity.LOW: 0, Gravity.NORMAL: 1_000, Gravity.HIGH: 2_000}
"""What gravity adds to the severity of an alert, which by itself is under 1,000."""

Share = Annotated[float, written(read_share, least=0), WithJsonSchema(schema_shapes.SHARE)]
Least = Annotated[float, written(read_number, least=1), WithJsonSchema(schema_shapes.AMOUNT)]

ACCOUNT_KINDS = (FactKind.SILENT_ACCOUNTS, FactKind.ORPHANED_ACCOUNTS, FactKind.OWNER_MISSING)
DEAL_KINDS = (FactKind.OLD_DEALS, FactKind.CLOSE_DATE_PAST)
REP_KINDS = (FactKind.OVER_CAPACITY, FactKind.REVIEW_LATE, FactKind.NO_AGREEMENT)
"""Kinds about a rep and no record of a CRM: a task would have nothing to hang on."""
NOBODY_S = (FactKind.OWNER_MISSING,)
"""Kinds about what belongs to nobody."""
_SETTINGS: Mapping[str, Collection[FactKind]] = {
    "tiers": (FactKind.SILENT_ACCOUNTS, FactKind.ORPHANED_ACCOUNTS),
    "after": (FactKind.SILENT_ACCOUNTS, FactKind.CLOSE_DATE_PAST),
    "percentile": (FactKind.OLD_DEALS,),
    "least": (FactKind.OLD_DEALS,),
    "margin": (FactKind.OVER_CAPACITY,),
}


class FactRule(Strict):
    """A fact: of a built-in `kind`, or `when` a condition holds.

    `after`: days of silence, or past a close date. `percentile` and `least`: a deal is old that is
    open for longer than so great a share of the won ones, if at least so many were won. `margin`:
    by how much hours may pass the capacity. `snooze`: for so many days after an answer nothing new
    is raised, and a task put off without a date rests.
    """

    kind: FactKind | None = None
    when: str | None = None
    tiers: list[str] = Field(default_factory=list)
    after: Days | None = None
    percentile: Share = 0.9
    least: Least = 20.0
    margin: Share = 0.0
    one_per: OnePer = OnePer.OWNER
    send: Channel = Channel.DIGEST
    to: Recipient | None = None
    gravity: Gravity = Gravity.NORMAL
    snooze: Days = 14
    due: Days = 2
    subject: Template | None = None
    body: Template | None = None

    @property
    def days(self) -> int:
        """After how many days the fact holds."""
        return self.after if self.after is not None else _AFTER.get(self.kind, 0)

    @property
    def recipient(self) -> Recipient:
        """Whose business it is."""
        return self.to if self.to is not None else _TO.get(self.kind, Recipient.REP)

    @property
    def line(self) -> Text:
        """The template of the line, and of the subject of a task."""
        return self.subject or (SUBJECTS[self.kind] if self.kind else Text("{n}", "{n}"))

    @property
    def details(self) -> Text:
        """The template of the body."""
        return self.body or (BODIES[self.kind] if self.kind else Text("{accounts}.", "{accounts}."))


_AFTER: Mapping[FactKind | None, int] = {
    FactKind.SILENT_ACCOUNTS: 30, FactKind.CLOSE_DATE_PAST: 1,
}  # fmt: skip
_TO: Mapping[FactKind | None, Recipient] = {
    FactKind.OVER_CAPACITY: Recipient.MANAGER,
    FactKind.REVIEW_LATE: Recipient.MANAGER,
    FactKind.NO_AGREEMENT: Recipient.MANAGER,
    FactKind.OWNER_MISSING: Recipient.OPS,
    FactKind.ORPHANED_ACCOUNTS: Recipient.MANAGER,
}
SUBJECTS: Mapping[FactKind, Text] = {
    FactKind.SILENT_ACCOUNTS: Text(
        "Comptes prioritaires sans contact consigné depuis {days} jours : {n}",
        "Priority accounts with no contact logged in {days} days: {n}",
    ),
    FactKind.OLD_DEALS: Text(
        "Opportunités ouvertes depuis plus de {days} jours, plus que presque toutes celles qui ont "
        "été gagnées : {n}",
        "Opportunities open for over {days} days, longer than nearly all that were won: {n}",
    ),
    FactKind.CLOSE_DATE_PAST: Text(
        "Opportunités ouvertes dont la date de fermeture est passée : {n}",
        "Open opportunities whose close date is past: {n}",
    ),
    FactKind.OVER_CAPACITY: Text(
        "{rep} : les comptes demandent {hours} h par semaine, pour {capacity} h au plan",
        "{rep}: the accounts ask for {hours} h a week, with {capacity} h in the plan",
    ),
    FactKind.REVIEW_LATE: Text(
        "{rep} : la revue du plan a {days} jours de retard",
        "{rep}: the review of the plan is {days} days late",
    ),
    FactKind.NO_AGREEMENT: Text(
        "{rep} : le plan n'est pas encore accepté par chacun",
        "{rep}: the plan is not agreed by everybody yet",
    ),
    FactKind.OWNER_MISSING: Text(
        "Comptes dont le responsable manque, ou n'est pas dans l'équipe : {n}",
        "Accounts whose owner is missing, or not in the team: {n}",
    ),
    FactKind.ORPHANED_ACCOUNTS: Text(
        "Comptes prioritaires de {rep}, qui n'est plus là : {n}",
        "Priority accounts of {rep}, who is not there any more: {n}",
    ),
}
_RECORDS = Text("{accounts}. Premier pas : {action}.", "{accounts}. First step: {action}.")
_DEALS = Text("{deals}. Premier pas : {action}.", "{deals}. First step: {action}.")
_STEP = Text("Premier pas : {action}.", "First step: {action}.")
BODIES: Mapping[FactKind, Text] = {
    **dict.fromkeys(ACCOUNT_KINDS, _RECORDS),
    **dict.fromkeys(DEAL_KINDS, _DEALS),
    **dict.fromkeys(REP_KINDS, _STEP),
}


def check_fact(document: Document, name: str, rule: FactRule, tiers: Collection[str]) -> None:
    """Complain of what a fact says that can't be; its condition is read by `rules.alert.alerts`."""
    path: Path = ("facts", name)
    if (rule.kind is None) == (rule.when is None):
        kinds = ", ".join(FactKind)
        document.complain(
            path,
            Text(
                f"écrivez kind, ou when, et l'un des deux seulement (kind : {kinds})",
                f"write kind, or when, and only one of them (kind: {kinds})",
            ),
            at_key=True,
        )
        return
    _check_settings(document, path, rule)
    _check_words(document, path, rule)
    _check_way(document, path, rule)
    for position, tier in enumerate(rule.tiers):
        if tier not in tiers:
            hint = nearest(tier, list(tiers))
            document.complain(
                (*path, "tiers", position),
                Text(
                    f"« {tier} » n'est pas un niveau de segments.yaml{hint.fr}",
                    f"'{tier}' is not a tier of segments.yaml{hint.en}",
                ),
            )


def _check_settings(document: Document, path: Path, rule: FactRule) -> None:
    for setting, kinds in _SETTINGS.items():
        if setting in rule.model_fields_set and rule.kind not in kinds:
            known = ", ".join(f"kind: {kind}" for kind in kinds)
            document.complain(
                (*path, setting),
                Text(f"{setting} ne va qu'avec {known}", f"{setting} only goes with {known}"),
                at_key=True,
            )
    if rule.kind in _SETTINGS["tiers"] and not rule.tiers:
        document.complain(
            path,
            Text(
                "il manque la clé « tiers » : nommez au moins un niveau, comme [gold]",
                "the key 'tiers' is missing: name at least one tier, as [gold]",
            ),
            at_key=True,
        )
    is_about_accounts = rule.kind is None or rule.kind in ACCOUNT_KINDS
    if rule.one_per is OnePer.ACCOUNT and not is_about_accounts:
        document.complain(
            (*path, "one_per"),
            Text(
                f"{rule.kind} n'est pas un fait de comptes : retirez one_per",
                f"{rule.kind} is not a fact about accounts: remove one_per",
            ),
        )


def _check_words(document: Document, path: Path, rule: FactRule) -> None:
    if rule.when is not None and rule.subject is None:
        document.complain(
            path,
            Text(
                "un fait à vous a besoin de ses mots : ajoutez subject: [français, anglais]",
                "a fact of your own needs its words: add subject: [French, English]",
            ),
            at_key=True,
        )


def _check_way(document: Document, path: Path, rule: FactRule) -> None:
    """A task needs an account to hang on and somebody to do it."""
    if rule.kind in NOBODY_S and rule.to is Recipient.REP:
        document.complain(
            (*path, "to"),
            Text(
                f"{rule.kind} n'est l'affaire d'aucun représentant : écrivez to: ops ou manager",
                f"{rule.kind} is no rep's business: write to: ops or manager",
            ),
        )
    if rule.send is Channel.TASK and (
        rule.kind in (*REP_KINDS, *NOBODY_S) or rule.recipient is Recipient.OPS
    ):
        document.complain(
            (*path, "send"),
            Text(
                "une tâche du CRM a besoin d'un compte et d'un responsable, que ce fait n'a pas : "
                "écrivez send: digest",
                "a task of the CRM needs an account and an owner, which this fact has not: write "
                "send: digest",
            ),
        )
