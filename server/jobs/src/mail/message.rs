//! One mail in the form it travels in

use std::time::{Duration, UNIX_EPOCH};

use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use tacit_domain::Timestamp;

use super::templates::Rendered;

/// Why a mail cannot be put together; trying again would not help.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MessageError {
    #[error("the recipient is not an address")]
    Recipient,
    #[error("the mail cannot be put together: {0}")]
    Form(#[from] lettre::error::Error),
}

/// Whether `from` can be a sender: an address, or a name and an address in angle brackets.
///
/// # Errors
/// What was expected instead.
pub fn check_sender(from: &str) -> Result<(), String> {
    parse_sender(from).map(|_| ())
}

pub(crate) fn parse_sender(from: &str) -> Result<Mailbox, String> {
    from.parse().map_err(|_| "expected an address, such as Example <no-reply@example.com>".to_owned())
}

/// Puts a mail together. `id` is the same at every attempt, so a repeat is recognised by its Message-ID.
pub(crate) fn compose(
    id: &str,
    from: &Mailbox,
    to: &str,
    rendered: Rendered,
    now: Timestamp,
) -> Result<Message, MessageError> {
    let to = to.parse().map(|address| Mailbox::new(None, address)).map_err(|_| MessageError::Recipient)?;
    let date = UNIX_EPOCH + Duration::from_millis(u64::try_from(now.as_millis()).unwrap_or(0));
    // RFC 3834 §5: no vacation notice answers.
    let automatic = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
    let builder = Message::builder()
        .from(from.clone())
        .to(to)
        .subject(rendered.subject)
        .date(date)
        .message_id(Some(format!("<{id}@{}>", from.email.domain())))
        .raw_header(automatic);
    let message = match rendered.html {
        Some(html) => builder.multipart(MultiPart::alternative_plain_html(rendered.text, html))?,
        None => builder.header(ContentType::TEXT_PLAIN).body(rendered.text)?,
    };
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compose_with(subject: &str, to: &str) -> Result<String, MessageError> {
        let from = parse_sender("Tacit <no-reply@example.com>").unwrap();
        let rendered = Rendered { subject: subject.to_owned(), text: "Hello\n".to_owned(), html: None };
        let message = compose("0192", &from, to, rendered, Timestamp::from_millis(1_700_000_000_000))?;
        Ok(String::from_utf8(message.formatted()).unwrap())
    }

    #[test]
    fn the_headers_are_those_of_an_automatic_mail() {
        let mail = compose_with("Hello", "person@example.com").unwrap();
        for line in [
            "From: Tacit <no-reply@example.com>\r\n",
            "To: person@example.com\r\n",
            "Subject: Hello\r\n",
            "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n",
            "Message-ID: <0192@example.com>\r\n",
            "Auto-Submitted: auto-generated\r\n",
        ] {
            assert!(mail.contains(line), "{line} in {mail}");
        }
    }

    #[test]
    fn a_recipient_cannot_add_a_header_or_a_second_recipient() {
        for to in ["a@example.com\r\nBcc: b@example.com", "a@example.com, b@example.com", "a@example.com\n", "a", ""] {
            assert!(matches!(compose_with("Hello", to), Err(MessageError::Recipient)), "{to:?}");
        }
    }

    #[test]
    fn a_subject_outside_ascii_is_encoded_and_adds_no_line() {
        let mail = compose_with("Bestätigen Sie Ihr Konto", "person@example.com").unwrap();
        assert!(mail.contains("Subject: =?utf-8?"), "{mail}");
    }

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        for (from, good) in [("a@b.example", true), ("A B <a@b.example>", true), ("a", false), ("a@b\r\nX: y", false)] {
            assert_eq!(check_sender(from).is_ok(), good, "{from:?}");
        }
    }
}
