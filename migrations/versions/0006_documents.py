"""Pay links without login, and documents

Revision 0006_documents, after 0005_gateways.
"""

revision = '0006_documents'
down_revision = '0005_gateways'
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise NotImplementedError('Loket only migrates forward; restore a backup instead.')
