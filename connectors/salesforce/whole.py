"""Users and stages: few, so that they are read whole at each pull, in one stream of pages."""

from collections.abc import Callable, Iterator, Mapping

from connectors.base import Page
from connectors.salesforce import people, soql
from connectors.salesforce.client import Client
from connectors.salesforce.errors import Refused, unreadable
from rules.records import Kind, Owner, Quarantine, Stage

CURSOR = "whole"

Build = Callable[[Mapping[str, object], list[Quarantine]], Owner | Stage | None]


def owners(client: Client) -> Iterator[Page]:
    """The users, active or not."""
    return _pages(client, Kind.OWNER, soql.users(), people.owner)


def stages(client: Client) -> Iterator[Page]:
    """The stages of opportunities."""
    return _pages(client, Kind.STAGE, soql.stages(), people.stage)


def _pages(client: Client, kind: Kind, text: str, build: Build) -> Iterator[Page]:
    following: str | None = None
    is_last = False
    while not is_last:
        try:
            answer = client.query(text) if following is None else client.more(following)
        except Refused as refused:
            raise unreadable(refused, kind.value) from refused
        quarantined: list[Quarantine] = []
        rows = [row for row in answer["records"] if isinstance(row, dict)]
        built = [build(row, quarantined) for row in rows]
        is_last = answer.get("done") is True
        following = str(answer.get("nextRecordsUrl") or "")
        yield Page(
            kind=kind,
            records=[each for each in built if each is not None],
            cursor=CURSOR,
            is_last=is_last,
            quarantined=quarantined,
        )
