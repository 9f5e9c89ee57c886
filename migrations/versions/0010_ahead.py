"""Paying months ahead

Revision 0010_ahead, after 0009_counter.
"""

import sqlalchemy as sa
from alembic import op


revision = '0010_ahead'
down_revision = '0009_counter'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('payment_ahead',
    sa.Column('payment_order_id', sa.Integer(), nullable=False),
    sa.Column('subscription_id', sa.Integer(), nullable=False),
    sa.Column('months', sa.Integer(), nullable=False),
    sa.Column('discount_bp', sa.Integer(), nullable=False),
    sa.Column('free_months', sa.Integer(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('periods', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['payment_order_id'], ['payment_order.id'], name=op.f('fk_payment_ahead_payment_order_id_payment_order')),
    sa.ForeignKeyConstraint(['subscription_id'], ['subscription.id'], name=op.f('fk_payment_ahead_subscription_id_subscription')),
    sa.PrimaryKeyConstraint('payment_order_id', name=op.f('pk_payment_ahead'))
    )
    op.create_index(op.f('ix_payment_ahead_subscription_id'), 'payment_ahead', ['subscription_id'])


def downgrade() -> None:
    raise NotImplementedError('Loket only migrates forward; restore a backup instead.')
