"""The digests of the week: each rep's after the weekly look, a manager's a day after their reps'.

1. When the time of `send:` has come and the look of the week is done, compose every rep's.
2. So many hours after theirs, compose the managers' and the team's.
3. Keep each with its line of the ledger in one transaction: owed once, whoever does it.
4. Send what is owed (`service.delivery.sending`).

The first two digests of each recipient, all before `start` of `alerts.yaml`, and all while nothing
may be written go to ops alone. A week that most of the team is off (`quiet:`) has no digest.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rules.calendar import Period, week_of
from rules.digest.digest import Audience, Digest
from rules.digest.manager import manager_digest
from rules.digest.rep import rep_digest
from rules.digest.team import TEAM, team_digest
from rules.rulebook import Rulebook
from rules.time import Instant, day_of
from service import alert
from service.app import App
from service.delivery.channels import MAIL, Channels
from service.delivery.sending import SendingReport, send_owed
from service.digest_material import Material, is_present
from service.schedule import Weekly, due
from service.store import connections, digests, ledger, requests, runs
from service.store.digests import DigestState, KeptDigest
from service.store.rehearsing import rehearsing
from service.store.requests import Wanted
from service.store.runs import RunState

JOB = "digest"
TO_OPS_FIRST = 2
"""So many digests of a recipient go to ops before the recipient gets one."""
_HOUR_MS = 3_600_000
# A digest that is later than this prepares no meeting any more.
_STALE_MS = 5 * 24 * _HOUR_MS


@dataclass(slots=True)
class DigestReport:
    """What was composed now, and what left."""

    composed: Sequence[KeptDigest] = ()
    sending: SendingReport = field(default_factory=SendingReport)

    def counts(self) -> dict[str, int]:
        """Flat counts for the run's record."""
        return {
            "digest.composed": len(self.composed),
            "digest.sent": self.sending.sent,
            "digest.failed": self.sending.failed,
        }


def run(app: App) -> DigestReport:
    """Compose what is due and send what is owed. Idempotent; nothing while the worker is paused."""
    with app.store.read() as connection:
        if requests.find(connection, Wanted.PAUSE):
            return DigestReport()
    composed = [*_reps_turn(app), *_managers_turn(app)]
    return DigestReport(composed=composed, sending=send_owed(app))


def _reps_turn(app: App) -> Sequence[KeptDigest]:
    """The reps' digests of this week, once their time has come and the look is done.

    Who joins the team in the middle of a week has theirs then.
    """
    book, now = app.published().rulebook, app.clock()
    period = due(now, book.team.zone, Weekly.read(book.alerts.send.rep))
    week = week_of(day_of(now, book.team.zone))
    if period is None or book.alerts.is_quiet(week):
        return []
    with app.store.read() as connection:
        done = digests.done(connection, JOB, period)
        is_looked = ledger.is_done(connection, alert.JOB, scope=ledger.WORKSPACE, period=period)
    owed = [key for key in _present(app, book) if _scope(Audience.REP, key) not in done]
    if not owed or not is_looked:
        return []
    material = Material(app.store, book, now=now)
    # Of who is away the line is entered all the same: their manager's comes in its time.
    found = [
        rep_digest(rep, material.shared)
        for rep in material.readers()
        if rep.key in owed and not rep.is_away
    ]
    return _keep(app, book, week, [_scope(Audience.REP, key) for key in owed], found)


def _managers_turn(app: App) -> Sequence[KeptDigest]:
    """The managers' and the team's digests, so many hours after those of the reps.

    Of reps who read on Sunday the manager does on Monday, when another week has begun.
    """
    book = app.published().rulebook
    this = week_of(day_of(app.clock(), book.team.zone))
    weeks = (week_of(this.first - 1), this)
    return [each for week in weeks for each in _managers_of(app, book, week)]


def _managers_of(app: App, book: Rulebook, week: Period) -> Sequence[KeptDigest]:
    now, wait = app.clock(), book.alerts.send.manager * _HOUR_MS
    with app.store.read() as connection:
        done = digests.done(connection, JOB, week.key)
    owed = [
        scope
        for scope, at in _told_at(book, done).items()
        if scope not in done and wait <= now - at < wait + _STALE_MS
    ]
    if not owed:
        return []
    delivered, for_ops = _delivered(app, week)
    material = Material(app.store, book, now=now, week=week, delivered=delivered, for_ops=for_ops)
    found = [each for each in _above(material) if _scope(each.audience, each.recipient) in owed]
    told = team_digest(
        material.team, material.readers(), material.shared, for_ops=material.of_ops()
    )
    return _keep(app, book, week, owed, found, for_ops=told if TEAM in owed else None)


def _told_at(book: Rulebook, done: Mapping[str, Instant]) -> Mapping[str, Instant]:
    """Each manager's scope, and the team's → when the first of their reps had a digest."""
    prefix, found = _scope(Audience.REP, ""), dict[str, Instant]()
    for scope, at in done.items():
        rep = book.team.reps.get(scope.removeprefix(prefix)) if scope.startswith(prefix) else None
        if rep is None:
            continue
        above = [TEAM, *([_scope(Audience.MANAGER, rep.manager)] if rep.manager else [])]
        for each in above:
            found[each] = min(at, found.get(each, at))
    return found


def _above(material: Material) -> Iterator[Digest]:
    """The digests of the managers, and that of the team."""
    for key, reps in material.managers().items():
        own = material.of_manager(key, reps)
        yield manager_digest(material.person(key), reps, material.shared, own)
    if material.readers():
        yield team_digest(material.team, material.readers(), material.shared)


def _delivered(app: App, week: Period) -> tuple[Mapping[str, bool], Collection[str]]:
    """Rep → whether their digest of a week has left; and the reps whose digest went to ops."""
    with app.store.read() as connection:
        kept = digests.of_period(connection, week.key, Audience.REP)
    left = {
        each.recipient: each.state is DigestState.SENT
        for each in kept
        if not each.to_ops and each.state is not DigestState.KEPT
    }
    return left, {each.recipient for each in kept if each.to_ops}


def _keep(
    app: App,
    book: Rulebook,
    week: Period,
    scopes: Sequence[str],
    found: Sequence[Digest],
    *,
    for_ops: Digest | None = None,
) -> Sequence[KeptDigest]:
    """Enter the lines of the ledger and keep what is owed; what somebody else did is left alone."""
    now, kept = app.clock(), list[KeptDigest]()
    is_closed = app.unwritable() is not None
    with app.store.write() as connection:
        run_id = runs.begin_run(connection, JOB, now)
        entered = {
            scope
            for scope in scopes
            if ledger.enter(connection, JOB, scope=scope, period=week.key, run_id=run_id, now=now)
        }
        addressed = _Addressing(
            book, Channels(app.settings, book), now=now, is_closed=is_closed,
            earlier={each: digests.earlier(connection, each, week.key) for each in Audience},
            workspace="+".join(
                sorted(f"{crm.vendor}:{crm.account_id}" for crm in connections.find_all(connection))
            ),
        )  # fmt: skip
        for each in found:
            if _scope(each.audience, each.recipient) in entered:
                kept += addressed.rows(each)
        if for_ops is not None and TEAM in entered and found:
            kept.append(addressed.row(for_ops, MAIL, to_ops=True))
        digests.keep(connection, kept)
        counts = {"digest.composed": len(kept)}
        runs.finish_run(connection, run_id, RunState.DONE, counts=counts, error=None, now=now)
    return kept


@dataclass(frozen=True, slots=True, kw_only=True)
class _To:
    """Where one digest goes."""

    channel: str
    to_ops: bool


class _Addressing:
    """Which channels each digest is owed to."""

    def __init__(
        self,
        book: Rulebook,
        channels: Channels,
        *,
        now: Instant,
        is_closed: bool,
        earlier: Mapping[Audience, Mapping[str, int]],
        workspace: str,
    ) -> None:
        self._channels = channels
        self._now = now
        self._earlier = earlier
        self._workspace = workspace
        start = book.alerts.start
        has_started = start is None or day_of(now, book.team.zone) >= start
        self._all_to_ops = is_closed or not has_started

    def to(self, digest: Digest) -> Sequence[_To]:
        """Where a digest goes: ops at first; a team's only to the channels that many read."""
        weeks = self._earlier[digest.audience].get(digest.recipient, 0)
        to_ops = self._all_to_ops or weeks < TO_OPS_FIRST
        if digest.audience is not Audience.TEAM:
            return [_To(channel=MAIL, to_ops=to_ops)]
        # Of a small team nothing but praise may be told to all, and there may be none.
        if to_ops or not digest.sections:
            return []
        return [_To(channel=channel, to_ops=False) for channel in self._channels.shared()]

    def rows(self, digest: Digest) -> Sequence[KeptDigest]:
        """The rows of a digest."""
        return [self.row(digest, to.channel, to_ops=to.to_ops) for to in self.to(digest)]

    def row(self, digest: Digest, channel: str, *, to_ops: bool) -> KeptDigest:
        """One row; where there is nowhere to send it, it is kept for reading."""
        why = self._channels.obstacle(channel, digest.recipient, to_ops=to_ops)
        parts = (digest.audience.value, digest.recipient, digest.period, channel)
        return KeptDigest(
            period=digest.period, audience=digest.audience, recipient=digest.recipient,
            channel=channel, to_ops=to_ops, message_key="/".join((self._workspace, *parts)),
            body=digest.to_json(), composed_at=self._now,
            state=DigestState.OWED if why is None else DigestState.KEPT,
            reason=None if why is None else why.to(digest.language),
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewed:
    """A digest that would be sent, where to, and why it would go nowhere, if so."""

    digest: Digest
    channel: str
    to_ops: bool
    obstacle: str | None


def preview(app: App) -> Sequence[Previewed]:
    """Every message of this week as it would be sent now; nothing is written.

    Where the look of the week is not done, it is rehearsed first, and taken back.
    """
    with rehearsing(app.store) as store:
        trial = App(app.settings, store, app.clock, app.watch, app.stopping)
        published, now = trial.published(), trial.clock()
        book = published.rulebook
        alert.run_published(store, published, now=now, run_id=0)
        material = Material(store, book, now=now)
        week, ops = material.week, material.of_ops()
        readers = [rep for rep in material.readers() if not rep.is_away]
        found = [*(rep_digest(rep, material.shared) for rep in readers), *_above(material)]
        for_ops = team_digest(material.team, material.readers(), material.shared, for_ops=ops)
        scopes = [_scope(each.audience, each.recipient) for each in found]
        with store.write() as connection:
            digests.forget(connection, JOB, week.key)
        kept = _keep(trial, book, week, scopes, found, for_ops=for_ops)
    return [
        Previewed(
            digest=Digest.of_json(each.body), channel=each.channel, to_ops=each.to_ops,
            obstacle=each.reason,
        )
        for each in kept
    ]  # fmt: skip


def _present(app: App, book: Rulebook) -> Sequence[str]:
    today = day_of(app.clock(), book.team.zone)
    return [key for key, rep in book.team.reps.items() if is_present(rep, today)]


def _scope(audience: Audience, recipient: str) -> str:
    """The scope of a digest in the ledger: `rep/elise`, `manager/marc`, `team`."""
    return TEAM if audience is Audience.TEAM else f"{audience.value}/{recipient}"
