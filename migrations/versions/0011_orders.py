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
    pass


def downgrade() -> None:
    raise NotImplementedError('Loket only migrates forward; restore a backup instead.')
