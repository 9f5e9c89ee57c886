"""The staff's desk: saved views, notes, bulk runs, looks through a customer's eyes

Revision 0016_desk, after 0015_tickets.
"""

import sqlalchemy as sa
from alembic import op

revision = '0016_desk'
down_revision = '0015_tickets'
branch_labels = None
depends_on = None


def upgrade() -> None:
    _saved_view()
    _notes()
    _bulk()
    _impersonation()


def _saved_view() -> None:
    op.create_table('saved_view',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('shared', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('query', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_saved_view_staff_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_saved_view'))
    )
    op.create_index(op.f('ix_saved_view_staff_id'), 'saved_view', ['staff_id'])
    op.create_index('uq_saved_view_name', 'saved_view', ['staff_id', 'name'], unique=True,
                    sqlite_where=sa.text('deleted_at IS NULL'),
                    postgresql_where=sa.text('deleted_at IS NULL'))


def _notes() -> None:
    op.create_table('customer_note',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('customer_id', sa.Integer(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('pinned', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('author_id', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('edited_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['author_id'], ['staff.id'], name=op.f('fk_customer_note_author_id_staff')),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_customer_note_customer_id_customer')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_customer_note'))
    )
    op.create_index(op.f('ix_customer_note_author_id'), 'customer_note', ['author_id'])
    op.create_index(op.f('ix_customer_note_customer_id'), 'customer_note', ['customer_id'])
    op.create_table('customer_note_edit',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('note_id', sa.Integer(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('edited_by_id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['edited_by_id'], ['staff.id'], name=op.f('fk_customer_note_edit_edited_by_id_staff')),
    sa.ForeignKeyConstraint(['note_id'], ['customer_note.id'], name=op.f('fk_customer_note_edit_note_id_customer_note')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_customer_note_edit'))
    )
    op.create_index(op.f('ix_customer_note_edit_edited_by_id'), 'customer_note_edit', ['edited_by_id'])
    op.create_index(op.f('ix_customer_note_edit_note_id'), 'customer_note_edit', ['note_id'])


def _bulk() -> None:
    op.create_table('bulk_run',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('once', sa.String(length=64), nullable=False),
    sa.Column('action', sa.String(length=30), nullable=False),
    sa.Column('params', sa.JSON(), nullable=False),
    sa.Column('about', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_bulk_run_staff_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bulk_run')),
    sa.UniqueConstraint('once', name=op.f('uq_bulk_run_once'))
    )
    op.create_index(op.f('ix_bulk_run_staff_id'), 'bulk_run', ['staff_id'])
    op.create_index(op.f('ix_bulk_run_state'), 'bulk_run', ['state'])
    op.create_table('bulk_item',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('run_id', sa.Integer(), nullable=False),
    sa.Column('customer_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.Column('before', sa.JSON(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_bulk_item_customer_id_customer')),
    sa.ForeignKeyConstraint(['run_id'], ['bulk_run.id'], name=op.f('fk_bulk_item_run_id_bulk_run')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bulk_item')),
    sa.UniqueConstraint('run_id', 'customer_id', name=op.f('uq_bulk_item_run_id_customer_id'))
    )
    op.create_index(op.f('ix_bulk_item_customer_id'), 'bulk_item', ['customer_id'])
    op.create_index('ix_bulk_item_run_id_state', 'bulk_item', ['run_id', 'state'])


def _impersonation() -> None:
    op.create_table('impersonation',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=False),
    sa.Column('customer_id', sa.Integer(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_impersonation_customer_id_customer')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_impersonation_staff_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_impersonation'))
    )
    op.create_index(op.f('ix_impersonation_customer_id'), 'impersonation', ['customer_id'])
    op.create_index(op.f('ix_impersonation_staff_id'), 'impersonation', ['staff_id'])
    op.create_index(op.f('ix_impersonation_until'), 'impersonation', ['until'])


def downgrade() -> None:
    raise NotImplementedError('Loket only migrates forward; restore a backup instead.')
