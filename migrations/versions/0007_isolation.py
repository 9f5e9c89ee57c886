"""Isolation's knobs: promises to pay, runs that wait for a person

Revision 0007_isolation, after 0006_documents.
"""

import sqlalchemy as sa
from alembic import op


revision = '0007_isolation'
down_revision = '0006_documents'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plain ADD COLUMN on both engines: no table is rebuilt.
    op.add_column('network_access', sa.Column('warned_for', sa.Date(), nullable=True))
    op.add_column('network_access', sa.Column('warned_at', sa.DateTime(timezone=True), nullable=True))
    op.create_table('payment_promise',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('customer_id', sa.Integer(), nullable=False),
    sa.Column('made_on', sa.Date(), nullable=False),
    sa.Column('until_on', sa.Date(), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('withdrawn_on', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_payment_promise_customer_id_customer')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payment_promise'))
    )
    op.create_index('ix_payment_promise_customer_id_until_on', 'payment_promise', ['customer_id', 'until_on'])
    op.create_table('rapel_term',
    sa.Column('customer_id', sa.Integer(), nullable=False),
    sa.Column('months', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_rapel_term_customer_id_customer')),
    sa.PrimaryKeyConstraint('customer_id', name=op.f('pk_rapel_term'))
    )
    op.create_table('isolation_stop',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('lines', sa.JSON(), nullable=False),
    sa.Column('customers', sa.Integer(), nullable=False),
    sa.Column('base', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_isolation_stop'))
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index('uq_isolation_stop_waiting', 'isolation_stop', ['state'], unique=True, sqlite_where=waiting, postgresql_where=waiting)
    op.create_index('ix_isolation_stop_day', 'isolation_stop', ['day'])


def downgrade() -> None:
    raise NotImplementedError('Loket only migrates forward; restore a backup instead.')
