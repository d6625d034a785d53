//! A column of equal neighbours (masks, type ids), stored as runs.
//!
//! An encoding's masks have one to five runs nearly always, so these live in the value itself:
//! three columns a text then cost no allocation.

use std::fmt;

/// Runs kept without an allocation: enough for a padded pair's special tokens mask.
const INLINE: usize = 5;

/// Run-length coded `u32` values.
#[derive(Clone)]
pub struct Runs {
    store: Store,
}

/// (value, end) with ascending ends; neighbours differ in value.
#[derive(Clone)]
enum Store {
    Inline { count: u8, runs: [(u32, u32); INLINE] },
    Heap(Vec<(u32, usize)>),
}

impl Runs {
    const EMPTY: Self = Self { store: Store::Inline { count: 0, runs: [(0, 0); INLINE] } };

    /// `len` times `value`.
    pub fn of(value: u32, len: usize) -> Self {
        let mut runs = Self::EMPTY;
        runs.push(value, len);
        runs
    }

    /// Appends `len` times `value`.
    pub fn push(&mut self, value: u32, len: usize) {
        if len == 0 {
            return;
        }
        let end = self.len() + len;
        match &mut self.store {
            Store::Inline { count, runs } => {
                let last = usize::from(*count).wrapping_sub(1);
                if let Ok(end) = u32::try_from(end) {
                    if let Some(run) = runs.get_mut(last).filter(|run| run.0 == value) {
                        run.1 = end;
                        return;
                    }
                    if let Some(run) = runs.get_mut(usize::from(*count)) {
                        *run = (value, end);
                        *count += 1;
                        return;
                    }
                }
                let mut heap: Vec<(u32, usize)> = Vec::with_capacity(2 * INLINE);
                heap.extend(runs[..usize::from(*count)].iter().map(|&(value, end)| (value, end as usize)));
                match heap.last_mut() {
                    Some(run) if run.0 == value => run.1 = end,
                    _ => heap.push((value, end)),
                }
                self.store = Store::Heap(heap);
            }
            Store::Heap(runs) => match runs.last_mut() {
                Some(run) if run.0 == value => run.1 = end,
                _ => runs.push((value, end)),
            },
        }
    }

    /// How many runs there are.
    pub fn count(&self) -> usize {
        match &self.store {
            Store::Inline { count, .. } => usize::from(*count),
            Store::Heap(runs) => runs.len(),
        }
    }

    /// (value, end) of run `i`.
    #[inline]
    fn run(&self, i: usize) -> (u32, usize) {
        match &self.store {
            Store::Inline { runs, .. } => (runs[i].0, runs[i].1 as usize),
            Store::Heap(runs) => runs[i],
        }
    }

    pub fn len(&self) -> usize {
        match self.count() {
            0 => 0,
            count => self.run(count - 1).1,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// (value, length) of each run.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u32, usize)> + '_ {
        (0..self.count()).map(|i| {
            let start = if i == 0 { 0 } else { self.run(i - 1).1 };
            let (value, end) = self.run(i);
            (value, end - start)
        })
    }

    /// Every value, one an element.
    pub fn values(&self) -> impl Iterator<Item = u32> + '_ {
        self.iter().flat_map(|(value, len)| std::iter::repeat_n(value, len))
    }

    pub fn to_vec(&self) -> Vec<u32> {
        let mut values = Vec::with_capacity(self.len());
        for (value, len) in self.iter() {
            values.resize(values.len() + len, value);
        }
        values
    }

    /// The values of `start..end`.
    pub fn slice(&self, start: usize, end: usize) -> Self {
        let mut part = Self::EMPTY;
        let mut from = 0;
        for i in 0..self.count() {
            let (value, to) = self.run(i);
            let (low, high) = (from.max(start), to.min(end));
            if low < high {
                part.push(value, high - low);
            }
            from = to;
            if from >= end {
                break;
            }
        }
        part
    }

    /// Appends another column.
    pub fn extend(&mut self, other: &Self) {
        for (value, len) in other.iter() {
            self.push(value, len);
        }
    }

    /// Puts `len` times `value` in front.
    pub fn push_front(&mut self, value: u32, len: usize) {
        if len == 0 {
            return;
        }
        let total = self.len() + len;
        if let Store::Inline { count, runs } = &mut self.store
            && let (Ok(len), Ok(_)) = (u32::try_from(len), u32::try_from(total))
        {
            let held = usize::from(*count);
            let joins = held > 0 && runs[0].0 == value;
            if joins || held < INLINE {
                for run in &mut runs[..held] {
                    run.1 += len;
                }
                if !joins {
                    runs.copy_within(..held, 1);
                    runs[0] = (value, len);
                    *count += 1;
                }
                return;
            }
        }
        let mut whole = Self::of(value, len);
        whole.extend(self);
        *self = whole;
    }

    /// Puts another column in front.
    pub fn prepend(&mut self, other: &Self) {
        for (value, len) in other.iter().rev() {
            self.push_front(value, len);
        }
    }

    /// Starts over with `len` times `value`.
    pub fn reset(&mut self, value: u32, len: usize) {
        match (&mut self.store, u32::try_from(len)) {
            (Store::Inline { count, runs }, Ok(len)) => {
                *count = u8::from(len > 0);
                runs[0] = (value, len);
            }
            _ => *self = Self::of(value, len),
        }
    }
}

impl Default for Runs {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl PartialEq for Runs {
    fn eq(&self, other: &Self) -> bool {
        self.count() == other.count() && (0..self.count()).all(|i| self.run(i) == other.run(i))
    }
}

impl Eq for Runs {}

impl fmt::Debug for Runs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl FromIterator<u32> for Runs {
    fn from_iter<I: IntoIterator<Item = u32>>(values: I) -> Self {
        let mut runs = Self::EMPTY;
        for value in values {
            runs.push(value, 1);
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::Runs;

    #[test]
    fn spills_and_joins() {
        let values = [7, 7, 1, 2, 2, 2, 3, 4, 5, 5, 6, 6, 7];
        for end in 0..=values.len() {
            let runs: Runs = values[..end].iter().copied().collect();
            assert_eq!(runs.to_vec(), values[..end]);
            assert_eq!(runs.values().collect::<Vec<_>>(), values[..end]);
            assert_eq!(runs.len(), end);
            for start in 0..=end {
                assert_eq!(runs.slice(start, end).to_vec(), values[start..end]);
                let mut whole = runs.slice(start, end);
                whole.prepend(&runs.slice(0, start));
                assert_eq!(whole.to_vec(), values[..end]);
                assert_eq!(whole, runs);
                let mut again = runs.clone();
                again.reset(4, start);
                assert_eq!(again, Runs::of(4, start));
            }
        }
    }

    #[test]
    fn columns_longer_than_u32() {
        let long = u32::MAX as usize + 5;
        let mut runs = Runs::of(1, 3);
        runs.push_front(1, long);
        runs.push(0, 2);
        assert_eq!(runs.len(), long + 5);
        assert_eq!(runs.count(), 2);
        assert_eq!(runs.slice(long + 2, long + 5).to_vec(), [1, 0, 0]);
    }
}
