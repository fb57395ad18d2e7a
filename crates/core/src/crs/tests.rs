//! Expected grid mappings come from `pyproj.CRS.from_epsg(n).to_cf()` of pyproj 3.8.0, without the
//! names (EPSG renames datums) and the redundant `semi_minor_axis`.

use super::*;
use crate::Attributes;

/// Code and grid mapping.
const GRID_MAPPINGS: &[(u32, &str)] = &[
    (
        4326,
        r#"{"semi_major_axis": 6378137.0, "inverse_flattening": 298.257223563, "longitude_of_prime_meridian": 0.0, "grid_mapping_name": "latitude_longitude"}"#,
    ),
    (3857, "{}"),
    (28992, "{}"),
    (
        32618,
        r#"{"semi_major_axis": 6378137.0, "inverse_flattening": 298.257223563, "longitude_of_prime_meridian": 0.0, "grid_mapping_name": "transverse_mercator", "latitude_of_projection_origin": 0.0, "longitude_of_central_meridian": -75.0, "false_easting": 500000.0, "false_northing": 0.0, "scale_factor_at_central_meridian": 0.9996}"#,
    ),
    (
        26914,
        r#"{"semi_major_axis": 6378137.0, "inverse_flattening": 298.257222101, "longitude_of_prime_meridian": 0.0, "grid_mapping_name": "transverse_mercator", "latitude_of_projection_origin": 0.0, "longitude_of_central_meridian": -99.0, "false_easting": 500000.0, "false_northing": 0.0, "scale_factor_at_central_meridian": 0.9996}"#,
    ),
    (
        3067,
        r#"{"semi_major_axis": 6378137.0, "inverse_flattening": 298.257222101, "longitude_of_prime_meridian": 0.0, "grid_mapping_name": "transverse_mercator", "latitude_of_projection_origin": 0.0, "longitude_of_central_meridian": 27.0, "false_easting": 500000.0, "false_northing": 0.0, "scale_factor_at_central_meridian": 0.9996}"#,
    ),
    (
        3035,
        r#"{"semi_major_axis": 6378137.0, "inverse_flattening": 298.257222101, "longitude_of_prime_meridian": 0.0, "grid_mapping_name": "lambert_azimuthal_equal_area", "latitude_of_projection_origin": 52.0, "longitude_of_projection_origin": 10.0, "false_easting": 4321000.0, "false_northing": 3210000.0}"#,
    ),
    (
        3413,
        r#"{"semi_major_axis": 6378137.0, "inverse_flattening": 298.257223563, "longitude_of_prime_meridian": 0.0, "grid_mapping_name": "polar_stereographic", "standard_parallel": 70.0, "straight_vertical_longitude_from_pole": -45.0, "false_easting": 0.0, "false_northing": 0.0}"#,
    ),
    (
        2154,
        r#"{"semi_major_axis": 6378137.0, "inverse_flattening": 298.257222101, "longitude_of_prime_meridian": 0.0, "grid_mapping_name": "lambert_conformal_conic", "standard_parallel": [49.0, 44.0], "latitude_of_projection_origin": 46.5, "longitude_of_central_meridian": 3.0, "false_easting": 700000.0, "false_northing": 6600000.0}"#,
    ),
    (
        5070,
        r#"{"semi_major_axis": 6378137.0, "inverse_flattening": 298.257222101, "longitude_of_prime_meridian": 0.0, "grid_mapping_name": "albers_conical_equal_area", "standard_parallel": [29.5, 45.5], "latitude_of_projection_origin": 23.0, "longitude_of_central_meridian": -96.0, "false_easting": 0.0, "false_northing": 0.0}"#,
    ),
    (
        32661,
        r#"{"semi_major_axis": 6378137.0, "inverse_flattening": 298.257223563, "longitude_of_prime_meridian": 0.0, "grid_mapping_name": "polar_stereographic", "latitude_of_projection_origin": 90.0, "straight_vertical_longitude_from_pole": 0.0, "false_easting": 2000000.0, "false_northing": 2000000.0, "scale_factor_at_projection_origin": 0.994}"#,
    ),
    (
        3031,
        r#"{"semi_major_axis": 6378137.0, "inverse_flattening": 298.257223563, "longitude_of_prime_meridian": 0.0, "grid_mapping_name": "polar_stereographic", "standard_parallel": -71.0, "straight_vertical_longitude_from_pole": 0.0, "false_easting": 0.0, "false_northing": 0.0}"#,
    ),
    (
        3994,
        r#"{"semi_major_axis": 6378137.0, "inverse_flattening": 298.257223563, "longitude_of_prime_meridian": 0.0, "grid_mapping_name": "mercator", "standard_parallel": -41.0, "longitude_of_projection_origin": 100.0, "false_easting": 0.0, "false_northing": 0.0}"#,
    ),
    (
        6933,
        r#"{"semi_major_axis": 6378137.0, "inverse_flattening": 298.257223563, "longitude_of_prime_meridian": 0.0, "grid_mapping_name": "lambert_cylindrical_equal_area", "standard_parallel": 30.0, "longitude_of_central_meridian": 0.0, "false_easting": 0.0, "false_northing": 0.0}"#,
    ),
    (
        31370,
        r#"{"semi_major_axis": 6378388.0, "inverse_flattening": 297.0, "longitude_of_prime_meridian": 0.0, "grid_mapping_name": "lambert_conformal_conic", "standard_parallel": [51.16666723333333, 49.8333339], "latitude_of_projection_origin": 90.0, "longitude_of_central_meridian": 4.367486666666666, "false_easting": 150000.013, "false_northing": 5400088.438}"#,
    ),
    (
        2193,
        r#"{"semi_major_axis": 6378137.0, "inverse_flattening": 298.257222101, "longitude_of_prime_meridian": 0.0, "grid_mapping_name": "transverse_mercator", "latitude_of_projection_origin": 0.0, "longitude_of_central_meridian": 173.0, "false_easting": 1600000.0, "false_northing": 10000000.0, "scale_factor_at_central_meridian": 0.9996}"#,
    ),
];

/// The same systems in WKT 2, from `to_wkt()`.
const WKT2: &[&str] = &[
    r#"PROJCRS["Amersfoort / RD New",BASEGEOGCRS["Amersfoort",DATUM["Amersfoort",ELLIPSOID["Bessel 1841",6377397.155,299.1528128,LENGTHUNIT["metre",1]]],PRIMEM["Greenwich",0,ANGLEUNIT["degree",0.0174532925199433]],ID["EPSG",4289]],CONVERSION["RD New",METHOD["Oblique Stereographic",ID["EPSG",9809]],PARAMETER["Latitude of natural origin",52.1561605555556,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8801]],PARAMETER["Longitude of natural origin",5.38763888888889,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8802]],PARAMETER["Scale factor at natural origin",0.9999079,SCALEUNIT["unity",1],ID["EPSG",8805]],PARAMETER["False easting",155000,LENGTHUNIT["metre",1],ID["EPSG",8806]],PARAMETER["False northing",463000,LENGTHUNIT["metre",1],ID["EPSG",8807]]],CS[Cartesian,2],AXIS["easting (X)",east,ORDER[1],LENGTHUNIT["metre",1]],AXIS["northing (Y)",north,ORDER[2],LENGTHUNIT["metre",1]],ID["EPSG",28992]]"#,
    r#"PROJCRS["WGS 84 / NSIDC Sea Ice Polar Stereographic North",BASEGEOGCRS["WGS 84",ENSEMBLE["World Geodetic System 1984 ensemble",ELLIPSOID["WGS 84",6378137,298.257223563,LENGTHUNIT["metre",1]],ENSEMBLEACCURACY[2.0]],PRIMEM["Greenwich",0,ANGLEUNIT["degree",0.0174532925199433]],ID["EPSG",4326]],CONVERSION["US NSIDC Sea Ice polar stereographic north",METHOD["Polar Stereographic (variant B)",ID["EPSG",9829]],PARAMETER["Latitude of standard parallel",70,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8832]],PARAMETER["Longitude of origin",-45,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8833]],PARAMETER["False easting",0,LENGTHUNIT["metre",1],ID["EPSG",8806]],PARAMETER["False northing",0,LENGTHUNIT["metre",1],ID["EPSG",8807]]],CS[Cartesian,2],AXIS["easting (X)",south,MERIDIAN[45,ANGLEUNIT["degree",0.0174532925199433]],ORDER[1],LENGTHUNIT["metre",1]],AXIS["northing (Y)",south,MERIDIAN[135,ANGLEUNIT["degree",0.0174532925199433]],ORDER[2],LENGTHUNIT["metre",1]],ID["EPSG",3413]]"#,
    r#"PROJCRS["RGF93 v1 / Lambert-93",BASEGEOGCRS["RGF93 v1",DATUM["Reseau Geodesique Francais 1993 v1",ELLIPSOID["GRS 1980",6378137,298.257222101,LENGTHUNIT["metre",1]]],PRIMEM["Greenwich",0,ANGLEUNIT["degree",0.0174532925199433]],ID["EPSG",4171]],CONVERSION["Lambert-93",METHOD["Lambert Conic Conformal (2SP)",ID["EPSG",9802]],PARAMETER["Latitude of false origin",46.5,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8821]],PARAMETER["Longitude of false origin",3,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8822]],PARAMETER["Latitude of 1st standard parallel",49,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8823]],PARAMETER["Latitude of 2nd standard parallel",44,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8824]],PARAMETER["Easting at false origin",700000,LENGTHUNIT["metre",1],ID["EPSG",8826]],PARAMETER["Northing at false origin",6600000,LENGTHUNIT["metre",1],ID["EPSG",8827]]],CS[Cartesian,2],AXIS["easting (X)",east,ORDER[1],LENGTHUNIT["metre",1]],AXIS["northing (Y)",north,ORDER[2],LENGTHUNIT["metre",1]],ID["EPSG",2154]]"#,
    r#"PROJCRS["NAD83 / Conus Albers",BASEGEOGCRS["NAD83",DATUM["North American Datum 1983",ELLIPSOID["GRS 1980",6378137,298.257222101,LENGTHUNIT["metre",1]]],PRIMEM["Greenwich",0,ANGLEUNIT["degree",0.0174532925199433]],ID["EPSG",4269]],CONVERSION["Conus Albers",METHOD["Albers Equal Area",ID["EPSG",9822]],PARAMETER["Latitude of false origin",23,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8821]],PARAMETER["Longitude of false origin",-96,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8822]],PARAMETER["Latitude of 1st standard parallel",29.5,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8823]],PARAMETER["Latitude of 2nd standard parallel",45.5,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8824]],PARAMETER["Easting at false origin",0,LENGTHUNIT["metre",1],ID["EPSG",8826]],PARAMETER["Northing at false origin",0,LENGTHUNIT["metre",1],ID["EPSG",8827]]],CS[Cartesian,2],AXIS["easting (X)",east,ORDER[1],LENGTHUNIT["metre",1]],AXIS["northing (Y)",north,ORDER[2],LENGTHUNIT["metre",1]],ID["EPSG",5070]]"#,
    r#"PROJCRS["WGS 84 / NSIDC EASE-Grid 2.0 Global",BASEGEOGCRS["WGS 84",ENSEMBLE["World Geodetic System 1984 ensemble",ELLIPSOID["WGS 84",6378137,298.257223563,LENGTHUNIT["metre",1]],ENSEMBLEACCURACY[2.0]],PRIMEM["Greenwich",0,ANGLEUNIT["degree",0.0174532925199433]],ID["EPSG",4326]],CONVERSION["US NSIDC EASE-Grid 2.0 Global",METHOD["Lambert Cylindrical Equal Area",ID["EPSG",9835]],PARAMETER["Latitude of 1st standard parallel",30,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8823]],PARAMETER["Longitude of natural origin",0,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8802]],PARAMETER["False easting",0,LENGTHUNIT["metre",1],ID["EPSG",8806]],PARAMETER["False northing",0,LENGTHUNIT["metre",1],ID["EPSG",8807]]],CS[Cartesian,2],AXIS["easting (X)",east,ORDER[1],LENGTHUNIT["metre",1]],AXIS["northing (Y)",north,ORDER[2],LENGTHUNIT["metre",1]],ID["EPSG",6933]]"#,
    r#"PROJCRS["WGS 84 / Mercator 41",BASEGEOGCRS["WGS 84",ENSEMBLE["World Geodetic System 1984 ensemble",ELLIPSOID["WGS 84",6378137,298.257223563,LENGTHUNIT["metre",1]],ENSEMBLEACCURACY[2.0]],PRIMEM["Greenwich",0,ANGLEUNIT["degree",0.0174532925199433]],ID["EPSG",4326]],CONVERSION["Mercator 41",METHOD["Mercator (variant B)",ID["EPSG",9805]],PARAMETER["Latitude of 1st standard parallel",-41,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8823]],PARAMETER["Longitude of natural origin",100,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8802]],PARAMETER["False easting",0,LENGTHUNIT["metre",1],ID["EPSG",8806]],PARAMETER["False northing",0,LENGTHUNIT["metre",1],ID["EPSG",8807]]],CS[Cartesian,2],AXIS["easting (X)",east,ORDER[1],LENGTHUNIT["metre",1]],AXIS["northing (Y)",north,ORDER[2],LENGTHUNIT["metre",1]],ID["EPSG",3994]]"#,
    r#"PROJCRS["WGS 84 / UPS North (N,E)",BASEGEOGCRS["WGS 84",ENSEMBLE["World Geodetic System 1984 ensemble",ELLIPSOID["WGS 84",6378137,298.257223563,LENGTHUNIT["metre",1]],ENSEMBLEACCURACY[2.0]],PRIMEM["Greenwich",0,ANGLEUNIT["degree",0.0174532925199433]],ID["EPSG",4326]],CONVERSION["Universal Polar Stereographic North",METHOD["Polar Stereographic (variant A)",ID["EPSG",9810]],PARAMETER["Latitude of natural origin",90,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8801]],PARAMETER["Longitude of natural origin",0,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8802]],PARAMETER["Scale factor at natural origin",0.994,SCALEUNIT["unity",1],ID["EPSG",8805]],PARAMETER["False easting",2000000,LENGTHUNIT["metre",1],ID["EPSG",8806]],PARAMETER["False northing",2000000,LENGTHUNIT["metre",1],ID["EPSG",8807]]],CS[Cartesian,2],AXIS["northing (N)",south,MERIDIAN[180,ANGLEUNIT["degree",0.0174532925199433]],ORDER[1],LENGTHUNIT["metre",1]],AXIS["easting (E)",south,MERIDIAN[90,ANGLEUNIT["degree",0.0174532925199433]],ORDER[2],LENGTHUNIT["metre",1]],ID["EPSG",32661]]"#,
    r#"PROJCRS["ETRS89-extended / LAEA Europe",BASEGEOGCRS["ETRS89",ENSEMBLE["European Terrestrial Reference System 1989 ensemble",ELLIPSOID["GRS 1980",6378137,298.257222101,LENGTHUNIT["metre",1]],ENSEMBLEACCURACY[0.1]],PRIMEM["Greenwich",0,ANGLEUNIT["degree",0.0174532925199433]],ID["EPSG",4258]],CONVERSION["Europe Equal Area 2001",METHOD["Lambert Azimuthal Equal Area",ID["EPSG",9820]],PARAMETER["Latitude of natural origin",52,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8801]],PARAMETER["Longitude of natural origin",10,ANGLEUNIT["degree",0.0174532925199433],ID["EPSG",8802]],PARAMETER["False easting",4321000,LENGTHUNIT["metre",1],ID["EPSG",8806]],PARAMETER["False northing",3210000,LENGTHUNIT["metre",1],ID["EPSG",8807]]],CS[Cartesian,2],AXIS["northing (Y)",north,ORDER[1],LENGTHUNIT["metre",1]],AXIS["easting (X)",east,ORDER[2],LENGTHUNIT["metre",1]],ID["EPSG",3035]]"#,
];

/// What pyproj has too.
fn numbers(crs: &Crs) -> Attributes {
    let mut found = crs.cf_attributes();
    found.retain(|k, v| k == "grid_mapping_name" || !v.is_string());
    found
}

fn assert_mapping(crs: &Crs, expected: &str) {
    let mut expected: Attributes = serde_json::from_str(expected).unwrap();
    let found = numbers(crs);
    // CF demands the pole, pyproj leaves it out where there is a standard parallel.
    if let Some(pole) = found.get("latitude_of_projection_origin") {
        expected
            .entry("latitude_of_projection_origin")
            .or_insert_with(|| pole.clone());
    }
    assert_eq!(
        sorted(found),
        sorted(expected),
        "{:?} {:?}",
        crs.code,
        crs.wkt
    );
}

fn sorted(attributes: Attributes) -> Vec<(String, serde_json::Value)> {
    let mut pairs: Vec<_> = attributes.into_iter().collect();
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    pairs
}

#[test]
fn grid_mappings_are_those_of_pyproj() {
    for (code, expected) in GRID_MAPPINGS {
        assert_mapping(&Crs::from_epsg(*code).unwrap(), expected);
    }
    for wkt in WKT2 {
        let crs = Crs::from_wkt(wkt).unwrap();
        let code = crs.epsg().unwrap();
        let (_, expected) = GRID_MAPPINGS.iter().find(|(c, _)| *c == code).unwrap();
        assert_mapping(&crs, expected);
        assert_eq!(crs.wkt2(), Some(*wkt));
    }
    let pole =
        |code| numbers(&Crs::from_epsg(code).unwrap())["latitude_of_projection_origin"].clone();
    assert_eq!((pole(3413), pole(3031)), (90.0.into(), (-90.0).into()));
}

#[test]
fn a_grid_mapping_has_names_and_wkt() {
    let found = Crs::from_epsg(32618).unwrap().cf_attributes();
    let text = |name: &str| found[name].as_str().unwrap();
    assert_eq!(text("projected_crs_name"), "WGS 84 / UTM zone 18N");
    assert_eq!(text("geographic_crs_name"), "WGS 84");
    assert_eq!(text("horizontal_datum_name"), "WGS_1984");
    assert_eq!(text("prime_meridian_name"), "Greenwich");
    assert!(text("crs_wkt").starts_with("PROJCS[\"WGS 84 / UTM zone 18N\""));
    assert_eq!(text("crs_wkt"), text("spatial_ref"));
    // Known to nobody: nothing can be said of it.
    let unknown = Crs::new(Some("IAU:30100".into()), None);
    assert!(unknown.cf_attributes().is_empty());
}

#[test]
fn grads_become_degrees() {
    let wkt = r#"PROJCS["x",GEOGCS["NTF",DATUM["NTF",SPHEROID["C",6378249.2,293.46]],PRIMEM["Paris",2.33722917],
        UNIT["grad",0.01570796326794897]],PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",52],
        PARAMETER["central_meridian",0],PARAMETER["false_easting",600000],UNIT["metre",1]]"#;
    let found = Crs::from_wkt(wkt).unwrap().cf_attributes();
    assert_eq!(found["latitude_of_projection_origin"], 46.8);
    assert_eq!(found["longitude_of_prime_meridian"], 2.337_229_17);
    assert_eq!(found["false_easting"], 600_000.0);
    // In version 2 the unit stands with the number: 2.5969213 grads.
    let wkt = r#"GEOGCRS["NTF (Paris)",DATUM["NTF",ELLIPSOID["C",6378249.2,293.46]],
        PRIMEM["Paris",2.5969213,ANGLEUNIT["grad",0.0157079632679489]],CS[ellipsoidal,2],
        AXIS["Lat",north,ANGLEUNIT["grad",0.0157079632679489]]]"#;
    let paris = Crs::from_wkt(wkt).unwrap();
    let longitude = paris.cf_attributes()["longitude_of_prime_meridian"]
        .as_f64()
        .unwrap();
    assert!((longitude - 2.337_229_17).abs() < 1e-9);
    assert_eq!(paris.unit(), Some("grad"));
}

#[test]
fn units_and_kinds() {
    for (code, unit, udunits, ome, geographic) in [
        (4326, "degree", "degree", Some("degree"), true),
        (28992, "metre", "m", Some("meter"), false),
        (7415, "metre", "m", Some("meter"), false),
        (2225, "US survey foot", "US_survey_foot", None, false),
        (4807, "grad", "grad", None, true),
        (4979, "degree", "degree", Some("degree"), true),
        (2222, "foot", "foot", Some("foot"), false),
    ] {
        let crs = Crs::from_epsg(code).unwrap();
        assert_eq!(crs.unit(), Some(unit), "{code}");
        assert_eq!(crs.udunits(), Some(udunits), "{code}");
        assert_eq!(crs.ome_unit(), ome, "{code}");
        assert_eq!(crs.is_geographic(), geographic, "{code}");
    }
    let esri = r#"PROJCS["x",GEOGCS["y",UNIT["Degree",0.0174532925199433]],UNIT["Meter",1.0]]"#;
    assert_eq!(Crs::from_wkt(esri).unwrap().unit(), Some("metre"));
}

#[test]
fn codes_are_found_in_wkt() {
    for code in [4326, 28992, 7415, 3857, 4979] {
        let wkt = Crs::from_epsg(code).unwrap().wkt().unwrap().to_owned();
        assert_eq!(code_of_wkt(&wkt), Some(format!("EPSG:{code}")));
        // The WKT of the table adds nothing to the code.
        assert_eq!(Crs::from_wkt(&wkt).unwrap(), Crs::from_epsg(code).unwrap());
    }
    assert_eq!(code_of_wkt(CRS84).as_deref(), Some("OGC:CRS84"));
    // The base has a code, the whole has none.
    let local = r#"PROJCS["mine",GEOGCS["WGS 84",AUTHORITY["EPSG","4326"]],UNIT["m",1]]"#;
    assert_eq!(code_of_wkt(local), None);
    let compound =
        r#"COMPOUNDCRS["both",PROJCRS["RD",ID["EPSG",28992]],VERTCRS["NAP",ID["EPSG",5709]]]"#;
    assert_eq!(code_of_wkt(compound).as_deref(), Some("EPSG:28992"));
}

#[test]
fn users_write_codes_in_many_ways() {
    let rd = Crs::from_epsg(28992).unwrap();
    for text in [
        "EPSG:28992",
        " epsg:28992 ",
        "28992",
        "urn:ogc:def:crs:EPSG::28992",
        "urn:ogc:def:crs:EPSG:9.1:28992",
        "https://www.opengis.net/def/crs/EPSG/0/28992",
        rd.wkt().unwrap(),
    ] {
        assert_eq!(Crs::from_user(text).unwrap(), rd, "{text}");
    }
    let crs84 = Crs::from_user("OGC:CRS84").unwrap();
    assert_eq!(
        crs84,
        Crs::from_user("urn:ogc:def:crs:OGC:1.3:CRS84").unwrap()
    );
    assert_eq!(crs84.code.as_deref(), Some("OGC:CRS84"));
    assert!(crs84.wkt().is_some() && crs84.proj4().is_some());
    assert_eq!(rd.proj4().unwrap().split(' ').next(), Some("+proj=sterea"));

    for text in [
        "",
        "ESRI:102100",
        "EPSG:99999999999",
        "EPSG:65536",
        "EPSG:3973",
        "EPSG:8857",
        "+proj=longlat",
        "EPSG:",
        "::",
        "WGS84",
        "GEOGCS[",
        "AXIS[\"x\"]",
    ] {
        let error = Crs::from_user(text).unwrap_err().to_string();
        assert!(error.len() > 20, "{text}: {error}");
    }
}

#[test]
fn systems_are_compared_by_code() {
    let rd = Crs::from_epsg(28992).unwrap();
    assert!(rd.is_same(&Crs::from_wkt(WKT2[0]).unwrap()));
    assert!(!rd.is_same(&Crs::from_epsg(4326).unwrap()));
    let unknown = Crs::new(Some("IAU:1".into()), None);
    assert!(!unknown.is_same(&Crs::new(None, None)));
}

#[test]
fn broken_wkt_is_refused() {
    let deep = "GEOGCS[".repeat(100_000);
    for text in [
        deep.as_str(),
        "",
        "GEOGCS",
        "GEOGCS[]",
        "GEOGCS[\"x\"",
        "GEOGCS[\"x]",
        "GEOGCS[\"x\",]",
        "GEOGCS[\"x\"]]",
        "GEOGCS[\"x\" \"y\"]",
        "[\"x\"]",
        "É[\"x\"]",
    ] {
        assert!(Crs::from_wkt(text).is_err(), "{text}");
    }
    // Quotes are doubled, brackets may be round, words need no quotes.
    let node = Node::parse(r#"GEOGCS("a ""b"" c", AXIS["x",EAST] )"#).unwrap();
    assert_eq!(node.text(0), Some("a \"b\" c"));
    assert_eq!(node.child(&["AXIS"]).unwrap().text(1), Some("EAST"));
}
