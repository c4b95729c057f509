"""Suggest: which fields of the CRM could be what the rules need, by a bounded look into it.

1. Ask what the CRM declares for accounts and opportunities.
2. Keep the few fields whose words and type come near each need (`rules.candidates`).
3. Read some accounts with these fields, and nothing of it is kept: how full they are, overall and
   for each owner; numbers and options, never a text that somebody typed.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from connectors.base import Binding, Connector, CrmField, Identity, Page, Room
from rules import candidates
from rules.candidate_words import Need
from rules.candidates import Candidate, Declared, Filled, Seen
from rules.records import Account, Contact, FieldType, Kind, Opportunity, Owner, Value

SAMPLE = 500
# Of each need, so many fields are looked into.
LOOKED_INTO = 5
_SAMPLES = 3
# A text field with no more different values than this, each met again, is a list of choices.
_FEW = 12
_MET = 3
_UNOWNED = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggested:
    """What a CRM offers for each need, the best first.

    `declared` are all fields of the customer; `own` how many of ours are there.
    `accounts` is how many were read, `contacts` how many of the contacts have a role (of those
    read); `calls` what all of it cost. `holders` are the ids of the owners who hold an account or
    an opportunity; None where nobody asked, or not all could be looked at.
    """

    identity: Identity
    declared: Mapping[Kind, Sequence[Declared]]
    own: int
    candidates: Mapping[Need, Sequence[Candidate]]
    owners: Sequence[Owner]
    accounts: int
    contacts: Filled
    room: Room | None
    calls: int
    holders: Collection[str] | None = None


def run(
    connector: Connector, *, sample: int = SAMPLE, looks_for_holders: bool = False
) -> Suggested:
    """Look into a CRM; `sample` is how many accounts, and contacts, are read at most.

    `looks_for_holders`: as many opportunities too, for `Suggested.holders`.
    """
    before = connector.calls
    identity = connector.identify()
    fields = {kind: connector.fields(kind) for kind in (Kind.ACCOUNT, Kind.OPPORTUNITY)}
    declared = {kind: _declared(each) for kind, each in fields.items()}
    found = {need: candidates.shortlist(need, declared[need.object], LOOKED_INTO) for need in Need}
    owners = [
        each for page in connector.pull(Kind.OWNER, None, (), ()) for each in page.records
        if isinstance(each, Owner)
    ]  # fmt: skip
    accounts, seen = _look(connector, found, owners, sample)
    holders = _holders(connector, owners, accounts, sample) if looks_for_holders else None
    contacts = _roles(connector, sample)
    return Suggested(
        identity=identity,
        declared=declared,
        own=sum(each.own is not None for each in fields[Kind.ACCOUNT]),
        candidates={
            need: candidates.ranked(_with_values(need, each, seen) for each in found[need])
            for need in Need
        },
        owners=owners, accounts=len(accounts), contacts=contacts, room=connector.headroom(),
        calls=connector.calls - before, holders=holders,
    )  # fmt: skip


def _declared(fields: Iterable[CrmField]) -> list[Declared]:
    """The customer's fields, ours left out."""
    return [
        Declared(
            name=each.name, label=each.label, fits=each.fits, never=frozenset(each.never),
            options=[(one, each.option_labels.get(one, one)) for one in each.options if one],
        )
        for each in fields
        if each.own is None
    ]  # fmt: skip


def _look(
    connector: Connector,
    found: Mapping[Need, Sequence[Candidate]],
    owners: Sequence[Owner],
    sample: int,
) -> tuple[Sequence[Account], dict[str, Seen]]:
    """The accounts that were read, and what they show of each candidate, by its name."""
    wanted = {
        each.declared.name: each.declared
        for need, several in found.items() if need.object is Kind.ACCOUNT
        for each in several
    }  # fmt: skip
    if not wanted:
        return [], {}
    bound = [
        Binding(kind=Kind.ACCOUNT, name=name, crm_field=name, type=_read_as(each))
        for name, each in wanted.items()
    ]
    accounts = [
        each for each in _first(connector.pull(Kind.ACCOUNT, None, bound, ()), sample)
        if isinstance(each, Account) and each.archived_at is None
    ]  # fmt: skip
    names = {owner.external_id: owner.name for owner in owners}
    return accounts, {name: _seen(each, accounts, names) for name, each in wanted.items()}


def _holders(
    connector: Connector, owners: Sequence[Owner], accounts: Sequence[Account], sample: int
) -> Collection[str] | None:
    """Who holds something; the opportunities are read only where they can tell more."""
    if not accounts or len(accounts) >= sample:
        return None
    found = {each.owner_id for each in accounts if each.owner_id}
    if all(each.external_id in found for each in owners if each.is_active):
        return found
    deals = _first(connector.pull(Kind.OPPORTUNITY, None, (), ()), sample)
    if len(deals) >= sample:
        return None
    return found | {
        each.owner_id for each in deals if isinstance(each, Opportunity) and each.owner_id
    }


def _read_as(declared: Declared) -> FieldType:
    """A number as such, so that it is known to be one; anything else as it is written."""
    return FieldType.NUMBER if declared.fits is FieldType.NUMBER else FieldType.TEXT


def _first(pages: Iterator[Page], most: int) -> list[object]:
    """The first records of a stream; no page is asked for beyond."""
    records: list[object] = []
    for page in pages:
        records += page.records
        if len(records) >= most or page.is_last:
            break
    return records[:most]


def _seen(declared: Declared, accounts: Sequence[Account], names: Mapping[str, str]) -> Seen:
    of_owner: dict[str, list[bool]] = defaultdict(list)
    values: list[Value] = []
    for each in accounts:
        value = each.fields.get(declared.name)
        of_owner[names.get(each.owner_id or _UNOWNED, _UNOWNED)].append(value is not None)
        if value is not None:
            values.append(value)
    by_owner = {
        owner: Filled(count=sum(each), of=len(each)) for owner, each in sorted(of_owner.items())
    }
    filled = Filled(count=len(values), of=len(accounts))
    if declared.fits is FieldType.NUMBER:
        samples = [f"{value:g}" for value in values if isinstance(value, int | float)]
        few = list(dict.fromkeys(samples))[:_SAMPLES]
        return Seen(filled=filled, by_owner=by_owner, samples=few)
    return Seen(filled=filled, by_owner=by_owner, counts=_counts(declared, values))


def _counts(declared: Declared, values: Sequence[Value]) -> dict[str, int]:
    """How often each option occurs; of a text, only where it is a list of choices in disguise."""
    known = {option for option, _ in declared.options}
    counted = Counter(str(value) for value in values)
    if declared.fits is FieldType.CHOICE:
        kept = {each: count for each, count in counted.items() if each in known or not known}
    elif len(counted) <= _FEW and all(count >= _MET for count in counted.values()):
        kept = dict(counted)
    else:
        kept = {}
    return {each: kept[each] for each in sorted(kept, key=lambda one: (-kept[one], one))}


def _with_values(need: Need, candidate: Candidate, seen: Mapping[str, Seen]) -> Candidate:
    """A candidate with what was seen of it. Who decides is a person: nothing of it is shown."""
    known = seen.get(candidate.declared.name) if need.object is Kind.ACCOUNT else None
    if known is None:
        return candidate
    if need is Need.DECISION_MAKER:
        known = replace(known, samples=(), counts={})
    declared = candidate.declared
    if declared.fits in (FieldType.TEXT, None) and known.counts and not declared.options:
        options = [(each, each) for each in known.counts]
        declared = replace(declared, options=options)
        kind = candidates.fitness(need, declared)
        return replace(candidate, declared=declared, type=kind, seen=known)
    return replace(candidate, seen=known)


def _roles(connector: Connector, sample: int) -> Filled:
    """Of how many contacts the role is known: deciders are counted from it."""
    contacts = [
        each for each in _first(connector.pull(Kind.CONTACT, None, (), ()), sample)
        if isinstance(each, Contact) and each.archived_at is None
    ]  # fmt: skip
    return Filled(count=sum(each.role is not None for each in contacts), of=len(contacts))
