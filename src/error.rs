//! How a request can end badly. `error_pages.rs` dresses it for its reader.
//!
//! Verbs refuse with their own enums ([`crate::failure::Failure`]); a page shows those beside the form's fields. What is
//! left becomes an [`AppError`]. An internal failure is logged once, under a reference that is all the person sees.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};

use crate::db::DbError;
use crate::failure::{Failure, Refusal};
use crate::vault::VaultError;

/// Why a request is not answered as asked.
#[derive(Debug)]
pub enum AppError {
    /// Nobody is signed in.
    SignedOut,
    /// The page is for another role, named here in French.
    Forbidden(&'static str),
    /// The bearer token is for less than that.
    OutOfScope,
    /// It does not exist, or is not the caller's: the answer is the same.
    NotFound,
    /// The request cannot be read; the sentence says what to mend.
    Unreadable(String),
    /// A browser was made to post by another site.
    OtherSite,
    /// The form's token is not that of this sign-in.
    StaleForm,
    /// The idempotency key was used for another request.
    KeyReused,
    /// A rule refuses.
    Refused {
        /// A stable name.
        code: &'static str,
        /// The field it is about.
        field: Option<&'static str>,
        /// What is shown.
        sentence: String,
    },
    /// Too many tries; in so many seconds, again.
    TooMany(u64),
    /// Too many requests of any kind; in so many seconds, again.
    TooOften(u64),
    /// The body is longer than we read.
    TooLong,
    /// The body took too long to come.
    TooSlow,
    /// The body is not of this kind, which is the one that the address takes.
    OtherKind(&'static str),
    /// Too busy, or starting.
    Unavailable,
    /// A failure of ours.
    Internal(String),
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence())
    }
}

impl AppError {
    fn status(&self) -> StatusCode {
        match self {
            Self::SignedOut => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) | Self::OutOfScope | Self::OtherSite | Self::StaleForm => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Unreadable(_) => StatusCode::BAD_REQUEST,
            Self::KeyReused | Self::Refused { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany(_) | Self::TooOften(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::OtherKind(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::Forbidden(_) => "forbidden",
            Self::OutOfScope => "token_scope",
            Self::NotFound => "not_found",
            Self::Unreadable(_) => "unreadable",
            Self::OtherSite => "other_site",
            Self::StaleForm => "stale_form",
            Self::KeyReused => "idempotency_key_reused",
            Self::Refused { code, .. } => code,
            Self::TooMany(_) | Self::TooOften(_) => "too_many_requests",
            Self::TooLong => "too_large",
            Self::TooSlow => "too_slow",
            Self::OtherKind(_) => "other_kind",
            Self::Unavailable => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    /// What is shown: what happened, and what to do next.
    pub fn sentence(&self) -> String {
        match self {
            Self::SignedOut => "Connectez-vous pour continuer.".to_owned(),
            Self::Forbidden(role) => {
                format!("Cette page est réservée au rôle « {role} ». Changez de rôle, ou demandez-le à l’administration de la Métropole.")
            }
            Self::OutOfScope => "Ce jeton ne permet pas cela. Créez-en un qui le permet dans « Mon compte ».".to_owned(),
            Self::NotFound => "Cette page n’existe pas, ou n’est pas à vous. Vérifiez l’adresse, ou revenez à l’accueil.".to_owned(),
            Self::Unreadable(what) | Self::Refused { sentence: what, .. } => what.clone(),
            Self::OtherSite => "Cette demande vient d’un autre site. Revenez à l’accueil et recommencez.".to_owned(),
            Self::StaleForm => "Ce formulaire n’est plus valable : votre connexion a changé. Revenez à la page et recommencez.".to_owned(),
            Self::KeyReused => "Cette demande a déjà été faite avec un autre contenu. Rechargez la page et recommencez.".to_owned(),
            Self::TooMany(seconds) => {
                format!("Trop d’essais. Réessayez dans {} min.", seconds.div_ceil(60).max(1))
            }
            Self::TooOften(seconds) => {
                format!("Trop de demandes en peu de temps. Réessayez dans {seconds}\u{a0}s : rien n’est perdu.")
            }
            Self::TooLong => "C’est trop long pour être reçu. Raccourcissez et recommencez.".to_owned(),
            Self::TooSlow => "La demande a mis trop de temps à arriver. Vérifiez votre connexion et recommencez.".to_owned(),
            Self::OtherKind(kind) => format!("Cette adresse ne reçoit que {kind} : aucun fichier, aucun autre format."),
            Self::Unavailable => "Le service est occupé. Réessayez dans un instant : rien n’est perdu.".to_owned(),
            Self::Internal(_) => "Une erreur est survenue de notre côté. Rien n’a été enregistré. Réessayez, ou donnez-nous la référence.".to_owned(),
        }
    }
}

impl From<DbError> for AppError {
    fn from(e: DbError) -> Self {
        match e {
            DbError::Busy(_) | DbError::Cancelled => Self::Unavailable,
            DbError::Query(diesel::result::Error::NotFound) => Self::NotFound,
            other => Self::Internal(other.to_string()),
        }
    }
}

impl From<diesel::result::Error> for AppError {
    fn from(e: diesel::result::Error) -> Self {
        DbError::from(e).into()
    }
}

impl From<VaultError> for AppError {
    fn from(e: VaultError) -> Self {
        Self::Internal(e.to_string())
    }
}

impl From<askama::Error> for AppError {
    fn from(e: askama::Error) -> Self {
        Self::Internal(e.to_string())
    }
}

impl crate::db::Retryable for AppError {
    fn database_error(&self) -> Option<&diesel::result::Error> {
        None
    }
}

impl<R: Refusal> From<Failure<R>> for AppError {
    fn from(failure: Failure<R>) -> Self {
        match failure {
            Failure::NotFound => Self::NotFound,
            Failure::Refused(refusal) => {
                Self::Refused { code: refusal.code(), field: refusal.field(), sentence: refusal.to_string() }
            }
            Failure::Db(e) => e.into(),
        }
    }
}

/// What an answer tells of an error, until `error_pages.rs` dresses it for its reader.
#[derive(Debug, Clone)]
pub struct Problem {
    /// A stable name.
    pub code: &'static str,
    /// The field it is about.
    pub field: Option<&'static str>,
    /// What is shown.
    pub sentence: String,
    /// What the log knows it by.
    pub reference: Option<String>,
}

/// The stable name of what refused, kept with the answer once it is dressed: the log tells it.
#[derive(Debug, Clone, Copy)]
pub struct Told(pub &'static str);

impl ResponseError for AppError {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        let reference =
            matches!(self, Self::Internal(_)).then(|| uuid::Uuid::new_v4().simple().to_string()[..8].to_owned());
        if let (Self::Internal(cause), Some(reference)) = (self, &reference) {
            tracing::error!(%reference, %cause, "internal failure");
        }
        let mut response = HttpResponse::new(self.status());
        if let Self::TooMany(seconds) | Self::TooOften(seconds) = self {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(*seconds));
        }
        let field = if let Self::Refused { field, .. } = self { *field } else { None };
        response.extensions_mut().insert(Problem { code: self.code(), field, sentence: self.sentence(), reference });
        response
    }
}

impl From<actix_web::Error> for AppError {
    fn from(e: actix_web::Error) -> Self {
        Self::Internal(e.to_string())
    }
}
