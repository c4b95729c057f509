"""What opens each CRM: which access the settings give, what is missing, where a page points."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors import registry
from connectors.base import Access, Grant, Misconfigured, Rotation
from connectors.hubspot import opening as hubspot
from connectors.salesforce import opening as salesforce
from connectors.salesforce.access import (
    ClientCredentials,
    PasswordLogin,
    SalesforceAccess,
    SignedLogin,
)
from rules.facts import VENDORS as WORDS_OF_RULES
from service import access
from service.settings import Settings, SettingsError, load_settings

KEY, NEXT, SECRET, REFRESH = "pat-key", "pat-next", "client-secret", "refresh-token"
HOME = "https://acme.my.salesforce.com"
PEM = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"


@pytest.fixture(autouse=True)
def _empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("ARPENT_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def settings(**given: object) -> Settings:
    return load_settings(database_url="sqlite:///x", **given)


def of_salesforce(**given: object) -> Settings:
    return settings(**{f"salesforce_{name}": value for name, value in given.items()})


def told(**given: object) -> str:
    """The one problem of these settings, in English."""
    with pytest.raises(SettingsError) as raised:
        settings(**given)
    (problem,) = raised.value.problems
    assert problem.fr != problem.en
    for secret in (KEY, NEXT, SECRET, REFRESH, "MIIE"):
        assert secret not in problem.fr + problem.en
    return problem.en


def told_of_salesforce(**given: object) -> str:
    return told(**{f"salesforce_{name}": value for name, value in given.items()})


def test_every_crm_is_known_by_the_word_of_the_rule_files() -> None:
    assert set(registry.VENDORS) <= set(WORDS_OF_RULES)


OPENINGS: list[tuple[dict[str, object], Access | None]] = [
    ({}, None),
    ({"hubspot_token": SecretStr("  ")}, None),
    ({"hubspot_token": SecretStr(KEY)}, SecretStr(KEY)),
    ({"hubspot_token": SecretStr(KEY), "hubspot_token_next": SecretStr(" ")}, SecretStr(KEY)),
    (
        {"hubspot_token": SecretStr(KEY), "hubspot_token_next": SecretStr(NEXT)},
        Rotation(current=SecretStr(KEY), following=SecretStr(NEXT)),
    ),
]


@pytest.mark.parametrize(("given", "opening"), OPENINGS)
def test_hubspot_is_opened_by_one_key_or_two(
    given: dict[str, object], opening: Access | None
) -> None:
    assert hubspot.access_of(settings(**given), access.keeping) == opening


def test_hubspot_is_opened_by_a_grant() -> None:
    given = settings(
        hubspot_client_id="an-id", hubspot_client_secret=SECRET, hubspot_refresh_token=REFRESH
    )

    found = hubspot.access_of(given, access.keeping)

    assert isinstance(found, Grant)
    assert (found.client_id, found.client_secret) == ("an-id", SecretStr(SECRET))
    assert found.refresh_token() == SecretStr(REFRESH)


ILL_MATCHED: list[tuple[dict[str, object], str]] = [
    ({"hubspot_client_id": "an-id"}, "ARPENT_HUBSPOT_CLIENT_SECRET, ARPENT_HUBSPOT_REFRESH_TOKEN"),
    ({"hubspot_refresh_token": SecretStr(REFRESH)}, "ARPENT_HUBSPOT_CLIENT_ID"),
    ({"hubspot_token_next": SecretStr(NEXT)}, "ARPENT_HUBSPOT_TOKEN_NEXT"),
    (
        {
            "hubspot_token": SecretStr(KEY),
            "hubspot_client_id": "an-id",
            "hubspot_client_secret": SecretStr(SECRET),
            "hubspot_refresh_token": SecretStr(REFRESH),
        },
        "ARPENT_HUBSPOT_TOKEN and ARPENT_HUBSPOT_CLIENT_ID",
    ),
]


@pytest.mark.parametrize(("given", "names"), ILL_MATCHED)
def test_settings_of_hubspot_that_do_not_go_together_are_told(
    given: dict[str, object], names: str
) -> None:
    assert told(**given).startswith(names)


LOGINS: list[tuple[dict[str, object], SalesforceAccess | None]] = [
    ({}, None),
    (
        {"url": HOME, "client_id": "key", "client_secret": SECRET},
        ClientCredentials(client_id="key", client_secret=SecretStr(SECRET)),
    ),
    (
        {
            "url": HOME,
            "client_id": "key",
            "username": "arpent@acme.com",
            "private_key": PEM.replace("\n", "\\n"),
            "audience": "test",
        },
        SignedLogin(
            client_id="key", username="arpent@acme.com", private_key=SecretStr(PEM), audience="test"
        ),
    ),
    (
        {"url": HOME, "username": "arpent@acme.com", "password": "p", "security_token": "t"},
        PasswordLogin(
            username="arpent@acme.com", password=SecretStr("p"), security_token=SecretStr("t")
        ),
    ),
]


@pytest.mark.parametrize(("given", "login"), LOGINS)
def test_salesforce_is_opened_by_the_login_that_is_set(
    given: dict[str, object], login: SalesforceAccess | None
) -> None:
    assert salesforce.access_of(of_salesforce(**given), access.keeping) == login


def test_salesforce_is_opened_by_a_grant_with_or_without_a_secret(tmp_path: Path) -> None:
    file = tmp_path / "refresh"
    file.write_text(REFRESH, encoding="utf-8")
    given = of_salesforce(url=HOME, client_id="key", refresh_token_file=file)

    found = salesforce.access_of(given, access.keeping)

    assert isinstance(found, Grant)
    assert found.refresh_token() == SecretStr(REFRESH)
    assert salesforce.VENDOR.private_files(given) == [file]
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(Misconfigured, match="ARPENT_SALESFORCE_REFRESH_TOKEN_FILE"):
        found.refresh_token()


HALF: list[tuple[dict[str, object], str]] = [
    (
        {"url": HOME},
        "ARPENT_SALESFORCE_CLIENT_ID, ARPENT_SALESFORCE_CLIENT_SECRET: the login by client",
    ),
    ({"client_id": "key", "client_secret": SECRET}, "ARPENT_SALESFORCE_URL: the login by client"),
    (
        {"url": HOME, "private_key": PEM, "client_id": "key"},
        "ARPENT_SALESFORCE_USERNAME: the login by private key (JWT)",
    ),
    (
        {"url": HOME, "refresh_token": REFRESH},
        "ARPENT_SALESFORCE_CLIENT_ID: the login by refresh token",
    ),
    ({"url": HOME, "password": SECRET}, "ARPENT_SALESFORCE_USERNAME: the login by password"),
    (
        {
            "url": HOME,
            "client_id": "key",
            "username": "u",
            "private_key": PEM,
            "refresh_token": REFRESH,
        },
        "ARPENT_SALESFORCE_PRIVATE_KEY and ARPENT_SALESFORCE_REFRESH_TOKEN:",
    ),
    (
        {
            "url": HOME,
            "client_id": "key",
            "username": "u",
            "private_key_file": "key.pem",
            "refresh_token_file": "token",
        },
        "ARPENT_SALESFORCE_PRIVATE_KEY_FILE and ARPENT_SALESFORCE_REFRESH_TOKEN_FILE:",
    ),
    (
        {
            "url": HOME,
            "client_id": "key",
            "client_secret": SECRET,
            "username": "u",
            "password": "p",
        },
        "ARPENT_SALESFORCE_PASSWORD and ARPENT_SALESFORCE_CLIENT_SECRET:",
    ),
    (
        {
            "url": HOME,
            "client_id": "key",
            "username": "u",
            "private_key": PEM,
            "private_key_file": "key.pem",
        },
        "ARPENT_SALESFORCE_PRIVATE_KEY and ARPENT_SALESFORCE_PRIVATE_KEY_FILE:",
    ),
    ({"account_id": "4242001"}, "ARPENT_SALESFORCE_ACCOUNT_ID: the id of an org is needed"),
    ({"audience": "prod"}, "ARPENT_SALESFORCE_AUDIENCE: 'login' or 'test' is needed"),
]


@pytest.mark.parametrize(("given", "words"), HALF)
def test_settings_of_salesforce_that_do_not_go_together_are_told(
    given: dict[str, object], words: str
) -> None:
    assert told_of_salesforce(**given).startswith(words)


ELSEWHERE = [
    ("https://login.salesforce.com", "write that of My Domain, like https://company.my.sales"),
    ("https://test.salesforce.com", "write that of My Domain"),
    ("https://example.com", "“example.com” is not the address of your org"),
    ("https://acme.lightning.force.com/lightning/page/home", f"write {HOME}."),
    ("http://acme.my.salesforce.com", f"write {HOME}."),
    (
        "https://acme--uat.sandbox.my.salesforce-setup.com",
        "write https://acme--uat.sandbox.my.salesforce.com.",
    ),
    ("acme.my.salesforce.com", "an address is needed (https://server)"),
]


@pytest.mark.parametrize(("url", "words"), ELSEWHERE)
def test_an_address_that_is_not_the_org_s_own_is_told_with_the_one_to_write(
    url: str, words: str
) -> None:
    said = told_of_salesforce(url=url, client_id="key", client_secret=SECRET)

    assert said.startswith("ARPENT_SALESFORCE_URL: ")
    assert words in said


def test_a_pasted_page_of_the_org_gives_its_address() -> None:
    pasted = f"{HOME}/lightning/r/Account/001000000000001AAA/view"
    given = of_salesforce(url=pasted, client_id="key", client_secret=SECRET)
    assert given.salesforce_url == HOME


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "can't be read"),
        (b"-----BEGIN CERTIFICATE-----\nMIIE\n", "is not a private key in PEM"),
        (b"\xff\xfe\x00MIIE", "is not a private key in PEM"),
    ],
)
def test_a_file_that_holds_no_private_key_is_told(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    file = tmp_path / "server.key"
    if content is not None:
        file.write_bytes(content)
    given = of_salesforce(url=HOME, client_id="key", username="u", private_key_file=file)

    with pytest.raises(Misconfigured) as raised:
        salesforce.access_of(given, access.keeping)

    said = raised.value.message.en
    assert f"{file} (ARPENT_SALESFORCE_PRIVATE_KEY_FILE) {words}" in said.removeprefix("The file ")
    assert "MIIE" not in said


def test_a_crm_that_is_not_set_says_how_to_open_it() -> None:
    for vendor in registry.VENDORS:
        with pytest.raises(Misconfigured) as raised:
            registry.open_connector(vendor, settings(), keeping=access.keeping, account_id=None)
        assert f"ARPENT_{vendor.upper()}_" in raised.value.message.fr
        assert f"ARPENT_{vendor.upper()}_" in registry.none_is_set().fr
    with pytest.raises(Misconfigured, match="hubspot, salesforce"):
        registry.open_connector("pipedrive", settings(), keeping=access.keeping, account_id=None)


def test_each_crm_is_opened_by_its_settings() -> None:
    given = settings(
        hubspot_token=KEY, salesforce_url=HOME, salesforce_client_id="key",
        salesforce_client_secret=SECRET,
    )  # fmt: skip
    for vendor, made in registry.VENDORS.items():
        assert made.is_set(given) == (vendor in {"hubspot", "salesforce"})
    for vendor in ("hubspot", "salesforce"):
        opened = registry.open_connector(vendor, given, keeping=access.keeping, account_id=None)
        assert opened.vendor == vendor
        opened.close()


PAGES = [
    ("https://app.hubspot.com/contacts/4242001/record/0-2/20009", "20009"),
    ("https://app-eu1.hubspot.com/contacts/4242001/company/20009?x=1", "20009"),
    ("http://127.0.0.1:8801/companies/20009", "20009"),
    (f"{HOME}/lightning/r/Account/0015g00000AbCdEAAV/view", "0015g00000AbCdEAAV"),
    (
        "https://acme.lightning.force.com/lightning/r/Account/0015g00000AbCdE/view",
        "0015g00000AbCdEAAV",
    ),
    (f"{HOME}/0015g00000AbCdE", "0015g00000AbCdEAAV"),
    ("0015g00000AbCdE", "0015g00000AbCdEAAV"),
    ("0065g00000AbCdE", None),
    (f"{HOME}/lightning/r/Opportunity/0065g00000AbCdEAAV/view", None),
    ("https://app.hubspot.com/contacts/4242001/record/0-3/20009", None),
    ("Boulangerie 0-2/20009 et Cie", None),
    ("20009", None),
]


@pytest.mark.parametrize(("pasted", "found"), PAGES)
def test_the_address_of_an_account_s_page_names_the_account(pasted: str, found: str | None) -> None:
    assert registry.account_in(pasted) == found
