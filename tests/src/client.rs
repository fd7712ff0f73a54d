//! Who talks to the server: anonymous, or with an access token.

use std::sync::{Arc, Mutex, RwLock};

use reqwest::Method;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Answer;

/// Every answer somebody got: the request line, then header and body as they came.
pub type Transcript = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// One caller. Follows the server when it is started again elsewhere.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Arc<RwLock<String>>,
    headers: Vec<(String, String)>,
    transcript: Option<Transcript>,
}

impl Client {
    pub(crate) fn new(base: Arc<RwLock<String>>) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { http, base, headers: Vec::new(), transcript: None }
    }

    /// The same caller with one more header on every request.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    /// The same caller, whose answers are written down.
    #[must_use]
    pub fn recorded(&self, transcript: &Transcript) -> Self {
        Self { transcript: Some(Arc::clone(transcript)), ..self.clone() }
    }

    /// The same caller with this access token.
    #[must_use]
    pub fn bearer(&self, access_token: &str) -> Self {
        self.with("authorization", &format!("Bearer {access_token}"))
    }

    /// The address of the server the next request goes to.
    #[must_use]
    pub fn base(&self) -> String {
        self.base.read().unwrap().clone()
    }

    /// A GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    /// A DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// A POST of JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body.to_string().into_bytes())).await
    }

    /// A PUT of JSON.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body.to_string().into_bytes())).await
    }

    /// A POST without a body.
    pub async fn post_nothing(&self, path: &str) -> Answer {
        self.send(Method::POST, path, None).await
    }

    /// A POST of JSON that announces more than it ever sends.
    pub async fn post_unfinished(&self, path: &str) -> Answer {
        self.unfinished(&Method::POST, path, "").await
    }

    /// The same by another method, with an access token.
    pub async fn send_unfinished(&self, method: Method, path: &str, access_token: &str) -> Answer {
        self.unfinished(&method, path, &format!("Authorization: Bearer {access_token}\r\n")).await
    }

    async fn unfinished(&self, method: &Method, path: &str, fields: &str) -> Answer {
        let base = self.base();
        let mut stream = TcpStream::connect(base.strip_prefix("http://").unwrap()).await.unwrap();
        let mut head =
            "Host: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\nConnection: close\r\n"
                .to_owned();
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        stream.write_all(format!("{method} {path} HTTP/1.1\r\n{head}{fields}\r\n{{").as_bytes()).await.unwrap();
        let mut said = Vec::new();
        stream.read_to_end(&mut said).await.unwrap();
        Answer::parse(format!("{method} {path}"), &String::from_utf8(said).unwrap())
    }

    /// Any request; a body is declared as JSON unless a header of this caller says otherwise.
    pub async fn send(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Answer {
        let sent = self.try_send(method.clone(), path, body).await;
        sent.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"))
    }

    /// A GET where the server may be away: `None` when nobody answers.
    pub async fn try_get(&self, path: &str) -> Option<Answer> {
        self.try_send(Method::GET, path, None).await.ok()
    }

    /// A POST of JSON where the server may be away: `None` when nobody answers.
    pub async fn try_post(&self, path: &str, body: Value) -> Option<Answer> {
        self.try_send(Method::POST, path, Some(body.to_string().into_bytes())).await.ok()
    }

    async fn try_send(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Result<Answer, reqwest::Error> {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base()));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            if !self.headers.iter().any(|(name, _)| name == "content-type") {
                request = request.header("content-type", "application/json");
            }
            request = request.body(body);
        }
        let request_line = format!("{method} {path}");
        let answer = Answer::read(request_line, request.send().await?).await?;
        if let Some(transcript) = &self.transcript {
            let mut said = Vec::new();
            for (name, value) in &answer.headers {
                said.extend_from_slice(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
            }
            said.extend_from_slice(&answer.body);
            transcript.lock().unwrap().push((answer.request.clone(), said));
        }
        Ok(answer)
    }
}
