//! Tries to find what is masked, by other means than masking: linear algebra, bounds, then a search that tries every
//! number that the bounds leave.

use std::collections::VecDeque;

use super::masking::{Linked, Sum};

/// A prime under which determined cells are looked for: large enough that none is missed by chance.
const PRIME: i128 = (1 << 61) - 1;

/// What an attacker works with.
pub(super) struct Attack<'l> {
    linked: &'l Linked,
    /// Cells that they do not know.
    unknown: Vec<bool>,
    /// For each cell, the sums in which it stands.
    links: Vec<Vec<usize>>,
    least: Vec<i64>,
    most: i64,
}

impl<'l> Attack<'l> {
    /// With what is shown, and what a group or the accounts give away.
    pub(super) fn new(linked: &'l Linked, masked: &[bool], member_of: Option<usize>) -> Self {
        let given = |at: usize| match member_of {
            None => linked.given == Some(at),
            Some(group) => linked.cells[at].known_to == Some(group),
        };
        let unknown = masked.iter().enumerate().map(|(at, masked)| *masked && !given(at)).collect();
        let mut links = vec![Vec::new(); linked.cells.len()];
        let mut least = vec![1; linked.cells.len()];
        for (at, sum) in linked.sums.iter().enumerate() {
            links[sum.total].push(at);
            sum.parts.iter().for_each(|part| links[*part].push(at));
            if sum.parts.iter().all(|part| masked[*part]) {
                sum.parts.iter().for_each(|part| least[*part] = 0);
            }
        }
        for (least, cell) in least.iter_mut().zip(&linked.cells) {
            *least = cell.count.min(*least);
        }
        let most = linked.cells.iter().map(|cell| cell.count).max().unwrap_or_default() + 5;
        Self { linked, unknown, links, least, most }
    }

    fn count(&self, at: usize) -> i64 {
        self.linked.cells[at].count
    }

    /// The unknown cells that the equations alone give.
    pub(super) fn solved(&self) -> Vec<usize> {
        let columns: Vec<usize> = (0..self.unknown.len()).filter(|at| self.unknown[*at]).collect();
        let place = |at: usize| columns.iter().position(|column| *column == at);
        let row = |sum: &Sum| {
            let mut row = vec![0; columns.len()];
            sum.parts.iter().filter_map(|part| place(*part)).for_each(|at| row[at] += 1);
            place(sum.total).into_iter().for_each(|at| row[at] -= 1);
            row
        };
        let mut rows: Vec<Vec<i128>> = self.linked.sums.iter().map(row).collect();
        reduce(&mut rows, columns.len());
        let alone = |row: &Vec<i128>| {
            let mut filled = row.iter().enumerate().filter(|(_, value)| **value != 0);
            filled.next().filter(|_| filled.next().is_none()).map(|(at, _)| columns[at])
        };
        rows.iter().filter_map(alone).collect()
    }

    /// The bounds of every cell, when some are set: nothing when no population has them.
    fn bounds(&self, set: &[(usize, i64, i64)]) -> Option<Vec<(i64, i64)>> {
        let own =
            |at: usize| if self.unknown[at] { (self.least[at], self.most) } else { (self.count(at), self.count(at)) };
        let mut bounds: Vec<(i64, i64)> = (0..self.unknown.len()).map(own).collect();
        let mut queue: VecDeque<usize> = (0..self.linked.sums.len()).collect();
        for (at, least, most) in set {
            bounds[*at] = (bounds[*at].0.max(*least), bounds[*at].1.min(*most));
        }
        let mut queued = vec![true; self.linked.sums.len()];
        while let Some(sum) = queue.pop_front() {
            queued[sum] = false;
            for changed in tighten(&self.linked.sums[sum], &mut bounds)? {
                for link in &self.links[changed] {
                    if !std::mem::replace(&mut queued[*link], true) {
                        queue.push_back(*link);
                    }
                }
            }
        }
        Some(bounds)
    }

    /// A population in which some cells are set.
    fn population(&self, set: &mut Vec<(usize, i64, i64)>, tries: &mut usize) -> Option<Vec<i64>> {
        *tries = tries.checked_sub(1)?;
        let bounds = self.bounds(set)?;
        let open = (0..bounds.len()).filter(|at| bounds[*at].0 < bounds[*at].1);
        let Some(at) = open.min_by_key(|at| bounds[*at].1 - bounds[*at].0) else {
            return Some(bounds.into_iter().map(|(least, _)| least).collect());
        };
        let mut values: Vec<i64> = (bounds[at].0..=bounds[at].1).collect();
        values.sort_by_key(|value| (value - self.count(at)).abs());
        for value in values {
            set.push((at, value, value));
            let found = self.population(set, tries);
            set.pop();
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// The unknown cells of which the attacker is certain: no other number was found for them.
    pub(super) fn found(&self, tries: usize) -> Vec<usize> {
        let mut doubted = vec![false; self.unknown.len()];
        for at in 0..self.unknown.len() {
            if !self.unknown[at] || doubted[at] {
                continue;
            }
            let count = self.count(at);
            for set in [(at, count + 1, self.most), (at, 0, count - 1)] {
                if let Some(other) = self.population(&mut vec![set], &mut tries.clone()) {
                    (0..other.len()).filter(|at| other[*at] != self.count(*at)).for_each(|at| doubted[at] = true);
                    break;
                }
            }
        }
        (0..doubted.len()).filter(|at| self.unknown[*at] && !doubted[*at]).collect()
    }
}

/// Brings the bounds of a sum and its parts together; gives those that changed, or nothing when they cannot meet.
fn tighten(sum: &Sum, bounds: &mut [(i64, i64)]) -> Option<Vec<usize>> {
    let mut changed = Vec::new();
    let least: i64 = sum.parts.iter().map(|part| bounds[*part].0).sum();
    let most: i64 = sum.parts.iter().map(|part| bounds[*part].1).sum();
    let total = bounds[sum.total];
    let now = (total.0.max(least), total.1.min(most));
    if now.0 > now.1 {
        return None;
    }
    if now != total {
        bounds[sum.total] = now;
        changed.push(sum.total);
    }
    for part in &sum.parts {
        let own = bounds[*part];
        let meets = (own.0.max(now.0 - (most - own.1)), own.1.min(now.1 - (least - own.0)));
        if meets.0 > meets.1 {
            return None;
        }
        if meets != own {
            bounds[*part] = meets;
            changed.push(*part);
        }
    }
    Some(changed)
}

/// Reduces rows to echelon form, each pivot alone in its column.
fn reduce(rows: &mut [Vec<i128>], columns: usize) {
    let mut top = 0;
    for column in 0..columns {
        let Some(pivot) = (top..rows.len()).find(|row| rows[*row][column] != 0) else { continue };
        rows.swap(top, pivot);
        let inverse = power(rows[top][column], PRIME - 2);
        rows[top].iter_mut().for_each(|value| *value = (*value * inverse).rem_euclid(PRIME));
        let lead = rows[top].clone();
        for (at, row) in rows.iter_mut().enumerate() {
            let factor = row[column];
            if at != top && factor != 0 {
                row.iter_mut().zip(&lead).for_each(|(value, lead)| *value = (*value - factor * lead).rem_euclid(PRIME));
            }
        }
        top += 1;
    }
}

fn power(base: i128, mut exponent: i128) -> i128 {
    let (mut result, mut base) = (1, base.rem_euclid(PRIME));
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result * base % PRIME;
        }
        base = base * base % PRIME;
        exponent >>= 1;
    }
    result
}
