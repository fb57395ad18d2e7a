//! Whatever is done to an array, both faces hold the same.

use proptest::prelude::*;
use ziggurat_core::region::{Window, copy};
use ziggurat_core::{Array, ElementType, Error, Region, WriterOptions};

use super::support::{assert_faces, create, example, metadata, object, part, reopen};

const ELEMENTS: [ElementType; 9] = [
    ElementType::Bool,
    ElementType::UInt8,
    ElementType::Int16,
    ElementType::Float16,
    ElementType::Float32,
    ElementType::UInt32,
    ElementType::Float64,
    ElementType::Complex64,
    ElementType::Complex128,
];

/// What is done to an array. Numbers are brought into the range that the array has then.
#[derive(Clone, Debug)]
enum Step {
    Write([u64; 4], Kind, u64),
    Erase([u64; 4]),
    Append(usize, u64, Kind, u64),
    Resize([u64; 2]),
    Compact,
    Clean,
    /// Appends through a writer that holds little.
    Writer(u64, Kind, u64),
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Noise,
    Ramp,
    Fill,
    Zero,
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        Just(Kind::Noise),
        Just(Kind::Ramp),
        Just(Kind::Fill),
        Just(Kind::Zero)
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let numbers = || prop::array::uniform4(any::<u64>());
    prop_oneof![
        4 => (numbers(), kind(), any::<u64>()).prop_map(|(n, k, s)| Step::Write(n, k, s)),
        1 => numbers().prop_map(Step::Erase),
        2 => (0..2_usize, 1..9_u64, kind(), any::<u64>())
            .prop_map(|(d, n, k, s)| Step::Append(d, n, k, s)),
        2 => prop::array::uniform2(1..40_u64).prop_map(Step::Resize),
        1 => Just(Step::Compact),
        1 => Just(Step::Clean),
        1 => (1..5_u64, kind(), any::<u64>()).prop_map(|(n, k, s)| Step::Writer(n, k, s)),
    ]
}

/// An array and what it should hold.
struct Model {
    array: Array,
    elements: Vec<u8>,
}

impl Model {
    fn bytes(&self, count: u64, kind: Kind, mut seed: u64) -> Vec<u8> {
        let size = self.array.element().size();
        let fill = &self.array.metadata().fill;
        let elements = (0..count).flat_map(|i| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1);
            match kind {
                Kind::Noise => {
                    (u128::from(seed) * 0x9E37_79B9_7F4A_7C15).to_le_bytes()[..size].to_vec()
                }
                Kind::Ramp => u128::from(i / 3).to_le_bytes()[..size].to_vec(),
                Kind::Fill => fill.clone(),
                Kind::Zero => vec![0; size],
            }
        });
        elements.collect()
    }

    fn region(&self, numbers: [u64; 4]) -> Region {
        let shape = self.array.shape();
        let start: Vec<u64> = (0..2).map(|d| numbers[d] % shape[d]).collect();
        let lengths = (0..2).map(|d| 1 + numbers[d + 2] % (shape[d] - start[d]));
        Region::new(start.clone(), lengths.collect::<Vec<_>>())
    }

    fn set(&mut self, region: &Region, bytes: &[u8]) {
        let (origin, size) = (vec![0; 2], self.array.element().size());
        let from = Window {
            shape: &region.shape,
            start: &origin,
        };
        let to = Window {
            shape: self.array.shape(),
            start: &region.start,
        };
        copy(&region.shape, size, bytes, from, &mut self.elements, to);
    }

    /// Brings the elements to the shape of the array.
    fn reshape(&mut self, before: &[u64]) {
        let shape = self.array.shape().to_vec();
        let size = self.array.element().size();
        let common = Region::whole(before).intersect(&Region::whole(&shape));
        let old = std::mem::take(&mut self.elements);
        let count: u64 = shape.iter().product();
        self.elements = self.array.metadata().fill.repeat(count as usize);
        if let Some(common) = common {
            let kept = part(&old, size, before, &common);
            self.set(&common, &kept);
        }
    }

    fn apply(&mut self, step: &Step) {
        let before = self.array.shape().to_vec();
        match step {
            Step::Write(numbers, kind, seed) => {
                let region = self.region(*numbers);
                let bytes = self.bytes(region.len(), *kind, *seed);
                self.array.write(&region, &bytes).unwrap();
                self.set(&region, &bytes);
            }
            Step::Erase(numbers) => {
                let region = self.region(*numbers);
                self.array.erase(&region).unwrap();
                let bytes = self.bytes(region.len(), Kind::Fill, 0);
                self.set(&region, &bytes);
            }
            Step::Append(d, n, kind, seed) => {
                let bytes = self.bytes(n * before[1 - d], *kind, *seed);
                let region = self.array.append(*d, &bytes).unwrap();
                self.reshape(&before);
                self.set(&region, &bytes);
            }
            Step::Resize(shape) => {
                self.array.resize(shape).unwrap();
                self.reshape(&before);
            }
            Step::Compact => {
                let done = self.array.compact().unwrap();
                assert_eq!(done.before, done.after, "frames have no gaps");
            }
            Step::Clean => {
                self.array.clean().unwrap();
            }
            Step::Writer(n, kind, seed) => {
                let bytes = self.bytes(before[1], *kind, *seed);
                let mut writer = reopen(&self.array).writer(WriterOptions { bytes: 2000 });
                for _ in 0..*n {
                    writer.append(0, &bytes).unwrap();
                }
                writer.flush().unwrap();
                self.array.refresh().unwrap();
                self.reshape(&before);
                let region = Region::new([before[0], 0], [*n, before[1]]);
                self.set(&region, &bytes.repeat(*n as usize));
            }
        }
    }
}

fn fill_of(element: ElementType, choice: usize) -> Vec<u8> {
    let size = element.size();
    match (choice, element) {
        (0, _) => vec![0; size],
        (_, ElementType::Bool) => vec![1],
        (1, ElementType::Float16) => vec![0, 0x7e],
        (1, ElementType::Float32 | ElementType::Complex64) => {
            f32::NAN.to_le_bytes().repeat(size / 4)
        }
        (1, ElementType::Float64 | ElementType::Complex128) => {
            f64::NAN.to_le_bytes().repeat(size / 8)
        }
        (1, _) => vec![0xff; size],
        _ => (1..=size as u8).collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn both_faces_hold_what_was_written(
        element in prop::sample::select(&ELEMENTS[..]),
        fill in 0..3_usize,
        block in prop::array::uniform2(1..7_u64),
        times in prop::array::uniform4(1..4_u64),
        shape in prop::array::uniform2(1..40_u64),
        steps in prop::collection::vec(step(), 1..10),
    ) {
        let chunk = [block[0] * times[0], block[1] * times[1]];
        let superchunk = [chunk[0] * times[2], chunk[1] * times[3]];
        let fill = fill_of(element, fill);
        let metadata = metadata(&shape, element, &fill, [&superchunk, &chunk, &block]);
        let array = match create(metadata) {
            Err(Error::Unsupported { .. }) => return Err(TestCaseError::reject("a block too small")),
            array => array.unwrap(),
        };
        let elements = fill.repeat((shape[0] * shape[1]) as usize);
        let mut model = Model { array, elements };
        for step in &steps {
            model.apply(step);
            assert_faces(&reopen(&model.array), &model.elements);
        }
    }
}

#[test]
fn unchanged_blocks_stay_as_they_are_encoded() {
    let (array, mut elements) = example();
    let stored = |array: &Array| {
        let object = object(array, &[0, 0]).unwrap();
        let index = array.index_of("", &object).unwrap();
        let block = |i| {
            index
                .get(i)
                .map(|(at, n)| object.slice(at as usize..(at + n) as usize))
        };
        (0..16).map(block).collect::<Vec<_>>()
    };
    let before = stored(&array);
    array.write(&Region::new([0, 0], [1, 1]), &[1, 2]).unwrap();
    elements[..2].copy_from_slice(&[1, 2]);
    assert_faces(&array, &elements);
    let after = stored(&array);
    assert_ne!(before[0], after[0]);
    assert_eq!(before[1..], after[1..]);
}

#[test]
fn no_encoding_is_as_long_as_its_block() {
    let shapes: [&[u64]; 3] = [&[512], &[256], &[256]];
    let array = create(metadata(&[512], ElementType::UInt8, &[0], shapes)).unwrap();
    let mut state = 1_u64;
    let mut noise = vec![0; 256];
    let mut met = 0;
    for zeros in 0..40 {
        for byte in &mut noise {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
            *byte = (state >> 40) as u8;
        }
        noise[..zeros].fill(0);
        let encoded = array.codec().encode("", &noise).unwrap().unwrap();
        assert_ne!(encoded.len(), 256);
        // The flag of a checksum, which the codec does not ask for.
        met += usize::from(encoded[4] & 4 != 0);
        array.write(&Region::whole(&[256]), &noise).unwrap();
        assert_faces(&array, &[&noise[..], &[0; 256]].concat());
    }
    assert!(met > 0, "one would have been as long");
}

#[test]
fn blocks_beyond_the_array_are_kept() {
    let (mut array, elements) = example();
    // Another enlarges the array and writes there; this handle does not know.
    let mut other = reopen(&array);
    other.resize(&[20, 32]).unwrap();
    let more = [1, 2, 3, 4];
    for row in 0..20 {
        other.write(&Region::new([row, 30], [1, 2]), &more).unwrap();
    }
    array
        .write(&Region::new([0, 29], [1, 1]), &elements[58..60])
        .unwrap();
    array.refresh().unwrap();
    assert_eq!(array.read(&Region::new([7, 30], [1, 2])).unwrap(), more);
    array.compact().unwrap();
    let rows = elements.chunks(60).flat_map(|row| [row, &more].concat());
    assert_faces(&array, &rows.collect::<Vec<u8>>());
}
