//! What the stories share: the peers they talk to.

pub mod aiosmtpd;
pub mod app;
pub mod authenticator;
pub mod browser;
pub mod database;
pub mod dump;
pub mod proconnect;
pub mod served;
pub mod smtp;
pub mod wire;
pub mod world;
