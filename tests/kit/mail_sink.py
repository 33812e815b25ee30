"""A real SMTP server as a process of its own, for tests: takes mails on loopback and writes each into a folder.

`python mail_sink.py PORT FOLDER` (port 0: any free one) prints its port and serves until it is killed. A recipient with
`refused` in it gets 550, one with `busy` 451. It knows no STARTTLS, like many a server inside an office.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from uuid import uuid4


async def serve(port: int, folder: Path) -> None:
    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())

        say("220 sink ready")
        while raw := await reader.readline():
            verb = raw.decode().strip()
            if verb.upper().startswith("DATA"):
                say("354 go on")
                lines = []
                while (line := await reader.readline()) not in (b".\r\n", b""):
                    lines.append(line[1:] if line.startswith(b"..") else line)
                if not line:
                    break
                partial = folder / f"{uuid4()}.partial"
                partial.write_bytes(b"".join(lines))
                partial.rename(partial.with_suffix(".eml"))
                say("250 taken")
            elif verb.upper().startswith("RCPT") and "refused" in verb:
                say(f"550 no such box {verb[8:]}")
            elif verb.upper().startswith("RCPT") and "busy" in verb:
                say("451 come again")
            elif verb.upper().startswith("QUIT"):
                say("221 bye")
                break
            else:
                say("250 ok")
        writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", port)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - how its port is told
    async with server:
        await server.serve_forever()


class MailSink:
    """The server as a child process: `up`, `down`, and what it took."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.port = 0
        self._process: subprocess.Popen[str] | None = None

    def up(self) -> None:
        """Start it, on the port it had before."""
        command = [sys.executable, __file__, str(self.port), str(self.folder)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def down(self) -> None:
        """Kill it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def mails(self) -> list[EmailMessage]:
        """Return what it took."""
        files = sorted(self.folder.glob("*.eml"))
        return [message_from_bytes(file.read_bytes(), policy=default) for file in files]  # type: ignore[misc]


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
