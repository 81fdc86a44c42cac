//! The invariants of the domain, one query each: run by `psypre check`, and after every test.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use sha2::{Digest, Sha256};

use crate::db::AnyConnection;
use crate::journal;
use crate::schema::{funding_call_letters, funding_calls, invoice_files, invoices};

/// An invariant that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which invariant.
    pub invariant: &'static str,
    /// Where: identifiers and references, never a name.
    pub detail: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.invariant, self.detail)
    }
}

/// What is counted, and a query that counts what breaks it: the same text on both databases.
struct Invariant {
    name: &'static str,
    broken: &'static str,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
    #[diesel(sql_type = Text)]
    example: String,
}

/// Each query gives how many rows break the invariant, and the identifier of one of them.
const INVARIANTS: &[Invariant] = &[
    Invariant {
        name: "quota reserved is what booked and recorded sessions hold (rule 1)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(CAST(q.programme_id AS TEXT)), '') AS example FROM quotas q \
            WHERE q.reserved_minutes <> (SELECT COALESCE(SUM(s.quota_minutes), 0) FROM sessions s \
                WHERE s.quota_id = q.id AND s.state IN ('booked', 'recorded'))",
    },
    Invariant {
        name: "quota used is what approved and invoiced sessions hold (rule 1)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(CAST(q.programme_id AS TEXT)), '') AS example FROM quotas q \
            WHERE q.used_minutes <> (SELECT COALESCE(SUM(s.quota_minutes), 0) FROM sessions s \
                WHERE s.quota_id = q.id AND s.state IN ('approved', 'invoiced'))",
    },
    Invariant {
        name: "referral reserved is what booked and recorded sessions hold (rule 4)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(CAST(r.id AS TEXT)), '') AS example FROM referrals r \
            WHERE r.reserved_minutes <> (SELECT COALESCE(SUM(s.quota_minutes), 0) FROM sessions s \
                WHERE s.referral_id = r.id AND s.state IN ('booked', 'recorded'))",
    },
    Invariant {
        name: "referral used is what approved and invoiced sessions hold (rule 4)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(CAST(r.id AS TEXT)), '') AS example FROM referrals r \
            WHERE r.used_minutes <> (SELECT COALESCE(SUM(s.quota_minutes), 0) FROM sessions s \
                WHERE s.referral_id = r.id AND s.state IN ('approved', 'invoiced'))",
    },
    Invariant {
        name: "numbers go from 1 to n without a hole for each issuer and year (rule 9)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(latest), '') AS example FROM ( \
            SELECT MAX(i.number) AS latest FROM invoices i GROUP BY i.psychologist_id, i.year \
            HAVING MIN(i.sequence) <> 1 OR MAX(i.sequence) <> COUNT(*)) AS holes",
    },
    Invariant {
        name: "the counter of an issuer and year is its last number (rule 9)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(CAST(k.year AS TEXT)), '') AS example FROM invoice_counters k \
            WHERE k.last_number <> (SELECT COALESCE(MAX(i.sequence), 0) FROM invoices i \
                WHERE i.psychologist_id = k.psychologist_id AND i.year = k.year)",
    },
    Invariant {
        name: "an invoice with children's sessions names the registration of its issuer",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(i.number), '') AS example FROM invoices i \
            WHERE i.content LIKE '%\"professional_number\":null%' \
                AND EXISTS (SELECT 1 FROM invoice_lines l WHERE l.invoice_id = i.id AND l.service_type = 'interview')",
    },
    Invariant {
        name: "numbers are chronological (rule 9)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(b.number), '') AS example FROM invoices a \
            JOIN invoices b ON b.psychologist_id = a.psychologist_id AND b.year = a.year \
                AND b.sequence = a.sequence + 1 WHERE b.issued_on < a.issued_on",
    },
    Invariant {
        name: "an invoice is the sum of its lines (rule 8)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(i.number), '') AS example FROM invoices i \
            WHERE i.net_cents <> (SELECT COALESCE(SUM(l.net_cents), 0) FROM invoice_lines l WHERE l.invoice_id = i.id)",
    },
    Invariant {
        name: "an invoice bills the time of its sessions (rule 9)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(i.number), '') AS example FROM invoices i \
            WHERE i.kind = 'invoice' AND i.state <> 'credited' \
            AND (SELECT COALESCE(SUM(l.minutes), 0) FROM invoice_lines l WHERE l.invoice_id = i.id) \
                <> (SELECT COALESCE(SUM(s.billed_minutes), 0) FROM sessions s WHERE s.invoice_id = i.id) \
                    + (SELECT COALESCE(SUM(v.duration_minutes), 0) FROM services v WHERE v.invoice_id = i.id)",
    },
    Invariant {
        name: "an invoiced service is on one live invoice (rule 9)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(CAST(s.id AS TEXT)), '') AS example FROM services s \
            WHERE s.state = 'invoiced' AND 1 <> (SELECT COUNT(*) FROM invoice_services x \
                WHERE x.service_id = s.id AND x.invoice_id = s.invoice_id AND x.is_live = TRUE)",
    },
    Invariant {
        name: "a service on a live invoice is invoiced, by who gave it (rule 9)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(i.number), '') AS example FROM invoice_services x \
            JOIN invoices i ON i.id = x.invoice_id JOIN services s ON s.id = x.service_id \
            WHERE x.is_live = TRUE \
            AND (s.state <> 'invoiced' OR s.invoice_id <> x.invoice_id OR i.state = 'credited' OR i.kind <> 'invoice' \
                OR i.psychologist_id <> s.psychologist_id)",
    },
    Invariant {
        name: "the lines of services of an invoice are those of its services, at their rates and taxes (rule 8)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(i.number), '') AS example FROM invoice_lines l \
            JOIN invoices i ON i.id = l.invoice_id \
            WHERE i.kind = 'invoice' AND i.state <> 'credited' AND l.service_type <> 'interview' \
            AND l.minutes <> (SELECT COALESCE(SUM(s.duration_minutes), 0) FROM services s \
                WHERE s.invoice_id = i.id AND s.service_type = l.service_type AND s.hourly_cents = l.hourly_cents \
                AND s.vat_regime = l.vat_regime)",
    },
    Invariant {
        name: "an invoiced session is on one live invoice (rule 9)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(CAST(s.session_on AS TEXT)), '') AS example FROM sessions s \
            WHERE s.state = 'invoiced' AND 1 <> (SELECT COUNT(*) FROM invoice_sessions x \
                WHERE x.session_id = s.id AND x.invoice_id = s.invoice_id AND x.is_live = TRUE)",
    },
    Invariant {
        name: "a session on a live invoice is invoiced (rule 9)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(i.number), '') AS example FROM invoice_sessions x \
            JOIN invoices i ON i.id = x.invoice_id JOIN sessions s ON s.id = x.session_id \
            WHERE x.is_live = TRUE \
            AND (s.state <> 'invoiced' OR s.invoice_id <> x.invoice_id OR i.state = 'credited' OR i.kind <> 'invoice')",
    },
    Invariant {
        name: "an invoice is credited by one credit note (rule 9)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(i.number), '') AS example FROM invoices i \
            WHERE (CASE WHEN i.state = 'credited' THEN 1 ELSE 0 END) \
                <> (SELECT COUNT(*) FROM invoices c WHERE c.corrects_id = i.id)",
    },
    Invariant {
        name: "the numbers of calls for funds go from 1 to n without a hole, in the order of time",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(latest), '') AS example FROM ( \
            SELECT MAX(c.number) AS latest FROM funding_calls c WHERE c.number IS NOT NULL GROUP BY c.year \
            HAVING MIN(c.sequence) <> 1 OR MAX(c.sequence) <> COUNT(*) \
            UNION ALL SELECT b.number FROM funding_calls a JOIN funding_calls b ON b.year = a.year \
                AND b.sequence = a.sequence + 1 WHERE b.sent_at < a.sent_at) AS wrong",
    },
    Invariant {
        name: "the counter of calls for funds is the last number of its year",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(CAST(k.year AS TEXT)), '') AS example FROM funding_call_counters k \
            WHERE k.last_number <> (SELECT COALESCE(MAX(c.sequence), 0) FROM funding_calls c WHERE c.year = k.year)",
    },
    Invariant {
        name: "a call for funds has received what its payments come to, but those taken back",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(c.number), '') AS example FROM funding_calls c \
            WHERE c.received_cents <> (SELECT COALESCE(SUM(r.amount_cents), 0) FROM funding_receipts r \
                WHERE r.funding_call_id = c.id \
                AND NOT EXISTS (SELECT 1 FROM funding_receipt_reversals v WHERE v.receipt_id = r.id))",
    },
    Invariant {
        name: "a call for funds that was sent has its letter",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(c.number), '') AS example FROM funding_calls c \
            WHERE c.number IS NOT NULL \
            AND NOT EXISTS (SELECT 1 FROM funding_call_letters l WHERE l.funding_call_id = c.id)",
    },
    Invariant {
        name: "contributions are the budget of their year",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(y.label), '') AS example FROM budget_years y \
            WHERE y.budget_cents <> (SELECT COALESCE(SUM(c.amount_cents), 0) FROM contributions c \
                WHERE c.budget_year_id = y.id)",
    },
    Invariant {
        name: "named grants are the budget of their year",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(y.label), '') AS example FROM budget_years y \
            WHERE EXISTS (SELECT 1 FROM grants g WHERE g.convention_id = y.convention_id) \
            AND y.budget_cents <> (SELECT COALESCE(SUM(g.amount_cents), 0) FROM year_grants g \
                WHERE g.budget_year_id = y.id)",
    },
    Invariant {
        name: "a grant of a year is its original and its amendments (rule 13)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(y.label), '') AS example FROM amendment_lines l \
            JOIN amendments a ON a.id = l.amendment_id JOIN budget_years y ON y.id = l.budget_year_id \
            WHERE l.kind = 'grant' AND l.after_cents <> COALESCE((SELECT n.before_cents FROM amendment_lines n \
                JOIN amendments b ON b.id = n.amendment_id WHERE n.kind = 'grant' \
                AND n.budget_year_id = l.budget_year_id AND n.grant_id = l.grant_id AND b.number > a.number \
                ORDER BY b.number LIMIT 1), (SELECT g.amount_cents FROM year_grants g \
                WHERE g.budget_year_id = l.budget_year_id AND g.grant_id = l.grant_id))",
    },
    Invariant {
        name: "a budget is under the ceiling of its year",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(y.label), '') AS example FROM budget_years y \
            WHERE y.ceiling_cents IS NOT NULL AND y.budget_cents > y.ceiling_cents",
    },
    Invariant {
        name: "the amendments of a convention go from 1 to n without a hole",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(v.slug), '') AS example FROM conventions v \
            WHERE v.last_amendment <> (SELECT COUNT(*) FROM amendments a WHERE a.convention_id = v.id) \
            OR v.last_amendment <> (SELECT COALESCE(MAX(a.number), 0) FROM amendments a WHERE a.convention_id = v.id)",
    },
    Invariant {
        name: "a quota is its original and its amendments: each starts where the one before it ended (rule 13)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(y.label), '') AS example FROM amendment_lines l \
            JOIN amendments a ON a.id = l.amendment_id JOIN budget_years y ON y.id = l.budget_year_id \
            WHERE l.kind = 'quota' AND l.after_minutes <> COALESCE((SELECT n.before_minutes FROM amendment_lines n \
                JOIN amendments b ON b.id = n.amendment_id WHERE n.kind = 'quota' \
                AND n.budget_year_id = l.budget_year_id AND n.programme_id = l.programme_id AND b.number > a.number \
                ORDER BY b.number LIMIT 1), (SELECT q.allotted_minutes FROM quotas q \
                WHERE q.budget_year_id = l.budget_year_id AND q.programme_id = l.programme_id))",
    },
    Invariant {
        name: "a contribution is its original and its amendments: each starts where the one before it ended (rule 13)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(y.label), '') AS example FROM amendment_lines l \
            JOIN amendments a ON a.id = l.amendment_id JOIN budget_years y ON y.id = l.budget_year_id \
            WHERE l.kind = 'contribution' AND l.after_cents <> COALESCE((SELECT n.before_cents FROM amendment_lines n \
                JOIN amendments b ON b.id = n.amendment_id WHERE n.kind = 'contribution' \
                AND n.budget_year_id = l.budget_year_id AND n.signatory_id = l.signatory_id AND b.number > a.number \
                ORDER BY b.number LIMIT 1), (SELECT c.amount_cents FROM contributions c \
                WHERE c.budget_year_id = l.budget_year_id AND c.signatory_id = l.signatory_id))",
    },
    Invariant {
        name: "a budget and its fixed share are their originals and their amendments (rule 13)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(y.label), '') AS example FROM amendment_lines l \
            JOIN amendments a ON a.id = l.amendment_id JOIN budget_years y ON y.id = l.budget_year_id \
            WHERE l.kind IN ('budget', 'fixed_share') AND l.after_cents <> COALESCE((SELECT n.before_cents \
                FROM amendment_lines n JOIN amendments b ON b.id = n.amendment_id WHERE n.kind = l.kind \
                AND n.budget_year_id = l.budget_year_id AND b.number > a.number ORDER BY b.number LIMIT 1), \
                CASE WHEN l.kind = 'budget' THEN y.budget_cents ELSE y.fixed_share_cents END)",
    },
    Invariant {
        name: "a session holds and bills what its state and attendance say (rules 1 and 6)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(c.reference), '') AS example FROM sessions s \
            JOIN children c ON c.id = s.child_id \
            WHERE (s.state = 'booked' AND (s.quota_minutes <> s.duration_minutes OR s.billed_minutes <> 0)) \
            OR (s.state IN ('refused', 'cancelled') AND (s.quota_minutes <> 0 OR s.billed_minutes <> 0)) \
            OR (s.state IN ('recorded', 'approved', 'invoiced') AND s.attendance = 'held' \
                AND (s.quota_minutes <> s.duration_minutes OR s.billed_minutes <> s.duration_minutes))",
    },
    Invariant {
        name: "an absence counts and is billed as the terms of its day say (rule 6)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(c.reference), '') AS example FROM sessions s \
            JOIN children c ON c.id = s.child_id JOIN quotas q ON q.id = s.quota_id \
            JOIN budget_years y ON y.id = q.budget_year_id JOIN terms t ON t.convention_id = y.convention_id \
                AND t.starts_on <= s.session_on AND s.session_on <= t.ends_on \
            WHERE s.state IN ('recorded', 'approved', 'invoiced') AND s.attendance <> 'held' \
            AND (s.quota_minutes <> CASE WHEN (s.attendance = 'excused_absence' AND t.excused_absence_counted) \
                    OR (s.attendance = 'unexcused_absence' AND t.unexcused_absence_counted) \
                    THEN s.duration_minutes ELSE 0 END \
                OR s.billed_minutes <> CASE WHEN (s.attendance = 'excused_absence' AND t.excused_absence_billed) \
                    OR (s.attendance = 'unexcused_absence' AND t.unexcused_absence_billed) \
                    THEN s.duration_minutes ELSE 0 END)",
    },
    Invariant {
        name: "a session is of its child's programme, referral, and the budget year of its day (rules 1, 4 and 5)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(c.reference), '') AS example FROM sessions s \
            JOIN children c ON c.id = s.child_id JOIN referrals r ON r.id = s.referral_id \
            JOIN quotas q ON q.id = s.quota_id JOIN budget_years y ON y.id = q.budget_year_id \
            WHERE s.programme_id <> c.programme_id OR s.programme_id <> q.programme_id \
            OR s.child_id <> r.child_id OR s.psychologist_id <> r.psychologist_id \
            OR s.session_on < y.starts_on OR s.session_on > y.ends_on",
    },
    Invariant {
        name: "neither a psychologist nor a child is in two places at once (rule 5)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(c.reference), '') AS example FROM sessions s \
            JOIN children c ON c.id = s.child_id \
            WHERE s.state NOT IN ('cancelled', 'refused') AND (EXISTS (SELECT 1 FROM sessions o \
                WHERE o.psychologist_id = s.psychologist_id AND o.id <> s.id \
                AND o.state NOT IN ('cancelled', 'refused') \
                AND o.starts_at >= s.starts_at AND o.starts_at < s.ends_at) \
            OR EXISTS (SELECT 1 FROM sessions o WHERE o.child_id = s.child_id AND o.id <> s.id \
                AND o.state NOT IN ('cancelled', 'refused') \
                AND o.starts_at >= s.starts_at AND o.starts_at < s.ends_at))",
    },
    Invariant {
        name: "a second factor is a telephone or a passkey",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(CAST(f.account_id AS TEXT)), '') AS example FROM second_factors f \
            WHERE f.secret IS NULL AND NOT EXISTS (SELECT 1 FROM passkeys k WHERE k.account_id = f.account_id)",
    },
    Invariant {
        name: "a budget line reserves what recorded services hold, and has used what approved and invoiced ones hold",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(CAST(l.id AS TEXT)), '') AS example FROM budget_lines l \
            WHERE l.reserved_minutes <> (SELECT COALESCE(SUM(s.duration_minutes), 0) FROM services s \
                WHERE s.budget_line_id = l.id AND s.state = 'recorded') \
            OR l.reserved_cents <> (SELECT COALESCE(SUM(s.gross_cents), 0) FROM services s \
                WHERE s.budget_line_id = l.id AND s.state = 'recorded') \
            OR l.used_minutes <> (SELECT COALESCE(SUM(s.duration_minutes), 0) FROM services s \
                WHERE s.budget_line_id = l.id AND s.state IN ('approved', 'invoiced')) \
            OR l.used_cents <> (SELECT COALESCE(SUM(s.gross_cents), 0) FROM services s \
                WHERE s.budget_line_id = l.id AND s.state IN ('approved', 'invoiced'))",
    },
    Invariant {
        name: "the budget lines of a year stay within its fixed share",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(y.label), '') AS example FROM budget_years y \
            WHERE y.fixed_share_cents < (SELECT COALESCE(SUM(l.allotted_cents), 0) FROM budget_lines l \
                WHERE l.budget_year_id = y.id)",
    },
    Invariant {
        name: "a service is paid by the line of its type and of the budget year of its day, for programmes of its convention",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(CAST(s.id AS TEXT)), '') AS example FROM services s \
            JOIN budget_lines l ON l.id = s.budget_line_id JOIN budget_years y ON y.id = l.budget_year_id \
            WHERE l.service_type <> s.service_type OR s.service_on < y.starts_on OR s.service_on > y.ends_on \
            OR EXISTS (SELECT 1 FROM service_programmes p WHERE p.service_id = s.id AND NOT EXISTS ( \
                SELECT 1 FROM convention_programmes c \
                WHERE c.programme_id = p.programme_id AND c.convention_id = y.convention_id))",
    },
    Invariant {
        name: "nobody gives a service while they give another, or hold a session (rule 5)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(CAST(s.id AS TEXT)), '') AS example FROM services s \
            WHERE s.state NOT IN ('withdrawn', 'refused') AND (EXISTS (SELECT 1 FROM services o \
                WHERE o.psychologist_id = s.psychologist_id AND o.id <> s.id \
                AND o.state NOT IN ('withdrawn', 'refused') AND o.starts_at >= s.starts_at AND o.starts_at < s.ends_at) \
            OR EXISTS (SELECT 1 FROM sessions o WHERE o.psychologist_id = s.psychologist_id \
                AND o.state NOT IN ('cancelled', 'refused') AND o.starts_at < s.ends_at AND s.starts_at < o.ends_at))",
    },
    Invariant {
        name: "no service was recorded before it was over (rule 5)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(CAST(s.id AS TEXT)), '') AS example FROM services s \
            WHERE s.recorded_at < s.ends_at",
    },
    Invariant {
        name: "what was decided last is what a service's state says (rule 7)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(CAST(s.id AS TEXT)), '') AS example FROM services s \
            WHERE s.state IN ('approved', 'invoiced', 'refused') AND COALESCE((SELECT d.kind FROM service_decisions d \
                WHERE d.service_id = s.id ORDER BY d.decided_at DESC, d.id DESC LIMIT 1), 'none') \
                <> CASE WHEN s.state = 'refused' THEN 'refusal' ELSE 'approval' END",
    },
    Invariant {
        name: "the answer of a request is a session of its child",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(CAST(r.id AS TEXT)), '') AS example FROM requests r \
            JOIN sessions s ON s.id = r.session_id WHERE s.child_id <> r.child_id OR s.programme_id <> r.programme_id",
    },
    Invariant {
        name: "no session was recorded before it happened (rule 5)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(c.reference), '') AS example FROM sessions s \
            JOIN children c ON c.id = s.child_id \
            WHERE (s.attendance = 'held' AND s.recorded_at < s.ends_at) \
            OR (s.attendance <> 'held' AND s.recorded_at < s.starts_at)",
    },
    Invariant {
        name: "what was decided last is what a session's state says (rule 7)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(c.reference), '') AS example FROM sessions s \
            JOIN children c ON c.id = s.child_id \
            WHERE s.state IN ('approved', 'invoiced', 'refused') AND COALESCE((SELECT d.kind FROM session_decisions d \
                WHERE d.session_id = s.id ORDER BY d.decided_at DESC, d.id DESC LIMIT 1), 'none') \
                <> CASE WHEN s.state = 'refused' THEN 'refusal' ELSE 'approval' END",
    },
    Invariant {
        name: "who decides in a coordinator's place was named for that programme and that time (rule 7)",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(CAST(d.session_id AS TEXT)), '') AS example FROM session_decisions d \
            JOIN sessions s ON s.id = d.session_id JOIN substitutions u ON u.id = d.substitution_id \
            WHERE u.substitute_id <> d.decided_by OR u.programme_id <> s.programme_id \
                OR d.decided_at < u.created_at OR d.decided_at > COALESCE(u.ended_at, d.decided_at)",
    },
    Invariant {
        name: "nothing is left of an identity that was destroyed but its age band",
        broken: "SELECT COUNT(*) AS n, COALESCE(MIN(c.reference), '') AS example FROM children c \
            WHERE c.identity_destroyed_at IS NOT NULL AND (c.identity_destroyed_for IS NULL OR c.school IS NOT NULL \
            OR c.closed_on IS NULL OR NOT EXISTS (SELECT 1 FROM frozen_age_bands b WHERE b.child_id = c.id) \
            OR EXISTS (SELECT 1 FROM guardians g WHERE g.child_id = c.id \
                AND (g.phone IS NOT NULL OR g.email IS NOT NULL OR g.reminders_since IS NOT NULL)) \
            OR EXISTS (SELECT 1 FROM sessions s WHERE s.child_id = c.id AND s.state = 'booked'))",
    },
];

/// Runs every invariant, the journal's chains among them, and tells those that do not hold.
///
/// # Errors
/// When the database fails.
pub fn run(conn: &mut AnyConnection) -> QueryResult<Vec<Violation>> {
    let mut violations = Vec::new();
    for invariant in INVARIANTS {
        let count: Count = diesel::sql_query(invariant.broken).get_result(conn)?;
        if count.n > 0 {
            let detail = format!("{} broken, such as {}", count.n, count.example);
            violations.push(Violation { invariant: invariant.name, detail });
        }
    }
    violations.extend(altered_files(conn)?);
    violations.extend(altered_letters(conn)?);
    violations.extend(
        journal::verify(conn)?
            .into_iter()
            .map(|found| Violation { invariant: "the journal's chains hold (rule 11)", detail: found.to_string() }),
    );
    Ok(violations)
}

/// The letters of calls for funds that are not those of their hash: some ten a year.
fn altered_letters(conn: &mut AnyConnection) -> QueryResult<Vec<Violation>> {
    let letters: Vec<(Option<String>, Vec<u8>, Vec<u8>)> = funding_call_letters::table
        .inner_join(funding_calls::table)
        .select((funding_calls::number, funding_call_letters::sha256, funding_call_letters::bytes))
        .order(funding_call_letters::funding_call_id)
        .load(conn)?;
    let altered = letters.into_iter().filter(|(_, hash, bytes)| Sha256::digest(bytes).as_slice() != hash.as_slice());
    let told = |(number, ..): (Option<String>, _, _)| Violation {
        invariant: "the letter of a call for funds is the one that was sent",
        detail: number.unwrap_or_default(),
    };
    Ok(altered.map(told).collect())
}

const FILES_AT_ONCE: i64 = 200;

/// The kept files and contents of invoices that are not those of their hash (rule 9).
fn altered_files(conn: &mut AnyConnection) -> QueryResult<Vec<Violation>> {
    let mut violations = Vec::new();
    let mut offset = 0;
    loop {
        let files: Vec<(String, String, Vec<u8>, Vec<u8>)> = invoice_files::table
            .inner_join(invoices::table)
            .select((invoices::number, invoice_files::kind, invoice_files::sha256, invoice_files::bytes))
            .order((invoice_files::invoice_id, invoice_files::kind))
            .offset(offset)
            .limit(FILES_AT_ONCE)
            .load(conn)?;
        if files.is_empty() {
            break;
        }
        offset += FILES_AT_ONCE;
        let altered = |hash: &[u8], bytes: &[u8]| Sha256::digest(bytes).as_slice() != hash;
        violations.extend(files.iter().filter(|(_, _, hash, bytes)| altered(hash, bytes)).map(|(number, kind, ..)| {
            Violation {
                invariant: "the files of an invoice are those that were issued (rule 9)",
                detail: format!("{number} {kind}"),
            }
        }));
    }
    Ok(violations)
}
