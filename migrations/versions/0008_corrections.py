"""Corrections: credit notes, refunds, reversals, replaced invoices, locked months

Revision 0008_corrections, after 0007_isolation.
"""

import sqlalchemy as sa
from alembic import op


revision = '0008_corrections'
down_revision = '0007_isolation'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('refund',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('customer_id', sa.Integer(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('method', sa.String(length=20), nullable=False),
    sa.Column('reference', sa.String(length=120), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('booked_on', sa.Date(), nullable=False),
    sa.Column('paid_by_id', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('once', sa.String(length=64), nullable=True),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_refund_customer_id_customer')),
    sa.ForeignKeyConstraint(['paid_by_id'], ['staff.id'], name=op.f('fk_refund_paid_by_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_refund')),
    sa.UniqueConstraint('number', name=op.f('uq_refund_number')),
    sa.UniqueConstraint('once', name=op.f('uq_refund_once'))
    )
    op.create_index(op.f('ix_refund_customer_id'), 'refund', ['customer_id'])
    op.create_index(op.f('ix_refund_booked_on'), 'refund', ['booked_on'])
    op.create_index(op.f('ix_refund_paid_by_id'), 'refund', ['paid_by_id'])
    op.create_table('credit_note',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('customer_id', sa.Integer(), nullable=False),
    sa.Column('invoice_id', sa.Integer(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('tax_amount', sa.BigInteger(), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('booked_on', sa.Date(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('once', sa.String(length=64), nullable=True),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_credit_note_customer_id_customer')),
    sa.ForeignKeyConstraint(['invoice_id'], ['invoice.id'], name=op.f('fk_credit_note_invoice_id_invoice')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_credit_note')),
    sa.UniqueConstraint('number', name=op.f('uq_credit_note_number')),
    sa.UniqueConstraint('once', name=op.f('uq_credit_note_once'))
    )
    op.create_index(op.f('ix_credit_note_customer_id'), 'credit_note', ['customer_id'])
    op.create_index(op.f('ix_credit_note_invoice_id'), 'credit_note', ['invoice_id'])
    op.create_index(op.f('ix_credit_note_booked_on'), 'credit_note', ['booked_on'])
    op.create_table('month_lock',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('period', sa.String(length=7), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('locked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('locked_by', sa.String(length=80), nullable=False),
    sa.Column('reopened_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reopened_by', sa.String(length=80), nullable=False),
    sa.Column('reopen_reason', sa.String(length=200), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_month_lock'))
    )
    locked = sa.text('reopened_at IS NULL')
    op.create_index('uq_month_lock_period_live', 'month_lock', ['period'], unique=True, sqlite_where=locked, postgresql_where=locked)
    # Plain ADD COLUMN on both engines: no table is rebuilt.
    op.add_column('invoice', sa.Column('closed_on', sa.Date(), nullable=True))
    _add_reference('invoice', 'replaces_id', 'invoice')
    _add_reference('credit', 'refund_id', 'refund')
    _add_reference('payment', 'taken_by_id', 'staff')
    op.add_column('payment', sa.Column('booked_on', sa.Date(), nullable=True))
    op.create_index(op.f('ix_payment_booked_on'), 'payment', ['booked_on'])
    # The local day of paid_at; Loket has one zone so far.
    sqlite = op.get_bind().dialect.name == 'sqlite'
    day = "date(paid_at, '+7 hours')" if sqlite else "(paid_at AT TIME ZONE 'Asia/Jakarta')::date"
    op.execute(f'UPDATE payment SET booked_on = {day}')


def _add_reference(table: str, column: str, target: str) -> None:
    op.execute(
        f'ALTER TABLE {table} ADD COLUMN {column} INTEGER'
        f' CONSTRAINT fk_{table}_{column}_{target} REFERENCES {target} (id)'
    )
    op.create_index(op.f(f'ix_{table}_{column}'), table, [column])


def downgrade() -> None:
    raise NotImplementedError('Loket only migrates forward; restore a backup instead.')
