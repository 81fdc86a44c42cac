//! What programs read of a refusal about an account, and the field that a page shows it beside.

use super::accept_invitation::AcceptRefusal;
use super::add_passkey::AddRefusal;
use super::change_factor::ChangeFactorRefusal;
use super::change_own::ChangePasswordRefusal;
use super::close::CloseRefusal;
use super::come_in::ComeInRefusal;
use super::confirm::ConfirmRefusal;
use super::enrol::EnrolRefusal;
use super::forgotten::ForgottenRefusal;
use super::open::OpenRefusal;
use super::passwords::PasswordRefusal;
use super::prove::ProofRefusal;
use super::remove_factor::RemoveRefusal;
use super::reset_factor::ResetRefusal;
use super::sign_in::{SecondStepRefusal, SignInRefusal};
use super::throttle::TooMany;
use super::tokens::TokenRefusal;
use crate::failure::{Refusal, assert_told};

const TOO_MANY: TooMany = TooMany { seconds: 30 };

#[test]
fn a_refusal_to_open_stands_beside_what_was_typed() {
    assert_told(&[
        (&SignInRefusal::Wrong, "wrong_credentials", Some("email")),
        (&SignInRefusal::Open(OpenRefusal::NoRole), "no_role", Some("email")),
        (&SignInRefusal::TooMany(TOO_MANY), "too_many_requests", Some("email")),
        (&SecondStepRefusal::Proof(ProofRefusal::Wrong), "wrong_code", Some("code")),
        (&SecondStepRefusal::Enrol(EnrolRefusal::Stale), "stale_key", Some("new_code")),
        (&SecondStepRefusal::Add(AddRefusal::Known), "passkey_known", Some("key_name")),
        (&SecondStepRefusal::Gone, "sign_in_gone", None),
        (&SecondStepRefusal::Open(OpenRefusal::NoRole), "no_role", None),
        (&ComeInRefusal::Closed, "account_disabled", None),
        (&ComeInRefusal::Open(OpenRefusal::NoRole), "no_role", None),
        (&ComeInRefusal::InvitationGone, "invitation_gone", None),
    ]);
}

#[test]
fn a_refused_password_stands_beside_its_field() {
    assert_told(&[
        (&PasswordRefusal::Short(8), "password_short", None),
        (&PasswordRefusal::Long(300), "password_long", None),
        (&PasswordRefusal::Personal, "password_personal", None),
        (&PasswordRefusal::Common, "password_common", None),
        (&AcceptRefusal::Gone, "invitation_gone", None),
        (&AcceptRefusal::Password(PasswordRefusal::Common), "password_common", Some("password")),
        (&AcceptRefusal::Different, "passwords_differ", Some("password_again")),
        (&AcceptRefusal::Proof(ProofRefusal::Wrong), "wrong_code", Some("code")),
        (&ForgottenRefusal::Gone, "link_gone", None),
        (&ForgottenRefusal::Password(PasswordRefusal::Short(8)), "password_short", Some("password")),
        (&ForgottenRefusal::Different, "passwords_differ", Some("password_again")),
        (&ForgottenRefusal::Proof(ProofRefusal::Used), "code_used", Some("code")),
        (&ForgottenRefusal::TooMany(TOO_MANY), "too_many_requests", Some("email")),
    ]);
}

#[test]
fn a_refused_proof_stands_beside_what_proves() {
    let wrong_password = ChangePasswordRefusal::Wrong;
    let field = wrong_password.field();
    assert_eq!(field, Some("current_password"));
    assert_told(&[
        (&EnrolRefusal::WrongCode, "wrong_code", Some("new_code")),
        (&EnrolRefusal::Stale, "stale_key", Some("new_code")),
        (&ConfirmRefusal::Password(ChangePasswordRefusal::Wrong), "wrong_credentials", field),
        (&ConfirmRefusal::Proof(ProofRefusal::Passkey), "wrong_passkey", Some("code")),
        (&ConfirmRefusal::NoPassword, "no_password", field),
        (&ChangeFactorRefusal::Password(ChangePasswordRefusal::Wrong), "wrong_credentials", field),
        (&ChangeFactorRefusal::Proof(ProofRefusal::Wrong), "wrong_code", Some("code")),
        (&ChangeFactorRefusal::Enrol(EnrolRefusal::Stale), "stale_key", Some("new_code")),
        (&ChangeFactorRefusal::None, "no_second_factor", None),
        (&RemoveRefusal::Confirm(ConfirmRefusal::NoPassword), "no_password", field),
        (&RemoveRefusal::Last, "last_second_factor", None),
    ]);
}

#[test]
fn what_is_refused_about_an_account_or_a_token_has_a_name() {
    assert_told(&[
        (&CloseRefusal::Oneself, "own_account", None),
        (&CloseRefusal::LastAdministrator, "last_administrator", None),
        (&CloseRefusal::AlreadySo, "already_so", None),
        (&ResetRefusal::Oneself, "own_account", None),
        (&ResetRefusal::None, "no_second_factor", None),
        (&TokenRefusal::Disabled, "account_disabled", None),
        (&TokenRefusal::ByToken, "token_by_token", None),
        (&TokenRefusal::Most, "too_many_tokens", None),
        (&TokenRefusal::Days, "token_days", Some("days")),
    ]);
}
