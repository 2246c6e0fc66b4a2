//! Results do not depend on the number of threads, bit for bit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use candle_core::{DType, Tensor};

use dcgan_kernels::keep_pool_hot;
use rayon::prelude::*;

use crate::layers::{flat, layers, values};

fn bits(t: &Tensor) -> Vec<u32> {
    flat::<f32>(t).into_iter().map(f32::to_bits).collect()
}

#[test]
fn one_two_and_three_threads_give_the_same_bits() {
    for layer in layers() {
        let o = layer.operands(DType::F32, 11);
        let dy = values(&layer.shapes()[4], 12);
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            let (y, [dx, dw, db]) = pool.install(|| layer.run(&o, &dy));
            [y, dx, dw, db].map(|t| bits(&t))
        };
        let one = with(1);
        assert_eq!(one, with(2), "{layer:?}");
        assert_eq!(one, with(3), "{layer:?}");
    }
}

#[test]
fn a_hot_pool_computes_the_same_within_itself_beside_others_and_after_a_panic() {
    let sum = |n: u64| (0..n).into_par_iter().map(|i| i * i).sum::<u64>();
    let expected = sum(1000);
    assert_eq!(keep_pool_hot(|| sum(1000)), expected);
    assert_eq!(keep_pool_hot(|| keep_pool_hot(|| sum(1000))), expected);
    std::thread::scope(|scope| {
        let beside: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    (0..50)
                        .map(|_| keep_pool_hot(|| sum(1000)))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        for thread in beside {
            assert_eq!(thread.join().unwrap(), vec![expected; 50]);
        }
    });
    // From a thread of the pool, and if what runs fails: no other thread stays behind.
    for threads in [1, 2, 3] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        assert_eq!(pool.install(|| keep_pool_hot(|| sum(1000))), expected);
        // Two threads of one pool at once, each with a task that another one takes.
        let rest = |ms: u64| std::thread::sleep(Duration::from_millis(ms));
        let shared = || rayon::join(|| rest(1), || rest(3));
        for _ in 0..20 {
            pool.install(|| rayon::join(|| keep_pool_hot(shared), || keep_pool_hot(shared)));
        }
        let fails = || pool.install(|| keep_pool_hot(|| -> u64 { panic!("no sum") }));
        assert!(catch_unwind(AssertUnwindSafe(fails)).is_err());
        assert_eq!(pool.install(|| keep_pool_hot(|| sum(1000))), expected);
    }
}

/// A thread that is inside of a task of the work when it is asked to poll must come back to it.
#[test]
fn a_thread_within_a_task_of_the_work_does_not_poll_until_the_end() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build();
    let [taken, begun, done] = [const { AtomicBool::new(false) }; 3];
    let is_set = |flag: &AtomicBool| flag.load(Ordering::SeqCst);
    let set = |flag: &AtomicBool| flag.store(true, Ordering::SeqCst);
    pool.unwrap().install(|| {
        rayon::in_place_scope(|scope| {
            scope.spawn(|_| {
                set(&taken);
                while !is_set(&begun) {
                    std::thread::yield_now();
                }
                // As it would while it waits for a part of the task.
                rayon::yield_now();
                set(&done);
            });
            // Once the other thread has it.
            while !is_set(&taken) {
                std::thread::yield_now();
            }
            keep_pool_hot(|| {
                set(&begun);
                let start = Instant::now();
                while !is_set(&done) && start.elapsed() < Duration::from_secs(20) {
                    std::thread::yield_now();
                }
                assert!(is_set(&done), "the task never ended");
            });
        });
    });
}
