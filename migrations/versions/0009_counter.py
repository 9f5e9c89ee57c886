"""Counter, collector settlements, closings

Revision 0009_counter, after 0008_corrections.
"""

import sqlalchemy as sa
from alembic import op


revision = '0009_counter'
down_revision = '0008_corrections'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plain ADD COLUMN on both engines: no table is rebuilt.
    op.execute(
        'ALTER TABLE area ADD COLUMN collector_id INTEGER'
        ' CONSTRAINT fk_area_collector_id_staff REFERENCES staff (id)'
    )
    op.create_index(op.f('ix_area_collector_id'), 'area', ['collector_id'])
    op.create_table('counter_taking',
    sa.Column('payment_id', sa.Integer(), nullable=False),
    sa.Column('once', sa.String(length=64), nullable=False),
    sa.Column('received', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['payment_id'], ['payment.id'], name=op.f('fk_counter_taking_payment_id_payment')),
    sa.PrimaryKeyConstraint('payment_id', name=op.f('pk_counter_taking')),
    sa.UniqueConstraint('once', name=op.f('uq_counter_taking_once'))
    )
    op.create_table('settlement',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('once', sa.String(length=64), nullable=False),
    sa.Column('collector_id', sa.Integer(), nullable=False),
    sa.Column('received_by_id', sa.Integer(), nullable=False),
    sa.Column('booked_on', sa.Date(), nullable=False),
    sa.Column('expected', sa.BigInteger(), nullable=False),
    sa.Column('counted', sa.BigInteger(), nullable=False),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.Column('reverses_id', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['collector_id'], ['staff.id'], name=op.f('fk_settlement_collector_id_staff')),
    sa.ForeignKeyConstraint(['received_by_id'], ['staff.id'], name=op.f('fk_settlement_received_by_id_staff')),
    sa.ForeignKeyConstraint(['reverses_id'], ['settlement.id'], name=op.f('fk_settlement_reverses_id_settlement')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_settlement')),
    sa.UniqueConstraint('number', name=op.f('uq_settlement_number')),
    sa.UniqueConstraint('once', name=op.f('uq_settlement_once')),
    sa.UniqueConstraint('reverses_id', name=op.f('uq_settlement_reverses_id'))
    )
    op.create_index(op.f('ix_settlement_collector_id'), 'settlement', ['collector_id'])
    op.create_index(op.f('ix_settlement_received_by_id'), 'settlement', ['received_by_id'])
    live = sa.text('NOT released')
    op.create_table('settlement_payment',
    sa.Column('settlement_id', sa.Integer(), nullable=False),
    sa.Column('payment_id', sa.Integer(), nullable=False),
    sa.Column('released', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['payment_id'], ['payment.id'], name=op.f('fk_settlement_payment_payment_id_payment')),
    sa.ForeignKeyConstraint(['settlement_id'], ['settlement.id'], name=op.f('fk_settlement_payment_settlement_id_settlement')),
    sa.PrimaryKeyConstraint('settlement_id', 'payment_id', name=op.f('pk_settlement_payment'))
    )
    op.create_index('uq_settlement_payment_live', 'settlement_payment', ['payment_id'], unique=True, sqlite_where=live, postgresql_where=live)
    op.create_table('closing',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('once', sa.String(length=64), nullable=False),
    sa.Column('cashier_id', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('opening', sa.BigInteger(), nullable=False),
    sa.Column('expected', sa.BigInteger(), nullable=False),
    sa.Column('counted', sa.BigInteger(), nullable=False),
    sa.Column('pieces', sa.JSON(), nullable=False),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('reopened_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reopened_by', sa.String(length=80), nullable=False),
    sa.Column('reopen_reason', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['cashier_id'], ['staff.id'], name=op.f('fk_closing_cashier_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_closing')),
    sa.UniqueConstraint('once', name=op.f('uq_closing_once'))
    )
    op.create_index(op.f('ix_closing_cashier_id'), 'closing', ['cashier_id'])
    closed = sa.text('reopened_at IS NULL')
    op.create_index('uq_closing_cashier_id_day_live', 'closing', ['cashier_id', 'day'], unique=True, sqlite_where=closed, postgresql_where=closed)
    op.create_table('closing_entry',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('closing_id', sa.Integer(), nullable=False),
    sa.Column('payment_id', sa.Integer(), nullable=True),
    sa.Column('settlement_id', sa.Integer(), nullable=True),
    sa.Column('refund_id', sa.Integer(), nullable=True),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('released', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['closing_id'], ['closing.id'], name=op.f('fk_closing_entry_closing_id_closing')),
    sa.ForeignKeyConstraint(['payment_id'], ['payment.id'], name=op.f('fk_closing_entry_payment_id_payment')),
    sa.ForeignKeyConstraint(['settlement_id'], ['settlement.id'], name=op.f('fk_closing_entry_settlement_id_settlement')),
    sa.ForeignKeyConstraint(['refund_id'], ['refund.id'], name=op.f('fk_closing_entry_refund_id_refund')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_closing_entry'))
    )
    op.create_index(op.f('ix_closing_entry_closing_id'), 'closing_entry', ['closing_id'])
    for name in ('payment', 'settlement', 'refund'):
        op.create_index(f'uq_closing_entry_{name}_live', 'closing_entry', [f'{name}_id'], unique=True, sqlite_where=live, postgresql_where=live)


def downgrade() -> None:
    raise NotImplementedError('Loket only migrates forward; restore a backup instead.')
