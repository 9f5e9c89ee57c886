"""The staff's desk: saved views and notes

Revision 0016_desk, after 0015_tickets.
"""

revision = '0016_desk'
down_revision = '0015_tickets'
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
