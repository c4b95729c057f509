"""Doctor: what works, what does not, and for each finding what to do."""

import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import migrations
from connectors.base import Connector, ConnectorError, Provision, Provisioned
from connectors.registry import none_is_set, title_of
from rules.language import Text
from rules.located import Issue, PlaybookError
from rules.time import moment_of
from service import agenda, ground, preflight, provision, stage_names
from service.app import App, open_app
from service.delivery.channels import Channels
from service.push_report import told_of_held
from service.settings import Settings
from service.store import condition, connections, holds, notices
from service.store.bindings import load_bindings
from service.store.engine import StoreError
from service.store.notices import FieldState
from service.store.places import stage_labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check; `text` says what was found and, unless it is fine, what to do."""

    check: Text
    is_fine: bool
    text: Text


def run(settings: Settings) -> list[Finding]:
    """Every check that can be made; one that fails hides only those that need it."""
    findings = [
        Finding(
            check=Text("Python", "Python"),
            is_fine=True,
            text=Text(platform.python_version(), platform.python_version()),
        )
    ]
    try:
        app = open_app(settings)
    except StoreError as error:
        return [*findings, _wrong(Text("Base", "Store"), error.message)]
    at = f"{app.store.place} ({migrations.HEAD})"
    findings.append(_fine(Text("Base", "Store"), Text(at, at)))
    findings += _ground(app)
    findings += _playbook(app)
    findings += _work(app)
    findings += _digests(app)
    vendors = app.vendors()
    for vendor in vendors:
        findings += _crm(app, vendor)
    if not vendors:
        findings.append(_wrong(Text("CRM", "CRM"), none_is_set()))
    findings += _tokens(settings)
    app.store.close()
    return findings


def _fine(check: Text, text: Text) -> Finding:
    return Finding(check=check, is_fine=True, text=text)


def _wrong(check: Text, text: Text) -> Finding:
    return Finding(check=check, is_fine=False, text=text)


def _ground(app: App) -> Iterator[Finding]:
    """The file of the store, its disk, who may read what is secret, the mail server."""
    file = condition.sqlite_file(app.store)
    if file is not None:
        disk = Text("Disque", "Disk")
        size = max(1, round(file.size / ground.MEGABYTE))
        journal = Text(f"{size} Mo, journal {file.journal}", f"{size} MB, journal {file.journal}")
        yield from _told(disk, [ground.look_at_network(file), ground.look_at_room(file)], journal)
    private = ground.private_files(app.settings, file)
    yield from _told(
        Text("Fichiers privés", "Private files"),
        list(ground.open_to_others(private)),
        Text("lisibles par vous seul", "readable by you alone"),
    )
    if app.settings.mail_server is not None:
        yield from _told(
            Text("Courriel", "Mail"),
            [ground.look_at_mail(app.settings)],
            Text("le serveur répond", "the server answers"),
        )


def _told(check: Text, problems: Sequence[Text | None], fine: Text) -> Iterator[Finding]:
    """What is wrong of a check, else that it is fine."""
    found = [each for each in problems if each is not None]
    yield from (_wrong(check, each) for each in found)
    if not found:
        yield _fine(check, fine)


def _digests(app: App) -> Iterator[Finding]:
    """By which channels the weekly digests leave, and whose do not; nothing is sent."""
    try:
        channels = Channels(app.settings, app.published().rulebook)
    except StoreError:
        return  # told of already
    by = ", ".join([*(["mail"] if app.settings.mail_server else []), *channels.shared()])
    none = Text("aucun canal ; « arpent digest list » les montre",
                "no channel; `arpent digest list` shows them")  # fmt: skip
    fine = Text(by, by) if by else none
    yield from _told(Text("Messages de la semaine", "Weekly digests"), channels.wanting(), fine)


def _work(app: App) -> Iterator[Finding]:
    """The worker, what is wrong since when, and what waits for a person."""
    schedule = agenda.run(app)
    zone = ZoneInfo(schedule.zone)
    worker = Text("Worker", "Worker")
    if schedule.pause is not None:
        yield _wrong(worker, _PAUSED)
    elif schedule.cycle_at is None:
        yield _fine(worker, Text("aucun cycle par le worker", "no cycle by the worker"))
    else:
        at = f"{moment_of(schedule.cycle_at, zone):%Y-%m-%d %H:%M} ({zone.key})"
        done = Text(f"dernier cycle le {at}", f"last cycle at {at}")
        yield from _told(worker, [schedule.late], done)
    unwritable = app.unwritable()
    if unwritable is not None:
        yield Finding(
            check=Text("Écriture", "Writing"), is_fine=app.settings.read_only, text=unwritable
        )
    for incident in schedule.incidents:
        at = f"{moment_of(incident.since_at, zone):%Y-%m-%d %H:%M} ({zone.key})"
        its = incident.text
        yield _wrong(
            Text(f"Incident {incident.subject}", f"Incident {incident.subject}"),
            Text(f"depuis le {at} : {its.fr}", f"since {at}: {its.en}"),
        )
    with app.store.read() as connection:
        held = [
            each for crm in connections.find_all(connection)
            for each in holds.held(connection, crm.id)
        ]  # fmt: skip
    for text in told_of_held(held):
        yield _wrong(Text("Valeurs retenues", "Held values"), text)


def _tokens(settings: Settings) -> Iterator[Finding]:
    """The tokens kept in files, once the CRMs were opened: that seals what was plain."""
    if settings.token_files:
        yield from _told(
            Text("Jetons gardés", "Kept tokens"),
            ground.look_at_tokens(settings),
            Text(
                "rien en clair, ni sous une clé plus ancienne",
                "nothing in plain text, or under an older key",
            ),
        )


_PAUSED = Text(
    "en pause : « arpent schedule resume » le relance, « arpent status » dit qui l'a arrêté",
    "paused: `arpent schedule resume` lets it go on, `arpent status` says who stopped it",
)


def _playbook(app: App) -> Iterator[Finding]:
    disk, force = Text("Playbook", "Playbook"), Text("Règles publiées", "Published rules")
    on_disk = None
    try:
        on_disk = app.compile().hash
        yield _fine(disk, Text(f"{app.settings.playbook}", f"{app.settings.playbook}"))
    except PlaybookError as error:
        yield _wrong(disk, _first_of(error.issues))
    try:
        in_force = app.published().rulebook.hash
    except StoreError as error:
        yield _wrong(force, error.message)
        return
    if on_disk in (None, in_force):
        yield _fine(force, Text(in_force, in_force))
        return
    yield _fine(
        force,
        Text(
            "le playbook sur disque diffère de ce qui est publié : « arpent rules publish » pour "
            "le mettre en vigueur",
            "the playbook on disk differs from what is published: `arpent rules publish` to put "
            "it in force",
        ),
    )


def _first_of(issues: Sequence[Issue]) -> Text:
    place = f"{issues[0].file}:{issues[0].line}:{issues[0].column}"
    text = issues[0].text
    return Text(
        f"erreurs : {len(issues)}, la première à {place} : {text.fr}. « arpent rules check » les "
        "montre toutes.",
        f"errors: {len(issues)}, the first at {place}: {text.en}. `arpent rules check` shows them "
        "all.",
    )


def _crm(app: App, vendor: str) -> Iterator[Finding]:
    title = title_of(vendor)
    check = Text(title, title)
    try:
        with app.connector(vendor) as connector:
            app.respect(vendor)
            identity = connector.identify()
            words = f"{identity.name} ({identity.account_id}), {identity.time_zone}"
            yield _fine(check, Text(words, words))
            for look in (_credentials, _bound_fields, _own_fields):
                yield from _tried(check, look, app, connector)
    except ConnectorError as error:
        yield _wrong(check, error.message)


def _tried(
    check: Text,
    look: Callable[[App, Connector], Iterator[Finding]],
    app: App,
    connector: Connector,
) -> Iterator[Finding]:
    try:
        with app.heeding(connector.vendor):
            yield from look(app, connector)
    except StoreError:
        return  # nothing is published: said already
    except ConnectorError as error:
        yield _wrong(check, error.message)


def _credentials(_app: App, connector: Connector) -> Iterator[Finding]:
    check = Text("Accès", "Access")
    for remark in connector.remarks():
        yield Finding(check=check, is_fine=remark.is_fine, text=remark.text)


def _bound_fields(app: App, connector: Connector) -> Iterator[Finding]:
    check = Text("Champs liés", "Bound fields")
    app.published()
    with app.store.read() as connection:
        bindings = load_bindings(connection, connector.vendor)
        known = {
            (each.kind, each.name): each for each in notices.load(connection, connector.vendor)
        }
        labels = stage_labels(connection, connector.vendor)
    problems = preflight.run(connector, bindings)
    for each in problems:
        noted = known.pop((each.kind, each.name), None)
        since = notices.since(noted) if noted is not None else Text("", "")
        yield _wrong(check, Text(each.reason.fr + since.fr, each.reason.en + since.en))
    for noted in known.values():
        if noted.state in (FieldState.EMPTIED, FieldState.RETURNING):
            yield _wrong(check, notices.told(noted))
    lost = stage_names.look(app.published().rulebook.kpis, labels)
    if lost is not None:
        yield _wrong(_STAGES, lost)
    for text in preflight.unknown_options(connector, bindings):
        yield _fine(check, text)
    if not problems:
        yield _fine(check, Text(f"{len(bindings)} trouvés", f"{len(bindings)} found"))


_STAGES = Text("Étapes", "Stages")


def _is_stuck(found: Provisioned) -> bool:
    """Whether a field can't be written as it stands; of options to add there is no note."""
    is_without_rights = found.state is Provision.UPDATED and found.note is not None
    return is_without_rights or found.state in (Provision.CONFLICT, Provision.NO_ROOM)


def _own_fields(app: App, connector: Connector) -> Iterator[Finding]:
    check = Text("Champs d'Arpent", "Arpent's fields")
    found = provision.run(connector, app.published().rulebook, dry_run=True)
    wanted = (Provision.CREATED, Provision.REVIVED)
    missing = [each.crm_field for each in found if each.state in wanted]
    stuck = [each for each in found if _is_stuck(each)]
    for note in dict.fromkeys(each.note for each in stuck if each.note):
        yield _wrong(check, note)
    named = {each.field for each in stuck} | {each.field for each in found if each.state in wanted}
    with app.store.read() as connection:
        parked = [
            each for each in notices.load(connection, connector.vendor)
            if each.kind == notices.OWN and each.state is FieldState.PARKED
            and each.name not in named
        ]  # fmt: skip
    for text in notices.told_of_lost(connector.vendor, parked):
        yield _wrong(check, text)
    if missing:
        listed = ", ".join(missing)
        yield _wrong(
            check,
            Text(
                f"à créer : {listed}. Lancez « arpent fields ensure ».",
                f"to create: {listed}. Run `arpent fields ensure`.",
            ),
        )
    elif not stuck and not parked:
        yield _fine(check, Text(f"{len(found)} en place", f"{len(found)} in place"))
