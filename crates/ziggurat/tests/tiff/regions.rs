//! Parts of a file, and what of it is stored.

use ziggurat::source::Source;
use ziggurat_core::Region;

use super::open;

#[test]
fn any_region_is_part_of_the_whole() {
    for name in [
        "tile_pixel_be_pred2.tif",
        "tile_zstd_pred2_planar.tif",
        "strip_lzw_pred2.tif",
    ] {
        let source = open(name);
        let variable = &source.variables()[0];
        let shape = variable.shape();
        let size = variable.element.size();
        let whole = source.read(0, &Region::whole(&shape)).unwrap();
        for (start, extent) in [
            ([0, 0, 0], [1, 1, 1]),
            ([1, 5, 3], [2, 13, 17]),
            ([2, 15, 0], [1, 4, 21]),
            ([0, 18, 20], [3, 1, 1]),
            ([0, 3, 3], [2, 0, 4]),
        ] {
            let region = Region::new(start, extent);
            let mut expected = Vec::new();
            for index in region.indices() {
                let at = usize::try_from(ziggurat_core::region::offset(&index, &shape)).unwrap();
                expected.extend_from_slice(&whole[at * size..][..size]);
            }
            assert_eq!(
                source.read(0, &region).unwrap(),
                expected,
                "{name} {region}"
            );
        }
    }
}

#[test]
fn threads_share_a_file() {
    let source = open("strip_lzw_pred2.tif");
    let shape = source.variables()[0].shape();
    let row = |y| Region::new([0, y, 0], [shape[0], 1, shape[2]]);
    let read = || {
        (0..shape[1])
            .map(|y| source.read(0, &row(y)).unwrap())
            .collect::<Vec<_>>()
    };
    let expected = read();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(read)).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), expected);
        }
    });
}

#[test]
fn tiles_that_are_not_stored_are_missing() {
    let source = open("sparse.tif");
    let boxes = source.occupied(0).unwrap().unwrap();
    // Of 4 x 4 tiles, 3 x 2 hold data.
    assert_eq!(boxes.len(), 6);
    assert!(boxes.contains(&Region::new([32, 16], [16, 16])));
    assert_eq!(open("int16.tif").occupied(0).unwrap(), None);
    assert_eq!(source.read_shape(0), [16, 16]);
    assert_eq!(
        open("tile_zstd_pred2_planar.tif").read_shape(0),
        [1, 16, 16]
    );
    assert_eq!(open("tile_pixel_be_pred2.tif").read_shape(0), [5, 16, 16]);
}
