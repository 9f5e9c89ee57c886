"""Sessions kept on the server, second factors of staff

Who is logged in while this runs logs in again: what the old cookies carry is gone.

Revision 0013_sessions, after 0012_telegram.
"""

import sqlalchemy as sa
from alembic import op


revision = '0013_sessions'
down_revision = '0012_telegram'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('login_session',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('proved_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('agent', sa.String(length=200), nullable=False),
    sa.Column('ip', sa.String(length=45), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_login_session')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_login_session_token_hash'))
    )
    op.create_index('ix_login_session_kind_person_id', 'login_session', ['kind', 'person_id'])
    op.create_index('ix_login_session_seen_at', 'login_session', ['seen_at'])
    op.create_table('recovery_code',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=False),
    sa.Column('code_hash', sa.String(length=64), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_recovery_code_staff_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recovery_code'))
    )
    op.create_index(op.f('ix_recovery_code_staff_id'), 'recovery_code', ['staff_id'])
    op.create_table('password_link',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('staff_id', sa.Integer(), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_password_link_staff_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_password_link')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_password_link_token_hash'))
    )
    op.create_index(op.f('ix_password_link_staff_id'), 'password_link', ['staff_id'])
    op.create_table('login_address',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('address', sa.String(length=45), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('failed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('locked_until', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_login_address')),
    sa.UniqueConstraint('address', name=op.f('uq_login_address_address'))
    )
    op.add_column('staff', sa.Column('totp_secret', sa.LargeBinary(), nullable=True))
    op.add_column('staff', sa.Column('totp_since', sa.DateTime(timezone=True), nullable=True))
    op.add_column('staff', sa.Column('totp_step', sa.Integer(), nullable=True))
    # One token for all browsers of a person; a row per session is in its place.
    op.drop_column('staff', 'session_token')
    op.drop_column('customer', 'session_token')


def downgrade() -> None:
    raise NotImplementedError('Loket only migrates forward; restore a backup instead.')
