//! The kinds of values a setting can have, and how each is written

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tacit_api::Cidr;
use tacit_domain::settings::SigningAlgorithm;
use tacit_engine::Choice;

/// A value that has one written form, the same in a file, a variable and a flag.
pub trait Setting: Sized {
    /// Whether it is text, which a file must quote: a number or a switch would be taken for other text than was written.
    const IS_TEXT: bool = false;

    /// Reads the written form; the error says what was expected and never repeats the text.
    ///
    /// # Errors
    /// What was expected instead.
    fn parse(text: &str) -> Result<Self, String>;

    /// The written form, safe to print.
    fn show(&self) -> String;
}

impl Setting for String {
    const IS_TEXT: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        match text.trim() {
            "" => Err("expected some text".to_owned()),
            text if text.chars().any(char::is_control) => Err("expected text without control characters".to_owned()),
            text => Ok(text.to_owned()),
        }
    }

    fn show(&self) -> String {
        self.clone()
    }
}

impl Setting for bool {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "true" | "1" | "yes" | "on" => Ok(true),
            "false" | "0" | "no" | "off" => Ok(false),
            _ => Err("expected true or false".to_owned()),
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

/// A whole number above zero.
impl Setting for u32 {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "expected a whole number above 0".to_owned())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

/// A port.
impl Setting for u16 {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse().ok().filter(|port| *port > 0).ok_or_else(|| "expected a port from 1 to 65535".to_owned())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for SocketAddr {
    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "expected an address and a port, such as 127.0.0.1:8080 or [::]:8080".to_owned())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for PathBuf {
    const IS_TEXT: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() { Err("expected a path".to_owned()) } else { Ok(Self::from(text)) }
    }

    fn show(&self) -> String {
        self.display().to_string()
    }
}

const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// A length of time: `90s`, `5m`, `1h30m`, `30d`.
impl Setting for Duration {
    fn parse(text: &str) -> Result<Self, String> {
        duration(text).ok_or_else(|| "expected a length of time above zero, such as 90s, 5m, 12h or 30d".to_owned())
    }

    fn show(&self) -> String {
        let mut rest = u64::try_from(self.as_millis()).unwrap_or(u64::MAX);
        let parts = UNITS.map(|(unit, length)| {
            let count = rest / length;
            rest %= length;
            if count > 0 { format!("{count}{unit}") } else { String::new() }
        });
        parts.concat()
    }
}

/// No sensible length of time is longer, and sums of two stay far from any overflow.
const LONGEST: Duration = Duration::from_hours(100 * 365 * 24);

fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let (digits, tail) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let (unit, tail) = tail.split_at(tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len()));
        let (_, length) = UNITS.into_iter().find(|(name, _)| *name == unit.trim())?;
        sum = sum.checked_add(Duration::from_millis(digits.parse::<u64>().ok()?.checked_mul(length)?))?;
        rest = tail.trim_start();
    }
    (!sum.is_zero() && sum <= LONGEST).then_some(sum)
}

/// A number of bytes: `512`, `32KiB`, `1MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub usize);

impl Setting for Size {
    fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
        let scale = match unit.trim() {
            "" | "B" => Some(1),
            "KiB" => Some(1024),
            "MiB" => Some(1024 * 1024),
            "kB" => Some(1000),
            "MB" => Some(1_000_000),
            _ => None,
        };
        let bytes = scale.and_then(|scale| digits.parse::<usize>().ok()?.checked_mul(scale));
        bytes.filter(|bytes| *bytes > 0).map(Self).ok_or_else(|| "expected a size, such as 32KiB or 1MiB".to_owned())
    }

    fn show(&self) -> String {
        match self.0 {
            bytes if bytes % (1024 * 1024) == 0 => format!("{}MiB", bytes / (1024 * 1024)),
            bytes if bytes % 1024 == 0 => format!("{}KiB", bytes / 1024),
            bytes => bytes.to_string(),
        }
    }
}

/// How many of something are kept: `0` for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room(pub usize);

impl Setting for Room {
    fn parse(text: &str) -> Result<Self, String> {
        let number = text.parse::<u32>().ok().and_then(|number| usize::try_from(number).ok());
        number.map(Self).ok_or_else(|| "expected a whole number, 0 for none".to_owned())
    }

    fn show(&self) -> String {
        self.0.to_string()
    }
}

/// A kernel that multiplies in logins.
impl Setting for Choice {
    const IS_TEXT: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| format!("expected one of {}", Self::ALL.map(Self::name).join(", ")))
    }

    fn show(&self) -> String {
        self.name().to_owned()
    }
}

/// A network of addresses: `10.0.0.0/8`, or one address.
#[derive(Debug, Clone)]
pub struct Network {
    text: String,
    cidr: Cidr,
}

impl Network {
    /// In the form the server looks addresses up.
    #[must_use]
    pub const fn cidr(&self) -> Cidr {
        self.cidr
    }
}

impl Setting for Network {
    fn parse(text: &str) -> Result<Self, String> {
        let cidr = text.parse::<Cidr>().map_err(|error| error.to_string())?;
        Ok(Self { text: text.to_owned(), cidr })
    }

    fn show(&self) -> String {
        self.text.clone()
    }
}

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailSecurity {
    /// TLS from the first byte.
    Tls,
    /// Plain first, TLS before anything is said; a server that does not offer it is refused.
    StartTls,
    /// Plain.
    None,
}

/// How mails leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTransport {
    /// To a mail server.
    Smtp,
    /// Into a table the demo shows.
    Mailbox,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

macro_rules! one_of {
    ($type:ty { $($variant:path => $name:literal),+ }) => {
        impl Setting for $type {
            fn parse(text: &str) -> Result<Self, String> {
                match text {
                    $($name => Ok($variant),)+
                    _ => Err(format!("expected one of {}", [$($name),+].join(", "))),
                }
            }

            fn show(&self) -> String {
                match self { $($variant => $name.to_owned(),)+ }
            }
        }
    };
}

one_of!(MailSecurity { Self::Tls => "tls", Self::StartTls => "starttls", Self::None => "none" });
one_of!(MailTransport { Self::Smtp => "smtp", Self::Mailbox => "mailbox" });
one_of!(LogFormat { Self::Json => "json", Self::Text => "text" });
one_of!(SigningAlgorithm { SigningAlgorithm::EdDsa => "EdDSA", SigningAlgorithm::Es256 => "ES256" });

#[cfg(test)]
mod tests;
