//! A real SMTP server, and a domain on a SQLite file that writes mails

mod smtp_server;
mod world;

pub(crate) use smtp_server::{Certificates, SmtpServer, free_port};
pub(crate) use world::{World, plain, with_login};
