"""Send the digests that are owed: at least once each, and again only where that can't be known.

1. Claim one: for some minutes no other worker takes it.
2. Send it, outside of any transaction.
3. Record that it left; or why not, and when it is tried again.

Killed after 2, it is sent a second time once the claim has run out, with the same Message-ID: a
mail server or a reader can tell it as the same. A channel that fails is left alone until later;
what can't be delivered for a week is given up, and stays readable.
"""

from dataclasses import dataclass

import structlog

from rules.language import Text
from rules.time import Instant
from service import incidents
from service.app import App
from service.delivery.channels import Channels, DeliveryError
from service.store import digests
from service.store.digests import DigestState, KeptDigest

log = structlog.get_logger()

CLAIM_MS = 5 * 60_000
RETRY_MS = 60_000
LONGEST_RETRY_MS = 3_600_000
GIVE_UP_MS = 7 * 24 * 3_600_000


@dataclass(slots=True)
class SendingReport:
    """How many digests left, how many did not, how many were given up."""

    sent: int = 0
    failed: int = 0
    given_up: int = 0


def send_owed(app: App) -> SendingReport:
    """Send what is owed and due. While nothing may be written, only what is for ops leaves."""
    report, tired = SendingReport(), set[str]()
    with app.store.read() as connection:
        waiting = digests.owed(connection, app.clock())
    if not waiting:
        return report
    channels = Channels(app.settings, app.published().rulebook)
    is_closed = app.unwritable() is not None
    for kept in waiting:
        # A server that does not answer is not asked for each of the others as well.
        if kept.channel in tired or (is_closed and not kept.to_ops):
            continue
        if not _claimed(app, kept):
            continue
        try:
            channels.send(kept)
        except DeliveryError as error:
            if not error.is_of_digest:
                tired.add(kept.channel)
            _put_off(app, kept, error.message, report)
        else:
            with app.store.write() as connection:
                digests.settle(connection, kept, DigestState.SENT, now=app.clock())
            report.sent += 1
    _tell(app, channels)
    return report


def _claimed(app: App, kept: KeptDigest) -> bool:
    with app.store.write() as connection:
        return digests.claim(connection, kept, until=app.clock() + CLAIM_MS)


def _put_off(app: App, kept: KeptDigest, why: Text, report: SendingReport) -> None:
    """Try again later, each time a little later; after a week, no more."""
    now = app.clock()
    is_over = now - kept.composed_at >= GIVE_UP_MS
    state = DigestState.FAILED if is_over else DigestState.OWED
    language = app.published().rulebook.team.language
    with app.store.write() as connection:
        digests.settle(
            connection, kept, state, now=now, not_before=now + _pause(kept.attempts),
            reason=why.to(language),
        )  # fmt: skip
    report.failed += 1
    report.given_up += is_over
    log.warning("digest not sent", channel=kept.channel, period=kept.period, given_up=is_over)


def _pause(attempts: int) -> Instant:
    return min(RETRY_MS << min(attempts, 10), LONGEST_RETRY_MS)


def _tell(app: App, channels: Channels) -> None:
    """What waits in vain is an incident of its channel, until it leaves or is given up."""
    with app.store.read() as connection:
        failing = digests.failing(connection)
    found: dict[str, Text | None] = dict.fromkeys(["mail", *channels.shared()])
    for kept in failing:
        count = sum(each.channel == kept.channel for each in failing)
        found[kept.channel] = Text(
            f"messages de la semaine qui attendent : {count} ({kept.reason}). Ils sont réessayés "
            "pendant une semaine ; voyez « arpent digest list ».",
            f"weekly digests that wait: {count} ({kept.reason}). They are tried again for a week; "
            "see `arpent digest list`.",
        )
    incidents.follow(app, incidents.DIGEST, found)
