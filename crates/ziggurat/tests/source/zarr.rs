//! Zarr stores: real ones, and small ones for each convention (see `data/zarr/make.py`).

use std::path::Path;

use serde_json::json;
use ziggurat::source::Source;
use ziggurat::source::zarr::{ZarrSource, is_zarr};
use ziggurat_core::{Affine, ElementType, Error, Region, Scalar, Variable, element};

use super::inputs::{check_regions, digest, dims, find, own, real, untar};

fn code(variable: &Variable) -> Option<&str> {
    variable.crs.as_ref()?.code.as_deref()
}

fn stores() -> tempfile::TempDir {
    untar(&own("zarr/stores.tgz"))
}

#[test]
fn reads_the_olci_cube() {
    let Some(archive) = real("olci_cube_v2.zarr.tgz") else {
        return;
    };
    let dir = untar(&archive);
    let path = dir.path().join("cube-1-250-250.zarr");
    assert!(is_zarr(&path) && !is_zarr(dir.path()));
    let source = ZarrSource::open(&path).unwrap();
    for (i, (name, sha)) in [
        (
            "conc_chl",
            "2ac599a6941d72adaa16fc2aaccea83ec6fe9b9ef29b147dc143ae42ca50ed7d",
        ),
        (
            "conc_tsm",
            "7cb7fbce0992ba07885f6ada8df2b8215ff42f87b843c0cf56f8178c7b7042f7",
        ),
    ]
    .iter()
    .enumerate()
    {
        let variable = &source.variables()[i];
        assert_eq!(
            (variable.name.as_str(), variable.element),
            (*name, ElementType::Float64)
        );
        let expected = [
            "time[5] Time float 17182.423169377962..17196.44900274181",
            "lat[1000] Y regular 52.49875..50.00125 by -0.0025",
            "lon[2000] X regular 0.00125..4.99875 by 0.0025",
        ];
        assert_eq!(dims(&source, i), expected);
        assert!(variable.nodata.unwrap().as_f64().is_nan());
        assert_eq!(code(variable), Some("EPSG:4326"));
        let [a, _, c, _, e, f] = variable.transform.unwrap().0;
        assert_eq!((a, e), (0.0025, -0.0025));
        assert!(c.abs() < 1e-12 && (f - 52.5).abs() < 1e-12);
        assert_eq!(digest(&source, i), *sha);
        assert_eq!(source.read_shape(i), [1, 250, 250]);
    }
    let chl = &source.variables()[0];
    assert_eq!(chl.attributes["units"], json!("mg m^-3"));
    assert!(!chl.attributes.contains_key("_ARRAY_DIMENSIONS"));
    assert_eq!(
        chl.dims[0].attributes["units"],
        json!("days since 1970-01-01")
    );
    assert!(!chl.dims[0].attributes.contains_key("bounds"));
    check_regions(&source, 0);
    // All chunks that the store holds, and no more.
    let boxes = source.occupied(0).unwrap().unwrap();
    let files = std::fs::read_dir(path.join("conc_chl")).unwrap();
    let chunks = files.filter(|f| {
        !f.as_ref()
            .unwrap()
            .file_name()
            .to_str()
            .unwrap()
            .starts_with('.')
    });
    assert_eq!(boxes.len(), chunks.count());
}

#[test]
fn reads_titiler_stores() {
    let Some(archive) = real("titiler_stores.tgz") else {
        return;
    };
    let dir = untar(&archive);
    let open = |name: &str| ZarrSource::open(dir.path().join(name)).unwrap();

    let source = open("dataset_3d.zarr");
    let expected = [
        "time[2] Time int 0..365",
        "y[1000] Y regular -80..79.83999999999659 by 0.1599999999999966",
        "x[2000] X regular -170..169.82999999997503 by 0.16999999999998752",
    ];
    assert_eq!(dims(&source, 0), expected);
    assert_eq!(
        digest(&source, 0),
        "5d18c60b41021288a8997e4daa3943207f4fe1fa0a7264d5e3666a3aa7e5fdac"
    );
    assert_eq!(source.variables()[0].attributes["valid_max"], json!(1000.0));
    assert_eq!(source.variables()[0].crs, None);

    let source = open("zarr_5d.zarr");
    let expected = [
        "time[2] Time int 0..365",
        "universe[1] Other text somewhere",
        "z[1] Z int 0..0",
        "y[33] Y regular -80..80 by 5",
        "x[35] X regular -170..170 by 10",
    ];
    assert_eq!(dims(&source, 0), expected);
    let variable = &source.variables()[0];
    assert_eq!(
        (variable.name.as_str(), variable.element),
        ("dataset", ElementType::Int64)
    );
    assert_eq!(
        variable.nodata, None,
        "the fill value of version 3 is no missing value"
    );
    assert_eq!(
        variable.transform,
        Some(Affine([10.0, 0.0, -175.0, 0.0, 5.0, -82.5]))
    );
    assert_eq!(
        source.occupied(0).unwrap(),
        Some(vec![Region::whole(&variable.shape())]),
        "what is absent holds the fill value, which is carried over"
    );
    assert_eq!(
        digest(&source, 0),
        "2f53e9d0a369fcd8b53e14caf1ee7144e7dd8e97568893a208aeec078f01a77b"
    );

    let source = open("pyramid.zarr");
    assert_eq!(source.variables().len(), 1);
    assert_eq!(source.variables()[0].name, "dataset");
    assert_eq!(source.variables()[0].shape(), [1000, 2000]);
    assert_eq!(source.variables()[0].nodata, None);
    assert_eq!(
        digest(&source, 0),
        "0da17774bd0243212d304f1a297c4439bc19e321efe380d53c02e2eec670331c"
    );
    // A level of its own.
    let source = open("pyramid.zarr/1");
    assert_eq!(source.variables()[0].shape(), [500, 1000]);
}

#[test]
fn sparse_shards_are_listed() {
    let dir = stores();
    let source = ZarrSource::open(dir.path().join("sparse.zarr")).unwrap();
    let variable = &source.variables()[0];
    assert_eq!(
        (variable.name.as_str(), code(variable)),
        ("sparse", Some("EPSG:3035"))
    );
    assert_eq!(
        variable.transform,
        Some(Affine([10.0, 0.0, 5000.0, 0.0, -10.0, 9000.0]))
    );
    let expected = [
        "y[70] Y regular 8995..8305 by -10",
        "x[100] X regular 5005..5995 by 10",
    ];
    assert_eq!(dims(&source, 0), expected);
    assert_eq!(json!(variable.attributes), json!({"units": "m"}));
    assert_eq!(
        digest(&source, 0),
        "c4c4ebab8bd754da6995b3e620370154d17393cd690d2fbf974799651af882f1"
    );
    assert_eq!(source.read_shape(0), [32, 32]);
    check_regions(&source, 0);
    let boxes = source.occupied(0).unwrap().unwrap();
    assert_eq!(
        boxes,
        [Region::new([0, 0], [32, 32]), Region::new([64, 96], [6, 4])]
    );
}

#[test]
fn reads_what_xarray_writes() {
    let dir = stores();
    for version in ["fill2", "fill3"] {
        let source = ZarrSource::open(dir.path().join(format!("{version}.zarr"))).unwrap();
        let v = source.variables();
        let get = |name| &v[find(&source, name)];
        assert_eq!(get("f").nodata, Some(Scalar::Float(-9999.0)), "{version}");
        assert_eq!(get("i").nodata, Some(Scalar::Int(-1)), "{version}");
        assert_eq!(get("i").attributes["scale_factor"], json!(0.5));
        assert_eq!(
            (get("b").element, get("b").nodata),
            (ElementType::Bool, None)
        );
        assert_eq!(get("h").element, ElementType::Float16);
        let expected = [
            "y[3] Y regular 3.5..1.5 by -1",
            "x[4] X regular 10..40 by 10",
        ];
        assert_eq!(dims(&source, find(&source, "f")), expected);
        let when = find(&source, "when");
        assert!(
            dims(&source, when)[0].starts_with("time[2] Time int 0.."),
            "{:?}",
            dims(&source, when)
        );
        for (name, sha) in [
            (
                "b",
                "9279aba84b65c836059f143f595b35fa7ff78a64c750da958a15319d1a333f2f",
            ),
            (
                "f",
                "3b62679d2cb68ef8c3e0d241c26d441178e71b58e3845039209a27b3031de1b7",
            ),
            (
                "h",
                "38c27038dc784c6133d06cca3739e32b32a549aeb700a601d8706d6c15399778",
            ),
            (
                "i",
                "547fb0ef396e4ca6ddef39d710f052e8961f871e69319d06a667709a68548eac",
            ),
            (
                "when",
                "8a851ff82ee7048ad09ec3847f1ddf44944104d2cbd17ef4e3db22c6785a0d45",
            ),
        ] {
            assert_eq!(
                digest(&source, find(&source, name)),
                sha,
                "{version} {name}"
            );
        }
        if version == "fill3" {
            assert_eq!(get("c").element, ElementType::Complex64);
            let sha = "34912d935cf891c80081d763286f200b58ef5bec492a785d3467c17bffa8edfc";
            assert_eq!(digest(&source, find(&source, "c")), sha);
        }
    }
}

#[test]
fn reads_text_and_time_coordinates() {
    let dir = stores();
    let source = ZarrSource::open(dir.path().join("kinds.zarr")).unwrap();
    assert_eq!(source.variables().len(), 1);
    let v = &source.variables()[0];
    let expected = [
        "t[2] Time int 946684800..946857600",
        "band[3] Band text red,grün,nir",
        "row[4] Y none",
        "col[5] X none",
    ];
    assert_eq!(dims(&source, 0), expected);
    assert_eq!(
        v.dims[0].attributes["units"],
        json!("seconds since 1970-01-01")
    );
    assert_eq!((code(v), v.nodata), (Some("EPSG:28992"), None));
    assert!(v.crs.as_ref().unwrap().wkt.is_some());
    assert_eq!(
        digest(&source, 0),
        "881037d206276be1ba7d7cf00e006aed220e1bd6b955da1b75c4903f8afd279d"
    );
    check_regions(&source, 0);
    let error = source.find("text").unwrap_err();
    assert!(matches!(error, Error::Unsupported { .. }), "{error}");
}

#[test]
fn reads_a_lone_array_in_fortran_order() {
    let dir = stores();
    let source = ZarrSource::open(dir.path().join("order.zarr")).unwrap();
    let v = &source.variables()[0];
    assert_eq!(
        (v.name.as_str(), v.nodata),
        ("order", Some(Scalar::Int(-5)))
    );
    assert_eq!(dims(&source, 0), ["y[5] Y none", "x[6] X none"]);
    assert_eq!(
        digest(&source, 0),
        "dd91c9ad90cf8332d04636ac6902c5f73119ccbf455c9db736d86157a22a7429"
    );
    check_regions(&source, 0);
    let boxes = source.occupied(0).unwrap().unwrap();
    assert_eq!(boxes.len(), 4, "{boxes:?}");
}

#[test]
fn takes_the_finest_level() {
    let dir = stores();
    let image = ZarrSource::open(dir.path().join("image.zarr")).unwrap();
    assert_eq!(image.variables().len(), 1);
    let v = &image.variables()[0];
    assert_eq!(v.name, "cells");
    let expected = [
        "c[2] Band none",
        "y[8] Y regular 10..13.5 by 0.5",
        "x[8] X regular 20..21.75 by 0.25",
    ];
    assert_eq!(dims(&image, 0), expected);
    assert_eq!(v.dims[1].attributes["units"], json!("micrometer"));
    assert_eq!(
        v.transform,
        Some(Affine([0.25, 0.0, 19.875, 0.0, 0.5, 9.75]))
    );
    assert_eq!(
        digest(&image, 0),
        "471fb943aa23c511f6f72f8d1652d9c880cfa392ad80503120547703e56a2be5"
    );

    let levels = ZarrSource::open(dir.path().join("levels.zarr")).unwrap();
    assert_eq!(levels.variables().len(), 1);
    let v = &levels.variables()[0];
    assert_eq!(
        (v.name.as_str(), v.nodata, code(v)),
        ("dem", Some(Scalar::Int(-32768)), Some("EPSG:32633"))
    );
    assert_eq!(
        v.transform,
        Some(Affine([2.0, 0.0, 100.0, 0.0, -2.0, 50.0]))
    );
    assert_eq!(
        dims(&levels, 0),
        [
            "y[4] Y regular 49..43 by -2",
            "x[6] X regular 101..111 by 2"
        ]
    );
    assert_eq!(
        digest(&levels, 0),
        "e88624bf274aff4f35798f4bc27027683e9c1d78f132211a3cc4ae5b3decd4e3"
    );
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
fn damage_is_refused() {
    let dir = stores();
    let path = dir.path().join("levels.zarr");
    let whole = |path: &Path| {
        let source = ZarrSource::open(path)?;
        let shape = source.variables()[0].shape();
        source.read(0, &Region::whole(&shape))
    };
    for file in [
        "fine/dem/c/0/0",
        "fine/dem/zarr.json",
        "zarr.json",
        "fine/zarr.json",
    ] {
        let bytes = std::fs::read(path.join(file)).unwrap();
        for cut in 0..bytes.len().min(400) {
            let broken = dir.path().join("broken.zarr");
            if !broken.exists() {
                copy(&path, &broken);
            }
            std::fs::write(broken.join(file), &bytes[..cut]).unwrap();
            match whole(&broken) {
                Err(Error::Data { .. }) => {}
                other => panic!("{file} cut at {cut}: {other:?}"),
            }
        }
        std::fs::write(dir.path().join("broken.zarr").join(file), &bytes).unwrap();
        assert!(whole(&path).is_ok());
    }
    // A level that does not exist.
    let metadata = std::fs::read_to_string(path.join("zarr.json")).unwrap();
    for (asset, unsupported) in [("gone", false), ("../fill3.zarr", false)] {
        std::fs::write(
            path.join("zarr.json"),
            metadata.replace("\"fine\"", &format!("{asset:?}")),
        )
        .unwrap();
        let error = ZarrSource::open(&path).unwrap_err();
        assert!(
            matches!(error, Error::Data { .. }) != unsupported,
            "{error}"
        );
    }
    assert!(ZarrSource::open(dir.path()).unwrap_err().is_not_found());
    assert!(
        ZarrSource::open(dir.path().join("none"))
            .unwrap_err()
            .is_not_found()
    );
}

#[test]
fn damaged_text_is_refused() {
    let dir = stores();
    let path = dir.path().join("kinds.zarr");
    let chunk = path.join("band/c/0");
    // zstd stores so little as it is: the length of the first text follows that of the list.
    let mut bytes = std::fs::read(&chunk).unwrap();
    let at = bytes.windows(3).position(|w| w == b"red").unwrap();
    bytes[at - 1] = 0xff;
    std::fs::write(&chunk, bytes).unwrap();
    let error = ZarrSource::open(&path).unwrap_err();
    assert!(matches!(error, Error::Data { .. }), "{error}");
}

#[test]
fn huge_claims_are_limits() {
    let dir = tempfile::tempdir().unwrap();
    let write = |shape: &str, chunks: &str, kind: &str| {
        let json = format!(
            r#"{{"zarr_format":3,"node_type":"array","shape":{shape},"data_type":{kind},
            "chunk_grid":{{"name":"regular","configuration":{{"chunk_shape":{chunks}}}}},
            "chunk_key_encoding":{{"name":"default","configuration":{{"separator":"/"}}}},
            "fill_value":"NaN","codecs":[{{"name":"bytes","configuration":{{"endian":"little"}}}}],
            "attributes":{{}},"dimension_names":["y","x"]}}"#
        );
        std::fs::write(dir.path().join("zarr.json"), json).unwrap();
    };
    // A huge array costs nothing ...
    write(
        "[1000000000000000,1000000000000000]",
        "[512,512]",
        "\"float32\"",
    );
    let source = ZarrSource::open(dir.path()).unwrap();
    assert_eq!(source.occupied(0).unwrap(), Some(vec![]));
    let far = Region::new([999_999_999_999_998, 0], [2, 2]);
    let values = element::to_values::<f32>(&source.read(0, &far).unwrap());
    assert!(values.len() == 4 && values.iter().all(|v| v.is_nan()));
    // ... a huge chunk cannot be decoded.
    write("[10,10]", "[1000000000,1000000000]", "\"float32\"");
    let error = ZarrSource::open(dir.path()).unwrap_err();
    assert!(
        matches!(error, Error::Unsupported { .. }) && error.to_string().contains("4 GiB"),
        "{error}"
    );
    // Types are named.
    write("[10,10]", "[10,10]", "\"float8_e3m4\"");
    let error = ZarrSource::open(dir.path()).unwrap_err();
    assert!(
        matches!(error, Error::Unsupported { .. }) && error.to_string().contains("float8_e3m4"),
        "{error}"
    );
    write("[10,10]", "[10,10]", "\"made_up\"");
    let error = ZarrSource::open(dir.path()).unwrap_err();
    assert!(
        matches!(error, Error::Unsupported { .. }) && error.to_string().contains("made_up"),
        "{error}"
    );
}
