#![allow(
    clippy::cast_possible_truncation,
    clippy::float_cmp,
    reason = "small numbers, exact expectations"
)]

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use ziggurat_core::element::to_bytes;
use ziggurat_core::{
    Affine, Attributes, Axis, Coordinate, Crs, Dimension, Element, ElementType, Error, Scalar,
    Variable,
};

use super::{Colormap, Image, Options, write};

fn variable(element: ElementType, dims: &[(&str, u64, Axis)]) -> Variable {
    let dims = dims
        .iter()
        .map(|&(name, size, axis)| Dimension::new(name, size, axis));
    Variable {
        fill: None,
        name: "v".into(),
        element,
        dims: dims.collect(),
        nodata: None,
        attributes: Attributes::new(),
        crs: None,
        transform: None,
    }
}

/// Two rows of three columns, in the order of the array.
fn plane<T: Element>(values: [T; 6]) -> (Variable, Vec<u8>) {
    let variable = variable(T::TYPE, &[("y", 2, Axis::Y), ("x", 3, Axis::X)]);
    (variable, to_bytes(&values))
}

fn attributes(value: Value) -> Attributes {
    serde_json::from_value(value).unwrap()
}

fn epsg(code: u16) -> Crs {
    let code = Some(format!("EPSG:{code}"));
    Crs { code, wkt: None }
}

fn export(path: &Path, variable: &Variable, bytes: &[u8]) {
    let bytes = bytes.to_vec();
    write(path, &Image { variable, bytes }, &Options::default()).unwrap();
}

/// What `gdalinfo -json` says, and the values as `gdal_translate` writes them in the order of bands;
/// `None` without GDAL.
fn gdal(path: &Path) -> Option<(Value, Vec<u8>)> {
    gdal_as(path, &[])
}

/// [`gdal`] with options of `gdal_translate`.
fn gdal_as(path: &Path, options: &[&str]) -> Option<(Value, Vec<u8>)> {
    let raw = path.with_extension("raw");
    let translated = Command::new("gdal_translate")
        .args(["-q", "-of", "ENVI"])
        .args(options)
        .args([path, &raw])
        .output();
    let Ok(translated) = translated else {
        eprintln!("skipped: no gdal_translate");
        return None;
    };
    assert!(translated.status.success(), "{translated:?}");
    let info = Command::new("gdalinfo")
        .arg("-json")
        .arg(path)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&info.stderr), "");
    Some((
        serde_json::from_slice(&info.stdout).unwrap(),
        std::fs::read(raw).unwrap(),
    ))
}

#[test]
fn geotiff_is_what_gdal_reads() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("south_up.tif");
    let (mut v, bytes) = plane([1i16, 2, 3, 4, 5, -9]);
    v.nodata = Some(Scalar::Int(-9));
    v.crs = Some(epsg(28992));
    v.transform = Some(Affine([10.0, 0.0, 1000.0, 0.0, 20.0, 500.0]));
    v.attributes = attributes(json!({
        "units": "°C", "long_name": "a <b> & \"c\"", "scale_factor": 0.1, "add_offset": [273.15],
    }));
    export(&path, &v, &bytes);
    let Some((info, raw)) = gdal(&path) else {
        return;
    };
    // North on top: the second row of the array comes first.
    assert_eq!(raw, to_bytes(&[4i16, 5, -9, 1, 2, 3]));
    assert_eq!(
        info["geoTransform"],
        json!([1000.0, 10.0, 0.0, 540.0, 0.0, -20.0])
    );
    assert_eq!(info["stac"]["proj:epsg"], 28992);
    // A geographic system, whose code alone must say that.
    let other = dir.path().join("geographic.tif");
    export(
        &other,
        &Variable {
            fill: None,
            crs: Some(epsg(4258)),
            ..v
        },
        &bytes,
    );
    assert_eq!(gdal(&other).unwrap().0["stac"]["proj:epsg"], 4258);
    let band = &info["bands"][0];
    assert_eq!(band["noDataValue"], -9.0);
    assert_eq!(band["unit"], "°C");
    assert_eq!(band["description"], "a <b> & \"c\"");
    assert_eq!(
        (&band["scale"], &band["offset"]),
        (&json!(0.1), &json!(273.15))
    );
    assert_eq!(
        info["metadata"]["IMAGE_STRUCTURE"]["COMPRESSION"],
        "DEFLATE"
    );
}

#[test]
fn geotiff_of_every_element_type_and_many_strips() {
    let dir = tempfile::tempdir().unwrap();
    for element in ElementType::ALL {
        let dims = [
            ("time", 2, Axis::Time),
            ("y", 300, Axis::Y),
            ("x", 301, Axis::X),
        ];
        let mut v = variable(element, &dims);
        v.dims[0].coordinate = Some(Coordinate::Int(vec![5, 7]));
        let count = 2 * 300 * 301 * element.size();
        // Finite in every float type: the exponent is never all ones.
        let byte = |i: usize| {
            (i * 7 + i / 301) as u8
                & if element == ElementType::Bool {
                    1
                } else {
                    0x3b
                }
        };
        let bytes: Vec<u8> = (0..count).map(byte).collect();
        let path = dir.path().join(format!("{element}.tif"));
        export(&path, &v, &bytes);
        let Some((info, raw)) = gdal(&path) else {
            return;
        };
        assert_eq!(info["bands"][1]["metadata"][""]["NETCDF_DIM_time"], "7");
        let nan = info["bands"][0]["noDataValue"].as_str();
        assert_eq!(nan.is_some(), element.is_float(), "{element} {nan:?}");
        match element {
            // GDAL reads half precision as single.
            ElementType::Float16 => {}
            ElementType::Int64 | ElementType::UInt64 => {
                // ENVI has none of these.
                let (_, raw) = gdal_as(&path, &["-ot", "Float64"]).unwrap();
                let number = |b| Scalar::from_element(b, element).unwrap().as_f64();
                let numbers: Vec<f64> = bytes.chunks_exact(8).map(number).collect();
                assert!(raw == to_bytes(&numbers), "{element}");
            }
            _ => assert!(raw == bytes, "{element}"),
        }
    }
}

#[test]
fn geotiff_takes_any_order_of_dimensions() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("v.tiff");
    let dims = [
        ("x", 3, Axis::X),
        ("one", 1, Axis::Other),
        ("y", 2, Axis::Y),
        ("band", 3, Axis::Band),
    ];
    let mut v = variable(ElementType::UInt8, &dims);
    let regular = |origin, step| Some(Coordinate::Regular { origin, step });
    // West to the right, north on top.
    v.dims[0].coordinate = regular(2.5, -1.0);
    v.dims[2].coordinate = regular(9.0, -2.0);
    v.dims[3].coordinate = Some(Coordinate::Text(
        ["red", "green", "blue"].map(str::to_owned).into(),
    ));
    let bytes: Vec<u8> = (0..18).collect();
    export(&path, &v, &bytes);
    let Some((info, raw)) = gdal(&path) else {
        return;
    };
    let row = |x: [u8; 3], add| x.map(|x| x * 6 + add);
    let expected = [0u8, 3, 1, 4, 2, 5].map(|add| row([2, 1, 0], add)).concat();
    assert_eq!(raw, expected);
    assert_eq!(
        info["geoTransform"],
        json!([0.0, 1.0, 0.0, 10.0, 0.0, -2.0])
    );
    let bands: Vec<_> = info["bands"].as_array().unwrap().iter().collect();
    let named = bands
        .iter()
        .map(|b| (&b["description"], &b["colorInterpretation"]));
    assert!(
        named.eq([("red", "Red"), ("green", "Green"), ("blue", "Blue")]
            .map(|(a, b)| (json!(a), json!(b)))
            .iter()
            .map(|(a, b)| (a, b)))
    );
}

#[test]
fn geotiff_keeps_a_crs_without_a_code() {
    let wkt = r#"PROJCS["polar",GEOGCS["sphere",DATUM["sphere",SPHEROID["sphere",6371229,0]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Polar_Stereographic"],PARAMETER["latitude_of_origin",60],PARAMETER["central_meridian",10],PARAMETER["false_easting",380886.31],PARAMETER["false_northing",3395677.92],UNIT["metre",1],AXIS["Easting",SOUTH],AXIS["Northing",SOUTH]]"#;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("v.tif");
    let (mut v, bytes) = plane([0.5f32; 6]);
    v.transform = Some(Affine([0.1, 0.05, 5.0, 0.05, -0.1, 50.0]));
    v.crs = Some(Crs {
        code: None,
        wkt: Some(wkt.into()),
    });
    export(&path, &v, &bytes);
    let Some((info, _)) = gdal(&path) else {
        return;
    };
    // The rotated transform too.
    assert_eq!(
        info["geoTransform"],
        json!([5.0, 0.1, 0.05, 50.0, 0.05, -0.1])
    );
    let read = info["coordinateSystem"]["wkt"].as_str().unwrap();
    for part in ["Polar Stereographic", "6371229", "380886.31", "3395677.92"] {
        assert!(read.contains(part), "{part}: {read}");
    }
}

/// Colour type, palette and pixels.
fn decode(path: &Path) -> (png::ColorType, Vec<u8>, Vec<u8>) {
    let file = std::io::BufReader::new(std::fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    let info = reader.info();
    let palette = info.palette.as_deref().unwrap_or_default().to_vec();
    (info.color_type, palette, pixels)
}

#[test]
fn png_of_one_band() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("v.PNG");
    let (mut v, bytes) = plane([0.0f32, 5.0, 10.0, f32::NAN, -1.0, 99.0]);
    v.transform = Some(Affine([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]));
    let options = Options {
        colormap: Colormap::Grey,
        range: Some((0.0, 10.0)),
        ..Options::default()
    };
    write(
        &path,
        &Image {
            variable: &v,
            bytes: bytes.clone(),
        },
        &options,
    )
    .unwrap();
    let (color, palette, pixels) = decode(&path);
    assert_eq!(color, png::ColorType::Indexed);
    // South-up turned round; entry 0 is missing; beyond the range is its end.
    assert_eq!(pixels, [0, 1, 255, 1, 128, 255]);
    assert_eq!(palette[3..9], [0, 0, 0, 1, 1, 1]);
    assert_eq!(palette[128 * 3..][..3], [128; 3]);
    // Automatic range: of what is valid.
    export(&path, &v, &bytes);
    assert_eq!(decode(&path).2, [0, 1, 255, 4, 16, 29]);
    // All missing, and all the same.
    export(&path, &v, &to_bytes(&[f32::NAN; 6]));
    assert_eq!(decode(&path).2, [0; 6]);
    export(&path, &v, &to_bytes(&[4f32; 6]));
    assert_eq!(decode(&path).2, [128; 6]);
}

#[test]
fn png_of_colours() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("v.png");
    let rgb = |bands| {
        let dims = [
            ("band", bands, Axis::Band),
            ("y", 1, Axis::Y),
            ("x", 2, Axis::X),
        ];
        let mut v = variable(ElementType::UInt8, &dims);
        v.nodata = Some(Scalar::Int(0));
        v
    };
    export(&path, &rgb(3), &[0, 1, 0, 2, 0, 3]);
    assert_eq!(
        decode(&path),
        (png::ColorType::Rgba, vec![], vec![0, 0, 0, 0, 1, 2, 3, 255])
    );
    let mut v = rgb(4);
    export(&path, &v, &[0, 1, 9, 2, 0, 3, 40, 50]);
    assert_eq!(decode(&path).2, [0, 9, 0, 40, 1, 2, 3, 50]);
    v.dims[0].coordinate = Some(Coordinate::Text(
        ["red", "green", "blue", "nir"].map(str::to_owned).into(),
    ));
    export(&path, &v, &[0, 1, 9, 2, 0, 3, 40, 50]);
    assert_eq!(decode(&path).2, [0, 9, 0, 255, 1, 2, 3, 255]);
}

#[test]
fn colours_of_signed_scales() {
    let terrain = |v| Colormap::Terrain.color(Colormap::Terrain.position(v, (-8000.0, 4000.0)));
    let [r, _, b] = terrain(-1.0);
    assert!(b > r, "sea is blue");
    let [r, g, b] = terrain(1.0);
    assert!(g > r && g > b, "lowland is green");
    assert_eq!(Colormap::Terrain.position(4000.0, (100.0, 4000.0)), 1.0);
    assert_eq!(Colormap::Terrain.position(-100.0, (-100.0, -1.0)), 0.0);
    assert_eq!(Colormap::Diverging.position(0.0, (-1.0, 9.0)), 0.5);
    assert_eq!(Colormap::Diverging.position(9.0, (-1.0, 9.0)), 1.0);
    assert_eq!(
        Colormap::Sequential.position(f64::INFINITY, (0.0, 1.0)),
        1.0
    );
    for map in Colormap::ALL {
        assert_eq!(map.name().parse::<Colormap>().unwrap(), map);
    }
    // Ever lighter.
    let light = |i: i32| {
        let [r, g, b] = Colormap::Sequential
            .color(f64::from(i) / 50.0)
            .map(f64::from);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    assert!((0..50).all(|i| light(i) < light(i + 1)));
}

fn text(v: &Variable, bytes: &[u8]) -> String {
    let mut out = Vec::new();
    super::text::render(
        &mut out,
        &Image {
            variable: v,
            bytes: bytes.to_vec(),
        },
    )
    .unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn npy_is_header_and_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("v.npy");
    let (v, bytes) = plane([1i16, 2, 3, 4, 5, 6]);
    export(&path, &v, &bytes);
    let written = std::fs::read(&path).unwrap();
    assert!(written.starts_with(b"\x93NUMPY") && written.ends_with(&bytes));
    assert_eq!((written.len() - bytes.len()) % 64, 0);
}

#[test]
fn text_is_exact() {
    let (v, bytes) = plane([0.1f32, -2.0, 1e30, f32::NAN, f32::INFINITY, 16_777_216.0]);
    assert_eq!(text(&v, &bytes), "0.1 -2.0 1e30\nnan inf 16777216.0\n");
    let (mut v, bytes) = plane([u64::MAX, 1, 2, 3, 4, 5]);
    v.nodata = Some(Scalar::Int(1));
    assert_eq!(text(&v, &bytes), "18446744073709551615 _ 2\n3 4 5\n");
    let v = variable(
        ElementType::Int8,
        &[("t", 2, Axis::Time), ("y", 2, Axis::Y), ("x", 1, Axis::X)],
    );
    assert_eq!(text(&v, &[1, 2, 3, 255]), "1\n2\n\n3\n-1\n");
    assert_eq!(text(&variable(ElementType::Bool, &[]), &[1]), "1\n");
    assert_eq!(
        text(&variable(ElementType::Int8, &[("t", 0, Axis::Time)]), &[]),
        ""
    );
    let v = variable(ElementType::Complex64, &[("t", 2, Axis::Time)]);
    assert_eq!(
        text(&v, &to_bytes(&[1f32, -2.5, 0.0, 3.0])),
        "1.0-2.5j 0.0+3.0j\n"
    );
}

#[test]
fn unpacked_values_are_physical() {
    let (mut v, bytes) = plane([0i16, 1, 2, 3, 4, -9]);
    v.nodata = Some(Scalar::Int(-9));
    v.attributes =
        attributes(json!({"units": "K", "scale_factor": 0.5, "add_offset": 100, "_FillValue": -9}));
    let (v, bytes) = super::unpack::unpack(
        "v",
        &Image {
            variable: &v,
            bytes,
        },
    )
    .unwrap();
    assert_eq!(text(&v, &bytes), "100.0 100.5 101.0\n101.5 102.0 nan\n");
    assert_eq!((v.element, v.nodata), (ElementType::Float64, None));
    assert_eq!(v.attributes, attributes(json!({"units": "K"})));
}

#[test]
fn refusals_leave_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (v, bytes) = plane([0u8; 6]);
    let dims = [
        ("time", 2, Axis::Time),
        ("band", 3, Axis::Band),
        ("y", 1, Axis::Y),
        ("x", 1, Axis::X),
    ];
    let many = variable(ElementType::UInt8, &dims);
    let line = variable(ElementType::UInt8, &[("x", 6, Axis::X)]);
    let empty = variable(ElementType::UInt8, &[("y", 0, Axis::Y), ("x", 6, Axis::X)]);
    let complex = variable(
        ElementType::Complex64,
        &[("y", 1, Axis::Y), ("x", 1, Axis::X)],
    );
    let times = variable(
        ElementType::UInt8,
        &[
            ("time", 3, Axis::Time),
            ("y", 1, Axis::Y),
            ("x", 2, Axis::X),
        ],
    );
    for (name, v, bytes, hint) in [
        ("v.jpg", &v, &bytes[..], ".npy"),
        ("v", &v, &bytes, ".npy"),
        ("v.png", &v, &bytes[1..], "5 bytes"),
        ("v.tif", &many, &bytes, "--index"),
        ("v.png", &many, &bytes, "--index"),
        ("v.tif", &line, &bytes, ".npy"),
        ("v.tif", &empty, &[], "empty"),
        ("v.png", &empty, &[], "empty"),
        ("v.png", &complex, &[0; 8], "complex"),
        ("v.png", &times, &bytes, "--index"),
        ("no/such/dir.png", &v, &bytes, "not found"),
        (".", &v, &bytes, ".npy"),
    ] {
        let path = dir.path().join(name);
        let image = Image {
            variable: v,
            bytes: bytes.to_vec(),
        };
        let error = write(&path, &image, &Options::default())
            .unwrap_err()
            .to_string();
        assert!(error.contains(hint), "{name}: {error}");
    }
    std::fs::create_dir(dir.path().join("d.png")).unwrap();
    let taken = write(
        &dir.path().join("d.png"),
        &Image {
            variable: &v,
            bytes,
        },
        &Options::default(),
    );
    assert!(matches!(taken, Err(Error::Conflict { .. })));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_link_stays_a_link() {
    let dir = tempfile::tempdir().unwrap();
    let (target, link) = (dir.path().join("a.png"), dir.path().join("b.png"));
    std::fs::write(&target, "old").unwrap();
    std::os::unix::fs::symlink("a.png", &link).unwrap();
    let (v, bytes) = plane([0u8; 6]);
    export(&link, &v, &bytes);
    assert!(link.is_symlink());
    assert_eq!(decode(&target).2.len(), 6);
}
