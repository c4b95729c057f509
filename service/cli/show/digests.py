"""What the commands of the weekly digests print."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from json import loads
from zoneinfo import ZoneInfo

from rules.digest.digest import Audience, Digest, plain
from rules.language import Text
from rules.time import Instant, moment_of
from service.cli.edge import say
from service.cli.show.terminal import console, line, table
from service.delivery.page import page
from service.digest import DigestReport, Previewed
from service.store.digests import DigestState, KeptDigest

AUDIENCES: Mapping[Audience, Text] = {
    Audience.REP: Text("représentant", "rep"),
    Audience.MANAGER: Text("gestionnaire", "manager"),
    Audience.TEAM: Text("équipe", "team"),
}
STATES: Mapping[DigestState, Text] = {
    DigestState.OWED: Text("à envoyer", "to send"),
    DigestState.SENT: Text("envoyé", "sent"),
    DigestState.FAILED: Text("abandonné", "given up"),
    DigestState.KEPT: Text("à lire ici", "to read here"),
}


def listed(found: Sequence[KeptDigest], zone: ZoneInfo) -> None:
    """One row for each digest and channel."""
    if not found:
        line(Text("Aucun message composé.", "No digest composed yet."))
        return
    table(
        Text("Messages de la semaine", "Weekly digests"),
        [Text("Semaine", "Week"), Text("Pour", "For"), Text("Comme", "As"), Text("Par", "By"),
         Text("État", "State"), Text("Le", "At"), Text("Remarque", "Note")],
        [
            (each.period, each.recipient, say(AUDIENCES[each.audience]), _by(each),
             say(STATES[each.state]), _moment(each.sent_at or each.composed_at, zone),
             each.reason or "")
            for each in found
        ],
    )  # fmt: skip


def shown(each: KeptDigest, zone: ZoneInfo) -> None:
    """A digest in text, under what became of it."""
    at = _moment(each.sent_at or each.composed_at, zone)
    state = STATES[each.state]
    line(
        Text(
            f"{each.period}, {each.recipient}, {_by(each)} : {state.fr}, {at}",
            f"{each.period}, {each.recipient}, {_by(each)}: {state.en}, {at}",
        )
    )
    _text(Digest.of_json(each.body))


def html(each: KeptDigest) -> None:
    """The HTML of a digest, to be put into a file."""
    console.print(page(Digest.of_json(each.body)), markup=False, soft_wrap=True, highlight=False)


def previewed(found: Sequence[Previewed]) -> None:
    """Every message that would be sent, and where to."""
    if not found:
        line(Text("Aucun message à envoyer cette semaine.", "No digest to send this week."))
    for each in found:
        name = AUDIENCES[each.digest.audience]
        note = f" – {each.obstacle}" if each.obstacle else ""
        by = _channel(each.channel, to_ops=each.to_ops)
        line(
            Text(
                f"=== {each.digest.recipient} ({name.fr}), {by}{note}",
                f"=== {each.digest.recipient} ({name.en}), {by}{note}",
            )
        )
        _text(each.digest)


def sent(report: DigestReport) -> None:
    """What was composed and what left."""
    counts = report.sending
    line(
        Text(
            f"Messages composés : {len(report.composed)} ; envoyés : {counts.sent} ; "
            f"refusés : {counts.failed}.",
            f"Digests composed: {len(report.composed)}; sent: {counts.sent}; "
            f"refused: {counts.failed}.",
        )
    )


def plain_row(each: KeptDigest, *, with_body: bool = False) -> dict[str, object]:
    """A digest as plain data; its whole body only where it is asked for."""
    row = {name: value for name, value in asdict(each).items() if name != "body"}
    body = loads(each.body)
    return {**row, "digest": body} if with_body else {**row, "subject": body["subject"]}


def plain_preview(each: Previewed) -> dict[str, object]:
    """A message that would be sent, as plain data."""
    return {
        "channel": each.channel,
        "to_ops": each.to_ops,
        "obstacle": each.obstacle,
        "digest": loads(each.digest.to_json()),
    }


def _text(digest: Digest) -> None:
    whole = f"\n{digest.subject}\n\n{plain(digest)}"
    console.print(whole, markup=False, soft_wrap=True, highlight=False)


def _by(each: KeptDigest) -> str:
    return _channel(each.channel, to_ops=each.to_ops)


def _channel(channel: str, *, to_ops: bool) -> str:
    ops = say(Text("aux opérations d'abord", "to ops first"))
    return f"{channel}, {ops}" if to_ops else channel


def _moment(instant: Instant, zone: ZoneInfo) -> str:
    return f"{moment_of(instant, zone):%Y-%m-%d %H:%M}"
