"""The one typed place for settings: environment variables `XUESHI_…`, defaults for an embedded installation.

| variable | means | default |
|---|---|---|
| `XUESHI_ENVIRONMENT` | `development` or `production` | `development` |
| `XUESHI_DATA` | data folder | `.xueshi/` in a checkout, else the platform's |
| `XUESHI_DATABASE_URL` | SQLAlchemy address | a SQLite file in the data folder |
| `XUESHI_TEMPORAL_ADDRESS` | running Temporal server, `host:port` | none: the embedded one is started |
| `XUESHI_TEMPORAL_NAMESPACE` | its namespace | `default` |
| `XUESHI_CACHE` | what set-up fetched or built | the platform's user cache |
| `XUESHI_FONTS` | folder of a bureau's licensed fonts, before ours | none |
| `XUESHI_KEYS` | key file (mode 0600); production refuses to start without it | made in the data folder |
| `XUESHI_UPLOAD_MEGABYTES`, `XUESHI_UPLOAD_ROWS` | limits of one workbook: the file, its filled rows | 40, 200000 |
| `XUESHI_UPLOAD_UNPACKED_MEGABYTES` | what a workbook may hold once it is inflated | 800 |
| `XUESHI_SMTP_HOST`, `XUESHI_SMTP_PORT` | mail server; none: messages are written as files | none, 587 |
| `XUESHI_SMTP_FROM` | address of the sender; needed with a mail server | none |
| `XUESHI_SMTP_USER`, `XUESHI_SMTP_PASSWORD` | login at the mail server; never logged | none |
| `XUESHI_SMTP_STARTTLS` | encrypt the connection; needed for a login at another machine | on |
| `XUESHI_EVIDENCE_MEGABYTES`, `XUESHI_EVIDENCE_TYPES` | limit of one proof, and the types taken in | 10, `pdf,png,jpeg` |
| `XUESHI_LOG_LEVEL` | `debug`, `info`, `warning`, `error` | `info` |
| `XUESHI_TRACE_HOOKS` | print every hook call | off |
"""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Literal, Self

from platformdirs import user_cache_dir, user_data_dir
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from xueshi.errors import InputError

PREFIX = "XUESHI_"
KEY_FILE = "keys.json"


def default_data_folder() -> Path:
    """Return `.xueshi/` where the engine runs from a checkout, else the platform's data folder."""
    above = Path(__file__).resolve().parents[2]
    if (above / "pyproject.toml").is_file() and (above / "core" / "xueshi").is_dir():
        return above / ".xueshi"
    return Path(user_data_dir("xueshi"))


class Settings(BaseSettings):
    """What an installation is told; read once by the composition root and handed down."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, str_strip_whitespace=True, env_ignore_empty=True
    )

    environment: Literal["development", "production"] = "development"
    data: Path = Field(default_factory=default_data_folder)
    """The data folder, absolute; it may not exist yet."""
    database_url: str = ""
    temporal_address: str | None = Field(
        default=None, pattern=r"^[^\s:/]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$"
    )
    temporal_namespace: str = "default"
    cache: Path = Field(default_factory=lambda: Path(user_cache_dir("xueshi")))
    fonts: Path | None = None
    keys: Path | None = None
    upload_megabytes: int = Field(default=40, ge=1, le=500)
    upload_rows: int = Field(default=200_000, ge=1, le=1_000_000)
    upload_unpacked_megabytes: int = Field(default=800, ge=1, le=8_000)
    smtp_host: str = ""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_from: str = Field(default="", pattern=r"^$|^[^\s@<>,;:]+@[A-Za-z0-9.-]+$")
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_starttls: bool = True
    smtp_ca: Path | None = None
    evidence_megabytes: int = Field(default=10, ge=1, le=100)
    evidence_types: str = Field(default="pdf,png,jpeg", pattern=r"^(pdf|png|jpeg)(,(pdf|png|jpeg))*$")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    trace_hooks: bool = False

    @field_validator("data", "cache", "fonts", "keys", "smtp_ca")
    @classmethod
    def _whole(cls, value: Path | None) -> Path | None:
        return None if value is None else value.expanduser().absolute()

    @model_validator(mode="after")
    def _production_has_keys(self) -> Self:
        if self.environment == "production" and self.keys is None:
            raise ValueError(
                "生产环境必须用 XUESHI_KEYS 指定密钥文件（权限 0600，另行备份）；开发环境的密钥不得用于生产"
            )
        return self

    @model_validator(mode="after")
    def _mail_server_is_whole(self) -> Self:
        if not self.smtp_host:
            return self
        if not self.smtp_from:
            raise ValueError("设了 XUESHI_SMTP_HOST，还须用 XUESHI_SMTP_FROM 指明发件地址")
        if bool(self.smtp_user) is not bool(self.smtp_password.get_secret_value()):
            raise ValueError("XUESHI_SMTP_USER 和 XUESHI_SMTP_PASSWORD 须同时设置或同时不设")
        if (
            self.smtp_user
            and not self.smtp_starttls
            and self.smtp_host not in ("127.0.0.1", "::1", "localhost")
        ):
            raise ValueError("不加密的连接不能登录其他机器的邮件服务器；请打开 XUESHI_SMTP_STARTTLS")
        return self

    @property
    def database(self) -> str:
        """Return the database's address: the configured one, else the SQLite file in the data folder."""
        return self.database_url or f"sqlite:///{self.data / 'xueshi.db'}"

    @property
    def key_file(self) -> Path:
        """Return the file that holds the keys; in development it is made in the data folder on first use."""
        return self.keys or self.data / KEY_FILE

    def checked(self) -> Self:
        """Return these settings when what they name can be used. Raises InputError: which, why, what to do.

        Called by whatever runs the product (not by help texts): production needs a key file that is there and that
        nobody else may read.
        """
        if self.environment == "production":
            if not self.key_file.is_file():
                raise InputError(
                    f"XUESHI_KEYS 指定的密钥文件不存在：{self.key_file}。请从备份恢复，不要新建。"
                )
            if open_to_others(self.key_file):
                raise InputError(
                    f"密钥文件 {self.key_file} 可被其他用户读取；请运行：chmod 600 {self.key_file}"
                )
        if self.fonts is not None and not self.fonts.is_dir():
            raise InputError(
                f"XUESHI_FONTS 指向的文件夹不存在：{self.fonts}。请改为存放字体文件的文件夹，或取消该设置。"
            )
        return self


def open_to_others(file: Path) -> bool:
    """Tell whether anyone but its owner may read or write a file."""
    return bool(stat.S_IMODE(file.stat().st_mode) & 0o077)


def load_settings() -> Settings:
    """Read the settings from the environment. Raises InputError that names each wrong variable, why, and its value."""
    try:
        return Settings()
    except ValidationError as error:
        faults = []
        for fault in error.errors():
            name = f"{PREFIX}{str(fault['loc'][0]).upper()}" if fault["loc"] else ""
            given = f"（现为 {fault['input']!r}）" if fault["loc"] else ""
            message = fault["msg"].removeprefix("Value error, ")
            faults.append(f"{name}{given}：{message}" if name else message)
        raise InputError("设置有误：" + "；".join(faults)) from error
