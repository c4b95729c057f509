"""The texts of queries: within Zoho's limits, bracketed in pairs, priced by what they ask for."""

import re

import pytest

from connectors.zoho import coql
from connectors.zoho.coql import Place, Window

DAY = Window(start=1_795_280_400_000, end=1_795_366_800_000)
COMPARISON = re.compile(r"[\w'$]+ (?:>=|<=|=|<|>|in \(|is not null)")


def conditions(text: str) -> int:
    return len(COMPARISON.findall(re.sub(r"'[^']*'", "'x'", text.partition(" where ")[2])))


def is_bracketed_in_pairs(text: str) -> bool:
    """Whether no level of brackets has more than one `and` or `or` (Kaizen 171)."""
    where = re.split(r" order by | limit ", text.partition(" where ")[2])[0]
    # Literals may hold anything, and the brackets of a list are none.
    where = re.sub(r"'(?:[^']|'')*'", "x", where)
    where = re.sub(r"in \([^)]*\)", "in x", where)
    depths = [0]
    for part in re.findall(r"\(|\)|\band\b|\bor\b", where):
        if part == "(":
            depths.append(0)
        elif part == ")":
            if depths.pop() > 1:
                return False
        else:
            depths[-1] += 1
    return len(depths) == 1 and depths[0] <= 1


@pytest.mark.parametrize("text", coql.every_text())
def test_every_text_is_within_zoho_s_limits(text: str) -> None:
    columns = text.partition(" from ")[0].removeprefix("select ").split(", ")

    assert len(columns) <= 50
    assert len(set(columns)) == len(columns)
    assert 1 <= conditions(text) <= 25
    assert is_bracketed_in_pairs(text)
    assert text.count("(") == text.count(")")
    assert int((re.search(r" limit (\d+)$", text) or ["", "200"])[1]) <= 2_000


def test_the_check_of_brackets_can_fail() -> None:
    assert not is_bracketed_in_pairs("select id from A where a = 1 and b = 2 and c = 3")
    assert is_bracketed_in_pairs("select id from A where ((a = 1 and b = 2) and c = 3)")


def test_a_page_goes_on_after_the_last_row_of_the_one_before() -> None:
    place = Place(stamp=1_795_300_000_000, key="554023000000527001")

    text = coql.changed("Accounts", ["id", "Modified_Time"], DAY, place, limit=2_000)

    assert text == (
        "select id, Modified_Time from Accounts where "
        "((Modified_Time >= '2026-11-21T17:00:00+00:00' "
        "and Modified_Time < '2026-11-22T17:00:00+00:00') and "
        "(Modified_Time > '2026-11-21T22:26:40+00:00' or "
        "(Modified_Time = '2026-11-21T22:26:40+00:00' and id > '554023000000527001'))) "
        "order by Modified_Time, id limit 2000"
    )


@pytest.mark.parametrize(("limit", "price"), [(200, 1), (201, 2), (1_000, 2), (2_000, 3)])
def test_a_query_costs_by_what_it_asks_for(limit: int, price: int) -> None:
    assert coql.price(coql.changed("Deals", ["id"], DAY, None, limit=limit)) == price
    assert coql.price(coql.count("Deals")) == 1


def test_more_than_fifty_columns_are_several_selects_with_the_id_in_each() -> None:
    wanted = [f"F{number}" for number in range(120)]

    sets = coql.column_sets(["id", "Modified_Time", *wanted])

    assert [len(each) for each in sets] == [50, 50, 24]
    assert all(each[0] == "id" for each in sets)
    assert [name for each in sets for name in each if name.startswith("F")] == wanted


def test_words_of_sql_and_quotes_are_quoted() -> None:
    assert coql.named("External") == "'External'"
    assert coql.named("$se_module") == "'$se_module'"
    assert coql.named("Account_Name") == "Account_Name"
    assert coql.quoted("l'été") == "'l''été'"


@pytest.mark.parametrize("name", ["", "a b", "a;b", "1a", "a'b", "a.b"])
def test_what_is_no_name_goes_into_no_text(name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        coql.named(name)
