"""Orders of new and existing customers

Revision 0011_orders, after 0010_ahead.
"""

import sqlalchemy as sa
from alembic import op


revision = '0011_orders'
down_revision = '0010_ahead'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plain ADD COLUMN on both engines: no table is rebuilt.
    op.add_column('plan', sa.Column('public', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('payment_order', sa.Column('advance', sa.BigInteger(), server_default='0', nullable=False))
    op.create_table('telegram_user',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('telegram_id', sa.BigInteger(), nullable=False),
    sa.Column('username', sa.String(length=80), nullable=False),
    sa.Column('customer_id', sa.Integer(), nullable=True),
    sa.Column('linked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_telegram_user_customer_id_customer')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_telegram_user')),
    sa.UniqueConstraint('telegram_id', name=op.f('uq_telegram_user_telegram_id'))
    )
    op.create_index(op.f('ix_telegram_user_customer_id'), 'telegram_user', ['customer_id'])
    op.create_table('service_order',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('token', sa.String(length=64), nullable=False),
    sa.Column('form_key', sa.String(length=64), nullable=True),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('state_since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('customer_id', sa.Integer(), nullable=False),
    sa.Column('plan_id', sa.Integer(), nullable=True),
    sa.Column('subscription_id', sa.Integer(), nullable=True),
    sa.Column('at_once', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('phone', sa.String(length=20), nullable=False),
    sa.Column('address', sa.Text(), nullable=False),
    sa.Column('area_id', sa.Integer(), nullable=True),
    sa.Column('note', sa.String(length=500), nullable=False),
    sa.Column('plan_name', sa.String(length=120), nullable=False),
    sa.Column('plan_price', sa.BigInteger(), nullable=False),
    sa.Column('install_fee', sa.BigInteger(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('quoted', sa.BigInteger(), nullable=False),
    sa.Column('telegram_id', sa.BigInteger(), nullable=True),
    sa.Column('ip', sa.String(length=45), nullable=False),
    sa.Column('technician_id', sa.Integer(), nullable=True),
    sa.Column('scheduled_on', sa.Date(), nullable=True),
    sa.Column('slot', sa.String(length=40), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('placed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('paid_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['area_id'], ['area.id'], name=op.f('fk_service_order_area_id_area')),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_service_order_customer_id_customer')),
    sa.ForeignKeyConstraint(['plan_id'], ['plan.id'], name=op.f('fk_service_order_plan_id_plan')),
    sa.ForeignKeyConstraint(['subscription_id'], ['subscription.id'], name=op.f('fk_service_order_subscription_id_subscription')),
    sa.ForeignKeyConstraint(['technician_id'], ['staff.id'], name=op.f('fk_service_order_technician_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_service_order')),
    sa.UniqueConstraint('form_key', name=op.f('uq_service_order_form_key')),
    sa.UniqueConstraint('number', name=op.f('uq_service_order_number')),
    sa.UniqueConstraint('token', name=op.f('uq_service_order_token'))
    )
    for column in ('area_id', 'customer_id', 'plan_id', 'scheduled_on', 'subscription_id', 'technician_id', 'telegram_id'):
        op.create_index(op.f(f'ix_service_order_{column}'), 'service_order', [column])
    op.create_index('ix_service_order_state_expires_at', 'service_order', ['state', 'expires_at'])
    op.create_index('ix_service_order_phone_placed_at', 'service_order', ['phone', 'placed_at'])
    op.create_index('ix_service_order_ip_placed_at', 'service_order', ['ip', 'placed_at'])
    op.create_table('service_order_attempt',
    sa.Column('payment_order_id', sa.Integer(), nullable=False),
    sa.Column('service_order_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['payment_order_id'], ['payment_order.id'], name=op.f('fk_service_order_attempt_payment_order_id_payment_order')),
    sa.ForeignKeyConstraint(['service_order_id'], ['service_order.id'], name=op.f('fk_service_order_attempt_service_order_id_service_order')),
    sa.PrimaryKeyConstraint('payment_order_id', name=op.f('pk_service_order_attempt'))
    )
    op.create_index(op.f('ix_service_order_attempt_service_order_id'), 'service_order_attempt', ['service_order_id'])


def downgrade() -> None:
    raise NotImplementedError('Loket only migrates forward; restore a backup instead.')
