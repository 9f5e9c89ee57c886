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
    pass


def downgrade() -> None:
    raise NotImplementedError('Loket only migrates forward; restore a backup instead.')
