"""The portal's pages, as a rep sees them: companies, a company, a deal, tasks. Read only.

The group of properties called `arpent` comes first on a record; it is shown with its label, and
with labels of choices, like any group that an administrator put on the page.
"""

import unicodedata
from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.hubspot.display import Display
from connectors.sandbox.hubspot.gateway import refused
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.tables import Record
from connectors.sandbox.hubspot.vocabulary import ACTIVITIES
from connectors.sandbox.hubspot.wire import is_whole, not_found
from connectors.sandbox.hubspot.words import LANGUAGES

_FOLDER = Path(__file__).with_name("pages")
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_PAGE = 50
_TIMELINE = 60
_FIRST_GROUP = "arpent"
# Columns of the list, if the portal has them.
_LISTED = ("arpent_tier", "arpent_priority")
_ABOUT = {
    "companies": (
        *("domain", "industry", "type", "lifecyclestage", "numberofemployees", "annualrevenue"),
        *("phone", "website", "address", "city", "state", "zip", "country", "description"),
        "createdate",
    ),
    "deals": ("dealtype", "createdate", "closed_lost_reason", "description"),
}


class _Pages:
    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._environment = Environment(
            loader=FileSystemLoader(_FOLDER),
            autoescape=select_autoescape(default=True, default_for_string=True),
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def _render(
        self, request: Request, template: str, context: dict[str, object], status: int = 200
    ) -> Response:
        language = _language(request)
        parameters = [
            (name, value) for name, value in request.query_params.multi_items() if name != "lang"
        ]
        with self._portal.lock:
            text = self._environment.get_template(template).render(
                display=Display(self._portal, language),
                language=language,
                suffix="?lang=en" if language == "en" else "",
                parameters=parameters,
                path=request.url.path,
                portal=self._portal.account.portal_id,
                currency=self._portal.account.currency,
                state=self._portal.state,
                **context,
            )
        return HTMLResponse(text, status_code=status, headers=_HEADERS)

    def companies(self, request: Request) -> Response:
        """`/`: the list of companies, searched by name and narrowed to an owner."""
        words, owner = request.query_params.get("q", "").strip(), request.query_params.get("owner")
        page = _page_number(request)
        with self._portal.lock:
            table = self._portal.state.tables["companies"]
            found = [
                record
                for record in (table.records[str(number)] for number in table.live)
                if _is_found(record, words.lower(), owner)
            ]
            found.sort(key=_sort_name)
            known = self._portal.state.properties["companies"]
            columns = [known[name] for name in _LISTED if name in known]
        context: dict[str, object] = {
            "rows": found[(page - 1) * _PAGE : page * _PAGE],
            "count": len(found),
            "columns": columns,
            "words": words,
            "owner": owner,
            "owners": self._owners(),
            "page": page,
            "has_more": page * _PAGE < len(found),
        }
        return self._render(request, "companies.html", context)

    def company(self, request: Request) -> Response:
        """`/companies/{id}`: one company with everything around it."""
        record = self._record(request, "companies")
        if record is None:
            return self._render(request, "missing.html", {}, 404)
        with self._portal.lock:
            context: dict[str, object] = {
                "record": record,
                "cards": self._cards("companies", record, _language(request)),
                "deals": self._linked("companies", record, "deals"),
                "contacts": self._linked("companies", record, "contacts"),
                "tasks": self._open_tasks("companies", record),
                "timeline": self._timeline("companies", record),
            }
        return self._render(request, "company.html", context)

    def deal(self, request: Request) -> Response:
        """`/deals/{id}`: one deal, its stages so far, its companies."""
        record = self._record(request, "deals")
        if record is None:
            return self._render(request, "missing.html", {}, 404)
        with self._portal.lock:
            context: dict[str, object] = {
                "record": record,
                "cards": self._cards("deals", record, _language(request)),
                "companies": self._linked("deals", record, "companies"),
                "contacts": self._linked("deals", record, "contacts"),
                "tasks": self._open_tasks("deals", record),
                "timeline": self._timeline("deals", record),
                "steps": list(reversed(record.entries("dealstage"))),
            }
        return self._render(request, "deal.html", context)

    def tasks(self, request: Request) -> Response:
        """`/tasks`: the task list of a rep, by due date."""
        owner = request.query_params.get("owner")
        shown = request.query_params.get("state", "open")
        with self._portal.lock:
            table = self._portal.state.tables["tasks"]
            records = [table.records[str(number)] for number in table.live]
            rows = [
                (record, self._linked("tasks", record, "companies"))
                for record in records
                if (not owner or record.values.get("hubspot_owner_id") == owner)
                and (shown == "all" or _is_done(record) is (shown == "done"))
            ]
        rows.sort(key=lambda row: row[0].values.get("hs_timestamp", ""))
        context: dict[str, object] = {
            "rows": rows,
            "owner": owner,
            "owners": self._owners(),
            "shown": shown,
        }
        return self._render(request, "tasks.html", context)

    def stylesheet(self, _request: Request) -> Response:
        """`/portal.css`: the one stylesheet."""
        text = (_FOLDER / "portal.css").read_text(encoding="utf-8")
        return Response(text, media_type="text/css", headers=_HEADERS)

    def _owners(self) -> list[JsonObject]:
        with self._portal.lock:
            active = [row for row in self._portal.state.owners.values() if not row["archived"]]
        return sorted(active, key=lambda row: (row["firstName"], row["lastName"]))

    def _record(self, request: Request, kind: str) -> Record | None:
        with self._portal.lock:
            table = self._portal.state.tables[kind]
            record = table.get(request.path_params["id"], follow_merges=True)
        return None if record is None or record.archived else record

    def _cards(self, kind: str, record: Record, language: str) -> list[dict[str, object]]:
        """Return the cards of properties: the first group, then "about", then other groups."""
        state, display = self._portal.state, Display(self._portal, language)
        known = state.properties[kind]
        custom = [row for row in known.values() if not row["hubspotDefined"] and not row["hidden"]]
        about = [known[name] for name in _ABOUT[kind] if record.values.get(name)]
        cards: list[dict[str, object]] = [{"label": display.word("about"), "rows": about}]
        for name, group in state.groups[kind].items():
            members = [row for row in custom if row["groupName"] == name]
            if name == _FIRST_GROUP:
                cards.insert(0, {"label": group["label"], "rows": members, "first": True})
                continue
            filled = [row for row in members if record.values.get(row["name"])]
            if any(row["hubspotDefined"] for row in known.values() if row["groupName"] == name):
                about.extend(filled)
            elif filled:
                cards.append({"label": group["label"], "rows": filled})
        return [card for card in cards if card["rows"]]

    def _linked(self, kind: str, record: Record, target: str) -> list[Record]:
        table = self._portal.state.tables[target]
        linked = self._portal.state.linked(kind, record.id, target)
        records = [table.records[other] for other in linked if not table.records[other].archived]
        if target == "deals":
            # Open ones first, then the latest to close.
            records.sort(key=lambda row: row.values.get("closedate", ""), reverse=True)
            records.sort(key=lambda row: row.values.get("hs_is_closed") == "true")
        return records

    def _open_tasks(self, kind: str, record: Record) -> list[Record]:
        tasks = [task for task in self._linked(kind, record, "tasks") if not _is_done(task)]
        return sorted(tasks, key=lambda task: task.values.get("hs_timestamp", ""))

    def _timeline(self, kind: str, record: Record) -> list[tuple[str, Record]]:
        entries = [
            (activity, other)
            for activity in ACTIVITIES
            if activity != "tasks"
            for other in self._linked(kind, record, activity)
        ]
        entries.sort(key=lambda entry: entry[1].values.get("hs_timestamp", ""), reverse=True)
        return entries[:_TIMELINE]


def _language(request: Request) -> str:
    wanted = request.query_params.get("lang", LANGUAGES[0])
    return wanted if wanted in LANGUAGES else LANGUAGES[0]


def _page_number(request: Request) -> int:
    raw = request.query_params.get("page", "1")
    return max(1, int(raw)) if is_whole(raw) else 1


def _is_found(record: Record, words: str, owner: str | None) -> bool:
    values = record.values
    text = f"{values.get('name', '')} {values.get('domain', '')}".lower()
    return words in text and (not owner or values.get("hubspot_owner_id") == owner)


def _sort_name(record: Record) -> str:
    return unicodedata.normalize("NFKD", record.values.get("name", "")).casefold()


def _is_done(task: Record) -> bool:
    return task.values.get("hs_task_status") == "COMPLETED"


def pages(portal: Portal) -> Starlette:
    """Build the application that serves the pages; anything else is a 404 in JSON."""
    own = _Pages(portal)

    async def missing(request: Request, _error: Exception) -> Response:
        answer = refused(not_found(f"No endpoint answers {request.method} {request.url.path}."))
        return Response(answer.body, status_code=404, headers=answer.headers)

    table: list[tuple[str, Callable[[Request], Response]]] = [
        ("/", own.companies),
        ("/companies/{id}", own.company),
        ("/deals/{id}", own.deal),
        ("/tasks", own.tasks),
        ("/portal.css", own.stylesheet),
    ]
    return Starlette(
        routes=[Route(path, view, methods=["GET"]) for path, view in table],
        exception_handlers={404: missing, 405: missing},
    )
