//! The attack: on populations told by hand and at random, every published table is solved for what it masks.

use std::time::Instant;

use proptest::prelude::*;

use super::attack_tests::Attack;
use super::masking::{LARGEST_MASKED, Linked, mask};
use super::tables::{self, Neighbourhoods, count};
use super::{Aspect, FollowUpLength, Followed, Measures};
use crate::children::{AgeBand, Gender, ReferralReason, ReferralSource};

/// How many steps the exact search of an attacker may take for one cell.
const TRIES: usize = 3_000;

fn child(neighbourhood: usize, age: usize, gender: usize, rest: [usize; 3]) -> Followed {
    let [length, source, reason] = rest;
    Followed {
        neighbourhood,
        age: AgeBand::ALL[age],
        gender: Gender::ALL[gender],
        length: FollowUpLength::ALL[length],
        source: ReferralSource::ALL[source],
        reason: ReferralReason::ALL[reason],
        measures: Measures { held: 2, ..Measures::default() },
    }
}

/// Programmes with so many neighbourhoods each.
fn programmes(sizes: &[usize]) -> Vec<Neighbourhoods> {
    let mut next = 0;
    let mut some = |size: &usize| {
        next += size;
        (next - size..next).collect()
    };
    sizes.iter().map(&mut some).collect()
}

/// What attackers find: cells under five of which they are certain, or that the equations give to any reader.
fn disclosed(linked: &Linked, masked: &[bool]) -> Vec<usize> {
    let reader = Attack::new(linked, masked, None);
    let mut found = reader.solved();
    found.extend(reader.found(TRIES));
    // a zero that is found is about nobody
    found.retain(|at| linked.cells[*at].count > 0);
    let groups: std::collections::BTreeSet<usize> = linked.cells.iter().filter_map(|cell| cell.known_to).collect();
    for group in groups {
        let theirs = Attack::new(linked, masked, Some(group)).found(TRIES);
        let is_small = |at: &usize| {
            let cell = linked.cells[*at];
            cell.known_to.is_some() && (1..=LARGEST_MASKED).contains(&cell.count)
        };
        found.extend(theirs.into_iter().filter(is_small));
    }
    found
}

fn small(linked: &Linked) -> Vec<bool> {
    linked.cells.iter().map(|cell| (1..=LARGEST_MASKED).contains(&cell.count)).collect()
}

/// Two programmes, one of them with two neighbourhoods: a small count that a total would give away.
fn two_programmes() -> Linked {
    let mut children = Vec::new();
    for neighbourhood in 0..3 {
        let many = [9, 7, 3][neighbourhood];
        children.extend((0..many).map(|n| child(neighbourhood, 1, n % 2, [n % 2, 0, 0])));
    }
    count(&programmes(&[1, 2]), &children).linked
}

#[test]
fn the_attacker_finds_what_is_masked_by_itself() {
    let linked = two_programmes();
    let alone = small(&linked);
    let reader = Attack::new(&linked, &alone, None);
    // three children in the second neighbourhood: ten in the programme less seven in the first
    assert!(!reader.solved().is_empty() && !reader.found(TRIES).is_empty());
    let masked = mask(&linked).unwrap();
    assert_eq!(disclosed(&linked, &masked), Vec::<usize>::new());
}

#[test]
fn what_is_small_is_masked_and_nothing_when_nothing_is() {
    let linked = two_programmes();
    let masked = mask(&linked).unwrap();
    assert!(small(&linked).iter().zip(&masked).all(|(small, masked)| !small || *masked));
    let many: Vec<Followed> = (0..40).map(|n| child(n % 2, 1, 0, [0, 1, 2])).collect();
    let linked = count(&programmes(&[1, 1]), &many).linked;
    assert!(mask(&linked).unwrap().iter().all(|masked| !masked), "twenty children in each programme");
}

#[test]
fn too_few_children_make_no_table() {
    let few: Vec<Followed> = (0..4).map(|_| child(0, 1, 0, [0, 0, 0])).collect();
    assert!(tables::publish(&programmes(&[1]), &few).is_none());
    let none = tables::publish(&programmes(&[1, 2]), &[]).unwrap();
    assert_eq!(none.whole.under(Aspect::All).map(|figures| figures.children), Some(0));
    assert_eq!(none.programmes[1].1.len(), 2);
    assert!(none.programmes[0].1.is_empty(), "one neighbourhood alone is its programme");
}

#[test]
fn views_show_the_same_cells() {
    let children: Vec<Followed> = (0..60).map(|n| child(n % 4, n % 3, n % 2, [n % 4, n % 7, n % 6])).collect();
    let one = tables::publish(&programmes(&[1, 2, 1]), &children).unwrap();
    assert_eq!(Some(&one), tables::publish(&programmes(&[1, 2, 1]), &children).as_ref(), "the same at each run");
}

/// What it takes for five programmes of six neighbourhoods, and for more children than any of them follows.
#[test]
fn masking_ends_soon() {
    let mut seed = 7_u64;
    let mut next = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((seed >> 33) % below) as usize
    };
    let places = programmes(&[6; 5]);
    for many in [300, 1_000] {
        let children: Vec<Followed> =
            (0..many).map(|_| child(next(30), next(3), next(2), [next(4), next(7), next(6)])).collect();
        let linked = count(&places, &children).linked;
        let started = Instant::now();
        let masked = mask(&linked).unwrap();
        let took = started.elapsed();
        let reader = Attack::new(&linked, &masked, None);
        assert!(reader.solved().into_iter().all(|at| linked.cells[at].count == 0));
        let hidden = masked.iter().filter(|masked| **masked).count();
        println!("masking: {many} children, {} cells, {hidden} masked, in {} ms", masked.len(), took.as_millis());
        assert!(took.as_secs() < 60, "{took:?}");
    }
}

/// Five children alike in all but the reason of their referral: five ones in a row, whose total the accounts tell. A total
/// that is masked for their sake would be computed.
#[test]
fn five_alike_but_for_the_reason_are_not_told_apart() {
    let children: Vec<Followed> = (0..5).map(|reason| child(0, 0, 2, [0, 0, reason])).collect();
    let linked = count(&programmes(&[1]), &children).linked;
    let masked = mask(&linked).unwrap();
    assert_eq!(disclosed(&linked, &masked), Vec::<usize>::new());
    assert!(small(&linked).iter().zip(&masked).all(|(small, masked)| !small || *masked));
}

fn population() -> impl Strategy<Value = (Vec<usize>, Vec<Followed>)> {
    let sizes = proptest::collection::vec(1_usize..3, 1..4);
    (sizes, 0_usize..3).prop_flat_map(|(sizes, skew)| {
        let all: usize = sizes.iter().sum();
        let one = (0..all, 0..3_usize, 0..20_usize, (0..4_usize, 0..7_usize, 0..6_usize)).prop_map(
            move |(place, age, gender, (length, source, reason))| {
                // most are alike when skewed: large counts beside small ones
                let near = |value: usize| if skew > 0 { value / (skew + 1) } else { value };
                let gender = if gender == 0 { 2 } else { gender % 2 };
                child(near(place), near(age), gender, [near(length), near(source), near(reason)])
            },
        );
        (Just(sizes), proptest::collection::vec(one, 0..50))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_masked_count_is_found((sizes, children) in population()) {
        let linked = count(&programmes(&sizes), &children).linked;
        let Some(masked) = mask(&linked) else {
            // only where there is hardly anybody: nothing is published then
            prop_assert!(linked.cells[0].count < 12, "{} children", linked.cells[0].count);
            return Ok(());
        };
        prop_assert!(small(&linked).iter().zip(&masked).all(|(small, masked)| !small || *masked));
        for sum in linked.sums.iter().filter(|sum| !masked[sum.total]) {
            let hidden: i64 = sum.parts.iter().filter(|part| masked[**part]).map(|part| linked.cells[*part].count).sum();
            prop_assert!(!(1..=LARGEST_MASKED).contains(&hidden), "what is masked together is not small either");
        }
        if !(1..=LARGEST_MASKED).contains(&linked.cells[0].count) {
            prop_assert_eq!(disclosed(&linked, &masked), Vec::<usize>::new());
        }
    }
}
