//! Changes an array at random and prints each change, so that other software can tell what it should hold.
//!
//! `written STORE SEED LAYOUT CODEC TYPE`, where LAYOUT is `end`, `start` (of the shard index) or
//! `unsharded`. Each line is one change in JSON; `tag` stands for the elements of a region: element
//! (i, j) of it is `tag + 7 i + 3 j`.

use std::sync::Arc;

use serde_json::{Value, json};
use ziggurat_core::codec::CodecSpec;
use ziggurat_core::layout::Layout;
use ziggurat_core::store::LocalStore;
use ziggurat_core::{
    Array, ArrayMetadata, ElementType, Error, Region, Result, Scalar, WriterOptions,
};

const CHANGES: u64 = 60;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [root, seed, layout, codec, element] = arguments.as_slice() else {
        let usage = "written STORE SEED LAYOUT CODEC TYPE";
        return Err(Error::caller("arguments", usage));
    };
    let seed = seed.bytes().fold(1, |n: u64, b| n * 31 + u64::from(b));
    let mut random = Random(seed);
    let mut array = create(root, layout, codec, element.parse()?)?;
    for _ in 0..CHANGES {
        change(&mut array, &mut random)?;
    }
    let mut writer = array.writer(WriterOptions { bytes: 4000 });
    for i in 0..CHANGES {
        let shape = writer.array().shape().to_vec();
        if i % 3 == 0 {
            let region = random.region(&shape);
            let tag = random.below(1000);
            writer.write(&region, &elements(writer.array(), &region, tag))?;
            say(&json!({"write": [region.start, region.shape], "tag": tag}));
        } else {
            let (region, tag) = (Region::new([0, 0], [1, shape[1]]), random.below(1000));
            writer.append(0, &elements(writer.array(), &region, tag))?;
            say(&json!({"append": [0, 1], "tag": tag}));
        }
    }
    writer.sync()
}

fn create(root: &str, layout: &str, codec: &str, element: ElementType) -> Result<Array> {
    let codec: CodecSpec = codec.parse()?;
    let shape = match layout {
        "unsharded" => Layout::unsharded(&[4, 5])?,
        _ => Layout::sharded(&[16, 20], &[8, 10], &[4, 5])?,
    };
    let fill = Scalar::Int(1).to_element(element).unwrap_or_default();
    let mut metadata = ArrayMetadata::new(&[30, 33], element, &fill, shape, &codec);
    metadata.index_at_end = layout != "start";
    Array::create(Arc::new(LocalStore::new(root)), "", metadata)
}

fn change(array: &mut Array, random: &mut Random) -> Result<()> {
    let shape = array.shape().to_vec();
    let region = random.region(&shape);
    let place = json!([region.start, region.shape]);
    let tag = random.below(1000);
    match random.below(8) {
        0 => {
            let shape = [1 + random.below(50), 1 + random.below(50)];
            array.resize(&shape)?;
            say(&json!({"resize": shape}));
        }
        1 => {
            let d = usize::from(random.below(2) == 1);
            let count = 1 + random.below(9);
            let mut taken = Region::whole(&shape);
            taken.shape[d] = count;
            array.append(d, &elements(array, &taken, tag))?;
            say(&json!({"append": [d, count], "tag": tag}));
        }
        2 => {
            array.erase(&region)?;
            say(&json!({"erase": place}));
        }
        3 => {
            let one = Region::new([0, 0], [1, 1]);
            array.fill(&region, &elements(array, &one, tag))?;
            say(&json!({"fill": place, "tag": tag}));
        }
        _ => {
            array.write(&region, &elements(array, &region, tag))?;
            say(&json!({"write": place, "tag": tag}));
        }
    }
    Ok(())
}

/// The elements of a region for which `tag` stands.
fn elements(array: &Array, region: &Region, tag: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    for index in Region::whole(&region.shape).indices() {
        let value = Scalar::UInt(tag + 7 * index[0] + 3 * index[1]);
        bytes.extend(value.to_element(array.element()).unwrap_or_default());
    }
    bytes
}

fn say(change: &Value) {
    println!("{change}");
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1);
        (self.0 >> 33) % n
    }

    fn region(&mut self, shape: &[u64]) -> Region {
        let start: Vec<u64> = shape.iter().map(|&n| self.below(n)).collect();
        let lengths = start.iter().zip(shape);
        let lengths: Vec<u64> = lengths.map(|(s, n)| 1 + self.below(n - s)).collect();
        Region::new(start, lengths)
    }
}
