"""Listen: what people say in a CRM about the tags, between the pull and the tagging.

1. A value in the field Challenge opens a challenge; the CRM is asked who wrote it, and when.
2. A tier imposed in the CRM is a decision, where somebody else than the owner made it; of the
   owner, or of nobody that is known, it is a challenge.
3. The decisions on accounts of a rep who has left are submitted again.
4. A challenge for which the condition of the playbook is true is accepted by the rule.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.base import Connector, Edit
from rules.language import Text, of
from rules.located import Misfit
from rules.numbers import read_day
from rules.owned import LABELS, Owned
from rules.rulebook import Rulebook
from rules.time import Day, Instant, day_of
from service import answer, hear
from service.people import Who, departed, rep_named
from service.store import answers, departures, granting, imposed, objections, overrides
from service.store.challenges import OPEN
from service.store.engine import Store
from service.store.imposed import Imposed, Request
from service.store.overrides import Decision
from service.store.rulebooks import Published


def run(
    store: Store, connector: Connector, rulebook: Rulebook, connection_id: int, now: Instant
) -> None:
    """Listen to one CRM; raises what the connector raises, and all heard until then is kept."""
    with store.write() as connection:
        objections.look(connection, connection_id, list(rulebook.segments.tier.choices), now)
    hear.run(store, connector, connection_id)
    if Owned.IMPOSED_TIER in rulebook.fields.optional:
        _Imposing(store, connector, rulebook, connection_id, now).run()


def verify_emptying(store: Store, connector: Connector, connection_id: int) -> None:
    """Before a push: empty no field that holds another challenge by now."""
    with store.read() as connection:
        asked = objections.emptying(connection, connection_id)
    if not asked:
        return
    told = [
        objections.Told(external_id=each.external_id, value=each.value, edited_at=each.at)
        for each in connector.edits(asked, [objections.FIELD])
    ]
    with store.write() as connection:
        objections.observe(connection, connection_id, told)
        objections.stop_emptying(connection, connection_id)


def settle(store: Store, published: Published, now: Instant) -> None:
    """What needs no CRM: decisions that lost their rep, challenges that the playbook grants."""
    submit_again(store, published.rulebook, now)
    accept_by_rule(store, published, now)


def submit_again(store: Store, rulebook: Rulebook, now: Instant) -> int:
    """End the decisions on accounts of reps who have left, and ask for each anew; how many."""
    today = day_of(now, rulebook.team.zone)
    left = departed(rulebook.team, today)
    if not left:
        return 0
    language = rulebook.team.language
    with store.write() as connection:
        found = overrides.of_departed(connection, today, left)
        notes = {
            each.id: Text(
                f"{rulebook.team.reps[each.rep_key or ''].name} a quitté l'équipe. "
                f"Décision {of(each.author)}{each.author} : {each.reason}",
                f"{rulebook.team.reps[each.rep_key or ''].name} has left the team. Decision of "
                f"{each.author}: {each.reason}",
            ).to(language)
            for each in found
        }
        return departures.submit_again(connection, found, notes, now, today)


def accept_by_rule(store: Store, published: Published, now: Instant) -> int:
    """Accept the challenges for which the condition of the playbook is true; how many."""
    rulebook = published.rulebook
    condition = rulebook.segments.budget.challenge_accept
    if condition is None:
        return 0
    today, language = day_of(now, rulebook.team.zone), rulebook.team.language
    rule = Who(Text("Arpent (règle)", "Arpent (rule)").to(language))
    why = Text("accordé par une règle du playbook", "granted by a rule of the playbook")
    with store.write() as connection:
        ids = granting.grantable(connection, rulebook, condition, published.slots, today)
        granted = 0
        for each in ids:
            # The answer to one settles the others of the account that ask the same.
            asked = answers.take(connection, each, today)
            if asked is None or asked.state != OPEN:
                continue
            answer.grant(
                connection, rulebook, asked, asked.wanted, who=rule, why=why.to(language), now=now
            )
            granted += 1
    return granted


@dataclass(frozen=True, slots=True)
class _Imposing:
    """The tiers that people impose in a CRM."""

    store: Store
    connector: Connector
    rulebook: Rulebook
    connection_id: int
    now: Instant

    def run(self) -> None:
        today = day_of(self.now, self.rulebook.team.zone)
        with self.store.write() as connection:
            imposed.leave(connection, self.connection_id, self.now, today)
            found = imposed.unheard(connection, self.connection_id)
        if not found:
            return
        asked = [each.external_id for each in found]
        told = self.connector.edits(asked, [imposed.FIELD, imposed.UNTIL])
        edits = {(each.external_id, each.field): each for each in told}
        with self.store.write() as connection:
            for each in found:
                heard = self._heard(each, edits, today)
                if isinstance(heard, Decision):
                    overrides.impose(connection, heard)
                elif heard is not None:
                    imposed.ask(connection, heard, self.now, today)

    def _heard(
        self, found: Imposed, edits: Mapping[tuple[str, str], Edit], today: Day
    ) -> Decision | Request | None:
        """A decision, or a request where its author may not decide; None where it has changed."""
        by_field = [edits.get((found.external_id, name)) for name in (imposed.FIELD, imposed.UNTIL)]
        tier, until = by_field
        if tier is None or tier.value != found.tier:
            return None
        if (until.value if until else None) != found.until:
            return None
        latest = _latest([edit for edit in by_field if edit is not None])
        until_on = self._until(found)
        refusal = self._refusal(found, latest)
        if refusal is None and until_on is not None and until_on < today:
            refusal = _past(found)
        if refusal is not None:
            return Request(
                imposed=found, until_on=until_on, author=latest.author,
                edited_at=latest.at or self.now, note=refusal.to(self.rulebook.team.language),
            )  # fmt: skip
        key = rep_named(self.rulebook.team, latest.author) or ""
        return Decision(
            account_id=found.account_id, field=Owned.TIER.value, value=found.tier,
            author=self.rulebook.team.reps[key].name,
            reason=Text("niveau imposé dans le CRM", "tier imposed in the CRM").to(
                self.rulebook.team.language
            ),
            from_on=today, until_on=until_on or today + answer.lasts(self.rulebook),
            crm_value=found.crm_value,
        )  # fmt: skip

    def _until(self, found: Imposed) -> Day | None:
        if found.until is None:
            return None
        try:
            return read_day(found.until)
        except Misfit:
            return None

    def _refusal(self, found: Imposed, edit: Edit) -> Text | None:
        """Why this author may not impose this tier; None where they may."""
        label = LABELS[Owned.IMPOSED_TIER]
        key = rep_named(self.rulebook.team, edit.author)
        if found.tier not in self.rulebook.segments.tier.choices:
            return Text(
                f"« {found.tier} » n'est pas un niveau des règles.",
                f"'{found.tier}' is no tier of the rules.",
            )
        if key is None:
            who = edit.author or "?"
            return Text(
                f"{label.fr} a été écrit par « {who} », que team.yaml ne connaît pas.",
                f"{label.en} was written by '{who}', whom team.yaml does not know.",
            )
        if key == found.rep_key:
            name = self.rulebook.team.reps[key].name
            return Text(
                f"{name} a imposé le niveau de son propre compte : la décision revient à "
                "quelqu'un d'autre.",
                f"{name} imposed the tier of an account of their own: the decision is somebody "
                "else's.",
            )
        return None


def _past(found: Imposed) -> Text:
    label = LABELS[Owned.IMPOSED_UNTIL]
    return Text(
        f"{label.fr} : le {found.until} est déjà passé.",
        f"{label.en}: {found.until} is past already.",
    )


def _latest(edits: Sequence[Edit]) -> Edit:
    """The last of the edits; an emptied field counts as one only where somebody emptied it."""
    return max(edits, key=lambda edit: (edit.at or 0, edit.field == imposed.FIELD))
