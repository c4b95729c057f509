"""The standard modules of a new organization, with the fields that are of use to a sales team.

Source: the sample answers of "Fields Metadata" for each module.
"""

from collections.abc import Iterable

from connectors.sandbox.zoho.fields import Choice, Field, Module

# (API name, label, data type) of a field; more is said by keyword in `_field`.
_Row = tuple[str, str, str]

INDUSTRIES = (
    "ASP (Application Service Provider)", "Data/Telecom OEM", "Government/Military",
    "Large Enterprise", "Manufacturing", "Retail", "Service Provider", "Technology",
)  # fmt: skip
ACCOUNT_TYPES = ("Analyst", "Competitor", "Customer", "Distributor", "Partner", "Prospect",
                 "Reseller", "Supplier", "Vendor")  # fmt: skip
LEAD_SOURCES = ("Advertisement", "Cold Call", "Employee Referral", "External Referral",
                "Partner", "Trade Show", "Web Research", "Chat")  # fmt: skip
DEAL_TYPES = ("Existing Business", "New Business")
TASK_STATUSES = ("Not Started", "Deferred", "In Progress", "Completed", "Waiting for input")
TASK_PRIORITIES = ("High", "Highest", "Low", "Lowest", "Normal")
CALL_TYPES = ("Outbound", "Inbound", "Missed")
STAGES = (
    ("Qualification", 10, "Open"), ("Needs Analysis", 20, "Open"),
    ("Value Proposition", 40, "Open"), ("Identify Decision Makers", 60, "Open"),
    ("Proposal/Price Quote", 75, "Open"), ("Negotiation/Review", 90, "Open"),
    ("Closed Won", 100, "Closed Won"), ("Closed Lost", 0, "Closed Lost"),
    ("Closed Lost to Competition", 0, "Closed Lost"),
)  # fmt: skip
CONTACT_ROLES = ("Developer/Evaluator", "Decision Maker", "Purchasing", "Executive Sponsor",
                 "Engineering Lead", "Economic Decision Maker", "Product Management")  # fmt: skip


def _choices(values: Iterable[str]) -> list[Choice]:
    return [Choice(id="", actual=value, display=value) for value in values]


def _module(
    names: tuple[str, str, str, str], fields: list[Field], *, is_stamped: bool = True
) -> Module:
    api_name, singular, plural, name_field = names
    made = Module(api_name=api_name, singular=singular, plural=plural, name_field=name_field)
    first = [Field(api_name="id", label=f"{singular} Id", data_type="bigint", is_read_only=True)]
    last = _stamps() if is_stamped else []
    made.fields = {entry.api_name: entry for entry in (*first, *fields, *last)}
    return made


def _owner(label: str) -> Field:
    return Field(api_name="Owner", label=label, data_type="ownerlookup", targets=("Users",))


def _stamps() -> list[Field]:
    rows = (
        ("Created_By", "Created By", "ownerlookup"),
        ("Modified_By", "Modified By", "ownerlookup"),
        ("Created_Time", "Created Time", "datetime"),
        ("Modified_Time", "Modified Time", "datetime"),
    )
    return [
        Field(
            api_name=name,
            label=label,
            data_type=kind,
            is_read_only=True,
            targets=("Users",) if kind == "ownerlookup" else (),
        )
        for name, label, kind in rows
    ]


def _plain(*rows: _Row) -> list[Field]:
    lengths = {"textarea": 32_000, "integer": 9, "currency": 16, "website": 450, "phone": 30,
               "email": 100, "picklist": 120}  # fmt: skip
    return [
        Field(api_name=name, label=label, data_type=kind, length=lengths.get(kind, 255))
        for name, label, kind in rows
    ]


def _name(api_name: str, label: str, length: int) -> Field:
    return Field(api_name=api_name, label=label, length=length, is_mandatory=True)


def _pick(api_name: str, label: str, values: Iterable[str], *, must: bool = False) -> Field:
    return Field(api_name=api_name, label=label, data_type="picklist", length=120,
                 choices=_choices(values), is_mandatory=must)  # fmt: skip


def _look_up(api_name: str, label: str, *targets: str) -> Field:
    kind = "lookup" if len(targets) == 1 else "multi_module_lookup"
    return Field(api_name=api_name, label=label, data_type=kind, targets=targets)


def _read_only(api_name: str, label: str, kind: str) -> Field:
    return Field(api_name=api_name, label=label, data_type=kind, is_read_only=True)


def accounts() -> Module:
    """The companies."""
    return _module(
        ("Accounts", "Account", "Accounts", "Account_Name"),
        [
            _owner("Account Owner"),
            _name("Account_Name", "Account Name", 200),
            _look_up("Parent_Account", "Parent Account", "Accounts"),
            _pick("Account_Type", "Account Type", ACCOUNT_TYPES),
            _pick("Industry", "Industry", INDUSTRIES),
            *_plain(
                ("Phone", "Phone", "phone"),
                ("Website", "Website", "website"),
                ("Account_Site", "Account Site", "text"),
                ("Account_Number", "Account Number", "bigint"),
                ("Employees", "Employees", "integer"),
                ("Annual_Revenue", "Annual Revenue", "currency"),
                ("Billing_Street", "Billing Street", "text"),
                ("Billing_City", "Billing City", "text"),
                ("Billing_State", "Billing State", "text"),
                ("Billing_Code", "Billing Code", "text"),
                ("Billing_Country", "Billing Country", "text"),
                ("Shipping_City", "Shipping City", "text"),
                ("Description", "Description", "textarea"),
            ),
            _read_only("Last_Activity_Time", "Last Activity Time", "datetime"),
        ],
    )


def contacts() -> Module:
    """The people of the companies."""
    return _module(
        ("Contacts", "Contact", "Contacts", "Full_Name"),
        [
            _owner("Contact Owner"),
            *_plain(("First_Name", "First Name", "text")),
            _name("Last_Name", "Last Name", 80),
            _read_only("Full_Name", "Full Name", "text"),
            _look_up("Account_Name", "Account Name", "Accounts"),
            *_plain(
                ("Email", "Email", "email"),
                ("Phone", "Phone", "phone"),
                ("Mobile", "Mobile", "phone"),
                ("Title", "Title", "text"),
                ("Department", "Department", "text"),
                ("Description", "Description", "textarea"),
            ),
            _pick("Lead_Source", "Lead Source", LEAD_SOURCES),
            _read_only("Last_Activity_Time", "Last Activity Time", "datetime"),
        ],
    )


def deals() -> Module:
    """The possible sales; in the pages of older organizations: potentials."""
    return _module(
        ("Deals", "Deal", "Deals", "Deal_Name"),
        [
            _owner("Deal Owner"),
            _name("Deal_Name", "Deal Name", 120),
            _look_up("Account_Name", "Account Name", "Accounts"),
            _look_up("Contact_Name", "Contact Name", "Contacts"),
            _pick("Type", "Type", DEAL_TYPES),
            _pick("Pipeline", "Pipeline", ("Standard (Standard)",)),
            _pick("Stage", "Stage", (label for label, _, _ in STAGES), must=True),
            _pick("Lead_Source", "Lead Source", LEAD_SOURCES),
            _pick("Reason_For_Loss__s", "Reason For Loss", ("Expectation Mismatch", "Price",
                  "Unqualified Customer", "Lack of response", "Missed Follow Ups",
                  "Wrong Target", "Competition", "Future Interest", "Other")),
            *_plain(
                ("Amount", "Amount", "currency"),
                ("Closing_Date", "Closing Date", "date"),
                ("Next_Step", "Next Step", "text"),
                ("Probability", "Probability (%)", "integer"),
                ("Description", "Description", "textarea"),
            ),
            _read_only("Expected_Revenue", "Expected Revenue", "currency"),
            _read_only("Stage_Modified_Time", "Stage Modified Time", "datetime"),
            _read_only("Last_Activity_Time", "Last Activity Time", "datetime"),
        ],
    )  # fmt: skip


def deal_history() -> Module:
    """The stages that deals went through; nobody writes it."""
    made = _module(
        ("DealHistory", "Stage History", "Stage History", "Stage"),
        [
            _look_up("Potential_Name", "Deal Name", "Deals"),
            _pick("Stage", "Stage", (label for label, _, _ in STAGES)),
            _pick("Moved_To__s", "Moved To", (label for label, _, _ in STAGES)),
            *_plain(
                ("Amount", "Amount", "currency"),
                ("Probability", "Probability (%)", "integer"),
                ("Expected_Revenue", "Expected Revenue", "currency"),
                ("Closing_Date", "Closing Date", "date"),
                ("Stage_Duration_Calendar_Days", "Stage Duration (Calendar Days)", "integer"),
            ),
        ],
    )
    for entry in made.fields.values():
        entry.is_read_only = True
    made.is_writable = made.is_upsertable = False
    return made


def _about() -> list[Field]:
    return [
        _look_up("What_Id", "Related To", "Accounts", "Deals"),
        _look_up("Who_Id", "Contact Name", "Contacts"),
    ]


def tasks() -> Module:
    """The to-dos."""
    made = _module(
        ("Tasks", "Task", "Tasks", "Subject"),
        [
            _owner("Task Owner"),
            _name("Subject", "Subject", 255),
            *_plain(("Due_Date", "Due Date", "date"), ("Description", "Description", "textarea")),
            *_about(),
            _pick("Status", "Status", TASK_STATUSES),
            _pick("Priority", "Priority", TASK_PRIORITIES),
            Field(api_name="Remind_At", label="Reminder", data_type="event_reminder"),
            *_plain(("Send_Notification_Email", "Send Notification Email", "boolean")),
            _read_only("Closed_Time", "Closed Time", "datetime"),
        ],
    )
    made.is_upsertable = False
    return made


def events() -> Module:
    """The meetings."""
    made = _module(
        ("Events", "Meeting", "Meetings", "Event_Title"),
        [
            _owner("Host"),
            _name("Event_Title", "Title", 255),
            Field(api_name="Start_DateTime", label="From", data_type="datetime", is_mandatory=True),
            Field(api_name="End_DateTime", label="To", data_type="datetime", is_mandatory=True),
            *_about(),
            *_plain(
                ("Venue", "Location", "text"),
                ("All_day", "All day", "boolean"),
                ("Description", "Description", "textarea"),
            ),
            _read_only("Check_In_Time", "Check-In Time", "datetime"),
        ],
    )
    made.is_upsertable = False
    return made


def calls() -> Module:
    """The telephone calls, made or planned."""
    made = _module(
        ("Calls", "Call", "Calls", "Subject"),
        [
            _owner("Call Owner"),
            *_plain(("Subject", "Subject", "text")),
            _pick("Call_Type", "Call Type", CALL_TYPES, must=True),
            Field(api_name="Call_Start_Time", label="Call Start Time", data_type="datetime",
                  is_mandatory=True),
            *_plain(
                ("Call_Duration", "Call Duration", "text"),
                ("Call_Duration_in_seconds", "Call Duration (in seconds)", "integer"),
            ),
            *_about(),
            _pick("Call_Result", "Call Result", ("Interested", "Not interested", "No response/Busy",
                  "Requested more info", "Requested call back", "Invalid number")),
            _pick("Outgoing_Call_Status", "Outgoing Call Status", ("Scheduled", "Overdue",
                  "Cancelled", "Completed")),
            *_plain(("Description", "Description", "textarea")),
        ],
    )  # fmt: skip
    made.is_upsertable = False
    return made


def notes() -> Module:
    """The notes on records."""
    made = _module(
        ("Notes", "Note", "Notes", "Note_Title"),
        [
            _owner("Note Owner"),
            *_plain(
                ("Note_Title", "Note Title", "text"),
                ("Note_Content", "Note Content", "textarea"),
            ),
            Field(
                api_name="Parent_Id",
                label="Parent ID",
                data_type="multi_module_lookup",
                targets=("Accounts", "Deals", "Contacts", "Tasks"),
                is_mandatory=True,
            ),
        ],
    )
    made.is_upsertable = made.in_bulk = made.in_coql = False
    return made


def standard_modules() -> dict[str, Module]:
    """The modules of a new organization, in the order in which they are shown."""
    made = [accounts(), contacts(), deals(), tasks(), events(), calls(), notes(), deal_history()]
    return {module.api_name: module for module in made}


def currency_fields() -> list[Field]:
    """The fields that several currencies bring to modules with money."""
    return [
        Field(api_name="Currency", label="Currency", data_type="picklist", length=120),
        Field(api_name="Exchange_Rate", label="Exchange Rate", data_type="double", decimals=9),
    ]
