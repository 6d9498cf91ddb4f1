"""items that go on in the next episode

Revision: 0007, after 0006
"""
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plain SQL that SQLite and PostgreSQL both know: a batch step would make the table anew, and SQLite
    # refuses to drop the old one while scripts and episodes refer to its rows.
    op.execute(
        'ALTER TABLE items ADD COLUMN continues_id INTEGER '
        'CONSTRAINT fk_items_continues_id_items REFERENCES items (id)'
    )


def downgrade() -> None:
    with op.batch_alter_table('items', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_items_continues_id_items'), type_='foreignkey')
        batch_op.drop_column('continues_id')
