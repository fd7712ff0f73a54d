//! An answer of the server, with what tests expect of it.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// What the server said, read to its end.
#[derive(Clone)]
pub struct Answer {
    /// The request, for messages: `POST /api/auth/…`.
    pub request: String,
    /// The HTTP status.
    pub status: u16,
    /// The header.
    pub headers: HeaderMap,
    /// The body as sent.
    pub body: Vec<u8>,
}

impl Answer {
    pub(crate) async fn read(request: String, response: reqwest::Response) -> Result<Self, reqwest::Error> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await?.to_vec();
        Ok(Self { request, status, headers, body })
    }

    /// Reads an answer that came over a bare socket and was not chunked.
    pub(crate) fn parse(request: String, said: &str) -> Self {
        let (head, body) = said.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{request}: {said:?}"));
        let (first, fields) = head.split_once("\r\n").unwrap();
        let status = first.split(' ').nth(1).unwrap().parse().unwrap();
        let fields = fields.lines().map(|line| line.split_once(": ").unwrap());
        let headers = fields.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        Self { request, status, headers, body: body.as_bytes().to_vec() }
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{}: {error} in the body {:?}", self.request, self.text()))
    }

    /// One member of the JSON body, by its pointer: `/tokens/access_token`.
    #[track_caller]
    #[must_use]
    pub fn member(&self, pointer: &str) -> Value {
        let body = self.json();
        body.pointer(pointer).unwrap_or_else(|| panic!("{}: no {pointer} in {body}", self.request)).clone()
    }

    /// One member that is text.
    #[track_caller]
    #[must_use]
    pub fn string(&self, pointer: &str) -> String {
        let member = self.member(pointer);
        member.as_str().unwrap_or_else(|| panic!("{}: {pointer} is {member}", self.request)).to_owned()
    }

    /// A header that must be there once.
    #[track_caller]
    #[must_use]
    pub fn header(&self, name: &str) -> String {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next().unwrap_or_else(|| panic!("{}: no header {name}", self.request));
        assert!(values.next().is_none(), "{}: {name} occurs twice", self.request);
        value.to_str().unwrap().to_owned()
    }

    /// Fails unless the status is this one.
    #[track_caller]
    #[must_use = "look at the answer, or say `.done()`"]
    pub fn expect_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.request, self.text());
        self
    }

    /// Fails unless this is a problem with this status and code, whole and in form.
    #[track_caller]
    #[must_use = "look at the answer, or say `.done()`"]
    pub fn expect_problem(self, status: u16, code: &str) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.request, self.text());
        let body = self.json();
        assert_eq!(body["code"], code, "{}: {body}", self.request);
        assert_eq!(body["type"], format!("urn:tacit:problem:{code}"), "{}", self.request);
        assert_eq!(body["status"], status, "{}", self.request);
        for text in ["title", "detail"] {
            assert!(body[text].as_str().is_some_and(|text| !text.is_empty()), "{}: no {text} in {body}", self.request);
        }
        let media_type = self.header("content-type");
        assert!(media_type.starts_with("application/problem+json"), "{}: {media_type}", self.request);
        assert!(!self.header("x-request-id").is_empty());
        if matches!(status, 429 | 503) {
            let seconds: u64 = self.header("retry-after").parse().expect("Retry-After in seconds");
            assert!(seconds > 0, "{}: Retry-After is zero", self.request);
        }
        if status == 401 && code == "unauthenticated" {
            assert!(self.header("www-authenticate").starts_with("Bearer"), "{}", self.request);
        }
        self
    }

    /// Ends a chain whose expectations were all.
    pub fn done(self) {}
}
