//! Windows of a variable: which level, which cells, and where they lie.

use std::ops::Range;

use proptest::prelude::*;
use ziggurat_core::progress::Silent;
use ziggurat_core::{Affine, Axis, Coordinate, Dimension, ElementType, Region};
use ziggurat_pyramid::resample::Method;
use ziggurat_pyramid::{Aggregator, Bounds, Datastore, Levels, Options, Request};

use super::support::{Case, variable};
use super::world::{World, coordinates_agree, values};

/// The cells between the edges that are nearest to `from` and `to`; at least one.
fn nearest_cells(edges: &[f64], from: f64, to: f64) -> Range<u64> {
    let nearest = |at: f64| {
        let by_distance =
            |a: &usize, b: &usize| (edges[*a] - at).abs().total_cmp(&(edges[*b] - at).abs());
        (0..edges.len()).min_by(by_distance).unwrap() as u64
    };
    let (a, b) = (nearest(from), nearest(to));
    let start = a.min(b).min(edges.len() as u64 - 2);
    start..a.max(b).max(start + 1)
}

fn worlds() -> impl Strategy<Value = World> {
    let sizes = (4..40u64, 4..40u64, 2..4u64, 1..4usize);
    (sizes, any::<bool>()).prop_map(|((height, width, factor, levels), north_up)| {
        let e = if north_up { -3.0 } else { 3.0 };
        let transform = Affine([2.0, 0.0, 1000.0, 0.0, e, 500.0]);
        World {
            height,
            width,
            transform,
            factor,
            levels,
            degrees: false,
        }
    })
}

/// A box in a world, by fractions that hit no edge and no middle.
fn bounds(world: &World, (x, w, y, h): (u32, u32, u32, u32)) -> Bounds {
    let [xmin, ymin, xmax, ymax] = world
        .transform
        .bounds(world.width as f64, world.height as f64);
    let part = |min: f64, max: f64, n: u32| min + (max - min) * (f64::from(n) + 0.317) / 1000.0;
    Bounds {
        xmin: part(xmin, xmax, x),
        xmax: part(xmin, xmax, x + w + 1),
        ymin: part(ymin, ymax, y),
        ymax: part(ymin, ymax, y + h + 1),
    }
}

fn fractions() -> impl Strategy<Value = (u32, u32, u32, u32)> {
    (0..999u32, 0..999u32, 0..999u32, 0..999u32)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn boxes_snap_to_the_nearest_edges(world in worlds(), parts in fractions(), pick in any::<usize>()) {
        let datastore = world.datastore();
        let level = pick % (world.levels + 1);
        let b = bounds(&world, parts);
        let request = Request { level: Some(level), bounds: Some(b), ..Request::default() };
        let (xs, ys) = world.edges(level);
        let grid = datastore.read("v", &request).unwrap();
        let (columns, rows) = (nearest_cells(&xs, b.xmin, b.xmax), nearest_cells(&ys, b.ymin, b.ymax));
        let mut want = Vec::new();
        for row in rows.clone() {
            want.extend(columns.clone().map(|column| world.value(level, row, column)));
        }
        prop_assert_eq!(values(&grid), want);
        prop_assert_eq!(grid.variable.shape(), [rows.end - rows.start, columns.end - columns.start]);
        let corner = grid.variable.transform.unwrap().apply(0.0, 0.0);
        prop_assert_eq!(corner, (xs[columns.start as usize], ys[rows.start as usize]));
        prop_assert!(coordinates_agree(&grid));
    }

    #[test]
    fn the_level_is_the_coarsest_that_skips_nothing(
        world in worlds(), parts in fractions(), rows in 1..50u64, columns in 1..50u64,
    ) {
        let datastore = world.datastore();
        let b = bounds(&world, parts);
        let request = Request { bounds: Some(b), shape: Some((rows, columns)), ..Request::default() };
        let grid = datastore.read("v", &request).unwrap();
        let Affine([a, _, _, _, e, _]) = world.transform;
        let fine = |level: usize| {
            let f = world.factor.pow(level as u32) as f64;
            f * a <= (b.xmax - b.xmin) / columns as f64 && f * e.abs() <= (b.ymax - b.ymin) / rows as f64
        };
        let want = (1..=world.levels).take_while(|l| fine(*l)).last().unwrap_or(0);
        prop_assert_eq!(grid.level, want);
    }

    #[test]
    fn shapes_take_the_cell_that_holds_the_centre(
        world in worlds(), parts in fractions(), rows in 1..30u64, columns in 1..30u64, pick in any::<usize>(),
    ) {
        let datastore = world.datastore();
        let level = pick % (world.levels + 1);
        let b = bounds(&world, parts);
        let request = Request {
            level: Some(level),
            bounds: Some(b),
            shape: Some((rows, columns)),
            method: Method::Nearest,
            ..Request::default()
        };
        let grid = datastore.read("v", &request).unwrap();
        prop_assert_eq!(grid.variable.shape(), [rows, columns]);
        let (xs, ys) = world.edges(level);
        let cell = |edges: &[f64], at: f64| {
            let holds = |e: &[f64]| e[0].min(e[1]) <= at && at < e[0].max(e[1]);
            edges.windows(2).position(holds).map(|i| i as u64)
        };
        // Rows go the way of the grid, whether north is up or down.
        let down = world.transform.0[4] < 0.0;
        for (i, value) in values(&grid).into_iter().enumerate() {
            let (r, c) = (i as u64 / columns, i as u64 % columns);
            let part = |n: u64, count: u64| (n as f64 + 0.5) / count as f64;
            let x = b.xmin + (b.xmax - b.xmin) * part(c, columns);
            let from_south = (b.ymax - b.ymin) * part(r, rows);
            let y = if down { b.ymax - from_south } else { b.ymin + from_south };
            let want = match (cell(&ys, y), cell(&xs, x)) {
                (Some(row), Some(column)) => world.value(level, row, column),
                _ => -1,
            };
            prop_assert_eq!(value, want);
        }
        let got = grid.variable.transform.unwrap().bounds(columns as f64, rows as f64);
        for (got, asked) in got.into_iter().zip([b.xmin, b.ymin, b.xmax, b.ymax]) {
            prop_assert!((got - asked).abs() < 1e-6);
        }
        prop_assert!(coordinates_agree(&grid));
    }
}

#[test]
fn requests_that_make_no_sense_say_why() {
    let world = World {
        degrees: false,
        ..World::globe(36, 0.0, true, 2)
    };
    let datastore = world.datastore();
    let bbox = |xmin, ymin, xmax, ymax| {
        Some(Bounds {
            xmin,
            ymin,
            xmax,
            ymax,
        })
    };
    let range = |name: &str, r: Range<u64>| vec![(name.to_owned(), r)];
    let default = Request::default;
    for (request, words) in [
        (
            Request {
                bounds: bbox(400.0, 0.0, 500.0, 10.0),
                ..default()
            },
            "outside of the data, which covers 0,-90,360,90",
        ),
        (
            Request {
                bounds: bbox(-20.0, 0.0, -10.0, 10.0),
                ..default()
            },
            "outside of the data",
        ),
        (
            Request {
                bounds: bbox(20.0, 0.0, 10.0, 10.0),
                ..default()
            },
            "XMIN < XMAX",
        ),
        (
            Request {
                bounds: bbox(f64::NAN, 0.0, 10.0, 10.0),
                ..default()
            },
            "XMIN < XMAX",
        ),
        (
            Request {
                ranges: range("z", 0..1),
                ..default()
            },
            "there are y, x",
        ),
        (
            Request {
                ranges: range("x", 30..37),
                ..default()
            },
            "36 indices",
        ),
        (
            Request {
                ranges: range("x", 3..3),
                ..default()
            },
            "3:3",
        ),
        (
            Request {
                ranges: range("x", 0..3),
                shape: Some((2, 2)),
                ..default()
            },
            "one or the other",
        ),
        (
            Request {
                shape: Some((0, 2)),
                ..default()
            },
            "1 or more",
        ),
        (
            Request {
                level: Some(9),
                ..default()
            },
            "coarsest is 3",
        ),
        (
            Request {
                aggregator: Some(Aggregator::Max),
                ..default()
            },
            "it has nearest",
        ),
    ] {
        let error = datastore.read("v", &request).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
    let rotated = World {
        transform: Affine([1.0, 0.5, 0.0, 0.5, -1.0, 0.0]),
        ..world
    };
    let request = Request {
        bounds: bbox(1.0, -5.0, 5.0, 5.0),
        ..default()
    };
    let error = rotated.datastore().read("v", &request).unwrap_err();
    assert!(error.to_string().contains("rotated"), "{error}");
}

#[test]
fn ranges_cut_other_dimensions() {
    let mut cube = variable("v", ElementType::UInt8, &[5, 4, 6]);
    for (dim, (name, axis)) in
        cube.dims
            .iter_mut()
            .zip([("time", Axis::Time), ("y", Axis::Y), ("x", Axis::X)])
    {
        *dim = Dimension::new(name, dim.size, axis);
    }
    cube.dims[0].coordinate = Some(Coordinate::Int(vec![3, 5, 8, 13, 21]));
    let options = Options {
        levels: Levels::Count(1),
        ..Options::default()
    };
    let datastore = Datastore::create(Case::store(), vec![cube], &options).unwrap();
    let all: Vec<u8> = (0..120).collect();
    datastore
        .write("v", &Region::whole(&[5, 4, 6]), &all)
        .unwrap();
    datastore.build(&Silent).unwrap();
    let request = Request {
        ranges: vec![("time".into(), 2..4)],
        bounds: Some(Bounds {
            xmin: 4.0,
            ymin: 1.0,
            xmax: 6.0,
            ymax: 3.0,
        }),
        ..Request::default()
    };
    let grid = datastore.read("v", &request).unwrap();
    assert_eq!(grid.variable.shape(), [2, 2, 2]);
    assert_eq!(grid.bytes, [58, 59, 64, 65, 82, 83, 88, 89]);
    assert_eq!(
        grid.variable.dims[0].coordinate,
        Some(Coordinate::Int(vec![8, 13]))
    );
    let coarse = Request {
        level: Some(1),
        ranges: vec![("x".into(), 1..2)],
        ..Request::default()
    };
    let grid = datastore.read("v", &coarse).unwrap();
    assert_eq!(grid.variable.shape(), [5, 2, 1]);
}
