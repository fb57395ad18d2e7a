//! bench
use std::sync::Arc;
use ziggurat_core::{progress::Silent, store::LocalStore, *};
use ziggurat_pyramid::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let path = &a[2];
    let n: u64 = a[3].parse().unwrap();
    if a[1] == "make" {
        let v = Variable {
            name: "dem".into(),
            element: ElementType::Float32,
            dims: vec![
                Dimension::new("y", n, Axis::Y),
                Dimension::new("x", n, Axis::X),
            ],
            nodata: None,
            attributes: Default::default(),
            crs: None,
            transform: None,
        };
        let o = Options {
            levels: Levels::Count(0),
            block: Size::Shape(vec![512, 512]),
            chunk: Size::Shape(vec![512, 512]),
            superchunk: Size::Shape(vec![2048, 2048]),
            ..Options::default()
        };
        let ds = Datastore::create(Arc::new(LocalStore::new(path)), vec![v], &o).unwrap();
        let mut s = 12345u64;
        for y in 0..n / 2048 {
            for x in 0..n / 2048 {
                let vals: Vec<f32> = (0..2048 * 2048u64)
                    .map(|i| {
                        s ^= s << 13;
                        s ^= s >> 7;
                        s ^= s << 17;
                        let (r, c) = (y * 2048 + i / 2048, x * 2048 + i % 2048);
                        if (r / 97 + c / 131) % 16 == 0 {
                            f32::NAN
                        } else {
                            ((r as f32 / 300.0).sin() * 500.0 + (c as f32 / 200.0).cos() * 300.0)
                                + (s % 256) as f32 / 256.0
                        }
                    })
                    .collect();
                ds.write(
                    "dem",
                    &Region::new([y * 2048, x * 2048], [2048, 2048]),
                    &element::to_bytes(&vals),
                )
                .unwrap();
            }
        }
        ds.commit().unwrap();
    } else {
        let mut ds = Datastore::open(Arc::new(LocalStore::new(path))).unwrap();
        let aggs: Vec<Aggregator> = a[4].split(',').map(|x| x.parse().unwrap()).collect();
        ds.replan(Some(Levels::Count(6)), &aggs).unwrap();
        ds.rebuild(&Silent).unwrap();
    }
}
