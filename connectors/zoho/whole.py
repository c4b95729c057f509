"""Users and stages: few, so that they are read whole at each pull."""

from collections.abc import Iterator, Mapping

from connectors.base import Page
from connectors.zoho import people
from connectors.zoho.answers import Json, listing, objects
from connectors.zoho.client import Client
from connectors.zoho.errors import Forbidden, Refused
from connectors.zoho.schema import Declared, Schemas
from rules.records import Kind, Owner, Quarantine, Stage

CURSOR = "whole"

_PER_PAGE = 200
_MOST_PAGES = 500


def owners(client: Client) -> Iterator[Page]:
    """The users, active or not: those who left keep their past records."""
    for number in range(1, _MOST_PAGES):
        query = [("type", "AllUsers"), ("page", str(number)), ("per_page", str(_PER_PAGE))]
        answer = client.must("users", query)
        info = answer.get("info")
        is_last = not isinstance(info, Mapping) or info.get("more_records") is not True
        quarantined: list[Quarantine] = []
        built = [people.owner(row, quarantined) for row in listing(answer, "users")]
        yield Page(
            kind=Kind.OWNER,
            records=[each for each in built if isinstance(each, Owner)],
            cursor=CURSOR,
            is_last=is_last,
            quarantined=quarantined,
        )
        if is_last:
            return


def stages(client: Client, schemas: Schemas) -> Iterator[Page]:
    """The stages of all pipelines, each once, and those that no pipeline has any more."""
    options = schemas.of("Deals").named("Stage")
    quarantined: list[Quarantine] = []
    found: dict[str, Stage] = {}
    for pipeline in _pipelines(client):
        for place in objects(pipeline, "maps"):
            _add(found, people.stage(pipeline, place, options, quarantined))
    for option in people.unlisted(options, set(found)):
        _add(found, _alone(option.raw, options, quarantined))
    yield Page(
        kind=Kind.STAGE,
        records=list(found.values()),
        cursor=CURSOR,
        is_last=True,
        quarantined=quarantined,
    )


def _pipelines(client: Client) -> Iterator[Json]:
    """The pipelines of each layout of deals; none where they are not for us."""
    try:
        layouts = listing(client.get("settings/layouts", [("module", "Deals")]), "layouts")
    except (Refused, Forbidden):
        return
    for layout in layouts:
        query = [("layout_id", str(layout.get("id")))]
        yield from listing(client.find("settings/pipeline", query) or {}, "pipeline")


def _alone(raw: Json, options: Declared | None, quarantined: list[Quarantine]) -> Stage | None:
    return people.stage({}, raw, options, quarantined)


def _add(found: dict[str, Stage], stage: Stage | None) -> None:
    if stage is not None:
        found.setdefault(stage.external_id, stage)
