"""The bot on Telegram: conversations, and payments asked for in one

Revision 0012_telegram, after 0011_orders.
"""

import sqlalchemy as sa
from alembic import op


revision = '0012_telegram'
down_revision = '0011_orders'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('telegram_talk',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('telegram_id', sa.BigInteger(), nullable=False),
    sa.Column('step', sa.String(length=20), nullable=False),
    sa.Column('step_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('data', sa.JSON(), nullable=False),
    sa.Column('code_token', sa.LargeBinary(), nullable=True),
    sa.Column('heard', sa.Integer(), nullable=False),
    sa.Column('heard_from', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_telegram_talk')),
    sa.UniqueConstraint('telegram_id', name=op.f('uq_telegram_talk_telegram_id'))
    )
    op.create_table('telegram_bill',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('telegram_id', sa.BigInteger(), nullable=False),
    sa.Column('service_order_id', sa.Integer(), nullable=True),
    sa.Column('customer_id', sa.Integer(), nullable=True),
    sa.Column('invoice_ids', sa.JSON(), nullable=False),
    sa.Column('payment_order_id', sa.Integer(), nullable=True),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_telegram_bill_customer_id_customer')),
    sa.ForeignKeyConstraint(['payment_order_id'], ['payment_order.id'], name=op.f('fk_telegram_bill_payment_order_id_payment_order')),
    sa.ForeignKeyConstraint(['service_order_id'], ['service_order.id'], name=op.f('fk_telegram_bill_service_order_id_service_order')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_telegram_bill'))
    )
    op.create_index('ix_telegram_bill_state_next_at', 'telegram_bill', ['state', 'next_at'])
    op.create_index(op.f('ix_telegram_bill_telegram_id'), 'telegram_bill', ['telegram_id'])
    op.create_index(op.f('ix_telegram_bill_service_order_id'), 'telegram_bill', ['service_order_id'])
    op.create_index(op.f('ix_telegram_bill_customer_id'), 'telegram_bill', ['customer_id'])
    op.create_index(op.f('ix_telegram_bill_payment_order_id'), 'telegram_bill', ['payment_order_id'])


def downgrade() -> None:
    raise NotImplementedError('Loket only migrates forward; restore a backup instead.')
