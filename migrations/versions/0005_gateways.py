"""Gateways and pay pages

Revision 0005_gateways, after 0004_billing.
"""

revision = '0005_gateways'
down_revision = '0004_billing'
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise NotImplementedError('Loket only migrates forward; restore a backup instead.')
