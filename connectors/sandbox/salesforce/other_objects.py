"""The standard objects around sales: people, activities, the organization, currencies."""

from connectors.sandbox.salesforce.catalog import (
    area,
    flag,
    kind,
    link,
    make,
    number,
    pick,
    read_only,
    text,
    whole,
)
from connectors.sandbox.salesforce.fields import Field, ObjectType


def user() -> ObjectType:
    """People with a licence; never deleted, only deactivated."""
    return make(
        "User", "User", "005",
        text("Username", "Username", 80, nillable=False, unique=True, id_lookup=True),
        text("LastName", "Last Name", 80, nillable=False, compound="Name"),
        text("FirstName", "First Name", 40, compound="Name", permissionable=False),
        *read_only(text("Name", "Full Name", 121, is_name=True, nillable=False)),
        text("CompanyName", "Company Name", 80),
        text("Title", "Title", 80),
        text("Department", "Department", 80),
        kind("email", "Email", "Email", 128, nillable=False, id_lookup=True),
        text("Alias", "Alias", 8, nillable=False),
        flag("IsActive", "Active"),
        pick("TimeZoneSidKey", "Time Zone",
             "America/Toronto|America/Montreal|America/New_York|America/Vancouver|Europe/Paris|GMT",
             nillable=False, restricted=True),
        pick("LocaleSidKey", "Locale", "fr_CA|en_CA|en_US|fr_FR", nillable=False, restricted=True),
        pick("LanguageLocaleKey", "Language", "fr|en_US", nillable=False, restricted=True),
        pick("EmailEncodingKey", "Email Encoding", "UTF-8|ISO-8859-1", nillable=False,
             restricted=True),
        pick("UserType", "User Type", "Standard|AutomatedProcess|Guest", permissionable=False),
        link("ProfileId", "Profile ID", "Profile", nillable=False),
        link("UserRoleId", "Role ID", "UserRole"),
        link("ManagerId", "Manager ID", "User"),
        has_bin=False,
    )  # fmt: skip


def profile() -> ObjectType:
    """What kind of user somebody is."""
    return make(
        "Profile", "Profile", "00e",
        text("Name", "Name", 255, nillable=False, is_name=True),
        has_bin=False, is_readonly=True,
    )  # fmt: skip


def user_role() -> ObjectType:
    """A place in the role hierarchy."""
    return make(
        "UserRole", "Role", "00E",
        text("Name", "Name", 80, nillable=False, is_name=True),
        link("ParentRoleId", "Parent Role ID", "UserRole", relationship=None),
        has_bin=False,
    )  # fmt: skip


def _activity() -> list[Field]:
    """What a task and an event have in common."""
    return [
        link("WhoId", "Name ID", "Contact", "Lead"),
        link("WhatId", "Related To ID", "Account", "Opportunity"),
        Field(name="Subject", type="combobox", label="Subject", length=255),
        area("Description", "Description", 32_000),
        link("OwnerId", "Assigned To ID", "Group", "User", nillable=False, defaulted=True),
        *read_only(link("AccountId", "Account ID", "Account", permissionable=False)),
        *read_only(flag("IsArchived", "Archived")),
        flag("IsReminderSet", "Reminder Set"),
        kind("datetime", "ReminderDateTime", "Reminder Date/Time", permissionable=False),
    ]


def task() -> ObjectType:
    """Things to do, and calls and e-mails that were made."""
    return make(
        "Task", "Task", "00T",
        *_activity(),
        kind("date", "ActivityDate", "Due Date Only"),
        pick("Status", "Status", "Not Started|In Progress|Completed|Waiting on someone else"
             "|Deferred", "Not Started", nillable=False),
        pick("Priority", "Priority", "High|Normal|Low", "Normal", nillable=False),
        *read_only(flag("IsHighPriority", "High Priority"), flag("IsClosed", "Closed")),
        pick("Type", "Type", "Call|Email|Meeting|Other"),
        pick("TaskSubtype", "Task Subtype", "Task|Email|ListEmail|Cadence|Call|LinkedIn",
             "Task", restricted=True, updateable=False),
        *read_only(kind("datetime", "CompletedDateTime", "Completed Date",
                        permissionable=False)),
        pick("CallType", "Call Type", "Internal|Inbound|Outbound", restricted=True),
        whole("CallDurationInSeconds", "Call Duration"),
        text("CallDisposition", "Call Result", 255),
        is_undeletable=True,
    )  # fmt: skip


def event() -> ObjectType:
    """Meetings."""
    return make(
        "Event", "Event", "00U",
        *_activity(),
        text("Location", "Location", 255),
        flag("IsAllDayEvent", "All-Day Event"),
        kind("datetime", "StartDateTime", "Start Date Time", permissionable=False),
        kind("datetime", "EndDateTime", "End Date Time", permissionable=False),
        kind("datetime", "ActivityDateTime", "Due Date Time", permissionable=False),
        kind("date", "ActivityDate", "Due Date Only", permissionable=False),
        whole("DurationInMinutes", "Duration", permissionable=False),
        pick("Type", "Type", "Email|Meeting|Other|Call"),
        pick("EventSubtype", "Event Subtype", "Event", "Event", restricted=True,
             updateable=False),
        flag("IsPrivate", "Private"),
        flag("IsRecurrence", "Create Recurring Series of Events", updateable=False),
        flag("IsChild", "Is Child", updateable=False),
        is_undeletable=True,
    )  # fmt: skip


def organization() -> ObjectType:
    """The org itself: one row."""
    return make(
        "Organization", "Organization", "00D",
        text("Name", "Name", 80, nillable=False, is_name=True),
        pick("LanguageLocaleKey", "Language", "fr|en_US", nillable=False),
        pick("DefaultLocaleSidKey", "Locale", "fr_CA|en_CA|en_US", nillable=False),
        pick("TimeZoneSidKey", "Time Zone", "America/Toronto", nillable=False),
        *read_only(
            whole("FiscalYearStartMonth", "Fiscal Year Starts In", 9),
            flag("UsesStartDateAsFiscalYearName", "Fiscal Year Name by Start"),
            pick("OrganizationType", "Edition", "Team Edition|Professional Edition"
                 "|Enterprise Edition|Developer Edition|Unlimited Edition"),
            flag("IsSandbox", "Is Sandbox"),
            text("InstanceName", "Instance Name", 5),
            text("NamespacePrefix", "Namespace Prefix", 15),
            kind("datetime", "TrialExpirationDate", "Trial Expiration Date"),
        ),
        has_bin=False, is_readonly=True,
    )  # fmt: skip


def currency_type() -> ObjectType:
    """A currency and what one unit of the corporate currency is worth in it."""
    return make(
        "CurrencyType", "Currency Type", "01L",
        text("IsoCode", "Currency ISO Code", 3, nillable=False),
        number("ConversionRate", "Conversion Rate", 18, 6, nillable=False),
        whole("DecimalPlaces", "Decimal Places", 1, nillable=False),
        flag("IsActive", "Active"),
        flag("IsCorporate", "Corporate Currency"),
        has_bin=False,
    )  # fmt: skip


def dated_conversion_rate() -> ObjectType:
    """The rate of a currency from one day to the next rate (advanced currency management)."""
    return make(
        "DatedConversionRate", "Dated Conversion Rate", "04w",
        text("IsoCode", "Currency ISO Code", 3, nillable=False),
        kind("date", "StartDate", "Start Date", nillable=False),
        *read_only(kind("date", "NextStartDate", "Next Start Date")),
        number("ConversionRate", "Conversion Rate", 18, 6, nillable=False),
        has_bin=False,
    )  # fmt: skip


def period() -> ObjectType:
    """A month, quarter, week or year of the fiscal calendar."""
    return make(
        "Period", "Period", "026",
        pick("Type", "Type", "Month|Quarter|Week|Year"),
        kind("date", "StartDate", "Start Date", nillable=False),
        kind("date", "EndDate", "End Date", nillable=False),
        whole("Number", "Number", 9),
        flag("IsForecastPeriod", "Is Forecast Period"),
        text("FullyQualifiedLabel", "Fully Qualified Label", 80),
        has_bin=False, is_readonly=True,
    )  # fmt: skip


def task_status() -> ObjectType:
    """The statuses of a task that the org uses."""
    return make(
        "TaskStatus", "Task Status Value", "01S",
        text("MasterLabel", "Master Label", 255, nillable=False, is_name=True),
        text("ApiName", "API Name", 255, nillable=False),
        whole("SortOrder", "Sort Order", 9),
        flag("IsDefault", "Is Default"),
        flag("IsClosed", "Closed"),
        has_bin=False, is_readonly=True,
    )  # fmt: skip


def task_priority() -> ObjectType:
    """The priorities of a task that the org uses."""
    return make(
        "TaskPriority", "Task Priority Value", "01T",
        text("MasterLabel", "Master Label", 255, nillable=False, is_name=True),
        text("ApiName", "API Name", 255, nillable=False),
        whole("SortOrder", "Sort Order", 9),
        flag("IsDefault", "Is Default"),
        flag("IsHighPriority", "Is High Priority"),
        has_bin=False, is_readonly=True,
    )  # fmt: skip


def name() -> ObjectType:
    """What can be asked of a polymorphic look-up (`What.Name`, `Owner.Type`)."""
    made = make(
        "Name", "Name", None,
        text("Name", "Name", 255, is_name=True, permissionable=False),
        text("Type", "Type", 40, permissionable=False),
        text("FirstName", "First Name", 40, permissionable=False),
        text("LastName", "Last Name", 80, permissionable=False),
        text("Alias", "Alias", 8, permissionable=False),
        text("Username", "Username", 80, permissionable=False),
        kind("email", "Email", "Email", 80, permissionable=False),
        flag("IsActive", "Active"),
        has_bin=False, is_readonly=True,
    )  # fmt: skip
    for stamp in ("CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById"):
        made.remove(stamp)
    made.remove("SystemModstamp")
    return made
