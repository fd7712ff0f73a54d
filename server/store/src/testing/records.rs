//! Records to put in: each by a number, all of its fields filled from it.

use uuid::Uuid;

use super::{NOW, after};
use crate::accounts::{AccountRecord, AccountStatus, Role};
use crate::audit_events::{AuditActor, AuditEventRecord, AuditHeadRecord, AuditOriginRecord, AuditResult};
use crate::credentials::CredentialRecord;
use crate::demo_mails::DemoMailRecord;
use crate::email_changes::EmailChangeRecord;
use crate::epoch_keys::EpochKeyRecord;
use crate::identities::IdentityRecord;
use crate::invitations::InvitationRecord;
use crate::outbox::OutboxRecord;
use crate::password_resets::PasswordResetRecord;
use crate::pending_credentials::PendingCredentialRecord;
use crate::refresh_tokens::RefreshTokenRecord;
use crate::sessions::{RefreshDelivery, SessionRecord};
use crate::signing_keys::{KeyState, SigningKeyRecord};
use crate::{
    AccountId, AuditEventId, CredentialId, EmailChangeId, IdentityId, MailId, OutboxId, PasswordResetId, PendingId,
    SecretHash, SessionId,
};

/// A hash; `kind` keeps those of one number apart.
pub(crate) fn hash(kind: u8, number: u8) -> SecretHash {
    let mut bytes = [kind; 32];
    bytes[31] = number;
    SecretHash::new(bytes)
}

pub(crate) fn uuid(number: u8) -> Uuid {
    Uuid::from_u128(0x0123_4567_89ab_4cde_8f01_2345_6789_ab00 + u128::from(number))
}

pub(crate) fn account_id(number: u8) -> AccountId {
    AccountId::from_uuid(uuid(number))
}

pub(crate) fn session_id(number: u8) -> SessionId {
    SessionId::from_uuid(uuid(number))
}

pub(crate) fn outbox_id(number: u8) -> OutboxId {
    OutboxId::from_uuid(uuid(number))
}

pub(crate) fn account(number: u8) -> AccountRecord {
    AccountRecord {
        id: account_id(number),
        email: format!("Person{number}@Example.com"),
        email_key: format!("person{number}@example.com"),
        display_name: Some(format!("Person Nº {number}")),
        language: "de-AT".to_owned(),
        role: Role::User,
        status: AccountStatus::Active,
        created_at: NOW,
        updated_at: after(1),
        activated_at: Some(after(2)),
        disabled_at: None,
    }
}

pub(crate) fn credential(account: AccountId, version: i64) -> CredentialRecord {
    CredentialRecord {
        account_id: account,
        id: CredentialId::from_uuid(Uuid::from_u128(u128::from(version.unsigned_abs()))),
        version,
        identity: "00112233445566778899aabbccddeeff".to_owned(),
        salt: vec![7; 32],
        preset: u16::MAX,
        key_id: "verifiers-1".to_owned(),
        verifier_sealed: vec![0, 1, 2, 255],
        created_at: after(version),
    }
}

pub(crate) fn pending(number: u8, email_key: &str) -> PendingCredentialRecord {
    PendingCredentialRecord {
        id: PendingId::from_uuid(uuid(number)),
        email: email_key.to_uppercase(),
        email_key: email_key.to_owned(),
        display_name: None,
        language: "en".to_owned(),
        identity: "ffeeddccbbaa99887766554433221100".to_owned(),
        salt: vec![9; 32],
        preset: 3,
        key_id: "verifiers-1".to_owned(),
        verifier_sealed: vec![number; 60],
        ticket_hash: hash(1, number),
        link_hash: hash(2, number),
        code_hash: hash(3, number),
        activatable: number.is_multiple_of(2),
        created_at: after(i64::from(number)),
        expires_at: after(1000),
        mailed_at: NOW,
    }
}

pub(crate) fn invitation(number: u8, account: AccountId) -> InvitationRecord {
    InvitationRecord { link_hash: hash(4, number), account_id: account, created_at: NOW, expires_at: after(1000) }
}

pub(crate) fn password_reset(number: u8, account: AccountId) -> PasswordResetRecord {
    PasswordResetRecord {
        id: PasswordResetId::from_uuid(uuid(number)),
        account_id: account,
        email_key: "person@example.com".to_owned(),
        link_hash: hash(6, number),
        code_hash: hash(7, number),
        created_at: after(i64::from(number)),
        expires_at: after(1000),
    }
}

pub(crate) fn identity(number: u8, account: AccountId) -> IdentityRecord {
    IdentityRecord {
        id: IdentityId::from_uuid(uuid(number)),
        account_id: account,
        provider: "example".to_owned(),
        issuer: "https://provider.example".to_owned(),
        subject: format!("subject-{number}"),
        email: Some("person@example.com".to_owned()),
        created_at: after(i64::from(number)),
        last_used_at: after(i64::from(number)),
    }
}

pub(crate) fn session(number: u8, account: AccountId) -> SessionRecord {
    SessionRecord {
        id: session_id(number),
        account_id: account,
        created_at: after(i64::from(number)),
        last_seen_at: after(i64::from(number)),
        auth_time: NOW,
        expires_at: after(1000),
        ended_at: None,
        ended_reason: None,
        amr: r#"["pwd"]"#.to_owned(),
        user_agent: Some("Browser/1.0".to_owned()),
        ip_address: Some("2001:db8::1".to_owned()),
        device_name: None,
        refresh_delivery: RefreshDelivery::Cookie,
        stepped_up_at: Some(after(4)),
        provider: Some("example".to_owned()),
    }
}

pub(crate) fn refresh_token(number: u8, session: SessionId) -> RefreshTokenRecord {
    RefreshTokenRecord {
        hash: hash(5, number),
        session_id: session,
        created_at: NOW,
        expires_at: after(1000),
        used_at: None,
        successor_nonce: None,
    }
}

pub(crate) fn signing_key(number: u8) -> SigningKeyRecord {
    SigningKeyRecord {
        kid: format!("key-{number}"),
        algorithm: "EdDSA".to_owned(),
        state: KeyState::Published,
        public_jwk: r#"{"kty":"OKP"}"#.to_owned(),
        key_id: "tokens-1".to_owned(),
        private_sealed: vec![number; 48],
        created_at: after(i64::from(number)),
        state_changed_at: after(i64::from(number)),
    }
}

pub(crate) fn epoch_key(epoch: i64) -> EpochKeyRecord {
    EpochKeyRecord { epoch, key_id: "epochs-1".to_owned(), sealed: vec![3; 72], destroy_at: after(1000) }
}

pub(crate) fn work(number: u8) -> OutboxRecord {
    OutboxRecord {
        id: outbox_id(number),
        kind: "mail.activation".to_owned(),
        payload: r#"{"to":"person@example.com"}"#.to_owned(),
        key_id: Some("outbox-1".to_owned()),
        sealed: Some(vec![number; 40]),
        created_at: NOW,
        due_at: after(i64::from(number)),
        attempts: 0,
        lease_until: None,
        done_at: None,
        failed_at: None,
        last_error: None,
        recipient_key: Some("person@example.com".to_owned()),
    }
}

pub(crate) fn mail(number: u8) -> DemoMailRecord {
    DemoMailRecord {
        id: MailId::from_uuid(uuid(number)),
        recipient: "person@example.com".to_owned(),
        subject: format!("Mail {number} — grüße"),
        body_text: "Open the link".to_owned(),
        body_html: Some("<p>Open the link</p>".to_owned()),
        created_at: after(i64::from(number)),
    }
}

pub(crate) fn email_change(number: u8, account: AccountId) -> EmailChangeRecord {
    EmailChangeRecord {
        id: EmailChangeId::from_uuid(uuid(number)),
        account_id: account,
        old_email: "Old@Example.com".to_owned(),
        new_email: format!("New{number}@Example.com"),
        confirm_hash: hash(8, number),
        undo_hash: None,
        created_at: after(i64::from(number)),
        confirmed_at: None,
        expires_at: after(1000),
    }
}

pub(crate) fn audit_event_id(number: u8) -> AuditEventId {
    AuditEventId::from_uuid(uuid(number))
}

pub(crate) fn audit_event(number: u8, chain: i64, account: Option<AccountId>) -> AuditEventRecord {
    AuditEventRecord {
        chain,
        sequence: i64::from(number),
        id: audit_event_id(number),
        event_type: "session.end".to_owned(),
        result: AuditResult::Failure,
        account_id: account,
        session_id: Some(session_id(number)),
        actor: AuditActor::Operator,
        actor_id: account,
        detail: r#"{"sessions_ended":2}"#.to_owned(),
        created_at: after(i64::from(number)),
        origin_hash: vec![1, number],
        hash: vec![2, number],
    }
}

pub(crate) fn audit_origin(number: u8, account: AccountId) -> AuditOriginRecord {
    AuditOriginRecord {
        event_id: audit_event_id(number),
        account_id: account,
        nonce: vec![number; 32],
        ip_address: Some("2001:db8::1".to_owned()),
        user_agent: None,
    }
}

pub(crate) fn audit_head(chain: i64, number: u8) -> AuditHeadRecord {
    AuditHeadRecord { chain, sequence: i64::from(number), hash: vec![2, number], seal: vec![3, number] }
}
