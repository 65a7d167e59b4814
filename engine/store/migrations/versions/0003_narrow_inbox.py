"""inboxes are read from one range of an index; cases and tasks are found by pieces of their text"""

from zlib import crc32

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

#: Rows written at once.
MANY = 1000


def upgrade() -> None:
    connection = op.get_bind()
    tokens = postgresql.ARRAY(sa.Text()) if connection.dialect.name == 'postgresql' else sa.Text()
    empty = sa.text("'{}'") if connection.dialect.name == 'postgresql' else sa.text("''")
    op.add_column('case', sa.Column('tokens', tokens, server_default=empty, nullable=False))
    _fill_cases(connection)
    op.drop_index('ix_case_started_by', table_name='case')
    op.create_index('ix_case_started', 'case', ['started_at', 'id'], unique=False)
    op.create_index('ix_case_starter', 'case', ['started_by', 'status', 'started_at'], unique=False)
    op.drop_index('ix_task_case_id', table_name='task')
    op.drop_index('ix_task_case_status', table_name='task')
    op.create_index('ix_task_case', 'task', ['case_id', 'status', 'assignee_id', 'done_by'], unique=False)
    op.drop_index('ix_task_done_by', table_name='task')
    op.create_index('ix_task_done', 'task', ['done_by', 'done_at', 'case_id'], unique=False)
    op.drop_index('ix_task_assignee_id', table_name='task')
    op.create_index('ix_task_assignee', 'task', ['assignee_id', 'case_id'], unique=False)

    op.create_table('inbox_0003',
    sa.Column('who', sa.String(length=210)),
    sa.Column('task_id', sa.String(length=32)),
    sa.Column('kind', sa.String(length=10)),
    sa.Column('reason', sa.JSON()),
    sa.Column('search', sa.Text()),
    )
    op.execute(
        'INSERT INTO inbox_0003 (who, task_id, kind, reason, search)'
        ' SELECT who, task_id, kind, reason, search FROM inbox'
    )
    op.drop_table('inbox')
    op.create_table('inbox',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('who', sa.String(length=210), nullable=False),
    sa.Column('task_id', sa.String(length=32), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('procedure', sa.String(length=100), nullable=False),
    sa.Column('number', sa.String(length=60), nullable=False),
    sa.Column('reason', sa.JSON(), nullable=True),
    sa.Column('search', sa.Text(), nullable=False),
    sa.Column('tokens', tokens, nullable=False),
    sa.ForeignKeyConstraint(['task_id'], ['task.id'], name=op.f('fk_inbox_task_id_task')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inbox')),
    sa.UniqueConstraint('task_id', 'who', 'kind', name=op.f('uq_inbox_task_id_who_kind'))
    )
    _fill_inbox(connection, tokens)
    op.drop_table('inbox_0003')
    op.create_index(
        'ix_inbox_due',
        'inbox',
        ['who', 'kind', 'due_at', 'created_at', 'task_id', 'procedure', 'number', 'search'],
        unique=False,
    )
    op.create_index('ix_inbox_created', 'inbox', ['who', 'kind', 'created_at', 'task_id', 'procedure'], unique=False)
    op.create_index('ix_inbox_number', 'inbox', ['who', 'kind', 'number', 'task_id', 'procedure'], unique=False)


def _fill_cases(connection) -> None:
    some = sa.text('SELECT id, number, subject FROM "case" WHERE id > :last ORDER BY id LIMIT :many')
    write = sa.text('UPDATE "case" SET tokens = :tokens WHERE id = :id')
    last = 0
    while rows := connection.execute(some, {'last': last, 'many': MANY}).all():
        connection.execute(write, [
            {'id': row.id, 'tokens': _stored(connection, _pieces(f'{row.number} {row.subject}'))} for row in rows
        ])
        last = rows[-1].id


def _fill_inbox(connection, tokens) -> None:
    # The instants and the reasons are copied as the database keeps them.
    rows = connection.execute(sa.text(
        'SELECT inbox_0003.who, inbox_0003.task_id, inbox_0003.kind, inbox_0003.search,'
        ' "case".number, "case".subject, task.name'
        ' FROM inbox_0003 JOIN task ON task.id = inbox_0003.task_id JOIN "case" ON "case".id = task.case_id'
        # Those who work first: only their rows say all that the step is called.
        ' ORDER BY inbox_0003.kind DESC'
    )).all()
    labels = {}
    told = []
    for row in rows:
        label = labels.setdefault(row.task_id, _label(row))
        found = _pieces(f'{row.number} {row.subject}')
        found |= {f'={crc32(label.encode()):08x}', f'{row.kind} {row.who}'}
        told.append({
            'who': row.who, 'task': row.task_id, 'kind': row.kind,
            'search': f'{row.number} {row.subject} {label}'.lower(), 'tokens': _stored(connection, found),
        })
    statement = sa.text(
        'INSERT INTO inbox (who, task_id, kind, due_at, created_at, procedure, number, reason, search, tokens)'
        f" SELECT old.who, old.task_id, old.kind, COALESCE(task.due_at, {_never(connection)}), task.created_at,"
        ' "case".procedure, "case".number, old.reason, :search, :tokens'
        ' FROM inbox_0003 AS old JOIN task ON task.id = old.task_id JOIN "case" ON "case".id = task.case_id'
        ' WHERE old.who = :who AND old.task_id = :task AND old.kind = :kind'
    ).bindparams(sa.bindparam('tokens', type_=tokens), sa.bindparam('search', type_=sa.Text()))
    op.create_index('ix_inbox_0003', 'inbox_0003', ['task_id'], unique=False)
    for at in range(0, len(told), MANY):
        connection.execute(statement, told[at:at + MANY])


def _label(row) -> str:
    """What is said of the step: all after the subject, which may have changed since."""
    begin = f'{row.number} {row.subject} '
    if row.search.startswith(begin):
        return row.search.removeprefix(begin).lower()
    at = row.search.find(f' {row.name} ', len(row.number))
    return (row.search[at + 1:] if at >= 0 else row.name).lower()


def _pieces(text: str) -> set[str]:
    return {
        word[start:start + size]
        for word in text.lower().split()
        for size in (1, 2, 3)
        for start in range(len(word) - size + 1)
    }


def _stored(connection, tokens: set[str]):
    if connection.dialect.name == 'postgresql':
        return sorted(tokens)
    return ' '.join(sorted(token.encode().hex() for token in tokens))


def _never(connection) -> str:
    return "'9999-12-31 00:00:00+00'" if connection.dialect.name == 'postgresql' else "'9999-12-31 00:00:00.000000'"


def downgrade() -> None:
    raise RuntimeError("The inbox was made anew: go back by restoring the backup made before.")
