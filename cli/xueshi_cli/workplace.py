"""A data folder opened for work: settings, database, keys, plugins, and where its server answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import Engine
from sqlmodel import Session

from xueshi.access import repository as access
from xueshi.access.repository import Actor
from xueshi.bureau_rules import commands as rule_commands
from xueshi.bureau_rules.in_force import PublishedOverlays
from xueshi.campaigns.acts.delegating import require_in_time
from xueshi.campaigns.clocks.campaign_clock import latest_instant
from xueshi.errors import ServiceMissingError
from xueshi.migrations.schema import upgrade
from xueshi.real_clock import real_now
from xueshi.register.identity import KeyRing
from xueshi.register.rows import key_rows
from xueshi.registry import Registry, load
from xueshi.regulations.hook_functions import found_by
from xueshi.regulations.sources import BureauOverlay
from xueshi.reports import commands as report_commands
from xueshi.settings import Settings, load_settings
from xueshi.storage import new_id, open_database, reading
from xueshi_cli.law_here import has_database
from xueshi_cli.server import read_record, serves

if TYPE_CHECKING:
    from xueshi.messages.outbox import PostOffice


class Workplace:
    """Everything that a command needs of a data folder; each part is opened when first used."""

    def __init__(self, folder: Path | None = None, settings: Settings | None = None) -> None:
        loaded = (settings or load_settings()).checked()
        self.settings = loaded if folder is None else loaded.model_copy(update={"data": folder.absolute()})
        self.folder = self.settings.data

    @classmethod
    def here(cls) -> Workplace:
        """Open the data folder that the settings name."""
        return cls()

    @property
    def namespace(self) -> str:
        """Temporal namespace."""
        return self.settings.temporal_namespace

    @property
    def papers(self) -> Path:
        """Folder of print files."""
        return self.folder / "papers"

    @property
    def post_office(self) -> PostOffice:
        """Where messages go: the mail server of the settings, and the folder `messages/`."""
        from xueshi.messages.outbox import PostOffice  # noqa: PLC0415 - only a worker carries letters
        from xueshi.messages.transports import MailServer, MessageFolder  # noqa: PLC0415 - same

        told = self.settings
        server = None
        if told.smtp_host:
            server = MailServer(
                host=told.smtp_host,
                port=told.smtp_port,
                sender=told.smtp_from,
                user=told.smtp_user,
                password=told.smtp_password.get_secret_value(),
                starttls=told.smtp_starttls,
                ca=told.smtp_ca,
            )
        return PostOffice(MessageFolder(self.folder / "messages"), server)

    @property
    def marks(self) -> Path:
        """Folder in which pause points leave their marks (demo and tests)."""
        folder = self.folder / "marks"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @cached_property
    def engine(self) -> Engine:
        """The database, at the newest schema; whatever works on it knows every kind of command and the plugins' functions."""
        report_commands.register()
        rule_commands.register()
        found_by(lambda: load(strict=False).hour_functions())
        self.folder.mkdir(parents=True, exist_ok=True)
        engine = open_database(self.settings.database)
        upgrade(engine)
        return engine

    @cached_property
    def keys(self) -> KeyRing:
        """The keys of identity numbers and payloads; development keys are made on first use of an empty register.

        Raises ServiceMissingError where people stand in the register and the file is missing, or another folder's.
        """
        file = self.settings.key_file
        if not file.exists() and self.settings.environment == "development" and not self._holds_people():
            self.folder.mkdir(parents=True, exist_ok=True)
            KeyRing.create(file)
        keys = KeyRing.load(file)
        if has_database(self.settings):
            with reading(self.engine) as session:
                if not key_rows.fits(session, keys):
                    raise ServiceMissingError(
                        f"密钥文件 {file} 不是本登记所用的：在册人员的身份证号解不开；"
                        "请放回原来的密钥文件（备份时用了 --no-keys 的，密钥另行保管），或以 XUESHI_KEYS 指明其位置"
                    )
        return keys

    def _holds_people(self) -> bool:
        if not has_database(self.settings):
            return False
        with reading(self.engine) as session:
            return key_rows.needs_keys(session)

    @property
    def payload_key(self) -> bytes:
        """The key under which workflow payloads are encrypted."""
        return self.keys.payload_key

    @cached_property
    def registry(self) -> Registry:
        """The jurisdiction plugins, with what bureaus published in this folder."""
        registry = load()
        registry.bureau = self.published
        return registry

    def published(self) -> Sequence[BureauOverlay]:
        """Return what bureaus published; nothing is made for it in a folder that has no database yet."""
        return PublishedOverlays(self.engine)() if has_database(self.settings) else ()

    def temporal_address(self) -> str | None:
        """Return where a Temporal server answers for this folder; None when there is none."""
        if self.settings.temporal_address is not None:
            return self.settings.temporal_address
        record = read_record(self.folder)
        if record is None:
            return None
        address = f"127.0.0.1:{record.port}"
        return address if serves(address) else None

    def actor(self, session: Session, officer: str) -> Actor:
        """Return who acts: `login`, `login:role` where an account has several, `login:role@lender` for a lent one.

        Raises NotAllowedError outside the days for which a role was lent.
        """
        login, _, role = officer.partition(":")
        role, _, lender = role.partition("@")
        acting = access.actor(session, login, role or None, lender or None)
        if acting.lent is not None:
            require_in_time(acting, latest_instant(session, acting.scope, real_now()))
        return acting

    @staticmethod
    def request_id() -> str:
        """Return a fresh request id for a command given once."""
        return str(new_id())

    @staticmethod
    def read_id(text: str) -> UUID:
        """Read an id; raises ValueError."""
        return UUID(text)


def new_demo_folder() -> Path:
    """Return a new folder for one demo run, named by the moment."""
    return load_settings().data / "demos" / datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
