"""A real SMTP server for tests: prints its port, then one JSON line for each mail it was offered.

It ends when its standard input is closed, so it never outlives the test that started it.
"""

import argparse
import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


def say(**line):
    print(json.dumps(line), flush=True)


class Handler:
    def __init__(self, replies, delay, slow):
        self.replies = list(replies)
        self.delay = delay
        self.slow = slow

    async def handle_DATA(self, server, session, envelope):
        reply = self.replies.pop(0) if self.replies else "250 OK"
        say(
            reply=reply,
            sender=envelope.mail_from,
            recipients=envelope.rcpt_tos,
            tls=session.ssl is not None,
            login=session.auth_data.decode() if session.auth_data else None,
            mail=envelope.content.decode(),
        )
        if self.slow is None or self.slow in envelope.rcpt_tos:
            await asyncio.sleep(self.delay)
        return reply


def authenticator(login):
    name, password = login.encode().split(b":", 1)

    def check(_server, _session, _envelope, _mechanism, given):
        good = isinstance(given, LoginPassword) and (given.login, given.password) == (name, password)
        return AuthResult(success=good, handled=False, auth_data=name if good else None)

    return check


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--replies", default="", help="replies to the first mails, separated by |")
    parser.add_argument("--delay", type=float, default=0, help="seconds until a reply, after the mail was reported")
    parser.add_argument("--slow", help="the only recipient whose mails are delayed")
    parser.add_argument("--security", choices=["tls", "starttls", "none"], default="none")
    parser.add_argument("--certificate", help="PEM file with certificate and key")
    parser.add_argument("--login", help="name:password that is required")
    options = parser.parse_args()

    context = None
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate)
    handler = Handler((reply for reply in options.replies.split("|") if reply), options.delay, options.slow)
    settings = {"hostname": "localhost", "enable_SMTPUTF8": True}
    if options.security == "starttls":
        settings |= {"tls_context": context, "require_starttls": True}
    if options.login:
        settings |= {
            "authenticator": authenticator(options.login),
            "auth_required": True,
            "auth_require_tls": options.security == "starttls",
        }
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(handler, **settings),
        "127.0.0.1",
        options.port,
        ssl=context if options.security == "tls" else None,
    )
    say(port=server.sockets[0].getsockname()[1])
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


asyncio.run(main())
