use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use url::Url;

use super::*;

/// A server that answers each connection with these bytes; gives its address.
async fn server(answer: Vec<u8>) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}/", listener.local_addr().unwrap().port()).parse().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut asked = [0; 4096];
                if stream.read(&mut asked).await.is_ok_and(|length| length > 0) {
                    stream.write_all(&answer).await.ok();
                }
            });
        }
    });
    url
}

async fn ask(url: &Url, reach: Reach) -> Result<Fetched, FetchError> {
    let request = FetchRequest { url, reach, headers: Vec::new(), form: None, longest: 1000 };
    Fetcher::default().fetch(request).await
}

#[tokio::test]
async fn a_whole_answer_comes_back() {
    let answer = b"HTTP/1.1 200 OK\r\ncontent-type: Application/JSON; charset=utf-8\r\ncontent-length: 2\r\n\r\n{}";
    let fetched = ask(&server(answer.to_vec()).await, Reach::ThisMachine).await.unwrap();
    assert_eq!(
        (fetched.status, fetched.media_type.as_str(), fetched.body.as_slice()),
        (200, "application/json", b"{}".as_slice())
    );
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_cut_off_whether_it_says_so_or_not() {
    let announced = server(b"HTTP/1.1 200 OK\r\ncontent-length: 67108864\r\n\r\n{".to_vec()).await;
    assert!(matches!(ask(&announced, Reach::ThisMachine).await, Err(FetchError::TooLong)));
    let endless = [b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec(), vec![b' '; 5000]].concat();
    assert!(matches!(ask(&server(endless).await, Reach::ThisMachine).await, Err(FetchError::TooLong)));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let target = server(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec()).await;
    let redirect = format!("HTTP/1.1 302 Found\r\nlocation: {target}\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(ask(&server(redirect.into_bytes()).await, Reach::ThisMachine).await.unwrap().status, 302);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://127.0.0.1:{}/", listener.local_addr().unwrap().port()).parse().unwrap();
    assert!(matches!(ask(&url, Reach::ThisMachine).await, Err(FetchError::TimedOut)));
}

#[tokio::test]
async fn no_name_and_no_address_leads_out_of_reach() {
    let here = server(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec()).await;
    let port = here.port().unwrap();
    for reach in [Reach::Public, Reach::Internal] {
        for host in
            ["localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "0.0.0.0", "2130706433"]
        {
            for scheme in ["http", "https"] {
                let url: Url = format!("{scheme}://{host}:{port}/").parse().unwrap();
                let answer = ask(&url, reach).await;
                let refused = match &answer {
                    Err(FetchError::OutOfReach) => true,
                    Err(FetchError::Failed(why)) => why.contains("no address that may be asked"),
                    _ => false,
                };
                assert!(refused, "{url} by {reach:?}: {:?}", answer.err());
            }
        }
    }
    for text in ["ftp://localhost/", "http://user:password@localhost/", "http://192.0.2.1/", "https://10.0.0.1/"] {
        let answer = ask(&text.parse().unwrap(), Reach::ThisMachine).await;
        assert!(matches!(answer, Err(FetchError::OutOfReach)), "{text}");
    }
}

#[test]
fn an_address_is_of_the_internet_or_not() {
    let public = |text: &str| is_allowed(text.parse().unwrap(), Reach::Public);
    for text in ["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00::1", "64:ff9b::101:101"] {
        assert!(public(text), "{text}");
    }
    for text in [
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "127.0.0.2",
        "0.0.0.0",
        "0.1.2.3",
        "192.0.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a00:1",
        "2002:a00:1::",
        "2002:7f00:1::",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "2001::1",
        "3fff::1",
        "100::1",
        "4000::1",
    ] {
        assert!(!public(text), "{text}");
    }
    let internal = |text: &str| is_allowed(text.parse().unwrap(), Reach::Internal);
    assert!(internal("10.0.0.1") && internal("fd00::1") && internal("1.1.1.1"));
    assert!(!internal("127.0.0.1") && !internal("169.254.169.254") && !internal("::1") && !internal("fe80::1"));
}
