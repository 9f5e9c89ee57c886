"""Sessions kept on the server, second factors of staff

Revision 0013_sessions, after 0012_telegram.
"""

revision = '0013_sessions'
down_revision = '0012_telegram'
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
