//! Frames on dates that are not equidistant, of grids that do not agree.

use ziggurat::source::{GeoTiff, Source, Stack, TimeFrom, align};
use ziggurat_core::{Affine, Axis, Coordinate, Error, Region, Scalar, Variable};
use ziggurat_pyramid::resample::Method;

use super::{begin, digest, file, open, part, shared};

const DAYS: [&str; 3] = ["20090818", "20100629", "20120731"];

fn naip(days: &[&str]) -> Option<Vec<Box<dyn Source>>> {
    let open = |day: &&str| -> Option<Box<dyn Source>> {
        let path = shared(&format!("naip/m_4709963_se_14_1_{day}.tif"))?;
        Some(Box::new(GeoTiff::open(&path).unwrap()))
    };
    days.iter().map(open).collect()
}

fn fmi(times: &[&str]) -> Option<Vec<Box<dyn Source>>> {
    let open = |time: &&str| -> Option<Box<dyn Source>> {
        let path = shared(&format!("fmi/20160928{time}_FINUTM.tif"))?;
        Some(Box::new(GeoTiff::open(&path).unwrap()))
    };
    times.iter().map(open).collect()
}

fn local(names: &[&str]) -> Vec<Box<dyn Source>> {
    names
        .iter()
        .map(|n| Box::new(open(n)) as Box<dyn Source>)
        .collect()
}

fn refusal(sources: Vec<Box<dyn Source>>, from: &str) -> String {
    match Stack::new(sources, &from.parse().unwrap()) {
        Err(error @ Error::Caller { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn frames_of_one_grid_are_stacked_in_the_order_of_time() {
    let Some(sources) = fmi(&["1750", "1540", "1545"]) else {
        return;
    };
    let stack = Stack::new(sources, &TimeFrom::Auto).unwrap();
    let variable = &stack.variables()[0];
    assert_eq!(variable.shape(), [3, 7316, 4963]);
    let time = &variable.dims[0];
    assert_eq!((&*time.name, time.axis), ("time", Axis::Time));
    let t = 1_475_077_200;
    assert_eq!(
        time.coordinate,
        Some(Coordinate::Int(vec![t, t + 300, t + 7800]))
    );
    assert_eq!(time.attributes["units"], "seconds since 1970-01-01");
    assert_eq!(time.attributes["calendar"], "proleptic_gregorian");
    assert!(!variable.attributes.contains_key("observation_time"));
    assert_eq!(variable.attributes["undetect"], 0);
    assert!(
        stack
            .places()
            .next()
            .unwrap()
            .ends_with("201609281540_FINUTM.tif")
    );
    for (i, digest) in [
        (0, "5f5bb88db14b8387"),
        (1, "e1fe295ec41058cc"),
        (2, "d6c0aa62b7185055"),
    ] {
        assert_eq!(
            part(&stack, &Region::new([i, 0, 0], [1, 7316, 4963])),
            digest
        );
    }
    // A region across frames is its parts, one after the other.
    let across = stack
        .read(0, &Region::new([1, 4000, 2000], [2, 3, 5]))
        .unwrap();
    let one = |t| {
        stack
            .read(0, &Region::new([t, 4000, 2000], [1, 3, 5]))
            .unwrap()
    };
    assert_eq!(across, [one(1), one(2)].concat());
    assert_eq!(stack.read_shape(0), [1, 256, 256]);
}

#[test]
fn frames_of_other_grids_are_refused_with_the_offset() {
    let Some(sources) = naip(&DAYS) else { return };
    let places: Vec<_> = sources.iter().map(|s| s.place().to_owned()).collect();
    let expected = format!(
        "{1}: origin differs from {0} by (+0, -2) m = (+0, -0.4) cells; 723 rows against 724; \
         give --resample nearest|bilinear|cubic|area to bring all frames to the grid of {0}",
        places[0], places[1]
    );
    assert_eq!(refusal(sources, "auto"), expected);
}

/// Band means, then row 300 of band 1 and rows 0 and -1 of band 4, from rasterio's `WarpedVRT`.
type Warped = ([f64; 4], [u8; 12], [u8; 8], [u8; 8]);

#[test]
fn frames_are_resampled_to_the_union_of_grids() {
    // On the grid of the first frame, which holds the others.
    let warped: Warped = (
        [103.446_728, 116.614_728, 103.916_059, 132.497_147],
        [101, 101, 102, 101, 99, 98, 98, 93, 92, 92, 94, 94],
        [140, 130, 132, 130, 132, 129, 135, 137],
        [0; 8],
    );
    let Some(sources) = naip(&DAYS) else { return };
    let frames = align(sources, Method::Bilinear, None).unwrap();
    let first = frames[0].variables()[0].clone();
    assert_eq!(first.shape(), [4, 724, 934]);
    agrees(frames[1].as_ref(), &warped);
    let stack = Stack::new(frames, &TimeFrom::FileName).unwrap();
    let v = &stack.variables()[0];
    assert_eq!(
        (v.shape(), v.transform),
        (vec![3, 4, 724, 934], first.transform)
    );
    assert_eq!(v.axis(Axis::Band), Some(1));

    // The first frame is too small: a row more above and one below.
    let warped: Warped = (
        [117.967_549, 131.143_998, 113.665_448, 168.307_024],
        [123, 125, 124, 124, 124, 124, 124, 122, 124, 125, 125, 125],
        [0; 8],
        [206, 205, 207, 206, 208, 219, 219, 222],
    );
    let Some(sources) = naip(&["20100629", "20090818"]) else {
        return;
    };
    let frames = align(sources, Method::Bilinear, None).unwrap();
    let shape = [4, 725, 934];
    for frame in &frames {
        let v = &frame.variables()[0];
        assert_eq!(v.shape(), shape);
        assert_eq!(
            v.transform,
            Some(Affine([5.0, 0.0, 485_900.0, 0.0, -5.0, 5_209_250.0]))
        );
        assert_eq!(begin(v, Axis::Y), Some((5_209_247.5, 5_209_242.5)));
    }
    agrees(frames[1].as_ref(), &warped);
    // The frame whose cells lie on the grid is copied.
    let inner = Region::new([0, 1, 0], [1, 723, 934]);
    assert_eq!(part(frames[0].as_ref(), &inner), "0202b446435ec69f");
    let above = Region::new([0, 0, 0], [4, 1, 934]);
    assert!(frames[0].read(0, &above).unwrap().iter().all(|v| *v == 0));
}

fn agrees(source: &dyn Source, (means, row, top, bottom): &Warped) {
    let shape = source.variables()[0].shape();
    let values = source.read(0, &Region::whole(&shape)).unwrap();
    let plane = values.len() / 4;
    for (band, mean) in values.chunks(plane).zip(means) {
        let sum: u32 = band.iter().map(|v| u32::from(*v)).sum();
        let got = f64::from(sum) / f64::from(u32::try_from(plane).unwrap());
        assert!((got - mean).abs() < 0.02, "{got} for {mean}");
    }
    let close = |start: [u64; 3], expected: &[u8]| {
        let region = Region::new(start, [1, 1, expected.len() as u64]);
        let got = source.read(0, &region).unwrap();
        assert!(
            got.iter().zip(expected).all(|(a, b)| a.abs_diff(*b) <= 1),
            "{got:?} for {expected:?}"
        );
    };
    close([0, 300, 100], row);
    close([3, 0, 400], top);
    close([3, shape[1] - 1, 400], bottom);
}

#[test]
fn nearest_is_that_of_gdal_bit_for_bit() {
    let Some(sources) = naip(&DAYS[..2]) else {
        return;
    };
    let frames = align(sources, Method::Nearest, None).unwrap();
    assert_eq!(digest(frames[1].as_ref(), 0)[..16], *"53fa215a9863b345");
    let Some(sources) = naip(&["20100629", "20090818"]) else {
        return;
    };
    let frames = align(sources, Method::Nearest, None).unwrap();
    assert_eq!(digest(frames[1].as_ref(), 0)[..16], *"b895b961396558d6");
}

#[test]
fn frames_must_tell_one_thing() {
    let two = "2020-01-01,2020-01-02";
    let say = |names: &[&str]| refusal(local(names), two);
    let dir = file("");
    let dir = dir.display();
    assert_eq!(
        say(&["int16.tif", "float32.tif"]),
        format!(
            "{dir}float32.tif: data type float32 against int16; the first frame is {dir}int16.tif"
        )
    );
    assert!(say(&["strip_none.tif", "scaled.tif"]).contains(
        "nodata -9999 against none; scale_factor 0.01 against none; add_offset 273.15 against none; units \"K\" against none"
    ));
    assert!(say(&["described.tif", "bits4_planar.tif"]).contains("other coordinates of band"));
    assert!(
        say(&["rgb_extra.tif", "described.tif"])
            .contains("(band: 2, y, x) against (band: 5, y, x)")
    );
    assert!(say(&["int16.tif", "south_up.tif"]).contains("CRS EPSG:4326 against EPSG:32631"));
    assert!(
        say(&["described.tif", "unlike.tif"])
            .contains("has variables band_1, surface_temperature against data")
    );
    assert!(
        refusal(local(&["int16.tif", "int16.tif"]), "2020-01-01,2020-01-01")
            .contains("int16.tif: has the same time as ")
    );
    assert!(refusal(local(&["int16.tif"]), two).contains("2 times for 1 frames"));
    assert!(refusal(local(&["int16.tif"]), "auto").contains("give it with --time"));
    assert!(refusal(vec![], "auto").contains("no sources"));
}

#[test]
fn times_are_as_fine_as_given() {
    let given = "2020-01-01T00:00:00.5Z,2020-01-01".parse().unwrap();
    let stack = Stack::new(local(&["int16.tif", "int16.tif"]), &given).unwrap();
    let time = &stack.variables()[0].dims[0];
    assert_eq!(time.attributes["units"], "milliseconds since 1970-01-01");
    let t = 1_577_836_800_000;
    assert_eq!(time.coordinate, Some(Coordinate::Int(vec![t, t + 500])));
}

#[test]
fn integers_need_nodata_where_nothing_is() {
    // 7 x 11 cells against 19 x 21 of the same corner.
    let frames = || local(&["strip_none.tif", "int16.tif"]);
    let error = align(frames(), Method::Nearest, None)
        .map(|_| ())
        .unwrap_err();
    assert!(
        error.to_string().contains("give one with --nodata"),
        "{error}"
    );
    let aligned = align(frames(), Method::Nearest, Some(Scalar::Int(-1))).unwrap();
    for frame in &aligned {
        assert_eq!(frame.variables()[0].nodata, Some(Scalar::Int(-1)));
    }
    assert_eq!(digest(aligned[0].as_ref(), 0)[..16], *"8c023094beed379f");
    let inside = Region::new([0, 0], [7, 11]);
    assert_eq!(part(aligned[1].as_ref(), &inside), "6fe8a42f2b1593b5");
    let outside = aligned[1].read(0, &Region::new([7, 11], [12, 10])).unwrap();
    assert!(outside.iter().all(|b| *b == 0xff));
    // Floats have NaN.
    let floats = align(
        local(&["nodata_nan.tif", "float32.tif"]),
        Method::Area,
        None,
    );
    assert!(floats.is_err(), "nodata differs");
    let floats = align(local(&["bigtiff.tif", "float32.tif"]), Method::Area, None).unwrap();
    let outside = floats[1].read(0, &Region::new([18, 20], [1, 1])).unwrap();
    assert!(f32::from_ne_bytes(outside.try_into().unwrap()).is_nan());
}

/// A source made of numbers, to be joined along the time that it has.
struct Made {
    variables: Vec<Variable>,
    value: u8,
}

impl Source for Made {
    fn place(&self) -> &str {
        &self.variables[0].name
    }

    fn variables(&self) -> &[Variable] {
        &self.variables
    }

    fn read(&self, _: usize, region: &Region) -> ziggurat_core::Result<Vec<u8>> {
        let count = u8::try_from(region.len()).unwrap();
        let first = u8::try_from(region.start[0]).unwrap();
        Ok((0..count).map(|i| self.value + first + i).collect())
    }
}

fn made(units: &str, times: Coordinate, count: u64, value: u8) -> Box<dyn Source> {
    let mut time = ziggurat_core::Dimension::new("time", count, Axis::Time);
    time.coordinate = Some(times);
    time.attributes.insert("units".into(), units.into());
    let variable = Variable {
        fill: None,
        name: "v".into(),
        element: ziggurat_core::ElementType::UInt8,
        dims: vec![time],
        nodata: None,
        attributes: ziggurat_core::Attributes::new(),
        crs: None,
        transform: None,
    };
    Box::new(Made {
        variables: vec![variable],
        value,
    })
}

#[test]
fn sources_with_time_are_joined_along_it() {
    let days = |v: Vec<f64>| Coordinate::Float(v);
    let unit = "days since 2000-01-01";
    let stack = Stack::new(
        vec![
            made(unit, days(vec![4.0, 5.5]), 2, 30),
            made(unit, days(vec![1.0, 2.0, 3.0]), 3, 10),
        ],
        &TimeFrom::Auto,
    )
    .unwrap();
    let time = &stack.variables()[0].dims[0];
    assert_eq!(time.coordinate, Some(days(vec![1.0, 2.0, 3.0, 4.0, 5.5])));
    assert_eq!(time.attributes["units"], unit);
    assert_eq!(
        stack.read(0, &Region::whole(&[5])).unwrap(),
        [10, 11, 12, 30, 31]
    );
    assert_eq!(stack.read(0, &Region::new([2], [2])).unwrap(), [12, 30]);

    // Each file counts from its own start.
    let stack = Stack::new(
        vec![
            made("hours since 2000-01-01", days(vec![0.0, 12.0]), 2, 10),
            made("hours since 2000-01-02", days(vec![0.0, 12.0]), 2, 20),
        ],
        &TimeFrom::Auto,
    )
    .unwrap();
    let time = &stack.variables()[0].dims[0];
    let t = 946_684_800;
    let expected = [0, 43_200, 86_400, 129_600].map(|s| t + s).to_vec();
    assert_eq!(time.coordinate, Some(Coordinate::Int(expected)));
    assert_eq!(time.attributes["units"], "seconds since 1970-01-01");

    let overlap = vec![
        made(unit, days(vec![1.0, 3.0]), 2, 0),
        made(unit, days(vec![2.0]), 1, 0),
    ];
    assert!(refusal(overlap, "auto").contains("overlap"));
    let odd = vec![
        made(unit, days(vec![1.0]), 1, 0),
        made("months since 2000", days(vec![2.0]), 1, 0),
    ];
    assert!(refusal(odd, "auto").contains("same units and calendar"));
}
