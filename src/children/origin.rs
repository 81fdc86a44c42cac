//! Where a referral comes from: who asked for it and why, from closed lists of general categories.
//!
//! The lists are short and say nothing of a child's health: no clinical note is stored at all. They serve the yearly
//! report, in which counts are masked; only the care circle sees them of a child.

crate::text_enum! {
    /// Who asked that a child be entrusted to a psychologist.
    ReferralSource {
        /// The school.
        School => "school",
        /// The family, or the child.
        Family => "family",
        /// The programme itself, or the pathway referent.
        Programme => "programme",
        /// A social service.
        Social => "social",
        /// Mother and child protection (*PMI*) or another health service.
        Health => "health",
        /// Somebody else.
        Other => "other",
        /// Not said (*non renseigné*).
        Unspecified => "unspecified",
    }
}

impl ReferralSource {
    /// The words that users read.
    pub const fn french(self) -> &'static str {
        match self {
            Self::School => "École, collège",
            Self::Family => "Famille",
            Self::Programme => "PRE, référent de parcours",
            Self::Social => "Service social",
            Self::Health => "PMI, service de santé",
            Self::Other => "Autre",
            Self::Unspecified => "Non renseigné",
        }
    }
}

crate::text_enum! {
    /// What a referral is about, in general.
    ReferralReason {
        /// Difficulties at school.
        School => "school",
        /// Family life.
        Family => "family",
        /// Relations with others.
        Relations => "relations",
        /// Health and development.
        Development => "development",
        /// Something else.
        Other => "other",
        /// Not said (*non renseigné*).
        Unspecified => "unspecified",
    }
}

impl ReferralReason {
    /// The words that users read.
    pub const fn french(self) -> &'static str {
        match self {
            Self::School => "Difficultés à l’école",
            Self::Family => "Vie familiale",
            Self::Relations => "Relations avec les autres",
            Self::Development => "Santé et développement",
            Self::Other => "Autre",
            Self::Unspecified => "Non renseigné",
        }
    }
}

/// Who asked for a referral and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Origin {
    /// Who asked.
    pub source: ReferralSource,
    /// Why, in general.
    pub reason: ReferralReason,
}

impl Default for Origin {
    fn default() -> Self {
        Self { source: ReferralSource::Unspecified, reason: ReferralReason::Unspecified }
    }
}
