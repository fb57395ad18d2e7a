//! Pyramids of several variables, and what OME can say of them.

use super::*;

#[test]
fn variables_of_several_ranks_and_odd_sizes() {
    let mut series = dem_by_time();
    series.name = "mean_level".into();
    series.dims.truncate(1);
    (series.crs, series.transform) = (None, None);
    let mut small = dem();
    small.dims[0].size = 5;
    small.dims[1].size = 7;
    let mut cube = dem_by_time();
    cube.name = "cube".into();
    cube.dims[1].size = 5;
    cube.dims[2].size = 7;
    let found =
        Pyramid::new(&[series.clone(), small.clone(), cube.clone()], 0..3).attributes("max");
    let layout = found["multiscales"]["layout"].as_array().unwrap();
    // The ratio of cells, not of sizes (5 to 2), in the rank of the cube.
    assert_eq!(layout[2]["transform"]["scale"], json!([1.0, 4.0, 4.0]));
    assert_eq!(layout[2]["spatial:shape"], json!([2, 2]));
    assert!(!found.contains_key("spatial:registration"));
    let names = |a: &Attributes| -> Vec<Value> {
        let images = a["ome"]["multiscales"].as_array().unwrap();
        images.iter().map(|i| i["name"].clone()).collect()
    };
    assert_eq!(names(&found), ["dem", "cube"]);
    let same = Pyramid::new(&[small.clone(), small.clone()], 0..1).attributes("max");
    assert_eq!(same["spatial:registration"], "pixel");

    // A series alone has levels, and no place.
    let found = Pyramid::new(&[series], 0..2).attributes("max");
    assert_eq!(found["zarr_conventions"], conventions(&["multiscales"]));
    assert_eq!(
        found["multiscales"]["layout"][1]["transform"]["scale"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert!(!found.contains_key("ome") && !found.contains_key("spatial:transform"));
    assert!(pyramid_attributes(&[], "mean").is_empty());

    // An empty grid has no shape in the convention.
    small.dims[0].size = 0;
    let level = level_attributes(&[small.clone()]);
    assert!(!level.contains_key("spatial:shape") && level.contains_key("spatial:transform"));
    // A broken map is no map, and NaN is not in JSON.
    small.transform = Some(Affine([f64::NAN, 0.0, 0.0, 0.0, 1.0, 0.0]));
    assert!(!text(&level_attributes(&[small])).contains("null"));
}

#[test]
fn what_ome_can_say() {
    use Axis::{Band, Other, Time, X, Y, Z};
    let ome = |axes: &[Axis]| {
        let mut v = dem();
        let name = |i: usize| format!("d{i}");
        v.dims = axes
            .iter()
            .enumerate()
            .map(|(i, a)| Dimension::new(name(i), 4, *a))
            .collect();
        Pyramid::new(&[v], 0..2)
            .attributes("mean")
            .get("ome")
            .cloned()
    };
    for axes in [
        &[Y, X][..],
        &[Z, Y, X],
        &[Time, Y, X],
        &[Band, Y, X],
        &[Time, Band, Z, Y, X],
    ] {
        assert!(ome(axes).is_some(), "{axes:?}");
    }
    for axes in [
        &[X, Y][..],
        &[X],
        &[Y, X, Band],
        &[Band, Time, Y, X],
        &[Time, Time, Y, X],
        &[Other, Y, X],
        &[Z, Y],
        &[Band, Z, Z, Y, X],
    ] {
        assert!(ome(axes).is_none(), "{axes:?}");
    }
    let axes = ome(&[Time, Band, Z, Y, X]).unwrap()["multiscales"][0]["axes"].clone();
    let types: Vec<_> = axes
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["type"].clone())
        .collect();
    assert_eq!(types, ["time", "channel", "space", "space", "space"]);
}

#[test]
fn ome_scales_and_units() {
    let placed = |dims: Vec<Dimension>, factors: Vec<u64>| {
        let mut v = dem();
        (v.crs, v.transform) = (None, None);
        v.dims = dims;
        let coarse = v.coarsened(&factors);
        let (fine, coarse) = ([v], [coarse]);
        let levels = [
            Level {
                path: "0",
                variables: &fine,
                factors: vec![vec![1; factors.len()]],
            },
            Level {
                path: "1",
                variables: &coarse,
                factors: vec![factors],
            },
        ];
        let image = pyramid_attributes(&levels, "mean")["ome"]["multiscales"][0].clone();
        let of = |l: usize| {
            let t = &image["datasets"][l]["coordinateTransformations"];
            (t[0]["scale"].clone(), t[1]["translation"].clone())
        };
        let units: Vec<Value> = image["axes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|a| a.get("unit").cloned().unwrap_or_default())
            .collect();
        (of(0), of(1), units)
    };
    let yx = |unit: &str| {
        let regular = |step| Coordinate::Regular { origin: 5.0, step };
        vec![
            with(dim("y", 8, Axis::Y, regular(-0.25)), "units", unit),
            with(dim("x", 8, Axis::X, regular(0.25)), "units", unit),
        ]
    };
    let time = |coordinate, units: &str| {
        let mut dims = vec![with(dim("t", 4, Axis::Time, coordinate), "units", units)];
        dims.extend(yx("µm"));
        dims
    };
    // Without a transform the coordinates tell the step; time starts at its first value.
    let (fine, coarse, units) = placed(
        time(
            Coordinate::Int(vec![10, 12, 14, 16]),
            "weeks since 2000-01-01",
        ),
        vec![2, 2, 4],
    );
    assert_eq!(
        fine,
        (json!([14.0, 0.25, 0.25]), json!([0.0, 0.125, 0.125]))
    );
    assert_eq!(coarse, (json!([28.0, 0.5, 1.0]), json!([7.0, 0.25, 0.5])));
    assert_eq!(units, ["day", "micrometer", "micrometer"]);
    // Irregular time has steps of one.
    let (fine, coarse, units) = placed(
        time(
            Coordinate::Float(vec![0.0, 1.0, 5.0, 6.0]),
            "hours since 2000-01-01",
        ),
        vec![1, 2, 2],
    );
    assert_eq!(
        (fine.0, coarse.0),
        (json!([1.0, 0.25, 0.25]), json!([1.0, 0.5, 0.5]))
    );
    assert_eq!(units[0], "hour");
    // No unit is better than a wrong one.
    let (_, _, units) = placed(yx("parsec per fortnight"), vec![2, 2]);
    assert_eq!(units, [Value::Null, Value::Null]);
    // Degrees of a geographic system; cells of a rotated grid keep their size.
    let mut v = dem();
    v.crs = Some(Crs::from_epsg(4326).unwrap());
    v.transform = Some(Affine([3.0, -4.0, 0.0, 4.0, 3.0, 0.0]));
    let image = Pyramid::new(&[v], 0..1).attributes("mean")["ome"]["multiscales"][0].clone();
    assert_eq!(
        image["axes"][0],
        json!({"name": "y", "type": "space", "unit": "degree"})
    );
    assert_eq!(
        image["datasets"][0]["coordinateTransformations"][0]["scale"],
        json!([5.0, 5.0])
    );
}
