"""Doctor: what works, what does not, and for each finding what to do."""

import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from connectors.base import Connector, ConnectorError, Provision
from rules.language import Text
from rules.located import Issue, PlaybookError
from service import preflight, provision
from service.app import App, open_app
from service.settings import Settings
from service.store import notices
from service.store.bindings import load_bindings
from service.store.engine import StoreError
from service.store.notices import FieldState


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
    findings.append(_fine(Text("Base", "Store"), Text(app.store.place, app.store.place)))
    findings += _playbook(app)
    for vendor in app.vendors() or ["hubspot"]:
        findings += _crm(app, vendor)
    app.store.close()
    return findings


def _fine(check: Text, text: Text) -> Finding:
    return Finding(check=check, is_fine=True, text=text)


def _wrong(check: Text, text: Text) -> Finding:
    return Finding(check=check, is_fine=False, text=text)


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
    check = Text(vendor, vendor)
    try:
        with app.connector(vendor) as connector:
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
    problems = preflight.run(connector, bindings)
    for each in problems:
        noted = known.pop((each.kind, each.name), None)
        since = notices.since(noted) if noted is not None else Text("", "")
        yield _wrong(check, Text(each.reason.fr + since.fr, each.reason.en + since.en))
    for noted in known.values():
        if noted.state in (FieldState.EMPTIED, FieldState.RETURNING):
            yield _wrong(check, notices.told(noted))
    for text in preflight.unknown_options(connector, bindings):
        yield _fine(check, text)
    if not problems:
        yield _fine(check, Text(f"{len(bindings)} trouvés", f"{len(bindings)} found"))


def _own_fields(app: App, connector: Connector) -> Iterator[Finding]:
    check = Text("Champs d'Arpent", "Arpent's fields")
    found = provision.run(connector, app.published().rulebook, dry_run=True)
    wanted = (Provision.CREATED, Provision.REVIVED)
    missing = [each.crm_field for each in found if each.state in wanted]
    stuck = [each for each in found if each.state in (Provision.CONFLICT, Provision.NO_ROOM)]
    for note in dict.fromkeys(each.note for each in stuck if each.note):
        yield _wrong(check, note)
    if missing:
        listed = ", ".join(missing)
        yield _wrong(
            check,
            Text(
                f"à créer : {listed}. Lancez « arpent fields ensure ».",
                f"to create: {listed}. Run `arpent fields ensure`.",
            ),
        )
    elif not stuck:
        yield _fine(check, Text(f"{len(found)} en place", f"{len(found)} in place"))
