"""Counter, collector settlements, closings

Revision 0009_counter, after 0008_corrections.
"""

import sqlalchemy as sa
from alembic import op


revision = '0009_counter'
down_revision = '0008_corrections'
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise NotImplementedError('Loket only migrates forward; restore a backup instead.')
