"""What `status` prints: the workspace at a glance, in the team's own hours."""

from collections.abc import Iterator, Mapping
from zoneinfo import ZoneInfo

from connectors.registry import title_of
from rules.diff import Debt
from rules.language import Text, counted, number, shown
from rules.owned import LABELS, Owned
from rules.records import Kind
from rules.time import Instant, moment_of
from service.agenda import Agenda
from service.cli.edge import language, say
from service.cli.show import writing
from service.cli.show.challenges import waiting_days
from service.cli.show.cycle import ANSWERS, STREAMS
from service.cli.show.runs import STATES
from service.cli.show.terminal import line, table
from service.push_report import told_of_held
from service.set_aside import SetAside
from service.status import CrmStatus, Status
from service.store import notices
from service.store.backlog import Drift
from service.store.overview import UNRATED
from service.store.runs import Run

# How many examples of what waits it shows; --json has more.
SOME = 3
KINDS: Mapping[Kind, tuple[Text, Text]] = {
    Kind.OWNER: (Text("responsable", "owner"), Text("responsables", "owners")),
    Kind.ACCOUNT: (Text("compte", "account"), Text("comptes", "accounts")),
    Kind.CONTACT: (Text("contact", "contact"), Text("contacts", "contacts")),
    Kind.OPPORTUNITY: (Text("opportunité", "opportunity"), Text("opportunités", "opportunities")),
    Kind.ACTIVITY: (Text("activité", "activity"), Text("activités", "activities")),
}
DEBTS: Mapping[Debt, tuple[Text, Text]] = {
    Debt.OWED: (Text("à écrire", "to write"), Text("à écrire", "to write")),
    Debt.SETTLED: (Text("en place", "in place"), Text("en place", "in place")),
    Debt.REJECTED: (Text("refusée", "rejected"), Text("refusées", "rejected")),
    Debt.HELD: (Text("retenue", "held"), Text("retenues", "held")),
    Debt.DRIFT: (
        Text("modifiée dans le CRM", "edited in the CRM"),
        Text("modifiées dans le CRM", "edited in the CRM"),
    ),
}
_NOBODY = Text("à qualifier", "unrated")

Row = tuple[Text, Text]


def status(found: Status) -> None:
    """The workspace at a glance."""
    zone = ZoneInfo(found.schedule.zone)
    rows = [*_workspace(found), *_schedule(found.schedule, zone)]
    for crm in found.crms:
        rows += _crm(crm, zone)
    if found.last_run:
        rows.append((Text("Dernière exécution", "Last run"), _run(found.last_run, zone)))
    table(
        Text(f"État (heures : {zone.key})", f"Status (hours: {zone.key})"),
        [Text("", ""), Text("", "")],
        [(say(name), say(text)) for name, text in rows],
    )
    if found.unwritable is not None:
        line(found.unwritable)
    for incident in found.schedule.incidents:
        since, its = _moment(incident.since_at, zone), incident.text
        subject = SUBJECTS.get(incident.subject, Text(incident.subject, incident.subject))
        line(
            Text(
                f"✗ {subject.fr}, depuis le {since} : {its.fr}",
                f"✗ {subject.en}, since {since}: {its.en}",
            )
        )
    if found.schedule.late is not None:
        late = found.schedule.late
        line(Text(f"✗ {late.fr}", f"✗ {late.en}"))


SUBJECTS: Mapping[str, Text] = {
    "schedule:cycle": Text("le cycle", "the cycle"),
    "schedule:look": Text("le bilan de la semaine", "the weekly look"),
}


def _workspace(found: Status) -> Iterator[Row]:
    yield Text("Base", "Store"), Text(found.store, found.store)
    in_force = Text(*[found.rulebook] * 2) if found.rulebook else _UNPUBLISHED
    differs = _DIFFERS if found.differs_from_disk else Text("", "")
    yield Text("Règles", "Rules"), Text(in_force.fr + differs.fr, in_force.en + differs.en)
    yield Text("Niveaux", "Tiers"), _tiers(found)
    waiting, alerts = (
        number(each, language(), digits=0) for each in (found.waiting_accounts, found.open_alerts)
    )
    yield Text("Comptes à réévaluer", "Accounts to evaluate"), Text(waiting, waiting)
    said = _answers(found)
    yield Text("Alertes ouvertes", "Open alerts"), Text(alerts + said.fr, alerts + said.en)
    asked = found.challenges
    if asked.count:
        yield (
            Text("Contestations sans réponse", "Challenges without an answer"),
            waiting_days(asked.count, asked.oldest_days),
        )
    if found.orphans:
        yield Text("Comptes orphelins", "Orphan accounts"), _orphans(found)


def _answers(found: Status) -> Text:
    """`, dont 1 déjà fait, 2 reporté`: what people have made of the tasks; empty without any."""
    each = [
        Text(f"{count} {words.fr}", f"{count} {words.en}")
        for answer, words in ANSWERS.items()
        if (count := found.alert_answers.get(answer))
    ]
    if not each:
        return Text("", "")
    told = _listed(each)
    return Text(f", dont {told.fr}", f", of which {told.en}")


def _orphans(found: Status) -> Text:
    """`12 (Nordet, Acme …) de Luc : nommez…`: the best tier first."""
    count, left = len(found.orphans), ", ".join(sorted({each.rep_key for each in found.orphans}))
    some = ", ".join(shown(each.account) for each in found.orphans[:SOME])
    more = " …" if count > SOME else ""
    return Text(
        f"{count} ({some}{more}), de {left} : donnez-leur un responsable dans le CRM",
        f"{count} ({some}{more}), of {left}: give them an owner in the CRM",
    )


_UNPUBLISHED = Text("aucune règle publiée", "no rules published")
_DIFFERS = Text(" (le disque diffère)", " (the disk differs)")


def _tiers(found: Status) -> Text:
    """`Or 12, Argent 40`: in the order of the rulebook, those of an older one after them."""
    labels = {**found.labels, UNRATED: _NOBODY}
    names = [*[name for name in labels if name in found.tiers], *(found.tiers.keys() - labels)]
    each = [(labels.get(name, Text(name, name)), found.tiers[name]) for name in names]
    return _listed([Text(f"{label.fr} {count}", f"{label.en} {count}") for label, count in each])


def _schedule(found: Agenda, zone: ZoneInfo) -> Iterator[Row]:
    """When the worker did its last cycle, and what holds it back."""
    done = _moment(found.cycle_at, zone)
    never = Text("aucun par le worker", "none by the worker")
    yield Text("Dernier cycle", "Last cycle"), Text(done, done) if found.cycle_at else never
    if found.pause:
        at, why = _moment(found.pause.at, zone), shown(found.pause.reason or "–")
        yield (
            Text("  en pause", "  paused"),
            Text(
                f"depuis le {at}, par {found.pause.author} : {why} (« arpent schedule resume » "
                "relance le worker)",
                f"since {at} by {found.pause.author}: {why} (`arpent schedule resume` lets the "
                "worker go on)",
            ),
        )
    if found.quiet_hours:
        now = Text(", en ce moment", ", now") if found.is_quiet else Text("", "")
        yield (
            Text("  heures calmes", "  quiet hours"),
            Text(
                f"{found.quiet_hours}{now.fr} : rien n'est écrit dans les CRM",
                f"{found.quiet_hours}{now.en}: nothing is written to the CRMs",
            ),
        )


def _crm(crm: CrmStatus, zone: ZoneInfo) -> Iterator[Row]:
    title = title_of(crm.vendor)
    yield Text(title, title), Text(*[f"{crm.name} ({crm.account_id})"] * 2)
    yield Text("  lu le", "  read at"), _read(crm, zone)
    records = [(KINDS.get(Kind(kind)), count) for kind, count in crm.records.items()]
    known = [counted(count, *words) for words, count in records if words is not None]
    yield Text("  enregistrements", "  records"), _listed(known)
    values = [counted(count, *DEBTS[Debt(state)]) for state, count in crm.values.items()]
    yield Text("  valeurs", "  values"), _listed(values)
    for run, total in crm.put_back.items():
        count = counted(total, *_PUT_BACK)
        yield (
            Text("  annulation", "  undoing"),
            Text(
                f"{count.fr} par une annulation : « arpent undo {run} --release » les rend aux "
                "règles",
                f"{count.en} by an undoing: `arpent undo {run} --release` gives them to the rules "
                "again",
            ),
        )
    yield from _waiting(crm)
    for notice in crm.notices:
        yield Text("  champ", "  field"), notices.told(notice, zone)
    yield Text("  appels restants", "  calls left"), _calls_left(crm, zone)
    if crm.parked_until is not None:
        at = _moment(crm.parked_until, zone)
        asked = Text(f"à sa demande, jusqu'au {at}", f"as it asked, until {at}")
        yield Text("  en attente", "  waits"), asked


def _read(crm: CrmStatus, zone: ZoneInfo) -> Text:
    """When everything was read, or what never was."""
    if crm.read_at is not None:
        at = _moment(crm.read_at, zone)
        return Text(at, at)
    missing = [STREAMS[kind] for kind in STREAMS if kind.value not in crm.streams]
    listed = Text(
        ", ".join(each.fr.lower() for each in missing),
        ", ".join(each.en.lower() for each in missing),
    )
    return Text(
        f"jamais en entier : {listed.fr} (« arpent pull »)",
        f"never whole: {listed.en} (`arpent pull`)",
    )


def _waiting(crm: CrmStatus) -> Iterator[Row]:
    """What waits for a person: refusals by reason, and some of the fields edited in the CRM."""
    if crm.set_aside_count:
        count = counted(crm.set_aside_count, *_UNREADABLE)
        yield (
            Text("  écartées", "  set aside"),
            Text(
                f"{count.fr} : inconnu pour les règles jusqu'à ce qu'on corrige dans le CRM",
                f"{count.en}: unknown to the rules until corrected in the CRM",
            ),
        )
    for aside in crm.set_aside[:SOME]:
        yield Text("", ""), _aside(aside)
    rejected, drifting = crm.values.get(Debt.REJECTED, 0), crm.values.get(Debt.DRIFT, 0)
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
        count = counted(drifting, *_EDITED)
        yield (
            Text("  dérives", "  drift"),
            Text(f"{count.fr}, rien n'y est touché", f"{count.en}, left as is"),
        )
    for found in crm.drifting[:SOME]:
        yield Text("", ""), _drift(found)


_PUT_BACK = (
    Text("valeur remise", "value put back"),
    Text("valeurs remises", "values put back"),
)
_UNREADABLE = (
    Text("valeur illisible", "value that can't be read"),
    Text("valeurs illisibles", "values that can't be read"),
)
_EDITED = (
    Text("valeur modifiée dans le CRM", "value edited in the CRM"),
    Text("valeurs modifiées dans le CRM", "values edited in the CRM"),
)


def _drift(found: Drift) -> Text:
    label, account = LABELS[Owned(found.field)], shown(found.account)
    change = f"{found.desired or '–'} → {shown(found.observed or '–')}"
    return Text(f"  {account}, {label.fr} : {change}", f"  {account}, {label.en}: {change}")


def _aside(found: SetAside) -> Text:
    """`  Accounts 12, amount = “N/A”: not a number`."""
    stream, raw = STREAMS[found.kind], shown(found.raw)
    record = f"{found.external_id}, {found.field}" if found.field else found.external_id
    return Text(
        f"  {stream.fr} {record} = « {raw} » : {shown(found.reason.fr)}",
        f"  {stream.en} {record} = “{raw}”: {shown(found.reason.en)}",
    )


def _calls_left(crm: CrmStatus, zone: ZoneInfo) -> Text:
    """What the CRM lets us call, as last told."""
    told = crm.allowance
    if told is None:
        return Text("–", "–")
    window, at = f"{told.burst} / {told.window_seconds:g} s", _moment(told.seen_at, zone)
    if told.daily is None or told.daily_left is None:
        return Text(f"{window} ({at})", f"{window} ({at})")
    spoken = language()
    left, daily = (number(each, spoken, digits=0) for each in (told.daily_left, told.daily))
    return Text(
        f"{left} sur {daily} aujourd'hui, {window} ({at})",
        f"{left} of {daily} today, {window} ({at})",
    )


def _run(last: Run, zone: ZoneInfo) -> Text:
    state, at = STATES[last.state.value], _moment(last.started_at, zone)
    error = f" : {shown(last.error)}" if last.error else ""
    return Text(
        f"{last.command} n° {last.id}, {at}, {state.fr}{error}",
        f"{last.command} #{last.id}, {at}, {state.en}{error.replace(' :', ':', 1)}",
    )


def _listed(texts: list[Text]) -> Text:
    if not texts:
        return Text("–", "–")
    return Text(", ".join(each.fr for each in texts), ", ".join(each.en for each in texts))


def _moment(instant: Instant | None, zone: ZoneInfo) -> str:
    return "–" if instant is None else f"{moment_of(instant, zone):%Y-%m-%d %H:%M}"
