//! `NetCDF` files: real ones, and small ones for each rule of CF (see `data/netcdf/make.py`).

use serde_json::json;
use ziggurat::source::Source;
use ziggurat::source::netcdf::{NetCdf, is_netcdf};
use ziggurat_core::{Affine, Coordinate, ElementType, Error, Scalar, Variable};

use super::inputs::{check_regions, digest, dims, find, own, real, unxz};

fn code(variable: &Variable) -> Option<&str> {
    variable.crs.as_ref()?.code.as_deref()
}

#[test]
fn reads_era_interim() {
    let Some(path) = real("eraint_uvz.nc") else {
        return;
    };
    assert!(is_netcdf(&std::fs::read(&path).unwrap()[..8]));
    let source = NetCdf::open(&path).unwrap();
    let names: Vec<&str> = source.variables().iter().map(|v| v.name.as_str()).collect();
    assert_eq!(names, ["z", "u", "v"]);
    for (i, sha) in [
        "f1223a8c006e574238e9cd6fd5695fcacb7416a84c7fb340398f2424f95d4670",
        "ee5401c9b35a3703d105f419c9b6bfa63d67e56d5c496ca83b287bc74d41bc56",
        "c28435138b197a89369421df6cd39a64da7a96516f5fb0d62ab1b04056bc142e",
    ]
    .iter()
    .enumerate()
    {
        assert_eq!(digest(&source, i), *sha);
        check_regions(&source, i);
        let expected = [
            "month[2] Other int 1..7",
            "level[3] Z int 200..850",
            "latitude[241] Y regular 90..-90 by -0.75",
            "longitude[480] X regular -180..179.25 by 0.75",
        ];
        assert_eq!(dims(&source, i), expected);
    }
    let z = &source.variables()[0];
    assert_eq!(z.element, ElementType::Int16);
    // Declared as NaN, which no int16 is.
    assert_eq!(z.nodata, None);
    assert_eq!(
        z.attributes["scale_factor"],
        json!(-1.725_027_467_496_795_4)
    );
    assert_eq!(z.attributes["add_offset"], json!(66825.5));
    assert_eq!(z.attributes["units"], json!("m**2 s**-2"));
    assert!(!z.attributes.contains_key("_FillValue"));
    assert_eq!(z.dims[1].attributes["units"], json!("millibars"));
    assert!(!z.dims[2].attributes.contains_key("_FillValue"));
    assert_eq!(code(z), Some("EPSG:4326"));
    assert_eq!(
        z.transform,
        Some(Affine([0.75, 0.0, -180.375, 0.0, -0.75, 90.375]))
    );
}

#[test]
fn reads_etopo5() {
    let Some(archive) = real("etopo5.cdf.xz") else {
        return;
    };
    let error = NetCdf::open(&archive).unwrap_err();
    assert!(
        matches!(error, Error::Unsupported { .. }) && error.to_string().contains("xz -dk"),
        "{error}"
    );

    let (_dir, path) = unxz(&archive, "etopo5.cdf");
    let source = NetCdf::open(&path).unwrap();
    let rose = &source.variables()[0];
    assert_eq!(
        (rose.name.as_str(), rose.element),
        ("ROSE", ElementType::Float32)
    );
    // The step is what the file says: its last column lies at 359.92, not at 359 11/12.
    let expected = [
        "ETOPO05_Y[2161] Y regular -90..90 by 0.08333333333333333",
        "ETOPO05_X[4320] X regular 0..359.91999999999996 by 0.08333410511692521",
    ];
    assert_eq!(dims(&source, 0), expected);
    assert_eq!(rose.nodata, Some(Scalar::Float(-9.999_999_790_214_768e33)));
    assert_eq!(rose.attributes["units"], json!("meters"));
    assert!(
        !rose.attributes.contains_key("missing_value"),
        "the same as _FillValue"
    );
    assert_eq!(code(rose), Some("EPSG:4326"));
    let [a, b, c, d, e, f] = rose.transform.unwrap().0;
    assert!(
        (a - 0.083_334_1).abs() < 1e-7 && (e - 1.0 / 12.0).abs() < 1e-12,
        "south up"
    );
    assert!(
        (c + a / 2.0).abs() < 1e-12 && (f + 90.0 + e / 2.0).abs() < 1e-12,
        "{c} {f}"
    );
    assert_eq!((b, d), (0.0, 0.0));
    assert_eq!(
        digest(&source, 0),
        "6921ee9897c50978d93816391c735f95c950b659decc35cc741b4c58562b3e71"
    );
    assert_eq!(source.read_shape(0), [485, 4320]);
    check_regions(&source, 0);
}

#[test]
fn reads_the_ocean_atlas() {
    let Some(archive) = real("ocean_atlas_subset.nc.xz") else {
        return;
    };
    let (_dir, path) = unxz(&archive, "ocean_atlas_subset.nc");
    let source = NetCdf::open(&path).unwrap();
    let temp = &source.variables()[0];
    assert_eq!(temp.name, "TEMP");
    let expected = [
        "TIME[12] Time regular 366..8401.335 by 730.485",
        "ZAXLEVIT19[19] Z float 0..1000",
        "YAX_SUBSET[90] Y regular -89.5..88.5 by 2",
        "XAX_SUBSET[180] X regular 20.5..378.5 by 2",
    ];
    assert_eq!(dims(&source, 0), expected);
    let Some(Coordinate::Float(depths)) = &temp.dims[1].coordinate else {
        panic!()
    };
    assert_eq!(depths[..6], [0.0, 10.0, 20.0, 30.0, 50.0, 75.0]);
    assert_eq!(temp.dims[1].attributes["positive"], json!("down"));
    assert_eq!(
        temp.dims[0].attributes["units"],
        json!("hour since 0000-01-01 00:00:00")
    );
    assert_eq!(temp.nodata, Some(Scalar::Float(-9.999_999_790_214_768e33)));
    assert_eq!(
        temp.transform,
        Some(Affine([2.0, 0.0, 19.5, 0.0, 2.0, -90.5]))
    );
    assert_eq!(
        digest(&source, 0),
        "436dcccb039b45bd2965a8714eebe097231e56399e4a14cc00bcd8735cf664d7"
    );
    check_regions(&source, 0);
}

#[test]
fn reads_classic_formats() {
    for file in ["classic.nc", "cdf5.nc"] {
        let source = NetCdf::open(own("netcdf").join(file)).unwrap();
        let [byte, packed, fixed] = ["byte", "packed", "static"].map(|n| find(&source, n));
        let expected = [
            "time[3] Time int 0..18",
            "lat[5] Y regular -0.2..0.2 by 0.1",
            "lon[7] X regular 350..356 by 1",
        ];
        assert_eq!(dims(&source, byte), expected);
        let v = source.variables();
        assert_eq!(
            (v[byte].element, v[byte].nodata),
            (ElementType::UInt8, Some(Scalar::UInt(255)))
        );
        assert!(!v[byte].attributes.contains_key("_Unsigned"));
        assert_eq!(v[byte].dims[0].attributes["calendar"], json!("noleap"));
        assert!(!v[byte].dims[0].attributes.contains_key("bounds"));
        assert_eq!(
            (v[packed].element, v[packed].nodata),
            (ElementType::Int16, Some(Scalar::Int(-999)))
        );
        assert_eq!(
            json!(v[packed].attributes),
            json!({"scale_factor": -0.25, "add_offset": 100.0, "units": "K", "valid_range": [-500, 500]})
        );
        assert_eq!(
            v[fixed].nodata,
            Some(Scalar::Float(-9.999_999_790_214_768e33))
        );
        assert_eq!(code(&v[fixed]), Some("EPSG:4326"));
        let [a, _, c, _, e, f] = v[fixed].transform.unwrap().0;
        assert_eq!((a, c, e), (1.0, 349.5, 0.1));
        assert!((f + 0.25).abs() < 1e-12, "{f}");
        for (i, sha) in [
            (
                byte,
                "0e7d7c95f3fe0b741b80b5294cdcf408cc3d040b6c771529f538e16f6fef9b5a",
            ),
            (
                packed,
                "a14ebe0fb0fb2f7f1d85913c063ca14f65c3ec868958a0e7f545af611a33aab5",
            ),
            (
                fixed,
                "446c12dda9cd5fc43d196ec358a2c66c6237e88e12986471745331aa0fd6253b",
            ),
        ] {
            assert_eq!(digest(&source, i), sha, "{file}");
            check_regions(&source, i);
        }
        // Left out, but named when asked for.
        let error = source.find("station").unwrap_err();
        assert!(
            matches!(error, Error::Unsupported { .. }) && error.to_string().contains("text"),
            "{error}"
        );
        let error = source.find("nothing").unwrap_err();
        assert!(
            error.is_not_found() && error.to_string().contains("packed"),
            "{error}"
        );
        assert_eq!(source.find("packed").unwrap(), packed);
        assert!(v.iter().all(|v| v.name != "time_bnds"));
    }
}

#[test]
fn reads_the_types_of_cdf5() {
    let source = NetCdf::open(own("netcdf/cdf5.nc")).unwrap();
    for (name, element, sha) in [
        (
            "u2",
            ElementType::UInt16,
            "c943aa385c958ae5030894e69830cb5644aef354ea7402f851f64383427448ef",
        ),
        (
            "u4",
            ElementType::UInt32,
            "321f5bc93d626f258cf06e6dd3e23db4505955b88856bb028627a76c5bd8bb44",
        ),
        (
            "i8",
            ElementType::Int64,
            "e9071c5fceb340f2d3157a20b4fce449ed1d21ca8f9506ec54219469283fe62a",
        ),
        (
            "u8",
            ElementType::UInt64,
            "11135d92c3c4dc0123712f72cf34487ada8a89f57aa89ea84eaef05619f1a966",
        ),
    ] {
        let i = find(&source, name);
        assert_eq!(source.variables()[i].element, element);
        assert_eq!(digest(&source, i), sha, "{name}");
    }
}

#[test]
fn reads_netcdf4() {
    let source = NetCdf::open(own("netcdf/projected.nc")).unwrap();
    let names: Vec<&str> = source.variables().iter().map(|v| v.name.as_str()).collect();
    assert_eq!(names, ["rain", "big", "series", "inner/v"]);
    let rain = &source.variables()[0];
    let expected = [
        "time[4] Time float 0..1.5",
        "y[6] Y regular 449500..444500 by -1000",
        "x[8] X regular 100500..107500 by 1000",
    ];
    assert_eq!(dims(&source, 0), expected);
    assert!(rain.nodata.unwrap().as_f64().is_nan());
    let crs = rain.crs.as_ref().unwrap();
    assert_eq!(crs.code.as_deref(), Some("EPSG:28992"));
    assert!(
        crs.wkt
            .as_ref()
            .unwrap()
            .starts_with("PROJCRS[\"Amersfoort / RD New\"")
    );
    assert_eq!(
        rain.transform,
        Some(Affine([1000.0, 0.0, 100_000.0, 0.0, -1000.0, 450_000.0]))
    );
    assert_eq!(json!(rain.attributes), json!({"units": "mm"}));
    assert_eq!(source.read_shape(0), [1, 4, 5]);
    assert_eq!(
        dims(&source, 2)[1],
        "station[3] Other text De Bilt,Cabauw,Ås"
    );
    assert_eq!(source.variables()[2].nodata, Some(Scalar::UInt(u64::MAX)));
    // The x of the group hides that of the root; y is inherited.
    let expected = [
        "y[6] Y regular 449500..444500 by -1000",
        "x[3] X float 1..4",
    ];
    assert_eq!(dims(&source, 3), expected);
    for (i, sha) in [
        "22502b2c650219d92ba6fabc6f6b294f64aefb08695ed2d6e24e66e97e18f808",
        "94bbd63b5a09040de6949753628bb44f9e3d805cb6d03e50e8294f18068e1e37",
        "c023072034f1c7d1140c275be57521d49f86e85c57cef72a1e2ddb0b97c3a6d6",
        "43c178077e5b3f89dcce3234cbe973f02a8b38191f68837a591e5c82dcc043b2",
    ]
    .iter()
    .enumerate()
    {
        assert_eq!(digest(&source, i), *sha, "{}", names[i]);
        check_regions(&source, i);
    }
    for (name, what) in [
        ("compound", "compound"),
        ("vlen", "variable length"),
        ("switch", "enumeration"),
    ] {
        let error = source.find(name).unwrap_err();
        assert!(
            matches!(error, Error::Unsupported { .. }) && error.to_string().contains(what),
            "{error}"
        );
    }
}

#[test]
fn threads_share_a_source() {
    let source = NetCdf::open(own("netcdf/projected.nc")).unwrap();
    let expected = digest(&source, 0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                check_regions(&source, 0);
                assert_eq!(digest(&source, 0), expected);
            });
        }
    });
}

#[test]
fn curved_grids_have_no_affine_map() {
    let source = NetCdf::open(own("netcdf/curved.nc")).unwrap();
    let ice = find(&source, "ice");
    assert_eq!(dims(&source, ice), ["nj[4] Other none", "ni[5] Other none"]);
    let variable = &source.variables()[ice];
    assert_eq!((variable.transform, &variable.crs), (None, &None));
    // The coordinates come along as variables; what does not exist is no longer named.
    assert_eq!(variable.attributes["coordinates"], json!("lat lon"));
    for (name, sha) in [
        (
            "lat",
            "a77d6a66d4cbe60ec7c0a40c9727c6fd842feb438cfb7368a6b97a8914b53289",
        ),
        (
            "ice",
            "e7aebf577f60412f0312d442c70a1fa6148c090bf5bab404caec29482ae779e8",
        ),
    ] {
        assert_eq!(digest(&source, find(&source, name)), sha);
    }
}

/// Opening and reading a file cut off at any length is refused, or gives what is there; it never
/// panics.
#[test]
fn truncations_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cut.nc");
    for file in ["classic.nc", "cdf5.nc", "projected.nc", "curved.nc"] {
        let bytes = std::fs::read(own("netcdf").join(file)).unwrap();
        let step = bytes.len() / 150 + 1;
        for cut in (0..bytes.len()).step_by(step).chain([bytes.len() - 1]) {
            std::fs::write(&path, &bytes[..cut]).unwrap();
            let read_all = || {
                let source = NetCdf::open(&path)?;
                for (i, v) in source.variables().iter().enumerate() {
                    source.read(i, &ziggurat_core::Region::whole(&v.shape()))?;
                }
                Ok::<(), Error>(())
            };
            match read_all() {
                Err(Error::Data { .. }) => {}
                other => panic!("{file} cut at {cut} of {}: {other:?}", bytes.len()),
            }
        }
    }
}

/// Damaged bytes may change values, but never end in a panic.
#[test]
fn damage_never_panics() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("damaged.nc");
    for file in ["classic.nc", "projected.nc"] {
        let bytes = std::fs::read(own("netcdf").join(file)).unwrap();
        for at in (0..bytes.len()).step_by(bytes.len() / 250 + 1) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0xff;
            std::fs::write(&path, &damaged).unwrap();
            let Ok(source) = NetCdf::open(&path) else {
                continue;
            };
            for (i, v) in source.variables().iter().enumerate() {
                let shape: Vec<u64> = v.shape().iter().map(|&n| n.min(64)).collect();
                let _ = source.read(i, &ziggurat_core::Region::whole(&shape));
            }
        }
    }
}

#[test]
fn refuses_other_files() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.nc");
    std::fs::write(&path, "not a NetCDF file").unwrap();
    assert!(matches!(NetCdf::open(&path), Err(Error::Data { .. })));
    std::fs::write(&path, "").unwrap();
    assert!(matches!(NetCdf::open(&path), Err(Error::Data { .. })));
    assert!(
        NetCdf::open(dir.path().join("none.nc"))
            .unwrap_err()
            .is_not_found()
    );
}
