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
    prepared(Command::new(services::binary()), arguments, variables)
}

/// The same with no more open files than this.
fn limited(files: u32, arguments: &[&str], variables: &[(String, String)]) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(format!("ulimit -n {files} && exec \"$0\" \"$@\"")).arg(services::binary());
    prepared(shell, arguments, variables)
}

fn prepared(mut command: Command, arguments: &[&str], variables: &[(String, String)]) -> Command {
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
        Self::serve_by(|variables| command(&["serve"], variables), variables).await
    }

    /// The same where the system allows no more open files than this.
    pub async fn serve_with_files(files: u32, variables: &[(String, String)]) -> Self {
        Self::serve_by(|variables| limited(files, &["serve"], variables), variables).await
    }

    async fn serve_by(command: impl FnOnce(&[(String, String)]) -> Command, variables: &[(String, String)]) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut variables = variables.to_vec();
        variables.push(("TACIT_LISTEN".to_owned(), format!("127.0.0.1:{port}")));
        let mut child = command(&variables).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
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

    fn proc(&self, name: &str) -> String {
        format!("/proc/{}/{name}", self.child.id().unwrap())
    }

    /// Resident memory in bytes.
    #[must_use]
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(self.proc("status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    /// Files it has open, connections among them.
    #[must_use]
    pub fn open_files(&self) -> usize {
        std::fs::read_dir(self.proc("fd")).unwrap().count()
    }

    /// What it has used of the processors, in hundredths of a second.
    #[must_use]
    pub fn ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(self.proc("stat")).unwrap();
        let (_, fields) = stat.rsplit_once(')').unwrap();
        // From the third field on; utime and stime are the fourteenth and fifteenth (proc(5)).
        fields.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum()
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
