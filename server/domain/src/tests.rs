//! The rules over a real database, with a clock that the test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tacit_shared::messages::{Activate, Challenge, Credential, LoginProof, LoginStart, SignUp};
use tacit_shared::preset::{self, Preset};
use tacit_shared::srp::{Identity, PublicValue, Salt, client};
use tacit_shared::{Entropy, messages};
use tacit_store::{DatabaseSettings, Store, Timestamp};
use zeroize::Zeroizing;

use crate::Domain;
use crate::caller::Origin;
use crate::core::Core;
use crate::fault::Fault as _;
use crate::keyring::MasterKey;
use crate::login::{LoginError, OpenedSession};
use crate::proofs::ProofError;
use crate::refresh::RefreshError;
use crate::seams::{Clock, NoFetch, Seams};
use crate::settings::{Lifetimes, Limits, Settings, SigningAlgorithm};

pub(crate) const P: &[u8] = b"what Argon2id and HKDF made of a password";

struct SteppedClock(AtomicI64);

impl Clock for SteppedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, out: &mut [u8]) {
        #[expect(clippy::disallowed_methods, reason = "the test's implementation of the seam")]
        getrandom::fill(out).unwrap();
    }
}

pub(crate) struct World {
    pub(crate) domain: Domain,
    clock: Arc<SteppedClock>,
    pub(crate) folder: std::path::PathBuf,
}

impl World {
    pub(crate) async fn start() -> Self {
        let mut name = [0u8; 8];
        OsEntropy.fill(&mut name);
        let folder = std::env::temp_dir().join(format!("tacit-domain-{}", tacit_shared::encoding::to_hex(&name)));
        std::fs::create_dir(&folder).unwrap();
        let clock = Arc::new(SteppedClock(AtomicI64::new(1_780_000_000_000)));
        let domain = open(&folder, &clock).await;
        Self { domain, clock, folder }
    }

    /// The same database under a new process: keys that live in memory are gone.
    pub(crate) async fn restart(&mut self) {
        self.domain = open(&self.folder, &self.clock).await;
    }

    pub(crate) fn core(&self) -> &Core {
        &self.domain.logins.0
    }

    pub(crate) fn advance(&self, time: Duration) {
        self.clock.0.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    pub(crate) fn back(&self, time: Duration) {
        self.clock.0.fetch_sub(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    async fn signed_up(&self, address: &str) -> String {
        self.signed_up_with(address, small()).await
    }

    async fn signed_up_with(&self, address: &str, preset: &Preset) -> String {
        let sign_up =
            SignUp { auth_id: address.to_owned(), credential: credential(preset), display_name: None, language: None };
        self.domain.sign_ups.sign_up(sign_up.try_into().unwrap(), &Origin::default()).await.unwrap().ticket.to_string()
    }

    pub(crate) async fn registered(&self, address: &str) {
        self.registered_with(address, small()).await;
    }

    async fn registered_with(&self, address: &str, preset: &Preset) {
        self.signed_up_with(address, preset).await;
        let job = self.domain.outbox.claim(1, Duration::from_mins(1)).await.unwrap().mails.remove(0);
        let link = job.secret.unwrap().link.to_string();
        self.domain.outbox.finish(job.id).await.unwrap();
        self.activate(&link).await.unwrap();
    }

    async fn activate(&self, link: &str) -> Result<(), crate::sign_ups::SignUpError> {
        let activate = Activate { token: Some(link.to_owned()), auth_id: None, code: None, credential: None };
        self.domain.sign_ups.activate(activate.try_into().unwrap(), &Origin::default()).await.map(|_| ())
    }

    async fn resend(&self, address: &str, ticket: &str) -> Result<u64, crate::sign_ups::SignUpError> {
        let message = messages::ResendActivation { auth_id: address.to_owned(), ticket: Some(ticket.to_owned()) };
        self.domain.sign_ups.resend(message.try_into().unwrap(), &Origin::default()).await
    }

    pub(crate) async fn begin(&self, address: &str) -> Challenge {
        let start = LoginStart { auth_id: address.to_owned(), ticket: None };
        self.domain.logins.begin(start.try_into().unwrap(), &Origin::default()).await.unwrap()
    }

    pub(crate) async fn prove(&self, challenge: &Challenge, p: &[u8]) -> Result<OpenedSession, LoginError> {
        self.domain.logins.prove(answer(challenge, p).try_into().unwrap(), Origin::default()).await
    }
}

impl Drop for World {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

async fn open(folder: &std::path::Path, clock: &Arc<SteppedClock>) -> Domain {
    let url = format!("sqlite:{}", folder.join("tacit.db").display());
    let store = Store::connect(&DatabaseSettings { url, max_connections: 4 }).await.unwrap();
    store.migrate().await.unwrap();
    let master = MasterKey::new(Zeroizing::new([7; 32]));
    let clock: Arc<dyn Clock> = Arc::<SteppedClock>::clone(clock);
    let seams = Seams { clock, entropy: Arc::new(OsEntropy), fetch: Arc::new(NoFetch) };
    Box::pin(Domain::open(store, &master, settings(), seams)).await.unwrap()
}

pub(crate) fn settings() -> Settings {
    Settings {
        realm: "localhost".to_owned(),
        public_url: "http://localhost:8080".parse().unwrap(),
        allowed_origins: Vec::new(),
        audience: "tacit".to_owned(),
        reveal_accounts: false,
        registration_enabled: true,
        demo: false,
        default_language: "en".to_owned(),
        algorithm: SigningAlgorithm::EdDsa,
        providers: Vec::new(),
        lifetimes: Lifetimes::default(),
        limits: Limits {
            proof_attempts: 3,
            client_sign_ups: 1000,
            client_mails: 1000,
            client_proofs: 1000,
            ..Limits::default()
        },
    }
}

fn small() -> &'static Preset {
    preset::find(3).unwrap()
}

fn credential(preset: &Preset) -> Credential {
    let (identity, salt) = (Identity::random(&OsEntropy), Salt::random(&OsEntropy));
    let verifier = client::verifier(preset.group, &client::private_key(&identity, &salt, P));
    Credential {
        identity: identity.as_str().to_owned(),
        salt: salt.to_hex(),
        preset: preset.number,
        verifier: verifier.to_hex(),
    }
}

pub(crate) fn answer(challenge: &Challenge, p: &[u8]) -> LoginProof {
    let parsed = challenge.parse().unwrap();
    let group = parsed.preset.group;
    let x = client::private_key(&parsed.identity, &parsed.salt, p);
    let ephemeral = client::Ephemeral::new(group, &OsEntropy);
    let server = PublicValue::parse_hex(group, &challenge.b).unwrap();
    let proof = ephemeral.prove(&parsed.identity, &parsed.salt, &x, &server).unwrap();
    LoginProof {
        handshake: challenge.handshake.clone(),
        a: proof.public.to_hex(),
        m1: proof.proof.to_hex(),
        refresh_delivery: Some(messages::RefreshDelivery::Body),
        device_name: None,
        device_token: None,
        remember_device: None,
    }
}

#[tokio::test]
async fn a_person_signs_up_activates_logs_in_and_is_known_until_they_log_out() {
    let world = World::start().await;
    world.registered("person@example.com").await;
    let opened = world.prove(&world.begin("Person@Example.com").await, P).await.unwrap();
    let caller = world.domain.sessions.authenticate(&opened.tokens.access_token, Origin::default()).await.unwrap();
    assert_eq!(caller.session_id(), opened.session_id);
    assert_eq!(world.domain.accounts.me(&caller).email, "person@example.com");
    world.domain.sessions.logout(&caller).await.unwrap();
    assert!(world.domain.sessions.authenticate(&opened.tokens.access_token, Origin::default()).await.is_err());
    assert!(matches!(
        world.domain.refresh.refresh(&opened.tokens.refresh_token, &Origin::default()).await,
        Err(RefreshError::Invalid)
    ));
}

#[tokio::test]
async fn a_handshake_serves_one_attempt_within_two_minutes() {
    let world = World::start().await;
    world.registered("person@example.com").await;

    let challenge = world.begin("person@example.com").await;
    assert!(matches!(world.prove(&challenge, b"wrong").await, Err(LoginError::Proof(ProofError::Rejected))));
    assert!(matches!(world.prove(&challenge, P).await, Err(LoginError::Proof(ProofError::HandshakeSpent))));

    let challenge = world.begin("person@example.com").await;
    world.advance(Duration::from_mins(2));
    world.prove(&challenge, P).await.unwrap();

    let challenge = world.begin("person@example.com").await;
    world.advance(Duration::from_millis(120_001));
    assert!(matches!(world.prove(&challenge, P).await, Err(LoginError::Proof(ProofError::HandshakeExpired))));
}

#[tokio::test]
async fn a_handshake_from_a_clock_ahead_or_from_before_a_restart_is_refused() {
    let mut world = World::start().await;
    world.registered("person@example.com").await;

    let challenge = world.begin("person@example.com").await;
    world.back(Duration::from_millis(5_001));
    assert!(matches!(world.prove(&challenge, P).await, Err(LoginError::Proof(ProofError::HandshakeInvalid))));
    world.advance(Duration::from_millis(1));
    world.prove(&challenge, P).await.unwrap();

    let challenge = world.begin("person@example.com").await;
    world.restart().await;
    assert!(matches!(world.prove(&challenge, P).await, Err(LoginError::Proof(ProofError::HandshakeExpired))));
}

#[tokio::test]
async fn every_altered_byte_of_a_handshake_is_refused() {
    let world = World::start().await;
    world.registered("person@example.com").await;
    let challenge = world.begin("person@example.com").await;
    let bytes = tacit_shared::encoding::from_base64url(&challenge.handshake).unwrap();
    for at in (0..bytes.len()).step_by(7) {
        let mut altered = bytes.clone();
        altered[at] ^= 1;
        let altered = Challenge { handshake: tacit_shared::encoding::to_base64url(&altered), ..challenge.clone() };
        let refused = world.prove(&altered, P).await.err().unwrap();
        assert!(
            matches!(refused, LoginError::Proof(ProofError::HandshakeInvalid | ProofError::HandshakeExpired)),
            "byte {at}"
        );
    }
    world.prove(&challenge, P).await.unwrap();
}

#[tokio::test]
async fn an_unknown_address_answers_like_a_known_one_and_keeps_its_answer() {
    let world = World::start().await;
    world.registered_with("person@example.com", preset::DEFAULT).await;
    let known = world.begin("person@example.com").await;
    let unknown = world.begin("nobody@example.com").await;
    let again = world.begin("NOBODY@example.com").await;
    assert_eq!(known.handshake.len(), unknown.handshake.len());
    assert_eq!(known.b.len(), unknown.b.len());
    assert_eq!(known.preset, unknown.preset);
    assert_eq!((&unknown.identity, &unknown.salt), (&again.identity, &again.salt));
    assert_ne!(unknown.identity, world.begin("other@example.com").await.identity);
    assert!(matches!(world.prove(&unknown, P).await, Err(LoginError::Proof(ProofError::Rejected))));
}

#[tokio::test]
async fn whether_an_address_has_an_account_does_not_show_to_who_signs_it_up() {
    let world = World::start().await;
    world.registered("person@example.com").await;
    for address in ["person@example.com", "nobody@example.com"] {
        let ticket = world.signed_up(address).await;
        let start = LoginStart { auth_id: address.to_owned(), ticket: Some(ticket) };
        let challenge = world.domain.logins.begin(start.try_into().unwrap(), &Origin::default()).await.unwrap();
        let refused = world.prove(&challenge, P).await.err().unwrap();
        assert_eq!(refused.code().as_str(), "account_not_activated", "{address}");
    }
}

#[tokio::test]
async fn an_activation_serves_once_drops_the_others_and_expires() {
    let world = World::start().await;
    world.signed_up("person@example.com").await;
    world.signed_up("person@example.com").await;
    world.signed_up("late@example.com").await;
    let jobs = world.domain.outbox.claim(9, Duration::from_mins(1)).await.unwrap().mails;
    // Rows of one millisecond come in any order.
    let (mut links, mut late) = (Vec::new(), String::new());
    for job in jobs {
        let link = job.secret.unwrap().link.to_string();
        if job.to == "late@example.com" { late = link } else { links.push(link) }
    }
    world.activate(&links[0]).await.unwrap();
    for used_or_dropped in &links {
        assert_eq!(world.activate(used_or_dropped).await.err().unwrap().code().as_str(), "activation_invalid");
    }
    world.advance(Lifetimes::default().activation);
    assert_eq!(world.activate(&late).await.err().unwrap().code().as_str(), "activation_invalid");
}

#[tokio::test]
async fn resends_stay_within_the_budget_of_the_address_and_void_no_link_without_a_new_one() {
    let world = World::start().await;
    let budget = usize::try_from(Limits::default().mails).unwrap();
    let mut tickets = Vec::new();
    for _ in 0..budget + 2 {
        tickets.push(world.signed_up("person@example.com").await);
    }
    assert_eq!(world.domain.outbox.claim(99, Duration::from_hours(1)).await.unwrap().mails.len(), budget);
    world.advance(Duration::from_mins(1));
    for ticket in &tickets {
        world.resend("person@example.com", ticket).await.unwrap();
    }
    // Once for each, whoever else asks.
    assert_eq!(world.domain.outbox.claim(99, Duration::from_hours(1)).await.unwrap().mails.len(), tickets.len());
    world.advance(Duration::from_mins(1));
    for ticket in &tickets[..budget] {
        world.resend("person@example.com", ticket).await.unwrap();
    }
    let mut links = Vec::new();
    for job in world.domain.outbox.claim(99, Duration::from_hours(1)).await.unwrap().mails {
        links.push(job.secret.unwrap().link.to_string());
    }
    assert_eq!(links.len(), budget);
    world.advance(Duration::from_mins(1));
    for ticket in &tickets {
        world.resend("person@example.com", ticket).await.unwrap();
        assert_eq!(world.resend("person@example.com", ticket).await.err().unwrap().code().as_str(), "resend_too_soon");
    }
    assert!(world.domain.outbox.claim(99, Duration::from_hours(1)).await.unwrap().mails.is_empty());
    world.activate(&links[0]).await.unwrap();
}

#[tokio::test]
async fn a_device_name_that_does_not_show_is_refused_before_the_handshake_is_spent() {
    let world = World::start().await;
    world.registered("person@example.com").await;
    let challenge = world.begin("person@example.com").await;
    for name in ["a\0", "a\nb", "\u{202e}live", ""] {
        let proof = LoginProof { device_name: Some(name.to_owned()), ..answer(&challenge, P) };
        let refused = crate::login::ProveLogin::try_from(proof).err().unwrap();
        assert_eq!(refused.fields()[0].name, "device_name");
    }
    world.prove(&challenge, P).await.unwrap();
}

#[tokio::test]
async fn failed_proofs_close_an_address_for_the_window_and_good_ones_do_not_count() {
    let world = World::start().await;
    world.registered("person@example.com").await;
    for _ in 0..5 {
        world.prove(&world.begin("person@example.com").await, P).await.unwrap();
    }
    for _ in 0..3 {
        let refused = world.prove(&world.begin("person@example.com").await, b"wrong").await;
        assert!(matches!(refused, Err(LoginError::Proof(ProofError::Rejected))));
    }
    let challenge = world.begin("person@example.com").await;
    assert!(matches!(world.prove(&challenge, P).await, Err(LoginError::Proof(ProofError::Throttled(_)))));
    world.advance(Limits::default().proof_window);
    world.prove(&world.begin("person@example.com").await, P).await.unwrap();
}

#[tokio::test]
async fn a_refresh_token_is_used_once_and_its_reuse_ends_the_session() {
    let world = World::start().await;
    world.registered("person@example.com").await;
    let opened = world.prove(&world.begin("person@example.com").await, P).await.unwrap();
    let first = opened.tokens.refresh_token.to_string();
    let refresh = &world.domain.refresh;
    let second = refresh.refresh(&first, &Origin::default()).await.unwrap().refresh_token;
    world.advance(Duration::from_secs(10));
    assert_eq!(*refresh.refresh(&first, &Origin::default()).await.unwrap().refresh_token, *second);
    let third = refresh.refresh(&second, &Origin::default()).await.unwrap().refresh_token;
    world.advance(Duration::from_millis(1));
    assert!(matches!(refresh.refresh(&first, &Origin::default()).await, Err(RefreshError::Reused)));
    assert!(matches!(refresh.refresh(&third, &Origin::default()).await, Err(RefreshError::Invalid)));
    assert!(world.domain.sessions.authenticate(&opened.tokens.access_token, Origin::default()).await.is_err());
}

#[tokio::test]
async fn tokens_of_a_retired_key_count_until_they_expire() {
    let world = World::start().await;
    world.registered("person@example.com").await;
    let before = world.prove(&world.begin("person@example.com").await, P).await.unwrap();
    let keys = world.domain.signing_keys.jwks().await.unwrap().keys.len();
    world.domain.signing_keys.rotate().await.unwrap();
    assert_eq!(world.domain.signing_keys.jwks().await.unwrap().keys.len(), keys + 1);
    let after = world.prove(&world.begin("person@example.com").await, P).await.unwrap();
    for opened in [&before, &after] {
        world.domain.sessions.authenticate(&opened.tokens.access_token, Origin::default()).await.unwrap();
    }
    world.advance(Lifetimes::default().access_token + Duration::from_secs(6));
    assert!(world.domain.sessions.authenticate(&before.tokens.access_token, Origin::default()).await.is_err());
}

#[tokio::test]
async fn a_disabled_account_is_out_at_once_and_told_so_after_a_valid_proof_only() {
    let world = World::start().await;
    world.registered("person@example.com").await;
    let opened = world.prove(&world.begin("person@example.com").await, P).await.unwrap();
    let begun = world.begin("person@example.com").await;
    let name = crate::accounts::AccountName::parse("person@example.com").unwrap();
    assert_eq!(world.domain.accounts.disable(&name).await.unwrap(), 1);
    assert!(world.domain.sessions.authenticate(&opened.tokens.access_token, Origin::default()).await.is_err());
    assert!(matches!(world.prove(&begun, P).await, Err(LoginError::Disabled)));
    assert!(matches!(
        world.prove(&world.begin("person@example.com").await, b"wrong").await,
        Err(LoginError::Proof(ProofError::Rejected))
    ));
}
