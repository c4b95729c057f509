"""The standard objects of sales: accounts, contacts, opportunities and what hangs on them.

Names, types and lengths are those of Salesforce's object reference.
"""

from connectors.sandbox.salesforce.catalog import (
    area,
    flag,
    kind,
    link,
    make,
    number,
    pick,
    read_only,
    system,
    text,
    whole,
)
from connectors.sandbox.salesforce.fields import Field, ObjectType

INDUSTRIES = (
    "Agriculture|Apparel|Banking|Biotechnology|Chemicals|Communications|Construction|Consulting"
    "|Education|Electronics|Energy|Engineering|Entertainment|Environmental|Finance"
    "|Food & Beverage|Government|Healthcare|Hospitality|Insurance|Machinery|Manufacturing|Media"
    "|Not For Profit|Recreation|Retail|Shipping|Technology|Telecommunications|Transportation"
    "|Utilities|Other"
)
_SOURCES = "Web|Phone Inquiry|Partner Referral|Purchased List|Other"
_ROLES = (
    "Business User|Decision Maker|Economic Buyer|Economic Decision Maker|Evaluator"
    "|Executive Sponsor|Influencer|Technical Buyer|Other"
)
FORECASTS = "Omitted|Pipeline|Best Case|Most Likely|Commit|Closed"


def address(prefix: str, label: str) -> list[Field]:
    """The parts of an address and the compound field that joins them."""
    whole_name = f"{prefix}Address"
    parts = [
        area(f"{prefix}Street", f"{label} Street", 255),
        text(f"{prefix}City", f"{label} City", 40),
        text(f"{prefix}State", f"{label} State/Province", 80),
        text(f"{prefix}PostalCode", f"{label} Zip/Postal Code", 20),
        text(f"{prefix}Country", f"{label} Country", 80),
    ]
    for part in parts:
        part.compound = whole_name
    joined = kind("address", whole_name, f"{label} Address")
    return [*parts, *read_only(joined)]


def account() -> ObjectType:
    """Companies."""
    return make(
        "Account", "Account", "001",
        system(link("MasterRecordId", "Master Record ID", "Account", relationship="MasterRecord")),
        text("Name", "Account Name", 255, nillable=False, is_name=True),
        pick("Type", "Account Type", "Prospect|Customer - Direct|Customer - Channel"
             "|Channel Partner / Reseller|Installation Partner|Technology Partner|Other",
             length=40),
        link("ParentId", "Parent Account ID", "Account", relationship="Parent"),
        *address("Billing", "Billing"),
        *address("Shipping", "Shipping"),
        kind("phone", "Phone", "Account Phone", 40),
        kind("phone", "Fax", "Account Fax", 40),
        text("AccountNumber", "Account Number", 40),
        kind("url", "Website", "Website", 255),
        text("Sic", "SIC Code", 20),
        pick("Industry", "Industry", INDUSTRIES, length=40),
        number("AnnualRevenue", "Annual Revenue", 18, type="currency"),
        whole("NumberOfEmployees", "Employees"),
        pick("Ownership", "Ownership", "Public|Private|Subsidiary|Other", length=40),
        area("Description", "Account Description"),
        pick("Rating", "Account Rating", "Hot|Warm|Cold", length=40),
        text("Site", "Account Site", 80),
        link("OwnerId", "Owner ID", "User", nillable=False, defaulted=True),
        pick("AccountSource", "Account Source", _SOURCES, length=40),
        *read_only(kind("date", "LastActivityDate", "Last Activity", permissionable=False)),
        is_mergeable=True, is_undeletable=True,
    )  # fmt: skip


def contact() -> ObjectType:
    """People at companies."""
    return make(
        "Contact", "Contact", "003",
        system(link("MasterRecordId", "Master Record ID", "Contact", relationship="MasterRecord")),
        link("AccountId", "Account ID", "Account"),
        text("LastName", "Last Name", 80, nillable=False, compound="Name"),
        text("FirstName", "First Name", 40, compound="Name", permissionable=False),
        *read_only(text("Name", "Full Name", 121, is_name=True, nillable=False)),
        *address("Mailing", "Mailing"),
        kind("phone", "Phone", "Business Phone", 40),
        kind("phone", "MobilePhone", "Mobile Phone", 40),
        kind("email", "Email", "Email", 80, id_lookup=True),
        text("Title", "Title", 128),
        text("Department", "Department", 80),
        pick("LeadSource", "Lead Source", _SOURCES),
        area("Description", "Contact Description"),
        link("OwnerId", "Owner ID", "User", nillable=False, defaulted=True),
        *read_only(kind("date", "LastActivityDate", "Last Activity", permissionable=False)),
        is_mergeable=True, is_undeletable=True,
    )  # fmt: skip


def opportunity() -> ObjectType:
    """Deals."""
    return make(
        "Opportunity", "Opportunity", "006",
        link("AccountId", "Account ID", "Account"),
        text("Name", "Name", 120, nillable=False, is_name=True, id_lookup=True),
        area("Description", "Description"),
        pick("StageName", "Stage", "", nillable=False),
        number("Amount", "Amount", 18, 2, type="currency"),
        number("Probability", "Probability (%)", 3, type="percent"),
        *read_only(number("ExpectedRevenue", "Expected Amount", 18, 2, type="currency")),
        number("TotalOpportunityQuantity", "Quantity", 18, 2),
        kind("date", "CloseDate", "Close Date", nillable=False),
        pick("Type", "Opportunity Type", "Existing Customer - Upgrade"
             "|Existing Customer - Replacement|Existing Customer - Downgrade|New Customer"),
        text("NextStep", "Next Step", 255),
        pick("LeadSource", "Lead Source", _SOURCES),
        *read_only(
            flag("IsClosed", "Closed"),
            flag("IsWon", "Won"),
            pick("ForecastCategory", "Forecast Category",
                 "Omitted|Pipeline|BestCase|MostLikely|Forecast|Closed", nillable=False,
                 length=40, restricted=True),
        ),
        pick("ForecastCategoryName", "Forecast Category", FORECASTS, restricted=True,
             permissionable=False),
        link("OwnerId", "Owner ID", "User", nillable=False, defaulted=True),
        link("ContactId", "Contact ID", "Contact", updateable=False, relationship=None,
             permissionable=False),
        *read_only(
            flag("HasOpportunityLineItem", "Has Line Item"),
            whole("FiscalQuarter", "Fiscal Quarter", 8, permissionable=False),
            whole("FiscalYear", "Fiscal Year", 8, permissionable=False),
            text("Fiscal", "Fiscal Period", 6, permissionable=False),
            whole("PushCount", "Push Count", 9, permissionable=False),
            kind("datetime", "LastStageChangeDate", "Last Stage Change Date",
                 permissionable=False),
            kind("date", "LastActivityDate", "Last Activity", permissionable=False),
        ),
        plural="Opportunities", is_undeletable=True,
    )  # fmt: skip


def opportunity_history() -> ObjectType:
    """One row for each change of amount, probability, stage or close date; never written to."""
    made = make(
        "OpportunityHistory", "Opportunity History", "008",
        link("OpportunityId", "Opportunity ID", "Opportunity", nillable=False),
        pick("StageName", "Stage Name", "", nillable=False),
        number("Amount", "Amount", 18, 2, type="currency"),
        number("ExpectedRevenue", "Expected Revenue", 18, 2, type="currency"),
        kind("date", "CloseDate", "Close Date"),
        number("Probability", "Probability", 3, type="percent"),
        pick("ForecastCategory", "To ForecastCategory",
             "Omitted|Pipeline|BestCase|MostLikely|Forecast|Closed"),
        number("PrevAmount", "Previous Amount", 18, 2, type="currency"),
        kind("date", "PrevCloseDate", "Previous Close Date"),
        plural="Opportunity History", is_readonly=True,
    )  # fmt: skip
    made.remove("LastModifiedDate")
    made.remove("LastModifiedById")
    return made


def account_history() -> ObjectType:
    """One row for each change of a tracked field; never written to, its values in no condition."""
    made = make(
        "AccountHistory", "Account History", "017",
        link("AccountId", "Account ID", "Account", nillable=False),
        pick("DataType", "Datatype", "Boolean|Currency|DateOnly|DateTime|Double|DynamicEnum|Text",
             restricted=True),
        pick("Field", "Changed Field", "", nillable=False, restricted=True),
        kind("anyType", "OldValue", "Old Value", permissionable=False),
        kind("anyType", "NewValue", "New Value", permissionable=False),
        plural="Account History", is_readonly=True,
    )  # fmt: skip
    for stamp in ("LastModifiedDate", "LastModifiedById", "SystemModstamp"):
        made.remove(stamp)
    return made


def opportunity_stage() -> ObjectType:
    """The stages that an administrator set up."""
    return make(
        "OpportunityStage", "Opportunity Stage", "01J",
        text("MasterLabel", "Master Label", 255, nillable=False, is_name=True),
        text("ApiName", "API Name", 255, nillable=False),
        flag("IsActive", "Is Active"),
        whole("SortOrder", "Sort Order", 9),
        flag("IsClosed", "Closed"),
        flag("IsWon", "Won"),
        pick("ForecastCategory", "Forecast Category",
             "Omitted|Pipeline|BestCase|MostLikely|Forecast|Closed"),
        pick("ForecastCategoryName", "Forecast Category Name", FORECASTS),
        number("DefaultProbability", "Probability (%)", 3, type="percent"),
        area("Description", "Description", 255),
        has_bin=False, is_readonly=True,
    )  # fmt: skip


def opportunity_contact_role() -> ObjectType:
    """Who plays which part in a deal."""
    return make(
        "OpportunityContactRole", "Opportunity Contact Role", "00K",
        link("OpportunityId", "Opportunity ID", "Opportunity", nillable=False, updateable=False),
        link("ContactId", "Contact ID", "Contact", nillable=False),
        pick("Role", "Role", _ROLES, length=40, permissionable=False),
        flag("IsPrimary", "Primary"),
        plural="Opportunity Contact Role",
    )  # fmt: skip


def account_contact_role() -> ObjectType:
    """Who plays which part at a company."""
    return make(
        "AccountContactRole", "Account Contact Role", "02Z",
        link("AccountId", "Account ID", "Account", nillable=False, updateable=False),
        link("ContactId", "Contact ID", "Contact", nillable=False),
        pick("Role", "Role", _ROLES, length=40, permissionable=False),
        flag("IsPrimary", "Primary"),
    )  # fmt: skip
