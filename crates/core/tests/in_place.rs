//! Updates in place: what they write, and several processes at once, some of which are killed.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use ziggurat_core::codec::CodecSpec;
use ziggurat_core::exec::block_on;
use ziggurat_core::layout::Layout;
use ziggurat_core::store::{Durability, LocalStore, Store};
use ziggurat_core::{Array, ArrayMetadata, ElementType, InPlace, Region, Result, Updates};

use super::support::noise;

const IN_PLACE: Updates = Updates::InPlace(InPlace {
    slack: 3,
    garbage: 50,
});

fn store(dir: &Path) -> Arc<LocalStore> {
    Arc::new(LocalStore::new(dir).with_durability(Durability::Process))
}

/// A superchunk of `side` x `side` blocks of 8 x 8 elements.
fn create(dir: &Path, element: ElementType, side: u64, codec: &str) -> Array {
    let shape = [side * 8, side * 8];
    let layout = Layout::sharded(&shape, &shape, &[8, 8]).unwrap();
    let codec: CodecSpec = codec.parse().unwrap();
    let fill = vec![0; element.size()];
    let metadata = ArrayMetadata::new(&shape, element, &fill, layout, &codec);
    Array::create(store(dir), "a", metadata).unwrap()
}

fn open(dir: &Path, updates: Updates) -> Array {
    Array::open(store(dir), "a").unwrap().with_updates(updates)
}

fn size(dir: &Path) -> u64 {
    std::fs::metadata(dir.join("a/c/0/0")).unwrap().len()
}

#[test]
fn an_update_in_place_keeps_the_file_and_a_rewrite_replaces_it() {
    let dir = tempfile::tempdir().unwrap();
    let array = create(dir.path(), ElementType::Int32, 8, "none");
    let whole = Region::whole(&[64, 64]);
    array
        .write(&whole, &noise(64 * 64, ElementType::Int32, &[0; 4], 1))
        .unwrap();
    let mut file = std::fs::File::open(dir.path().join("a/c/0/0")).unwrap();
    let block = Region::new([16, 24], [8, 8]);
    open(dir.path(), IN_PLACE).write(&block, &[7; 256]).unwrap();
    let now = |file: &mut std::fs::File| {
        use std::io::{Read, Seek};
        let mut held = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut held).unwrap();
        held == std::fs::read(dir.path().join("a/c/0/0")).unwrap()
    };
    assert!(now(&mut file), "the same file");
    open(dir.path(), Updates::Rewrite)
        .write(&block, &[8; 256])
        .unwrap();
    assert!(!now(&mut file), "another file");
    // A handle that saw neither reads what is there.
    assert_eq!(array.read(&block).unwrap(), [8; 256]);
}

#[test]
fn a_file_stays_small_and_compaction_makes_it_smallest() {
    let dir = tempfile::tempdir().unwrap();
    let element = ElementType::Int16;
    let array = create(dir.path(), element, 8, "zstd:1").with_updates(IN_PLACE);
    let whole = Region::whole(&[64, 64]);
    array
        .write(&whole, &noise(64 * 64, element, &[0; 2], 1))
        .unwrap();
    let first = size(dir.path());
    let mut grown = false;
    for i in 0..400 {
        let block = Region::of_cell(&[i * 5 % 8, i * 3 % 7], &[8, 8]);
        // Of changing compressibility.
        let mut values = noise(64, element, &[0; 2], i + 2);
        values[..(i as usize * 7) % 100].fill(1);
        array.write(&block, &values).unwrap();
        grown |= size(dir.path()) > first;
        let compact = {
            let copy = tempfile::tempdir().unwrap();
            std::fs::create_dir_all(copy.path().join("a/c/0")).unwrap();
            for file in ["a/zarr.json", "a/c/0/0"] {
                std::fs::copy(dir.path().join(file), copy.path().join(file)).unwrap();
            }
            let done = open(copy.path(), IN_PLACE).compact().unwrap();
            assert_eq!(done.after, size(copy.path()));
            done.after
        };
        let now = size(dir.path());
        assert!(
            now <= compact * 3 / 2,
            "{now} bytes, {compact} when compact"
        );
    }
    assert!(grown, "it was updated in place");
    let before = array.read(&whole).unwrap();
    let done = array.compact().unwrap();
    assert!(done.after < done.before);
    assert_eq!(size(dir.path()), done.after);
    assert_eq!(array.read(&whole).unwrap(), before);
    let again = array.compact().unwrap();
    assert_eq!((again.before, again.after), (done.after, done.after));
    drop(array);
    assert!(!dir.path().join("a/__ziggurat").exists());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    #[test]
    fn both_ways_of_updating_give_the_same_values(
        codec in prop::sample::select(vec!["none", "zstd:1", "blosc-lz4:1:shuffle"]),
        options in (0..40u32, 0..200u32),
        steps in prop::collection::vec(((0..24u64, 0..24u64), (1..25u64, 1..25u64), 0..4u64, any::<bool>()), 1..30),
    ) {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let element = ElementType::Int16;
        let (slack, garbage) = options;
        let one = create(here.path(), element, 3, codec)
            .with_updates(Updates::InPlace(InPlace { slack, garbage }));
        let two = create(there.path(), element, 3, codec);
        for ((y, x), (h, w), seed, reopen) in steps {
            let region = Region::new([y, x], [h.min(24 - y), w.min(24 - x)]);
            let bytes = noise(region.len(), element, &[0; 2], seed);
            one.write(&region, &bytes).unwrap();
            two.write(&region, &bytes).unwrap();
            let whole = Region::whole(&[24, 24]);
            let expected = two.read(&whole).unwrap();
            prop_assert_eq!(&one.read(&whole).unwrap(), &expected);
            if reopen {
                let other = open(here.path(), IN_PLACE);
                prop_assert_eq!(&other.read(&whole).unwrap(), &expected);
            }
        }
        one.compact().unwrap();
        let object = |dir: &Path| block_on(store(dir).get("a/c/0/0")).unwrap();
        prop_assert_eq!(object(here.path()), object(there.path()), "compact, it is the same file");
    }
}

/// What this program does when it is started by itself: the test named like the role.
const ROLE: &str = "ZIGGURAT_TEST_ROLE";

/// Starts this program again with the one test `test`, which finds `role` in its environment.
fn start(test: &str, role: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(ROLE, role)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

fn updates(name: &str) -> Updates {
    match name {
        "in-place" => IN_PLACE,
        _ => Updates::Rewrite,
    }
}

/// Adds 1 to every element of one block, which only this thread writes.
fn count(array: &Array, block: u64) -> Result<()> {
    let region = Region::of_cell(&[block / 2, block % 2], &[8, 8]);
    let mut values = array.read_values::<i32>(&region)?;
    for value in &mut values {
        *value += 1;
    }
    array.write(&region, bytemuck::cast_slice(&values))
}

const TURNS: i32 = 200;

#[test]
fn counting() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let (mode, rest) = role.split_once(' ').unwrap();
    let (first, dir) = rest.split_once(' ').unwrap();
    let first: u64 = first.parse().unwrap();
    let array = open(Path::new(dir), updates(mode));
    std::thread::scope(|scope| {
        for block in [first, first + 1] {
            let array = &array;
            scope.spawn(move || (0..TURNS).for_each(|_| count(array, block).unwrap()));
        }
    });
}

#[test]
fn no_update_of_four_threads_in_two_processes_is_lost() {
    for modes in [["rewrite"; 2], ["in-place"; 2], ["in-place", "rewrite"]] {
        let dir = tempfile::tempdir().unwrap();
        let array = create(dir.path(), ElementType::Int32, 2, "zstd:1");
        let start = |(i, mode): (usize, &str)| {
            let role = format!("{mode} {} {}", 2 * i, dir.path().display());
            start("in_place::counting", &role)
        };
        let children: Vec<Child> = modes.into_iter().enumerate().map(start).collect();
        for mut child in children {
            assert!(child.wait().unwrap().success(), "{modes:?}");
        }
        let found = array.read_values::<i32>(&Region::whole(&[16, 16])).unwrap();
        assert_eq!(found, [TURNS; 256], "{modes:?}");
        assert!(!dir.path().join("a/__ziggurat").exists());
    }
}

#[test]
fn readers_of_a_superchunk_that_is_updated_see_one_state_of_each_block() {
    let dir = tempfile::tempdir().unwrap();
    let array = create(dir.path(), ElementType::Int32, 4, "none").with_updates(IN_PLACE);
    let whole = Region::whole(&[32, 32]);
    array
        .write(&whole, bytemuck::cast_slice(&[1; 1024]))
        .unwrap();
    let writing = std::sync::atomic::AtomicBool::new(true);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 2..3000i32 {
                let block = u64::from(n.unsigned_abs()) * 7 % 16;
                let region = Region::of_cell(&[block / 4, block % 4], &[8, 8]);
                array
                    .write(&region, bytemuck::cast_slice(&[n; 64]))
                    .unwrap();
            }
            writing.store(false, std::sync::atomic::Ordering::Relaxed);
        });
        for reopens in [false, true] {
            let (writing, dir, whole) = (&writing, dir.path(), &whole);
            scope.spawn(move || {
                let mut reader = open(dir, Updates::Rewrite);
                let mut seen = [0; 16];
                while writing.load(std::sync::atomic::Ordering::Relaxed) {
                    if reopens {
                        reader = open(dir, Updates::Rewrite);
                    }
                    let values = reader.read_values::<i32>(whole).unwrap();
                    for block in 0..16 {
                        let at =
                            |i: usize| values[(block / 4 * 8 + i / 8) * 32 + block % 4 * 8 + i % 8];
                        assert!((0..64).all(|i| at(i) == at(0)), "block {block} is torn");
                        assert!(at(0) >= seen[block], "block {block} went back");
                        assert!(
                            at(0) == 1 || at(0) as usize * 7 % 16 == block,
                            "of another block"
                        );
                        seen[block] = at(0);
                    }
                }
            });
        }
    });
}

/// Sets all elements of blocks in turn to a counter, and notes each when it is done.
#[test]
fn setting() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let (mode, dir) = role.split_once(' ').unwrap();
    let dir = Path::new(dir);
    let array = open(dir, updates(mode));
    let last = std::fs::read_to_string(dir.join("done")).unwrap_or_default();
    for n in last.trim().parse::<i32>().unwrap_or(0) + 1.. {
        let block = u64::from(n.unsigned_abs());
        let region = Region::of_cell(&[block / 4 % 4, block % 4], &[8, 8]);
        // Of different lengths when encoded.
        let mut values = [n; 64];
        for (i, value) in values[..(n as usize * 13) % 64].iter_mut().enumerate() {
            *value = n + ((i as i32 * 31) % 97) * 1_000_000;
        }
        array.write(&region, bytemuck::cast_slice(&values)).unwrap();
        std::fs::write(dir.join("next"), n.to_string()).unwrap();
        std::fs::rename(dir.join("next"), dir.join("done")).unwrap();
    }
}

#[test]
fn whoever_is_killed_leaves_what_was_committed() {
    for mode in ["in-place", "rewrite"] {
        let dir = tempfile::tempdir().unwrap();
        create(dir.path(), ElementType::Int32, 4, "zstd:1");
        let done = || -> i32 {
            let text = std::fs::read_to_string(dir.path().join("done"));
            text.map_or(0, |t| t.parse().unwrap())
        };
        let mut seed = 1u64;
        for round in 0..20 {
            let before = done();
            let role = format!("{mode} {}", dir.path().display());
            let mut child = start("in_place::setting", &role);
            // Once it is at work, it is killed somewhere.
            let begin = Instant::now();
            while done() == before && begin.elapsed() < Duration::from_secs(20) {
                std::thread::sleep(Duration::from_millis(1));
            }
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1);
            std::thread::sleep(Duration::from_micros((seed >> 48) % 20_000));
            child.kill().unwrap();
            child.wait().unwrap();
            let acknowledged = done();
            assert!(acknowledged > before, "{mode}, round {round}");
            let array = open(dir.path(), IN_PLACE);
            let values = array.read_values::<i32>(&Region::whole(&[32, 32])).unwrap();
            for block in 0..16 {
                let at = |i: usize| values[(block / 4 * 8 + i / 8) * 32 + block % 4 * 8 + i % 8];
                let n = at(63) % 1_000_000;
                // The last one that was acknowledged of this block, or the one after it.
                let last = acknowledged - (acknowledged - block as i32).rem_euclid(16);
                assert!(
                    n == last.max(0) || n == acknowledged + 1,
                    "{mode}, round {round}: {n} in block {block} after {acknowledged}"
                );
                for i in 0..64 {
                    assert_eq!(at(i) % 1_000_000, n, "{mode}, round {round}");
                }
            }
        }
        open(dir.path(), Updates::Rewrite)
            .write(&Region::new([0, 0], [1, 1]), &[1; 4])
            .unwrap();
        let left: Vec<_> = ["a", "a/c/0"]
            .iter()
            .flat_map(|d| std::fs::read_dir(dir.path().join(d)).unwrap())
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with("__"))
            .collect();
        assert_eq!(left, [] as [&str; 0]);
    }
}
