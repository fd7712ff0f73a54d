"""A real SMTP server for the tests: files every mail as JSON, and refuses some recipients on purpose.

    mail_sink.py FOLDER PORT_FILE

A mail goes to FOLDER/<local part of the envelope sender>/<number>.json, so each test reads its own by sending from an
address of its own. Recipients at `busy.test` are refused for the moment (451) the first two times, those at `gone.test`
for good (550), and those at `broken.test` make the server hang up.
"""

import asyncio
import email
import email.policy
import itertools
import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path

from aiosmtpd.smtp import SMTP

REFUSALS_WHEN_BUSY = 2


class Sink:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers = itertools.count(1)
        self.refused: Counter[tuple[str, str]] = Counter()

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 (aiosmtpd's name)
        domain = address.rpartition("@")[2]
        if domain == "gone.test":
            return "550 5.1.1 no such mailbox"
        if domain == "broken.test":
            server.transport.close()
            return "421 4.3.0 closing"
        if domain == "busy.test":
            key = (envelope.mail_from, address)
            self.refused[key] += 1
            if self.refused[key] <= REFUSALS_WHEN_BUSY:
                return "451 4.7.1 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        folder = self.folder / envelope.mail_from.partition("@")[0]
        folder.mkdir(parents=True, exist_ok=True)
        record = {
            "sender": envelope.mail_from,
            "recipients": envelope.rcpt_tos,
            "headers": {name.lower(): str(value) for name, value in message.items()},
            "subject": str(message["subject"]),
            "text": part(message, "plain"),
            "html": part(message, "html"),
        }
        path = folder / f"{next(self.numbers):06}.json"
        # A reader must never see half a mail.
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(record), encoding="utf-8")
        draft.rename(path)
        return "250 OK"


def part(message, kind: str) -> str | None:
    body = message.get_body(preferencelist=(kind,))
    return None if body is None else body.get_content()


async def main() -> None:
    folder, port_file = Path(sys.argv[1]), Path(sys.argv[2])
    sink = Sink(folder)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(sink, loop=loop, enable_SMTPUTF8=True), "127.0.0.1", 0)
    draft = port_file.with_suffix(".draft")
    draft.write_text(str(server.sockets[0].getsockname()[1]))
    os.rename(draft, port_file)
    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopped.set)
    await stopped.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
