//! Windows on grids that go round the globe.

use proptest::prelude::*;
use ziggurat_core::Error;
use ziggurat_pyramid::{Bounds, Request};

use super::world::{World, coordinates_agree, values};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn longitudes_go_round(
        west in prop::sample::select(vec![0.0, -180.0]),
        north_up in any::<bool>(),
        (width, factor, level) in (prop::sample::select(vec![36u64, 35, 72]), 2..4u64, 0..3usize),
        (from, degrees) in (-180..360i32, 1..350i32),
    ) {
        let world = World::globe(width, west, north_up, factor);
        let datastore = world.datastore();
        let from = f64::from(from) + 0.237;
        let b = Bounds { xmin: from, xmax: from + f64::from(degrees), ymin: -30.1, ymax: 41.3 };
        let f = factor.pow(level as u32);
        let request = Request { level: Some(level), bounds: Some(b), ..Request::default() };
        let grid = match datastore.read("v", &request) {
            Ok(grid) => grid,
            // A level with half a cell at the end has a seam, and nothing beyond it.
            Err(e) => {
                prop_assert!(width % f != 0 && matches!(e, Error::Caller { .. }), "{e:?}");
                return Ok(());
            }
        };
        let transform = grid.variable.transform.unwrap();
        let (xs, _) = world.edges(level);
        let columns = grid.variable.dims[1].size;
        for (i, value) in values(&grid).into_iter().take(columns as usize).enumerate() {
            let column = (value as u64 % width / f) as usize;
            let middle = f64::midpoint(xs[column], xs[column + 1]);
            let (x, _) = transform.apply(i as f64 + 0.5, 0.5);
            let turns = (x - middle) / 360.0;
            prop_assert!((turns - turns.round()).abs() < 1e-9, "{middle} is shown at {x}");
        }
        prop_assert!(coordinates_agree(&grid));
        if width % f == 0 {
            let cell = 360.0 / width as f64 * f as f64;
            let (got, asked) = (columns as f64 * cell, b.xmax - b.xmin);
            prop_assert!((got - asked).abs() <= cell, "{got} degrees instead of {asked}");
            let (x, _) = transform.apply(0.0, 0.0);
            let turns = (x - from) / 360.0;
            let shift = (turns - turns.round()).abs() * 360.0;
            prop_assert!(shift <= cell / 2.0 + 1e-9, "begins {shift} degrees beside");
        }
    }
}

#[test]
fn the_seam_is_crossed_in_either_convention() {
    for (west, xmin) in [(0.0, -20.0), (-180.0, 160.0)] {
        for north_up in [true, false] {
            let world = World::globe(36, west, north_up, 2);
            let bounds = Bounds {
                xmin,
                ymin: -10.0,
                xmax: xmin + 40.0,
                ymax: 10.0,
            };
            let request = Request {
                bounds: Some(bounds),
                ..Request::default()
            };
            let grid = world.datastore().read("v", &request).unwrap();
            let columns: Vec<i32> = values(&grid).iter().map(|v| v % 36).collect();
            assert_eq!(columns, [34, 35, 0, 1, 34, 35, 0, 1], "from {west}");
            let rows: Vec<i32> = values(&grid).iter().map(|v| v / 36).collect();
            assert_eq!(rows, [8, 8, 8, 8, 9, 9, 9, 9]);
        }
    }
}
