"""Zoho's connector under the contract, against the emulated organization."""

import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
from pydantic import SecretStr

from connectors.base import Binding, Grant, OwnField, Provision
from connectors.pace import Clock
from connectors.sandbox.zoho import (
    SANDBOX_CLIENT_ID,
    SANDBOX_CLIENT_SECRET,
    SANDBOX_REFRESH_TOKEN,
    ZohoSandbox,
)
from connectors.sandbox.zoho.setup import ADMIN
from connectors.zoho.connector import Zoho
from rules.records import FieldType, Kind
from tests.contract.crm import POTENTIAL, SECTOR, Crm
from tests.contract.in_salesforce import OWNER, hurried

# The columns of `Crm.put_accounts`, and the fields that an administrator made for them.
FIELDS = {"name": "Account_Name", "potentiel": "Potentiel", "secteur": "Secteur"}
_TYPES = {FieldType.TEXT: "text", FieldType.NUMBER: "double"}
# With which the organization is seeded: tokens end, and Zoho ends the oldest of many.
PEOPLE_S = "1000.people.refresh"
# How many custom fields accounts may have in the smallest edition that has any.
_STANDARD = 10


def granted(token: str = SANDBOX_REFRESH_TOKEN) -> Grant:
    """The grant of a refresh token of the emulated organization's; one that replaces it is kept."""
    held = [SecretStr(token)]

    def keep(replacing: SecretStr) -> bool:
        held[0] = replacing
        return True

    return Grant(
        client_id=SANDBOX_CLIENT_ID,
        client_secret=SecretStr(SANDBOX_CLIENT_SECRET),
        refresh_token=lambda: held[0],
        keep=keep,
    )


class InZoho(Crm):
    """Zoho's connector and the emulated organization, which is seeded through its public API."""

    connector: Zoho
    open_stage = "Qualification"
    won_stage = "Closed Won"
    lost_stage = "Closed Lost"
    missing_id = "5843104000000404404"
    potential = Binding(
        kind=Kind.ACCOUNT, name=POTENTIAL.name, crm_field="Potentiel", type=POTENTIAL.type
    )
    sector = Binding(
        kind=Kind.ACCOUNT,
        name=SECTOR.name,
        crm_field="Secteur",
        type=SECTOR.type,
        values=SECTOR.values,
    )
    # A token, and the organization.
    calls_to_identify = 2
    accounts_per_opportunity = 1
    remade = Provision.CREATED
    tells_kept_form = False
    tells_survivor = False

    def __init__(self, sandbox: ZohoSandbox, clock: Clock | None = None) -> None:
        self.sandbox = sandbox
        self.account_id = sandbox.org_id
        # A list of fields, no older than some seconds, comes first; where options are refused by
        # one name, the first batch is sent again by the other.
        is_refused = sandbox.switches.strict_picklists and sandbox.switches.option_name == "actual"
        self.calls_to_write_three_batches = 5 if is_refused else 4
        self._first_that_counts = 2 if is_refused else 1
        self.owner_id = sandbox.user_id(OWNER)
        self.grant = granted()
        self.connector = Zoho(
            self.grant, accounts=sandbox.url, clock=clock or hurried(), sweep_every=0
        )
        self.tokens_of_people = 0
        sandbox.add_refresh_token(PEOPLE_S, user=ADMIN)
        # Without certificates, which take their time to be read: it is this machine that is called.
        no_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._http = httpx.Client(base_url=f"{sandbox.url}/crm/v8", verify=no_tls)

    def close(self) -> None:
        self._http.close()
        self.connector.close()

    def put_accounts(self, rows: Sequence[Mapping[str, str]]) -> list[str]:
        ids: list[str] = []
        for start in range(0, len(rows), 100):
            records = [
                {
                    "Owner": {"id": self.owner_id},
                    **{FIELDS[column]: value for column, value in row.items()},
                }
                for row in rows[start : start + 100]
            ]
            ids += self._created("Accounts", records)
        return ids

    def rename_account(self, account: str, name: str) -> None:
        self.sandbox.act("edit", id=account, values={"Account_Name": name})

    def put_opportunity(self, amount: str, stage: str, accounts: Sequence[str]) -> str:
        return self._create(
            "Deals",
            Deal_Name="Presse",
            Amount=float(amount),
            Stage=stage,
            Account_Name={"id": accounts[0]},
            Owner={"id": self.owner_id},
            Closing_Date="2026-12-18",
        )

    def move_opportunity(self, opportunity: str, stage: str) -> None:
        # Stamps are cut to the second.
        self.sandbox.clock.advance(timedelta(seconds=2))
        self._put("Deals", opportunity, {"Stage": stage, "Amount": 900})

    def put_contact(self, account: str) -> str:
        return self._create("Contacts", Last_Name="Roy", Account_Name={"id": account})

    def put_call(self, account: str, *, is_completed: bool) -> str:
        return self._create(
            "Calls",
            Subject="Appel",
            Call_Type="Outbound",
            Call_Start_Time="2026-11-02T10:00:00-05:00",
            Outgoing_Call_Status="Completed" if is_completed else "Scheduled",
            What_Id={"id": account},
            **{"$se_module": "Accounts"},
        )

    def archive(self, _kind: Kind, external_id: str) -> None:
        self.sandbox.act("delete", id=external_id)

    def merge(self, loser: str, winner: str) -> str:
        return str(self.sandbox.act("merge", id=winner, losers=[loser])["id"])

    def edit_own_field(self, account: str, name: str, value: str) -> None:
        self._edit(account, name, value)
        self._commit()

    def declare(self, own_field: OwnField) -> None:
        self.sandbox.act(
            "create_field",
            module="Accounts",
            field_label=_label(own_field.name),
            data_type=_TYPES[own_field.type],
        )

    def lose_the_next_answer(self) -> None:
        self._lose("/Accounts$", "/Tasks$")

    def tasks(self) -> int:
        return len(self.sandbox.org.tables["Tasks"])

    def finish_task(self, task_id: str) -> None:
        self.sandbox.act("complete_task", id=task_id)
        self._commit()

    def put_off_task(self, task_id: str, status: str | None = None) -> None:
        word = {} if status is None else {"status": status}
        self.sandbox.act("defer_task", id=task_id, **word)
        self._commit()

    def move_task(self, task_id: str, day: str) -> None:
        self.sandbox.act("redate_task", id=task_id, due=day)
        self._commit()

    def delete_task(self, task_id: str) -> None:
        self.sandbox.act("delete_task", id=task_id)
        self._commit()

    def is_task_done(self, task_id: str) -> bool:
        return self.sandbox.values_of(task_id).get("Closed_Time") is not None

    def task_text(self, task_id: str) -> tuple[str, str]:
        values = self.sandbox.values_of(task_id)
        return values["Subject"], values["Description"]

    def lock(self, account: str) -> None:
        self.sandbox.act("lock", id=account)

    def unlock(self, account: str) -> None:
        self.sandbox.act("unlock", id=account)

    def keep_upper_case(self, name: str) -> None:
        self.sandbox.switches.change({"before_save": {f"Accounts.{own_name(name)}": "upper"}})

    def limit_fields(self, more: int) -> None:
        """An edition of ten custom fields a module, all but so many of them taken."""
        self.sandbox.switches.change({"edition": "standard"})
        accounts = self.sandbox.org.modules["Accounts"]
        fillers = [one for one in accounts.custom_fields if one.api_name.startswith("Rempli")]
        for field in fillers:
            self.sandbox.act("delete_field", module="Accounts", field=field.api_name)
        for number in range(_STANDARD - len(accounts.custom_fields) - more):
            self.sandbox.act(
                "create_field", module="Accounts", field_label=f"Rempli {number}", data_type="text"
            )

    def delete_own_field(self, name: str) -> None:
        self.sandbox.act("delete_field", module="Accounts", field=own_name(name))

    def settle(self) -> None:
        # Past the safety lag.
        self.sandbox.clock.advance(timedelta(minutes=30))

    def catch_up(self) -> None:
        self.sandbox.clock.advance(timedelta(minutes=6))

    def _edit(self, account: str, name: str, value: str | None, **actor: str) -> None:
        self.sandbox.act("edit", id=account, values={own_name(name): value}, **actor)

    def _commit(self) -> None:
        """A person's change is seen once it is committed, which may be later than its stamp."""
        self.sandbox.clock.advance(timedelta(seconds=3))

    def _lose(self, *paths: str) -> None:
        """Lose the answer to the next write that is carried out."""
        rules = [
            {
                "match": {"method": "(POST|PUT)", "path": path},
                "nth": self._first_that_counts if "Accounts" in path else 1,
                "fault": {"drop_after_commit": True},
            }
            for path in paths
        ]
        self.sandbox.set_faults(*rules)

    def _create(self, module: str, **values: object) -> str:
        return self._created(module, [values])[0]

    def _created(self, module: str, records: Sequence[Mapping[str, object]]) -> list[str]:
        made = self._written("POST", module, records)
        return [one["details"]["id"] for one in made]

    def _put(self, module: str, key: str, values: Mapping[str, Any]) -> None:
        self._written("PUT", module, [{"id": key, **values}])

    def _written(
        self, method: str, module: str, records: Sequence[Mapping[str, object]]
    ) -> list[dict[str, Any]]:
        token = self.sandbox.open_session(PEOPLE_S)
        self.tokens_of_people += 1
        answer = self._http.request(
            method,
            f"/{module}",
            json={"data": list(records), "trigger": []},
            headers={"Authorization": f"Zoho-oauthtoken {token}"},
        )
        found: list[dict[str, Any]] = answer.raise_for_status().json()["data"]
        return found


@contextmanager
def organization_of_one_owner() -> Iterator[ZohoSandbox]:
    """An organization with a rep, with the fields that an administrator made, and short pages."""
    with ZohoSandbox() as organization:
        organization.act("create_user", email=OWNER, first_name="Élise", last_name="Gagnon")
        for label in ("Potentiel", "Secteur"):
            organization.act("create_field", module="Accounts", field_label=label, data_type="text")
        # So that 230 accounts are several.
        organization.switches.change({"short_pages": 100})
        yield organization


def _label(name: str) -> str:
    return f"Arpent {name.replace('_', ' ').title()}"


def own_name(name: str) -> str:
    """The API name that a field of ours has."""
    return _label(name).replace(" ", "_")
