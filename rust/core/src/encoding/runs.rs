//! A column of equal neighbours (masks, type ids), stored as runs.

/// Run-length coded `u32` values: (value, end) with ascending ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Runs {
    runs: Vec<(u32, usize)>,
}

impl Runs {
    /// `len` times `value`.
    pub fn of(value: u32, len: usize) -> Self {
        let mut runs = Self::default();
        runs.push(value, len);
        runs
    }

    /// Appends `len` times `value`.
    pub fn push(&mut self, value: u32, len: usize) {
        if len == 0 {
            return;
        }
        let end = self.len() + len;
        match self.runs.last_mut() {
            Some(last) if last.0 == value => last.1 = end,
            _ => self.runs.push((value, end)),
        }
    }

    pub fn len(&self) -> usize {
        self.runs.last().map_or(0, |run| run.1)
    }

    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// (value, length) of each run.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u32, usize)> + '_ {
        (0..self.runs.len()).map(|i| {
            let start = if i == 0 { 0 } else { self.runs[i - 1].1 };
            (self.runs[i].0, self.runs[i].1 - start)
        })
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
        let mut part = Self::default();
        let mut from = 0;
        for &(value, to) in &self.runs {
            let (low, high) = (from.max(start), to.min(end));
            if low < high {
                part.push(value, high - low);
            }
            from = to;
        }
        part
    }

    /// Appends another column.
    pub fn extend(&mut self, other: &Self) {
        for (value, len) in other.iter() {
            self.push(value, len);
        }
    }
}

impl FromIterator<u32> for Runs {
    fn from_iter<I: IntoIterator<Item = u32>>(values: I) -> Self {
        let mut runs = Self::default();
        for value in values {
            runs.push(value, 1);
        }
        runs
    }
}
