"""Journal and records in a database, through SQLModel and SQLAlchemy."""

from __future__ import annotations

from ivr_engine.adapters.store.archive import Contents, back_up, restore
from ivr_engine.adapters.store.reader import StoreReader, open_reader
from ivr_engine.adapters.store.store import SqlStore
from ivr_engine.adapters.store.writer import Pace

__all__ = ["Contents", "Pace", "SqlStore", "StoreReader", "back_up", "open_reader", "restore"]
