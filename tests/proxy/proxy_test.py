"""docs/proxy/nginx.conf, run as it stands in front of the real server configured as docs/operations.md says.

scripts/proxy.sh runs this, with an SMTP sink beside it. People are at 127.0.0.2 and above, the proxy at 127.0.0.1, so that
the addresses can be told apart.
"""

import concurrent.futures
import importlib.util
import json
import os
import socket
import ssl
import subprocess
import tempfile
import time
import unittest
import warnings
from http.client import HTTPResponse
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

ROOT = Path(__file__).resolve().parent.parent.parent
BINARY = os.environ["TACIT_TEST_BINARY"]
HOST = "login.example.com"
LOGIN = "/api/auth/srp/login/email"
SLOW = 10  # seconds that nginx.conf gives a header or the next piece of a body


def sink():
    """The SMTP sink's module, for the certificates it can make."""
    spec = importlib.util.spec_from_file_location("mail_sink", ROOT / "scripts/mail_sink.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def free_ports(count):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def has_ipv6():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


class World:
    """Tacit and nginx, in a folder that goes with them."""

    def __init__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="tacit-proxy-")
        self.folder = Path(self.temporary.name)
        # nginx's workers are another user.
        self.folder.chmod(0o755)
        self.tacit_port, self.port, self.plain_port = free_ports(3)
        self.processes = []
        try:
            self.certificate()
            self.start_tacit()
            self.start_nginx()
        except BaseException:
            self.stop()
            raise

    def certificate(self):
        make, pem = sink(), serialization.Encoding.PEM
        authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        authority = make.certificate("Tacit test authority", authority_key)
        own = make.certificate(HOST, key, (authority, authority_key))
        kind = serialization.PrivateFormat.PKCS8
        (self.folder / "authority.pem").write_bytes(authority.public_bytes(pem))
        (self.folder / "own.pem").write_bytes(own.public_bytes(pem))
        (self.folder / "own.key").write_bytes(key.private_bytes(pem, kind, serialization.NoEncryption()))

    def start_tacit(self):
        (self.folder / "tacit.toml").write_text(f"""
            public_url = "https://{HOST}"
            realm = "example.com"
            listen = "127.0.0.1:{self.tacit_port}"
            trusted_proxies = ["127.0.0.1"]
            [database]
            url = "sqlite:{self.folder}/tacit.db"
            [mail]
            host = "127.0.0.1"
            port = {os.environ["TACIT_TEST_SMTP"]}
            security = "none"
            from = "proxy@tacit.test"
        """)
        clean = {"PATH": os.environ["PATH"]}
        command = [BINARY, "serve", "--config", str(self.folder / "tacit.toml")]
        self.start("tacit", command, env=clean, cwd=self.folder)
        self.wait_for(self.tacit_port)

    def start_nginx(self):
        text = (ROOT / "docs/proxy/nginx.conf").read_text()
        # Not every machine that runs tests has IPv6.
        six = "listen [::1]" if has_ipv6() else "# no IPv6"
        changes = {
            "listen [::]:80;": f"{six}:{self.plain_port};",
            "listen [::]:443 ssl http2 default_server;": f"{six}:{self.port} ssl http2 default_server;",
            "listen [::]:443 ssl http2;": f"{six}:{self.port} ssl http2;",
            "server 127.0.0.1:8080;": f"server 127.0.0.1:{self.tacit_port};",
            "listen 80;": f"listen 127.0.0.1:{self.plain_port};",
            "listen 443 ssl http2 default_server;": f"listen 127.0.0.1:{self.port} ssl http2 default_server;",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{self.port} ssl http2;",
            f"server_name {HOST};": f"server_name {HOST};",
            "ssl_certificate /etc/ssl/login.example.com.pem;": f"ssl_certificate {self.folder}/own.pem;",
            "ssl_certificate_key /etc/ssl/private/login.example.com.key;": f"ssl_certificate_key {self.folder}/own.key;",
        }
        lines = []
        for line in text.splitlines():
            # What is not marked stays as it is, so that the file is tested and not a likeness of it.
            if "# CHANGE" in line and line.split("#")[0].strip():
                directive = line.split("#")[0].strip()
                line = changes[directive]
            lines.append(line)
        (self.folder / "tacit.conf").write_text("\n".join(lines))
        kept = "".join(f"{kind}_temp_path {self.folder}/{kind}; " for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
        (self.folder / "nginx.conf").write_text(f"""
            daemon off; worker_processes 1; pid {self.folder}/nginx.pid; error_log {self.folder}/error.log info;
            events {{ worker_connections 512; }}
            http {{
                access_log {self.folder}/access.log; {kept}
                # What Debian's nginx.conf sets around conf.d.
                sendfile on; tcp_nopush on; types_hash_max_size 2048; default_type application/octet-stream; gzip on;
                ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; ssl_prefer_server_ciphers on;
                include {self.folder}/tacit.conf;
            }}
        """)
        command = ["nginx", "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"), "-e", str(self.folder / "error.log")]
        self.start("nginx", command)
        self.wait_for(self.port)

    def start(self, name, command, **more):
        with (self.folder / f"{name}.out").open("w") as out:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, **more)
        self.processes.append((name, process))

    def wait_for(self, port):
        name, process = self.processes[-1]
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                said = (self.folder / f"{name}.out").read_text()
                assert process.poll() is None, f"{name} ended: {said}"
                time.sleep(0.05)
        raise AssertionError(f"{name} does not answer")

    def stop(self):
        for _, process in reversed(self.processes):
            process.terminate()
        for _, process in reversed(self.processes):
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.temporary.cleanup()

    def context(self):
        return ssl.create_default_context(cafile=str(self.folder / "authority.pem"))

    def connect(self, source="127.0.0.2", name=HOST, context=None):
        plain = socket.create_connection(("127.0.0.1", self.port), 20, (source, 0))
        try:
            return (context or self.context()).wrap_socket(plain, server_hostname=name)
        except BaseException:
            plain.close()
            raise

    def ask(self, head, body=b"", source="127.0.0.2", host=HOST):
        """One request on a connection of its own; the answer, read to its end."""
        with self.connect(source) as connection:
            length = f"Content-Length: {len(body)}\r\n" if body else ""
            connection.sendall(f"{head} HTTP/1.1\r\nHost: {host}\r\n{length}Connection: close\r\n\r\n".encode() + body)
            return Answer(connection)

    def handled(self, operation):
        """How many requests for an operation Tacit has logged."""
        return (self.folder / "tacit.out").read_text().count(f'"operation":"{operation}"')


class Answer:
    def __init__(self, connection):
        response = HTTPResponse(connection)
        response.begin()
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    def only(self, name):
        values = self.headers.get_all(name) or []
        assert len(values) == 1, f"{name}: {values}"
        return values[0]


class Proxy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.stop)

    def test_a_person_signs_up_and_logs_in_over_tls(self):
        world, mails = self.world, Path(os.environ["TACIT_TEST_MAIL"]) / "proxy"
        mails.mkdir(exist_ok=True)
        arguments = [f"https://{HOST}", str(world.port), str(world.folder / "authority.pem"), "127.0.0.2", str(mails)]
        run = subprocess.run(
            ["node", "tests/proxy/client.mjs", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
        self.assertEqual(run.returncode, 0, run.stderr + (world.folder / "tacit.out").read_text()[-2000:])
        said = json.loads(run.stdout)
        self.assertTrue(said["link"].startswith(f"https://{HOST}/activate#"))
        self.assertEqual(said["renewed"], 200)
        self.assertIn("max-age=", said["stay"])
        addresses = [session["ipAddress"] for session in said["sessions"]]
        self.assertEqual(addresses, ["127.0.0.2"], "the person's own, neither the proxy's nor an invented one")
        handed = said["cookies"][:2]
        for cookie in handed:
            self.assertRegex(cookie, r"^__Host-tacit_refresh=rt_[\w-]+; Path=/; Max-Age=\d+; HttpOnly; SameSite=Strict; Secure$")
        self.assertEqual(len(set(handed)), 2, "login and renewal hand out one each")

    def test_headers_come_through_once(self):
        answer = self.world.ask("GET /")
        self.assertEqual(answer.status, 200)
        for name, value in {
            "strict-transport-security": "max-age=",
            "content-security-policy": "default-src 'none'",
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cross-origin-opener-policy": "same-origin",
        }.items():
            self.assertIn(value, answer.only(name))
        self.assertEqual(answer.only("server"), "nginx", "no version")

    def test_one_request_has_one_id_in_answer_and_log(self):
        with self.world.connect() as connection:
            head = f"GET /health HTTP/1.1\r\nHost: {HOST}\r\nX-Request-Id: chosen-by-a-stranger\r\nConnection: close\r\n\r\n"
            connection.sendall(head.encode())
            ident = Answer(connection).only("x-request-id")
        self.assertRegex(ident, r"^[0-9a-f]{32}$")
        self.assertIn(ident, (self.world.folder / "tacit.out").read_text())

    def test_http_2_is_spoken_and_old_tls_is_not(self):
        context = self.world.context()
        context.set_alpn_protocols(["h2", "http/1.1"])
        with self.world.connect(context=context) as connection:
            self.assertEqual(connection.selected_alpn_protocol(), "h2")
            self.assertEqual(connection.version(), "TLSv1.3")
        old = self.world.context()
        old.set_ciphers("DEFAULT:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        with self.assertRaises(ssl.SSLError) as refused:
            self.world.connect(context=old)
        self.assertIn("ALERT_PROTOCOL_VERSION", refused.exception.reason)

    def test_another_name_is_not_served(self):
        with self.assertRaises(ssl.SSLError) as refused:
            self.world.connect(name="evil.example")
        self.assertIn("UNRECOGNIZED_NAME", refused.exception.reason)
        with self.world.connect() as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")
            self.assertEqual(connection.recv(1000), b"", "the certificate's name in TLS, another in HTTP")

    def test_plain_http_only_sends_on(self):
        with socket.create_connection(("127.0.0.1", self.world.plain_port), 5) as connection:
            connection.sendall(b"GET /activate?a=b HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
            answer = Answer(connection)
        self.assertEqual((answer.status, answer.only("location")), (308, f"https://{HOST}/activate?a=b"))

    def test_a_body_too_large_is_refused_by_the_right_one(self):
        before = self.world.handled("begin_login")
        declared = "POST " + LOGIN
        ours = self.world.ask(declared, b" " * 40 * 1024)
        self.assertEqual((ours.status, json.loads(ours.body)["code"]), (413, "body_too_large"))
        self.assertEqual(self.world.handled("begin_login"), before + 1)
        theirs = self.world.ask(declared, b" " * 200 * 1024)
        self.assertEqual(theirs.status, 413)
        self.assertEqual(self.world.handled("begin_login"), before + 1, "what is absurd never reaches Tacit")

    def test_a_request_with_two_lengths_is_refused(self):
        with self.world.connect() as connection:
            lengths = "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"
            connection.sendall(f"POST {LOGIN} HTTP/1.1\r\nHost: {HOST}\r\n{lengths}\r\n0\r\n\r\nGET".encode())
            self.assertEqual(Answer(connection).status, 400)

    def test_a_flood_of_one_address_is_slowed_and_others_are_not(self):
        with concurrent.futures.ThreadPoolExecutor(8) as crowd:
            answers = list(crowd.map(lambda _: self.world.ask("GET /health", source="127.0.0.9"), range(150)))
        refused = [answer for answer in answers if answer.status == 429]
        self.assertGreaterEqual(len(answers) - len(refused), 60)
        self.assertGreater(len(refused), 0)
        self.assertEqual(json.loads(refused[0].body)["code"], "too_many_requests")
        self.assertGreater(int(refused[0].only("retry-after")), 0)
        self.assertEqual(self.world.ask("GET /health", source="127.0.0.2").status, 200)

    def test_slow_requests_end_at_the_proxy(self):
        before = self.world.handled("begin_login")
        head = f"POST {LOGIN} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"

        def kept(text, drop=""):
            """For how long a request is kept that never ends; `drop` is sent again and again."""
            with self.world.connect(source="127.0.0.10") as connection:
                connection.sendall(text.encode())
                begun = time.monotonic()
                connection.settimeout(0.5)
                while time.monotonic() - begun < SLOW + 10:
                    try:
                        if drop:
                            connection.sendall(drop.encode())
                        if not connection.recv(1000):
                            break
                    except TimeoutError:
                        continue
                    except OSError:
                        break
                return time.monotonic() - begun

        stories = {
            "a header that stops": (head,),
            "a body that stops": (head + "Content-Length: 100\r\n\r\n{",),
            "a header that drips": (head + "X-More: ", "a"),
        }
        with concurrent.futures.ThreadPoolExecutor(3) as slow:
            waits = {name: slow.submit(kept, *story) for name, story in stories.items()}
            self.assertEqual(self.world.ask("GET /health").status, 200, "others do not wait")
        for name, wait in waits.items():
            self.assertLess(wait.result(), SLOW + 5, name)
        self.assertEqual(self.world.handled("begin_login"), before, "Tacit never heard of them")


if __name__ == "__main__":
    unittest.main()
