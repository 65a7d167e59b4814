"""cases wait for signals as they do for messages; a task has what its instance sees"""

from alembic import op
import sqlalchemy as sa


revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Every row is a projection of a case's state: those there are wait for messages.
    op.create_table('subscription_0002',
    sa.Column('key', sa.String(length=60), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('case_id', sa.Integer(), nullable=False),
    sa.Column('node', sa.Text(), nullable=False),
    sa.Column('correlation', sa.Text(), nullable=True),
    )
    op.execute(
        'INSERT INTO subscription_0002 (key, kind, name, case_id, node, correlation)'
        " SELECT key, 'message', message, case_id, node, correlation FROM subscription"
    )
    op.drop_table('subscription')
    op.create_table('subscription',
    sa.Column('key', sa.String(length=60), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('case_id', sa.Integer(), nullable=False),
    sa.Column('node', sa.Text(), nullable=False),
    sa.Column('correlation', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['case.id'], name=op.f('fk_subscription_case_id_case')),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_subscription'))
    )
    op.execute('INSERT INTO subscription SELECT * FROM subscription_0002')
    op.drop_table('subscription_0002')
    with op.batch_alter_table('subscription', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_subscription_case_id'), ['case_id'], unique=False)
        batch_op.create_index('ix_subscription_kind_name', ['kind', 'name', 'correlation'], unique=False)


    with op.batch_alter_table('task', schema=None) as batch_op:
        batch_op.add_column(sa.Column('local', sa.JSON(), server_default=sa.text("'{}'"), nullable=False))


def downgrade() -> None:
    raise RuntimeError("Cases may wait for signals: go back by restoring the backup made before.")
