//! The binary itself, as an operator runs it.

use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use crate::services;

/// A running `tacit serve`, killed when dropped.
pub struct Process {
    child: Child,
    log: JoinHandle<Vec<String>>,
    /// Where it listens.
    pub base: String,
}

/// `tacit` with these arguments and variables and nothing else of this process's environment.
fn command(arguments: &[&str], variables: &[(String, String)]) -> Command {
    let mut command = Command::new(services::binary());
    command.args(arguments).env_clear().envs(variables.iter().cloned()).stdin(Stdio::null()).kill_on_drop(true);
    command
}

impl Process {
    /// Runs a command to its end.
    pub async fn run(arguments: &[&str], variables: &[(String, String)]) -> Output {
        let output = command(arguments, variables).output();
        tokio::time::timeout(Duration::from_mins(1), output).await.expect("the command ends").unwrap()
    }

    /// Serves on a free port and waits until it answers.
    pub async fn serve(variables: &[(String, String)]) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut variables = variables.to_vec();
        variables.push(("TACIT_LISTEN".to_owned(), format!("127.0.0.1:{port}")));
        let mut child = command(&["serve"], &variables).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let log = tokio::spawn(async move {
            let (out, err) = tokio::join!(lines(out), lines(err));
            [out, err].concat()
        });
        let base = format!("http://127.0.0.1:{port}");
        let health = format!("{base}/health");
        for _ in 0..600 {
            if reqwest::get(&health).await.is_ok_and(|answer| answer.status() == 200) {
                return Self { child, log, base };
            }
            assert!(child.try_wait().unwrap().is_none(), "tacit serve ended: {:?}", log.await.unwrap());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("tacit serve does not answer");
    }

    /// Resident memory in bytes.
    #[must_use]
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id().unwrap())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// Waits until it has crashed, without a core file; gives every line it wrote.
    pub async fn crash(mut self, how: &str) -> Vec<String> {
        let pid = self.id().to_string();
        assert!(Command::new("prlimit").args(["--core=0", "--pid", &pid]).status().await.unwrap().success());
        assert!(Command::new("kill").args([how, &pid]).status().await.unwrap().success());
        let status = tokio::time::timeout(Duration::from_secs(30), self.child.wait()).await;
        assert!(!status.expect("it crashes").unwrap().success());
        self.log.await.unwrap()
    }

    /// Stops it with SIGTERM; gives every line it wrote.
    pub async fn stop(mut self) -> Vec<String> {
        let pid = self.child.id().unwrap().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().await.unwrap();
        let status = tokio::time::timeout(Duration::from_secs(30), self.child.wait()).await;
        assert!(status.expect("tacit serve stops when asked").unwrap().success());
        self.log.await.unwrap()
    }
}

async fn lines(stream: impl tokio::io::AsyncRead + Unpin) -> Vec<String> {
    let (mut lines, mut all) = (BufReader::new(stream).lines(), Vec::new());
    while let Ok(Some(line)) = lines.next_line().await {
        all.push(line);
    }
    all
}
