//! The tables of the report, from the children of the year: counted, linked, masked together.

use super::masking::{self, Cell, Linked, Sum};
use super::{Aspect, Counts, Figures, Followed};

/// The neighbourhoods of a programme: their places among those of the report.
pub type Neighbourhoods = Vec<usize>;

/// The tables of a year, masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tables {
    /// The whole convention.
    pub whole: Counts,
    /// Each programme, with its neighbourhoods when it has several.
    pub programmes: Vec<(Counts, Vec<Counts>)>,
}

/// Where children are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Node {
    /// What it is a part of.
    within: Option<usize>,
    /// The programme that knows its children.
    programme: Option<usize>,
}

/// The whole, each programme, then its neighbourhoods if it has several: one alone is the programme itself.
struct Places {
    nodes: Vec<Node>,
    /// Where the children of each neighbourhood are counted first.
    leaves: Vec<usize>,
}

impl Places {
    fn new(programmes: &[Neighbourhoods]) -> Self {
        let mut nodes = vec![Node { within: None, programme: None }];
        let mut leaves = vec![0; programmes.iter().flatten().max().map_or(0, |last| last + 1)];
        for (programme, neighbourhoods) in programmes.iter().enumerate() {
            let own = nodes.len();
            nodes.push(Node { within: Some(0), programme: Some(programme) });
            for neighbourhood in neighbourhoods {
                leaves[*neighbourhood] = if neighbourhoods.len() > 1 { nodes.len() } else { own };
                if neighbourhoods.len() > 1 {
                    nodes.push(Node { within: Some(own), programme: Some(programme) });
                }
            }
        }
        Self { nodes, leaves }
    }
}

/// Every count of a year, and how they are linked.
pub(super) struct Counted {
    figures: Vec<Figures>,
    pub(super) linked: Linked,
}

/// Counts children, in every place and under every aspect.
pub(super) fn count(programmes: &[Neighbourhoods], children: &[Followed]) -> Counted {
    let places = Places::new(programmes);
    let aspects = Aspect::all();
    let mut figures = vec![Figures::default(); places.nodes.len() * aspects.len()];
    for child in children {
        let mut place = places.leaves.get(child.neighbourhood).copied();
        while let Some(node) = place {
            for aspect in child.aspects() {
                if let Some(at) = aspects.iter().position(|one| *one == aspect) {
                    let cell = &mut figures[node * aspects.len() + at];
                    cell.children += 1;
                    cell.measures += child.measures;
                }
            }
            place = places.nodes[node].within;
        }
    }
    let linked = link(&places, &aspects, &figures);
    Counted { figures, linked }
}

fn link(places: &Places, aspects: &[Aspect], figures: &[Figures]) -> Linked {
    let cell = |node: usize, at: usize| node * aspects.len() + at;
    let place_of = |aspect: Aspect| aspects.iter().position(|one| *one == aspect).unwrap_or_default();
    let mut sums = Vec::new();
    for node in 0..places.nodes.len() {
        for (at, aspect) in aspects.iter().enumerate() {
            for parts in aspect.parts() {
                let parts = parts.into_iter().map(|part| cell(node, place_of(part))).collect();
                sums.push(Sum { total: cell(node, at), parts });
            }
            let within: Vec<usize> =
                (0..places.nodes.len()).filter(|other| places.nodes[*other].within == Some(node)).collect();
            if !within.is_empty() {
                let parts = within.into_iter().map(|part| cell(part, at)).collect();
                sums.push(Sum { total: cell(node, at), parts });
            }
        }
    }
    let cells = (places.nodes.iter())
        .flat_map(|node| aspects.iter().map(move |aspect| (node, *aspect)))
        .zip(figures)
        .map(|((node, aspect), figures)| Cell {
            count: figures.children,
            worth: worth(*node, aspect),
            known_to: node.programme,
        })
        .collect();
    // where the children of a place are masked, so is all that is said of them
    let blocks = (1..places.nodes.len()).map(|node| (0..aspects.len()).map(|at| cell(node, at)).collect()).collect();
    // what the whole convention spent is in its accounts, and with it the share of what is masked
    Linked { cells, sums, blocks, given: Some(0) }
}

/// What a reader loses with a count: the whole is worth more than a programme, a total more than its parts.
fn worth(node: Node, aspect: Aspect) -> i64 {
    let place = match node {
        Node { within: None, .. } => 12,
        Node { within: Some(0), .. } => 3,
        Node { .. } => 1,
    };
    let part = match aspect {
        Aspect::All => 6,
        Aspect::Age(_) | Aspect::Gender(_) => 2,
        Aspect::AgeAndGender(..) | Aspect::Length(_) | Aspect::Source(_) | Aspect::Reason(_) => 1,
    };
    place * part
}

/// The tables of a year; nothing when there are too few children for any to be shown.
pub fn publish(programmes: &[Neighbourhoods], children: &[Followed]) -> Option<Tables> {
    let Counted { figures, linked } = count(programmes, children);
    if (1..=masking::LARGEST_MASKED).contains(&linked.cells[0].count) {
        return None;
    }
    let masked = masking::mask(&linked)?;
    let shown: Vec<Option<Figures>> =
        figures.into_iter().zip(masked).map(|(figures, masked)| (!masked).then_some(figures)).collect();
    let mut places = shown.chunks(Aspect::all().len()).map(|place| Counts::new(place.to_vec()));
    let whole = places.next()?;
    let programmes = programmes.iter().map(|neighbourhoods| {
        let own = places.next()?;
        let several = if neighbourhoods.len() > 1 { neighbourhoods.len() } else { 0 };
        Some((own, places.by_ref().take(several).collect()))
    });
    Some(Tables { whole, programmes: programmes.collect::<Option<_>>()? })
}
