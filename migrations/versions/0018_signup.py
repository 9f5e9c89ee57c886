"""Meta Embedded Signup, and channels of a brand or area

Revision 0018_signup, after 0017_imports.
"""

import sqlalchemy as sa
from alembic import op


revision = '0018_signup'
down_revision = '0017_imports'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('channel', sa.Column('brand', sa.String(length=60), server_default='', nullable=False))
    # The number a customer wrote to: the 24 hours count for that one only.
    op.add_column('inbound_message', sa.Column('channel_id', sa.Integer(), nullable=True))
    op.create_table('meta_app',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('config', sa.LargeBinary(), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_meta_app'))
    )
    op.create_table('channel_area',
    sa.Column('channel_id', sa.Integer(), nullable=False),
    sa.Column('area_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['area_id'], ['area.id'], name=op.f('fk_channel_area_area_id_area'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['channel_id'], ['channel.id'], name=op.f('fk_channel_area_channel_id_channel'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('channel_id', 'area_id', name=op.f('pk_channel_area'))
    )
    op.create_index(op.f('ix_channel_area_area_id'), 'channel_area', ['area_id'])
    op.create_table('signup',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=True),
    sa.Column('nonce', sa.String(length=64), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('need', sa.String(length=20), nullable=False),
    sa.Column('problem', sa.Text(), nullable=False),
    sa.Column('detail', sa.Text(), nullable=False),
    sa.Column('event', sa.String(length=60), nullable=False),
    sa.Column('told_waba_id', sa.String(length=40), nullable=False),
    sa.Column('told_phone_id', sa.String(length=40), nullable=False),
    sa.Column('told_business_id', sa.String(length=40), nullable=False),
    sa.Column('waba_id', sa.String(length=40), nullable=False),
    sa.Column('phone_id', sa.String(length=40), nullable=False),
    sa.Column('business_id', sa.String(length=40), nullable=False),
    sa.Column('found', sa.JSON(), nullable=False),
    sa.Column('secrets', sa.LargeBinary(), nullable=False),
    sa.Column('brand', sa.String(length=60), nullable=False),
    sa.Column('area_ids', sa.JSON(), nullable=False),
    sa.Column('channel_id', sa.Integer(), nullable=True),
    sa.Column('token_expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('lease_token', sa.String(length=64), nullable=True),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('code_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['channel_id'], ['channel.id'], name=op.f('fk_signup_channel_id_channel'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_signup_staff_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_signup'))
    )
    op.create_index('ix_signup_state_next_at', 'signup', ['state', 'next_at'])
    op.create_index(op.f('ix_signup_channel_id'), 'signup', ['channel_id'])
    op.create_index(op.f('ix_signup_staff_id'), 'signup', ['staff_id'])
    op.create_table('signup_number',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('channel_id', sa.Integer(), nullable=False),
    sa.Column('phone_id', sa.String(length=40), nullable=False),
    sa.Column('waba_id', sa.String(length=40), nullable=False),
    sa.Column('business_id', sa.String(length=40), nullable=False),
    sa.Column('display', sa.String(length=40), nullable=False),
    sa.Column('verified_name', sa.String(length=120), nullable=False),
    sa.Column('waba_name', sa.String(length=120), nullable=False),
    sa.Column('namespace', sa.String(length=80), nullable=False),
    sa.Column('pin', sa.LargeBinary(), nullable=True),
    sa.Column('token_expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('told_expiry', sa.Date(), nullable=True),
    sa.Column('told_days', sa.Integer(), nullable=True),
    sa.Column('credit', sa.String(length=20), nullable=False),
    sa.Column('allocation_id', sa.String(length=40), nullable=False),
    sa.Column('credit_try_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('connected_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_why', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['channel_id'], ['channel.id'], name=op.f('fk_signup_number_channel_id_channel'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_signup_number')),
    sa.UniqueConstraint('channel_id', name=op.f('uq_signup_number_channel_id')),
    sa.UniqueConstraint('phone_id', name=op.f('uq_signup_number_phone_id'))
    )
    op.create_index(op.f('ix_signup_number_waba_id'), 'signup_number', ['waba_id'])


def downgrade() -> None:
    raise NotImplementedError('Loket only migrates forward; restore a backup instead.')
