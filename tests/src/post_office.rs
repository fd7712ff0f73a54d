//! A mail server with moods: it refuses, stalls, hangs up or goes away when a test says so, and keeps what it took.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What the client has just said, or done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// It connected.
    Connect,
    /// It said EHLO.
    Ehlo,
    /// It named the sender.
    Mail,
    /// It named the recipient.
    Rcpt,
    /// It wants to send the mail.
    Data,
    /// It has sent the whole mail.
    End,
}

impl Stage {
    /// All of them, in their order.
    pub const ALL: [Self; 6] = [Self::Connect, Self::Ehlo, Self::Mail, Self::Rcpt, Self::Data, Self::End];
}

/// How the server answers at a stage, unless all is well.
#[derive(Clone, Debug)]
pub enum Mood {
    /// With these words.
    Say(String),
    /// Well, but so much later.
    Late(Duration),
    /// Never.
    Silent,
    /// It hangs up without a word. A mail that it had whole by then it keeps, as a server does that dies late.
    HangUp,
    /// Well, and then it hangs up.
    AnswerAndHangUp,
}

/// A mail it took.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The envelope's recipient.
    pub recipient: String,
    /// `Message-ID`.
    pub id: String,
}

#[derive(Default)]
struct State {
    moods: BTreeMap<Stage, Mood>,
    /// Moods at [`Stage::Rcpt`], for one recipient.
    towards: BTreeMap<String, Mood>,
    taken: Vec<Taken>,
    connections: usize,
}

/// The server. It stops with its last handle.
pub struct PostOffice {
    port: u16,
    state: Arc<Mutex<State>>,
    listening: Mutex<Option<JoinHandle<()>>>,
}

impl PostOffice {
    /// Opens on a free port; all is well.
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::default();
        let listening = Mutex::new(Some(tokio::spawn(accept(listener, Arc::clone(&state)))));
        Self { port, state, listening }
    }

    /// Its port, as a setting.
    #[must_use]
    pub fn port(&self) -> String {
        self.port.to_string()
    }

    /// Answers like this at a stage from now on.
    pub fn set(&self, stage: Stage, mood: Mood) {
        self.state.lock().unwrap().moods.insert(stage, mood);
    }

    /// Answers like this to one recipient from now on.
    pub fn set_towards(&self, recipient: &str, mood: Mood) {
        self.state.lock().unwrap().towards.insert(recipient.to_owned(), mood);
    }

    /// All is well again.
    pub fn behave(&self) {
        let mut state = self.state.lock().unwrap();
        state.moods.clear();
        state.towards.clear();
    }

    /// Goes away, and every connection with it.
    pub async fn close(&self) {
        let listening = self.listening.lock().unwrap().take().expect("it is open");
        listening.abort();
        // Until the port is free.
        drop(listening.await);
    }

    /// Comes back on the same port.
    pub async fn reopen(&self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        *self.listening.lock().unwrap() = Some(tokio::spawn(accept(listener, Arc::clone(&self.state))));
    }

    /// What it took for this recipient.
    #[must_use]
    pub fn taken(&self, recipient: &str) -> Vec<Taken> {
        self.state.lock().unwrap().taken.iter().filter(|mail| mail.recipient == recipient).cloned().collect()
    }

    /// How often somebody connected.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }
}

impl Drop for PostOffice {
    fn drop(&mut self) {
        if let Some(listening) = self.listening.lock().unwrap().take() {
            listening.abort();
        }
    }
}

async fn accept(listener: TcpListener, state: Arc<Mutex<State>>) {
    // Ends with this task, and so with the server.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        state.lock().unwrap().connections += 1;
        let state = Arc::clone(&state);
        connections.spawn(async move {
            // Who hangs up is done.
            drop(converse(stream, &state).await);
        });
    }
}

/// The server has said its last word.
struct Over;

impl From<std::io::Error> for Over {
    fn from(_: std::io::Error) -> Self {
        Self
    }
}

async fn converse(stream: TcpStream, state: &Mutex<State>) -> Result<(), Over> {
    let mut stream = BufReader::new(stream);
    let mut recipient = String::new();
    answer(&mut stream, state, Stage::Connect, "220 moody ESMTP", None).await?;
    loop {
        let line = read(&mut stream).await?;
        let (verb, rest) = line.split_at(line.find([' ', ':']).unwrap_or(line.len()));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                answer(&mut stream, state, Stage::Ehlo, "250-moody\r\n250 8BITMIME", None).await?;
            }
            "MAIL" => {
                answer(&mut stream, state, Stage::Mail, "250 OK", None).await?;
            }
            "RCPT" => {
                rest.trim_start_matches(" TO:<").trim_end_matches('>').clone_into(&mut recipient);
                let mood = state.lock().unwrap().towards.get(&recipient).cloned();
                answer(&mut stream, state, Stage::Rcpt, "250 OK", mood).await?;
            }
            "DATA" => {
                if answer(&mut stream, state, Stage::Data, "354 Go on", None).await? {
                    take(&mut stream, state, &recipient).await?;
                }
            }
            "QUIT" => return say(&mut stream, "221 Bye").await,
            _ => say(&mut stream, "250 OK").await?,
        }
    }
}

async fn take(stream: &mut BufReader<TcpStream>, state: &Mutex<State>, recipient: &str) -> Result<(), Over> {
    let mut id = String::new();
    loop {
        let line = read(stream).await?;
        if line == "." {
            break;
        }
        if let Some(value) = line.strip_prefix("Message-ID: ") {
            value.clone_into(&mut id);
        }
    }
    let mood = state.lock().unwrap().moods.get(&Stage::End).cloned();
    if !matches!(mood, Some(Mood::Say(_))) {
        state.lock().unwrap().taken.push(Taken { recipient: recipient.to_owned(), id });
    }
    answer(stream, state, Stage::End, "250 Taken", mood).await.map(drop)
}

/// Answers as the mood is; says whether the answer was the good one.
async fn answer(
    stream: &mut BufReader<TcpStream>,
    state: &Mutex<State>,
    at: Stage,
    well: &str,
    mood: Option<Mood>,
) -> Result<bool, Over> {
    let mood = mood.or_else(|| state.lock().unwrap().moods.get(&at).cloned());
    match mood {
        None => say(stream, well).await.map(|()| true),
        Some(Mood::Say(words)) => say(stream, &words).await.map(|()| false),
        Some(Mood::Late(by)) => {
            tokio::time::sleep(by).await;
            say(stream, well).await.map(|()| true)
        }
        Some(Mood::Silent) => std::future::pending().await,
        Some(Mood::HangUp) => Err(Over),
        Some(Mood::AnswerAndHangUp) => say(stream, well).await.and(Err(Over)),
    }
}

async fn say(stream: &mut BufReader<TcpStream>, words: &str) -> Result<(), Over> {
    Ok(stream.get_mut().write_all(format!("{words}\r\n").as_bytes()).await?)
}

async fn read(stream: &mut BufReader<TcpStream>) -> Result<String, Over> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Err(Over);
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
