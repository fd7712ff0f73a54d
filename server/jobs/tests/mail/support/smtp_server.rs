use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

/// How long the server may take to say something it must say.
const PATIENCE: Duration = Duration::from_secs(20);

/// `aiosmtpd` in a process of its own. It ends with its standard input, thus with the test.
pub(crate) struct SmtpServer {
    pub(crate) port: u16,
    lines: Receiver<Value>,
    child: Child,
    stdin: Option<ChildStdin>,
}

/// A certificate authority and a certificate for `localhost` by it, as PEM.
pub(crate) struct Certificates {
    pub(crate) authority: Vec<u8>,
    folder: tempfile::TempDir,
}

impl SmtpServer {
    /// Starts it on a free port; see `smtp_server.py` for the arguments.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mail/support/smtp_server.py");
        let mut child = Command::new(python())
            .arg(script)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{MISSING}: {error}"));
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(serde_json::from_str::<Value>(&line).unwrap()).is_err() {
                    return;
                }
            }
        });
        let first = lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{MISSING}"));
        let port = first["port"].as_u64().unwrap().try_into().unwrap();
        Self { port, lines, child, stdin }
    }

    /// The next mail it was offered.
    pub(crate) fn offered(&self) -> Value {
        self.lines.recv_timeout(PATIENCE).expect("a mail is offered")
    }

    /// The text of the next mail it was offered, transfer encoding and all.
    pub(crate) fn mail(&self) -> String {
        self.offered()["mail"].as_str().unwrap().to_owned()
    }

    /// Whether it was offered nothing more.
    pub(crate) fn is_quiet(&self) -> bool {
        self.lines.try_recv().is_err()
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const MISSING: &str = "these tests need a python with aiosmtpd (PyPI): set TACIT_TEST_PYTHON to it; \
    the repository's set-up script installs one";

#[expect(clippy::disallowed_methods, reason = "where the tests' tools are is known to the environment only")]
fn python() -> String {
    std::env::var("TACIT_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

impl Certificates {
    pub(crate) fn new() -> Self {
        let mut of_authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
        of_authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let authority = of_authority.self_signed(&key).unwrap().pem().into_bytes();
        let issuer = rcgen::Issuer::new(of_authority, key);

        let own_key = rcgen::KeyPair::generate().unwrap();
        let own = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let own = own.signed_by(&own_key, &issuer).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("server.pem"), own.pem() + &own_key.serialize_pem()).unwrap();
        Self { authority, folder }
    }

    /// The file the server reads.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("server.pem")
    }
}

/// A port nobody listens on.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
