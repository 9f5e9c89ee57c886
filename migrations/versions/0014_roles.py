"""Roles: what the owner gave or took

Revision 0014_roles, after 0013_sessions.
"""

revision = '0014_roles'
down_revision = '0013_sessions'
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
