//! Writes without the standard library's per-call checks, and the wrappers that compile a loop
//! for the machine's instructions.

#![allow(unsafe_code)]

/// The instructions a loop is compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level(Set);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    Baseline,
    /// AVX2 with BMI1, BMI2, LZCNT and POPCNT; only `detect` makes it, where they exist.
    #[cfg(target_arch = "x86_64")]
    Avx2,
}

impl Level {
    /// What this machine has, unless `BUDTIKTOK_SIMD` asks for less.
    pub fn detect() -> Self {
        let asked = std::env::var("BUDTIKTOK_SIMD");
        #[cfg(target_arch = "x86_64")]
        if !matches!(asked.as_deref(), Ok("scalar" | "sse2"))
            && is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt")
        {
            return Self(Set::Avx2);
        }
        let _ = asked;
        Self(Set::Baseline)
    }

    /// The instructions every machine of this architecture has.
    pub const BASELINE: Self = Self(Set::Baseline);

    /// Runs a job compiled for this level, if its `run` is `inline(always)`, as all must be that
    /// it calls and that shall be compiled so too. (Closures are not.)
    #[inline]
    pub fn run<J: Job>(self, job: J) -> J::Output {
        match self.0 {
            Set::Baseline => job.run(),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: only `detect` makes this value, where the machine has the instructions.
            Set::Avx2 => unsafe { run_avx2(job) },
        }
    }
}

/// Something to be compiled once a level.
pub trait Job {
    type Output;

    fn run(self) -> Self::Output;
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn run_avx2<J: Job>(job: J) -> J::Output {
    job.run()
}

/// Ids on their way into a vector: up to four are written with one store.
pub struct Sink<'a> {
    ids: &'a mut Vec<u32>,
    len: usize,
}

impl<'a> Sink<'a> {
    pub fn new(ids: &'a mut Vec<u32>) -> Self {
        let len = ids.len();
        Self { ids, len }
    }

    /// Appends the first `count` of `quad` (all four if it is more).
    #[inline(always)]
    pub fn quad(&mut self, quad: [u32; 4], count: usize) {
        if self.ids.capacity() - self.len < 4 {
            self.grow();
        }
        // SAFETY: `len` is never above the capacity, and at least four places after it are
        // allocated, as was just seen to.
        unsafe { self.ids.as_mut_ptr().add(self.len).cast::<[u32; 4]>().write_unaligned(quad) };
        self.len += count.min(4);
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        self.commit();
        self.ids.reserve(self.ids.capacity().max(256));
    }

    /// Makes the vector as long as what was written.
    #[inline(always)]
    fn commit(&mut self) {
        // SAFETY: all places below `len` were written (by `quad` or before `new`), and `len` is
        // at most the capacity: `quad` advances by at most the four places it has written.
        unsafe { self.ids.set_len(self.len) };
    }

    /// Appends any number.
    #[inline(always)]
    pub fn extend(&mut self, ids: &[u32]) {
        let (fours, rest) = ids.as_chunks::<4>();
        for &four in fours {
            self.quad(four, 4);
        }
        if let [first, ref others @ ..] = *rest {
            let at = |index: usize| others.get(index).copied().unwrap_or(0);
            self.quad([first, at(0), at(1), 0], rest.len());
        }
    }

    /// How long the vector is with what was written.
    #[inline(always)]
    pub fn written(&self) -> usize {
        self.len
    }

    /// The vector itself, for what comes in other ways.
    #[inline]
    pub fn with<R>(&mut self, write: impl FnOnce(&mut Vec<u32>) -> R) -> R {
        self.commit();
        let result = write(self.ids);
        self.len = self.ids.len();
        result
    }
}

impl Drop for Sink<'_> {
    fn drop(&mut self) {
        self.commit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sink_appends_in_order() {
        let mut ids = vec![1, 2];
        let mut expected = ids.clone();
        {
            let mut sink = Sink::new(&mut ids);
            for round in 0..2000_u32 {
                let quad = [round, round + 1, round + 2, round + 3];
                let count = round as usize % 5;
                sink.quad(quad, count);
                expected.extend_from_slice(&quad[..count]);
                assert_eq!(sink.written(), expected.len());
                let many: Vec<u32> = (0..round % 11).collect();
                if round % 2 == 0 {
                    sink.extend(&many);
                } else {
                    sink.with(|ids| ids.extend_from_slice(&many));
                }
                expected.extend_from_slice(&many);
            }
        }
        assert_eq!(ids, expected);
    }

    #[test]
    fn levels_run_the_same_job() {
        struct Sum<'a>(&'a [u32]);
        impl Job for Sum<'_> {
            type Output = u32;
            #[inline(always)]
            fn run(self) -> u32 {
                self.0.iter().sum()
            }
        }
        let numbers: Vec<u32> = (0..1000).collect();
        assert_eq!(Level::detect().run(Sum(&numbers)), Level::BASELINE.run(Sum(&numbers)));
    }
}
