"""Isolation's knobs: promises to pay, runs that wait for a person

Revision 0007_isolation, after 0006_documents.
"""

revision = '0007_isolation'
down_revision = '0006_documents'
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise NotImplementedError('Loket only migrates forward; restore a backup instead.')
