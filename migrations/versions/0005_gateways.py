"""Gateways and pay pages

Revision 0005_gateways, after 0004_billing.
"""

import sqlalchemy as sa
from alembic import op


revision = '0005_gateways'
down_revision = '0004_billing'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plain ADD COLUMN on both engines: no table is rebuilt.
    op.add_column('payment_order', sa.Column('pay_code', sa.Text(), server_default='', nullable=False))
    op.add_column('payment_order', sa.Column('unique_code', sa.Integer(), nullable=True))
    waiting = sa.text("unique_code IS NOT NULL AND state = 'pending'")
    op.create_index('uq_payment_order_open_amount', 'payment_order', ['gateway', 'amount'], unique=True, sqlite_where=waiting, postgresql_where=waiting)
    op.create_table('payment_proof',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('payment_order_id', sa.Integer(), nullable=False),
    sa.Column('media_file_id', sa.Integer(), nullable=True),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['payment_order_id'], ['payment_order.id'], name=op.f('fk_payment_proof_payment_order_id_payment_order')),
    sa.ForeignKeyConstraint(['media_file_id'], ['media_file.id'], name=op.f('fk_payment_proof_media_file_id_media_file'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payment_proof'))
    )
    op.create_index(op.f('ix_payment_proof_payment_order_id'), 'payment_proof', ['payment_order_id'])
    op.create_index(op.f('ix_payment_proof_media_file_id'), 'payment_proof', ['media_file_id'])


def downgrade() -> None:
    raise NotImplementedError('Loket only migrates forward; restore a backup instead.')
