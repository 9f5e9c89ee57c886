"""Roles: what the owner gave or took

Revision 0014_roles, after 0013_sessions.
"""

import sqlalchemy as sa
from alembic import op


revision = "0014_roles"
down_revision = "0013_sessions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "role_grant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("permission", sa.String(length=40), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["changed_by"], ["staff.id"], name=op.f("fk_role_grant_changed_by_staff")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
        sa.UniqueConstraint("role", "permission", name=op.f("uq_role_grant_role_permission")),
    )
    op.add_column("staff", sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=True))
    # What the audit page asks by; the table only grows.
    op.create_index("ix_audit_log_at", "audit_log", ["at"])
    op.create_index("ix_audit_log_actor", "audit_log", ["actor"])


def downgrade() -> None:
    raise NotImplementedError("Loket only migrates forward; restore a backup instead.")
