//! What differs between two texts, line by line: the shortest list of lines removed and added (E. W. Myers, "An O(ND)
//! difference algorithm and its variations", 1986).
//!
//! Bounded: texts that differ in very many lines are told as removed and added whole between their common ends.

/// What happened to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineHow {
    /// It is in both texts.
    Same,
    /// It is in the new text only.
    Added,
    /// It is in the old text only.
    Removed,
}

/// One line of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What happened to it.
    pub how: LineHow,
    /// Its number in the new text, of a removed line in the old one; from 1.
    pub number: usize,
    /// The line.
    pub text: String,
}

/// Most lines that may differ for the shortest list to be looked for.
const MOST_STEPS: usize = 1500;

/// Compares two texts.
pub fn lines(old: &str, new: &str) -> Vec<Line> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let head = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let tail = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(one, other)| one == other).count();
    let (old_middle, new_middle) = (&old_rest[..old_rest.len() - tail], &new_rest[..new_rest.len() - tail]);

    let mut found = Vec::with_capacity(old.len().max(new.len()));
    let line = |how, number: usize, text: &str| Line { how, number: number + 1, text: text.to_owned() };
    found.extend(new[..head].iter().enumerate().map(|(at, text)| line(LineHow::Same, at, text)));
    for step in steps(old_middle, new_middle) {
        found.push(match step {
            Step::Keep(at) => line(LineHow::Same, head + at, new_middle[at]),
            Step::Remove(at) => line(LineHow::Removed, head + at, old_middle[at]),
            Step::Add(at) => line(LineHow::Added, head + at, new_middle[at]),
        });
    }
    let behind = new.len() - tail;
    found.extend(new[behind..].iter().enumerate().map(|(at, text)| line(LineHow::Same, behind + at, text)));
    found
}

/// The comparison without the lines that lie far from any difference: `None` stands where some were left out.
pub fn folded(lines: &[Line], around: usize) -> Vec<Option<&Line>> {
    let differs: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].how != LineHow::Same).collect();
    let is_near = |at: usize| {
        let next = differs.partition_point(|other| *other < at);
        differs.get(next).is_some_and(|other| other - at <= around)
            || next.checked_sub(1).is_some_and(|before| at - differs[before] <= around)
    };
    let mut folded = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if is_near(at) {
            folded.push(Some(line));
        } else if folded.last().is_none_or(Option::is_some) {
            folded.push(None);
        }
    }
    folded
}

/// A step from the old list to the new one, by places in them.
enum Step {
    Keep(usize),
    Remove(usize),
    Add(usize),
}

/// The steps that lead from one list to the other.
fn steps(old: &[&str], new: &[&str]) -> Vec<Step> {
    let Some(trace) = trace(old, new) else {
        return (0..old.len()).map(Step::Remove).chain((0..new.len()).map(Step::Add)).collect();
    };
    let (mut x, mut y) = (old.len(), new.len());
    let mut steps = Vec::new();
    for (depth, reached) in trace.iter().enumerate().rev() {
        let before = came_from(reached, depth, x, y);
        let from_x = before.map_or(0, |(x, _)| x);
        let from_y = before.map_or(0, |(_, y)| y);
        while x > from_x && y > from_y {
            (x, y) = (x - 1, y - 1);
            steps.push(Step::Keep(y));
        }
        match before {
            Some(_) if x > from_x => {
                x -= 1;
                steps.push(Step::Remove(x));
            }
            Some(_) if y > from_y => {
                y -= 1;
                steps.push(Step::Add(y));
            }
            _ => {}
        }
    }
    steps.reverse();
    steps
}

/// How far each diagonal was reached before each step; `None` when it takes too many.
fn trace(old: &[&str], new: &[&str]) -> Option<Vec<Vec<usize>>> {
    let most = (old.len() + new.len()).min(MOST_STEPS);
    let mut trace: Vec<Vec<usize>> = Vec::new();
    // Diagonal k (x - y) is at k + depth of its row; row `depth` holds what was reached with `depth` steps.
    let mut reached: Vec<usize> = Vec::new();
    for depth in 0..=most {
        let mut next = vec![0; 2 * depth + 1];
        for at in (0..=2 * depth).step_by(2) {
            let mut x = start(&reached, depth, at);
            let Some(mut y) = (x + depth).checked_sub(at) else { continue };
            while x < old.len() && y < new.len() && old[x] == new[y] {
                (x, y) = (x + 1, y + 1);
            }
            next[at] = x;
            if x >= old.len() && y >= new.len() {
                trace.push(reached);
                return Some(trace);
            }
        }
        trace.push(std::mem::replace(&mut reached, next));
    }
    None
}

/// Where a diagonal begins: one to the right of the diagonal below, or below the one above, whichever is further.
fn start(reached: &[usize], depth: usize, at: usize) -> usize {
    match (at.checked_sub(2).and_then(|below| reached.get(below)), reached.get(at)) {
        _ if depth == 0 => 0,
        (Some(below), Some(above)) if below + 1 > *above => below + 1,
        (Some(below), None) => below + 1,
        (_, Some(above)) => *above,
        (None, None) => 0,
    }
}

/// From where a step led to `(x, y)`; `None` for the first.
fn came_from(reached: &[usize], depth: usize, x: usize, y: usize) -> Option<(usize, usize)> {
    if depth == 0 {
        return None;
    }
    let at = (x + depth).checked_sub(y)?;
    let (below, above) = (at.checked_sub(2).and_then(|below| reached.get(below)), reached.get(at));
    // The diagonals of the row before: `at - 2` there is one below, `at` one above.
    let from_below = |x: usize| Some((x, (x + depth - 1).checked_sub(at - 2)?));
    let from_above = |x: usize| Some((x, (x + depth - 1).checked_sub(at)?));
    match (below, above) {
        (Some(below), Some(above)) if below + 1 > *above => from_below(*below),
        (Some(below), None) => from_below(*below),
        (_, Some(above)) => from_above(*above),
        (None, None) => None,
    }
}
