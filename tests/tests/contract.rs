//! The contract table: every documented status of the operations under `/api/auth` and of the audit log, and how it is
//! provoked.
//!
//! A row is `status how_it_is_provoked [settings] => |app| request;` and runs on both engines, or on the one it names.

mod document;

use reqwest::Method;
use serde_json::{Value, json};
use tacit_shared::sealed::Purpose;
use tacit_tests::{Answer, App, Client, Engine, Issuer, NewCredential, Person, Setup, User, both_engines};

use self::document::conforms;

const CHECK: &str = "/api/auth/srp/sign-up/check";
const SIGN_UP: &str = "/api/auth/srp/sign-up";
const VERIFICATION: &str = "/api/auth/srp/sign-up/verification";
const ACTIVATE: &str = "/api/auth/srp/sign-up/activate";
const LOGIN: &str = "/api/auth/srp/login/email";
const PROOF: &str = "/api/auth/srp/login/proof";
const CHANGE: &str = "/api/auth/srp/password/change/initiate";
const CHANGE_CONFIRM: &str = "/api/auth/srp/password/change/confirm";
const STEP_UP: &str = "/api/auth/srp/step-up/initiate";
const STEP_UP_CONFIRM: &str = "/api/auth/srp/step-up/confirm";
const RESET: &str = "/api/auth/srp/password/reset";
const VALIDATE: &str = "/api/auth/srp/password/reset/validate";
const COMPLETE: &str = "/api/auth/srp/password/reset/complete";
const LIST: &str = "/api/auth/sessions/list";
const VERIFY: &str = "/api/auth/sessions/verify";
const LOGOUT: &str = "/api/auth/sessions/logout";
const LOGOUT_ALL: &str = "/api/auth/sessions/logout-all";
const LOGS: &str = "/v1/audit/logs";
const USERS: &str = "/api/auth/users/";
const EXPORT: &str = "/api/auth/users/export";
const CONFIRM_EMAIL: &str = "/api/auth/users/email/confirm";
const SET: &str = "/api/auth/srp/password/set";
const MICROSOFT: &str = "/api/auth/oauth/microsoft/login";
const MICROSOFT_BACK: &str = "/api/auth/oauth/microsoft/callback";
const MOBILE: &str = "/api/auth/oauth/microsoft/mobile";
const UNDO_EMAIL: &str = "/api/auth/users/email/undo";

struct Row {
    operation: &'static str,
    status: u16,
}

macro_rules! contract {
    ($($operation:ident { $($status:literal $how:ident [$setup:expr] $(on $engine:ident)? => |$app:ident| $answer:expr;)+ })+) => {
        const ROWS: &[Row] = &[$($(Row { operation: stringify!($operation), status: $status },)+)+];
        $(mod $operation {
            use super::*;
            $(contract!(@row $operation $status $how [$setup] $(on $engine)? => |$app| $answer);)+
        })+
    };
    (@row $operation:ident $status:literal $how:ident [$setup:expr] => |$app:ident| $answer:expr) => {
        both_engines!($how, $setup, async |$app| { conforms(&$answer, stringify!($operation), $status) });
    };
    (@row $operation:ident $status:literal $how:ident [$setup:expr] on $engine:ident => |$app:ident| $answer:expr) => {
        #[tokio::test]
        async fn $how() {
            let sentence = async |$app: &App| conforms(&$answer, stringify!($operation), $status);
            tacit_tests::run(Engine::$engine, $setup, sentence).await;
        }
    };
}

contract! {
    check_sign_up {
        200 any_address [Setup::new()] => |app| post(app, CHECK, address("nobody@example.com")).await;
        400 what_is_no_address [Setup::new()] => |app| post(app, CHECK, address("nobody")).await;
        409 a_taken_address_when_revealing [Setup::revealing()] => |app| {
            app.registered("person@example.com").await;
            post(app, CHECK, address("person@example.com")).await
        };
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| app.anonymous().post_unfinished(CHECK).await;
        413 a_long_body [Setup::new()] => |app| post(app, CHECK, long()).await;
        415 a_form [Setup::new()] => |app| form(app, CHECK).await;
        429 a_flood [hasty()] => |app| flood(async || post(app, CHECK, address("nobody@example.com")).await).await;
        500 a_dropped_table_when_revealing [Setup::revealing()] => |app| {
            app.database.drop_table("accounts").await;
            post(app, CHECK, address("nobody@example.com")).await
        };
        503 a_database_out_of_reach_when_revealing [Setup::revealing()] on Postgres => |app| {
            cut_off(app, post(app, CHECK, address("nobody@example.com"))).await
        };
    }
    sign_up {
        201 a_new_address [Setup::new()] => |app| post(app, SIGN_UP, sign_up_body("person@example.com")).await;
        400 no_credential [Setup::new()] => |app| post(app, SIGN_UP, address("person@example.com")).await;
        403 a_closed_server [Setup::new().with("registration_enabled", "false")] => |app| {
            post(app, SIGN_UP, sign_up_body("person@example.com")).await
        };
        409 a_taken_address_when_revealing [Setup::revealing()] => |app| {
            app.registered("person@example.com").await;
            post(app, SIGN_UP, sign_up_body("person@example.com")).await
        };
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| app.anonymous().post_unfinished(SIGN_UP).await;
        413 a_long_body [Setup::new()] => |app| post(app, SIGN_UP, long()).await;
        415 a_form [Setup::new()] => |app| form(app, SIGN_UP).await;
        429 a_second_sign_up_where_one_is_allowed [Setup::new().with("limits.client_sign_ups", "1")] => |app| {
            post(app, SIGN_UP, sign_up_body("first@example.com")).await;
            post(app, SIGN_UP, sign_up_body("second@example.com")).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            app.database.drop_table("pending_credentials").await;
            post(app, SIGN_UP, sign_up_body("person@example.com")).await
        };
        503 a_database_out_of_reach [Setup::new()] => |app| {
            cut_off(app, post(app, SIGN_UP, sign_up_body("person@example.com"))).await
        };
    }
    resend_activation {
        200 any_address [Setup::new()] => |app| post(app, VERIFICATION, address("nobody@example.com")).await;
        400 what_is_no_address [Setup::new()] => |app| post(app, VERIFICATION, address("")).await;
        404 an_unknown_address_when_revealing [Setup::revealing()] => |app| {
            post(app, VERIFICATION, address("nobody@example.com")).await
        };
        409 an_activated_address_when_revealing [Setup::revealing()] => |app| {
            app.registered("person@example.com").await;
            post(app, VERIFICATION, address("person@example.com")).await
        };
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| app.anonymous().post_unfinished(VERIFICATION).await;
        413 a_long_body [Setup::new()] => |app| post(app, VERIFICATION, long()).await;
        415 a_form [Setup::new()] => |app| form(app, VERIFICATION).await;
        429 a_mail_sent_a_moment_ago [Setup::new()] => |app| {
            let person = app.signed_up("person@example.com").await;
            post(app, VERIFICATION, json!({ "auth_id": person.email, "ticket": person.ticket })).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            let person = app.signed_up("person@example.com").await;
            app.database.drop_table("pending_credentials").await;
            post(app, VERIFICATION, json!({ "auth_id": person.email, "ticket": person.ticket })).await
        };
        503 a_database_out_of_reach [Setup::new()] => |app| {
            let person = app.signed_up("person@example.com").await;
            app.settle().await;
            let body = json!({ "auth_id": person.email, "ticket": person.ticket });
            cut_off(app, post(app, VERIFICATION, body)).await
        };
    }
    activate {
        200 the_link_of_the_mail [Setup::new()] => |app| {
            app.signed_up("person@example.com").await;
            post(app, ACTIVATE, json!({ "token": app.mail_to("person@example.com").await.link_secret() })).await
        };
        400 neither_link_nor_code [Setup::new()] => |app| post(app, ACTIVATE, json!({})).await;
        401 a_link_that_was_used [Setup::new()] => |app| {
            app.registered("person@example.com").await;
            post(app, ACTIVATE, json!({ "token": app.mail_to("person@example.com").await.link_secret() })).await
        };
        404 a_code_for_an_unknown_address_when_revealing [Setup::revealing()] => |app| {
            post(app, ACTIVATE, json!({ "auth_id": "nobody@example.com", "code": "ZZZZZ-ZZZZZ" })).await
        };
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| app.anonymous().post_unfinished(ACTIVATE).await;
        413 a_long_body [Setup::new()] => |app| post(app, ACTIVATE, long()).await;
        415 a_form [Setup::new()] => |app| form(app, ACTIVATE).await;
        429 too_many_wrong_codes [Setup::new().with("limits.code_attempts", "1")] => |app| {
            let body = json!({ "auth_id": "person@example.com", "code": "ZZZZZ-ZZZZZ" });
            post(app, ACTIVATE, body.clone()).await;
            post(app, ACTIVATE, body).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            app.database.drop_table("pending_credentials").await;
            post(app, ACTIVATE, json!({ "token": "A".repeat(43) })).await
        };
        503 a_database_out_of_reach [Setup::new()] => |app| {
            // A true one: what nobody sent is turned away without the writer.
            app.signed_up("person@example.com").await;
            let link = app.mail_to("person@example.com").await.link_secret();
            app.settle().await;
            cut_off(app, post(app, ACTIVATE, json!({ "token": link }))).await
        };
    }
    begin_login {
        200 any_address [Setup::new()] => |app| post(app, LOGIN, address("nobody@example.com")).await;
        400 what_is_no_address [Setup::new()] => |app| post(app, LOGIN, address("nobody")).await;
        401 an_unknown_address_when_revealing [Setup::revealing()] => |app| {
            post(app, LOGIN, address("nobody@example.com")).await
        };
        403 a_pending_address_when_revealing [Setup::revealing()] => |app| {
            app.signed_up("person@example.com").await;
            post(app, LOGIN, address("person@example.com")).await
        };
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| app.anonymous().post_unfinished(LOGIN).await;
        413 a_long_body [Setup::new()] => |app| post(app, LOGIN, long()).await;
        415 a_form [Setup::new()] => |app| form(app, LOGIN).await;
        429 a_second_login_where_one_is_allowed [Setup::new().with("limits.client_logins", "1")] => |app| {
            post(app, LOGIN, address("nobody@example.com")).await;
            post(app, LOGIN, address("nobody@example.com")).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            app.database.drop_table("accounts").await;
            post(app, LOGIN, address("nobody@example.com")).await
        };
        503 a_full_queue [narrow()] => |app| crowd(app, LOGIN, vec![address("nobody@example.com"); 64]).await;
    }
    prove_login {
        200 a_good_proof [Setup::new()] => |app| {
            let person = app.registered("person@example.com").await;
            let handshake = person.begin_login().await;
            person.prove(&handshake).await
        };
        400 no_proof [Setup::new()] => |app| post(app, PROOF, json!({ "handshake": "A" })).await;
        401 a_wrong_password [Setup::new()] => |app| {
            let person = app.registered("person@example.com").await.mistyping("not the password");
            let handshake = person.begin_login().await;
            person.prove(&handshake).await
        };
        403 an_account_not_activated [Setup::new()] => |app| {
            let person = app.signed_up("person@example.com").await.with_ticket();
            let handshake = person.begin_login().await;
            person.prove(&handshake).await
        };
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| app.anonymous().post_unfinished(PROOF).await;
        413 a_long_body [Setup::new()] => |app| post(app, PROOF, long()).await;
        415 a_form [Setup::new()] => |app| form(app, PROOF).await;
        429 too_many_wrong_passwords [Setup::new().with("limits.proof_attempts", "1")] => |app| {
            let person = app.stranger("nobody@example.com");
            let (first, second) = (person.begin_login().await, person.begin_login().await);
            person.prove(&first).await;
            person.prove(&second).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            let person = app.registered("person@example.com").await;
            let handshake = person.begin_login().await;
            app.database.drop_table("spent_handshakes").await;
            person.prove(&handshake).await
        };
        503 a_full_queue [narrow().with("limits.proof_attempts", "1000")] => |app| {
            let person = app.registered("person@example.com").await;
            let mut bodies = Vec::new();
            for _ in 0..32 {
                bodies.push(person.proof_body(&person.begin_login().await));
            }
            crowd(app, PROOF, bodies).await
        };
    }
    begin_password_change {
        200 somebody_logged_in [Setup::new()] => |app| user(app).await.client.post(CHANGE, json!({})).await;
        400 an_unknown_purpose [Setup::new()] => |app| user(app).await.client.post(CHANGE, json!({ "purpose": "x" })).await;
        401 nobody_in_particular [Setup::new()] => |app| post(app, CHANGE, json!({})).await;
        409 no_password [Setup::new()] => |app| {
            let user = user(app).await;
            app.database.execute("DELETE FROM credentials").await;
            user.client.post(CHANGE, json!({})).await
        };
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| unfinished(app, CHANGE).await;
        413 a_long_body [Setup::new()] => |app| user(app).await.client.post(CHANGE, long()).await;
        415 a_form [Setup::new()] => |app| form_of(&user(app).await.client, CHANGE).await;
        429 a_flood [hasty()] => |app| {
            let user = user(app).await;
            flood(async || user.client.post(CHANGE, json!({})).await).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            let user = user(app).await;
            app.database.drop_table("credentials").await;
            user.client.post(CHANGE, json!({})).await
        };
        503 a_full_queue [narrow()] => |app| {
            let user = user(app).await;
            crowd_of(&user.client, CHANGE, vec![json!({}); 64]).await
        };
    }
    confirm_password_change {
        204 a_good_proof [Setup::new()] => |app| {
            let (person, user) = person_and_user(app).await;
            user.change_password(&person, &NewCredential::of("a new password"), &json!({})).await
        };
        400 no_proof [Setup::new()] => |app| user(app).await.client.post(CHANGE_CONFIRM, json!({})).await;
        401 a_wrong_password [Setup::new()] => |app| {
            let (person, user) = person_and_user(app).await;
            let mistyping = person.mistyping("not the password");
            user.change_password(&mistyping, &NewCredential::of("a new password"), &json!({})).await
        };
        403 too_many_wrong_passwords_for_good [Setup::new().with("limits.proof_lock", "1")] => |app| {
            let (person, user) = person_and_user(app).await;
            let (mistyping, new) = (person.mistyping("not the password"), NewCredential::of("a new password"));
            user.change_password(&mistyping, &new, &json!({})).await;
            user.change_password(&person, &new, &json!({})).await
        };
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| unfinished(app, CHANGE_CONFIRM).await;
        413 a_long_body [Setup::new()] => |app| user(app).await.client.post(CHANGE_CONFIRM, long()).await;
        415 a_form [Setup::new()] => |app| form_of(&user(app).await.client, CHANGE_CONFIRM).await;
        429 too_many_wrong_passwords [Setup::new().with("limits.proof_attempts", "1")] => |app| {
            let (person, user) = person_and_user(app).await;
            let (mistyping, new) = (person.mistyping("not the password"), NewCredential::of("a new password"));
            user.change_password(&mistyping, &new, &json!({})).await;
            user.change_password(&person, &new, &json!({})).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            let (person, user) = person_and_user(app).await;
            app.database.drop_table("audit_heads").await;
            user.change_password(&person, &NewCredential::of("a new password"), &json!({})).await
        };
        503 a_full_queue [narrow().with("limits.proof_attempts", "1000")] => |app| {
            let (person, user) = person_and_user(app).await;
            let bodies = authorisations(&person, &user, Purpose::Change).await;
            crowd_of(&user.client, CHANGE_CONFIRM, bodies).await
        };
    }
    set_password {
        204 an_account_without_one [Setup::new()] => |app| without_password(app).await.client.post(SET, credential()).await;
        400 no_credential [Setup::new()] => |app| user(app).await.client.post(SET, json!({})).await;
        401 nobody_in_particular [Setup::new()] => |app| post(app, SET, credential()).await;
        403 no_step_up [Setup::new()] => |app| user(app).await.client.post(SET, credential()).await;
        409 a_password_that_is_there [Setup::new()] => |app| stepped_up(app).await.client.post(SET, credential()).await;
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| unfinished(app, SET).await;
        413 a_long_body [Setup::new()] => |app| user(app).await.client.post(SET, long()).await;
        415 a_form [Setup::new()] => |app| form_of(&user(app).await.client, SET).await;
        429 a_flood [hasty()] => |app| {
            let user = user(app).await;
            flood(async || user.client.post(SET, json!({})).await).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            let user = without_password(app).await;
            app.database.drop_table("audit_heads").await;
            user.client.post(SET, credential()).await
        };
        503 a_database_out_of_reach [Setup::new()] on Postgres => |app| {
            let user = without_password(app).await;
            cut_off(app, user.client.post(SET, credential())).await
        };
    }
    begin_microsoft_login {
        307 a_browser [away()] => |app| app.anonymous().get(MICROSOFT).await;
        400 a_challenge_that_is_none [away()] => |app| {
            app.anonymous().get(&format!("{MICROSOFT}?code_challenge=x")).await
        };
        404 a_server_without_microsoft [Setup::new()] => |app| app.anonymous().get(MICROSOFT).await;
        429 a_second_login_where_one_is_allowed [away().with("limits.client_logins", "1")] => |app| {
            app.anonymous().get(MICROSOFT).await;
            app.anonymous().get(MICROSOFT).await
        };
        500 a_provider_that_is_away [unheard_of()] => |app| app.anonymous().get(MICROSOFT).await;
        503 a_database_out_of_reach [away()] on Postgres => |app| {
            cut_off(app, app.anonymous().get(MICROSOFT)).await
        };
    }
    finish_microsoft_login {
        200 a_person_who_is_known_there [Setup::new()] => |app| at_microsoft(app, async |client, issuer| {
            come_back(client, issuer, vouched_for()).await
        }).await;
        400 no_cookie [away()] => |app| {
            let state = state_of(&app.anonymous().get(MICROSOFT).await);
            app.anonymous().get(&format!("{MICROSOFT_BACK}?code=x&state={state}")).await
        };
        401 a_forged_state [away()] => |app| app.anonymous().get(&format!("{MICROSOFT_BACK}?code=x&state=y")).await;
        403 an_address_nobody_vouches_for [Setup::new()] => |app| at_microsoft(app, async |client, issuer| {
            come_back(client, issuer, json!({ "email": "ada@example.com" })).await
        }).await;
        404 a_server_without_microsoft [Setup::new()] => |app| {
            app.anonymous().get(&format!("{MICROSOFT_BACK}?code=x&state=y")).await
        };
        409 an_administrators_address [Setup::new()] => |app| {
            app.admin("ada@example.com").await;
            at_microsoft(app, async |client, issuer| come_back(client, issuer, vouched_for()).await).await
        };
        429 a_flood [hasty()] => |app| {
            flood(async || app.anonymous().get(&format!("{MICROSOFT_BACK}?state=y")).await).await
        };
        500 a_code_that_microsoft_does_not_take [Setup::new()] => |app| at_microsoft(app, async |client, _| {
            let begun = client.get(MICROSOFT).await;
            let path = format!("{MICROSOFT_BACK}?code=x&state={}", state_of(&begun));
            client.with("cookie", begun.header("set-cookie").split(';').next().unwrap()).get(&path).await
        }).await;
        503 a_database_out_of_reach [away()] on Postgres => |app| {
            let begun = app.anonymous().get(MICROSOFT).await;
            let path = format!("{MICROSOFT_BACK}?code=x&state={}", state_of(&begun));
            let client = app.anonymous().with("cookie", begun.header("set-cookie").split(';').next().unwrap());
            cut_off(app, client.get(&path)).await
        };
    }
    exchange_microsoft_code {
        201 a_person_who_is_known_there [Setup::new()] => |app| at_microsoft(app, async |client, issuer| {
            mobile(client, issuer, vouched_for()).await
        }).await;
        400 no_verifier [away()] => |app| post(app, MOBILE, json!({ "code": "x" })).await;
        403 an_address_nobody_vouches_for [Setup::new()] => |app| at_microsoft(app, async |client, issuer| {
            mobile(client, issuer, json!({ "email": "ada@example.com" })).await
        }).await;
        404 a_server_without_microsoft [Setup::new()] => |app| post(app, MOBILE, mobile_body("x")).await;
        409 an_administrators_address [Setup::new()] => |app| {
            app.admin("ada@example.com").await;
            at_microsoft(app, async |client, issuer| mobile(client, issuer, vouched_for()).await).await
        };
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| app.anonymous().post_unfinished(MOBILE).await;
        413 a_long_body [Setup::new()] => |app| post(app, MOBILE, long()).await;
        415 a_form [Setup::new()] => |app| form(app, MOBILE).await;
        429 a_flood [hasty()] => |app| flood(async || post(app, MOBILE, json!({})).await).await;
        500 a_code_that_microsoft_does_not_take [Setup::new()] => |app| at_microsoft(app, async |client, _| {
            client.post(MOBILE, mobile_body("x")).await
        }).await;
        503 a_database_out_of_reach [Setup::new()] on Postgres => |app| at_microsoft(app, async |client, issuer| {
            cut_off(app, mobile(client, issuer, vouched_for())).await
        }).await;
    }
    begin_step_up {
        200 somebody_logged_in [Setup::new()] => |app| user(app).await.client.post_nothing(STEP_UP).await;
        401 nobody_in_particular [Setup::new()] => |app| app.anonymous().post_nothing(STEP_UP).await;
        409 no_password [Setup::new()] => |app| {
            let user = user(app).await;
            app.database.execute("DELETE FROM credentials").await;
            user.client.post_nothing(STEP_UP).await
        };
        429 a_flood [hasty()] => |app| {
            let user = user(app).await;
            flood(async || user.client.post_nothing(STEP_UP).await).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            let user = user(app).await;
            app.database.drop_table("credentials").await;
            user.client.post_nothing(STEP_UP).await
        };
        503 a_database_out_of_reach [Setup::new()] on Postgres => |app| {
            let user = user(app).await;
            cut_off(app, user.client.post_nothing(STEP_UP)).await
        };
    }
    confirm_step_up {
        200 a_good_proof [Setup::new()] => |app| {
            let (person, user) = person_and_user(app).await;
            user.step_up(&person).await
        };
        400 no_proof [Setup::new()] => |app| user(app).await.client.post(STEP_UP_CONFIRM, json!({})).await;
        401 a_wrong_password [Setup::new()] => |app| {
            let (person, user) = person_and_user(app).await;
            user.step_up(&person.mistyping("not the password")).await
        };
        403 too_many_wrong_passwords_for_good [Setup::new().with("limits.proof_lock", "1")] => |app| {
            let (person, user) = person_and_user(app).await;
            user.step_up(&person.mistyping("not the password")).await;
            user.step_up(&person).await
        };
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| unfinished(app, STEP_UP_CONFIRM).await;
        413 a_long_body [Setup::new()] => |app| user(app).await.client.post(STEP_UP_CONFIRM, long()).await;
        415 a_form [Setup::new()] => |app| form_of(&user(app).await.client, STEP_UP_CONFIRM).await;
        429 too_many_wrong_passwords [Setup::new().with("limits.proof_attempts", "1")] => |app| {
            let (person, user) = person_and_user(app).await;
            user.step_up(&person.mistyping("not the password")).await;
            user.step_up(&person).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            let (person, user) = person_and_user(app).await;
            app.database.drop_table("audit_heads").await;
            user.step_up(&person).await
        };
        503 a_full_queue [narrow().with("limits.proof_attempts", "1000")] => |app| {
            let (person, user) = person_and_user(app).await;
            let bodies = authorisations(&person, &user, Purpose::StepUp).await;
            crowd_of(&user.client, STEP_UP_CONFIRM, bodies).await
        };
    }
    request_password_reset {
        200 any_address [Setup::new()] => |app| post(app, RESET, address("nobody@example.com")).await;
        400 what_is_no_address [Setup::new()] => |app| post(app, RESET, address("nobody")).await;
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| app.anonymous().post_unfinished(RESET).await;
        413 a_long_body [Setup::new()] => |app| post(app, RESET, long()).await;
        415 a_form [Setup::new()] => |app| form(app, RESET).await;
        429 a_second_request_within_a_minute [Setup::new()] => |app| {
            post(app, RESET, address("nobody@example.com")).await;
            post(app, RESET, address("nobody@example.com")).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            app.database.drop_table("outbox").await;
            app.leaves_jobs();
            post(app, RESET, address("nobody@example.com")).await
        };
        503 a_database_out_of_reach [Setup::new()] => |app| {
            cut_off(app, post(app, RESET, address("nobody@example.com"))).await
        };
    }
    validate_password_reset {
        200 a_mailed_link [Setup::new()] => |app| post(app, VALIDATE, reset_secret(app).await).await;
        400 neither_link_nor_code [Setup::new()] => |app| post(app, VALIDATE, json!({})).await;
        401 a_wrong_code [Setup::new()] => |app| post(app, VALIDATE, wrong_code()).await;
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| app.anonymous().post_unfinished(VALIDATE).await;
        413 a_long_body [Setup::new()] => |app| post(app, VALIDATE, long()).await;
        415 a_form [Setup::new()] => |app| form(app, VALIDATE).await;
        429 a_second_wrong_code_where_one_is_allowed [Setup::new().with("limits.code_attempts", "1")] => |app| {
            post(app, VALIDATE, wrong_code()).await;
            post(app, VALIDATE, wrong_code()).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            app.database.drop_table("password_resets").await;
            post(app, VALIDATE, json!({ "token": "A".repeat(43) })).await
        };
        503 a_database_out_of_reach [Setup::new()] => |app| cut_off(app, post(app, VALIDATE, wrong_code())).await;
    }
    complete_password_reset {
        200 a_mailed_link [Setup::new()] => |app| post(app, COMPLETE, with_credential(reset_secret(app).await)).await;
        400 a_wrong_code [Setup::new()] => |app| post(app, COMPLETE, with_credential(wrong_code())).await;
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| app.anonymous().post_unfinished(COMPLETE).await;
        413 a_long_body [Setup::new()] => |app| post(app, COMPLETE, long()).await;
        415 a_form [Setup::new()] => |app| form(app, COMPLETE).await;
        429 a_second_wrong_code_where_one_is_allowed [Setup::new().with("limits.code_attempts", "1")] => |app| {
            post(app, COMPLETE, with_credential(wrong_code())).await;
            post(app, COMPLETE, with_credential(wrong_code())).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            app.database.drop_table("password_resets").await;
            post(app, COMPLETE, with_credential(json!({ "token": "A".repeat(43) }))).await
        };
        503 a_database_out_of_reach [Setup::new()] => |app| {
            cut_off(app, post(app, COMPLETE, with_credential(wrong_code()))).await
        };
    }
    list_sessions_srp {
        200 somebody_logged_in [Setup::new()] => |app| user(app).await.client.get(LIST).await;
        401 nobody_in_particular [Setup::new()] => |app| app.anonymous().get(LIST).await;
        429 a_flood [hasty()] => |app| {
            let user = user(app).await;
            flood(async || user.client.get(LIST).await).await
        };
        500 a_dropped_table [Setup::new()] => |app| without_sessions(app).await.get(LIST).await;
        503 a_database_out_of_reach [Setup::new()] on Postgres => |app| {
            let user = user(app).await;
            cut_off(app, user.client.get(LIST)).await
        };
    }
    verify_session {
        204 somebody_logged_in [Setup::new()] => |app| user(app).await.client.post_nothing(VERIFY).await;
        401 a_session_that_ended [Setup::new()] => |app| {
            let user = user(app).await;
            user.client.post_nothing(LOGOUT).await;
            user.client.post_nothing(VERIFY).await
        };
        429 a_flood [hasty()] => |app| {
            let user = user(app).await;
            flood(async || user.client.post_nothing(VERIFY).await).await
        };
        500 a_dropped_table [Setup::new()] => |app| without_sessions(app).await.post_nothing(VERIFY).await;
        503 a_database_out_of_reach [Setup::new()] on Postgres => |app| {
            let user = user(app).await;
            cut_off(app, user.client.post_nothing(VERIFY)).await
        };
    }
    logout {
        200 somebody_logged_in [Setup::new()] => |app| user(app).await.client.post_nothing(LOGOUT).await;
        401 nobody_in_particular [Setup::new()] => |app| app.anonymous().post_nothing(LOGOUT).await;
        429 a_flood [hasty()] => |app| {
            let user = user(app).await;
            flood(async || user.client.post_nothing(LOGOUT).await).await
        };
        500 a_dropped_table [Setup::new()] => |app| without_sessions(app).await.post_nothing(LOGOUT).await;
        503 a_database_out_of_reach [Setup::new()] => |app| {
            let user = user(app).await;
            cut_off(app, user.client.post_nothing(LOGOUT)).await
        };
    }
    logout_all {
        200 somebody_logged_in [Setup::new()] => |app| user(app).await.client.post_nothing(LOGOUT_ALL).await;
        401 nobody_in_particular [Setup::new()] => |app| app.anonymous().post_nothing(LOGOUT_ALL).await;
        429 a_flood [hasty()] => |app| {
            let user = user(app).await;
            flood(async || user.client.post_nothing(LOGOUT_ALL).await).await
        };
        500 a_dropped_table [Setup::new()] => |app| without_sessions(app).await.post_nothing(LOGOUT_ALL).await;
        503 a_database_out_of_reach [Setup::new()] => |app| {
            let user = user(app).await;
            cut_off(app, user.client.post_nothing(LOGOUT_ALL)).await
        };
    }
    list_audit_logs {
        200 an_administrator [Setup::new()] => |app| admin(app).await.client.get(LOGS).await;
        400 a_page_of_nothing [Setup::new()] => |app| admin(app).await.client.get("/v1/audit/logs?limit=0").await;
        401 nobody_in_particular [Setup::new()] => |app| app.anonymous().get(LOGS).await;
        403 somebody_who_is_no_administrator [Setup::new()] => |app| user(app).await.client.get(LOGS).await;
        429 a_flood [hasty()] => |app| {
            let admin = admin(app).await;
            flood(async || admin.client.get(LOGS).await).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            let admin = admin(app).await;
            app.database.drop_table("audit_origins").await;
            admin.client.get(LOGS).await
        };
        503 a_database_out_of_reach [Setup::new()] on Postgres => |app| {
            let admin = admin(app).await;
            cut_off(app, admin.client.get(LOGS)).await
        };
    }
    update_account {
        205 another_address [Setup::new()] => |app| {
            stepped_up(app).await.client.put(USERS, json!({ "email": "new@example.com" })).await
        };
        400 what_is_no_language [Setup::new()] => |app| {
            user(app).await.client.put(USERS, json!({ "language": "no tag" })).await
        };
        401 nobody_in_particular [Setup::new()] => |app| app.anonymous().put(USERS, json!({})).await;
        403 another_address_without_a_step_up [Setup::new()] => |app| {
            user(app).await.client.put(USERS, json!({ "email": "new@example.com" })).await
        };
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| {
            user(app).await.client.send_unfinished(&Method::PUT, USERS).await
        };
        413 a_long_body [Setup::new()] => |app| user(app).await.client.put(USERS, long()).await;
        415 a_form [Setup::new()] => |app| {
            let client = user(app).await.client.with("content-type", "application/x-www-form-urlencoded");
            client.send(Method::PUT, USERS, Some(b"language=de".to_vec())).await
        };
        429 a_second_address_where_one_is_allowed [Setup::new().with("limits.client_mails", "1")] => |app| {
            let user = stepped_up(app).await;
            user.client.put(USERS, json!({ "email": "first@example.com" })).await;
            user.client.put(USERS, json!({ "email": "second@example.com" })).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            without_sessions(app).await.put(USERS, json!({ "language": "de" })).await
        };
        503 a_database_out_of_reach [Setup::new()] => |app| {
            let user = user(app).await;
            cut_off(app, user.client.put(USERS, json!({ "language": "de" }))).await
        };
    }
    delete_account {
        204 somebody_who_stepped_up [Setup::new()] => |app| stepped_up(app).await.client.delete(USERS).await;
        401 nobody_in_particular [Setup::new()] => |app| app.anonymous().delete(USERS).await;
        403 without_a_step_up [Setup::new()] => |app| user(app).await.client.delete(USERS).await;
        429 a_flood [hasty()] => |app| {
            let user = user(app).await;
            flood(async || user.client.delete(USERS).await).await
        };
        500 a_dropped_table [Setup::new()] => |app| without_sessions(app).await.delete(USERS).await;
        503 a_database_out_of_reach [Setup::new()] => |app| {
            let user = user(app).await;
            cut_off(app, user.client.delete(USERS)).await
        };
    }
    export_account {
        200 somebody_logged_in [Setup::new()] => |app| user(app).await.client.get(EXPORT).await;
        401 nobody_in_particular [Setup::new()] => |app| app.anonymous().get(EXPORT).await;
        429 a_flood [hasty()] => |app| {
            let user = user(app).await;
            flood(async || user.client.get(EXPORT).await).await
        };
        500 a_dropped_table [Setup::new()] => |app| without_sessions(app).await.get(EXPORT).await;
        503 a_database_out_of_reach [Setup::new()] => |app| {
            let user = user(app).await;
            cut_off(app, user.client.get(EXPORT)).await
        };
    }
    confirm_email_change {
        200 the_link_to_the_new_address [Setup::new()] => |app| {
            let user = stepped_up(app).await;
            user.client.put(USERS, json!({ "email": "new@example.com" })).await;
            let link = app.mail_to("new@example.com").await.link_secret();
            post(app, CONFIRM_EMAIL, json!({ "token": link })).await
        };
        400 no_link [Setup::new()] => |app| post(app, CONFIRM_EMAIL, json!({})).await;
        401 a_link_nobody_sent [Setup::new()] => |app| post(app, CONFIRM_EMAIL, json!({ "token": "A".repeat(43) })).await;
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| app.anonymous().post_unfinished(CONFIRM_EMAIL).await;
        413 a_long_body [Setup::new()] => |app| post(app, CONFIRM_EMAIL, long()).await;
        415 a_form [Setup::new()] => |app| form(app, CONFIRM_EMAIL).await;
        429 a_flood [hasty()] => |app| {
            flood(async || post(app, CONFIRM_EMAIL, json!({ "token": "A".repeat(43) })).await).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            app.database.drop_table("email_changes").await;
            post(app, CONFIRM_EMAIL, json!({ "token": "A".repeat(43) })).await
        };
        503 a_database_out_of_reach [Setup::new()] => |app| {
            let user = stepped_up(app).await;
            user.client.put(USERS, json!({ "email": "new@example.com" })).await;
            let link = app.mail_to("new@example.com").await.link_secret();
            app.settle().await;
            cut_off(app, post(app, CONFIRM_EMAIL, json!({ "token": link }))).await
        };
    }
    undo_email_change {
        200 the_link_to_the_old_address [Setup::new()] => |app| {
            let user = stepped_up(app).await;
            user.client.put(USERS, json!({ "email": "new@example.com" })).await;
            let link = app.mail_to("new@example.com").await.link_secret();
            post(app, CONFIRM_EMAIL, json!({ "token": link })).await;
            post(app, UNDO_EMAIL, json!({ "token": app.mail_to("person@example.com").await.link_secret() })).await
        };
        400 no_link [Setup::new()] => |app| post(app, UNDO_EMAIL, json!({})).await;
        401 a_link_nobody_sent [Setup::new()] => |app| post(app, UNDO_EMAIL, json!({ "token": "A".repeat(43) })).await;
        408 a_body_that_never_ends [Setup::new()] on Sqlite => |app| app.anonymous().post_unfinished(UNDO_EMAIL).await;
        413 a_long_body [Setup::new()] => |app| post(app, UNDO_EMAIL, long()).await;
        415 a_form [Setup::new()] => |app| form(app, UNDO_EMAIL).await;
        429 a_flood [hasty()] => |app| {
            flood(async || post(app, UNDO_EMAIL, json!({ "token": "A".repeat(43) })).await).await
        };
        500 a_dropped_table [Setup::new()] => |app| {
            app.database.drop_table("email_changes").await;
            post(app, UNDO_EMAIL, json!({ "token": "A".repeat(43) })).await
        };
        503 a_database_out_of_reach [Setup::new()] => |app| {
            let user = stepped_up(app).await;
            user.client.put(USERS, json!({ "email": "new@example.com" })).await;
            let link = app.mail_to("new@example.com").await.link_secret();
            post(app, CONFIRM_EMAIL, json!({ "token": link })).await;
            let link = app.mail_to("person@example.com").await.link_secret();
            app.settle().await;
            cut_off(app, post(app, UNDO_EMAIL, json!({ "token": link }))).await
        };
    }
}

async fn post(app: &App, path: &str, body: Value) -> Answer {
    app.anonymous().post(path, body).await
}

async fn form(app: &App, path: &str) -> Answer {
    form_of(&app.anonymous(), path).await
}

async fn form_of(client: &Client, path: &str) -> Answer {
    let client = client.with("content-type", "application/x-www-form-urlencoded");
    client.send(Method::POST, path, Some(b"auth_id=person".to_vec())).await
}

fn address(auth_id: &str) -> Value {
    json!({ "auth_id": auth_id })
}

fn long() -> Value {
    json!({ "auth_id": "a".repeat(33 * 1024) })
}

/// The secret of a reset that was mailed.
async fn reset_secret(app: &App) -> Value {
    app.registered("person@example.com").await;
    post(app, RESET, address("person@example.com")).await.expect_status(200).done();
    json!({ "token": app.mail_to("person@example.com").await.link_secret() })
}

fn wrong_code() -> Value {
    json!({ "auth_id": "person@example.com", "code": "ZZZZZ-ZZZZZ" })
}

fn with_credential(mut secret: Value) -> Value {
    secret["credential"] = NewCredential::of("a password").json();
    secret
}

fn sign_up_body(auth_id: &str) -> Value {
    json!({ "auth_id": auth_id, "credential": NewCredential::of("a password").json() })
}

/// One thread for SRP, one place to wait, and nothing computed ahead.
fn narrow() -> Setup {
    Setup::new().with("limits.srp_workers", "1").with("limits.srp_queue", "1").with("limits.srp_pairs", "0")
}

/// A client that may ask for little.
fn hasty() -> Setup {
    Setup::new().with("limits.client_requests", "20")
}

/// Asks until that is refused.
async fn flood(request: impl AsyncFn() -> Answer) -> Answer {
    for _ in 0..20 {
        let answer = request().await;
        if answer.status == 429 {
            return answer;
        }
    }
    request().await
}

/// A body that never ends, sent by somebody logged in.
async fn unfinished(app: &App, path: &str) -> Answer {
    user(app).await.client.post_unfinished(path).await
}

async fn person_and_user(app: &App) -> (Person, User) {
    let person = app.registered("person@example.com").await;
    let user = person.log_in().await;
    (person, user)
}

/// Many good proofs for one purpose, none of them shown yet.
async fn authorisations(person: &Person, user: &User, purpose: Purpose) -> Vec<Value> {
    let mut bodies = Vec::new();
    for _ in 0..32 {
        let handshake = user.begin(purpose).await;
        bodies.push(user.authorisation(person, &handshake, purpose, b"").0);
    }
    bodies
}

async fn user(app: &App) -> User {
    let user = app.user("person@example.com").await;
    app.settle().await;
    user
}

async fn admin(app: &App) -> User {
    let admin = app.admin("root@example.com").await;
    app.settle().await;
    admin
}

/// Somebody logged in who has just shown the password again.
async fn stepped_up(app: &App) -> User {
    let person = app.registered("person@example.com").await;
    let user = person.log_in().await;
    user.step_up(&person).await.expect_status(200).done();
    user
}

/// Somebody logged in whose session the server can no longer look up.
fn credential() -> Value {
    json!({ "credential": NewCredential::of("a first password").json() })
}

/// Somebody who has stepped up and whose account has no password, as one that a provider made.
async fn without_password(app: &App) -> User {
    let user = stepped_up(app).await;
    app.database.execute("DELETE FROM credentials").await;
    user
}

const TENANT: &str = "11111111-2222-4333-8444-555555555555";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const REDIRECT: &str = "msauth.example://auth";

/// A Microsoft that answers nothing, and need not for what is asked.
fn away() -> Setup {
    unheard_of()
        .with("providers.microsoft.authorization_endpoint", "http://127.0.0.1:9/authorize")
        .with("providers.microsoft.token_endpoint", "http://127.0.0.1:9/token")
        .with("providers.microsoft.mobile_redirect_uris", REDIRECT)
}

/// One whose metadata cannot be had.
fn unheard_of() -> Setup {
    Setup::new()
        .with("providers.microsoft.issuer", "http://127.0.0.1:9/{tenantid}")
        .with("providers.microsoft.metadata", "http://127.0.0.1:9/metadata")
        .with("providers.microsoft.client_id", "tacit")
}

/// Does something at a node of its own that knows a Microsoft of the tests' own.
async fn at_microsoft(app: &App, work: impl AsyncFnOnce(&Client, &Issuer) -> Answer) -> Answer {
    let issuer = Issuer::start().await;
    issuer.publish(json!({ "issuer": format!("{}/{{tenantid}}", issuer.url) }));
    let setup = issuer
        .setup("microsoft", Setup::new())
        .with("providers.microsoft.issuer", &format!("{}/{{tenantid}}", issuer.url))
        .with("providers.microsoft.metadata", &format!("{}/.well-known/openid-configuration", issuer.url))
        .with("providers.microsoft.mobile_redirect_uris", REDIRECT);
    let node = app.node_with(&setup).await;
    let answer = work(&app.client_of(&node), &issuer).await;
    node.stop().await;
    answer
}

fn vouched_for() -> Value {
    json!({ "email": "ada@example.com", "xms_edov": true })
}

/// What Microsoft says of a person, whatever else it does.
fn said(issuer: &Issuer, mut claims: Value) -> Value {
    claims["iss"] = json!(format!("{}/{TENANT}", issuer.url));
    claims["tid"] = json!(TENANT);
    claims["oid"] = json!("00000000-0000-4000-8000-000000000001");
    claims["sub"] = json!("ada");
    claims
}

async fn come_back(client: &Client, issuer: &Issuer, claims: Value) -> Answer {
    let begun = client.get(MICROSOFT).await;
    let back = issuer.approve(&begun.header("location"), said(issuer, claims));
    client.with("cookie", begun.header("set-cookie").split(';').next().unwrap()).get(&back).await
}

async fn mobile(client: &Client, issuer: &Issuer, claims: Value) -> Answer {
    let code = issuer.code(tacit_tests::issuer::CLIENT_ID, REDIRECT, VERIFIER, None, said(issuer, claims));
    client.post(MOBILE, mobile_body(&code)).await
}

fn mobile_body(code: &str) -> Value {
    json!({ "code": code, "code_verifier": VERIFIER })
}

fn state_of(begun: &Answer) -> String {
    let location = begun.header("location");
    location.split("&state=").nth(1).unwrap().split('&').next().unwrap().to_owned()
}

async fn without_sessions(app: &App) -> Client {
    let user = user(app).await;
    app.database.drop_table("sessions").await;
    user.client
}

/// The answer to a request while the database is out of the server's reach.
async fn cut_off(app: &App, request: impl Future<Output = Answer>) -> Answer {
    let outage = app.database.cut_off().await;
    let answer = request.await;
    outage.end().await;
    answer
}

/// Sends all at once; one that was turned away for lack of room.
async fn crowd(app: &App, path: &'static str, bodies: Vec<Value>) -> Answer {
    crowd_of(&app.anonymous(), path, bodies).await
}

async fn crowd_of(client: &Client, path: &'static str, bodies: Vec<Value>) -> Answer {
    let requests: Vec<_> = bodies
        .into_iter()
        .map(|body| {
            let client = client.clone();
            tokio::spawn(async move { client.post(path, body).await })
        })
        .collect();
    let mut turned_away = None;
    for request in requests {
        let answer = request.await.unwrap();
        if answer.status == 503 {
            turned_away = Some(answer);
        }
    }
    turned_away.expect("the queue was never full")
}
