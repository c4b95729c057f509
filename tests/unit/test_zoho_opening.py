"""Opening Zoho: which settings go together, and where they lead."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from connectors.base import Grant, Misconfigured
from connectors.zoho.opening import VENDOR, ZohoSettings
from rules.records import Kind
from tests.unit.zoho_office import ORG, Office, opened

WHOLE: dict[str, Any] = {
    "zoho_client_id": "1000.client",
    "zoho_client_secret": "secret",
    "zoho_refresh_token": "1000.refresh",
    "zoho_data_center": "ca",
}


def keeping(
    *, client_id: str, client_secret: SecretStr, given: SecretStr | None, file: Path | None,
    setting: str,
) -> Grant:  # fmt: skip
    assert file is None
    assert setting == "ARPENT_ZOHO_REFRESH_TOKEN_FILE"
    return Grant(
        client_id=client_id, client_secret=client_secret,
        refresh_token=lambda: given or SecretStr(""), keep=lambda _: True,
    )  # fmt: skip


def test_whole_settings_have_no_problem() -> None:
    settings = ZohoSettings(**WHOLE)

    assert VENDOR.is_set(settings)
    assert list(VENDOR.problems(settings)) == []
    assert not VENDOR.is_set(ZohoSettings())
    assert list(VENDOR.problems(ZohoSettings())) == []


@pytest.mark.parametrize("missing", list(WHOLE))
def test_what_is_missing_is_named(missing: str) -> None:
    settings = ZohoSettings(**{name: one for name, one in WHOLE.items() if name != missing})

    (problem,) = VENDOR.problems(settings)

    assert f"ARPENT_{missing.upper()}" in problem.en
    assert f"ARPENT_{missing.upper()}" in problem.fr


def test_two_places_are_one_too_many() -> None:
    (problem,) = VENDOR.problems(ZohoSettings(**WHOLE, zoho_url="http://127.0.0.1:1"))

    assert "Remove one" in problem.en


@pytest.mark.parametrize(
    "wrong",
    [
        {"zoho_data_center": "qc"},
        {"zoho_url": "https://user:key@accounts.zoho.com"},
        {"zoho_account_id": "Érablière"},
    ],
)
def test_settings_that_mean_nothing_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        ZohoSettings(**{**WHOLE, **wrong})


def test_the_number_of_an_organization_may_be_pasted_as_its_address_has_it() -> None:
    assert ZohoSettings(zoho_account_id="org110001234567").zoho_account_id == ORG


def test_it_opens_at_the_address_and_is_pinned() -> None:
    with opened(Office()) as office:
        settings = ZohoSettings(**{**WHOLE, "zoho_data_center": None, "zoho_url": office.url})
        zoho = VENDOR.open(settings, keeping=keeping, account_id=ORG)

        assert zoho.identify().account_id == ORG
        assert zoho.record_url(Kind.OPPORTUNITY, "7") == (
            f"{office.url}/crm/org{ORG}/tab/Potentials/7"
        )
        page = zoho.record_url(Kind.ACCOUNT, "554023000000527001")
        assert VENDOR.account_in(page) == "554023000000527001"
        alone, edition = zoho.remarks()
        assert (alone.is_fine, edition.is_fine) == (False, True)
        assert "ARPENT_ZOHO_REFRESH_TOKEN_FILE" in alone.text.en
        assert len(zoho.setup_steps()) == 1
        zoho.close()


def test_nothing_set_opens_nothing() -> None:
    with pytest.raises(Misconfigured, match="Self Client"):
        VENDOR.open(ZohoSettings(), keeping=keeping, account_id=None)


def test_secrets_are_not_shown() -> None:
    assert "1000.refresh" not in repr(ZohoSettings(**WHOLE))


def test_the_page_of_an_account_is_recognised() -> None:
    page = "https://crm.zohocloud.ca/crm/org110001234567/tab/Accounts/554023000000527001"

    assert VENDOR.account_in(page) == "554023000000527001"
    assert VENDOR.account_in("https://crm.zohocloud.ca/crm/org1/tab/Contacts/55") is None
