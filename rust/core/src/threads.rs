//! Tasks of one call on several threads. The calling thread works too, and each thread takes the
//! next task when it has done one, so none waits while there is work.
//!
//! The pool is the caller's: after a fork, or where the user allows one thread, there is none.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::ThreadPool;

/// The results of `work(state, task)` for every task from 0 to `tasks`, in their order. Each thread
/// makes one `state`.
pub fn run<S, T: Send>(
    pool: &ThreadPool,
    tasks: usize,
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, usize) -> T + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(tasks));
    let take_turns = || {
        let mut results = Vec::new();
        let mut own = None;
        loop {
            let task = next.fetch_add(1, Ordering::Relaxed);
            if task >= tasks {
                break;
            }
            results.push((task, work(own.get_or_insert_with(&state), task)));
        }
        if !results.is_empty() {
            done.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).append(&mut results);
        }
    };
    pool.in_place_scope(|scope| {
        for _ in 0..pool.current_num_threads().min(tasks.saturating_sub(1)) {
            scope.spawn(|_| take_turns());
        }
        take_turns();
    });
    let mut results = done.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    results.sort_unstable_by_key(|(task, _)| *task);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_tasks() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("a pool");
        for tasks in [0, 1, 2, 100] {
            let squares = run(&pool, tasks, || (), |(), task| task * task);
            assert_eq!(squares, (0..tasks).map(|task| task * task).collect::<Vec<_>>());
        }
    }
}
