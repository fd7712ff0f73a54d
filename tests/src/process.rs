//! The binary itself, as an operator runs it.

use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use crate::{Launch, Port};

/// How long a start, a stop or a command may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How much of its log a server leaves behind when its test fails.
const LAST_LINES: usize = 30;

/// A running `tacit serve`, killed when dropped; if that is because its test fails, its last lines are shown.
pub struct Process {
    child: Child,
    lines: Lines,
    reading: JoinHandle<()>,
    /// Where it listens.
    pub base: String,
    _port: Port,
}

/// What a server wrote.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Process {
    /// Runs a command to its end.
    pub async fn run(arguments: &[&str], variables: &[(String, String)]) -> Output {
        Self::run_by(&Launch::plain(), arguments, variables).await
    }

    /// Runs a command to its end, started in a way of its own.
    pub async fn run_by(launch: &Launch, arguments: &[&str], variables: &[(String, String)]) -> Output {
        let output = launch.command(arguments, variables).output();
        tokio::time::timeout(PATIENCE * 2, output).await.expect("the command ends").unwrap()
    }

    /// Serves on a free port and waits until it answers.
    pub async fn serve(variables: &[(String, String)]) -> Self {
        Self::serve_by(&Launch::plain(), variables).await
    }

    /// The same where the system allows no more open files than this.
    pub async fn serve_with_files(files: u32, variables: &[(String, String)]) -> Self {
        Self::serve_by(&Launch::plain().with_files(files), variables).await
    }

    /// Serves, started in a way of its own, and waits until it answers.
    pub async fn serve_by(launch: &Launch, variables: &[(String, String)]) -> Self {
        let mut process = Self::start_by(launch, variables);
        process.ready().await;
        process
    }

    /// Starts to serve on a free port; nobody knows yet whether it will.
    #[must_use]
    pub fn start(variables: &[(String, String)]) -> Self {
        Self::start_by(&Launch::plain(), variables)
    }

    fn start_by(launch: &Launch, variables: &[(String, String)]) -> Self {
        let port = Port::claim();
        let address = port.address();
        let mut variables = variables.to_vec();
        variables.push(("TACIT_LISTEN".to_owned(), address.clone()));
        let mut command = launch.command(&["serve"], &variables);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let lines = Lines::default();
        let (of_out, of_err) = (lines.clone(), lines.clone());
        let reading = tokio::spawn(async move {
            tokio::join!(of_out.collect(out), of_err.collect(err));
        });
        Self { child, lines, reading, base: format!("http://{address}"), _port: port }
    }

    /// Waits until it says that it is ready.
    pub async fn ready(&mut self) {
        let health = format!("{}/health", self.base);
        let begun = std::time::Instant::now();
        while begun.elapsed() < PATIENCE {
            let answers = reqwest::get(&health).await.is_ok_and(|answer| answer.status() == 200);
            // Before the answer is believed: it might be somebody else's.
            assert!(self.child.try_wait().unwrap().is_none(), "tacit serve ended: {:#?}", self.log());
            if answers {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("tacit serve is not ready: {:#?}", self.log());
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Every line it has written so far.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.lines.all()
    }

    fn proc(&self, name: &str) -> String {
        format!("/proc/{}/{name}", self.id())
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

    /// Waits until it has crashed, without a core file; gives every line it wrote.
    pub async fn crash(mut self, how: &str) -> Vec<String> {
        let pid = self.id().to_string();
        assert!(Command::new("prlimit").args(["--core=0", "--pid", &pid]).status().await.unwrap().success());
        assert!(Command::new("kill").args([how, &pid]).status().await.unwrap().success());
        let status = tokio::time::timeout(Duration::from_secs(30), self.child.wait()).await;
        assert!(!status.expect("it crashes").unwrap().success());
        self.read_out().await
    }

    /// Stops it with SIGTERM; gives every line it wrote.
    pub async fn stop(mut self) -> Vec<String> {
        let pid = self.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().await.unwrap();
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        assert!(status.expect("tacit serve stops when asked").unwrap().success());
        self.read_out().await
    }

    /// Ends it with SIGKILL, in the middle of whatever it does; gives every line it wrote.
    pub async fn kill(mut self) -> Vec<String> {
        self.child.start_kill().unwrap();
        self.child.wait().await.unwrap();
        self.read_out().await
    }

    async fn read_out(mut self) -> Vec<String> {
        (&mut self.reading).await.unwrap();
        self.lines.all()
    }
}

impl Drop for Process {
    #[expect(clippy::print_stderr, reason = "this is for whoever reads why a test failed")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            let ended = self.child.try_wait().ok().flatten();
            let state = ended.map_or_else(|| "runs".to_owned(), |status| format!("ended: {status}"));
            let lines = self.lines.all();
            let last = lines.get(lines.len().saturating_sub(LAST_LINES)..).unwrap_or_default();
            eprintln!("the server at {} {state}; its last lines:\n{}", self.base, last.join("\n"));
        }
    }
}

impl Lines {
    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    async fn collect(&self, stream: impl AsyncRead + Unpin) {
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            self.0.lock().unwrap().push(line);
        }
    }
}
