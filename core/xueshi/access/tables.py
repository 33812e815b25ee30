"""Accounts and what they were granted."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from xueshi.storage import Instant, new_id


class Account(SQLModel, table=True):
    """Someone who can sign in or be named with `--as`: an officer, a unit's department, an operator."""

    __tablename__ = "account"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    login: str = Field(unique=True)
    name: str
    email: str = ""
    """Where mails go; empty: they are written as files."""
    password_hash: str | None = None
    active: bool = True
    created_at: datetime = Field(sa_type=Instant)


class Grant(SQLModel, table=True):
    """A role given to an account for an area, and where needed one sector or one unit."""

    __tablename__ = "access_grant"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    account_id: UUID = Field(foreign_key="account.id", index=True)
    role: str
    area: str
    former_area: str | None = None
    """Of a unit's account: the area that the unit left in mid-campaign; its filing stays there until closing."""
    sector: str | None = None
    unit_id: UUID | None = Field(default=None, index=True)
    person_id: UUID | None = Field(default=None, index=True)
    """Of a professional's own account (role `person`): whose it is; it follows the person from unit to unit."""
    active: bool = True


class Delegation(SQLModel, table=True):
    """A role lent for a time: whose grant, to which account, from which to which civil day, why, by whose word."""

    __tablename__ = "delegation"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    grant_id: UUID = Field(foreign_key="access_grant.id", index=True)
    account_id: UUID = Field(foreign_key="account.id", index=True)
    since: date
    until: date
    """Last day, included. Days are those of the clock of the campaign that is acted on."""
    reason: str
    maker: UUID
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
