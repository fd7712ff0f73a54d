"""A real SMTP server for the tests: files every mail as JSON, and refuses some recipients on purpose.

    mail_sink.py FOLDER PORT_FILE

It listens on three ports, which PORT_FILE names in one line: plain; STARTTLS with a login (`tacit`, `a mail password`); TLS
from the first byte. FOLDER/authority.pem is the authority behind its certificate for `localhost`.

A mail goes to FOLDER/<local part of the envelope sender>/<number>.json, so each test reads its own by sending from an
address of its own. Recipients at `busy.test` are refused for the moment (451) the first two times, those at `gone.test`
for good (550), and those at `broken.test` make the server hang up.
"""

import asyncio
import datetime
import email
import email.policy
import itertools
import json
import os
import signal
import ssl
import sys
import tempfile
from collections import Counter
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

REFUSALS_WHEN_BUSY = 2
LOGIN = (b"tacit", b"a mail password")


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


def authenticate(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == LOGIN, handled=False)


def certificate(name: str, key, issuer=None):
    """One for `name`: signed by `issuer` (its certificate and key), or an authority that signs itself."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    signer, signing_key = (issuer[0].subject, issuer[1]) if issuer else (subject, key)
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    )
    return builder.sign(signing_key, hashes.SHA256())


def tls_context(folder: Path) -> ssl.SSLContext:
    """A fresh authority, left in the folder, and a certificate of it for `localhost`."""
    pem = serialization.Encoding.PEM
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = certificate("Tacit test authority", authority_key)
    own = certificate("localhost", key, (authority, authority_key))
    (folder / "authority.pem").write_bytes(authority.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as chain:
        chain.write(own.public_bytes(pem))
        plain = serialization.NoEncryption()
        chain.write(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
        chain.flush()
        context.load_cert_chain(chain.name)
    return context


async def main() -> None:
    folder, port_file = Path(sys.argv[1]), Path(sys.argv[2])
    sink, context = Sink(folder), tls_context(folder)
    loop = asyncio.get_running_loop()

    def plain():
        return SMTP(sink, loop=loop, enable_SMTPUTF8=True)

    def after_login():
        return SMTP(
            sink,
            loop=loop,
            enable_SMTPUTF8=True,
            tls_context=context,
            require_starttls=True,
            auth_required=True,
            authenticator=authenticate,
        )

    servers = [
        await loop.create_server(plain, "127.0.0.1", 0),
        await loop.create_server(after_login, "127.0.0.1", 0),
        await loop.create_server(plain, "127.0.0.1", 0, ssl=context),
    ]
    draft = port_file.with_suffix(".draft")
    draft.write_text(" ".join(str(server.sockets[0].getsockname()[1]) for server in servers))
    os.rename(draft, port_file)
    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopped.set)
    await stopped.wait()
    for server in servers:
        server.close()


if __name__ == "__main__":
    asyncio.run(main())
