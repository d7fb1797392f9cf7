//! Threads that divide the units of a call among them. They sleep between calls.

use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

/// More threads would wait for memory.
pub const MOST_THREADS: usize = 64;

type Work = dyn Fn(usize, usize) + Sync + 'static;

struct Job {
    /// Valid while `active` is above 0 or the job is in the list. `run` waits until neither holds.
    work: *const Work,
    units: usize,
    chunk: usize,
    next: AtomicUsize,
    failed: AtomicBool,
    /// The number of threads that may still join, and of threads at work. Both change under the pool's lock.
    seats: AtomicUsize,
    active: AtomicUsize,
}
// The closure behind `work` is Sync.
unsafe impl Send for Job {}
unsafe impl Sync for Job {}

impl Job {
    fn work(&self) {
        let work = unsafe { &*self.work };
        let done = catch_unwind(AssertUnwindSafe(|| loop {
            let from = self.next.fetch_add(self.chunk, Ordering::Relaxed);
            if from >= self.units {
                break;
            }
            work(from, self.units.min(from + self.chunk));
        }));
        if done.is_err() {
            self.failed.store(true, Ordering::Relaxed);
            self.next.store(self.units, Ordering::Relaxed);
        }
    }
}

struct State {
    jobs: Vec<Arc<Job>>,
    threads: usize,
}

static STATE: Mutex<State> = Mutex::new(State { jobs: Vec::new(), threads: 0 });
static WAKE: Condvar = Condvar::new();
static DONE: Condvar = Condvar::new();

fn state() -> MutexGuard<'static, State> {
    // No code of ours panics while it holds the lock.
    STATE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn worker() {
    let mut guard = state();
    loop {
        let open = guard.jobs.iter().find(|job| job.seats.load(Ordering::Relaxed) > 0).cloned();
        let Some(job) = open else {
            guard = WAKE.wait(guard).unwrap_or_else(|poisoned| poisoned.into_inner());
            continue;
        };
        job.seats.fetch_sub(1, Ordering::Relaxed);
        job.active.fetch_add(1, Ordering::Relaxed);
        drop(guard);
        job.work();
        guard = state();
        if job.active.fetch_sub(1, Ordering::Relaxed) == 1 {
            DONE.notify_all();
        }
    }
}

/// Runs `work(from, to)` over all units, on up to `threads` threads, including the calling one. A late thread costs nothing,
/// because the call does not wait for threads that have not begun.
pub fn run(threads: usize, units: usize, chunk: usize, work: &(dyn Fn(usize, usize) + Sync)) -> Result<(), String> {
    let helpers = threads.min(MOST_THREADS).min(units.div_ceil(chunk.max(1))).saturating_sub(1);
    let job = Arc::new(Job {
        // The lifetime is upheld by the wait below.
        work: unsafe { std::mem::transmute::<*const (dyn Fn(usize, usize) + Sync + '_), *const Work>(work) },
        units,
        chunk: chunk.max(1),
        next: AtomicUsize::new(0),
        failed: AtomicBool::new(false),
        seats: AtomicUsize::new(helpers),
        active: AtomicUsize::new(0),
    });
    if helpers > 0 {
        let mut guard = state();
        while guard.threads < helpers {
            let started = std::thread::Builder::new().name("crossreg-native".into()).spawn(worker);
            if started.is_err() {
                break;
            }
            guard.threads += 1;
        }
        guard.jobs.push(job.clone());
        drop(guard);
        for _ in 0..helpers {
            WAKE.notify_one();
        }
    }
    job.work();
    if helpers > 0 {
        let mut guard = state();
        guard.jobs.retain(|other| !Arc::ptr_eq(other, &job));
        while job.active.load(Ordering::Relaxed) > 0 {
            guard = DONE.wait(guard).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
    }
    if job.failed.load(Ordering::Relaxed) {
        return Err("A native kernel failed; please report it with the shapes used.".into());
    }
    Ok(())
}
