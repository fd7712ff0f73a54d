//! `tacit mail test`

use std::io::{self, Write as _};

use tacit_domain::address::Address;
use tacit_shared::encoding;

use super::Failure;
use crate::config::{Config, MailTransport};
use crate::{assemble, seams};

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
