//! Whether callers of an engine read the heavy columns.
//!
//! Ids alone are cheaper than whole encodings, and whole encodings are cheaper than ids first and
//! the rest in a second pass. What the caller did with the last call's encodings is the best guess
//! at what he will do with the next ones'. The result is the same either way.

use std::sync::atomic::{AtomicUsize, Ordering};

use budtiktok::options::Level;

/// Counts of encodings, kept loosely: a lost update costs speed once, nothing else.
#[derive(Debug, Default)]
pub struct Demand {
    /// Encodings that the last call gave.
    given: AtomicUsize,
    /// Encodings whose heavy columns were asked for since.
    asked: AtomicUsize,
}

impl Demand {
    /// The level to encode at now.
    pub fn expected(&self) -> Level {
        let given = self.given.load(Ordering::Relaxed);
        if given > 0 && self.asked.load(Ordering::Relaxed) * 2 > given { Level::Full } else { Level::Ids }
    }

    /// A call gave `given` encodings.
    pub fn called(&self, given: usize) {
        self.given.store(given, Ordering::Relaxed);
        self.asked.store(0, Ordering::Relaxed);
    }

    /// Somebody asked an encoding for its heavy columns, for the first time.
    pub fn asked(&self) {
        self.asked.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_last_call() {
        let demand = Demand::default();
        assert_eq!(demand.expected(), Level::Ids);
        demand.called(4);
        demand.asked();
        demand.asked();
        assert_eq!(demand.expected(), Level::Ids);
        demand.asked();
        assert_eq!(demand.expected(), Level::Full);
        demand.called(4);
        assert_eq!(demand.expected(), Level::Ids);
        demand.called(0);
        assert_eq!(demand.expected(), Level::Ids);
    }
}
