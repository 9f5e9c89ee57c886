"""Trouble tickets, wishes about messages, changes of phone

Revision 0015_tickets, after 0014_roles.
"""

revision = '0015_tickets'
down_revision = '0014_roles'
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
