"""Identity numbers at rest, found again, masked."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from xueshi.errors import InputError, ServiceMissingError
from xueshi.register.identity import KeyRing, SealedIdentity, mask_identity

NUMBER = "99010219900101001X"


@pytest.fixture
def keys(tmp_path: Path) -> KeyRing:
    return KeyRing.create(tmp_path / "keys.json")


def test_a_sealed_number_comes_back_and_is_not_readable_at_rest(keys: KeyRing) -> None:
    sealed = keys.seal(NUMBER)
    assert NUMBER.encode() not in sealed.number + sealed.key
    assert keys.reveal(sealed) == NUMBER


def test_two_seals_of_one_number_share_nothing_but_the_index(keys: KeyRing) -> None:
    first, second = keys.seal(NUMBER), keys.seal(NUMBER)
    assert (first.number, first.key) != (second.number, second.key)
    assert keys.index_of(NUMBER) == keys.index_of(" 99010219900101001x ")


def test_the_index_tells_nothing_without_its_key(keys: KeyRing, tmp_path: Path) -> None:
    other = KeyRing.create(tmp_path / "other.json")
    assert keys.index_of(NUMBER) != other.index_of(NUMBER)


def test_destroying_a_persons_key_makes_the_number_unreadable(keys: KeyRing) -> None:
    sealed = keys.seal(NUMBER)
    with pytest.raises(InputError, match="密钥已销毁"):
        keys.reveal(SealedIdentity(sealed.number, b"\0" * len(sealed.key), sealed.key_id))


def test_keys_of_another_folder_do_not_open_it(keys: KeyRing, tmp_path: Path) -> None:
    other = KeyRing.create(tmp_path / "other.json")
    with pytest.raises(InputError, match="不属同一数据文件夹"):
        other.reveal(keys.seal(NUMBER))
    with pytest.raises(InputError, match="不属同一数据文件夹"):
        other.reveal_text(keys.seal_text("行"))


def test_the_key_file_is_for_its_owner_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    KeyRing.create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        KeyRing.create(path)


@pytest.mark.parametrize("text", ["", "{}", '{"masters": {}, "current": "k1", "index": "", "payload": ""}'])
def test_a_damaged_key_file_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(text)
    with pytest.raises(ServiceMissingError, match="请由备份恢复"):
        KeyRing.load(path)


def test_a_missing_key_file_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(ServiceMissingError, match="XUESHI_KEYS"):
        KeyRing.load(tmp_path / "keys.json")


def test_a_mask_shows_the_area_and_the_end_only() -> None:
    assert mask_identity(NUMBER) == "990102********001X"
    assert mask_identity("12345") == "*****"
