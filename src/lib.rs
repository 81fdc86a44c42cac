//! PsyPRE: psychologists record sessions within a programme's hour quota, coordinators approve them, and the month's
//! approved sessions become invoices to Dijon Métropole.
//!
//! Modules stand in import order: each may import only those before it. Start with `router`, which lists every
//! address, or with `docs/ARCHITECTURE.md`.
#![forbid(unsafe_code)]

pub mod sql_types;

pub mod calendar;
pub mod clock;
pub mod holidays;
pub mod hours;
pub mod ical;
pub mod ids;
pub mod money;

pub mod prepared;
pub mod rate;
pub mod turnstile;

pub mod db;
pub mod failure;
pub mod schema;
pub mod vault;

pub mod documents;

pub mod logs;

pub mod config;
pub mod idempotency;
pub mod journal;
pub mod links;
pub mod outbox;
pub mod purge;

pub mod keys;

pub mod mailer;

pub mod school_calendar;

pub mod app;
pub mod error;

pub mod web;

pub mod mails;

pub mod accounts;
pub mod proconnect;
pub mod substitutions;

pub mod readings;

pub mod conventions;

pub mod convention_drafts;

pub mod quotas;

pub mod funding_calls;

pub mod amendments;

pub mod psychologists;

pub mod children;
pub mod openings;
pub mod requests;
pub mod sessions;

pub mod agenda;

pub mod services;

pub mod invoices;

pub mod budgets;

pub mod exports;
pub mod reports;

pub mod privacy;

pub mod data_requests;

pub mod day_before;
pub mod reminders;

pub mod seals;

pub mod audit;
pub mod openapi;
pub mod site;

pub mod checks;
pub mod error_pages;
pub mod health;
pub mod home;
pub mod router;
pub mod server;
pub mod worker;

pub mod demo;
pub mod seed;
