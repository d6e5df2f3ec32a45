//! The same work over many items on several threads, results in the order of the items.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Applies `work` to each item on up to `workers` threads, each with a state of its own made by `state`.
pub fn map<'t, T: Sync, S, R: Send>(
    workers: usize,
    items: &'t [T],
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &'t T) -> R + Sync,
) -> Vec<R> {
    let workers = workers.min(items.len());
    if workers <= 1 {
        let mut own = state();
        return items.iter().map(|item| work(&mut own, item)).collect();
    }
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(items.len()));
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                let mut own = state();
                let mut results = Vec::new();
                while let index = next.fetch_add(1, Ordering::Relaxed)
                    && let Some(item) = items.get(index)
                {
                    results.push((index, work(&mut own, item)));
                }
                done.lock().expect("no worker panics while it holds the lock").extend(results);
            });
        }
    });
    let mut done = done.into_inner().expect("all workers have ended");
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_stand_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..1_000).collect();
        for workers in [1, 2, 7] {
            assert_eq!(map(workers, &items, || (), |(), i| i * 2), items.iter().map(|i| i * 2).collect::<Vec<_>>());
        }
    }
}
