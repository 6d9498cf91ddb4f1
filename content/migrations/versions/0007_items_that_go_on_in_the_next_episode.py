"""items that go on in the next episode

Revision: 0007, after 0006
"""
from alembic import op
import sqlalchemy as sa

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('items', schema=None) as batch_op:
        batch_op.add_column(sa.Column('continues_id', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_items_continues_id_items'), 'items', ['continues_id'], ['id'])


def downgrade() -> None:
    with op.batch_alter_table('items', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_items_continues_id_items'), type_='foreignkey')
        batch_op.drop_column('continues_id')
