//! What protects an account changed: its person learns it, so that they say so when it was not them.

use diesel::result::Error as DieselError;

use crate::outbox::Message;
use crate::sql_types::Ts;
use crate::web::filters;
use crate::web::mail::MailFrame;

templates!(SecurityChanged: "security_changed/subject.txt", "security_changed/body.txt", "security_changed/body.html");

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecurityEvent {
    /// Another password was chosen.
    PasswordChanged,
    /// A second factor was set, or another one.
    SecondFactorSet,
    /// An administrator took it away.
    SecondFactorReset,
    /// Its person took the telephone away.
    TelephoneRemoved,
    /// A passkey was added.
    PasskeyAdded,
    /// A passkey was taken away.
    PasskeyRemoved,
    /// A passkey counted backwards: somebody may hold a copy.
    PasskeyRefused,
    /// A recovery code served.
    RecoveryCodeUsed {
        /// How many have not.
        left: i64,
    },
    /// Ten other recovery codes were made.
    RecoveryCodesRenewed,
}

impl SecurityEvent {
    /// In a subject: "votre mot de passe est changé".
    pub fn subject(self) -> &'static str {
        match self {
            Self::PasswordChanged => "votre mot de passe est changé",
            Self::SecondFactorSet => "votre second facteur est en place",
            Self::SecondFactorReset => "votre second facteur est retiré",
            Self::TelephoneRemoved => "votre téléphone n’est plus relié",
            Self::PasskeyAdded => "une clé d’accès est ajoutée",
            Self::PasskeyRemoved => "une clé d’accès est retirée",
            Self::PasskeyRefused => "une de vos clés d’accès est refusée",
            Self::RecoveryCodeUsed { .. } => "un code de secours a servi",
            Self::RecoveryCodesRenewed => "vos codes de secours sont remplacés",
        }
    }

    /// What it means for the person.
    pub fn meaning(self) -> String {
        match self {
            Self::PasswordChanged => "Vos autres appareils sont déconnectés.".to_owned(),
            Self::SecondFactorSet => {
                "Chaque connexion demande maintenant, après le mot de passe, le code que montre votre téléphone."
                    .to_owned()
            }
            Self::SecondFactorReset => "L’administration de la Métropole l’a retiré : téléphone, clés d’accès et \
                codes de secours. Vous êtes déconnecté partout ; vous en choisirez un autre à la prochaine connexion."
                .to_owned(),
            Self::TelephoneRemoved => {
                "Ses codes ne servent plus à vous connecter. Vos autres appareils sont déconnectés.".to_owned()
            }
            Self::PasskeyAdded => {
                "Après le mot de passe, elle ouvre votre compte. Vos autres appareils sont déconnectés.".to_owned()
            }
            Self::PasskeyRemoved => "Elle n’ouvre plus votre compte. Vos autres appareils sont déconnectés.".to_owned(),
            Self::PasskeyRefused => {
                "Elle a moins servi que nous ne le savons : quelqu’un en a peut-être une copie, et \
                connaît votre mot de passe. Personne n’est entré. Retirez cette clé dans « Mon compte »."
                    .to_owned()
            }
            Self::RecoveryCodeUsed { left: 0 } => {
                "C’était le dernier : faites-en d’autres dans « Mon compte ».".to_owned()
            }
            Self::RecoveryCodeUsed { left: 1 } => "Il vous en reste un.".to_owned(),
            Self::RecoveryCodeUsed { left } => format!("Il vous en reste {left}."),
            Self::RecoveryCodesRenewed => "Les précédents ne servent plus.".to_owned(),
        }
    }
}

/// What changed, and when.
#[derive(Debug, Clone)]
pub struct SecurityChanged {
    /// Who receives it.
    pub recipient: String,
    /// What changed.
    pub event: SecurityEvent,
    /// When.
    pub at: Ts,
}

impl SecurityChanged {
    /// The mail to queue.
    ///
    /// # Errors
    /// When a template fails.
    pub fn message(&self) -> Result<Message, DieselError> {
        let frame = MailFrame {
            link: super::link("Ouvrir mon compte", crate::links::MY_ACCOUNT),
            reference: "sécurité de votre compte".to_owned(),
            why: "Vous recevez ce message parce qu’il concerne l’accès à votre compte : il part toujours.".to_owned(),
            settings_href: None,
        };
        self.written("security_changed", None, frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_changed_and_what_to_do_if_it_was_not_them() {
        let at = "2026-11-20T09:00:00Z".parse().map(Ts::new).unwrap();
        let mail =
            |event| SecurityChanged { recipient: "camille@example.org".to_owned(), event, at }.message().unwrap();
        let message = mail(SecurityEvent::RecoveryCodeUsed { left: 7 });
        assert_eq!(message.subject, "PsyPRE : un code de secours a servi");
        for body in [&message.text, &message.html] {
            assert!(body.contains("Il vous en reste 7.") && body.contains("Si ce n’est pas vous"), "{body}");
        }
        assert!(mail(SecurityEvent::PasswordChanged).text.contains("10"), "the hour in Dijon");
    }
}
