"""Pay links without login, and documents

Revision 0006_documents, after 0005_gateways.
"""

import sqlalchemy as sa
from alembic import op


revision = '0006_documents'
down_revision = '0005_gateways'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('invoice', sa.Column('link_version', sa.Integer(), server_default='1', nullable=False))
    op.create_table('company_logo',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('image', sa.LargeBinary(), nullable=False),
    sa.Column('width', sa.Integer(), nullable=False),
    sa.Column('height', sa.Integer(), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_by', sa.String(length=80), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_company_logo'))
    )


def downgrade() -> None:
    raise NotImplementedError('Loket only migrates forward; restore a backup instead.')
