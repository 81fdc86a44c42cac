//! The journal as people and programs read it: latest first, filtered, verified on demand.

pub mod api;
mod guard;
pub mod pages;

/// What happened, in French; an action that has no sentence here keeps its own name.
pub fn french(action: &str) -> &str {
    ACTIONS.iter().find(|(name, _)| *name == action).map_or(action, |(_, french)| french)
}

const ACTIONS: &[(&str, &str)] = &[
    ("account.created", "Compte créé"),
    ("account.disabled", "Compte désactivé"),
    ("account.enabled", "Compte réactivé"),
    ("account.invitation_accepted", "Invitation acceptée"),
    ("account.invitation_withdrawn", "Invitation annulée"),
    ("account.invited", "Invitation envoyée"),
    ("account.password_changed", "Mot de passe changé"),
    ("account.renamed", "Nom du compte changé"),
    ("account.role_given", "Rôle donné"),
    ("account.role_withdrawn", "Rôle retiré"),
    ("account.signed_in", "Connexion"),
    ("buyer.changed", "Acheteur modifié"),
    ("child.closed", "Suivi d’un enfant clos"),
    ("child.created", "Enfant inscrit"),
    ("child.edited", "Fiche d’un enfant modifiée"),
    ("child.reopened", "Suivi d’un enfant rouvert"),
    ("consent.recorded", "Consentement enregistré"),
    ("convention.imported", "Convention enregistrée"),
    ("credit_note.issued", "Avoir émis"),
    ("guardian.added", "Responsable légal ajouté"),
    ("guardian.edited", "Responsable légal modifié"),
    ("invoice.credited", "Facture annulée par un avoir"),
    ("invoice.deposited", "Facture déposée"),
    ("invoice.issued", "Facture émise"),
    ("invoice.ordered", "Facture mandatée"),
    ("invoice.paid", "Facture payée"),
    ("invoice.rejected", "Facture rejetée"),
    ("leave.created", "Absence d’une psychologue notée"),
    ("leave.withdrawn", "Absence d’une psychologue retirée"),
    ("opening.changed", "Permanence modifiée"),
    ("opening.closed", "Permanence fermée"),
    ("opening.created", "Permanence ouverte"),
    ("opening.day_removed", "Jour retiré d’une permanence"),
    ("opening.day_restored", "Jour remis à une permanence"),
    ("psychologist.billing_changed", "Facturation d’un psychologue modifiée"),
    ("psychologist.created", "Psychologue enregistré"),
    ("psychologist.mandate_revoked", "Mandat de facturation révoqué"),
    ("psychologist.mandate_signed", "Mandat de facturation signé"),
    ("psychologist.vat_regime_set", "Régime de TVA fixé"),
    ("rate.added", "Tarif horaire ajouté"),
    ("referral.changed", "Orientation modifiée"),
    ("referral.created", "Orientation créée"),
    ("session.approval_withdrawn", "Validation retirée"),
    ("session.approved", "Séance validée"),
    ("session.booked", "Rendez-vous pris"),
    ("session.cancelled", "Rendez-vous annulé"),
    ("session.corrected", "Séance corrigée"),
    ("session.earlier_wanted", "Place plus tôt souhaitée"),
    ("session.moved", "Rendez-vous déplacé"),
    ("session.recorded", "Séance saisie"),
    ("session.refused", "Séance refusée"),
    ("session.restored", "Rendez-vous rétabli"),
    ("substitution.ended", "Remplacement terminé"),
    ("substitution.named", "Remplaçant nommé"),
    ("token.created", "Jeton créé"),
    ("token.revoked", "Jeton révoqué"),
];
