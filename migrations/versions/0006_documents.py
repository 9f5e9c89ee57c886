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


def downgrade() -> None:
    raise NotImplementedError('Loket only migrates forward; restore a backup instead.')
