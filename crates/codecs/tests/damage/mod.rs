//! Every sample, cut off at every length and changed at every byte: no panic, and no memory for what is
//! only claimed.

pub(crate) mod memory;
mod seeds;
#[allow(unreachable_pub, reason = "the fuzzer includes this file, too")]
mod targets;

use targets::LIMIT;

/// Most memory of a target: a few results of the largest size that it asks for.
const MEMORY: usize = 6 * LIMIT as usize;

/// Runs `target` on what becomes of every seed.
fn damage(target: fn(&[u8]), seeds: &[Vec<u8>]) {
    assert!(!seeds.is_empty());
    // All work of a pool of one thread is done, and counted, on that thread.
    let alone = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    alone.install(|| {
        for seed in seeds {
            check(target, seed);
            for length in 0..seed.len() {
                check(target, &seed[..length]);
            }
            let mut changed = seed.clone();
            for at in 0..seed.len() {
                for byte in [seed[at] ^ 1 << (at % 8), 0xff] {
                    changed[at] = byte;
                    check(target, &changed);
                }
                changed[at] = seed[at];
            }
        }
    });
}

fn check(target: fn(&[u8]), bytes: &[u8]) {
    let peak = memory::peak(|| target(bytes));
    assert!(
        peak < MEMORY,
        "{peak} bytes of memory for {} bytes",
        bytes.len()
    );
}

macro_rules! damaged {
    ($($target:ident: $seeds:expr;)*) => {
        $(
            #[test]
            fn $target() {
                damage(targets::$target, &$seeds);
            }
        )*

        #[test]
        #[ignore = "writes fuzz/corpus, from which the fuzzer starts"]
        fn seeds_of_the_fuzzer() {
            $(seeds::write(stringify!($target), &$seeds);)*
        }
    };
}

damaged! {
    chunk: seeds::chunks();
    frame: seeds::frames();
    metalayer: seeds::metalayers();
    b2nd: seeds::frames();
    bloscpack: seeds::files(&["bloscpack", "bloscpack/early"], "blp");
    bcolz_carray: seeds::bcolz();
    carray_2012: seeds::proposal();
    dtype: seeds::dtypes();
    npy: seeds::npy();
    metadata: seeds::metadata();
    shard_index: seeds::shard_indices();
    blosc_chunk: seeds::blosc_chunks();
    b2nd_codec: seeds::b2nd_codec();
}

#[test]
fn a_claim_that_is_believed_is_noticed() {
    assert!(memory::peak(|| drop(vec![0u8; MEMORY])) >= MEMORY);
}
