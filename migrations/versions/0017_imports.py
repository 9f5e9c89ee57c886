"""Imports: files, runs and their undoing

Revision 0017_imports, after 0016_desk.
"""

revision = '0017_imports'
down_revision = '0016_desk'
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
