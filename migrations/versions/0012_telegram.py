"""Telegram users

Revision 0012_telegram, after 0011_orders.
"""

import sqlalchemy as sa
from alembic import op


revision = '0012_telegram'
down_revision = '0011_orders'
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise NotImplementedError('Loket only migrates forward; restore a backup instead.')
