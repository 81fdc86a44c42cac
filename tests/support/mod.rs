//! What the stories share: the peers they talk to.

pub mod aiosmtpd;
pub mod smtp;
