"""Owners and stages are read whole at each pull; archived owners once an hour."""

from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.base import Page
from connectors.hubspot import whole
from connectors.hubspot.client import Client
from connectors.hubspot.objects import API_VERSION, paths_of
from connectors.pace import Clock
from rules.records import Owner

NOW = 1_795_417_200_000
MINUTE = 60_000


class Team(Client):
    """HubSpot as far as owners go: who is active, who is archived, and two owners a page."""

    def __init__(self) -> None:
        super().__init__(SecretStr("token"), base_url="http://127.0.0.1:1", clock=Clock())
        self.now = NOW
        self.active = ["1", "2", "3"]
        self.archived = ["9"]
        self.asked: list[str] = []

    def crm_now(self) -> int:
        return self.now

    def get(self, path: str, query: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
        assert path == paths_of(API_VERSION).owners
        asked = dict(query)
        is_archived = asked["archived"] == "true"
        self.asked.append("archived" if is_archived else "active")
        ids, start = self.archived if is_archived else self.active, int(asked.get("after", 0))
        paging = {"paging": {"next": {"after": str(start + 2)}}} if start + 2 < len(ids) else {}
        shown = [
            {"id": key, "type": "PERSON", "firstName": key, "archived": is_archived}
            for key in ids[start : start + 2]
        ]
        return {"results": shown, **paging}


def read(team: Team, cursor: str | None) -> list[Page]:
    return list(whole.owners(team, paths_of(API_VERSION), cursor))


def active(pages: Sequence[Page]) -> dict[str, bool]:
    return {
        each.external_id: each.is_active
        for page in pages
        for each in page.records
        if isinstance(each, Owner)
    }


@pytest.fixture
def team() -> Team:
    return Team()


@pytest.mark.parametrize("cursor", [None, "", "whole"])
def test_without_a_resume_point_both_lists_are_read(team: Team, cursor: str | None) -> None:
    pages = read(team, cursor)

    assert active(pages) == {"9": False, "1": True, "2": True, "3": True}
    assert team.asked == ["archived", "active", "active"]
    assert [page.is_last for page in pages] == [False, False, True]


def test_archived_owners_are_read_once_an_hour(team: Team) -> None:
    cursor = read(team, None)[-1].cursor
    team.active.remove("3")
    team.archived.append("3")

    seen = []
    for _ in range(5):
        team.asked.clear()
        team.now += 20 * MINUTE
        pages = read(team, cursor)
        cursor = pages[-1].cursor
        seen.append((list(team.asked), active(pages).get("3")))

    quiet, looked = (["active"], None), (["archived", "active"], False)
    assert seen == [quiet, quiet, looked, quiet, quiet]


def test_a_reading_that_stopped_midway_reads_archived_owners_again(team: Team) -> None:
    (first, *_) = read(team, None)
    team.asked.clear()

    assert active(read(team, first.cursor))["9"] is False
    assert team.asked[0] == "archived"


def test_an_owner_who_is_back_is_active(team: Team) -> None:
    team.archived.append("1")

    assert active(read(team, None))["1"] is True
