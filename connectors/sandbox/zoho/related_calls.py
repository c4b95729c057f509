"""What hangs on a record: its related lists, a deal's contact roles, the stages it went through.

Sources: "Related Records", "Contact Roles" and "Deal Contact Roles" of the CRM API.
"""

from connectors.sandbox.exchange import JsonObject
from connectors.sandbox.zoho.call import Call, Reply, nothing
from connectors.sandbox.zoho.effects import set_role as set_role_of
from connectors.sandbox.zoho.errors import ZohoError, invalid_data, invalid_id
from connectors.sandbox.zoho.org import Values
from connectors.sandbox.zoho.shapes import asked_fields, shown_record

# Module → related list → the module of its rows and their look-up to the record.
RELATED: dict[str, dict[str, tuple[str, str]]] = {
    "Accounts": {
        "Contacts": ("Contacts", "Account_Name"),
        "Deals": ("Deals", "Account_Name"),
        "Tasks": ("Tasks", "What_Id"),
        "Events": ("Events", "What_Id"),
        "Calls": ("Calls", "What_Id"),
        "Notes": ("Notes", "Parent_Id"),
    },
    "Contacts": {
        "Deals": ("Deals", "Contact_Name"),
        "Tasks": ("Tasks", "Who_Id"),
        "Notes": ("Notes", "Parent_Id"),
    },
    "Deals": {
        "Stage_History": ("DealHistory", "Potential_Name"),
        "Tasks": ("Tasks", "What_Id"),
        "Events": ("Events", "What_Id"),
        "Calls": ("Calls", "What_Id"),
        "Notes": ("Notes", "Parent_Id"),
        "Contact_Roles": ("Contacts", ""),
    },
}


def related(call: Call) -> Reply:
    """`GET /{module}/{id}/{list}?fields=`."""
    call.allow("fields", "page", "per_page")
    parent, name = call.module(), call.params["list"]
    found = RELATED.get(parent.api_name, {}).get(name)
    if found is None:
        raise ZohoError("INVALID_DATA", "the relation name given seems to be invalid",
                        {"resource_path_index": 2})  # fmt: skip
    if call.org.seen(parent.api_name, call.params["id"]) is None:
        raise invalid_id()
    child, look_up = call.org.modules[found[0]], found[1]
    more = () if look_up else ("Contact_Role",)
    names = asked_fields(call, child, call.required("fields").split(","), more)
    if not look_up:
        rows = _with_roles(call, names)
    else:
        wanted = call.params["id"]
        linked = [row for row in call.org.rows(child.api_name) if row.get(look_up) == wanted]
        linked.sort(key=_last_first, reverse=True)
        rows = [shown_record(call, child, row, names) for row in linked]
    size, number = call.page_size(), call.number("page", 1)
    page = rows[(number - 1) * size : number * size]
    if not page:
        return nothing()
    info = {
        "per_page": size,
        "count": len(page),
        "page": number,
        "more_records": number * size < len(rows),
    }
    return Reply(body={"data": page, "info": info})


def _last_first(row: Values) -> tuple[object, int]:
    return row["Modified_Time"], int(row["id"])


def _with_roles(call: Call, names: list[str]) -> list[JsonObject]:
    contacts = call.org.modules["Contacts"]
    rows = []
    for contact_id, role_id in call.org.deal_roles.get(call.params["id"], {}).items():
        values = call.org.seen("Contacts", contact_id)
        if values is not None:
            role = {"name": call.org.contact_roles[role_id], "id": role_id}
            row = shown_record(call, contacts, values, names)
            rows.append(row | {"Contact_Role": role})
    return rows


def set_role(call: Call) -> Reply:
    """`PUT /Deals/{id}/Contact_Roles/{contact}` with `{"data": [{"Contact_Role": …}]}`."""
    call.allow()
    deal, contact = call.params["id"], call.params["contact"]
    if deal not in call.org.tables["Deals"] or contact not in call.org.tables["Contacts"]:
        raise invalid_id()
    [row] = call.rows("data", 1)
    given = row.get("Contact_Role")
    wanted = given.get("id") if isinstance(given, dict) else given
    by_name = {name: one for one, name in call.org.contact_roles.items()}
    role = wanted if wanted in call.org.contact_roles else by_name.get(str(wanted))
    if isinstance(given, dict) and role is None:
        role = by_name.get(str(given.get("name")))
    if role is None:
        raise invalid_data("Contact_Role", json_path="$.data[0].Contact_Role")
    set_role_of(call.org, deal, contact, role)
    return Reply(body={"data": [_done(contact, "relation added")]})


def remove_role(call: Call) -> Reply:
    """`DELETE /Deals/{id}/Contact_Roles/{contact}`."""
    call.allow()
    deal, contact = call.params["id"], call.params["contact"]
    if contact not in call.org.deal_roles.get(deal, {}):
        raise invalid_id()
    set_role_of(call.org, deal, contact, None)
    return Reply(body={"data": [_done(call.params["contact"], "relation removed")]})


def roles(call: Call) -> Reply:
    """`GET /Contacts/roles`."""
    call.allow()
    rows = [
        {"id": one, "name": name, "sequence_number": place}
        for place, (one, name) in enumerate(call.org.contact_roles.items(), 1)
    ]
    return Reply(body={"contact_roles": rows}) if rows else nothing()


def _done(record_id: str, message: str) -> JsonObject:
    return {
        "code": "SUCCESS",
        "details": {"id": record_id},
        "message": message,
        "status": "success",
    }
