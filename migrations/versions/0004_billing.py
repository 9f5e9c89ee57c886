"""Billing rules

Revision 0004_billing, after 0003_drivers.
"""

revision = '0004_billing'
down_revision = '0003_drivers'
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise NotImplementedError('Loket only migrates forward; restore a backup instead.')
