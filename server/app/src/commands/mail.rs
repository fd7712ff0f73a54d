//! `tacit mail …`

use std::io::{self, Write as _};

use tacit_domain::address::Address;
use tacit_shared::encoding;
use tacit_store::Access;

use super::Failure;
use super::accounts::moment;
use crate::config::{Config, MailTransport};
use crate::{assemble, seams};

/// More are not told: the table holds a week's.
const TOLD: u32 = 10_000;

pub(super) async fn given_up(config: Config) -> Result<(), Failure> {
    let settings = assemble::domain_settings(&config)?;
    let (store, domain) = assemble::open(&config, settings, seams::system_seams(), Access::Read).await?;
    let mails = domain.outbox.given_up(TOLD).await?;
    store.close().await;
    let mut out = io::stdout().lock();
    for mail in mails {
        // What a mail server says is anybody's, and must not reach a terminal as it is.
        let (to, reason) = (mail.to.escape_debug(), mail.reason.escape_debug());
        writeln!(out, "{}  {}  {to}  {} attempt(s)  {reason}", moment(mail.failed_at), mail.kind, mail.attempts)?;
    }
    Ok(())
}

pub(super) async fn test(config: Config, address: String, language: String) -> Result<(), Failure> {
    let address = Address::parse(&address)?;
    if config.mail.transport == MailTransport::Mailbox {
        return Err(Failure::new("mails go into the demo's mailbox, so there is no mail server to test"));
    }
    let seams = seams::system_seams();
    let settings = assemble::domain_settings(&config)?;
    let mailer = assemble::mailer(&config, &settings, None)?;
    let mut id = [0u8; 16];
    seams.entropy.fill(&mut id);
    let sent = mailer.send_test(&encoding::to_hex(&id), address.as_str(), &language, seams.clock.now()).await;
    mailer.close().await;
    sent?;
    writeln!(io::stdout(), "{} took the mail to {}", config.mail.host, address.as_str())?;
    Ok(())
}
