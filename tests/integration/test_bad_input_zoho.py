"""Bad input loses nothing: an emulated Zoho CRM that answers nonsense, pulled over real HTTP.

A bad field never costs its record, a bad record never costs its page, half an archive is none; what
was set aside can be seen until it is mended in the CRM. What an access or an administrator forbids
is said in one sentence: what happened, where, and the next step.
"""

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from connectors.base import (
    Binding,
    Change,
    ConnectorError,
    Fatal,
    Grant,
    OwnField,
    Provision,
    Retriable,
    State,
)
from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.zoho import (
    SANDBOX_CLIENT_ID,
    SANDBOX_CLIENT_SECRET,
    SANDBOX_REFRESH_TOKEN,
    ZohoSandbox,
)
from connectors.zoho.connector import Zoho
from connectors.zoho.reading import BULK_FROM
from rules.records import FieldType, Kind, Quarantine
from rules.time import instant_of
from service import pull, set_aside
from service.store import bindings, quarantines
from service.store.engine import Store
from tests.integration import dirty_values
from tests.integration.dirty_values import Aside, Field
from tests.integration.pages import Workspace, settle
from tests.integration.patience import Patience
from tests.integration.test_bad_input_hubspot import TYPES, on_sqlite, raw_text
from tests.integration.test_bad_input_salesforce import NAMES_OF_PEOPLE

# The fields of the table of dirty values, as an administrator made them here.
NAMES = {
    **{each: each.crm_name.capitalize() for each in TYPES},
    dirty_values.MONEY: "Amount",
    dirty_values.NAME: "Account_Name",
}
BOUND = [
    Binding(
        kind=each.kind,
        name=each.name,
        crm_field=NAMES[each],
        type=of_type,
        values={"FAB": "manufacturing", "DET": "retail"} if of_type is FieldType.CHOICE else {},
    )
    for each, of_type in TYPES.items()
]
ROWS = [row for row in dirty_values.ROWS if row[0] in NAMES]
GOOD: dict[Kind, JsonObject] = {
    Kind.ACCOUNT: {"Account_Name": "Ferblanterie Nordet"}
    | {NAMES[each]: each.good for each in TYPES},
    Kind.OPPORTUNITY: {
        "Deal_Name": "Presse", "Stage": "Qualification", "Closing_Date": "2026-12-18",
        "Amount": 100.0,
    },
}  # fmt: skip
MODULES = {Kind.ACCOUNT: "Accounts", Kind.OPPORTUNITY: "Deals"}
NOW = datetime(2026, 11, 23, 13, tzinfo=UTC)
A_WHILE = timedelta(minutes=40)
QUERIES = {"match": {"path": "/coql$"}}
ARCHIVES = {"match": {"path": "/bulk/v8/read/[0-9]+/result$"}}


@dataclass(slots=True)
class Mirrored:
    """An organization, its mirror, and the connector between them."""

    sandbox: ZohoSandbox
    workspace: Workspace
    crm: Zoho
    slots: dict[str, str] = field(default_factory=dict)

    def open(self, *, bulk_from: int = BULK_FROM) -> None:
        """Open the organization anew."""
        self.crm.close()
        self.crm = opened(self.sandbox, bulk_from)

    def pull(self, *, full: bool = False) -> pull.PullReport:
        """A pull, a while after the last one."""
        self.sandbox.clock.advance(A_WHILE)
        return pull.run(
            self.workspace.store,
            self.crm,
            connection_id=self.workspace.connection_id,
            run_id=None,
            now=lambda: instant_of(self.sandbox.clock.now()),
            full=full,
        )

    def create(self, kind: Kind, **values: object) -> str:
        """A record with good values."""
        return self.sandbox.create(MODULES[kind], **(GOOD[kind] | values))

    def accounts(self, number: int) -> list[str]:
        """Some accounts by number."""
        return [self.create(Kind.ACCOUNT, Account_Name=f"Compte {each}") for each in range(number)]

    def spoil(self, *edits: JsonObject) -> None:
        """From now on, answers to queries are not what they should be."""
        self.sandbox.set_faults({**QUERIES, "fault": {"spoil": list(edits)}})

    def aside(self) -> list[Quarantine]:
        """What is set aside, as people are shown it."""
        with self.workspace.store.read() as connection:
            return quarantines.found(connection, self.workspace.connection_id, limit=1_000)

    def held(self, of: Field, external_id: str) -> object:
        row = self.workspace.row(of.kind.value, external_id)
        return getattr(row, self.slots.get(of.name) or of.column)

    def names(self) -> dict[str, str]:
        return {row.external_id: row.name for row in self.workspace.rows("account")}


def opened(
    sandbox: ZohoSandbox, bulk_from: int = BULK_FROM, token: str = SANDBOX_REFRESH_TOKEN
) -> Zoho:
    grant = Grant(
        client_id=SANDBOX_CLIENT_ID,
        client_secret=SecretStr(SANDBOX_CLIENT_SECRET),
        refresh_token=lambda: SecretStr(token),
        keep=lambda _: True,
    )
    return Zoho(grant, accounts=sandbox.url, clock=Patience(sandbox).clock, bulk_from=bulk_from)


@pytest.fixture
def mirrored(store: Store) -> Iterator[Mirrored]:
    workspace = settle(store, vendor="zoho")
    with store.write() as connection:
        slots = bindings.save_bindings(connection, {"zoho": BOUND})
    with ZohoSandbox(now=NOW) as sandbox:
        for each in TYPES:
            sandbox.act(
                "create_field", module="Accounts", field_label=NAMES[each], data_type="text"
            )
        made = Mirrored(sandbox, workspace, opened(sandbox), dict(slots[Kind.ACCOUNT]))
        yield made
        made.crm.close()


def reason_of(of: Field, aside: Aside) -> str:
    """Of a field of the playbook, the reason begins with its name in the CRM."""
    return f"{NAMES[of]}: {aside.reason}" if of in TYPES else aside.reason


@on_sqlite
def test_each_dirty_value_is_cleaned_or_set_aside(mirrored: Mirrored) -> None:
    assert len(ROWS) >= 60
    ids = [mirrored.create(of.kind) for of, _, _ in ROWS]
    mirrored.spoil(
        *[
            {"at": ["data", key, NAMES[of]], "set": raw}
            for key, (of, raw, _) in zip(ids, ROWS, strict=True)
        ]
    )

    mirrored.pull()

    expected = {
        key: None if isinstance(clean, Aside) else clean
        for key, (_, _, clean) in zip(ids, ROWS, strict=True)
    }
    assert {
        key: mirrored.held(of, key) for key, (of, _, _) in zip(ids, ROWS, strict=True)
    } == expected
    assert {(each.external_id, each.field, each.raw): each.reason for each in mirrored.aside()} == {
        (key, of.name, raw_text(raw)): reason_of(of, clean)
        for key, (of, raw, clean) in zip(ids, ROWS, strict=True)
        if isinstance(clean, Aside)
    }
    told = [each.reason for each in map(set_aside.told, mirrored.aside())]
    assert not [reason for reason in told if reason.fr == reason.en]

    mirrored.sandbox.set_faults()
    mirrored.pull(full=True)

    assert mirrored.aside() == []


BAD_RECORDS: dict[str, tuple[JsonObject, bool]] = {
    "no id": ({"at": ["data", "B", "id"], "remove": True}, False),
    "an id that is none": ({"at": ["data", "B", "id"], "set": "001; DROP"}, False),
    "an id beyond 64 bits": ({"at": ["data", "B", "id"], "set": "9" * 30}, False),
    "an id that is an object": ({"at": ["data", "B", "id"], "set": {"id": "7"}}, False),
    "null for a record": ({"at": ["data", "B"], "set": None}, False),
    "a text for a record": ({"at": ["data", "B"], "set": "502 Bad Gateway"}, False),
    "the page upside down": ({"at": ["data"], "reverse": True}, True),
    "no date of change": ({"at": ["data", "B", "Modified_Time"], "set": "jamais"}, True),
    "a change in the future": (
        {"at": ["data", "B", "Modified_Time"], "set": "2099-12-31T00:00:00-05:00"},
        True,
    ),
}


@on_sqlite
@pytest.mark.parametrize("bad", BAD_RECORDS)
def test_a_bad_record_costs_neither_its_page_nor_what_was_known_of_it(
    mirrored: Mirrored, bad: str
) -> None:
    edit, is_known = BAD_RECORDS[bad]
    ids = mirrored.accounts(3)
    edit = edit | {"at": [ids[1] if step == "B" else step for step in edit["at"]]}
    mirrored.spoil(edit)

    mirrored.pull()

    assert {*mirrored.names()} == ({*ids} if is_known else {ids[0], ids[2]})
    assert bool(mirrored.aside()) is (not is_known or "no date" in bad)

    # Then it is known, and bad again.
    mirrored.sandbox.set_faults()
    mirrored.pull(full=True)
    assert {*mirrored.names()} == {*ids}
    assert mirrored.aside() == []
    mirrored.spoil(edit)
    mirrored.pull(full=True)
    rows = {row.external_id: row.archived_at for row in mirrored.workspace.rows("account")}
    assert rows == dict.fromkeys(ids)

    mirrored.sandbox.set_faults()
    mirrored.sandbox.act("edit", id=ids[1], values={"Account_Name": "Tôlerie Nordet"})
    mirrored.pull()
    assert mirrored.names()[ids[1]] == "Tôlerie Nordet"


@on_sqlite
@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body_is_an_empty_one(mirrored: Mirrored, status: int) -> None:
    ids = mirrored.accounts(2)
    mirrored.pull()
    nothing = {"status": status, "body": ""}
    mirrored.sandbox.set_faults(
        {**QUERIES, "fault": nothing}, {"match": {"path": "/deleted$"}, "fault": nothing}
    )

    mirrored.pull()

    mirrored.sandbox.set_faults()
    mirrored.sandbox.act("edit", id=ids[0], values={"Account_Name": "Tôlerie"})
    mirrored.sandbox.act("delete", id=ids[1])
    mirrored.pull()
    assert mirrored.names()[ids[0]] == "Tôlerie"
    assert mirrored.workspace.row("account", ids[1]).archived_at is not None


# Archives of bulk reads.


def archive(csv: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as zipped:
        zipped.writestr("1.csv", csv)
    return made.getvalue()


@on_sqlite
@pytest.mark.parametrize("header", ["Id", "id"])
def test_an_archive_keeps_accents_and_line_breaks(mirrored: Mirrored, header: str) -> None:
    mirrored.sandbox.switches.change({"bulk_id_header": header, "bulk_page_size": 2})
    ids = [
        mirrored.create(Kind.ACCOUNT, Account_Name=name, Secteur=name) for name in NAMES_OF_PEOPLE
    ]
    mirrored.open(bulk_from=1)

    mirrored.pull()

    assert mirrored.names() == dict(zip(ids, NAMES_OF_PEOPLE, strict=True))
    assert [mirrored.held(dirty_values.SECTOR, key) for key in ids] == [*NAMES_OF_PEOPLE]
    assert "POST /crm/bulk/v8/read" in mirrored.sandbox.statistics()["requests"]


HALVES: dict[str, JsonObject] = {
    "half a ZIP": {"truncate": 0.5},
    "nothing at all": {"status": 200, "body": ""},
    "HTML": {"html": True},
    "an error under 200": {
        "status": 200,
        "body": {"code": "INTERNAL_ERROR", "status": "error", "message": "later", "details": {}},
    },
}


@on_sqlite
@pytest.mark.parametrize("half", HALVES)
def test_half_an_archive_is_none(mirrored: Mirrored, half: str) -> None:
    """What came before it is kept, and the load goes on from there."""
    mirrored.sandbox.switches.change({"bulk_page_size": 2})
    ids = mirrored.accounts(5)
    mirrored.open(bulk_from=1)
    mirrored.sandbox.set_faults({**ARCHIVES, "nth": [2, 3, 4, 5, 6], "fault": HALVES[half]})

    with pytest.raises(Retriable) as caught:
        mirrored.pull()
    said = caught.value.message
    assert ("réessaiera" in said.fr) or ("redemandera" in said.fr)
    assert len(mirrored.names()) == 2

    mirrored.sandbox.set_faults()
    mirrored.pull()

    assert {*mirrored.names()} == {*ids}


@on_sqlite
def test_an_empty_result_is_a_module_without_records(mirrored: Mirrored) -> None:
    for answer in ("header", "no_content"):
        mirrored.sandbox.switches.change({"bulk_empty_result": answer})
        mirrored.open(bulk_from=0)
        mirrored.pull(full=True)
    assert mirrored.names() == {}


@on_sqlite
@pytest.mark.parametrize("gone", ["the token of the job after it", "the job itself"])
def test_what_expires_half_way_costs_no_record(mirrored: Mirrored, gone: str) -> None:
    mirrored.sandbox.switches.change({"bulk_page_size": 2})
    ids = mirrored.accounts(5)
    mirrored.open(bulk_from=1)
    expired = {"code": "EXPIRED_VALUE", "status": "error", "message": "expired", "details": {}}
    lost = {"code": "RESOURCE_NOT_FOUND", "status": "error", "message": "gone", "details": {}}
    place = {"method": "POST", "path": "/bulk/v8/read$"}
    rule = {"match": place, "nth": 2, "fault": {"status": 400, "body": expired}}
    if gone == "the job itself":
        found = {"path": "/bulk/v8/read/[0-9]+$"}
        rule = {"match": found, "nth": 2, "fault": {"status": 404, "body": lost}}
    mirrored.sandbox.set_faults(rule)

    mirrored.pull()

    assert {*mirrored.names()} == {*ids}


@on_sqlite
def test_a_bulk_job_that_fails_gives_way_to_queries(mirrored: Mirrored) -> None:
    ids = mirrored.accounts(3)
    mirrored.sandbox.switches.change({"bulk_failure": True})
    mirrored.open(bulk_from=1)

    mirrored.pull()

    assert {*mirrored.names()} == {*ids}


# What an access does not open.


def _wrong_centre(sandbox: ZohoSandbox) -> None:
    sandbox.switches.change({"wrong_data_center": True})


def _revoke(sandbox: ZohoSandbox) -> None:
    accounts = sandbox.gateway.accounts
    accounts.revoke(SANDBOX_REFRESH_TOKEN)


def _throttle(sandbox: ZohoSandbox) -> None:
    sandbox.expire_sessions()
    sandbox.switches.change({"tokens_per_window": 0})


def _throttle_under_200(sandbox: ZohoSandbox) -> None:
    _throttle(sandbox)
    sandbox.switches.change({"throttled_status": 200})


def _another_client(sandbox: ZohoSandbox) -> None:
    sandbox.expire_sessions()
    sandbox.gateway.accounts.clients[SANDBOX_CLIENT_ID] = "another-secret"


def _nobody(sandbox: ZohoSandbox) -> None:
    sandbox.act("deactivate_user", id=sandbox.user_id("integration@arpent.example"))


NO_ACCESS: dict[str, tuple[Callable[[ZohoSandbox], None], type[ConnectorError], str]] = {
    "another data centre": (_wrong_centre, Fatal, "Vérifiez ARPENT_ZOHO_DATA_CENTER"),
    "a revoked token": (_revoke, Fatal, "refaites un code dans la console d'API"),
    "a throttled token": (_throttle, Retriable, "dix par dix minutes"),
    "a throttled token, under 200": (_throttle_under_200, Retriable, "donnez à Arpent son propre"),
    "another secret, under 200": (_another_client, Fatal, "vérifiez-les dans la console d'API"),
    "a user who left": (_nobody, Fatal, "Vérifiez ARPENT_ZOHO_DATA_CENTER"),
}


@on_sqlite
@pytest.mark.parametrize("why", NO_ACCESS)
def test_an_access_that_ends_half_way_is_told_and_keeps_what_was_read(
    mirrored: Mirrored, why: str
) -> None:
    spoil, kind, words = NO_ACCESS[why]
    ids = mirrored.accounts(3)
    mirrored.pull()
    spoil(mirrored.sandbox)

    with pytest.raises(kind) as caught:
        mirrored.pull()

    assert words in caught.value.message.fr
    assert caught.value.message.fr != caught.value.message.en
    for secret in (SANDBOX_CLIENT_SECRET, SANDBOX_REFRESH_TOKEN):
        assert secret not in f"{caught.value.message}"
    assert {*mirrored.names()} == {*ids}


@on_sqlite
@pytest.mark.parametrize("status", [401, 403])
def test_a_missing_scope_is_told_with_what_needs_it(mirrored: Mirrored, status: int) -> None:
    mirrored.sandbox.switches.change({"scope_mismatch_status": status})
    narrow = "1000.narrow.refresh"
    mirrored.sandbox.add_refresh_token(
        narrow, scope="ZohoCRM.modules.ALL,ZohoCRM.settings.ALL,ZohoCRM.users.ALL,ZohoCRM.org.READ"
    )
    mirrored.crm.close()
    mirrored.crm = opened(mirrored.sandbox, token=narrow)

    with pytest.raises(Fatal) as caught:
        mirrored.pull()

    assert "« POST coql »" in caught.value.message.fr
    assert "refaites un code avec toutes les portées" in caught.value.message.fr


# What an administrator does.


def _hide(sandbox: ZohoSandbox) -> None:
    sandbox.act("hide_module", module="Deals")


def _hide_modified(sandbox: ZohoSandbox) -> None:
    del sandbox.org.modules["Deals"].fields["Modified_Time"]


def _rename(sandbox: ZohoSandbox) -> None:
    modules = sandbox.org.modules
    modules["Opportunities"] = modules.pop("Deals")


CHANGED: dict[str, tuple[Callable[[ZohoSandbox], None], str]] = {
    "a hidden module": (_hide, "Zoho n'a pas de module « Deals »"),
    "a renamed module": (_rename, "rétablissez ce nom et montrez le module"),
    "a module without Modified_Time": (_hide_modified, "ne montre pas Modified_Time"),
}


@on_sqlite
@pytest.mark.parametrize("change", CHANGED)
def test_a_module_that_is_not_what_it_was_is_told_and_what_was_read_stays(
    mirrored: Mirrored, change: str
) -> None:
    alter, words = CHANGED[change]
    ids = mirrored.accounts(2)
    mirrored.pull()
    alter(mirrored.sandbox)
    mirrored.sandbox.clock.advance(timedelta(hours=1))
    mirrored.open()

    with pytest.raises(Fatal) as caught:
        mirrored.pull()

    assert words in caught.value.message.fr
    assert "relancez" in caught.value.message.fr
    assert {*mirrored.names()} == {*ids}


@on_sqlite
def test_a_picklist_value_that_is_unknown_is_not_written_and_the_rest_is(
    mirrored: Mirrored,
) -> None:
    """Zoho itself takes any text for an option: it is checked before."""
    first, second = mirrored.accounts(2)
    tier = OwnField(
        name="tier", type=FieldType.CHOICE, label="Niveau", description="",
        options=(("gold", "Or"), ("silver", "Argent")),
    )  # fmt: skip
    mirrored.crm.ensure("Plan de territoire", [tier], dry_run=False)

    unknown, good = mirrored.crm.update(
        [
            Change(external_id=first, values={"tier": "platinum"}),
            Change(external_id=second, values={"tier": "gold"}),
        ]
    )

    assert (unknown.state, good.state) == (State.REJECTED, State.APPLIED)
    assert "platinum" in (unknown.reason or "")
    assert unknown.remedy is not None
    assert "arpent fields ensure" in unknown.remedy.fr
    assert mirrored.sandbox.values_of(first).get("Arpent_Tier") is None


@on_sqlite
def test_a_currency_without_a_rate_is_unknown_and_never_one_to_one(mirrored: Mirrored) -> None:
    mirrored.sandbox.act("set_currencies", rates={"USD": 0.75})
    known = mirrored.create(Kind.OPPORTUNITY, Currency="USD", Amount=75.0)
    strange = mirrored.create(Kind.OPPORTUNITY, Currency="USD", Amount=75.0)
    mirrored.spoil(
        {"at": ["data", strange, "Currency"], "set": "XAF"},
        {"at": ["data", strange, "Exchange_Rate"], "set": None},
    )
    mirrored.pull()

    rows = {row.external_id: row for row in mirrored.workspace.rows("opportunity")}
    assert (rows[known].currency, rows[known].amount, rows[known].team_amount) == (
        "USD", 7_500, 10_000,
    )  # fmt: skip
    assert (rows[strange].currency, rows[strange].amount, rows[strange].team_amount) == (
        "XAF", 7_500, None,
    )  # fmt: skip


def test_an_edition_without_room_is_told_and_no_field_is_half_made() -> None:
    with ZohoSandbox(now=NOW, edition="standard") as sandbox:
        for number in range(8):
            sandbox.act(
                "create_field", module="Accounts", field_label=f"Client {number}", data_type="text"
            )
        crm = opened(sandbox)
        wanted = [
            OwnField(name=name, type=FieldType.TEXT, label=name, description="")
            for name in ("tier", "why", "quadrant")
        ]
        made = crm.ensure("Plan de territoire", wanted, dry_run=False)
        crm.close()
        fields: Mapping[str, object] = sandbox.org.modules["Accounts"].fields
        assert not [name for name in fields if name.startswith("Arpent")]

    assert {each.state for each in made} == {Provision.NO_ROOM}
    notes = [each.note for each in made if each.note]
    assert len(notes) == 3
    assert all("Standard" in note.fr and note.fr != note.en for note in notes)
