"""Preflight: does the CRM have every field and option that the playbook names, as it reads them?

A field that vanished or was retyped would be read as unknown everywhere, and every account would
become unrated. So it is parked, alone: not read, its last values kept, until it is back or the
playbook says otherwise. A field that goes while it is read, or loses most of its values, is caught
once the streams are read, before any rule sees it (`settle`). Nothing is ever created in its place.
"""

from collections.abc import Iterable, Mapping, Sequence

from connectors.base import Binding, Connector, ConnectorError, CrmField, Fatal
from connectors.registry import title_of
from rules.language import Text
from rules.located import nearest
from rules.owned import Owned
from rules.records import FieldType, Kind
from rules.time import Instant
from service import logs
from service.store import bindings, blanks, notices
from service.store.engine import Store
from service.store.notices import OWN, Finding, Notice

OBJECTS: Mapping[Kind, Text] = {
    Kind.ACCOUNT: Text("comptes", "accounts"),
    Kind.OPPORTUNITY: Text("opportunités", "opportunities"),
}
TYPES: Mapping[FieldType, Text] = {
    FieldType.TEXT: Text("texte", "text"),
    FieldType.NUMBER: Text("nombre", "number"),
    FieldType.MONEY: Text("montant", "money"),
    FieldType.DATE: Text("date", "date"),
    FieldType.YES_NO: Text("oui/non", "yes or no"),
    FieldType.CHOICE: Text("choix", "choice"),
}


def run(connector: Connector, bound: Sequence[Binding], own: Sequence[Owned] = ()) -> list[Finding]:
    """What the CRM lacks; empty when all is there. One call for each kind that is bound."""
    found: list[Finding] = []
    for kind in OBJECTS:
        wanted = [each for each in bound if each.kind is kind]
        if not wanted:
            continue
        known = {each.name: each for each in connector.fields(kind)}
        for binding in wanted:
            finding = _finding_of(connector.vendor, binding, known)
            found += [] if finding is None else [finding]
        if kind is Kind.ACCOUNT:
            there = {each.own for each in known.values()}
            found += [lost_own(connector.vendor, each.value) for each in own if each not in there]
    return found


def check(
    store: Store, connector: Connector, now: Instant, *, own: Sequence[Owned] | None = None
) -> None:
    """Park what can't be relied on, take back what can again.

    `own` are the fields of ours that the CRM should have; None leaves alone what is known of them.
    Raises `Fatal` for a field that can't be read and never was: there is nothing to go on with.
    """
    vendor = connector.vendor
    with store.read() as connection:
        bound = bindings.load_bindings(connection, vendor)
        unread = {(each.kind.value, each.name) for each in bindings.waiting(connection, vendor)}
    found = run(connector, bound, own or ())
    never = [each for each in found if each.is_parked and (each.kind, each.name) in unread]
    is_own_known = own is not None and any(each.kind is Kind.ACCOUNT for each in bound)
    with store.write() as connection:
        changed = notices.follow_schema(
            connection,
            vendor,
            [each for each in found if each not in never],
            now,
            kinds=(*(kind.value for kind in OBJECTS), *([OWN] if is_own_known else [])),
        )
    _log(vendor, changed)
    if never:
        spoken = ("\n".join(words) for words in zip(*(each.reason for each in never), strict=True))
        raise Fatal(Text(*spoken))


def settle(store: Store, connector: Connector, connection_id: int, now: Instant) -> None:
    """Judge the values that a pull found emptied, before any rule sees them.

    The schema is looked at again, since a field may have gone meanwhile. What is left is taken
    over, or held where it is too much to be believed.
    """
    with store.read() as connection:
        if not blanks.has_any(connection, connection_id):
            return
    check(store, connector, now)
    with store.write() as connection:
        changed = blanks.judge(connection, connection_id, connector.vendor, now)
    _log(connector.vendor, changed)


def own_names(connector: Connector, names: Iterable[str]) -> dict[str, str | None]:
    """Own fields by our name, with the CRM's name of those that it still declares."""
    try:
        declared = connector.fields(Kind.ACCOUNT)
    except ConnectorError:
        # What a field is called must not keep it from being parked.
        declared = ()
    called = {each.own: each.name for each in declared}
    return {name: called.get(name) for name in names}


def park_own(store: Store, vendor: str, names: Mapping[str, str | None], now: Instant) -> None:
    """Park own fields that can't be written, each with its name in the CRM where that is known."""
    found = [lost_own(vendor, name, called) for name, called in sorted(names.items())]
    with store.write() as connection:
        changed = notices.park(connection, vendor, found, now)
    _log(vendor, changed)


def take_back_own(store: Store, vendor: str, names: Iterable[str]) -> None:
    """Own fields are there again: what they should hold is owed anew."""
    with store.write() as connection:
        notices.take_back_own(connection, vendor, names)


def unknown_options(connector: Connector, bound: Sequence[Binding]) -> list[Text]:
    """The options of the CRM that the playbook gives no value to: theirs are set aside."""
    told: list[Text] = []
    for kind in OBJECTS:
        mapped = [each for each in bound if each.kind is kind and each.values]
        known = {each.name: each for each in connector.fields(kind)} if mapped else {}
        for each in mapped:
            field = known.get(each.crm_field)
            options = (
                [one for one in field.options if not _meant(each, field, one)] if field else []
            )
            if options:
                listed = ", ".join(options)
                told.append(
                    Text(
                        f"{_where(each)} : options de {each.crm_field} sans valeur dans "
                        f"fields.yaml, mises de côté : {listed}.",
                        f"{_where(each)}: options of {each.crm_field} without a value in "
                        f"fields.yaml, set aside: {listed}.",
                    )
                )
    return told


def _where(binding: Binding) -> str:
    return f"fields.yaml, {binding.kind.value}.{binding.name}"


def _finding(binding: Binding, reason: Text, *, is_parked: bool) -> Finding:
    where = _where(binding)
    return Finding(
        kind=binding.kind.value,
        name=binding.name,
        is_parked=is_parked,
        reason=Text(f"{where} : {reason.fr}", f"{where}: {reason.en}"),
    )


def _finding_of(vendor: str, binding: Binding, known: Mapping[str, CrmField]) -> Finding | None:
    """What is the matter with a binding, the worst thing only."""
    field, of = known.get(binding.crm_field), OBJECTS[binding.kind]
    wanted = TYPES[binding.type]
    if field is None:
        hint = nearest(binding.crm_field, list(known))
        reason = Text(
            f"{vendor} n'a pas de champ « {binding.crm_field} »{hint.fr} parmi ceux des {of.fr} : "
            f"supprimé, archivé, masqué ou renommé. Attendu : un champ qui se lit comme "
            f"« {wanted.fr} ». Rétablissez-le dans {vendor}, ou corrigez le nom interne dans "
            "fields.yaml et publiez.",
            f"{vendor} has no field '{binding.crm_field}'{hint.en} among those of {of.en}: "
            "deleted, archived, hidden or renamed. Expected: a field that reads as "
            f"'{wanted.en}'. Restore it in {vendor}, or correct the internal name in fields.yaml "
            "and publish.",
        )
        return _finding(binding, reason, is_parked=True)
    if binding.type in field.never:
        reason = Text(
            f"{binding.crm_field}, parmi les {of.fr}, est de type « {field.type} » dans {vendor}. "
            f"Attendu : un champ qui se lit comme « {wanted.fr} ». Corrigez le type dans "
            "fields.yaml et publiez, ou rétablissez celui du champ dans le CRM.",
            f"{binding.crm_field}, among {of.en}, is of type '{field.type}' in {vendor}. Expected: "
            f"a field that reads as '{wanted.en}'. Correct the type in fields.yaml and publish, or "
            "restore the field's in the CRM.",
        )
        return _finding(binding, reason, is_parked=True)
    missing = _lacking(binding, field)
    return _without_options(vendor, binding, field, missing) if missing else None


def _meant(binding: Binding, field: CrmField, option: str) -> list[str]:
    """The values that the playbook gives to an option, by either of its names."""
    names = (option, field.option_aliases.get(option, option))
    return [binding.values[name] for name in dict.fromkeys(names) if name in binding.values]


def _lacking(binding: Binding, field: CrmField) -> list[str]:
    """The options of the values that no option of the field gives any more.

    A value lists the words of several CRMs, or several words of one: one that is left is enough.
    """
    given = {value for option in field.options for value in _meant(binding, field, option)}
    if not field.options:
        return []
    return [option for option, value in binding.values.items() if value not in given]


def _without_options(
    vendor: str, binding: Binding, field: CrmField, missing: Sequence[str]
) -> Finding:
    """Records keep an option that was removed, and are read; unless none is left to read."""
    listed = ", ".join(f"« {each} »" for each in missing)
    quoted = ", ".join(f"'{each}'" for each in missing)
    hint = nearest(missing[0], list(field.options))
    found = ", ".join(field.options)
    of = OBJECTS[binding.kind]
    reason = Text(
        f"{listed} : pas une option de {binding.crm_field} ({of.fr}) dans {vendor}{hint.fr}. "
        f"Trouvées : {found}. Rétablissez l'option, ou corrigez values dans fields.yaml et "
        "publiez.",
        f"{quoted} is not an option of {binding.crm_field} ({of.en}) in {vendor}{hint.en}. "
        f"Found: {found}. Restore the option, or correct values in fields.yaml and publish.",
    )
    return _finding(binding, reason, is_parked=len(missing) == len(binding.values))


def lost_own(vendor: str, name: str, crm_field: str | None = None) -> Finding:
    """One of our own fields that the CRM lacks: neither read nor written until it is there.

    `crm_field` is its name in the CRM, where that is known.
    """
    title, called = title_of(vendor), crm_field or f"arpent_{name}"
    return Finding(
        kind=OWN,
        name=name,
        is_parked=True,
        reason=Text(
            f"{title} ne laisse pas Arpent écrire le champ {called} des comptes : supprimé, "
            "archivé, masqué, jamais créé, ou sans droit de modification. Les autres champs sont "
            "écrits. Lancez « arpent fields ensure » : ses valeurs seront écrites au prochain "
            "cycle.",
            f"{title} does not let Arpent write the field {called} of accounts: deleted, "
            "archived, hidden, never created, or without the right to edit it. The other fields "
            "are written. Run `arpent fields ensure`: its values will be written by the next "
            "cycle.",
        ),
    )


def _log(vendor: str, changed: Sequence[Notice]) -> None:
    """Say each change once: what stays as it was is for `status`."""
    for each in changed:
        logs.tell(
            f"field {each.state.value}",
            crm=vendor,
            field=f"{each.kind}.{each.name}",
            reason=each.reason.en,
        )
