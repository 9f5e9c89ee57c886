"""Trouble tickets, announcements, changes of phone, e-mail addresses

Revision 0015_tickets, after 0014_roles.
"""

import sqlalchemy as sa
from alembic import op


revision = '0015_tickets'
down_revision = '0014_roles'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('customer', sa.Column('email', sa.String(length=190), nullable=True))
    op.create_table('phone_change',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('customer_id', sa.Integer(), nullable=False),
    sa.Column('challenge_id', sa.Integer(), nullable=False),
    sa.Column('old_phone', sa.String(length=20), nullable=False),
    sa.Column('new_phone', sa.String(length=20), nullable=False),
    sa.Column('also', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['challenge_id'], ['otp_challenge.id'], name=op.f('fk_phone_change_challenge_id_otp_challenge')),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_phone_change_customer_id_customer')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_phone_change')),
    sa.UniqueConstraint('challenge_id', name=op.f('uq_phone_change_challenge_id'))
    )
    op.create_index('ix_phone_change_customer_id_created_at', 'phone_change', ['customer_id', 'created_at'])
    op.create_table('ticket',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('form_key', sa.String(length=64), nullable=True),
    sa.Column('customer_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('state_since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('waiting_since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('assignee_id', sa.Integer(), nullable=True),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_reason', sa.String(length=300), nullable=False),
    sa.Column('reopened', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['assignee_id'], ['staff.id'], name=op.f('fk_ticket_assignee_id_staff')),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_ticket_customer_id_customer')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ticket')),
    sa.UniqueConstraint('form_key', name=op.f('uq_ticket_form_key')),
    sa.UniqueConstraint('number', name=op.f('uq_ticket_number'))
    )
    op.create_index(op.f('ix_ticket_assignee_id'), 'ticket', ['assignee_id'])
    op.create_index('ix_ticket_customer_id_id', 'ticket', ['customer_id', 'id'])
    op.create_index('ix_ticket_state_waiting_since', 'ticket', ['state', 'waiting_since'])
    op.create_table('ticket_entry',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('ticket_id', sa.Integer(), nullable=False),
    sa.Column('form_key', sa.String(length=64), nullable=True),
    sa.Column('author', sa.String(length=20), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=True),
    sa.Column('step', sa.String(length=20), nullable=False),
    sa.Column('internal', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('message_id', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['message_id'], ['message.id'], name=op.f('fk_ticket_entry_message_id_message')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_ticket_entry_staff_id_staff')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_ticket_entry_ticket_id_ticket')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ticket_entry')),
    sa.UniqueConstraint('form_key', name=op.f('uq_ticket_entry_form_key'))
    )
    op.create_index(op.f('ix_ticket_entry_ticket_id'), 'ticket_entry', ['ticket_id'])
    op.create_table('ticket_photo',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('entry_id', sa.Integer(), nullable=False),
    sa.Column('media_file_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['entry_id'], ['ticket_entry.id'], name=op.f('fk_ticket_photo_entry_id_ticket_entry')),
    sa.ForeignKeyConstraint(['media_file_id'], ['media_file.id'], name=op.f('fk_ticket_photo_media_file_id_media_file'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ticket_photo'))
    )
    op.create_index(op.f('ix_ticket_photo_entry_id'), 'ticket_photo', ['entry_id'])
    op.create_index(op.f('ix_ticket_photo_media_file_id'), 'ticket_photo', ['media_file_id'])
    op.create_table('announcement',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('level', sa.String(length=20), nullable=False),
    sa.Column('title', sa.String(length=120), nullable=False),
    sa.Column('body', sa.String(length=1000), nullable=False),
    sa.Column('area_id', sa.Integer(), nullable=True),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['area_id'], ['area.id'], name=op.f('fk_announcement_area_id_area')),
    sa.ForeignKeyConstraint(['created_by_id'], ['staff.id'], name=op.f('fk_announcement_created_by_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_announcement'))
    )
    op.create_index(op.f('ix_announcement_area_id'), 'announcement', ['area_id'])
    op.create_index('ix_announcement_starts_at', 'announcement', ['starts_at'])


def downgrade() -> None:
    raise NotImplementedError('Loket only migrates forward; restore a backup instead.')
