"""Every driver: callback tokens, header files, answers of customers, approved texts, prices

Revision 0003_drivers, after 0002_messaging.
"""

import secrets

import sqlalchemy as sa
from alembic import op


revision = '0003_drivers'
down_revision = '0002_messaging'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('media_file',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('token', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('mime', sa.String(length=60), nullable=False),
    sa.Column('filename', sa.String(length=120), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('path', sa.String(length=200), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.String(length=80), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_media_file')),
    sa.UniqueConstraint('token', name=op.f('uq_media_file_token'))
    )
    with op.batch_alter_table('media_file', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_media_file_expires_at'), ['expires_at'], unique=False)
    op.create_table('hook_event_count',
    sa.Column('source', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('source', 'name', name=op.f('pk_hook_event_count'))
    )
    op.create_table('message_template',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('channel_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=512), nullable=False),
    sa.Column('language', sa.String(length=15), nullable=False),
    sa.Column('provider_id', sa.String(length=60), nullable=False),
    sa.Column('kind', sa.String(length=30), nullable=False),
    sa.Column('category', sa.String(length=40), nullable=False),
    sa.Column('wanted_category', sa.String(length=40), nullable=False),
    sa.Column('status', sa.String(length=40), nullable=False),
    sa.Column('quality', sa.String(length=20), nullable=False),
    sa.Column('parameter_format', sa.String(length=20), nullable=False),
    sa.Column('components', sa.JSON(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('problem', sa.Text(), nullable=False),
    sa.Column('synced_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['channel_id'], ['channel.id'], name=op.f('fk_message_template_channel_id_channel')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_message_template')),
    sa.UniqueConstraint('channel_id', 'name', 'language', name=op.f('uq_message_template_channel_id_name_language'))
    )
    op.create_table('inbound_message',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('source', sa.String(length=40), nullable=False),
    sa.Column('provider_id', sa.String(length=255), nullable=False),
    sa.Column('sender', sa.String(length=60), nullable=False),
    sa.Column('user_id', sa.String(length=150), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('form', sa.String(length=30), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('payload', sa.String(length=300), nullable=False),
    sa.Column('reply_to', sa.Text(), nullable=False),
    sa.Column('message_id', sa.Integer(), nullable=True),
    sa.Column('customer_id', sa.Integer(), nullable=True),
    sa.Column('flag', sa.String(length=20), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('seen_by', sa.String(length=80), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_inbound_message_customer_id_customer')),
    sa.ForeignKeyConstraint(['message_id'], ['message.id'], name=op.f('fk_inbound_message_message_id_message')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inbound_message')),
    sa.UniqueConstraint('source', 'provider_id', name=op.f('uq_inbound_message_source_provider_id'))
    )
    with op.batch_alter_table('inbound_message', schema=None) as batch_op:
        batch_op.create_index('ix_inbound_message_customer_id_id', ['customer_id', 'id'], unique=False)
        batch_op.create_index('ix_inbound_message_sender_at', ['sender', 'at'], unique=False)
    with op.batch_alter_table('inbound_hook', schema=None) as batch_op:
        batch_op.create_index('ix_inbound_hook_source_received_at', ['source', 'received_at'], unique=False)
    # Plain ADD COLUMN on both engines: rebuilding the biggest table would lock it for minutes.
    op.add_column('message', sa.Column('billing_category', sa.String(length=40), server_default='', nullable=False))
    op.add_column('message', sa.Column('billable', sa.Boolean(), nullable=True))
    priced = sa.text("billing_category <> ''")
    op.create_index('ix_message_priced', 'message', ['accepted_at'], unique=False, sqlite_where=priced, postgresql_where=priced)
    op.add_column('message', sa.Column('handled_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('message', sa.Column('handled_by', sa.String(length=80), server_default='', nullable=False))
    op.add_column('channel', sa.Column('hook_token', sa.String(length=64), nullable=True))
    channel = sa.table('channel', sa.column('id', sa.Integer), sa.column('hook_token', sa.String))
    connection = op.get_bind()
    for (channel_id,) in connection.execute(sa.select(channel.c.id)).all():
        connection.execute(
            sa.update(channel)
            .where(channel.c.id == channel_id)
            .values(hook_token=secrets.token_urlsafe(24))
        )
    with op.batch_alter_table('channel', schema=None) as batch_op:
        batch_op.alter_column('hook_token', existing_type=sa.String(length=64), nullable=False)
        batch_op.create_unique_constraint(batch_op.f('uq_channel_hook_token'), ['hook_token'])


def downgrade() -> None:
    raise NotImplementedError('Loket only migrates forward; restore a backup instead.')
