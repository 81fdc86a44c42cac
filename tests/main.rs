//! The one test binary: each further binary would link the whole tree again.
// a test that meets what it did not expect stops there: that is its failure
#![allow(clippy::unwrap_used)]

mod support;

mod access;
mod accounts;
mod accounts_forgotten;
mod accounts_left_open;
mod accounts_passkeys;
mod accounts_second_factor;
mod accounts_sign_ins;
mod agenda;
mod amendments;
mod approval;
mod architecture;
mod backups;
mod booking;
mod budgets;
mod calendars;
mod children;
mod convention_drafts;
mod convention_drafts_api;
mod conventions;
mod data_requests;
mod demo;
mod exports;
mod funding_calls;
mod invoicing;
mod keys;
mod logs;
mod mail;
mod migrations;
mod month_reopening;
mod openapi;
mod openings;
mod other_conventions;
mod planning;
mod prepared;
mod privacy;
mod proconnect;
mod races;
mod readings;
mod recording;
mod reminders;
mod reports;
mod requests;
mod retention;
mod rights;
mod school_calendar;
mod seals;
mod seed;
mod services;
mod sign_in;
mod site;
mod substitutes;
mod web;
