//! Arrays: what is written is read, by region, in every shape.

use std::io::Cursor;

use proptest::prelude::*;
use ziggurat_codecs::blosc2::{
    B2nd, Contiguous, Encoder, Metalayers, NdLayout, NdWriter, Place, Sparse, Special,
};
use ziggurat_core::Region;
use ziggurat_core::region::{Window, copy};

use super::support::{array, elements, encoder};

/// Lengths of an array, a chunk and a block, and start and length of a region.
type Dimension = (u64, u64, u64, (u64, u64));

/// Shapes of an array, its chunks, its blocks, and a region of it.
fn shapes() -> impl Strategy<Value = (Vec<u64>, Vec<u64>, Vec<u64>, Region)> {
    let dimension = (1..20u64, 1..9u64).prop_flat_map(|(shape, chunk)| {
        let region = (0..shape).prop_flat_map(move |start| (Just(start), 0..=shape - start));
        (Just(shape), Just(chunk), 1..=chunk, region)
    });
    prop::collection::vec(dimension, 0..5).prop_map(|all| {
        let of = |f: fn(&Dimension) -> u64| all.iter().map(f).collect::<Vec<_>>();
        let region = Region::new(of(|d| d.3.0), of(|d| d.3.1));
        (of(|d| d.0), of(|d| d.1), of(|d| d.2), region)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn whatever_is_written_is_read(
        (shape, chunk, block, region) in shapes(),
        (encoder, typesize) in (1..=16usize).prop_flat_map(|t| (encoder(t), Just(t))),
        seed: u64,
    ) {
        let layout = NdLayout::new(&shape, &chunk, &block, Some("|V1"))?;
        let whole = Region::whole(&shape);
        let data = elements(whole.len() as usize, typesize, seed);
        let read = B2nd::open_source(array(&layout, &encoder, &data))?;
        prop_assert_eq!(read.layout(), &layout);
        prop_assert_eq!(&read.read(&whole)?, &data);

        let mut expected = vec![0; region.len() as usize * typesize];
        let origin = vec![0; shape.len()];
        copy(
            &region.shape,
            typesize,
            &data,
            Window { shape: &shape, start: &region.start },
            &mut expected,
            Window { shape: &region.shape, start: &origin },
        );
        prop_assert_eq!(read.read(&region)?, expected);
    }

    #[test]
    fn blocks_are_arranged_forth_and_back((shape, chunk, block, _) in shapes(), seed: u64) {
        let layout = NdLayout::new(&chunk, &chunk, &block, None)?;
        let data = elements(Region::whole(&chunk).len() as usize, 3, seed);
        let blocks = layout.to_blocks(&vec![0; shape.len()], 3, &data)?;
        prop_assert_eq!(layout.from_blocks(3, &blocks)?, data);
    }
}

#[test]
fn an_empty_array_has_no_chunks() {
    let layout = NdLayout::new(&[0, 5], &[2, 2], &[1, 1], Some("<f8")).unwrap();
    let file = array(&layout, &Encoder::new(8).unwrap(), &[]);
    let read = B2nd::open_source(file).unwrap();
    assert_eq!(read.frame().header().chunks(), 0);
    assert!(read.read(&Region::whole(&[0, 5])).unwrap().is_empty());
}

#[test]
fn chunks_of_one_value_take_no_place() {
    let layout = NdLayout::new(&[8], &[2], &[2], Some("<f4")).unwrap();
    let values = [0.0, 0.0, f32::NAN, f32::NAN, 3.0, 3.0, 1.0, 2.0f32];
    let data: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let read = B2nd::open_source(array(&layout, &Encoder::new(4).unwrap(), &data)).unwrap();
    assert!(matches!(
        read.frame().places(),
        [
            Place::Nowhere(Special::Zeros),
            Place::Nowhere(Special::Nan),
            Place::At(0),
            Place::At(36),
        ]
    ));
    assert_eq!(read.read(&Region::whole(&[8])).unwrap(), data);
}

#[test]
fn a_directory_reads_as_a_file_does() {
    let scratch = tempfile::tempdir().unwrap();
    let layout = NdLayout::new(&[40, 30], &[16, 16], &[8, 5], None).unwrap();
    let encoder = Encoder::new(2).unwrap();
    let data = elements(1200, 2, 5);
    let mut more = Metalayers::default();
    more.set("unit", *b"\xa1K").unwrap();
    let mut vlmeta = Metalayers::default();
    vlmeta.set("note", vec![0xa0; 5000]).unwrap();

    let directory = scratch.path().join("array.b2nd");
    let target = Sparse::create(&directory).unwrap();
    let mut sparse = NdWriter::new(target, layout.clone(), encoder, &more).unwrap();
    let target = Contiguous::new(Cursor::new(Vec::new()));
    let mut contiguous = NdWriter::new(target, layout, encoder, &more).unwrap();
    sparse.push_array(&data).unwrap();
    contiguous.push_array(&data).unwrap();
    sparse.finish(&vlmeta).unwrap();
    let file = contiguous.finish(&vlmeta).unwrap().into_inner();

    for read in [
        B2nd::open(&directory).unwrap(),
        B2nd::open_source(file).unwrap(),
    ] {
        assert_eq!(read.read(&Region::whole(&[40, 30])).unwrap(), data);
        assert_eq!(read.layout().name(), "caterva");
        let frame = read.frame();
        assert_eq!(frame.header().metalayers.get("unit"), Some(&b"\xa1K"[..]));
        assert_eq!(frame.vlmetalayer("note").unwrap(), [0xa0; 5000]);
    }
    assert!(Sparse::create(&directory).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_resized_array_keeps_what_it_can(
        (shapes, chunk, block) in prop::collection::vec(
            (prop::array::uniform3(0..12u64), 1..6u64)
                .prop_flat_map(|(n, chunk)| (Just(n), Just(chunk), 1..=chunk)),
            1..4,
        )
        .prop_map(|all| {
            let of = |i: usize| all.iter().map(|d| d.0[i]).collect::<Vec<u64>>();
            let chunk = all.iter().map(|d| d.1).collect::<Vec<u64>>();
            ([of(0), of(1), of(2)], chunk, all.iter().map(|d| d.2).collect::<Vec<u64>>())
        }),
        sparse: bool,
    ) {
        let size = 2;
        let layout = NdLayout::new(&shapes[0], &chunk, &block, Some("<i2"))?;
        let encoder = Encoder::new(size)?;
        let mut data: Vec<u8> = (1..=Region::whole(&shapes[0]).len() as u16)
            .flat_map(u16::to_le_bytes)
            .collect();
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("array");
        if sparse {
            let target = Sparse::create(&path)?;
            let mut writer = NdWriter::new(target, layout, encoder, &Metalayers::default())?;
            writer.push_array(&data)?;
            writer.finish(&Metalayers::default())?;
        } else {
            std::fs::write(&path, array(&layout, &encoder, &data)).unwrap();
        }
        for pair in shapes.windows(2) {
            let [before, after] = pair else { unreachable!() };
            B2nd::open(&path)?.resize(after)?.apply(&path)?;
            let mut expected = vec![0; Region::whole(after).len() as usize * size];
            if let Some(kept) = Region::whole(before).intersect(&Region::whole(after)) {
                let at = |shape| Window { shape, start: &kept.start };
                copy(&kept.shape, size, &data, at(before), &mut expected, at(after));
            }
            let read = B2nd::open(&path)?;
            prop_assert_eq!(read.layout().shape(), &after[..]);
            prop_assert_eq!(&read.read(&Region::whole(after))?, &expected);
            data = expected;
        }
        if sparse {
            let frame = B2nd::open(&path)?;
            let stored = frame.frame().places().iter().filter(|p| matches!(p, Place::At(_)));
            prop_assert_eq!(stored.count() + 1, std::fs::read_dir(&path).unwrap().count());
        }
    }
}

#[test]
fn requests_that_make_no_sense_are_refused() {
    assert!(NdLayout::new(&[4], &[2, 2], &[2], None).is_err());
    assert!(NdLayout::new(&[4], &[2], &[3], None).is_err());
    assert!(NdLayout::new(&[4], &[0], &[0], None).is_err());
    assert!(NdLayout::new(&[4; 16], &[2; 16], &[1; 16], None).is_err());
    assert!(NdLayout::new(&[u64::MAX], &[2], &[1], None).is_err());
    let layout = NdLayout::new(&[4], &[2], &[1], None).unwrap();
    let encoder = Encoder::new(1).unwrap();
    let read = B2nd::open_source(array(&layout, &encoder, &[1, 2, 3, 4])).unwrap();
    assert!(read.read(&Region::new([3], [2])).is_err());
    assert!(read.read(&Region::new([u64::MAX], [2])).is_err());
    assert!(read.read(&Region::new([0, 0], [1, 1])).is_err());
    assert!(read.read_into(&Region::new([0], [2]), &mut [0]).is_err());
    let target = Contiguous::new(Cursor::new(Vec::new()));
    let writer = NdWriter::new(target, layout, encoder, &Metalayers::default()).unwrap();
    assert!(writer.finish(&Metalayers::default()).is_err());
}
