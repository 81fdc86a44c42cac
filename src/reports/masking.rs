//! Which counts of linked tables are not shown, so that none under five can be read, computed or pinned down.
//!
//! Knows nothing of children: it is given counts, the sums that link them (a row and its total, a programme and its
//! neighbourhoods, an age and its genders), and who may know some of them already. Masking is decided once, on all the
//! tables together; each view then shows a part of the same cells.
//!
//! First, each count from 1 to 4 is masked; where all the children of a place are, so is every detail of them. Elsewhere a
//! zero is shown: it is about nobody. Then, as long as a sum gives away what it hides, another of its parts is masked: what
//! the masked parts of a shown total make together is never under five either. Last comes the attacker: a masked count
//! stays so only when another population would print the very same tables, with another number there. It is looked for
//! one child at a time, from cell to cell, along the sums; where none is found, one more cell is masked and the search
//! goes on. A population found stays good when more is masked, so the work ends: at worst, everything is masked. A count of
//! five or more that was masked for the sake of others, and that nothing keeps from being computed, is shown after all.
//!
//! The attacker knows every sum, everything shown, and that what is masked is not zero (zeros are shown), unless a whole
//! row of it is masked. The attackers of a group know the counts of their own group besides: a coordinator knows the
//! children of their programme, and must not learn those of another by subtraction.

use std::collections::BTreeSet;

/// Counts from one to this are masked.
pub const LARGEST_MASKED: i64 = 4;
/// How many times the search for another population starts again, each time trying ways in another order.
const STARTS: u64 = 8;
/// How many steps it may try each time. A cell for which it finds none is protected by masking more.
const STEPS: usize = 250;
/// How far a count may move from the true one in another population.
const REACH: i64 = 3;

/// A count that is the sum of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    /// The place of the total.
    pub total: usize,
    /// The places of its parts.
    pub parts: Vec<usize>,
}

/// A count as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// How many.
    pub count: i64,
    /// How much is lost when it is not shown: between two counts that would do, the one that loses less is masked.
    pub worth: i64,
    /// The group whose people know it already, if any.
    pub known_to: Option<usize>,
}

/// Linked tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    /// The counts.
    pub cells: Vec<Cell>,
    /// What links them. A total is not a part of itself, however far.
    pub sums: Vec<Sum>,
    /// What is masked together: each first cell counts all that the others tell in detail. Without it nothing of them is
    /// shown, not even a zero, which would tell who is not among so few.
    pub blocks: Vec<Vec<usize>>,
    /// The count that is known whatever is masked, such as one that accounts give away.
    pub given: Option<usize>,
}

/// Who tries to find what is masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attacker {
    /// Knows what is shown, and the given count.
    Reader,
    /// Knows the counts of their group besides.
    Member(usize),
}

/// Which counts are not shown, in the order of the cells; nothing when even masking everything would give one under five
/// away.
pub fn mask(linked: &Linked) -> Option<Vec<bool>> {
    let mut plan = Plan::new(linked);
    let groups: BTreeSet<usize> = linked.cells.iter().filter_map(|cell| cell.known_to).collect();
    let attackers = std::iter::once(Attacker::Reader).chain(groups.into_iter().map(Attacker::Member));
    let mut attackers: Vec<(Attacker, Vec<bool>)> =
        attackers.map(|attacker| (attacker, vec![false; linked.cells.len()])).collect();
    loop {
        let before = (plan.masked_count(), plan.told_count());
        plan.complete_sums();
        for (attacker, doubted) in &mut attackers {
            for at in 0..linked.cells.len() {
                plan.protect(*attacker, at, doubted)?;
            }
        }
        if plan.told_count() != before.1 {
            // more is shown: what was doubted may not be any more
            attackers.iter_mut().for_each(|(_, doubted)| doubted.fill(false));
        } else if plan.masked_count() == before.0 {
            return Some(plan.masked);
        }
    }
}

/// What is masked so far.
struct Plan<'l> {
    linked: &'l Linked,
    masked: Vec<bool>,
    /// Counts above four that any reader computes: they are shown, whatever is masked.
    told: Vec<bool>,
    /// For each cell, the sums in which it stands: which, and whether as the total.
    links: Vec<Vec<(usize, bool)>>,
    /// For each cell that heads a block, which.
    heads: Vec<Option<usize>>,
}

impl<'l> Plan<'l> {
    fn new(linked: &'l Linked) -> Self {
        let mut links = vec![Vec::new(); linked.cells.len()];
        for (at, sum) in linked.sums.iter().enumerate() {
            links[sum.total].push((at, true));
            sum.parts.iter().for_each(|part| links[*part].push((at, false)));
        }
        let mut heads = vec![None; linked.cells.len()];
        for (at, block) in linked.blocks.iter().enumerate() {
            block.first().into_iter().for_each(|head| heads[*head] = Some(at));
        }
        let none = vec![false; linked.cells.len()];
        let mut plan = Self { linked, masked: none.clone(), told: none, links, heads };
        let small = |at: &usize| (1..=LARGEST_MASKED).contains(&linked.cells[*at].count);
        (0..linked.cells.len()).filter(small).for_each(|at| plan.hide(at));
        plan
    }

    /// Masks a cell, and the block that it heads.
    fn hide(&mut self, at: usize) {
        let block = self.heads[at].map(|block| self.linked.blocks[block].as_slice()).unwrap_or_default();
        for cell in std::iter::once(&at).chain(block) {
            self.masked[*cell] = !self.told[*cell];
        }
    }

    /// Shows a cell that was masked, for good.
    fn tell(&mut self, at: usize) {
        self.masked[at] = false;
        self.told[at] = true;
    }

    /// Whether a cell may be masked besides: it is shown, and nobody computes it anyway.
    fn may_be_masked(&self, at: usize) -> bool {
        !self.masked[at] && !self.told[at]
    }

    fn count(&self, at: usize) -> i64 {
        self.linked.cells[at].count
    }

    fn masked_count(&self) -> usize {
        self.masked.iter().filter(|masked| **masked).count()
    }

    fn told_count(&self) -> usize {
        self.told.iter().filter(|told| **told).count()
    }

    /// Masks more until the attacker must doubt of a count; notes all those of which they must then doubt. Nothing, when
    /// one under five cannot be protected.
    fn protect(&mut self, attacker: Attacker, at: usize, doubted: &mut [bool]) -> Option<()> {
        while !doubted[at] && self.is_secret(attacker, at) {
            let mut stuck = vec![0; self.linked.sums.len()];
            if let Some(moved) = self.other_population(attacker, at, &mut stuck) {
                moved.into_iter().for_each(|cell| doubted[cell] = true);
            } else if !self.mask_stuck(attacker, &stuck) && !self.mask_near(attacker, at) {
                // everything around is masked: a greater count may be told, one under five may not
                self.tell(at);
                return (self.count(at) > LARGEST_MASKED).then_some(());
            }
        }
        Some(())
    }

    /// Masks parts until no shown total gives away a sum under five, or a single part.
    fn complete_sums(&mut self) {
        let mut changed = true;
        while std::mem::take(&mut changed) {
            for sum in &self.linked.sums {
                while !self.masked[sum.total] && self.gives_away(sum) && self.mask_one(&sum.parts, sum) {
                    changed = true;
                }
            }
        }
    }

    fn gives_away(&self, sum: &Sum) -> bool {
        let hidden: Vec<i64> =
            sum.parts.iter().filter(|part| self.masked[**part]).map(|part| self.count(*part)).collect();
        !hidden.is_empty() && (hidden.len() == 1 || (1..=LARGEST_MASKED).contains(&hidden.iter().sum()))
    }

    /// Masks the part that loses least, if one of them is shown and counts somebody.
    fn mask_one(&mut self, among: &[usize], sum: &Sum) -> bool {
        let hidden: i64 = sum.parts.iter().filter(|part| self.masked[**part]).map(|part| self.count(*part)).sum();
        let suits = |at: &&usize| self.may_be_masked(**at) && self.count(**at) > 0;
        let loss = |at: &&usize| (hidden + self.count(**at) <= LARGEST_MASKED, self.loss(**at));
        let chosen = among.iter().filter(suits).min_by_key(loss).copied();
        chosen.inspect(|at| self.hide(*at)).is_some()
    }

    fn loss(&self, at: usize) -> i64 {
        self.linked.cells[at].worth * self.count(at)
    }

    /// Whether the attacker does not know a count beforehand, and should not find it.
    fn is_secret(&self, attacker: Attacker, at: usize) -> bool {
        let of = self.linked.cells[at].known_to;
        // a zero is masked for the sake of others: it is about nobody
        self.masked[at]
            && self.count(at) > 0
            && match attacker {
                Attacker::Reader => Some(at) != self.linked.given,
                // what is of nobody in particular is theirs and others': the parts of the others are tried. A greater
                // count is masked for the sake of small ones: knowing it, members learn no small one
                Attacker::Member(group) => of.is_some_and(|of| of != group) && self.count(at) <= LARGEST_MASKED,
            }
    }

    /// Whether a count may be another one, as far as the attacker knows.
    fn is_free(&self, attacker: Attacker, at: usize) -> bool {
        self.masked[at] && !self.is_known(attacker, at)
    }

    /// The least that a masked count can be: one, since zeros are shown; unless a whole row of it is masked.
    fn least(&self, at: usize) -> i64 {
        let is_whole = |(sum, is_total): &(usize, bool)| {
            !is_total && self.linked.sums[*sum].parts.iter().all(|part| self.masked[*part])
        };
        i64::from(!self.links[at].iter().any(is_whole))
    }

    /// Whether an attacker knows a count, masked or not.
    fn is_known(&self, attacker: Attacker, at: usize) -> bool {
        match attacker {
            Attacker::Reader => Some(at) == self.linked.given,
            Attacker::Member(group) => self.linked.cells[at].known_to == Some(group),
        }
    }

    /// Masks one more count in the sum that most often stopped the search.
    fn mask_stuck(&mut self, attacker: Attacker, stuck: &[usize]) -> bool {
        let mut sums: Vec<usize> = (0..stuck.len()).filter(|sum| stuck[*sum] > 0).collect();
        sums.sort_by_key(|sum| std::cmp::Reverse(stuck[*sum]));
        let chosen = sums.into_iter().find_map(|sum| {
            let sum = &self.linked.sums[sum];
            let suits =
                |at: &&usize| self.may_be_masked(**at) && self.count(**at) > 0 && !self.is_known(attacker, **at);
            let all = sum.parts.iter().chain(std::iter::once(&sum.total));
            all.filter(suits).min_by_key(|at| self.loss(**at)).copied()
        });
        chosen.inspect(|at| self.hide(*at)).is_some()
    }

    /// Masks one more cell near one that would be found: a count of somebody, or else the zeros of a row of it.
    fn mask_near(&mut self, attacker: Attacker, at: usize) -> bool {
        let rings = self.rings(at);
        for ring in &rings {
            let suits = |cell: &&usize| {
                self.may_be_masked(**cell) && self.count(**cell) > 0 && !self.is_known(attacker, **cell)
            };
            if let Some(chosen) = ring.iter().filter(suits).min_by_key(|cell| self.loss(**cell)).copied() {
                self.hide(chosen);
                return true;
            }
        }
        for ring in &rings {
            let is_zero =
                |cell: &usize| self.may_be_masked(*cell) && self.count(*cell) == 0 && !self.is_known(attacker, *cell);
            let zeros: Vec<usize> = ring.iter().copied().filter(is_zero).collect();
            if !zeros.is_empty() {
                zeros.into_iter().for_each(|zero| self.hide(zero));
                return true;
            }
        }
        false
    }

    /// The cells that share a sum with one, then those that share one with these through what is masked, and so on.
    fn rings(&self, at: usize) -> Vec<Vec<usize>> {
        let mut seen = vec![false; self.linked.cells.len()];
        seen[at] = true;
        let (mut rings, mut edge) = (Vec::new(), vec![at]);
        while !edge.is_empty() {
            let mut ring = Vec::new();
            for cell in edge {
                for (sum, _) in &self.links[cell] {
                    let sum = &self.linked.sums[*sum];
                    for other in sum.parts.iter().chain(std::iter::once(&sum.total)) {
                        if !std::mem::replace(&mut seen[*other], true) {
                            ring.push(*other);
                        }
                    }
                }
            }
            edge = ring.iter().copied().filter(|cell| self.masked[*cell]).collect();
            if !ring.is_empty() {
                rings.push(ring);
            }
        }
        rings
    }

    /// The cells that change in another population that prints the same tables, this one among them; or else notes which
    /// sums stopped the search.
    fn other_population(&self, attacker: Attacker, at: usize, stuck: &mut [usize]) -> Option<Vec<usize>> {
        (0..STARTS).find_map(|start| {
            let step = if start % 2 == 0 { 1 } else { -1 };
            let mut walk = Walk::new(self, attacker, start / 2, stuck);
            if !walk.can_move(at, step) {
                return None;
            }
            walk.shift(at, step);
            walk.settle().then(|| (0..walk.moved.len()).filter(|cell| walk.moved[*cell] != 0).collect())
        })
    }
}

/// A population that differs, being put right sum after sum.
struct Walk<'p> {
    plan: &'p Plan<'p>,
    attacker: Attacker,
    /// How far each count is from the true one.
    moved: Vec<i64>,
    /// How far each sum is from right: the parts less the total.
    off: Vec<i64>,
    /// The sums that are not right.
    wrong: BTreeSet<usize>,
    steps: usize,
    /// Which order ways of equal harm are tried in.
    start: u64,
    /// How many times each sum could not be put right.
    stuck: &'p mut [usize],
}

impl<'p> Walk<'p> {
    fn new(plan: &'p Plan<'p>, attacker: Attacker, start: u64, stuck: &'p mut [usize]) -> Self {
        let (moved, off) = (vec![0; plan.linked.cells.len()], vec![0; plan.linked.sums.len()]);
        Self { plan, attacker, moved, off, wrong: BTreeSet::new(), steps: STEPS, start, stuck }
    }

    fn can_move(&self, at: usize, step: i64) -> bool {
        let moved = self.moved[at];
        self.plan.is_free(self.attacker, at)
            && moved * step >= 0
            && moved.abs() < REACH
            && self.plan.count(at) + moved + step >= self.plan.least(at).min(self.plan.count(at))
    }

    fn shift(&mut self, at: usize, step: i64) {
        self.moved[at] += step;
        for (sum, is_total) in &self.plan.links[at] {
            self.off[*sum] += if *is_total { -step } else { step };
            if self.off[*sum] == 0 {
                self.wrong.remove(sum);
            } else {
                self.wrong.insert(*sum);
            }
        }
    }

    /// How many sums a step would leave wrong, less those that it puts right.
    fn harm(&self, at: usize, step: i64) -> i64 {
        let of = |(sum, is_total): &(usize, bool)| {
            let before = self.off[*sum];
            let after = before + if *is_total { -step } else { step };
            after.abs() - before.abs()
        };
        self.plan.links[at].iter().map(of).sum()
    }

    /// The steps that bring a sum nearer to right, the least harmful first.
    fn ways(&self, sum: usize) -> Vec<(usize, i64)> {
        let (of, step) = (&self.plan.linked.sums[sum], -self.off[sum].signum());
        let parts = of.parts.iter().map(|part| (*part, step));
        let all = parts.chain(std::iter::once((of.total, -step)));
        let mut ways: Vec<(i64, u64, usize, i64)> = all
            .filter(|(at, step)| self.can_move(*at, *step))
            .map(|(at, step)| (self.harm(at, step), self.turn(at), at, step))
            .collect();
        ways.sort_unstable();
        ways.into_iter().map(|(_, _, at, step)| (at, step)).collect()
    }

    /// When a cell's turn comes among others: the same at each run, another at each start.
    fn turn(&self, at: usize) -> u64 {
        let mixed = (at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 7;
        if self.start == 0 { at as u64 } else { mixed.rotate_left(self.start as u32 * 13) }
    }

    /// Puts every sum right, or says that it did not find how.
    fn settle(&mut self) -> bool {
        let all = self.wrong.iter().map(|sum| (*sum, self.ways(*sum)));
        let Some((sum, ways)) = all.min_by_key(|(_, ways)| ways.len()) else { return true };
        self.stuck[sum] += usize::from(ways.is_empty());
        for (at, step) in ways {
            if self.steps == 0 {
                return false;
            }
            self.steps -= 1;
            self.shift(at, step);
            if self.settle() {
                return true;
            }
            self.shift(at, -step);
        }
        false
    }
}
