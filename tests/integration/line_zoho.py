"""The line to an emulated Zoho CRM: see `line`."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr

from connectors.base import Grant
from connectors.sandbox.zoho import (
    SANDBOX_CLIENT_ID,
    SANDBOX_CLIENT_SECRET,
    SANDBOX_REFRESH_TOKEN,
    ZohoSandbox,
)
from connectors.zoho.connector import Zoho
from tests.integration.line import LOOK, SECONDS, Line
from tests.integration.line_salesforce import REP, SOURCES
from tests.integration.patience import Patience

FIELDS = (
    ("Accounts", "Lifecyclestage"),
    ("Accounts", "Potentiel Annuel"),
    ("Accounts", "Cycle De Vente"),
    ("Deals", "Product"),
)


class ZohoLine(Line):
    """An organization and its line."""

    vendor = "zoho"
    secret = "1000."  # noqa: S105 - how they begin

    def __init__(self, sandbox: ZohoSandbox, file: Path) -> None:
        self.emulated = self.sandbox = sandbox
        super().__init__(file)
        self.accounts = [
            sandbox.create(
                "Accounts",
                Account_Name=f"Compte {number}",
                Owner={"id": sandbox.user_id(REP)},
                Lifecyclestage="lead",
                Potentiel_Annuel="600000",
            )
            for number in range(4)
        ]
        grant = Grant(
            client_id=SANDBOX_CLIENT_ID,
            client_secret=SecretStr(SANDBOX_CLIENT_SECRET),
            refresh_token=lambda: SecretStr(SANDBOX_REFRESH_TOKEN),
            keep=lambda _: True,
        )
        self.crm: Zoho = Zoho(
            grant,
            accounts=sandbox.url,
            clock=Patience(sandbox).clock,
            read_seconds=SECONDS,
            write_seconds=SECONDS,
            query_seconds=SECONDS,
        )

    def edit(self, key: str, *, name: str, potential: str) -> None:
        values = {"Account_Name": name, "Potentiel_Annuel": potential}
        self.sandbox.act("edit", id=key, values=values)

    def open_a_deal(self, name: str) -> None:
        self.sandbox.create(
            "Deals",
            Deal_Name=name,
            Stage="Qualification",
            Closing_Date="2026-12-18",
            Amount=100.0,
        )

    def deals(self) -> set[str]:
        return {*self.sandbox.org.tables["Deals"]}

    def seen(self, key: str) -> Mapping[str, str]:
        values = self.sandbox.values_of(key)
        fields = self.sandbox.org.modules["Accounts"].fields
        ours = {
            name.removeprefix("Arpent_").lower(): self._lasting(name, str(value or ""))
            for name, value in values.items()
            if name in fields and name.startswith("Arpent_")
        }
        return ours | {"name": values["Account_Name"], "potential": values["Potentiel_Annuel"]}

    def _lasting(self, name: str, shown: str) -> str:
        """An option by the name that stays; any other value as it is."""
        choices = self.sandbox.org.modules["Accounts"].fields[name].choices
        return next((each.actual for each in choices if each.display == shown), shown)

    def task_bodies(self) -> list[str]:
        return [str(row.get("Description")) for row in self.sandbox.org.rows("Tasks")]


@contextmanager
def settled_line(template: Path, folder: Path) -> Iterator[ZohoLine]:
    """A line on which all went well so far."""
    file = folder / "arpent.sqlite3"
    shutil.copy(template, file)
    with ZohoSandbox(now=LOOK - timedelta(days=300)) as sandbox:
        sandbox.act("create_user", email=REP, first_name="Élise", last_name="Gagnon")
        for module, label in FIELDS:
            sandbox.act("create_field", module=module, field_label=label, data_type="text")
        for source in SOURCES:
            sandbox.act("add_choice", module="Deals", field="Lead_Source", value=source)
        line = ZohoLine(sandbox, file)
        line.begin()
        yield line
        line.close()
