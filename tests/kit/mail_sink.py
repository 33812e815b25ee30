"""A real SMTP server as a process of its own, for tests: takes mails on loopback and writes each into a folder.

`python mail_sink.py PORT FOLDER [CERT KEY]` (port 0: any free one) prints its port and serves until it is killed. A
recipient with `refused` in it gets 550, one with `busy` 451. Without a certificate it knows no STARTTLS, like many a
server inside an office; with one it takes nothing before the connection is encrypted, and asks for a login (LOGIN). What
it was told before and after that stands in `said.log` of the folder.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ssl
import subprocess
import sys
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from uuid import uuid4

from made_certificates import Certificate

LOGIN = ("office", "secret-word")


class Talk:
    """One connection: what was said on it so far, encrypted or not."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        folder: Path,
        tls: ssl.SSLContext | None,
    ) -> None:
        self.reader, self.writer, self.folder, self.tls = reader, writer, folder, tls
        self.encrypted = False
        self.logged_in = tls is None

    def say(self, line: str) -> None:
        self.writer.write(f"{line}\r\n".encode())

    async def hold(self) -> None:
        self.say("220 sink ready")
        while raw := await self.reader.readline():
            line = raw.decode().strip()
            verb = line.upper()
            with (self.folder / "said.log").open("a") as log:
                log.write(f"{'encrypted' if self.encrypted else 'open'} {line}\n")
            if verb.startswith("QUIT"):
                self.say("221 bye")
                return
            if verb.startswith(("EHLO", "HELO")):
                self.greet()
            elif verb.startswith("STARTTLS") and self.tls is not None:
                self.say("220 go ahead")
                await self.writer.drain()
                await self.writer.start_tls(self.tls)
                self.encrypted = True
            elif verb.startswith("AUTH PLAIN"):
                given = tuple(base64.b64decode(line.split()[2]).decode().split("\0")[1:])
                self.logged_in = self.encrypted and given == LOGIN
                self.say("235 welcome" if self.logged_in else "535 who are you")
            elif not self.logged_in:
                self.say("530 first STARTTLS and AUTH")
            elif not await self.take(line):
                return

    def greet(self) -> None:
        if self.tls is None:
            self.say("250 ok")
        elif self.encrypted:
            self.say("250-sink\r\n250 AUTH PLAIN")
        else:
            self.say("250-sink\r\n250 STARTTLS")

    async def take(self, line: str) -> bool:
        """Answer what belongs to a mail; False when the connection broke off in its middle."""
        verb = line.upper()
        if verb.startswith("DATA"):
            self.say("354 go on")
            lines = []
            while (raw := await self.reader.readline()) not in (b".\r\n", b""):
                lines.append(raw[1:] if raw.startswith(b"..") else raw)
            if not raw:
                return False
            partial = self.folder / f"{uuid4()}.partial"
            partial.write_bytes(b"".join(lines))
            partial.rename(partial.with_suffix(".eml"))
            self.say("250 taken")
        elif verb.startswith("RCPT") and "refused" in line:
            self.say(f"550 no such box {line[8:]}")
        elif verb.startswith("RCPT") and "busy" in line:
            self.say("451 come again")
        else:
            self.say("250 ok")
        return True


async def serve(port: int, folder: Path, certificate: Certificate | None) -> None:
    tls = None
    if certificate is not None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate.cert, certificate.key)

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The other side may go away, or not believe us.
        with contextlib.suppress(OSError, ssl.SSLError):
            await Talk(reader, writer, folder, tls).hold()
        writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", port)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - how its port is told
    async with server:
        await server.serve_forever()


class MailSink:
    """The server as a child process: `up`, `down`, and what it took; with a certificate it insists on encryption."""

    def __init__(self, folder: Path, certificate: Certificate | None = None) -> None:
        self.folder = folder
        self.certificate = certificate
        folder.mkdir(parents=True)
        self.port = 0
        self._process: subprocess.Popen[str] | None = None

    def up(self) -> None:
        """Start it, on the port it had before."""
        command = [sys.executable, __file__, str(self.port), str(self.folder)]
        if self.certificate is not None:
            command += [str(self.certificate.cert), str(self.certificate.key)]
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

    def said(self) -> list[str]:
        """Return what it was told, each line with `encrypted` or `open` before it."""
        log = self.folder / "said.log"
        return log.read_text().splitlines() if log.is_file() else []


if __name__ == "__main__":
    files = [Path(name) for name in sys.argv[3:5]]
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2]), Certificate(*files) if files else None))
