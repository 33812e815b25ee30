"""Connecting to the Temporal server: all that a command needs to send; the worker's parts are not loaded for it."""

from __future__ import annotations

from temporalio.client import Client

from xueshi.errors import ServiceMissingError
from xueshi_workflows.plugin import xueshi_plugin


async def connect(address: str, namespace: str, key: bytes | None) -> Client:
    """Connect to the server; raises ServiceMissingError saying how to get one."""
    try:
        return await Client.connect(address, namespace=namespace, plugins=[xueshi_plugin(key)])
    except RuntimeError as error:
        raise ServiceMissingError(
            f"连不上 Temporal 服务 {address}（{error}）；用 xueshi up 启动内嵌服务，或设置 XUESHI_TEMPORAL_ADDRESS"
        ) from error
