"""Create the tables of a workspace."""

from alembic import op
import sqlalchemy as sa

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("domain", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("created_on", sa.Integer(), nullable=True),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.Column("archived_at", sa.BigInteger(), nullable=True),
        sa.Column("pulled_at", sa.BigInteger(), nullable=False),
        sa.Column("number_1", sa.Float(), nullable=True),
        sa.Column("number_2", sa.Float(), nullable=True),
        sa.Column("number_3", sa.Float(), nullable=True),
        sa.Column("number_4", sa.Float(), nullable=True),
        sa.Column("number_5", sa.Float(), nullable=True),
        sa.Column("number_6", sa.Float(), nullable=True),
        sa.Column("number_7", sa.Float(), nullable=True),
        sa.Column("number_8", sa.Float(), nullable=True),
        sa.Column("money_1", sa.BigInteger(), nullable=True),
        sa.Column("money_2", sa.BigInteger(), nullable=True),
        sa.Column("money_3", sa.BigInteger(), nullable=True),
        sa.Column("money_4", sa.BigInteger(), nullable=True),
        sa.Column("money_5", sa.BigInteger(), nullable=True),
        sa.Column("money_6", sa.BigInteger(), nullable=True),
        sa.Column("text_1", sa.Text(), nullable=True),
        sa.Column("text_2", sa.Text(), nullable=True),
        sa.Column("text_3", sa.Text(), nullable=True),
        sa.Column("text_4", sa.Text(), nullable=True),
        sa.Column("text_5", sa.Text(), nullable=True),
        sa.Column("text_6", sa.Text(), nullable=True),
        sa.Column("text_7", sa.Text(), nullable=True),
        sa.Column("text_8", sa.Text(), nullable=True),
        sa.Column("text_9", sa.Text(), nullable=True),
        sa.Column("text_10", sa.Text(), nullable=True),
        sa.Column("text_11", sa.Text(), nullable=True),
        sa.Column("text_12", sa.Text(), nullable=True),
        sa.Column("date_1", sa.Integer(), nullable=True),
        sa.Column("date_2", sa.Integer(), nullable=True),
        sa.Column("date_3", sa.Integer(), nullable=True),
        sa.Column("date_4", sa.Integer(), nullable=True),
        sa.Column("date_5", sa.Integer(), nullable=True),
        sa.Column("date_6", sa.Integer(), nullable=True),
        sa.Column("yes_no_1", sa.Boolean(), nullable=True),
        sa.Column("yes_no_2", sa.Boolean(), nullable=True),
        sa.Column("yes_no_3", sa.Boolean(), nullable=True),
        sa.Column("yes_no_4", sa.Boolean(), nullable=True),
        sa.Column("yes_no_5", sa.Boolean(), nullable=True),
        sa.Column("yes_no_6", sa.Boolean(), nullable=True),
        sa.Column("observed_tier", sa.Text(), nullable=True),
        sa.Column("observed_priority", sa.Text(), nullable=True),
        sa.Column("observed_next_contact", sa.Text(), nullable=True),
        sa.Column("observed_why", sa.Text(), nullable=True),
        sa.Column("observed_challenge", sa.Text(), nullable=True),
        sa.Column("observed_segment", sa.Text(), nullable=True),
        sa.Column("observed_quadrant", sa.Text(), nullable=True),
        sa.Column("observed_contact_status", sa.Text(), nullable=True),
        sa.Column("observed_imposed_tier", sa.Text(), nullable=True),
        sa.Column("observed_imposed_until", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
    )
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.create_index(
            "ix_account_challenge",
            ["id"],
            unique=False,
            sqlite_where=sa.text("observed_challenge is not null"),
            postgresql_where=sa.text("observed_challenge is not null"),
        )
        batch_op.create_index(
            "ix_account_imposed_tier",
            ["id"],
            unique=False,
            sqlite_where=sa.text("observed_imposed_tier is not null"),
            postgresql_where=sa.text("observed_imposed_tier is not null"),
        )
        batch_op.create_index(batch_op.f("ix_account_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "activity",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("happened_at", sa.BigInteger(), nullable=True),
        sa.Column("happened_on", sa.Integer(), nullable=True),
        sa.Column("is_contact", sa.Boolean(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.Column("archived_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
    )
    op.create_table(
        "alert",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("rep_key", sa.Text(), nullable=True),
        sa.Column("assignee", sa.Text(), nullable=True),
        sa.Column("recipient", sa.Text(), server_default=sa.text("'rep'"), nullable=False),
        sa.Column("channel", sa.Text(), server_default=sa.text("'digest'"), nullable=False),
        sa.Column("severity", sa.Float(), server_default=sa.text("0"), nullable=False),
        sa.Column("is_silent", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("opened_on", sa.Integer(), nullable=False),
        sa.Column("updated_on", sa.Integer(), nullable=False),
        sa.Column("recovered_on", sa.Integer(), nullable=True),
        sa.Column("snoozed_until_on", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_on", sa.Integer(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("subject_line", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("task_state", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=True),
        sa.Column("task_hash", sa.Text(), nullable=True),
        sa.Column("task_due_at", sa.BigInteger(), nullable=True),
        sa.Column("task_reason", sa.Text(), nullable=True),
        sa.Column("task_run_id", sa.BigInteger(), nullable=True),
        sa.Column("task_undone_run_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state in ('open', 'recovered')", name=op.f("ck_alert_state")),
        sa.CheckConstraint(
            "task_state in ('none', 'waiting', 'owed', 'sending', 'created', 'done', 'rejected', "
            "'held')",
            name=op.f("ck_alert_task_state"),
        ),
        sa.CheckConstraint(
            "answer in ('done', 'not_relevant', 'later')", name=op.f("ck_alert_answer")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_alert")),
        sa.UniqueConstraint(
            "rule", "subject", "episode", name=op.f("uq_alert_rule_subject_episode")
        ),
    )
    op.create_table(
        "alert_line",
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rep_key", sa.Text(), nullable=True),
        sa.Column("assignee", sa.Text(), nullable=True),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("severity", sa.Float(), nullable=False),
        sa.Column("is_new", sa.Boolean(), nullable=False),
        sa.Column("is_silent", sa.Boolean(), nullable=False),
        sa.Column("text_fr", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("body_fr", sa.Text(), nullable=False),
        sa.Column("body_en", sa.Text(), nullable=False),
        sa.Column("action_fr", sa.Text(), nullable=True),
        sa.Column("action_en", sa.Text(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("period", "rule", "subject", name=op.f("pk_alert_line")),
    )
    op.create_table(
        "challenge",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("about", sa.Text(), nullable=True),
        sa.Column("wanted", sa.Text(), nullable=True),
        sa.Column("until_on", sa.Integer(), nullable=True),
        sa.Column("author", sa.Text(), nullable=True),
        sa.Column("edited_at", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("received_on", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("answered_on", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state in ('open', 'accepted', 'refused', 'settled')",
            name=op.f("ck_challenge_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_challenge")),
    )
    with op.batch_alter_table("challenge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_challenge_account_id"), ["account_id"], unique=False)

    op.create_table(
        "connection",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("not_before_at", sa.BigInteger(), nullable=True),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("burst_calls", sa.Integer(), nullable=True),
        sa.Column("burst_seconds", sa.Float(), nullable=True),
        sa.Column("daily_calls", sa.BigInteger(), nullable=True),
        sa.Column("daily_calls_left", sa.BigInteger(), nullable=True),
        sa.Column("account_page", sa.Text(), nullable=True),
        sa.Column("opportunity_page", sa.Text(), nullable=True),
        sa.CheckConstraint("state in ('active', 'stopped')", name=op.f("ck_connection_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection")),
        sa.UniqueConstraint("vendor", name=op.f("uq_connection_vendor")),
    )
    op.create_table(
        "contact",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.Column("archived_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    op.create_table(
        "cursor",
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("is_complete", sa.Boolean(), nullable=False),
        sa.Column("saved_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("connection_id", "stream", name=op.f("pk_cursor")),
    )
    op.create_table(
        "digest",
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("to_ops", sa.Boolean(), nullable=False),
        sa.Column("message_key", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("composed_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "audience in ('rep', 'manager', 'team')", name=op.f("ck_digest_audience")
        ),
        sa.CheckConstraint(
            "state in ('owed', 'sent', 'failed', 'kept')", name=op.f("ck_digest_state")
        ),
        sa.PrimaryKeyConstraint(
            "period", "audience", "recipient", "channel", name=op.f("pk_digest")
        ),
    )
    op.create_table(
        "dirty",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("claim", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_dirty")),
    )
    op.create_table(
        "field_binding",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("crm_field", sa.Text(), nullable=False),
        sa.Column("choices", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("since_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("kind", "name", "vendor", name=op.f("pk_field_binding")),
    )
    op.create_table(
        "field_notice",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since_at", sa.BigInteger(), nullable=False),
        sa.Column("reason_fr", sa.Text(), nullable=False),
        sa.Column("reason_en", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state in ('parked', 'emptied', 'returning', 'warned')",
            name=op.f("ck_field_notice_state"),
        ),
        sa.PrimaryKeyConstraint("kind", "name", "vendor", name=op.f("pk_field_notice")),
    )
    op.create_table(
        "blank",
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.BigInteger(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "connection_id", "kind", "entity_id", "field", name=op.f("pk_blank")
        ),
    )
    op.create_table(
        "fx_rate",
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("valid_from_on", sa.Integer(), nullable=False),
        sa.Column("rate", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("currency", "valid_from_on", name=op.f("pk_fx_rate")),
    )
    op.create_table(
        "history",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.BigInteger(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("valid_from_at", sa.BigInteger(), nullable=False),
        sa.Column("valid_from_on", sa.Integer(), nullable=True),
        sa.Column("valid_to_at", sa.BigInteger(), nullable=True),
        sa.Column("value", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint(
            "kind", "entity_id", "field", "valid_from_at", name=op.f("pk_history")
        ),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("beat", sa.BigInteger(), nullable=False),
        sa.Column("beat_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "request",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_request")),
    )
    op.create_table(
        "incident",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text_fr", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("since_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_incident")),
    )
    op.create_table(
        "ledger",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("job", "scope", "period", name=op.f("pk_ledger")),
    )
    op.create_table(
        "link",
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("from_id", sa.BigInteger(), nullable=False),
        sa.Column("to_id", sa.BigInteger(), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("from_id", "relation", "to_id", name=op.f("pk_link")),
    )
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.create_index("ix_link_to", ["to_id", "relation"], unique=False)

    op.create_table(
        "forecast",
        sa.Column("week", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("span", sa.Text(), nullable=False),
        sa.Column("as_of_on", sa.Integer(), nullable=False),
        sa.Column("ends_on", sa.Integer(), nullable=False),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("p10_amount", sa.BigInteger(), nullable=False),
        sa.Column("p50_amount", sa.BigInteger(), nullable=False),
        sa.Column("p90_amount", sa.BigInteger(), nullable=False),
        sa.Column("target_amount", sa.BigInteger(), nullable=False),
        sa.Column("won_amount", sa.BigInteger(), nullable=False),
        sa.Column("is_conclusive", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("outcome_amount", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("week", "subject", "period", name=op.f("pk_forecast")),
    )
    op.create_table(
        "kpi_definition",
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("kpi", sa.Text(), nullable=False),
        sa.Column("cut", sa.Text(), nullable=False),
        sa.Column("text_fr", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("since_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("definition", name=op.f("pk_kpi_definition")),
    )
    op.create_table(
        "frozen_figure",
        sa.Column("week", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("kpi", sa.Text(), nullable=False),
        sa.Column("cut", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("span", sa.Text(), nullable=False),
        sa.Column("first_on", sa.Integer(), nullable=False),
        sa.Column("as_of_on", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("numerator", sa.Float(), nullable=True),
        sa.Column("denominator", sa.Float(), nullable=True),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
        sa.Column("target", sa.Float(), nullable=True),
        sa.Column("expected", sa.Float(), nullable=True),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("doubt_fr", sa.Text(), nullable=True),
        sa.Column("doubt_en", sa.Text(), nullable=True),
        sa.Column("frozen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "week", "subject", "kpi", "cut", "member", "period", name=op.f("pk_frozen_figure")
        ),
    )
    op.create_table(
        "opportunity",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("stage_id", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("team_amount", sa.BigInteger(), nullable=True),
        sa.Column("peak_amount", sa.BigInteger(), nullable=True),
        sa.Column("team_peak_amount", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("created_on", sa.Integer(), nullable=True),
        sa.Column("closes_on", sa.Integer(), nullable=True),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        sa.Column("archived_at", sa.BigInteger(), nullable=True),
        sa.Column("pulled_at", sa.BigInteger(), nullable=False),
        sa.Column("number_1", sa.Float(), nullable=True),
        sa.Column("number_2", sa.Float(), nullable=True),
        sa.Column("money_1", sa.BigInteger(), nullable=True),
        sa.Column("money_2", sa.BigInteger(), nullable=True),
        sa.Column("text_1", sa.Text(), nullable=True),
        sa.Column("text_2", sa.Text(), nullable=True),
        sa.Column("text_3", sa.Text(), nullable=True),
        sa.Column("text_4", sa.Text(), nullable=True),
        sa.Column("text_5", sa.Text(), nullable=True),
        sa.Column("text_6", sa.Text(), nullable=True),
        sa.Column("date_1", sa.Integer(), nullable=True),
        sa.Column("date_2", sa.Integer(), nullable=True),
        sa.Column("yes_no_1", sa.Boolean(), nullable=True),
        sa.Column("yes_no_2", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opportunity")),
    )
    with op.batch_alter_table("opportunity", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_opportunity_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "outbox",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("desired", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("confirmed", sa.Text(), nullable=True),
        sa.Column("confirmed_version", sa.Integer(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before_at", sa.BigInteger(), nullable=True),
        sa.Column("held_run_id", sa.BigInteger(), nullable=True),
        sa.Column("released_version", sa.Integer(), nullable=True),
        sa.Column("pin", sa.Text(), nullable=True),
        sa.Column("pin_run_id", sa.BigInteger(), nullable=True),
        sa.Column("pin_computed", sa.Text(), nullable=True),
        sa.CheckConstraint("pin in ('undone', 'respected')", name=op.f("ck_outbox_pin")),
        sa.CheckConstraint(
            "state in ('owed', 'settled', 'rejected', 'held', 'drift')",
            name=op.f("ck_outbox_state"),
        ),
        sa.PrimaryKeyConstraint("account_id", "field", name=op.f("pk_outbox")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_state", ["state", "account_id"], unique=False)

    op.create_table(
        "override",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("from_on", sa.Integer(), nullable=False),
        sa.Column("until_on", sa.Integer(), nullable=True),
        sa.Column("challenge_id", sa.BigInteger(), nullable=True),
        sa.Column("crm_value", sa.Text(), nullable=True),
        sa.Column("ended_on", sa.Integer(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_override")),
    )
    with op.batch_alter_table("override", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_override_account_id"), ["account_id"], unique=False)

    op.create_table(
        "owner",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("rep_key", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owner")),
    )
    op.create_table(
        "push_journal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_journal")),
    )
    with op.batch_alter_table("push_journal", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_push_journal_account_id"), ["account_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_push_journal_run_id"), ["run_id"], unique=False)

    op.create_table(
        "quarantine",
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint(
            "connection_id", "kind", "external_id", "field", name=op.f("pk_quarantine")
        ),
    )
    op.create_table(
        "rep",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("manager", sa.Text(), nullable=True),
        sa.Column("start_on", sa.Integer(), nullable=True),
        sa.Column("end_on", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_rep")),
    )
    op.create_table(
        "rulebook",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("preview", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rulebook")),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state in ('running', 'done', 'failed', 'held')", name=op.f("ck_run_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    op.create_table(
        "sequence",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("next_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_sequence")),
    )
    op.create_table(
        "stage",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("pipeline_id", sa.Text(), nullable=False),
        sa.Column("pipeline_label", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.CheckConstraint("kind in ('open', 'won', 'lost')", name=op.f("ck_stage_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage")),
    )
    op.create_table(
        "tag",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("is_in_scope", sa.Boolean(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=True),
        sa.Column("tier_row", sa.Integer(), nullable=True),
        sa.Column("priority", sa.Text(), nullable=True),
        sa.Column("priority_row", sa.Integer(), nullable=True),
        sa.Column("segment", sa.Text(), nullable=True),
        sa.Column("quadrant", sa.Text(), nullable=True),
        sa.Column("next_contact_on", sa.Integer(), nullable=True),
        sa.Column("contact_status", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("rated_tier", sa.Text(), nullable=True),
        sa.Column("settled_by", sa.Text(), nullable=True),
        sa.Column("lower_since_on", sa.Integer(), nullable=True),
        sa.Column("received_on", sa.Integer(), nullable=True),
        sa.Column("rep", sa.Text(), nullable=True),
        sa.Column("tier_since_at", sa.BigInteger(), nullable=False),
        sa.Column("recheck_on", sa.Integer(), nullable=True),
        sa.Column("rulebook_id", sa.BigInteger(), nullable=False),
        sa.Column("evaluated_at", sa.BigInteger(), nullable=False),
        sa.Column("is_owed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_tag")),
    )
    with op.batch_alter_table("tag", schema=None) as batch_op:
        batch_op.create_index(
            "ix_tag_owed",
            ["account_id"],
            unique=False,
            sqlite_where=sa.text("is_owed"),
            postgresql_where=sa.text("is_owed"),
        )
        batch_op.create_index("ix_tag_recheck", ["recheck_on"], unique=False)

    op.create_table(
        "tag_history",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("valid_from_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tier", sa.Text(), nullable=True),
        sa.Column("tier_row", sa.Integer(), nullable=True),
        sa.Column("rulebook_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "valid_from_at", name=op.f("pk_tag_history")),
    )
    op.create_table(
        "team",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("fiscal_year_start", sa.Integer(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_team_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
    )
    op.create_table(
        "external_ref",
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.BigInteger(), nullable=False),
        sa.Column("is_current", sa.Boolean(), server_default=sa.text("(true)"), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_external_ref_connection_id")
        ),
        sa.PrimaryKeyConstraint(
            "connection_id", "kind", "external_id", name=op.f("pk_external_ref")
        ),
    )
    with op.batch_alter_table("external_ref", schema=None) as batch_op:
        batch_op.create_index("ix_external_ref_entity", ["kind", "entity_id"], unique=False)
