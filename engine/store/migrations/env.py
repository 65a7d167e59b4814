"""How Alembic reaches the database: through the connection that `engine.store.migrating` hands over."""

from alembic import context

from engine.store.finding import is_of_models
from engine.store.models import Model, UtcDateTime


def render(kind, item, _context):
    """Write our instant as the plain type it is, so that a migration needs nothing of the models."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Model.metadata,
    # SQLite cannot alter a column; Alembic then copies the table.
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    include_name=is_of_models,
    render_item=render,
)
with context.begin_transaction():
    context.run_migrations()
