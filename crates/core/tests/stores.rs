//! What every store must do, whatever lies behind it.

use bytes::Bytes;
use ziggurat_core::Error;
use ziggurat_core::exec::block_on;
use ziggurat_core::store::{
    ByteRange, Durability, Expected, Fetched, LocalStore, ObjectBackend, Store,
};

use ByteRange::{Bounded, Suffix};

fn put(store: &dyn Store, key: &str, bytes: &'static str) {
    block_on(store.put(key, bytes.into())).unwrap();
}

fn get(store: &dyn Store, key: &str) -> Option<Bytes> {
    block_on(store.get(key)).unwrap()
}

fn ranges(store: &dyn Store, key: &str, ranges: &[ByteRange]) -> Option<Vec<Bytes>> {
    match block_on(store.get_ranges(key, ranges, None)).unwrap() {
        Fetched::Absent => None,
        Fetched::Changed => panic!("no version was asked for"),
        Fetched::Ranges(version, parts) => {
            assert_eq!(block_on(store.version(key)).unwrap(), Some(version));
            Some(parts)
        }
    }
}

fn listed(store: &dyn Store, prefix: &str) -> Vec<String> {
    let mut keys = block_on(store.list(prefix)).unwrap();
    keys.sort();
    keys
}

fn listed_dir(store: &dyn Store, prefix: &str) -> Vec<String> {
    block_on(store.list_dir(prefix)).unwrap()
}

/// The contract of [`Store`], on an empty one.
fn conforms(store: &dyn Store) {
    objects(store);
    byte_ranges(store);
    listing(store);
    deleting(store);
    odd_names(store);
    versions(store);
    conditional_writes(store);
    streams(store);
}

fn objects(store: &dyn Store) {
    assert_eq!(get(store, "a/b"), None);
    assert_eq!(block_on(store.size("a/b")).unwrap(), None);
    put(store, "a/b", "first");
    assert_eq!(get(store, "a/b").unwrap(), "first");
    put(store, "a/b", "2nd");
    assert_eq!(get(store, "a/b").unwrap(), "2nd", "replaced as a whole");
    assert_eq!(block_on(store.size("a/b")).unwrap(), Some(3));
    // A prefix is no object, and nothing lies below an object.
    assert_eq!(get(store, "a"), None);
    assert_eq!(block_on(store.size("a")).unwrap(), None);
    assert_eq!(get(store, "a/b/c"), None);
    put(store, "empty", "");
    assert_eq!(get(store, "empty").unwrap(), "");
    assert_eq!(block_on(store.size("empty")).unwrap(), Some(0));
    assert!(store.place("a/b").ends_with("a/b"));
}

fn versions(store: &dyn Store) {
    assert_eq!(block_on(store.version("v")).unwrap(), None);
    put(store, "v", "one");
    let first = block_on(store.version("v")).unwrap().unwrap();
    assert_eq!(first.size(), 3);
    let asked = [Bounded {
        offset: 1,
        length: 2,
    }];
    let read = |known| block_on(store.get_ranges("v", &asked, Some(known))).unwrap();
    assert!(matches!(read(&first), Fetched::Ranges(v, parts) if v == first && parts == ["ne"]));
    put(store, "v", "two");
    assert!(matches!(read(&first), Fetched::Changed));
    block_on(store.delete("v")).unwrap();
    assert!(!matches!(read(&first), Fetched::Ranges(..)));
}

fn conditional_writes(store: &dyn Store) {
    let parts = ["ab".into(), Bytes::new(), "c".into()];
    let put_if = |expected: &Expected| block_on(store.put_if("w/0", &parts, expected)).unwrap();
    let first = put_if(&Expected::Absent).expect("nothing was there");
    assert_eq!(get(store, "w/0").unwrap(), "abc");
    assert_eq!(block_on(store.version("w/0")).unwrap(), Some(first.clone()));
    assert_eq!(put_if(&Expected::Absent), None);
    let second = put_if(&Expected::Version(first.clone())).expect("as expected");
    assert_ne!(first, second);
    assert_eq!(put_if(&Expected::Version(first.clone())), None, "outdated");
    assert!(put_if(&Expected::Any).is_some());
    let outdated = Expected::Version(first);
    assert!(!block_on(store.delete_if("w/0", &outdated)).unwrap());
    assert!(!block_on(store.delete_if("w/0", &Expected::Absent)).unwrap());
    let present = block_on(store.version("w/0")).unwrap().unwrap();
    assert!(block_on(store.delete_if("w/0", &Expected::Version(present))).unwrap());
    assert_eq!(get(store, "w/0"), None);
    assert!(block_on(store.delete_if("w/0", &Expected::Any)).unwrap());
}

fn streams(store: &dyn Store) {
    put(store, "s/0", "0123456789");
    let seen = block_on(store.version("s/0")).unwrap().unwrap();
    let create = || block_on(store.create("s/0")).unwrap();
    let mut writer = create();
    block_on(writer.write(&["a".into(), "b".into()])).unwrap();
    assert!(block_on(writer.copy(&seen, 2..5)).unwrap());
    block_on(writer.write(&["c".into()])).unwrap();
    assert!(block_on(writer.copy(&seen, 0..1)).unwrap());
    assert_eq!(get(store, "s/0").unwrap(), "0123456789", "not finished");
    let expected = Expected::Version(seen.clone());
    assert!(block_on(writer.finish(&expected)).unwrap().is_some());
    assert_eq!(get(store, "s/0").unwrap(), "ab234c0");
    assert!(!block_on(create().copy(&seen, 0..1)).unwrap(), "outdated");
    let mut abandoned = create();
    block_on(abandoned.write(&["x".into()])).unwrap();
    drop(abandoned);
    assert_eq!(get(store, "s/0").unwrap(), "ab234c0");
    block_on(store.delete("s/0")).unwrap();
    assert!(!block_on(create().copy(&seen, 0..1)).unwrap(), "gone");
    assert_eq!(listed(store, "s"), Vec::<String>::new());
}

fn byte_ranges(store: &dyn Store) {
    put(store, "r", "0123456789");
    let bounded = |offset, length| Bounded { offset, length };
    let asked = [
        bounded(7, 3),
        bounded(0, 4),
        Suffix { length: 2 },
        Suffix { length: 99 },
        bounded(2, 0),
        bounded(10, 0),
    ];
    let found = ranges(store, "r", &asked).unwrap();
    assert_eq!(found, ["789", "0123", "89", "0123456789", "", ""]);
    assert_eq!(ranges(store, "r", &[]), Some(Vec::new()));
    assert_eq!(
        ranges(store, "empty", &[Suffix { length: 4 }]).unwrap(),
        [""]
    );
    for beyond in [
        bounded(7, 4),
        bounded(10, 1),
        bounded(11, 0),
        bounded(100, 1),
        bounded(u64::MAX, 2),
        bounded(0, u64::MAX),
    ] {
        let error = block_on(store.get_ranges("r", &[bounded(0, 1), beyond], None)).unwrap_err();
        assert!(matches!(error, Error::Data { .. }), "{beyond:?}: {error:?}");
        assert!(error.to_string().contains(&store.place("r")), "{error}");
    }
    for asked in [bounded(0, 4), bounded(0, 0), Suffix { length: 1 }] {
        assert_eq!(ranges(store, "missing", &[asked]), None, "{asked:?}");
    }
    assert_eq!(ranges(store, "missing", &[]), None);
    assert_eq!(ranges(store, "a", &[bounded(0, 1)]), None, "a prefix");
}

fn listing(store: &dyn Store) {
    for key in ["l/z", "l/b/2", "l/b/10", "l/b/c/d", "lb/x"] {
        put(store, key, "x");
    }
    assert_eq!(listed(store, "l"), ["l/b/10", "l/b/2", "l/b/c/d", "l/z"]);
    assert_eq!(listed(store, "l/b"), ["l/b/10", "l/b/2", "l/b/c/d"]);
    assert_eq!(listed_dir(store, "l"), ["b", "z"]);
    assert_eq!(listed_dir(store, "l/b"), ["10", "2", "c"], "sorted");
    assert_eq!(listed_dir(store, ""), ["a", "empty", "l", "lb", "r"]);
    assert_eq!(listed(store, "nothing"), Vec::<String>::new());
    assert_eq!(listed_dir(store, "nothing"), Vec::<String>::new());
    assert!(listed(store, "").len() >= 7);
}

fn deleting(store: &dyn Store) {
    put(store, "d/1", "x");
    put(store, "d/2/3", "x");
    put(store, "d/2/4", "x");
    put(store, "d2", "x");
    block_on(store.delete("d/1")).unwrap();
    block_on(store.delete("d/1")).unwrap();
    block_on(store.delete("d/never/was")).unwrap();
    assert_eq!(listed(store, "d"), ["d/2/3", "d/2/4"]);
    block_on(store.delete_prefix("d")).unwrap();
    block_on(store.delete_prefix("d")).unwrap();
    assert_eq!(listed(store, "d"), Vec::<String>::new());
    assert_eq!(get(store, "d2").unwrap(), "x", "no key below the prefix");
}

fn odd_names(store: &dyn Store) {
    let names = [
        "with space",
        "höhe ü NN",
        "高度",
        "50%",
        "%41",
        "a#b?c&d",
        "c:~[1]{2}|`^\"<>*",
        "..x",
        ".zattrs",
    ];
    for name in names {
        let key = format!("odd/{name}/0");
        block_on(store.put(&key, Bytes::from(name.to_owned()))).unwrap();
    }
    let mut sorted = names.map(str::to_owned).to_vec();
    sorted.sort();
    assert_eq!(listed_dir(store, "odd"), sorted);
    let mut keys = sorted.clone();
    for name in &mut keys {
        *name = format!("odd/{name}/0");
    }
    assert_eq!(listed(store, "odd"), keys);
    for (key, name) in keys.iter().zip(&sorted) {
        assert_eq!(get(store, key).unwrap(), name, "{key}");
    }
    block_on(store.delete_prefix("odd")).unwrap();
    assert_eq!(listed(store, "odd"), Vec::<String>::new());
    // What is not decoded twice.
    assert_eq!(get(store, "odd/A/0"), None);
}

#[test]
fn a_directory_conforms() {
    let dir = tempfile::tempdir().unwrap();
    // The root comes into being with the first object.
    conforms(&LocalStore::new(dir.path().join("new").join("store")));
}

#[test]
fn memory_conforms() {
    conforms(&ObjectBackend::memory());
}

#[test]
fn a_directory_replaces_atomically() {
    let dir = tempfile::tempdir().unwrap();
    let store = LocalStore::new(dir.path());
    let bytes = |i: usize| Bytes::from(vec![b'a' + (i % 2) as u8; 1 << (10 + 6 * (i % 2))]);
    block_on(store.put("k", bytes(0))).unwrap();
    std::thread::scope(|scope| {
        for writer in 0..2 {
            let store = &store;
            scope.spawn(move || {
                for i in 0..100 {
                    block_on(store.put("k", bytes(i + writer))).unwrap();
                }
            });
        }
        for _ in 0..300 {
            let seen = get(&store, "k").unwrap();
            assert!(seen == bytes(0) || seen == bytes(1), "{}", seen.len());
        }
    });
    let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "temporary files are gone");
}

#[test]
fn a_directory_that_cannot_be_written_says_which() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file"), "x").unwrap();
    let store = LocalStore::new(dir.path());
    let error = block_on(store.put("file/key", "x".into())).unwrap_err();
    assert!(error.to_string().contains("file"), "{error}");
    assert_eq!(get(&store, "file/key"), None);
}

#[test]
fn files_that_are_being_written_are_no_keys() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("__tmp-1-1"), "half").unwrap();
    let store = LocalStore::new(dir.path());
    assert_eq!(listed(&store, ""), Vec::<String>::new());
    assert_eq!(listed_dir(&store, ""), Vec::<String>::new());
}

fn names(dir: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = entries
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn files_of_dead_writers_are_swept_and_those_of_live_ones_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let store = LocalStore::new(dir.path());
    let mut live = block_on(store.create("k")).unwrap();
    block_on(live.write(&["half".into()])).unwrap();
    std::fs::write(dir.path().join("__tmp-1-1"), "dead").unwrap();
    // Another process would open the store anew.
    put(&LocalStore::new(dir.path()), "other", "x");
    let left = names(dir.path());
    assert_eq!(left.len(), 2, "{left:?}");
    block_on(live.finish(&Expected::Any)).unwrap().unwrap();
    assert_eq!(names(dir.path()), ["k", "other"]);
    assert_eq!(get(&store, "k").unwrap(), "half");
}

#[test]
fn versions_of_equal_length_never_look_alike() {
    let dir = tempfile::tempdir().unwrap();
    let store = LocalStore::new(dir.path()).with_durability(Durability::Process);
    let mut seen = Vec::new();
    for _ in 0..500 {
        put(&store, "k", "same");
        let version = block_on(store.version("k")).unwrap().unwrap();
        assert!(!seen.contains(&version), "{version:?}");
        seen.push(version);
    }
    // However the clock was set when the file was written that is replaced.
    let future = std::time::SystemTime::now() + std::time::Duration::from_hours(1);
    let file = std::fs::File::options()
        .write(true)
        .open(dir.path().join("k"));
    file.unwrap().set_modified(future).unwrap();
    put(&store, "k", "same");
    let meta = std::fs::metadata(dir.path().join("k")).unwrap();
    assert!(meta.modified().unwrap() > future);
}

#[cfg(unix)]
#[test]
fn links_are_followed_but_not_in_circles() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    let store = LocalStore::new(dir.path().join("s"));
    put(&store, "a/0", "x");
    put(&LocalStore::new(dir.path().join("elsewhere")), "0", "y");
    let at = |name: &str| dir.path().join("s").join(name);
    symlink(dir.path().join("elsewhere"), at("b")).unwrap();
    symlink("../a", at("a/self")).unwrap();
    symlink("..", at("a/up")).unwrap();
    symlink(at("a"), dir.path().join("elsewhere/back")).unwrap();
    symlink("nowhere", at("broken")).unwrap();
    symlink("a/0", at("file")).unwrap();
    assert_eq!(listed_dir(&store, ""), ["a", "b", "file"]);
    let keys = listed(&store, "");
    assert!(
        keys.contains(&"b/0".to_owned()) && keys.contains(&"file".to_owned()),
        "{keys:?}"
    );
    assert!(keys.len() < 10, "{keys:?}");
    for key in keys {
        assert!(get(&store, &key).is_some(), "{key}");
    }
}
