//! Mails, from the transaction that causes them to the peer that takes them.

mod sending;
mod telling;
mod tls;
