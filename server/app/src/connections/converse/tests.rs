//! Time stands still in these tests and jumps to the next deadline when nobody has anything to do.

use poem::endpoint::make;
use tokio::io::{AsyncWriteExt as _, DuplexStream, duplex};
use tokio::task::JoinHandle;

use super::super::table::{Caps, Table};
use super::*;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
const WORK: Duration = Duration::from_mins(5);

struct Conversation {
    client: DuplexStream,
    server: JoinHandle<()>,
    stop: watch::Sender<bool>,
    begun: Instant,
}

/// Answers with the body it was sent; `/slow` after a long while.
async fn begin() -> Conversation {
    let endpoint = make(async |mut request: poem::Request| {
        let body = request.take_body().into_vec().await;
        if request.uri().path() == "/slow" {
            tokio::time::sleep(WORK).await;
        }
        body
    });
    let endpoint = Arc::new(poem::EndpointExt::map_to_response(endpoint));
    let table = Table::new(Caps { total: 1, per_client: 1, proxies: Vec::new() });
    let ends = Ends { local: ([127, 0, 0, 1], 80).into(), peer: ([192, 0, 2, 1], 40_000).into() };
    let seat = table.admit(ends.peer.ip()).await.unwrap();
    let (client, stream) = duplex(64 * 1024);
    let (stop, stopped) = watch::channel(false);
    let server = tokio::spawn(converse(stream, ends, endpoint, seat, stopped));
    Conversation { client, server, stop, begun: Instant::now() }
}

impl Conversation {
    async fn say(&mut self, bytes: &[u8]) {
        self.client.write_all(bytes).await.unwrap();
    }

    /// One byte a second, for as long as anybody listens.
    async fn drawl(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.client.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// The next answer, whole.
    async fn hear(&mut self) -> String {
        let mut said = Vec::new();
        while !said.ends_with(b"\r\n\r\n") {
            said.push(self.client.read_u8().await.unwrap());
        }
        let head = String::from_utf8(said).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        self.client.read_exact(&mut body).await.unwrap();
        head + &String::from_utf8(body).unwrap()
    }

    /// Seconds from the beginning until the server has hung up.
    async fn ended_after(self) -> u64 {
        self.server.await.unwrap();
        self.begun.elapsed().as_secs()
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_is_hung_up_on_after_ten_seconds() {
    assert_eq!(begin().await.ended_after().await, 10);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_drips_in_is_given_ten_seconds_in_all() {
    let mut it = begin().await;
    it.drawl(&REQUEST.repeat(2)[..60]).await;
    assert!((10..=11).contains(&it.ended_after().await));
}

#[tokio::test(start_paused = true)]
async fn between_requests_a_client_may_be_silent_for_longer_but_not_within_one() {
    let mut it = begin().await;
    it.say(REQUEST).await;
    assert!(it.hear().await.starts_with("HTTP/1.1 200"));
    tokio::time::sleep(Duration::from_mins(1)).await;
    it.say(REQUEST).await;
    assert!(it.hear().await.starts_with("HTTP/1.1 200"));
    tokio::time::sleep(Duration::from_mins(1)).await;
    it.say(b"G").await;
    assert_eq!(it.ended_after().await, 60 + 60 + 10);

    let mut it = begin().await;
    it.say(REQUEST).await;
    it.hear().await;
    assert_eq!(it.ended_after().await, 75);
}

#[tokio::test(start_paused = true)]
async fn our_own_work_may_take_its_time() {
    let mut it = begin().await;
    it.say(b"POST /slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi").await;
    let answer = it.hear().await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hi"), "{answer}");
    assert_eq!(it.begun.elapsed(), WORK);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_drips_in_is_given_up_where_the_endpoint_waits_for_ever() {
    let mut it = begin().await;
    it.say(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n").await;
    it.drawl(&[b'x'; 99]).await;
    assert!((30..=31).contains(&it.ended_after().await));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_nobody_takes_is_given_up() {
    let mut it = begin().await;
    let (body, length) = (vec![b'x'; 256 * 1024], 256 * 1024);
    it.say(format!("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n").as_bytes()).await;
    it.say(&body).await;
    assert_eq!(it.ended_after().await, 75);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_is_too_long_is_told_so_however_long_it_goes_on() {
    let mut it = begin().await;
    let field = format!("X: {}\r\n", "x".repeat(1000));
    it.say(b"GET / HTTP/1.1\r\nHost: localhost\r\n").await;
    it.say(field.repeat(500).as_bytes()).await;
    assert!(it.hear().await.starts_with("HTTP/1.1 431 "));
    drop(it.client);
    it.server.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_stop_lets_work_finish_and_waits_for_nobody_else() {
    // Nothing said yet, something said, all answered.
    for (said, seconds) in [(&b""[..], 0), (b"GET /", 1), (REQUEST, 0)] {
        let mut it = begin().await;
        it.say(said).await;
        if said == REQUEST {
            it.hear().await;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        it.stop.send_replace(true);
        assert_eq!(it.ended_after().await, seconds, "{said:?}");
    }
    let mut it = begin().await;
    it.say(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    tokio::time::sleep(Duration::from_millis(10)).await;
    it.stop.send_replace(true);
    assert!(it.hear().await.starts_with("HTTP/1.1 200"));
    assert_eq!(it.ended_after().await, WORK.as_secs());
}
