"""Billing rules

Revision 0004_billing, after 0003_drivers. Plans that were there billed the month in which
the invoice is issued: they go on as "calendar".
"""

import sqlalchemy as sa
from alembic import op


revision = '0004_billing'
down_revision = '0003_drivers'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plain ADD COLUMN on both engines: no table is rebuilt, no old row is touched but plans.
    op.add_column('plan', sa.Column('cycle_months', sa.Integer(), server_default='1', nullable=False))
    op.add_column('plan', sa.Column('issue_day', sa.Integer(), nullable=True))
    op.execute("UPDATE plan SET billing = 'calendar'")
    op.add_column('plan', sa.Column('first_billed_on', sa.Date(), nullable=True))
    op.execute(
        "UPDATE plan SET first_billed_on = (SELECT MIN(i.issued_on) FROM invoice i"
        " JOIN subscription s ON s.id = i.subscription_id WHERE s.plan_id = plan.id)"
    )
    op.add_column('invoice', sa.Column('covers_from', sa.Date(), nullable=True))
    op.add_column('invoice', sa.Column('covers_to', sa.Date(), nullable=True))
    op.create_table('subscription_discount',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('subscription_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('value', sa.BigInteger(), nullable=False),
    sa.Column('until_on', sa.Date(), nullable=True),
    sa.Column('reason', sa.String(length=120), nullable=False),
    sa.Column('stopped_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['subscription_id'], ['subscription.id'], name=op.f('fk_subscription_discount_subscription_id_subscription')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_subscription_discount'))
    )
    op.create_index(op.f('ix_subscription_discount_subscription_id'), 'subscription_discount', ['subscription_id'])
    op.create_table('charge',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('subscription_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('description', sa.String(length=160), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('invoice_id', sa.Integer(), nullable=True),
    sa.Column('late_invoice_id', sa.Integer(), nullable=True),
    sa.Column('cancelled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['subscription_id'], ['subscription.id'], name=op.f('fk_charge_subscription_id_subscription')),
    sa.ForeignKeyConstraint(['invoice_id'], ['invoice.id'], name=op.f('fk_charge_invoice_id_invoice')),
    sa.ForeignKeyConstraint(['late_invoice_id'], ['invoice.id'], name=op.f('fk_charge_late_invoice_id_invoice')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_charge')),
    sa.UniqueConstraint('late_invoice_id', name=op.f('uq_charge_late_invoice_id'))
    )
    op.create_index(op.f('ix_charge_subscription_id'), 'charge', ['subscription_id'])
    op.create_index(op.f('ix_charge_invoice_id'), 'charge', ['invoice_id'])
    op.create_table('tax_rate',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('rate_bp', sa.Integer(), nullable=False),
    sa.Column('numerator', sa.Integer(), nullable=False),
    sa.Column('denominator', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tax_rate')),
    sa.UniqueConstraint('valid_from', name=op.f('uq_tax_rate_valid_from'))
    )
    op.create_table('subscription_pause',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('subscription_id', sa.Integer(), nullable=False),
    sa.Column('from_on', sa.Date(), nullable=False),
    sa.Column('wake_on', sa.Date(), nullable=False),
    sa.Column('woke_on', sa.Date(), nullable=True),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['subscription_id'], ['subscription.id'], name=op.f('fk_subscription_pause_subscription_id_subscription')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_subscription_pause'))
    )
    op.create_index('ix_subscription_pause_subscription_id', 'subscription_pause', ['subscription_id'])
    still_on = sa.text('woke_on IS NULL')
    op.create_index('uq_subscription_pause_open', 'subscription_pause', ['subscription_id'], unique=True, sqlite_where=still_on, postgresql_where=still_on)
    op.create_table('plan_change',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('subscription_id', sa.Integer(), nullable=False),
    sa.Column('on_day', sa.Date(), nullable=False),
    sa.Column('from_plan_id', sa.Integer(), nullable=False),
    sa.Column('to_plan_id', sa.Integer(), nullable=False),
    sa.Column('from_price', sa.BigInteger(), nullable=False),
    sa.Column('applied_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('cancelled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['subscription_id'], ['subscription.id'], name=op.f('fk_plan_change_subscription_id_subscription')),
    sa.ForeignKeyConstraint(['from_plan_id'], ['plan.id'], name=op.f('fk_plan_change_from_plan_id_plan')),
    sa.ForeignKeyConstraint(['to_plan_id'], ['plan.id'], name=op.f('fk_plan_change_to_plan_id_plan')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_plan_change'))
    )
    op.create_index(op.f('ix_plan_change_subscription_id'), 'plan_change', ['subscription_id'])
    op.create_index(op.f('ix_plan_change_on_day'), 'plan_change', ['on_day'])


def downgrade() -> None:
    raise NotImplementedError('Loket only migrates forward; restore a backup instead.')
