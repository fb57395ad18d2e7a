//! CF grid mappings: the parameters of a projection as CF Appendix F names them.
//!
//! Source: <https://cfconventions.org/cf-conventions/cf-conventions.html#appendix-grid-mappings>.
//! Only what CF can say without loss is said: a system whose projection CF does not know (Dutch
//! RD: *double* stereographic; web Mercator: an ellipsoid treated as a sphere; Lambert 1SP with a
//! scale factor) has its WKT and no `grid_mapping_name`, as pyproj does.

use serde_json::Value;

use super::wkt::{DEGREE, Node};
use crate::{Attributes, Crs};

/// A CF grid mapping, the projection methods of WKT that are the same, and its parameters:
/// CF name and the names in WKT 1 and 2.
struct Mapping {
    name: &'static str,
    methods: &'static [&'static str],
    parameters: &'static [(&'static str, &'static [&'static str])],
}

const LATITUDE: &[&str] = &[
    "latitude_of_origin",
    "latitude_of_center",
    "latitude of natural origin",
    "latitude of false origin",
];
const LONGITUDE: &[&str] = &[
    "central_meridian",
    "longitude_of_center",
    "longitude of natural origin",
    "longitude of false origin",
    "longitude of origin",
];
const SCALE: &[&str] = &["scale_factor", "scale factor at natural origin"];
const PARALLEL_1: &[&str] = &[
    "standard_parallel_1",
    "latitude of 1st standard parallel",
    "latitude of standard parallel",
];
const PARALLEL_2: &[&str] = &["standard_parallel_2", "latitude of 2nd standard parallel"];
const EASTING: &[&str] = &["false_easting", "false easting", "easting at false origin"];
const NORTHING: &[&str] = &[
    "false_northing",
    "false northing",
    "northing at false origin",
];

/// Pairs of standard parallels, which CF writes as one attribute.
const PARALLELS: &str = "standard_parallel";

const MAPPINGS: [Mapping; 9] = [
    Mapping {
        name: "transverse_mercator",
        methods: &["transverse mercator"],
        parameters: &[
            ("latitude_of_projection_origin", LATITUDE),
            ("longitude_of_central_meridian", LONGITUDE),
            ("scale_factor_at_central_meridian", SCALE),
        ],
    },
    Mapping {
        name: "lambert_conformal_conic",
        methods: &[
            "lambert conformal conic 2sp",
            "lambert conic conformal (2sp)",
        ],
        parameters: &[
            (PARALLELS, PARALLEL_1),
            ("latitude_of_projection_origin", LATITUDE),
            ("longitude_of_central_meridian", LONGITUDE),
        ],
    },
    Mapping {
        name: "albers_conical_equal_area",
        methods: &["albers conic equal area", "albers equal area"],
        parameters: &[
            (PARALLELS, PARALLEL_1),
            ("latitude_of_projection_origin", LATITUDE),
            ("longitude_of_central_meridian", LONGITUDE),
        ],
    },
    Mapping {
        name: "polar_stereographic",
        methods: &[
            "polar stereographic",
            "polar stereographic (variant a)",
            "polar stereographic (variant b)",
        ],
        parameters: &[("straight_vertical_longitude_from_pole", LONGITUDE)],
    },
    Mapping {
        name: "lambert_azimuthal_equal_area",
        methods: &["lambert azimuthal equal area"],
        parameters: &[
            ("latitude_of_projection_origin", LATITUDE),
            ("longitude_of_projection_origin", LONGITUDE),
        ],
    },
    Mapping {
        name: "azimuthal_equidistant",
        methods: &["azimuthal equidistant"],
        parameters: &[
            ("latitude_of_projection_origin", LATITUDE),
            ("longitude_of_projection_origin", LONGITUDE),
        ],
    },
    Mapping {
        name: "stereographic",
        methods: &["stereographic"],
        parameters: &[
            ("latitude_of_projection_origin", LATITUDE),
            ("longitude_of_projection_origin", LONGITUDE),
            ("scale_factor_at_projection_origin", SCALE),
        ],
    },
    Mapping {
        name: "mercator",
        methods: &[
            "mercator 1sp",
            "mercator 2sp",
            "mercator (variant a)",
            "mercator (variant b)",
        ],
        // Of the last two a system has one.
        parameters: &[
            ("longitude_of_projection_origin", LONGITUDE),
            (PARALLELS, PARALLEL_1),
            ("scale_factor_at_projection_origin", SCALE),
        ],
    },
    Mapping {
        name: "lambert_cylindrical_equal_area",
        methods: &["cylindrical equal area", "lambert cylindrical equal area"],
        parameters: &[
            ("longitude_of_central_meridian", LONGITUDE),
            (PARALLELS, PARALLEL_1),
        ],
    },
];

impl Crs {
    /// The attributes of a CF grid mapping variable: `crs_wkt` and `spatial_ref` (the WKT, the
    /// latter for GDAL) and, where CF knows the projection, `grid_mapping_name` with its
    /// parameters, the names of the system and the size of its ellipsoid. Angles are in degrees,
    /// false eastings in the unit of the axes.
    ///
    /// Empty if the system has a code only, and that code is not known here.
    #[must_use]
    pub fn cf_attributes(&self) -> Attributes {
        let mut out = Attributes::new();
        let Some(wkt) = self.wkt() else { return out };
        out.insert("crs_wkt".into(), wkt.into());
        out.insert("spatial_ref".into(), wkt.into());
        let described = Node::parse(wkt).ok().and_then(|n| describe(n.horizontal()));
        out.extend(described.unwrap_or_default());
        out
    }
}

/// Everything but the WKT; `None` if CF has no grid mapping for the system.
fn describe(crs: &Node) -> Option<Attributes> {
    const BASE: [&str; 5] = ["GEOGCS", "BASEGEOGCRS", "BASEGEODCRS", "GEOGCRS", "GEODCRS"];
    let mut out = Attributes::new();
    let base = if crs.is_geographic() {
        put_text(&mut out, "grid_mapping_name", Some("latitude_longitude"));
        crs
    } else {
        let base = crs.child(&BASE)?;
        let radians = base.unit().map_or(DEGREE, |(_, size)| size);
        project(crs, radians, &mut out)?;
        put_text(&mut out, "projected_crs_name", crs.text(0));
        base
    };
    let datum = base.child(&["DATUM", "GEODETICDATUM", "ENSEMBLE", "TRF"]);
    let meridian = base.child(&["PRIMEM", "PRIMEMERIDIAN"]);
    put_text(&mut out, "geographic_crs_name", base.text(0));
    put_text(
        &mut out,
        "horizontal_datum_name",
        datum.and_then(|d| d.text(0)),
    );
    if let Some(e) = datum.and_then(|d| d.child(&["SPHEROID", "ELLIPSOID"])) {
        put_text(&mut out, "reference_ellipsoid_name", e.text(0));
        put_number(&mut out, "semi_major_axis", e.number(1));
        put_number(&mut out, "inverse_flattening", e.number(2));
    }
    // WKT 1 as GDAL and `PostGIS` write it has the prime meridian in degrees, whatever the unit.
    let from_greenwich = meridian.map_or(Some(0.0), |m| {
        let unit = m.child(&["ANGLEUNIT", "UNIT"]).and_then(|u| u.number(1));
        Some(in_degrees(m.number(1)?, unit.unwrap_or(DEGREE)))
    });
    put_text(
        &mut out,
        "prime_meridian_name",
        meridian.and_then(|m| m.text(0)),
    );
    put_number(&mut out, "longitude_of_prime_meridian", from_greenwich);
    Some(out)
}

/// `grid_mapping_name` and parameters of a projected system; `None` if CF has none for it.
fn project(crs: &Node, radians: f64, out: &mut Attributes) -> Option<()> {
    // Version 2 wraps method and parameters, version 1 does not.
    let conversion = crs.child(&["CONVERSION"]).unwrap_or(crs);
    let method = conversion.child(&["PROJECTION", "METHOD"])?.text(0)?;
    let method = method.to_lowercase().replace('_', " ");
    // Web Mercator in version 1 is an ordinary Mercator but for this extension.
    if crs.child(&["EXTENSION"]).is_some() {
        return None;
    }
    let mapping = MAPPINGS
        .iter()
        .find(|m| m.methods.contains(&method.as_str()))?;
    let value = |names: &[&str]| parameter(conversion, names, radians);
    put_text(out, "grid_mapping_name", Some(mapping.name));
    for &(name, names) in mapping.parameters {
        match (value(names), value(PARALLEL_2)) {
            (Some(a), Some(b)) if name == PARALLELS => {
                out.insert(name.into(), vec![a, b].into());
            }
            (one, _) => put_number(out, name, one),
        }
    }
    if mapping.name == "polar_stereographic" {
        polar(value(LATITUDE), value(PARALLEL_1), value(SCALE), out);
    }
    put_number(out, "false_easting", value(EASTING));
    put_number(out, "false_northing", value(NORTHING));
    Some(())
}

/// The latitudes of a polar stereographic projection.
///
/// Version 1 puts the standard parallel where the origin should be, unless it is the pole.
fn polar(origin: Option<f64>, parallel: Option<f64>, scale: Option<f64>, out: &mut Attributes) {
    let at_pole = |v: &f64| (v.abs() - 90.0).abs() < 1e-9;
    let parallel = parallel.or(origin.filter(|v| !at_pole(v)));
    let pole = parallel.or(origin).map(|v| 90f64.copysign(v));
    put_number(out, "latitude_of_projection_origin", pole);
    match parallel {
        Some(v) => put_number(out, "standard_parallel", Some(v)),
        None => put_number(out, "scale_factor_at_projection_origin", scale),
    }
}

/// The first parameter with one of these names; angles, which have a unit of their own or
/// one of `radians`, in degrees.
fn parameter(conversion: &Node, names: &[&str], radians: f64) -> Option<f64> {
    let (name, found) = conversion.all("PARAMETER").find_map(|p| {
        let name = p.text(0)?.to_lowercase();
        names.contains(&name.as_str()).then_some((name, p))
    })?;
    let value = found.number(1)?;
    let own = found
        .child(&["ANGLEUNIT", "UNIT"])
        .and_then(|u| u.number(1));
    let is_angle = ["latitude", "longitude", "meridian", "parallel"];
    Some(if is_angle.iter().any(|w| name.contains(w)) {
        in_degrees(value, own.unwrap_or(radians))
    } else {
        value
    })
}

/// `value` units of `radians` each, in degrees; exact for what is written as a degree, for
/// 0.0174532925199433 is off by 2e-15.
fn in_degrees(value: f64, radians: f64) -> f64 {
    let factor = radians / DEGREE;
    if (factor - 1.0).abs() < 1e-10 {
        value
    } else {
        (value * factor * 1e10).round() / 1e10
    }
}

fn put_number(out: &mut Attributes, name: &str, value: Option<f64>) {
    if let Some(v) = value {
        out.insert(name.into(), Value::from(v));
    }
}

fn put_text(out: &mut Attributes, name: &str, value: Option<&str>) {
    if let Some(v) = value {
        out.insert(name.into(), v.into());
    }
}
