"""Settings: where data lies, and what production refuses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from xueshi.errors import InputError
from xueshi.settings import load_settings


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("XUESHI_"):
            monkeypatch.delenv(name)


def test_a_checkout_keeps_its_data_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    project = Path(__file__).resolve().parent.parent
    monkeypatch.chdir("/")
    settings = load_settings()
    assert settings.data == project / ".xueshi"
    assert settings.database == f"sqlite:///{project / '.xueshi' / 'xueshi.db'}"


def test_the_data_folder_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XUESHI_DATA", str(tmp_path))
    assert load_settings().database == f"sqlite:///{tmp_path / 'xueshi.db'}"


def test_an_empty_variable_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XUESHI_TEMPORAL_ADDRESS", "")
    assert load_settings().temporal_address is None


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("XUESHI_ENVIRONMENT", "prod"),
        ("XUESHI_TEMPORAL_ADDRESS", "grpc://somewhere"),
        ("XUESHI_UPLOAD_ROWS", "many"),
        ("XUESHI_UPLOAD_MEGABYTES", "0"),
    ],
)
def test_a_wrong_value_is_refused_with_variable_and_value(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(InputError) as refusal:
        load_settings()
    assert variable in str(refusal.value)
    assert value in str(refusal.value)


def test_production_refuses_to_start_without_configured_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XUESHI_ENVIRONMENT", "production")
    with pytest.raises(InputError, match="XUESHI_KEYS"):
        load_settings()


def test_production_refuses_keys_that_are_missing_or_open_to_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    keys = tmp_path / "keys.json"
    monkeypatch.setenv("XUESHI_ENVIRONMENT", "production")
    monkeypatch.setenv("XUESHI_KEYS", str(keys))
    with pytest.raises(InputError, match="不存在"):
        load_settings().checked()
    keys.write_text("{}")
    keys.chmod(0o644)
    with pytest.raises(InputError, match="chmod 600"):
        load_settings().checked()
    keys.chmod(0o600)
    assert load_settings().checked().key_file == keys


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"XUESHI_SMTP_HOST": "mail.example"}, "XUESHI_SMTP_FROM"),
        ({"XUESHI_SMTP_HOST": "mail.example", "XUESHI_SMTP_FROM": "not an address"}, "XUESHI_SMTP_FROM"),
        (
            {"XUESHI_SMTP_HOST": "mail.example", "XUESHI_SMTP_FROM": "a@b.example", "XUESHI_SMTP_USER": "a"},
            "同时",
        ),
        (
            {
                "XUESHI_SMTP_HOST": "mail.example",
                "XUESHI_SMTP_FROM": "a@b.example",
                "XUESHI_SMTP_USER": "a",
                "XUESHI_SMTP_PASSWORD": "secret-word",
                "XUESHI_SMTP_STARTTLS": "false",
            },
            "不加密",
        ),
    ],
)
def test_half_a_mail_server_is_refused_without_telling_its_password(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], words: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=words) as refused:
        load_settings()
    assert "secret-word" not in str(refused.value)


def test_a_password_is_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XUESHI_SMTP_PASSWORD", "secret-word")
    assert "secret-word" not in repr(load_settings())
