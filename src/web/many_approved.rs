//! What became of many approvals made together, in one message, with what undoes them.

use super::Flash;

/// What was approved, in French and feminine: a *séance*, a *prestation*.
#[derive(Debug, Clone, Copy)]
pub struct Noun {
    /// One of them.
    pub one: &'static str,
    /// Several.
    pub many: &'static str,
}

/// What became of many approvals, kept as the answer of their key.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ManyApproved {
    done: usize,
    refused: usize,
    first_refusal: Option<String>,
    at_microseconds: i64,
}

impl ManyApproved {
    /// How many were approved at an instant, and why the others were not, in the order asked.
    pub fn new(done: usize, refusals: &[String], at_microseconds: i64) -> Self {
        Self { done, refused: refusals.len(), first_refusal: refusals.first().cloned(), at_microseconds }
    }

    /// The message, with the address that withdraws together what was approved at that instant.
    pub fn flash(&self, what: Noun, undo: fn(i64) -> String) -> Flash {
        let done = match self.done {
            0 => String::new(),
            1 => format!("1 {} est validée.", what.one),
            n => format!("{n} {} sont validées.", what.many),
        };
        let flash = match (self.refused, &self.first_refusal) {
            (1, Some(why)) => Flash::error(format!("{done} 1 ne l’est pas : {why}").trim()),
            (n, Some(why)) if n > 1 => Flash::error(format!("{done} {n} ne le sont pas. La première : {why}").trim()),
            _ if self.done == 0 => Flash::info(format!("Ces {} étaient déjà validées.", what.many)),
            _ => Flash::success(done),
        };
        if self.done == 0 { flash } else { flash.with_undo("Annuler", undo(self.at_microseconds)) }
    }
}

/// The message once approvals are withdrawn together.
pub fn withdrawn(count: usize, what: Noun) -> Flash {
    Flash::info(match count {
        0 => "Il n’y a plus de validation à annuler.".to_owned(),
        1 => format!("La validation est annulée : la {} attend de nouveau.", what.one),
        n => format!("{n} validations sont annulées : les {} attendent de nouveau.", what.many),
    })
}
