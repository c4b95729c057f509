"""The line to an emulated Salesforce: see `line`."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr

from connectors.salesforce.access import ClientCredentials
from connectors.salesforce.connector import Salesforce
from connectors.sandbox.salesforce import (
    SANDBOX_CLIENT_KEY,
    SANDBOX_CLIENT_SECRET,
    SalesforceSandbox,
)
from connectors.sandbox.salesforce.fields import Choice
from tests.integration.line import LOOK, SECONDS, Line
from tests.integration.patience import Patience

REP = "elise@arpent.example"
FIELDS = (
    ("Account", "Lifecyclestage__c"),
    ("Account", "Potentiel_Annuel__c"),
    ("Account", "Cycle_De_Vente__c"),
    ("Opportunity", "Product__c"),
)
SOURCES = ("Client existant", "Nouveau client", "Référence")


class SalesforceLine(Line):
    """An org and its line."""

    vendor = "salesforce"
    secret = "00D000000000000!AQ"  # noqa: S105 - how they begin

    def __init__(self, org: SalesforceSandbox, file: Path) -> None:
        self.emulated = self.org = org
        super().__init__(file)
        self.accounts = [
            org.create(
                "Account",
                Name=f"Compte {number}",
                OwnerId=org.user_id(REP),
                Lifecyclestage__c="lead",
                Potentiel_Annuel__c="600000",
            )
            for number in range(4)
        ]
        self.crm: Salesforce = Salesforce(
            ClientCredentials(
                client_id=SANDBOX_CLIENT_KEY, client_secret=SecretStr(SANDBOX_CLIENT_SECRET)
            ),
            base_url=org.url,
            clock=Patience(org).clock,
            read_seconds=SECONDS,
            write_seconds=SECONDS,
            query_seconds=SECONDS,
        )

    def edit(self, key: str, *, name: str, potential: str) -> None:
        self.org.act("edit", id=key, values={"Name": name, "Potentiel_Annuel__c": potential})

    def open_a_deal(self, name: str) -> None:
        self.org.create(
            "Opportunity", Name=name, StageName="Prospecting", CloseDate="2026-12-18", Amount=100
        )

    def deals(self) -> set[str]:
        return {*self.org.org.tables["Opportunity"]}

    def seen(self, key: str) -> Mapping[str, str]:
        values = self.org.values_of(key)
        ours = {
            name.removeprefix("arpent_").removesuffix("__c"): str(value or "")
            for name, value in values.items()
            if name.startswith("arpent_")
        }
        return ours | {"name": values["Name"], "potential": values["Potentiel_Annuel__c"]}

    def task_bodies(self) -> list[str]:
        return [str(row["Description"]) for row in self.org.org.rows("Task")]


@contextmanager
def settled_line(template: Path, folder: Path) -> Iterator[SalesforceLine]:
    """A line on which all went well so far."""
    file = folder / "arpent.sqlite3"
    shutil.copy(template, file)
    with SalesforceSandbox(now=LOOK - timedelta(days=300)) as org:
        org.act("create_user", username=REP, first_name="Élise", last_name="Gagnon")
        for object_name, name in FIELDS:
            org.act("create_field", object=object_name, name=name, type="string")
        sources = org.org.objects["Opportunity"].fields["LeadSource"]
        sources.choices = [Choice(value=each, label=each) for each in SOURCES]
        line = SalesforceLine(org, file)
        line.begin()
        yield line
        line.close()
