"""The sandbox's memory: a killed portal comes back the same; its port, clock and thread."""

import signal
import socket
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from connectors.sandbox.hubspot import HubSpotSandbox, load_folder
from connectors.sandbox.journal import BrokenStateFileError
from connectors.sandbox.server import PortInUseError
from connectors.sandbox.serving import serve

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
COMPANIES = "/crm/objects/2026-09/companies"
DEALS = "/crm/objects/2026-09/deals"


def busy_portal(path: Path) -> HubSpotSandbox:
    sandbox = HubSpotSandbox(state_file=path, now=NOW)
    group = {"name": "arpent", "label": "Plan"}
    sandbox.call("POST", "/crm/properties/2026-09/companies/groups", group)
    first, second, third = (
        sandbox.call("POST", COMPANIES, {"properties": {"name": name}})[1]["id"] for name in "ABC"
    )
    deal = sandbox.call("POST", DEALS, {"properties": {"dealname": "D"}})[1]["id"]
    sandbox.call("PUT", f"{DEALS}/{deal}/associations/default/companies/{first}")
    sandbox.call("PATCH", f"{DEALS}/{deal}", {"properties": {"dealstage": "closedwon"}})
    sandbox.call("DELETE", f"{COMPANIES}/{third}")
    merge = {"primaryObjectId": first, "objectIdToMerge": second}
    sandbox.call("POST", f"{COMPANIES}/merge", merge)
    return sandbox


def picture(sandbox: HubSpotSandbox) -> list[object]:
    """Return everything a client can see that must survive."""
    paths = [
        f"{COMPANIES}?associations=deals&propertiesWithHistory=name",
        f"{COMPANIES}?archived=true",
        f"{DEALS}?associations=companies&propertiesWithHistory=dealstage,closedate",
        "/crm/properties/2026-09/companies/groups",
        "/crm/pipelines/2026-09/deals",
    ]
    return [[sandbox.call("GET", path)[1] for path in paths], sandbox.history()]


def test_a_restarted_portal_is_the_same_and_goes_on(tmp_path: Path) -> None:
    before = busy_portal(tmp_path / "state.jsonl")
    after = HubSpotSandbox(state_file=tmp_path / "state.jsonl", now=NOW)
    seen = picture(before)
    assert picture(after) == seen
    made = after.call("POST", COMPANIES, {"properties": {"name": "E"}})[1]["id"]
    assert made not in str(seen)


def test_the_clock_never_goes_back_behind_the_last_write(tmp_path: Path) -> None:
    before = HubSpotSandbox(state_file=tmp_path / "state.jsonl", now=NOW)
    before.clock.advance(timedelta(days=2))
    before.call("POST", COMPANIES, {"properties": {"name": "A"}})
    after = HubSpotSandbox(state_file=tmp_path / "state.jsonl", now=NOW)
    assert after.clock.now() >= NOW + timedelta(days=2)


def test_a_torn_last_line_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "state.jsonl"
    busy_portal(path)
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"kind":"record.created","ty')
    sandbox = HubSpotSandbox(state_file=path, now=NOW)
    assert path.read_bytes() == whole
    made = sandbox.call("POST", COMPANIES, {"properties": {"name": "Z"}})[1]["id"]
    again = HubSpotSandbox(state_file=path, now=NOW)
    assert again.values_of("companies", made)["name"] == "Z"


def test_a_damaged_line_in_the_middle_is_named(tmp_path: Path) -> None:
    path = tmp_path / "state.jsonl"
    busy_portal(path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b"nonsense\n", *lines[1:]]))
    with pytest.raises(BrokenStateFileError, match="line 2"):
        HubSpotSandbox(state_file=path)


def test_a_loaded_folder_survives_and_keeps_its_ids(tmp_path: Path) -> None:
    (tmp_path / "owners.csv").write_text("id,name\nElise,Élise Roy\n", encoding="utf-8")
    (tmp_path / "accounts.csv").write_text("id,name\nRoc,Roc\n", encoding="utf-8")
    header = "id,account_id,owner_id,stage,amount,currency,created,close_date,is_closed,is_won"
    (tmp_path / "opportunities.csv").write_text(
        f"{header},product,source,loss_reason\n", encoding="utf-8"
    )
    before = HubSpotSandbox(state_file=tmp_path / "state.jsonl", now=NOW)
    assert before.is_empty
    load_folder(before, tmp_path)
    after = HubSpotSandbox(state_file=tmp_path / "state.jsonl", now=NOW)
    assert not after.is_empty
    assert after.id_of("companies", "Roc") == before.id_of("companies", "Roc")
    assert after.id_of("owners", "Elise") in after.portal.state.owners
    assert after.history() == []


def test_a_port_in_use_is_explained() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortInUseError, match=f"Port {port} .* already in use: stop"):
            HubSpotSandbox().start(port)


def test_a_stopped_sandbox_can_start_again_on_the_same_port() -> None:
    sandbox = HubSpotSandbox()
    url = sandbox.start()
    assert httpx.get(f"{url}/__clock").status_code == 200
    sandbox.stop()
    assert sandbox.url == ""
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/__clock")
    assert sandbox.start(int(url.rpartition(":")[2])) == url
    assert httpx.get(f"{url}/__clock").status_code == 200
    sandbox.stop()


def test_the_clock_starts_where_it_is_told_and_runs() -> None:
    sandbox = HubSpotSandbox(now=datetime(2026, 6, 29, 7, 0), portal_timezone="America/Toronto")  # noqa: DTZ001 - without a zone it means the portal's
    assert timedelta() <= sandbox.clock.now() - datetime(2026, 6, 29, 11, tzinfo=UTC)
    first = sandbox.clock.now()
    threading.Event().wait(0.01)
    assert sandbox.clock.now() > first
    sandbox.clock.advance(timedelta(days=1))
    assert sandbox.clock.now() - first > timedelta(days=1)


def test_serving_ends_with_a_termination_signal_and_restores_the_handlers() -> None:
    before = signal.getsignal(signal.SIGTERM)
    sandbox = HubSpotSandbox()
    seen: list[int] = []

    def announced(url: str) -> None:
        seen.append(httpx.get(f"{url}/__clock").status_code)
        signal.raise_signal(signal.SIGTERM)

    serve(sandbox, announce=announced)
    assert seen == [200]
    assert sandbox.url == ""
    assert signal.getsignal(signal.SIGTERM) is before
