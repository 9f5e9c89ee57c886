"""Messaging in depth: several channels with limits, versions of texts, batches, broadcasts

Revision 0002_messaging, after 0001_foundation.
"""

import sqlalchemy as sa
from alembic import op


revision = '0002_messaging'
down_revision = '0001_foundation'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('broadcast',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=80), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('audience', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('cursor', sa.Integer(), nullable=False),
    sa.Column('queued', sa.Integer(), nullable=False),
    sa.Column('skipped', sa.Integer(), nullable=False),
    sa.Column('tested_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.String(length=80), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_broadcast'))
    )
    with op.batch_alter_table('broadcast', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_broadcast_state'), ['state'], unique=False)
    op.create_table('channel_contact',
    sa.Column('key', sa.String(length=20), nullable=False),
    sa.Column('recipient', sa.String(length=60), nullable=False),
    sa.Column('pair_free_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('key', 'recipient', name=op.f('pk_channel_contact'))
    )
    with op.batch_alter_table('channel_contact', schema=None) as batch_op:
        batch_op.create_index('ix_channel_contact_key_last_at', ['key', 'last_at'], unique=False)
    op.create_table('channel_meter',
    sa.Column('key', sa.String(length=20), nullable=False),
    sa.Column('second_free_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('minute_free_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('gap_free_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('day', sa.Date(), nullable=True),
    sa.Column('day_used', sa.Integer(), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('strikes', sa.Integer(), nullable=False),
    sa.Column('on_trial', sa.Boolean(), nullable=False),
    sa.Column('paused_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('paused_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('pause_kind', sa.String(length=20), nullable=False),
    sa.Column('pause_reason', sa.Text(), nullable=False),
    sa.Column('last_success_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_failure_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_channel_meter'))
    )
    op.create_table('heartbeat',
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('role', sa.String(length=40), nullable=False),
    sa.Column('host', sa.String(length=64), nullable=False),
    sa.Column('pid', sa.Integer(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_heartbeat'))
    )
    op.create_table('message_opt_out',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('customer_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=30), nullable=False),
    sa.Column('source', sa.String(length=20), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_message_opt_out_customer_id_customer')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_message_opt_out')),
    sa.UniqueConstraint('customer_id', 'kind', name=op.f('uq_message_opt_out_customer_id_kind'))
    )
    op.create_table('message_text',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=30), nullable=False),
    sa.Column('language', sa.String(length=5), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.String(length=80), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_message_text')),
    sa.UniqueConstraint('kind', 'language', 'version', name=op.f('uq_message_text_kind_language_version'))
    )
    op.create_table('notice_recipient',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('recipient', sa.String(length=60), nullable=False),
    sa.Column('topics', sa.JSON(), nullable=False),
    sa.Column('stand_in', sa.Boolean(), nullable=False),
    sa.Column('enabled', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice_recipient'))
    )
    with op.batch_alter_table('channel', schema=None) as batch_op:
        # Several channels may use one driver; how one is doing is in channel_meter.
        batch_op.drop_constraint(batch_op.f('uq_channel_driver'), type_='unique')
        batch_op.add_column(sa.Column('name', sa.String(length=60), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('per_second', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('per_minute', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('per_day', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('recipients_per_day', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('spacing_min', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('spacing_max', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('warm_from', sa.Date(), nullable=True))
        batch_op.create_index(batch_op.f('ix_channel_driver'), ['driver'], unique=False)
        batch_op.drop_column('paused_until')
        batch_op.drop_column('pause_reason')
    with op.batch_alter_table('message', schema=None) as batch_op:
        batch_op.add_column(sa.Column('batch', sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column('body', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('bound_to', sa.String(length=80), nullable=True))
        batch_op.create_index('ix_message_batch_state', ['batch', 'state'], unique=False)
        batch_op.create_index('ix_message_recipient', ['recipient'], unique=False, postgresql_ops={'recipient': 'varchar_pattern_ops'})
        exits = sa.text("state IN ('failed', 'unknown', 'expired', 'cancelled')")
        batch_op.create_index('ix_message_exit', ['state', 'id'], unique=False, sqlite_where=exits, postgresql_where=exits)
    with op.batch_alter_table('message_attempt', schema=None) as batch_op:
        batch_op.create_index('ix_message_attempt_started', ['started_at'], unique=False, sqlite_where=sa.text("outcome = 'started'"), postgresql_where=sa.text("outcome = 'started'"))
        batch_op.add_column(sa.Column('code', sa.String(length=60), nullable=False, server_default=''))
    with op.batch_alter_table('schedule_run', schema=None) as batch_op:
        batch_op.add_column(sa.Column('next_at', sa.DateTime(timezone=True), nullable=True))
