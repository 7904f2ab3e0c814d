"""The journal and the call records in SQLite, through SQLModel and SQLAlchemy."""
