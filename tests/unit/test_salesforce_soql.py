"""Every SOQL text of the connector: quoting, windows, places, and what an address has room for."""

from urllib.parse import quote_plus

import pytest

from connectors.salesforce import soql
from connectors.salesforce.soql import Place, Window

# 2026-11-23T07:00:00Z
SEVEN = 1_795_417_200_000
KEY = "001D000000IqhSLIAZ"


def every_text() -> dict[str, str]:
    """One text of each kind that is ever sent."""
    window = Window(start=SEVEN, end=SEVEN + 60_000)
    status, priority = soql.task_words()
    fields = ("Id", "Name", "arpent_tier__c")
    return {
        "the beginning": soql.changed("Account", fields, Window(start=None, end=SEVEN)),
        "a window": soql.changed("Account", fields, window),
        "after a place": soql.changed("Account", fields, window, Place(stamp=SEVEN, key=KEY)),
        "in bulk": soql.in_bulk("Account", fields, Window(start=None, end=SEVEN)),
        "ripened": soql.ripened("Event", ("Id",), "StartDateTime", window),
        "ripened from the beginning": soql.ripened(
            "Event", ("Id",), "StartDateTime", Window(start=None, end=SEVEN)
        ),
        "among": soql.among("OpportunityHistory", ("StageName",), "OpportunityId", [KEY, KEY]),
        "history": soql.history([KEY], ["arpent_tier__c", "arpent_challenge__c"]),
        "organization": soql.organization(),
        "users": soql.users(),
        "stages": soql.stages(),
        "currencies": soql.currencies(),
        "dated rates": soql.dated_rates(),
        "task status": status,
        "task priority": priority,
        "tasks on": soql.tasks_on(KEY),
        "task by key": soql.task_by_key("arpent_alert_key__c", "l'alerte"),
        "task": soql.task("00T5g000001"),
        "tasks": soql.tasks(["00T5g000001", "00T5g000002"]),
        "own fields": soql.own_custom_fields("Account"),
        "room": soql.room(),
        "permission set": soql.permission_set("Arpent"),
        "field permissions": soql.field_permissions("0PS5g000001", "Account"),
        "assignments": soql.assignments("0PS5g000001"),
        "losers": soql.losers("Account", [KEY]),
    }


def test_every_function_that_builds_a_text_is_in_the_list() -> None:
    parts = {"quoted", "moment", "named", "fields_in_address", "chunks"}
    public = {
        name
        for name, made in vars(soql).items()
        if callable(made) and made.__module__ == soql.__name__ and not name.startswith("_")
    }
    builders = public - parts - {"Window", "Place"}

    assert len(every_text()) == len(builders) + 4  # three of `changed`, two of the windows, words
    assert all(text.startswith("SELECT ") for text in every_text().values())


def test_a_place_is_a_second_and_an_id_for_seconds_are_shared() -> None:
    assert every_text()["after a place"] == (
        "SELECT Id, Name, arpent_tier__c FROM Account "
        "WHERE SystemModstamp >= 2026-11-23T07:00:00Z AND SystemModstamp < 2026-11-23T07:01:00Z "
        "AND (SystemModstamp > 2026-11-23T07:00:00Z OR "
        "(SystemModstamp = 2026-11-23T07:00:00Z AND Id > '001D000000IqhSLIAZ')) "
        "ORDER BY SystemModstamp, Id LIMIT 2000"
    )


def test_a_bulk_text_has_what_bulk_takes() -> None:
    text = every_text()["in bulk"]

    assert "ORDER BY" not in text
    assert "LIMIT" not in text


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Érablière", "'Érablière'"),
        ("l'Île", r"'l\'Île'"),
        ("a\\' OR Id != '", r"'a\\\' OR Id != \''"),
        ("a\nb", r"'a\nb'"),
        ('dit "oui"', "'dit \"oui\"'"),
    ],
)
def test_texts_are_quoted(written: str, expected: str) -> None:
    assert soql.quoted(written) == expected


@pytest.mark.parametrize("name", ["", "Name, Id", "a b", "x)", "1a", "Nom__c--", "é"])
def test_a_name_is_never_a_piece_of_soql(name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        soql.changed("Account", [name], Window(start=None, end=SEVEN))


def test_the_fields_that_an_address_has_no_room_for_are_left_to_another_call() -> None:
    fields = [f"champ_numero_{number:04}__c" for number in range(800)]

    first, rest = soql.fields_in_address(fields)

    assert [*first, *rest] == fields
    assert rest
    window = Window(start=SEVEN, end=SEVEN)
    text = soql.changed("Account", first, window, Place(stamp=SEVEN, key=KEY))
    assert len(quote_plus(text)) < 10_000
    assert soql.fields_in_address(fields[:50]) == (fields[:50], ())


def test_ids_are_cut_by_the_room_of_an_address() -> None:
    keys = [f"001D00000{number:09}" for number in range(700)]
    fields = soql.fields_in_address([f"champ_numero_{number:04}__c" for number in range(800)])[0]

    cut = list(soql.chunks(keys))

    assert [key for chunk in cut for key in chunk] == keys
    assert all(chunk for chunk in cut)
    assert max(len(quote_plus(soql.among("Account", fields, "Id", each))) for each in cut) < 15_500
    assert list(soql.chunks([])) == []
