//! The contract table: every documented status of the operations under `/api/auth` and of the audit log, and how it is
//! provoked.
//!
//! A row is `status how_it_is_provoked [settings] => |app| request;` and runs on both engines, or on the one it names.

mod document;
mod support;

use self::document::conforms;

struct Row {
    operation: &'static str,
    status: u16,
}

macro_rules! contract {
    ($($operation:ident { $($status:literal $how:ident [$setup:expr] $(on $engine:ident)? => |$app:ident| $answer:expr;)+ })+) => {
        pub(super) const ROWS: &[Row] = &[$($(Row { operation: stringify!($operation), status: $status },)+)+];
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
            tacit_tests::run(tacit_tests::Engine::$engine, $setup, sentence).await;
        }
    };
}

mod audit;
mod login;
mod microsoft;
mod passwords;
mod resets;
mod sessions;
mod sign_up;
mod users;

/// All of them.
const ROWS: &[&[Row]] = &[
    audit::ROWS,
    login::ROWS,
    microsoft::ROWS,
    passwords::ROWS,
    resets::ROWS,
    sessions::ROWS,
    sign_up::ROWS,
    users::ROWS,
];
