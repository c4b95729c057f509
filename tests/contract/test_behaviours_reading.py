"""What is read of a CRM on a busy day: whatever people do meanwhile, nothing is missed."""

from collections.abc import Callable, Iterator, Sequence

import pytest

from connectors.base import Binding, Page, Retriable
from rules.records import Account, FieldType, Kind, Link, Opportunity, Owner, Record, Relation
from tests.contract.busy import BusyCrm

NAMES = (
    "Érablière Côté & Fils — « L’Écœurée »",
    "Łódź 𝔼 🍁 👩🏽‍🌾",
    "日本 \u200fعربي · ½ ₩",
)
MARC = ("Marc", "Lavoie", "marc@example.org")


def pages(
    crm: BusyCrm, kind: Kind, cursor: str | None = None, bindings: Sequence[Binding] = ()
) -> list[Page]:
    return list(crm.connector.pull(kind, cursor, bindings, ["tier", "why"]))


def mirror(found: Sequence[Page]) -> dict[str, Record]:
    """What a reader of these pages holds in the end."""
    held: dict[str, Record] = {}
    for page in found:
        held |= {record.external_id: record for record in page.records}
        for key in page.gone:
            held.pop(key, None)
    return held


def accounts(found: Sequence[Page]) -> dict[str, Account]:
    return {key: one for key, one in mirror(found).items() if isinstance(one, Account)}


def live(found: Sequence[Page]) -> dict[str, str | None]:
    """The names of the accounts that are there."""
    merged = {key for one in accounts(found).values() for key in one.merged_ids}
    return {
        key: one.name
        for key, one in accounts(found).items()
        if one.archived_at is None and key not in merged
    }


def account(found: Sequence[Page], key: str) -> Account:
    return accounts(found)[key]


def opportunity(found: Sequence[Page], key: str) -> Opportunity:
    record = mirror(found)[key]
    assert isinstance(record, Opportunity)
    return record


def owner(found: Sequence[Page], key: str) -> Owner:
    record = mirror(found)[key]
    assert isinstance(record, Owner)
    return record


def links(found: Sequence[Page]) -> dict[str, set[Link]]:
    """The links of each record, as the last page that has it tells them."""
    told: dict[str, set[Link]] = {}
    for page in found:
        told |= {record.external_id: set() for record in page.records}
        for each in page.links:
            told[each.from_id].add(each)
    return told


def followed(crm: BusyCrm, kind: Kind, begun: list[Page]) -> list[Page]:
    """What pulls bring from here on: at once, and once the index and the bin are read again."""
    found = begun
    for wait in (crm.catch_up, crm.settle):
        found = found + pages(crm, kind, found[-1].cursor)
        wait()
    return found + pages(crm, kind, found[-1].cursor)


def settled(crm: BusyCrm, kind: Kind, bindings: Sequence[Binding] = ()) -> list[Page]:
    """A whole pull, of which nothing is new any more."""
    crm.settle()
    found = pages(crm, kind, None, bindings)
    crm.settle()
    return found


def amid(found: Iterator[Page], *acts: Callable[[], object]) -> list[Page]:
    """The pages, while somebody acts after each of the first."""
    read = []
    for page in found:
        read.append(page)
        if len(read) <= len(acts):
            acts[len(read) - 1]()
    assert len(read) > len(acts)
    return read


# Caps.


def test_more_than_an_answer_may_have_is_read_whole(
    busy: BusyCrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = busy.put_accounts([{"name": f"Compte {number}"} for number in range(105)])
    busy.lower_caps(monkeypatch)

    found = [one.external_id for page in pages(busy, Kind.ACCOUNT) for one in page.records]

    assert sorted(found) == sorted(ids)


def test_more_changes_than_can_be_paged_through_are_all_read(
    busy: BusyCrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = busy.put_accounts([{"name": f"Ancien {number}"} for number in range(5)])
    cursor = settled(busy, Kind.ACCOUNT)[-1].cursor
    busy.lower_caps(monkeypatch)
    new = [busy.put_account(f"Nouveau {number}") for number in range(45)]
    busy.rename_account(old[3], "Renommé")
    busy.catch_up()

    found = live(pages(busy, Kind.ACCOUNT, cursor))

    assert set(found) == {*new, old[3]}
    assert found[old[3]] == "Renommé"


def test_a_pull_under_low_caps_resumes_after_any_page(
    busy: BusyCrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy.put_accounts([{"name": "Ancien"}])
    cursor = settled(busy, Kind.ACCOUNT)[-1].cursor
    busy.lower_caps(monkeypatch)
    new = set(busy.put_accounts([{"name": f"Nouveau {number}"} for number in range(24)]))
    busy.catch_up()
    whole = pages(busy, Kind.ACCOUNT, cursor)
    # More changes of one instant than can be told are read with all that is there.
    assert set(accounts(whole)) >= new

    for stop in range(1, len(whole), 3):
        rest = accounts(pages(busy, Kind.ACCOUNT, whole[stop - 1].cursor))
        assert set(accounts(whole[:stop])) | set(rest) == set(accounts(whole))


# Meanwhile.


def many(crm: BusyCrm, number: int = 105) -> list[str]:
    return crm.put_accounts([{"name": f"Compte {place}"} for place in range(number)])


def test_what_changes_during_a_first_load_is_read_by_the_next_pull(busy: BusyCrm) -> None:
    ids = many(busy)
    busy.settle()
    expected = {key: f"Compte {place}" for place, key in enumerate(ids)}

    def work() -> None:
        for key in (ids[0], ids[-1]):
            busy.rename_account(key, "Renommé")
            expected[key] = "Renommé"
        for key in (ids[1], ids[-2]):
            busy.archive(Kind.ACCOUNT, key)
            del expected[key]
        expected[busy.put_account("Nouveau")] = "Nouveau"

    begun = amid(busy.connector.pull(Kind.ACCOUNT, None, (), ()), work)

    assert live(followed(busy, Kind.ACCOUNT, begun)) == expected


def test_what_changes_between_the_pages_of_changes_is_read_in_the_end(
    busy: BusyCrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = many(busy, 30)
    begun = settled(busy, Kind.ACCOUNT)
    busy.lower_caps(monkeypatch)
    expected = {}
    for key in ids:
        busy.rename_account(key, f"Vu {key}")
        expected[key] = f"Vu {key}"
    busy.catch_up()

    def work() -> None:
        for key in (ids[0], ids[15], ids[-1]):
            busy.rename_account(key, "Encore")
            expected[key] = "Encore"
        expected[busy.put_account("Nouveau")] = "Nouveau"

    changes = busy.connector.pull(Kind.ACCOUNT, begun[-1].cursor, (), ())
    begun += amid(changes, work)

    assert live(followed(busy, Kind.ACCOUNT, begun)) == expected


def test_accounts_that_are_merged_during_a_first_load_are_one(busy: BusyCrm) -> None:
    ids = many(busy)
    busy.settle()
    survivors: list[str] = []

    def work() -> None:
        survivors.append(busy.merge(ids[0], ids[-1]))
        survivors.append(busy.merge(ids[-2], ids[1]))

    begun = amid(busy.connector.pull(Kind.ACCOUNT, None, (), ()), work)

    found = followed(busy, Kind.ACCOUNT, begun)
    assert set(live(found)) == {*ids[2:-2], *survivors}


def test_opportunities_that_move_during_a_first_load_end_where_they_are(busy: BusyCrm) -> None:
    first, second = busy.put_accounts([{"name": "Un"}, {"name": "Deux"}])
    deals = [busy.put_deal("100", (first, second)[place % 2]) for place in range(105)]
    busy.settle()

    def work() -> None:
        for key in (deals[0], deals[-1]):
            busy.move_opportunity(key, busy.won_stage)

    begun = amid(busy.connector.pull(Kind.OPPORTUNITY, None, (), ()), work)

    found = followed(busy, Kind.OPPORTUNITY, begun)
    assert {key for key in deals if opportunity(found, key).stage_id == busy.won_stage} == {
        deals[0],
        deals[-1],
    }


# Gone, and back.


def test_a_deleted_opportunity_becomes_a_tombstone(busy: BusyCrm) -> None:
    company = busy.put_account()
    gone, kept = busy.put_deal("10", company), busy.put_deal("20", company)
    begun = settled(busy, Kind.OPPORTUNITY)

    busy.archive(Kind.OPPORTUNITY, gone)

    found = followed(busy, Kind.OPPORTUNITY, begun)
    assert opportunity(found, gone).archived_at is not None
    assert opportunity(found, kept).archived_at is None


def test_a_restored_account_is_there_again(busy: BusyCrm) -> None:
    key = busy.put_account("Revenue")
    begun = settled(busy, Kind.ACCOUNT)
    busy.archive(Kind.ACCOUNT, key)
    begun = followed(busy, Kind.ACCOUNT, begun)
    assert live(begun) == {}

    busy.restore(Kind.ACCOUNT, key)
    name = "Revenue"
    if not busy.shows_restored:
        name = "Revenue pour de bon"
        busy.rename_account(key, name)

    assert live(followed(busy, Kind.ACCOUNT, begun)) == {key: name}
    assert live(pages(busy, Kind.ACCOUNT)) == {key: name}


def test_what_goes_and_comes_back_between_two_pulls_was_never_gone(busy: BusyCrm) -> None:
    key = busy.put_account("Aller-retour")
    begun = settled(busy, Kind.ACCOUNT)

    busy.archive(Kind.ACCOUNT, key)
    busy.restore(Kind.ACCOUNT, key)

    assert live(followed(busy, Kind.ACCOUNT, begun)) == {key: "Aller-retour"}


def test_what_is_destroyed_is_not_read_any_more(busy: BusyCrm) -> None:
    gone, kept = busy.put_accounts([{"name": "Détruit"}, {"name": "Resté"}])
    begun = settled(busy, Kind.ACCOUNT)
    busy.archive(Kind.ACCOUNT, gone)
    begun = followed(busy, Kind.ACCOUNT, begun)

    busy.purge(Kind.ACCOUNT, gone)

    assert live(followed(busy, Kind.ACCOUNT, begun)) == {kept: "Resté"}
    assert live(pages(busy, Kind.ACCOUNT)) == {kept: "Resté"}


# Merged.


def test_the_opportunities_of_the_one_that_is_merged_away_are_the_survivor_s(
    busy: BusyCrm,
) -> None:
    loser, winner = busy.put_accounts([{"name": "Doublon"}, {"name": "Original"}])
    theirs = {busy.put_deal("10", loser), busy.put_deal("20", winner)}
    busy.settle()

    survivor = busy.merge(loser, winner)
    busy.settle()

    found = links(pages(busy, Kind.OPPORTUNITY))
    relation = Relation.OPPORTUNITY_ACCOUNT
    assert {key: {one.to_id for one in found[key]} for key in theirs} == {
        key: {survivor} for key in theirs
    }
    assert {one.relation for key in theirs for one in found[key]} == {relation}


def test_the_one_that_is_merged_away_is_not_among_the_living(busy: BusyCrm) -> None:
    loser, winner, other = busy.put_accounts([{"name": name} for name in ("A", "B", "C")])
    begun = settled(busy, Kind.ACCOUNT)

    survivor = busy.merge(loser, winner)

    expected = {survivor, other}
    assert set(live(followed(busy, Kind.ACCOUNT, begun))) == expected
    assert set(live(pages(busy, Kind.ACCOUNT))) == expected


# Owners.


def test_an_account_that_is_given_away_names_its_new_owner(busy: BusyCrm) -> None:
    marc = busy.put_owner(*MARC)
    given, kept = busy.put_accounts([{"name": "Donné"}, {"name": "Gardé"}])
    begun = settled(busy, Kind.ACCOUNT)

    busy.reassign(Kind.ACCOUNT, given, marc)

    busy.catch_up()
    changed = pages(busy, Kind.ACCOUNT, begun[-1].cursor)
    assert {key: one.owner_id for key, one in accounts(changed).items()} == {given: marc}
    assert account(pages(busy, Kind.ACCOUNT), kept).owner_id == busy.owner_id


def test_an_opportunity_that_is_given_away_names_its_new_owner(busy: BusyCrm) -> None:
    marc = busy.put_owner(*MARC)
    company = busy.put_account()
    deal = busy.put_deal("10", company)
    begun = settled(busy, Kind.OPPORTUNITY)

    busy.reassign(Kind.OPPORTUNITY, deal, marc)

    found = followed(busy, Kind.OPPORTUNITY, begun)
    assert opportunity(found, deal).owner_id == marc
    assert {one.to_id for one in links(found)[deal]} == {company}


def test_an_owner_who_leaves_is_inactive_and_keeps_what_was_hers(busy: BusyCrm) -> None:
    marc = busy.put_owner(*MARC)
    company = busy.put_account()
    deal = busy.put_deal("10", company, owner=marc)
    begun = settled(busy, Kind.OWNER)
    assert owner(begun, marc).is_active

    busy.deactivate_owner(marc)
    busy.settle()

    found = followed(busy, Kind.OWNER, begun)
    assert (owner(found, marc).is_active, owner(found, marc).email) == (False, MARC[2])
    assert owner(found, busy.owner_id).is_active
    assert opportunity(pages(busy, Kind.OPPORTUNITY), deal).owner_id == marc


def test_an_owner_who_is_back_is_active(busy: BusyCrm) -> None:
    marc = busy.put_owner(*MARC)
    busy.deactivate_owner(marc)
    begun = settled(busy, Kind.OWNER)
    assert not owner(begun, marc).is_active

    busy.reactivate_owner(marc)
    busy.settle()

    assert owner(followed(busy, Kind.OWNER, begun), marc).is_active


def test_a_new_owner_is_read_by_the_next_pull(busy: BusyCrm) -> None:
    begun = settled(busy, Kind.OWNER)

    marc = busy.put_owner(*MARC)

    found = owner(followed(busy, Kind.OWNER, begun), marc)
    assert (found.name, found.email, found.is_active) == ("Marc Lavoie", MARC[2], True)


def test_a_company_may_have_the_deals_of_two_owners(busy: BusyCrm) -> None:
    marc = busy.put_owner(*MARC)
    company = busy.put_account("Partagée")
    hers, his = busy.put_deal("10", company), busy.put_deal("20", company, owner=marc)

    found = pages(busy, Kind.OPPORTUNITY)

    assert opportunity(found, hers).owner_id == busy.owner_id
    assert opportunity(found, his).owner_id == marc
    told = links(found)
    assert [{one.to_id for one in told[key]} for key in (hers, his)] == [{company}] * 2
    assert account(pages(busy, Kind.ACCOUNT), company).owner_id == busy.owner_id


# Administrators.


def typed(crm: BusyCrm) -> tuple[str, Sequence[Binding]]:
    """An account with both fields, and their bindings."""
    return crm.put_account(potentiel="1200", secteur="FAB"), (crm.potential, crm.sector)


def test_a_field_that_was_removed_is_not_listed_and_costs_no_other(busy: BusyCrm) -> None:
    key, bindings = typed(busy)
    assert busy.potential.crm_field in {one.name for one in busy.connector.fields(Kind.ACCOUNT)}

    busy.remove_field(busy.potential.crm_field)

    assert busy.potential.crm_field not in {one.name for one in busy.connector.fields(Kind.ACCOUNT)}
    found = account(pages(busy, Kind.ACCOUNT, None, bindings), key)
    assert found.fields == {"potential": None, "sector": "manufacturing"}


def test_a_field_that_goes_between_two_pages_costs_no_record(busy: BusyCrm) -> None:
    ids = busy.put_accounts(
        [{"name": f"Compte {place}", "secteur": "FAB", "potentiel": "5"} for place in range(105)]
    )
    bindings = (busy.potential, busy.sector)
    found: list[Page] = []

    for page in busy.connector.pull(Kind.ACCOUNT, None, bindings, ()):
        found.append(page)
        if len(found) == 1:
            busy.remove_field(busy.potential.crm_field)

    assert sorted(accounts(found)) == sorted(ids)
    assert {one.fields["sector"] for one in accounts(found).values()} == {"manufacturing"}


def test_a_retyped_field_says_what_it_can_not_be_read_as(busy: BusyCrm) -> None:
    typed(busy)

    busy.retype_field(busy.potential.crm_field)

    (told,) = [
        one for one in busy.connector.fields(Kind.ACCOUNT) if one.name == busy.potential.crm_field
    ]
    assert FieldType.MONEY in told.never
    assert FieldType.DATE not in told.never


def test_a_retyped_field_costs_no_record(busy: BusyCrm) -> None:
    key, bindings = typed(busy)

    busy.retype_field(busy.potential.crm_field)

    found = account(pages(busy, Kind.ACCOUNT, None, bindings), key)
    assert found.fields["sector"] == "manufacturing"


def test_a_relabelled_field_is_read_as_before(busy: BusyCrm) -> None:
    key, bindings = typed(busy)

    busy.relabel_field(busy.potential.crm_field, "Potentiel estimé 💰")

    told = {one.name: one.label for one in busy.connector.fields(Kind.ACCOUNT)}
    assert told[busy.potential.crm_field] == "Potentiel estimé 💰"
    found = account(pages(busy, Kind.ACCOUNT, None, bindings), key)
    assert found.fields == {"potential": 120_000, "sector": "manufacturing"}


# Texts and money.


def test_names_keep_their_accents_and_emoji(busy: BusyCrm) -> None:
    text = Binding(
        kind=Kind.ACCOUNT, name="sector", crm_field=busy.sector.crm_field, type=FieldType.TEXT
    )
    keys = {busy.put_account(name, secteur=name): name for name in NAMES}

    found = pages(busy, Kind.ACCOUNT, None, [text])

    assert live(found) == keys
    assert {key: account(found, key).fields["sector"] for key in keys} == keys


def test_an_accent_that_was_typed_apart_is_one_with_its_letter(busy: BusyCrm) -> None:
    key = busy.put_account("E\u0301te\u0301")

    assert account(pages(busy, Kind.ACCOUNT), key).name == "\u00c9t\u00e9"


def test_names_in_a_large_first_load_keep_them_too(busy: BusyCrm) -> None:
    names = [f'{NAMES[place % 3]} "{place}", n° {place}' for place in range(60)]
    ids = busy.put_accounts([{"name": name} for name in names])

    assert live(pages(busy, Kind.ACCOUNT)) == dict(zip(ids, names, strict=True))


def test_an_amount_comes_in_its_currency_and_in_the_company_s(busy: BusyCrm) -> None:
    busy.use_currencies({"USD": "1.25", "EUR": "1.6"})
    busy.catch_up()
    company = busy.put_account()
    amounts = {
        None: ("CAD", 100_000, 100_000),
        "USD": ("USD", 100_000, 125_000),
        "EUR": ("EUR", 100_000, 160_000),
    }
    deals = {
        busy.put_deal("1000", company, currency=currency): told
        for currency, told in amounts.items()
    }

    found = pages(busy, Kind.OPPORTUNITY)

    for key, told in deals.items():
        read = opportunity(found, key)
        assert (read.currency, read.amount, read.home_amount) == told


# Limits and sessions.


def patiently(read: Callable[[], list[Page]], tries: int = 20) -> list[Page]:
    """What a caller reads that tries again for as long as it is told to."""
    for _ in range(tries):
        try:
            return read()
        except Retriable:
            pass
    raise AssertionError


def test_a_storm_of_refusals_costs_nothing_of_what_is_read(busy: BusyCrm) -> None:
    before = {kind: mirror(pages(busy, kind)) for kind in (Kind.ACCOUNT, Kind.OPPORTUNITY)}
    ids = many(busy, 105)
    deals = {busy.put_deal("10", key) for key in ids[:3]}

    for kind, expected in ((Kind.ACCOUNT, {*ids}), (Kind.OPPORTUNITY, deals)):
        busy.storm(12)
        found = patiently(lambda kind=kind: pages(busy, kind))  # type: ignore[misc]  # the kind of this turn
        assert {key for key in mirror(found) if key not in before[kind]} == expected


def test_a_short_storm_amid_the_changes_costs_nothing(busy: BusyCrm) -> None:
    ids = many(busy, 8)
    cursor = settled(busy, Kind.ACCOUNT)[-1].cursor
    for key in ids[:5]:
        busy.rename_account(key, "Renommé")
    busy.catch_up()

    busy.storm(3)

    found = patiently(lambda: pages(busy, Kind.ACCOUNT, cursor))
    assert set(mirror(found)) == {*ids[:5]}


def test_a_session_that_ends_between_two_pages_is_opened_anew(busy: BusyCrm) -> None:
    ids = many(busy)
    busy.connector.identify()
    before = busy.logins()

    found = amid(busy.connector.pull(Kind.ACCOUNT, None, (), ()), busy.end_session)

    assert sorted(mirror(found)) == sorted(ids)
    assert busy.logins() == before + 1
