"""What is printed for whoever runs Arpent: status, doctor, demo."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from rules.language import Text, number, shown
from rules.time import Instant, moment_of
from service.backup import Copied
from service.cli.edge import language, say
from service.cli.show import writing
from service.cli.show.cycle import STREAMS
from service.cli.show.terminal import console, line, table
from service.doctor import Finding
from service.push_report import told_of_held
from service.set_aside import SetAside
from service.status import CrmStatus, Status
from service.store import notices

# How many examples of what waits `status` shows; --json has more.
SOME = 3


def status(found: Status) -> None:
    """The workspace at a glance."""
    rows: list[tuple[str, str]] = [(say(Text("Base", "Store")), found.store)]
    in_force = found.rulebook or say(Text("aucune règle publiée", "no rules published"))
    if found.differs_from_disk:
        in_force += say(Text(" (le disque diffère)", " (the disk differs)"))
    rows.append((say(Text("Règles", "Rules")), in_force))
    tiers = ", ".join(f"{tier} {count}" for tier, count in found.tiers.items())
    rows.append((say(Text("Niveaux", "Tiers")), tiers or "–"))
    waiting = say(Text("Comptes à réévaluer", "Accounts to evaluate"))
    rows.append((waiting, str(found.waiting_accounts)))
    rows.append((say(Text("Alertes ouvertes", "Open alerts")), str(found.open_alerts)))
    for crm in found.crms:
        records = ", ".join(f"{kind} {count}" for kind, count in crm.records.items())
        rows.append((crm.vendor, f"{crm.name} ({crm.account_id})"))
        rows.append((say(Text("  lu le", "  read at")), _moment(crm.read_at)))
        rows.append((say(Text("  enregistrements", "  records")), records))
        values = ", ".join(f"{state} {count}" for state, count in crm.values.items())
        rows.append((say(Text("  valeurs", "  values")), values or "–"))
        rows += [(say(name), say(text)) for name, text in _waiting(crm)]
        rows += [
            (say(Text("  champ", "  field")), say(notices.told(notice))) for notice in crm.notices
        ]
        rows.append((say(Text("  appels restants", "  calls left")), _calls_left(crm)))
        if crm.parked_until is not None:
            rows.append((say(Text("  en attente", "  waits")), say(_parked(crm.parked_until))))
    if found.last_run:
        last = found.last_run
        said = f"{last.command} #{last.id}: {last.state.value} {last.error or ''}"
        rows.append((say(Text("Dernière exécution", "Last run")), said))
    table(Text("État", "Status"), [Text("", ""), Text("", "")], rows)


def _waiting(crm: CrmStatus) -> Iterable[tuple[Text, Text]]:
    """What waits for a person: refusals by reason, and some of the fields edited in the CRM."""
    if crm.set_aside_count:
        yield (
            Text("  écartées", "  set aside"),
            Text(
                f"{crm.set_aside_count} valeurs illisibles : elles comptent comme inconnues "
                "jusqu'à ce qu'on les corrige dans le CRM",
                f"{crm.set_aside_count} values that can't be read: they count as unknown until "
                "they are corrected in the CRM",
            ),
        )
    for aside in crm.set_aside[:SOME]:
        yield Text("", ""), _aside(aside)
    rejected, drifting = crm.values.get("rejected", 0), crm.values.get("drift", 0)
    if rejected:
        yield (
            Text("  refusées", "  rejected"),
            Text(
                f"{rejected} (« arpent push --retry » les renvoie)",
                f"{rejected} (`arpent push --retry` sends them again)",
            ),
        )
    for each in crm.rejections[:SOME]:
        yield Text("", ""), writing.refused(each)
    for waiting in told_of_held(crm.held):
        yield Text("  retenues", "  held"), waiting
    if drifting:
        yield (
            Text("  dérives", "  drift"),
            Text(
                f"{drifting} valeurs modifiées dans le CRM, laissées telles quelles",
                f"{drifting} values edited in the CRM, left as they are",
            ),
        )
    for found in crm.drifting[:SOME]:
        words = (
            f"  {found.account}, {found.field} : {found.desired or '–'} → {found.observed or '–'}"
        )
        yield Text("", ""), Text(words, words)


def _aside(found: SetAside) -> Text:
    """`  Accounts 12, amount = “N/A”: not a number`."""
    stream, raw = STREAMS[found.kind], shown(found.raw)
    record = f"{found.external_id}, {found.field}" if found.field else found.external_id
    return Text(
        f"  {stream.fr} {record} = « {raw} » : {shown(found.reason.fr)}",
        f"  {stream.en} {record} = “{raw}”: {shown(found.reason.en)}",
    )


def _calls_left(crm: CrmStatus) -> str:
    """What the CRM lets us call, as last told."""
    told = crm.allowance
    if told is None:
        return "–"
    window, at = f"{told.burst} / {told.window_seconds:g} s", _moment(told.seen_at)
    if told.daily is None or told.daily_left is None:
        return f"{window} ({at})"
    spoken = language()
    left, daily = (number(each, spoken, digits=0) for each in (told.daily_left, told.daily))
    day = say(Text(f"{left} sur {daily} aujourd'hui", f"{left} of {daily} today"))
    return f"{day}, {window} ({at})"


def _parked(until: Instant) -> Text:
    at = _moment(until)
    return Text(f"à sa demande, jusqu'au {at}", f"as it asked, until {at}")


def _moment(instant: Instant | None) -> str:
    if instant is None:
        return "–"
    return f"{moment_of(instant, ZoneInfo('UTC')):%Y-%m-%d %H:%M} UTC"


def diagnosed(findings: Sequence[Finding]) -> None:
    """Each check, with a mark and a sentence."""
    for each in findings:
        mark = "✓" if each.is_fine else "✗"
        console.print(f"{mark} {say(each.check)} : {say(each.text)}", markup=False, soft_wrap=True)


def demonstrated(figures: Mapping[str, Any]) -> None:
    """The figures of the demo."""
    words = {
        "accounts": Text("Comptes dans la portée du plan", "Accounts in the plan's scope"),
        "opportunities": Text("Opportunités", "Opportunities"),
        "tiers": Text("Niveaux (Or / Argent / Bronze)", "Tiers (Gold / Silver / Bronze)"),
        "fields_written": Text("Valeurs écrites dans le CRM", "Values written to the CRM"),
        "tasks_created": Text("Tâches créées", "Tasks created"),
        "second_push_calls": Text("Requêtes du second push", "Calls of the second push"),
        "seconds": Text("Secondes", "Seconds"),
    }
    tiers = figures["tiers"]
    by_rank = (str(tiers.get(tier, 0)) for tier in ("gold", "silver", "bronze"))
    shown = {**figures, "tiers": " / ".join(by_rank)}
    table(
        Text("Le cas d'Élise, au lundi 29 juin 2026", "Élise's case, as of Monday 29 June 2026"),
        [Text("", ""), Text("", "")],
        [(say(text), str(shown[name])) for name, text in words.items()],
    )


def addresses(url: str, page: str) -> None:
    """Where to look at the emulated CRM."""
    line(Text(f"Le CRM émulé, comme le voit un représentant : {url}", f"The emulated CRM: {url}"))
    line(Text(f"  un compte Or : {page}", f"  a Gold account: {page}"))
    line(Text(f"  les tâches   : {url}/tasks", f"  the tasks     : {url}/tasks"))
    line(Text("Ctrl-C pour arrêter.", "Ctrl-C to stop."))


def backed_up(copied: Copied) -> None:
    """A backup that was made."""
    line(
        Text(
            f"{copied.file} : {copied.rows} lignes. « arpent db restore » la remet en place.",
            f"{copied.file}: {copied.rows} rows. `arpent db restore` puts it back.",
        )
    )


def restored(copied: Copied) -> None:
    """A backup that was put back, and what to do next."""
    at = _moment(copied.taken_at)
    line(
        Text(
            f"Base restaurée : {copied.rows} lignes, sauvegardées le {at}. Rien n'est écrit dans "
            "les CRM pour l'instant : « arpent pull » les relit en entier, « arpent preview » "
            "montre la différence, « arpent schedule resume » laisse reprendre.",
            f"Store restored: {copied.rows} rows, backed up at {at}. Nothing is written to the "
            "CRMs for now: `arpent pull` reads them whole, `arpent preview` shows the difference, "
            "`arpent schedule resume` lets it go on.",
        )
    )
    if copied.set_aside:
        line(
            Text(
                f"Le fichier abîmé est gardé : {copied.set_aside}.",
                f"The damaged file is kept: {copied.set_aside}.",
            )
        )
