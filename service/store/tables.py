"""The tables of a workspace: one company, several CRM connections, no tenant column.

Columns `*_at` hold instants (UTC milliseconds), `*_on` hold days of the team's zone, `*_amount`
hold minor units of money: plain integers, so that SQLite and PostgreSQL compute alike.
Custom CRM fields live in the typed slots of `account` and `opportunity`; `field_binding` says
which playbook name sits in which slot.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# How many slots each type has; money holds minor units, a date holds a day.
ACCOUNT_SLOTS = {"number": 8, "money": 6, "text": 12, "date": 6, "yes_no": 6}
OPPORTUNITY_SLOTS = {"number": 2, "money": 2, "text": 6, "date": 2, "yes_no": 2}
_SLOT_TYPES = {
    "number": Float,
    "money": BigInteger,
    "text": Text,
    "date": Integer,
    "yes_no": Boolean,
}

# The own fields as last pulled from the CRM, in `account.observed_*`.
OWN_FIELDS = (
    "tier",
    "priority",
    "next_contact",
    "why",
    "challenge",
    "segment",
    "quadrant",
    "contact_status",
    "imposed_tier",
    "imposed_until",
)


def _slots(counts: dict[str, int]) -> list[Column[object]]:
    return [
        Column(f"{kind}_{number}", _SLOT_TYPES[kind])
        for kind, count in counts.items()
        for number in range(1, count + 1)
    ]


def _surrogate(name: str = "id") -> Column[int]:
    return Column(name, BigInteger().with_variant(Integer, "sqlite"), primary_key=True)


team = Table(
    "team",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("zone", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("fiscal_year_start", Integer, nullable=False),
    Column("language", Text, nullable=False),
    CheckConstraint("id = 1", name="single"),
)

rep = Table(
    "rep",
    metadata,
    Column("key", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text),
    Column("manager", Text),
    Column("start_on", Integer),
    Column("end_on", Integer),
)

connection = Table(
    "connection",
    metadata,
    _surrogate(),
    Column("vendor", Text, nullable=False, unique=True),
    Column("account_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("not_before_at", BigInteger),
    # What the CRM last told of its limits: requests in so many seconds, and in a day.
    Column("told_at", BigInteger),
    Column("burst_calls", Integer),
    Column("burst_seconds", Float),
    Column("daily_calls", BigInteger),
    Column("daily_calls_left", BigInteger),
    # What the address of a record's page looks like there; see `store.record_pages`.
    Column("account_page", Text),
    Column("opportunity_page", Text),
    CheckConstraint("state in ('active', 'stopped')", name="state"),
)

# The next free surrogate id of each kind; see `store.references`.
sequence = Table(
    "sequence",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("next_id", BigInteger, nullable=False),
)

external_ref = Table(
    "external_ref",
    metadata,
    Column("connection_id", BigInteger, ForeignKey("connection.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("entity_id", BigInteger, nullable=False),
    Column("is_current", Boolean, nullable=False, server_default=text("true")),
    Index("ix_external_ref_entity", "kind", "entity_id"),
)

account = Table(
    "account",
    metadata,
    _surrogate(),
    Column("connection_id", BigInteger, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("name", Text),
    Column("domain", Text),
    Column("owner_id", BigInteger, index=True),
    Column("created_on", Integer),
    Column("modified_at", BigInteger, nullable=False),
    Column("archived_at", BigInteger),
    Column("pulled_at", BigInteger, nullable=False),
    *_slots(ACCOUNT_SLOTS),
    *[Column(f"observed_{name}", Text) for name in OWN_FIELDS],
    # What people say in the CRM is looked for in each cycle, and is rare.
    *[
        Index(
            f"ix_account_{name}",
            "id",
            sqlite_where=text(f"observed_{name} is not null"),
            postgresql_where=text(f"observed_{name} is not null"),
        )
        for name in ("challenge", "imposed_tier")
    ],
)

opportunity = Table(
    "opportunity",
    metadata,
    _surrogate(),
    Column("connection_id", BigInteger, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("name", Text),
    Column("owner_id", BigInteger, index=True),
    Column("stage_id", BigInteger),
    Column("amount", BigInteger),
    Column("currency", Text),
    Column("team_amount", BigInteger),
    Column("peak_amount", BigInteger),
    Column("team_peak_amount", BigInteger),
    Column("created_at", BigInteger),
    Column("created_on", Integer),
    Column("closes_on", Integer),
    Column("modified_at", BigInteger, nullable=False),
    Column("archived_at", BigInteger),
    Column("pulled_at", BigInteger, nullable=False),
    *_slots(OPPORTUNITY_SLOTS),
)

owner = Table(
    "owner",
    metadata,
    _surrogate(),
    Column("connection_id", BigInteger, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("email", Text),
    Column("is_active", Boolean, nullable=False),
    Column("rep_key", Text),
)

contact = Table(
    "contact",
    metadata,
    _surrogate(),
    Column("connection_id", BigInteger, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("role", Text),
    Column("modified_at", BigInteger, nullable=False),
    Column("archived_at", BigInteger),
)

activity = Table(
    "activity",
    metadata,
    _surrogate(),
    Column("connection_id", BigInteger, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("owner_id", BigInteger),
    Column("happened_at", BigInteger),
    Column("happened_on", Integer),
    Column("is_contact", Boolean, nullable=False),
    Column("modified_at", BigInteger, nullable=False),
    Column("archived_at", BigInteger),
)

stage = Table(
    "stage",
    metadata,
    _surrogate(),
    Column("connection_id", BigInteger, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("pipeline_id", Text, nullable=False),
    Column("pipeline_label", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("probability", Float, nullable=False),
    Column("kind", Text, nullable=False),
    CheckConstraint("kind in ('open', 'won', 'lost')", name="kind"),
)

link = Table(
    "link",
    metadata,
    Column("relation", Text, nullable=False),
    Column("from_id", BigInteger, nullable=False),
    Column("to_id", BigInteger, nullable=False),
    Column("is_primary", Boolean, nullable=False),
    # Not by relation first: without statistics, SQLite would take this key for every look-up.
    PrimaryKeyConstraint("from_id", "relation", "to_id"),
    Index("ix_link_to", "to_id", "relation"),
)

# Tracked fields with their validity: stage of an opportunity, owner of an account, amounts; and the
# earlier values of bound fields (`bound.<name>`), the present one being in its slot.
history = Table(
    "history",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("entity_id", BigInteger, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("valid_from_at", BigInteger, primary_key=True),
    # The day of the team's zone on which it began; null where no CRM told.
    Column("valid_from_on", Integer),
    Column("valid_to_at", BigInteger),
    Column("value", Text),
)

# `choices` is a JSON object: the CRM's option → the playbook's value.
field_binding = Table(
    "field_binding",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("vendor", Text, primary_key=True),
    Column("crm_field", Text, nullable=False),
    Column("choices", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("slot", Text, nullable=False),
    # When its values were first all here, null before: its changes are in `history` from then on.
    Column("since_at", BigInteger),
)

# A field of a CRM that can't be relied on as it is, and since when; `kind` is a kind of record, or
# `own` for a field of ours. See `store.notices`.
field_notice = Table(
    "field_notice",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("vendor", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("since_at", BigInteger, nullable=False),
    Column("reason_fr", Text, nullable=False),
    Column("reason_en", Text, nullable=False),
    CheckConstraint("state in ('parked', 'emptied', 'returning', 'warned')", name="state"),
)

# Bound values that a CRM has emptied, while the mirror keeps them: see `store.blanks`.
blank = Table(
    "blank",
    metadata,
    Column("connection_id", BigInteger, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("entity_id", BigInteger, primary_key=True),
    Column("field", Text, primary_key=True),
)

fx_rate = Table(
    "fx_rate",
    metadata,
    Column("currency", Text, primary_key=True),
    Column("valid_from_on", Integer, primary_key=True),
    Column("rate", Float, nullable=False),
)

# Accounts to evaluate again. `claim` marks the ones that a running evaluation has taken.
dirty = Table(
    "dirty",
    metadata,
    Column("account_id", BigInteger, primary_key=True, autoincrement=False),
    Column("claim", BigInteger),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("connection_id", BigInteger, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("raw", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("run_id", BigInteger),
)

rulebook = Table(
    "rulebook",
    metadata,
    _surrogate(),
    Column("hash", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("published_at", BigInteger, nullable=False),
    Column("author", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("preview", Text),
)

_TAG_VALUES = (
    Column("is_in_scope", Boolean, nullable=False),
    Column("tier", Text),
    Column("tier_row", Integer),
    Column("priority", Text),
    Column("priority_row", Integer),
    Column("segment", Text),
    Column("quadrant", Text),
    Column("next_contact_on", Integer),
    Column("contact_status", Text),
    Column("why", Text),
    # The tier that the table gives, and what settled the one above (`rules.settling`).
    Column("rated_tier", Text),
    Column("settled_by", Text),
    Column("lower_since_on", Integer),
    Column("received_on", Integer),
    Column("rep", Text),
)

# The values of an account under the rulebook in force, and the first day they may change by
# themselves. `is_owed` marks rows whose values have changed since they were last owed to the CRM.
tag = Table(
    "tag",
    metadata,
    Column("account_id", BigInteger, primary_key=True, autoincrement=False),
    *_TAG_VALUES,
    Column("tier_since_at", BigInteger, nullable=False),
    Column("recheck_on", Integer),
    Column("rulebook_id", BigInteger, nullable=False),
    Column("evaluated_at", BigInteger, nullable=False),
    Column("is_owed", Boolean, nullable=False),
    Index("ix_tag_recheck", "recheck_on"),
    Index(
        "ix_tag_owed", "account_id", sqlite_where=text("is_owed"), postgresql_where=text("is_owed")
    ),
)

tag_history = Table(
    "tag_history",
    metadata,
    Column("account_id", BigInteger, primary_key=True, autoincrement=False),
    Column("valid_from_at", BigInteger, primary_key=True, autoincrement=False),
    Column("tier", Text),
    Column("tier_row", Integer),
    Column("rulebook_id", BigInteger, nullable=False),
)

# What a person decided about a field (`tier`, `priority`) of an account. In force from `from_on` to
# `until_on`, that day included (null: without an end), unless it ended before; of several in force,
# the one with the highest id. `crm_value` is what the CRM's field « imposed tier » held, where the
# decision was made there.
override = Table(
    "override",
    metadata,
    _surrogate(),
    Column("account_id", BigInteger, nullable=False, index=True),
    Column("field", Text, nullable=False),
    Column("value", Text),
    Column("author", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("from_on", Integer, nullable=False),
    Column("until_on", Integer),
    Column("challenge_id", BigInteger),
    Column("crm_value", Text),
    Column("ended_on", Integer),
    Column("ended_by", Text),
)

# What a person objects to, and what became of it. `field` and `value` are what was seen in the CRM
# (`override`: a decision that is submitted again); `about` is `tier` or `priority`, and `wanted`
# the value that is wanted for it, where that is known.
challenge = Table(
    "challenge",
    metadata,
    _surrogate(),
    Column("account_id", BigInteger, nullable=False, index=True),
    Column("field", Text, nullable=False),
    Column("value", Text),
    Column("about", Text),
    Column("wanted", Text),
    Column("until_on", Integer),
    Column("author", Text),
    # When it was edited, as the CRM tells; null until the CRM was asked.
    Column("edited_at", BigInteger),
    Column("received_at", BigInteger, nullable=False),
    Column("received_on", Integer),
    # Why it waits, where that needs a word.
    Column("note", Text),
    Column("state", Text, nullable=False),
    Column("answered_by", Text),
    Column("answered_at", BigInteger),
    Column("answered_on", Integer),
    Column("answer", Text),
    # When the CRM's field was seen not to hold the value any more.
    Column("left_at", BigInteger),
    CheckConstraint("state in ('open', 'accepted', 'refused', 'settled')", name="state"),
)

# What we owe to a CRM: the desired value of one own field of one account. `version` rises with
# each new desired value; `confirmed` is the value that the CRM acknowledged, at `confirmed_at`.
# A pinned value stands instead of the computed one for as long as that is `pin_computed`: a run was
# undone (`pin_run_id`), or the edit of a person is respected.
outbox = Table(
    "outbox",
    metadata,
    Column("account_id", BigInteger, primary_key=True, autoincrement=False),
    Column("field", Text, primary_key=True),
    Column("desired", Text),
    Column("version", Integer, nullable=False),
    Column("confirmed", Text),
    Column("confirmed_version", Integer, nullable=False),
    Column("confirmed_at", BigInteger),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("attempts", Integer, nullable=False),
    Column("not_before_at", BigInteger),
    # The run that held the row, or by whose order it is sent; `released_version` is the version
    # that a person let go: it is not held again.
    Column("held_run_id", BigInteger),
    Column("released_version", Integer),
    Column("pin", Text),
    Column("pin_run_id", BigInteger),
    Column("pin_computed", Text),
    CheckConstraint("state in ('owed', 'settled', 'rejected', 'held', 'drift')", name="state"),
    CheckConstraint("pin in ('undone', 'respected')", name="pin"),
    Index("ix_outbox_state", "state", "account_id"),
)

push_journal = Table(
    "push_journal",
    metadata,
    _surrogate(),
    Column("run_id", BigInteger, nullable=False, index=True),
    Column("account_id", BigInteger, nullable=False, index=True),
    Column("field", Text, nullable=False),
    Column("before", Text),
    Column("after", Text),
    Column("version", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text),
    Column("actor", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

cursor = Table(
    "cursor",
    metadata,
    Column("connection_id", BigInteger, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("is_complete", Boolean, nullable=False),
    Column("saved_at", BigInteger, nullable=False),
)

ledger = Table(
    "ledger",
    metadata,
    Column("job", Text, primary_key=True),
    Column("scope", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("run_id", BigInteger, nullable=False),
    Column("done_at", BigInteger, nullable=False),
)

# Who works on what. `beat` rises while the holder lives; without a holder, the place is free.
lease = Table(
    "lease",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text),
    Column("fence", BigInteger, nullable=False),
    Column("beat", BigInteger, nullable=False),
    Column("beat_at", BigInteger, nullable=False),
)

# What a person asked of the schedule: `pause`, with the reason, or `now`.
request = Table(
    "request",
    metadata,
    Column("name", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

# What is wrong, or was: told once when it begins and once when it ends. `told_at` is null until the
# mail of the last change has left.
incident = Table(
    "incident",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("text_fr", Text, nullable=False),
    Column("text_en", Text, nullable=False),
    Column("since_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("told_at", BigInteger),
)

run = Table(
    "run",
    metadata,
    _surrogate(),
    Column("command", Text, nullable=False),
    Column("actor", Text),
    Column("started_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Column("state", Text, nullable=False),
    Column("counts", Text, nullable=False),
    Column("error", Text),
    CheckConstraint("state in ('running', 'done', 'failed', 'held')", name="state"),
)

# A figure as frozen with a week that has ended, as of its Sunday or of the last day of a month or a
# quarter that ended in it; see `service.freeze`.
frozen_figure = Table(
    "frozen_figure",
    metadata,
    Column("week", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("kpi", Text, primary_key=True),
    Column("cut", Text, primary_key=True),
    Column("member", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("span", Text, nullable=False),
    Column("first_on", Integer, nullable=False),
    Column("as_of_on", Integer, nullable=False),
    Column("unit", Text, nullable=False),
    Column("value", Float),
    Column("numerator", Float),
    Column("denominator", Float),
    Column("low", Float),
    Column("high", Float),
    Column("target", Float),
    Column("expected", Float),
    Column("definition", Text, nullable=False),
    Column("doubt_fr", Text),
    Column("doubt_en", Text),
    Column("frozen_at", BigInteger, nullable=False),
)

# What a year or a quarter was likely to bring somebody, as of a Sunday; and once it is over, what
# it has brought (`outcome_amount`), so that what was said can be held against what happened.
forecast = Table(
    "forecast",
    metadata,
    Column("week", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("span", Text, nullable=False),
    Column("as_of_on", Integer, nullable=False),
    Column("ends_on", Integer, nullable=False),
    Column("probability", Float, nullable=False),
    Column("p10_amount", BigInteger, nullable=False),
    Column("p50_amount", BigInteger, nullable=False),
    Column("p90_amount", BigInteger, nullable=False),
    Column("target_amount", BigInteger, nullable=False),
    Column("won_amount", BigInteger, nullable=False),
    Column("is_conclusive", Boolean, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("outcome_amount", BigInteger),
)

# What a KPI meant when it was frozen, as it was printed, by the hash of its definition.
kpi_definition = Table(
    "kpi_definition",
    metadata,
    Column("definition", Text, primary_key=True),
    Column("kpi", Text, nullable=False),
    Column("cut", Text, nullable=False),
    Column("text_fr", Text, nullable=False),
    Column("text_en", Text, nullable=False),
    Column("since_at", BigInteger, nullable=False),
)

# An alert episode: opens once for (rule, subject), is updated while it lasts, and recovers. Its
# subject is a rep, a rep and an account, or nobody (empty); `rep_key` is the rep that it is about,
# `assignee` the person whom its task is for. The greater the severity, the graver.
alert = Table(
    "alert",
    metadata,
    Column("key", Text, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("episode", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("rep_key", Text),
    Column("assignee", Text),
    Column("recipient", Text, nullable=False, server_default=text("'rep'")),
    Column("channel", Text, nullable=False, server_default=text("'digest'")),
    Column("severity", Float, nullable=False, server_default=text("0")),
    # Opened before the first alert: no task is ever owed.
    Column("is_silent", Boolean, nullable=False, server_default=text("false")),
    Column("opened_on", Integer, nullable=False),
    Column("updated_on", Integer, nullable=False),
    Column("recovered_on", Integer),
    Column("snoozed_until_on", Integer),
    # What a person made of the task, and when that was seen.
    Column("answer", Text),
    Column("answered_on", Integer),
    Column("evidence", Text, nullable=False),
    Column("subject_line", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("account_id", BigInteger),
    Column("owner_id", BigInteger),
    Column("task_state", Text, nullable=False),
    Column("task_id", Text),
    # The digest of what the task says in the CRM, to see when it must be rewritten.
    Column("task_hash", Text),
    # When it was said to be due, to see that somebody put it off.
    Column("task_due_at", BigInteger),
    Column("task_reason", Text),
    # The run that created the task, or may have; the run whose undoing closes it.
    Column("task_run_id", BigInteger),
    Column("task_undone_run_id", BigInteger),
    UniqueConstraint("rule", "subject", "episode"),
    CheckConstraint("state in ('open', 'recovered')", name="state"),
    CheckConstraint(
        "task_state in ('none', 'waiting', 'owed', 'sending', 'created', 'done', 'rejected', "
        "'held')",
        name="task_state",
    ),
    CheckConstraint("answer in ('done', 'not_relevant', 'later')", name="answer"),
)

# What a weekly look said, line by line, so that a digest can be read again as it was. `key` is that
# of the episode, of which the task and the answers are known in `alert`.
alert_line = Table(
    "alert_line",
    metadata,
    Column("period", Text, primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("rep_key", Text),
    Column("assignee", Text),
    Column("recipient", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("severity", Float, nullable=False),
    Column("is_new", Boolean, nullable=False),
    Column("is_silent", Boolean, nullable=False),
    Column("text_fr", Text, nullable=False),
    Column("text_en", Text, nullable=False),
    Column("body_fr", Text, nullable=False),
    Column("body_en", Text, nullable=False),
    Column("action_fr", Text),
    Column("action_en", Text),
    Column("evidence", Text, nullable=False),
    Column("key", Text),
)

# A digest, as composed for somebody and owed to a channel: `body` is the whole of it (JSON), so
# that it can be read, or sent again, as it was. What is sent again has the same `message_key`.
digest = Table(
    "digest",
    metadata,
    Column("period", Text, primary_key=True),
    Column("audience", Text, primary_key=True),
    Column("recipient", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("to_ops", Boolean, nullable=False),
    Column("message_key", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("composed_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    # Not before then: it was tried in vain, or is being sent.
    Column("not_before_at", BigInteger, nullable=False),
    Column("sent_at", BigInteger),
    Column("reason", Text),
    CheckConstraint("state in ('owed', 'sent', 'failed', 'kept')", name="state"),
    CheckConstraint("audience in ('rep', 'manager', 'team')", name="audience"),
)
