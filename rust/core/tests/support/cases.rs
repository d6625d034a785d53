//! How many cases a property test draws, and which.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// Property tests draw the same cases in every run; `PROPTEST_RNG_SEED` draws others.
pub fn cases(cases: u32) -> ProptestConfig {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    match config.rng_seed {
        RngSeed::Random => ProptestConfig { rng_seed: RngSeed::Fixed(7), ..config },
        RngSeed::Fixed(_) => config,
    }
}
