"""The only room that knows SQLAlchemy: tables, locks, projections."""
