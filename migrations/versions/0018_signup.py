"""Meta Embedded Signup, and channels of a brand or area

Revision 0018_signup, after 0017_imports.
"""

revision = '0018_signup'
down_revision = '0017_imports'
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
