"""The tables. The columns of `calls` are meant for people with a SQL prompt: instants are UTC, and all end in `_ms`.

Changing a table means a new SCHEMA number and a migration; a store of another number than ours is refused.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, Text
from sqlmodel import Field, SQLModel

SCHEMA = 1


class StoreRow(SQLModel, table=True):
    """One row: which layout the other tables have."""

    __tablename__ = "ivr_store"

    schema_number: int = Field(primary_key=True)


class JournalRow(SQLModel, table=True):
    """One event. `body` is what the event codec writes, `type` included."""

    __tablename__ = "journal"
    __table_args__ = (
        Index("journal_call", "call", "sequence"),
        Index("journal_agent", "agent", "sequence"),
        Index("journal_type", "type", "sequence"),
    )

    sequence: int = Field(
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False)
    )
    at_ms: int = Field(sa_column=Column(BigInteger, nullable=False))
    type: str = Field(sa_column=Column(Text, nullable=False))
    call: str | None = Field(default=None, sa_column=Column(Text))
    agent: str | None = Field(default=None, sa_column=Column(Text))
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))


class CheckpointRow(SQLModel, table=True):
    """Where a call that is going on stands, for the engine that takes it over; gone with the call's record.

    `body` is JSON in a text: this program alone reads it.
    """

    __tablename__ = "checkpoints"

    call: str = Field(sa_column=Column(Text, primary_key=True))
    body: str = Field(sa_column=Column(Text, nullable=False))


class SettledRow(SQLModel, table=True):
    """At most one row: every call that arrived up to this number in the journal has its record."""

    __tablename__ = "settled"

    through: int = Field(
        sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False)
    )


class CallRow(SQLModel, table=True):
    """One call record. `legs` is a list of objects, `answers` an object, `faults` a list of codes."""

    __tablename__ = "calls"
    __table_args__ = (Index("calls_arrived", "arrived_ms", "call"),)

    call: str = Field(sa_column=Column(Text, primary_key=True))
    number: str = Field(sa_column=Column(Text, nullable=False))
    caller: str = Field(sa_column=Column(Text, nullable=False))
    caller_name: str = Field(sa_column=Column(Text, nullable=False))
    arrived_ms: int = Field(sa_column=Column(BigInteger, nullable=False))
    ended_ms: int = Field(sa_column=Column(BigInteger, nullable=False))
    lasted_ms: int = Field(sa_column=Column(BigInteger, nullable=False))
    disposition: str = Field(sa_column=Column(Text, nullable=False))
    ended_by: str = Field(sa_column=Column(Text, nullable=False))
    refused: str = Field(sa_column=Column(Text, nullable=False))
    language: str | None = Field(default=None, sa_column=Column(Text))
    flow: str | None = Field(default=None, sa_column=Column(Text))
    version: str | None = Field(default=None, sa_column=Column(Text))
    last_node: str | None = Field(default=None, sa_column=Column(Text))
    queue: str | None = Field(default=None, sa_column=Column(Text))
    agent: str | None = Field(default=None, sa_column=Column(Text))
    waited_ms: int = Field(sa_column=Column(BigInteger, nullable=False))
    talked_ms: int = Field(sa_column=Column(BigInteger, nullable=False))
    offers: int = Field(sa_column=Column(Integer, nullable=False))
    resumed: int = Field(sa_column=Column(Integer, nullable=False))
    legs: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    answers: dict[str, str] = Field(sa_column=Column(JSON, nullable=False))
    faults: list[str] = Field(sa_column=Column(JSON, nullable=False))
